"""A cluster whose processes live but no longer take tasks is replaced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psutil
import pytest
from django.utils import timezone

from integrations.models import Workspace
from syncjobs.models import Run
from syncjobs.runs import lifecycle as runs
from syncjobs.runs import queue
from tests.worker.conftest import WorkerProcess, until


def create_old_check(workspace: Workspace) -> Run:
    """Queue a check that has waited for five minutes. Without a company it ends as soon as a worker takes it."""
    run = runs.create_run("check", workspace, trigger="button", now=timezone.now() - timedelta(minutes=5))
    queue.enqueue(run)
    return run


def make_workspace() -> Workspace:
    return Workspace.objects.create(
        clockify_id="w1", name="Northlight", api_url="x", reports_url="x", start_date="2026-03-01"
    )


@pytest.mark.slow
def test_a_cluster_whose_idle_workers_were_killed_is_replaced(
    transactional_db: None, start_worker: Callable[..., WorkerProcess]
) -> None:
    workspace = make_workspace()
    worker = start_worker()
    first = create_old_check(workspace)
    until(lambda: not Run.objects.get(pk=first.pk).is_open)
    (cluster,) = psutil.Process(worker.process.pid).children()
    guard = cluster.children()[0]
    # An idle worker that dies holds the lock of the queue between processes: no other worker gets a task again.
    idle_workers = [process for process in guard.children() if "idle" in " ".join(process.cmdline())]
    assert idle_workers
    for idle in idle_workers:
        idle.kill()

    second = create_old_check(workspace)

    until(lambda: not Run.objects.get(pk=second.pk).is_open)
    assert worker.count_in_log("Replacing the task cluster") == 1


@pytest.mark.slow
def test_runs_go_on_after_the_pusher_was_killed(
    transactional_db: None, start_worker: Callable[..., WorkerProcess]
) -> None:
    workspace = make_workspace()
    worker = start_worker()
    first = create_old_check(workspace)
    until(lambda: not Run.objects.get(pk=first.pk).is_open)
    (pusher,) = pushers_of(worker)
    # It takes tasks out of the database and hands them on; without it the other processes live but get no task.
    pusher.kill()

    second = create_old_check(workspace)

    until(lambda: not Run.objects.get(pk=second.pk).is_open)
    (new_pusher,) = pushers_of(worker)
    assert new_pusher.pid != pusher.pid


def pushers_of(worker: WorkerProcess) -> list[psutil.Process]:
    family = psutil.Process(worker.process.pid).children(recursive=True)
    return [
        process
        for process in family
        if process.status() != psutil.STATUS_ZOMBIE and "pusher" in " ".join(process.cmdline())
    ]


def test_waiting_runs_are_not_stuck_while_workers_are_busy(transactional_db: None) -> None:
    workspace = make_workspace()
    now = timezone.now()
    for _ in range(2):
        busy = create_old_check(workspace)
        Run.objects.filter(pk=busy.pk).update(status="running", lease_until=now + timedelta(seconds=30))
    waiting = create_old_check(workspace)
    Run.objects.filter(pk=waiting.pk).update(enqueued_at=now - timedelta(minutes=5))

    assert queue.stuck(now=now) == ""


def test_a_run_that_no_worker_takes_is_stuck(transactional_db: None) -> None:
    now = timezone.now()
    waiting = create_old_check(make_workspace())
    assert queue.stuck(now=now) == ""

    Run.objects.filter(pk=waiting.pk).update(enqueued_at=now - timedelta(minutes=5))

    assert "1 waiting" in queue.stuck(now=now)
