"""Runs a person may request besides the ordinary sync: resend, one person or project only, accept deletions, cancel."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from syncjobs.models import Run
from syncjobs.run_options import RunOptions
from syncjobs.runs import lifecycle as runs
from syncjobs.runs import queue
from syncjobs.runs.execution import RunExecution
from tests.support.scene import FIRST, LAST, Scene, run_command


def sync_with(scene: Scene, **options: tuple[str, ...]) -> Run:
    """Create a run as a button does and run it right here."""
    first, last = date.fromisoformat(FIRST), date.fromisoformat(LAST)
    run = runs.create_run(
        "sync",
        scene.workspace,
        trigger="button",
        now=timezone.now(),
        first=first,
        last=last,
        options=RunOptions(**options),  # type: ignore[arg-type]
    )
    return RunExecution(run).work()


def test_a_changed_rate_goes_only_where_a_person_asks_to_resend(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    scene.sync()
    scene.edit_project(site, hourlyRate=9500)
    assert scene.sync().counts == {"unchanged": 1}

    preview = run_command("sync_time", "--from", FIRST, "--to", LAST, "--resend", "--dry-run")
    assert preview.counts == {"updated": 1}
    assert scene.activity(entry)["HourlyRate"] == 80

    assert run_command("sync_time", "--from", FIRST, "--to", LAST, "--resend").counts == {"updated": 1}
    assert scene.activity(entry)["HourlyRate"] == 95


def test_resending_leaves_alone_what_is_the_same(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.sync()

    assert run_command("sync_time", "--from", FIRST, "--to", LAST, "--resend").counts == {"unchanged": 1}


def test_a_run_for_one_person_sends_nobody_elses_time(scene: Scene, ada: str, site: str) -> None:
    ben = scene.user("Ben")
    scene.entry(ada, site)
    scene.entry(ben, site)

    run = sync_with(scene, users=(ben,))

    assert run.counters["figures"]["sent"] == run.counters["figures"]["seen"] == 1
    assert [activity["EmployeeRef"]["value"] for activity in scene.activities()] == [scene.partner_of(ben)]


def test_a_run_for_one_project_sends_no_other_projects_time(scene: Scene, ada: str, site: str) -> None:
    shop = scene.project("Shop")
    scene.entry(ada, site)
    scene.entry(ada, shop, "2026-03-05 09:00")

    sync_with(scene, projects=(shop,))

    assert [activity["CustomerRef"]["value"] for activity in scene.activities()] == [scene.partner_of(shop)]


def test_many_deletions_are_accepted_when_a_person_decides_so(scene: Scene, ada: str, site: str) -> None:
    entries = scene.entries(ada, site, 30)
    scene.sync()
    scene.delete_entry(*entries[:25])
    assert scene.sync().code == 4
    assert len(scene.activities()) == 30

    run = run_command("sync_time", "--from", FIRST, "--to", LAST, "--believe-deletions")

    assert (run.code, run["deleted"], run["warnings"]) == (0, 25, {})
    assert len(scene.activities()) == 5


def test_a_run_that_waits_for_a_worker_is_canceled_at_once(scene: Scene) -> None:
    run = runs.create_run("sync", scene.workspace, trigger="button", now=timezone.now())
    queue.enqueue(run)

    assert runs.cancel(run, now=timezone.now())

    assert Run.objects.get(pk=run.pk).status == "cancelled"
    assert RunExecution(Run.objects.get(pk=run.pk)).work().status == "cancelled"


def test_a_running_run_ends_after_the_records_at_hand(scene: Scene, ada: str, site: str, settings: object) -> None:
    settings.HEARTBEAT_SECONDS = 0.05  # type: ignore[attr-defined]
    scene.entries(ada, site, 40)
    scene.check()
    scene.fault("hang_after_commit", times=0, seconds=0.2)
    first, last = date.fromisoformat(FIRST), date.fromisoformat(LAST)
    run = runs.create_run("sync", scene.workspace, trigger="button", now=timezone.now(), first=first, last=last)
    cancelled: list[bool] = []
    execution = RunExecution(
        run, on_progress=lambda done, total: cancelled.append(runs.cancel(run, now=timezone.now()))
    )

    execution.work()

    run.refresh_from_db()
    sent = len(scene.activities())
    assert run.status == "cancelled"
    assert 0 < sent < 40
    assert scene.open_actions() == 0
    scene.clear_faults()
    assert scene.sync().counts == {"sent": 40 - sent, "unchanged": sent}


def test_a_run_that_is_over_can_not_be_canceled(scene: Scene) -> None:
    run = sync_with(scene)

    assert not runs.cancel(run, now=timezone.now())
    assert Run.objects.get(pk=run.pk).status == "succeeded"
