"""`manage.py worker` with the real task cluster."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from django_q.tasks import async_task

from tests.worker.conftest import WorkerProcess, until


def cluster_of(worker: WorkerProcess) -> list[psutil.Process]:
    """Return the task cluster's processes, main first."""
    mains = [process for process in psutil.Process(worker.process.pid).children() if is_cluster(process)]
    return [*mains, *(child for main in mains for child in main.children(recursive=True))]


def is_cluster(process: psutil.Process) -> bool:
    return "qcluster" in " ".join(process.cmdline())


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def enqueue_copy(file: Path, source: Path) -> None:
    """Queue a task that copies a file, so that the test can see when it ran."""
    async_task("shutil.copy", str(source), str(file))


def test_a_worker_does_tasks_and_leaves_nothing_behind_when_it_stops(
    tmp_path: Path, start_worker: Callable[..., WorkerProcess]
) -> None:
    (tmp_path / "source").write_text("done")
    worker = start_worker()

    enqueue_copy(tmp_path / "first", tmp_path / "source")
    until((tmp_path / "first").exists)
    cluster = cluster_of(worker)

    assert worker.stop() == 0
    assert len(cluster) > 3 and not any(lives(process) for process in cluster)
    assert worker.count_in_log("worker: Stopped.") == 1


@pytest.mark.any_database
def test_a_cluster_whose_main_process_is_killed_is_replaced(
    tmp_path: Path, start_worker: Callable[..., WorkerProcess]
) -> None:
    (tmp_path / "source").write_text("done")
    worker = start_worker()
    enqueue_copy(tmp_path / "first", tmp_path / "source")
    until((tmp_path / "first").exists)
    main, *others = cluster_of(worker)

    main.kill()
    enqueue_copy(tmp_path / "second", tmp_path / "source")

    until((tmp_path / "second").exists)
    assert worker.count_in_log("killed by SIGKILL") == 1
    assert not any(lives(process) for process in others)


@pytest.mark.any_database
def test_a_cluster_whose_guard_dies_is_replaced_although_it_leaves_with_exit_code_0(
    tmp_path: Path, start_worker: Callable[..., WorkerProcess]
) -> None:
    (tmp_path / "source").write_text("done")
    worker = start_worker()
    enqueue_copy(tmp_path / "first", tmp_path / "source")
    until((tmp_path / "first").exists)
    main, *others = cluster_of(worker)
    guard = main.children()[0]

    guard.kill()
    enqueue_copy(tmp_path / "second", tmp_path / "source")

    until(lambda: worker.count_in_log("Task cluster ended") == 1)
    until((tmp_path / "second").exists)
    until(lambda: not any(lives(process) for process in others))


@pytest.mark.any_database
def test_the_next_worker_ends_the_cluster_of_a_killed_one(
    tmp_path: Path, start_worker: Callable[..., WorkerProcess]
) -> None:
    (tmp_path / "source").write_text("done")
    killed = start_worker()
    enqueue_copy(tmp_path / "first", tmp_path / "source")
    until((tmp_path / "first").exists)
    cluster = cluster_of(killed)
    os.kill(killed.process.pid, signal.SIGKILL)
    killed.process.wait()

    start_worker()

    # Its message is not asserted: a worker of a parallel test may have ended the cluster first.
    until(lambda: not any(lives(process) for process in cluster))
