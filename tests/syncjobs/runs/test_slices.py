"""Runs of the worker: run in slices, postponed while a vendor is busy, resumed after a process died."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.limits import retry
from integrations.models import RateBucket
from syncjobs import tasks
from syncjobs.display import run_summary
from syncjobs.models import Run, WriterLease
from syncjobs.runs import lifecycle as runs
from syncjobs.runs import queue
from syncjobs.runs.execution import RunExecution
from syncjobs.runs.figures import sync_figures, sync_json
from tests.support.oracle import assert_books_agree
from tests.support.scene import FIRST, LAST, Scene

Status = Run.Status


@pytest.fixture
def requested(scene: Scene) -> Run:
    """Create a sync of March that somebody requested with a button."""
    return ask(scene)


def ask(scene: Scene, trigger: str = "button") -> Run:
    days = {"first": _day(FIRST), "last": _day(LAST)}
    return runs.create_run(Run.Kind.SYNC, scene.workspace, trigger=trigger, now=timezone.now(), **days)


def _day(text: str) -> Any:
    return timezone.datetime.fromisoformat(text).date()


def reloaded(run: Run) -> Run:
    run.refresh_from_db()
    return run


def assert_adds_up(run: Run, *, seen: int) -> None:
    run_json = sync_json(run)
    kinds = ("sent", "updated", "unchanged", "blocked", "failed", "unknown", "deleted")
    assert run_json["seen"] == seen == sum(run_json[kind] for kind in kinds)


def test_a_run_goes_on_slice_by_slice(scene: Scene, ada: str, site: str, requested: Run) -> None:
    scene.entries(ada, site, 40)
    scene.entry(ada, site, billable=False)

    for arrived in (10, 20, 30, 99):
        RunExecution(reloaded(requested), leaving=lambda enough=arrived: len(scene.activities()) >= enough).work()
        assert reloaded(requested).attempts <= 1, "a slice that got somewhere is no failed attempt"
        assert requested.done == len(scene.activities()) >= min(arrived, 40)
        assert requested.is_open == (arrived != 99)
        assert_adds_up(requested, seen=41)

    assert (requested.status, requested.error_code) == (Status.SUCCEEDED, "")
    run_json = sync_json(requested)
    assert (run_json["sent"], run_json["blocked"], run_json["failed"]) == (40, 1, 0)
    assert requested.done == requested.total == 40
    assert_books_agree(scene)


def test_a_slice_whose_outcome_is_unknown_is_settled_by_the_next(
    scene: Scene, ada: str, site: str, requested: Run
) -> None:
    scene.entries(ada, site, 20)
    scene.fault("cut_after_commit", skip=3, times=2)
    scene.fault("429_retry_after", skip=8, times=0, seconds=900)
    scene.fault("429_retry_after", "query.*TimeActivity", method="GET", skip=1, times=0, seconds=900)
    tasks.perform(requested.pk)
    assert reloaded(requested).status == Status.WAITING
    assert sync_figures(requested)["unknown"] == 2
    assert_adds_up(requested, seen=20)
    scene.clear_faults()
    end_wait(requested)

    tasks.perform(requested.pk)

    assert reloaded(requested).status == Status.SUCCEEDED
    assert sync_figures(requested)["sent"] == 20
    assert_adds_up(requested, seen=20)
    assert_books_agree(scene)


def end_wait(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(not_before=timezone.now() - timedelta(seconds=1))
    RateBucket.objects.update(blocked_until=0, next_at=0)


def test_a_waiting_run_is_left_alone_until_its_time(scene: Scene, ada: str, site: str, requested: Run) -> None:
    scene.entry(ada, site)
    scene.fault("429_retry_after", times=0, seconds=900)
    tasks.perform(requested.pk)
    scene.zero_calls()

    tasks.perform(requested.pk)
    assert queue.sweep(now=timezone.now()) == 0

    assert reloaded(requested).status == Status.WAITING
    assert scene.calls() == {}
    scene.clear_faults()
    end_wait(requested)
    assert queue.sweep(now=timezone.now()) == 1
    tasks.perform(requested.pk)
    assert reloaded(requested).status == Status.SUCCEEDED
    limit = "QuickBooks' request limit is reached."
    assert run_summary.course(requested) == [f"Waited 1 time for a request limit: {limit}"]
    assert_books_agree(scene)


def test_a_clockify_budget_that_is_used_up_lets_the_run_wait(scene: Scene, ada: str, site: str, requested: Run) -> None:
    scene.entry(ada, site)
    scene.fault("429_retry_after", "reports", vendor="clockify", times=0, seconds=1800)

    tasks.perform(requested.pk)

    assert reloaded(requested).status == Status.WAITING
    assert requested.not_before is not None
    assert 1700 < (requested.not_before - timezone.now()).total_seconds() <= 1800
    assert not WriterLease.objects.exclude(owner="").exists(), "others may work meanwhile"
    scene.clear_faults()
    end_wait(requested)
    tasks.perform(requested.pk)
    assert reloaded(requested).status == Status.SUCCEEDED


def test_edits_between_two_slices_are_taken_as_they_are_then(scene: Scene, ada: str, site: str, requested: Run) -> None:
    entries = scene.entries(ada, site, 12)
    scene.fault("429_retry_after", skip=6, times=0, seconds=900)
    tasks.perform(requested.pk)
    assert 0 < len(scene.activities()) < 12
    for entry in entries:
        scene.edit_entry(entry, description="Rework")
    scene.delete_entry(entries[0], entries[11])
    scene.entry(ada, site, "2026-03-30 09:00")
    scene.clear_faults()
    end_wait(requested)

    tasks.perform(requested.pk)
    assert reloaded(requested).status == Status.SUCCEEDED

    assert scene.sync().code == 0
    assert_books_agree(scene)


def test_a_task_told_twice_works_once(scene: Scene, ada: str, site: str, requested: Run) -> None:
    scene.entry(ada, site)

    tasks.perform(requested.pk)
    scene.zero_calls()
    tasks.perform(requested.pk)

    assert scene.calls() == {}
    assert_books_agree(scene)


def test_a_task_for_a_run_that_is_no_more_does_nothing(scene: Scene) -> None:
    assert "no run" in tasks.perform(12345)


# --- after a death -----------------------------------------------------------------------------------------
def leave_dead_run(run: Run, *, attempts: int = 1) -> None:
    """Leave the run as a process does that was killed a while ago."""
    past = timezone.now() - timedelta(seconds=5)
    Run.objects.filter(pk=run.pk).update(
        status=Status.RUNNING, owner="dead", lease_until=past, beat_at=past, attempts=attempts
    )


def test_a_workers_run_whose_process_died_is_told_to_the_queue_again(
    scene: Scene, ada: str, site: str, requested: Run
) -> None:
    scene.entry(ada, site)
    leave_dead_run(requested)

    assert queue.sweep(now=timezone.now()) == 1

    assert reloaded(requested).status == Status.QUEUED
    tasks.perform(requested.pk)
    assert reloaded(requested).status == Status.SUCCEEDED
    assert run_summary.course(requested) == ["Its process ended, and another one continued it."]
    assert_books_agree(scene)


def test_a_run_that_is_taken_over_before_the_queue_knows_says_so(scene: Scene, requested: Run) -> None:
    leave_dead_run(requested)
    tasks.perform(requested.pk)
    leave_dead_run(requested)
    tasks.perform(requested.pk)

    assert reloaded(requested).takeovers == 2
    assert run_summary.course(requested) == ["Its process ended, and another one continued it, 2 times."]


def test_a_living_run_is_left_alone(scene: Scene, requested: Run) -> None:
    soon = timezone.now() + timedelta(seconds=20)
    Run.objects.filter(pk=requested.pk).update(status=Status.RUNNING, owner="alive", lease_until=soon)

    assert queue.sweep(now=timezone.now()) == 0
    tasks.perform(requested.pk)

    assert (reloaded(requested).status, requested.owner) == (Status.RUNNING, "alive")


def test_a_run_that_kept_dying_without_progress_is_given_up(scene: Scene, requested: Run) -> None:
    for attempt in range(1, retry.MAX_RUN_ATTEMPTS):
        leave_dead_run(requested, attempts=attempt)
        queue.sweep(now=timezone.now())
        assert reloaded(requested).status == Status.QUEUED

    leave_dead_run(requested, attempts=retry.MAX_RUN_ATTEMPTS)
    queue.sweep(now=timezone.now())

    assert (reloaded(requested).status, requested.error_code) == (Status.FAILED, "PROCESS_GONE")
    assert str(retry.MAX_RUN_ATTEMPTS) in requested.error_message
    assert run_summary.course(requested)[-1] == f"Cut short: {requested.error_message}"
    assert requested.finished_at is not None
    assert queue.sweep(now=timezone.now()) == 0


def test_a_commands_run_whose_process_died_is_ended(scene: Scene) -> None:
    run = ask(scene, trigger="command")
    leave_dead_run(run)

    queue.sweep(now=timezone.now())

    assert (reloaded(run).status, run.error_code) == (Status.FAILED, "PROCESS_GONE")


def test_a_run_that_the_queue_lost_is_told_again(scene: Scene, requested: Run) -> None:
    assert queue.sweep(now=timezone.now()) == 0
    assert queue.sweep(now=timezone.now() + timedelta(minutes=2)) == 1
    assert reloaded(requested).enqueued_at is not None


def test_a_task_waits_for_its_turn_while_another_run_is_at_work(scene: Scene, requested: Run, settings: Any) -> None:
    """Another machine's run holds the company: its heartbeat moves."""
    settings.LEASE_SECONDS, settings.HEARTBEAT_SECONDS = 1, 0.2
    second_run = ask(scene)
    soon = timezone.now() + timedelta(minutes=5)
    WriterLease.objects.create(
        company=scene.company,
        owner="elsewhere:1:x",
        run=second_run,
        since=timezone.now(),
        beat_at=timezone.now(),
        until=soon,
    )

    tasks.perform(requested.pk)

    assert (reloaded(requested).status, requested.error_code) == (Status.WAITING, "ANOTHER_RUN")
    WriterLease.objects.update(owner="", until=None)
    end_wait(requested)
    tasks.perform(requested.pk)
    assert reloaded(requested).status == Status.SUCCEEDED
