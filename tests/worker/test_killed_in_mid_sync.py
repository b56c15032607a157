"""A worker killed while it sends loses no entry and sends none twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from django.utils import timezone

from sandbox.server import Running
from syncjobs.models import Action, Run
from syncjobs.runs import lifecycle as runs
from syncjobs.runs import queue
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene
from tests.worker.conftest import WorkerProcess, until

ENTRIES = 120


@pytest.fixture
def scene(sandbox: Running, transactional_db: None, settings: Any) -> Scene:
    """Return a connected workspace with many entries to send."""
    scene = Scene(sandbox).connect()
    scene.entries(scene.user("Ada"), scene.project("Site", client=scene.client("Acme")), ENTRIES)
    scene.workspace.__class__.objects.update(start_date="2026-03-01")
    return scene


def settings_of(sandbox: Running) -> dict[str, str]:
    """Return a process's settings: this sandbox, a short lease, and a rate slow enough to kill it while it sends."""
    return {
        "CLOCKIFY_API_URL": f"{sandbox.url}/api/v1",
        "CLOCKIFY_REPORTS_URL": f"{sandbox.url}/report/v1",
        "QUICKBOOKS_CLIENT_ID": "sandbox-client",
        "QUICKBOOKS_CLIENT_SECRET": "sandbox-secret",
        "QUICKBOOKS_API_URL": sandbox.url,
        "QUICKBOOKS_TOKEN_URL": f"{sandbox.url}/oauth2/token",
        "QUICKBOOKS_MAX_PER_SECOND": "20",
        "QUICKBOOKS_MAX_PER_MINUTE": "0",
        "LEASE_SECONDS": "3",
        "HEARTBEAT_SECONDS": "0.5",
        "SETTLE_SECONDS": "1",
    }


def kill_outright(worker: WorkerProcess) -> None:
    """Send SIGKILL to the worker and every process of its task cluster, as when the machine loses power."""
    processes = psutil.Process(worker.process.pid).children(recursive=True)
    os.kill(worker.process.pid, signal.SIGKILL)
    for process in processes:
        process.kill()
    worker.process.wait()
    psutil.wait_procs(processes, timeout=10)


def test_a_worker_killed_in_mid_sync_and_started_again_sends_everything_exactly_once(
    scene: Scene, sandbox: Running, start_worker: Callable[..., WorkerProcess]
) -> None:
    run = runs.create_run(Run.Kind.SYNC, scene.workspace, trigger="button", now=timezone.now())
    queue.enqueue(run)

    first = start_worker(**settings_of(sandbox))
    until(lambda: len(scene.activities()) >= 10)
    kill_outright(first)
    arrived = len(scene.activities())
    start_worker(**settings_of(sandbox))
    until(lambda: not Run.objects.get(pk=run.pk).is_open)

    assert arrived < ENTRIES
    assert Run.objects.get(pk=run.pk).status == Run.Status.SUCCEEDED
    assert len(scene.activities()) == ENTRIES
    assert not Action.objects.filter(state=Action.State.SENDING).exists()
    assert_books_agree(scene)


def test_a_worker_that_is_stopped_finishes_its_record_and_requeues_the_run(
    scene: Scene, sandbox: Running, start_worker: Callable[..., WorkerProcess]
) -> None:
    run = runs.create_run(Run.Kind.SYNC, scene.workspace, trigger="button", now=timezone.now())
    queue.enqueue(run)
    first = start_worker(**settings_of(sandbox))
    until(lambda: len(scene.activities()) >= 10)

    first.stop()

    assert first.count_in_log("Stopped.") == 1
    assert Run.objects.get(pk=run.pk).status == Run.Status.QUEUED
    assert not Action.objects.filter(state=Action.State.SENDING).exists()
    assert len(scene.activities()) < ENTRIES
    start_worker(**settings_of(sandbox))
    until(lambda: not Run.objects.get(pk=run.pk).is_open)
    assert_books_agree(scene)
