"""The card *Support bundle* on *Diagnose*: its size, who may have true names, and the worker for large workspaces."""

from __future__ import annotations

import io
import json
import os
import signal
import time
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from integrations.models import ConnectionEvent
from integrations.roles import DOWNLOAD_NAMES_RIGHT
from syncjobs import tasks
from syncjobs.models import Run, SupportBundle, SupportBundlePart
from syncjobs.runs import queue
from syncjobs.support.bundle import make, size, stored
from tests.support.page_text import one_line
from tests.support.scene import Scene

CHECKED = {"replace_names": "yes"}


@pytest.fixture
def ready(scene: Scene) -> Scene:
    """Return a workspace with a person, a project and some time."""
    scene.entries(scene.user("Quentin Xavier"), scene.project("Site", client=scene.client("Acme")), 5)
    scene.policy(start_date="2026-03-01")
    scene.check()
    return scene


def address(scene: Scene, name: str = "support-bundle") -> str:
    return reverse(f"hourbridge:{name}", args=[scene.workspace.pk])


def files_of(page: Any) -> dict[str, str]:
    with ZipFile(io.BytesIO(b"".join(page.streaming_content))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_small_bundle_is_downloaded_at_once_and_recorded(ready: Scene, dana: Client) -> None:
    page = dana.post(address(ready), CHECKED)
    files = files_of(page)

    assert (page.status_code, page["Content-Type"]) == (200, "application/zip")
    assert ready.workspace.clockify_id in page["Content-Disposition"] and "attachment" in page["Content-Disposition"]
    assert json.loads(files["manifest.json"])["names_replaced"] is True
    assert "Quentin" not in "".join(files.values())
    event = ConnectionEvent.objects.get(kind="support_bundle")
    assert event.by is not None and event.by.username == "dana"
    assert event.message.startswith("A support bundle with names replaced was downloaded (")


def test_true_names_are_for_those_who_may_download_them(ready: Scene, dana: Client, visitor: Client) -> None:
    assert "Quentin" not in "".join(files_of(dana.post(address(ready))).values())
    permission = Permission.objects.get(codename=DOWNLOAD_NAMES_RIGHT.partition(".")[2])
    User.objects.get(username="dana").user_permissions.add(permission)
    assert "Quentin Xavier" in files_of(dana.post(address(ready)))["world.json"]
    assert "Quentin" not in "".join(files_of(visitor.post(address(ready))).values())

    box = 'name="replace_names" value="yes" checked'
    assert f"{box} disabled" in visitor.get(address(ready, "diagnose")).content.decode()
    mine = dana.get(address(ready, "diagnose")).content.decode()
    assert box in mine and f"{box} disabled" not in mine


def test_its_size_is_said_before_and_is_about_right(ready: Scene, dana: Client) -> None:
    page = dana.get(address(ready, "diagnose")).content.decode()

    made = len(b"".join(dana.post(address(ready), CHECKED).streaming_content))
    assert "About " in page and "KB." in page
    assert made / 3 < size.estimated_bytes(ready.workspace) < made * 3


def test_a_large_bundle_is_made_by_the_worker(
    ready: Scene, dana: Client, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "LARGE_FROM", 3)
    monkeypatch.setattr(stored, "PART", 1000)

    asked = dana.post(address(ready), CHECKED, follow=True).content.decode()
    again = dana.post(address(ready), CHECKED, follow=True).content.decode()
    bundle = SupportBundle.objects.get()
    early = dana.post(reverse("hourbridge:bundle-file", args=[bundle.pk]))
    [message] = OrmQ.objects.all()
    assert message.task["args"] == (bundle.pk,) and message.task["func"] == "syncjobs.tasks.make_bundle"
    said = tasks.make_bundle(bundle.pk)
    repeated = tasks.make_bundle(bundle.pk)
    page = one_line(visitor.get(address(ready, "diagnose")))
    download = visitor.post(reverse("hourbridge:bundle-file", args=[bundle.pk]))

    assert "The worker makes the bundle" in asked and "waiting for a worker" in asked
    assert "already being made" in again and early.status_code == 404
    assert said == repeated == f"Support bundle {bundle.pk}: Ready"
    assert "by dana, names replaced: ready" in page and reverse("hourbridge:bundle-file", args=[bundle.pk]) in page
    assert "Quentin" not in "".join(files_of(download).values())
    bundle.refresh_from_db()
    assert SupportBundlePart.objects.count() > 3 and int(download["Content-Length"]) == bundle.size
    assert ConnectionEvent.objects.filter(kind="support_bundle", by__username="visitor").count() == 1


def test_who_may_not_have_true_names_neither_sees_nor_gets_such_a_bundle(ready: Scene, visitor: Client) -> None:
    bundle = SupportBundle.objects.create(
        workspace=ready.workspace, replaces_names=False, state="ready", requested_at=timezone.now()
    )
    link = reverse("hourbridge:bundle-file", args=[bundle.pk])

    assert visitor.post(link).status_code == 403
    assert link not in visitor.get(address(ready, "diagnose")).content.decode()


def test_a_bundle_that_fails_says_why_without_secrets(
    ready: Scene, dana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise ValueError("refresh_token=AB11abcdefghijklmnopqrstuvwxyz0123456789")

    bundle = SupportBundle.objects.create(workspace=ready.workspace, requested_at=timezone.now())
    monkeypatch.setattr(make, "write", fail)

    tasks.make_bundle(bundle.pk)

    bundle.refresh_from_db()
    assert (bundle.state, bundle.size) == ("failed", 0)
    page = dana.get(address(ready, "diagnose")).content.decode()
    assert "It could not be made: ValueError" in page and "AB11" not in page + bundle.problem


def test_bundles_are_kept_for_a_day(ready: Scene) -> None:
    now = timezone.now()
    for age in (timedelta(hours=23), timedelta(hours=25)):
        bundle = SupportBundle.objects.create(workspace=ready.workspace, state="ready", requested_at=now - age)
        SupportBundlePart.objects.create(bundle=bundle, number=0, data=b"zip")

    stored.tidy(now=now)

    assert SupportBundle.objects.count() == SupportBundlePart.objects.count() == 1


def test_a_process_that_was_killed_holds_the_next_bundle_up_no_longer_than_its_lease(
    ready: Scene, dana: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LEASE_SECONDS = 0.5
    bundle = SupportBundle.objects.create(workspace=ready.workspace, requested_at=timezone.now())
    # Two processes can't share one connection.
    connections.close_all()
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(make, "write", lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        tasks.make_bundle(bundle.pk)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    bundle.refresh_from_db()
    assert bundle.state == "making"

    time.sleep(0.6)
    assert stored.open_bundle() is None
    stored.tidy(now=timezone.now())
    page = dana.get(address(ready, "diagnose")).content.decode()
    assert "Its process ended before it was ready." in page and "being made" not in page


def test_a_process_that_lives_keeps_its_lease_however_long_it_takes(
    ready: Scene, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LEASE_SECONDS, settings.HEARTBEAT_SECONDS = 1, 0.1
    bundle = SupportBundle.objects.create(workspace=ready.workspace, requested_at=timezone.now())
    seen = []

    def slow(workspace: Any, file: Any, **_: Any) -> None:
        time.sleep(1.5)
        seen.append(stored.open_bundle())
        file.write(b"zip")

    monkeypatch.setattr(make, "write", slow)

    assert tasks.make_bundle(bundle.pk) == f"Support bundle {bundle.pk}: Ready"
    assert seen == [bundle]


def test_a_bundle_that_was_ended_meanwhile_stays_so(ready: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = SupportBundle.objects.create(workspace=ready.workspace, requested_at=timezone.now())

    def too_slow(*_: Any, **__: Any) -> None:
        SupportBundle.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        stored.tidy(now=timezone.now())

    monkeypatch.setattr(make, "write", too_slow)

    assert tasks.make_bundle(bundle.pk) == f"Support bundle {bundle.pk}: Failed"
    bundle.refresh_from_db()
    assert bundle.problem == stored.LOST


def test_a_message_that_the_queue_lost_is_told_again(ready: Scene) -> None:
    bundle = SupportBundle.objects.create(workspace=ready.workspace, requested_at=timezone.now())
    queue.enqueue_bundle(bundle)
    OrmQ.objects.all().delete()

    assert queue.sweep() == 0
    assert queue.sweep(now=timezone.now() + timedelta(seconds=61)) == 1
    assert [message.task["args"] for message in OrmQ.objects.all()] == [(bundle.pk,)]


def test_a_worker_that_makes_a_bundle_is_not_taken_for_stuck(ready: Scene) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    waiting = {"kind": "check", "trigger": "button", "workspace": ready.workspace, "created_at": long_ago}
    Run.objects.create(**waiting, enqueued_at=long_ago)
    lease_until = timezone.now() + timedelta(minutes=1)
    Run.objects.create(**waiting, status="running", lease_until=lease_until)
    making = {"state": "making", "requested_at": long_ago, "lease_until": lease_until}
    bundle = SupportBundle.objects.create(workspace=ready.workspace, **making)

    busy = queue.stuck()
    bundle.delete()

    assert (busy, queue.stuck()) == ("", "1 waiting, 1 at work, and nobody takes the next.")
