"""Buttons of the run and entry pages that ask for further runs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.conf import Conf

from integrations import roles
from integrations.models import ConnectionEvent
from syncjobs.display import formatting
from syncjobs.models import Run
from syncjobs.runs import lifecycle as runs
from syncjobs.runs.execution import RunExecution
from tests.support import people
from tests.support.page_text import one_line
from tests.support.scene import Scene


@pytest.fixture
def person(scene: Scene, admin_client: Client) -> Client:
    return admin_client


def submit(client: Client, name: str, pk: int, **fields: str) -> tuple[Run, str]:
    """Submit a button; return the run that was created last, and the sentence on top of the page."""
    response = client.post(reverse(f"hourbridge:{name}", args=[pk]), fields)
    messages = " ".join(str(message) for message in get_messages(response.wsgi_request))
    return Run.objects.order_by("-pk")[0], messages


def work(run: Run) -> Run:
    return RunExecution(run).work()


def finished_sync(scene: Scene, **fields: Any) -> Run:
    scene.sync()
    return Run.objects.order_by("-pk")[0]


def test_one_entry_is_synced_from_its_own_page(scene: Scene, person: Client, ada: str, site: str) -> None:
    entry, later_entry = scene.entry(ada, site), scene.entry(ada, site, "2026-03-05 09:00")
    scene.policy(start_date="2026-03-01")
    scene.check()

    run, message = submit(person, "sync-entry", scene.mirrored(entry).pk)

    assert "requested" in message
    assert work(run).status == "succeeded"
    assert scene.receipt(entry).quickbooks_id
    assert len(scene.activities()) == 1
    assert later_entry not in str(run.options)


@pytest.mark.parametrize(
    ("seconds_ago", "sentence"),
    [
        (None, "It starts once a worker runs. None does now"),
        (60, "It starts once a worker runs. None does now"),
        (0, "It starts in a moment."),
    ],
)
def test_a_run_begins_by_itself_only_while_a_worker_lives(
    scene: Scene, person: Client, seconds_ago: int | None, sentence: str
) -> None:
    """A task cluster leaves a sign of life in the cache, where the database keeps it after it has run out."""
    if seconds_ago is not None:
        cache.set(f"{Conf.Q_STAT}:1", "alive", 3)
        expires = timezone.now() + timedelta(seconds=3 - seconds_ago)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE hourbridge_cache SET expires = %s WHERE cache_key LIKE %s", [expires, "%:1"])

    response = person.post(reverse("hourbridge:start", args=[scene.workspace.pk, "check"]), follow=True)

    message = " ".join(str(message) for message in response.context["messages"])
    assert f"requested. {sentence}" in message


def test_what_was_refused_is_tried_again_alone(scene: Scene, person: Client, ada: str, site: str) -> None:
    scene.entries(ada, site, 3)
    scene.fault("status_before", status=400, body=REFUSAL)
    failed = finished_sync(scene)
    assert failed.status == "partial"

    run, _ = submit(person, "run-again", failed.pk, verb="retry")

    assert len(run.options["entries"]) == 1
    assert work(run).counters["figures"]["sent"] == 1
    assert len(scene.activities()) == 3


REFUSAL = {
    "Fault": {
        "Error": [{"Message": "Business Validation Error", "Detail": "No.", "code": "6540", "element": ""}],
        "type": "ValidationFault",
    }
}


def test_a_preview_is_sent_by_one_more_click(scene: Scene, person: Client, ada: str, site: str) -> None:
    scene.entry(ada, site)
    preview = runs.create_run("sync", scene.workspace, trigger="button", now=timezone.now(), dry_run=True, first=DAY)
    assert work(preview).counters["figures"]["sent"] == 1
    assert scene.activities() == []

    run, _ = submit(person, "run-again", preview.pk, verb="send")

    assert not run.dry_run
    work(run)
    assert len(scene.activities()) == 1


DAY = date(2026, 3, 1)


def test_resending_a_period_is_previewed_first(scene: Scene, person: Client, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    sent = finished_sync(scene)
    scene.edit_project(site, hourlyRate=9500)

    preview, _ = submit(person, "run-again", sent.pk, verb="preview_resend")

    assert preview.dry_run and preview.options["resend"]
    assert work(preview).counters["figures"]["updated"] == 1
    assert scene.activity(entry)["HourlyRate"] == 80
    resend, _ = submit(person, "run-again", preview.pk, verb="send")
    work(resend)
    assert scene.activity(entry)["HourlyRate"] == 95


def test_a_second_click_leads_to_the_run_under_way(scene: Scene, person: Client, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    scene.sync()
    first, _ = submit(person, "sync-entry", scene.mirrored(entry).pk)

    second, message = submit(person, "sync-entry", scene.mirrored(entry).pk)

    assert first == second
    assert "started by admin" in message


def test_a_run_that_is_over_says_so_when_it_is_canceled(scene: Scene, person: Client) -> None:
    done = finished_sync(scene)

    _, message = submit(person, "run-again", done.pk, verb="cancel")

    assert "already ended" in message


# --- a run that waits for a vendor -------------------------------------------------------------------------
@pytest.fixture
def waiting(scene: Scene, ada: str, site: str) -> Run:
    """A sync that Clockify sent away for an hour, without saying why."""
    scene.entry(ada, site)
    scene.fault("status_before", "reports", vendor="clockify", status=429, headers={"Retry-After": "99999999999"})
    run = runs.create_run("sync", scene.workspace, trigger="button", now=timezone.now(), first=DAY)
    assert work(run).status == "waiting"
    return run


def shown(client: Client, run: Run) -> str:
    return one_line(client.get(reverse("admin:syncjobs_run_change", args=[run.pk])))


def test_a_waiting_run_says_when_it_goes_on_and_can_be_tried_now(person: Client, scene: Scene, waiting: Run) -> None:
    time = formatting.moment(waiting.not_before, scene.workspace.time_zone)
    page = shown(person, waiting)
    assert f"It continues automatically from {time}" in page and "Try now" in page
    overview = one_line(person.get(reverse("admin:index")))
    assert f"It continues automatically from {time}" in overview
    assert "Try now" in overview and reverse("hourbridge:run-again", args=[waiting.pk]) in overview

    run, message = submit(person, "run-again", waiting.pk, verb="try_now")

    assert (run.pk, run.status, run.not_before) == (waiting.pk, "queued", None)
    assert "tried again once a worker runs" in message
    assert work(run).status == "succeeded"
    assert len(scene.activities()) == 1
    event = ConnectionEvent.objects.get(kind="limit_lifted")
    assert event.by is not None and event.by.get_username() == "admin"
    assert str(run) in event.message and "request limit" in event.message


def test_a_vendor_that_still_refuses_makes_the_run_wait_again(person: Client, scene: Scene, waiting: Run) -> None:
    scene.fault("status_before", "reports", vendor="clockify", status=429, headers={"Retry-After": "1800"})

    run, _ = submit(person, "run-again", waiting.pk, verb="try_now")

    assert work(run).status == "waiting"
    assert run.not_before is not None and run.not_before > timezone.now() + timedelta(minutes=29)


def test_only_a_run_that_waits_for_a_vendor_is_tried_now(person: Client, scene: Scene, waiting: Run) -> None:
    Run.objects.update(error_code="ANOTHER_RUN")
    assert "Try now" not in shown(person, waiting)
    assert "Try now" not in person.get(reverse("admin:index")).content.decode()
    assert "no longer waiting" in submit(person, "run-again", waiting.pk, verb="try_now")[1]

    Run.objects.update(status="succeeded", error_code="")
    assert "Try now" not in shown(person, waiting)
    assert "no longer waiting" in submit(person, "run-again", waiting.pk, verb="try_now")[1]
    assert not ConnectionEvent.objects.filter(kind="limit_lifted").exists()


def test_whoever_may_only_look_does_not_try_now(client: Client, scene: Scene, waiting: Run) -> None:
    client.force_login(people.person(role=roles.BOOKKEEPERS))
    assert "Try now" not in shown(client, waiting)
    assert "Try now" not in client.get(reverse("admin:index")).content.decode()

    answer = client.post(reverse("hourbridge:run-again", args=[waiting.pk]), {"verb": "try_now"})

    assert answer.status_code == 403
    assert Run.objects.get().status == "waiting"
