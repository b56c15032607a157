"""The tasks that the queue calls, with the id of a run or of a support bundle."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from uuid import UUID

from django.utils import timezone

from config.log_records import one_line
from config.scrubber import scrub
from syncjobs.models import Run, SupportBundle
from syncjobs.partner_writes import many
from syncjobs.runs import queue
from syncjobs.runs.execution import RunExecution
from syncjobs.support.bundle import stored

log = logging.getLogger("hourbridge.task")

# Seconds of one slice; a longer run requeues itself, so that it never holds a worker for hours.
SLICE = 600
# That of creating many records: shorter than the time after which a waiting run counts as stuck.
WRITES_SLICE = 10
# Environment variable with the path of the file that the supervisor creates at a stop.
STOP_FILE = "HOURBRIDGE_STOP_FILE"
# Read only where they are used, since decrypting fails after ENCRYPTION_KEYS is lost.
SECRETS = ("workspace__api_key", "workspace__company__access_token", "workspace__company__refresh_token")


class TaskFailed(Exception):
    """An error of ours that ended a task; the message is scrubbed, and its details are in the log only."""


def perform(run_id: int) -> str:
    """Work on a run for one slice; return its result. A finished run, or another process's, is left alone.

    Raises TaskFailed, since the queue keeps the traceback of what is raised in a table of its own.
    """
    try:
        return _perform(run_id)
    except Exception as problem:
        log.exception("The task of run %s ended on an error of ours.", run_id)
        raise TaskFailed(one_line(scrub(f"{type(problem).__name__}: {problem}"))) from None


def _perform(run_id: int) -> str:
    run = Run.objects.select_related("workspace", "company").filter(pk=run_id).first()
    if run is None:
        return f"There is no run {run_id}."
    RunExecution(run, deadline=time.monotonic() + SLICE, leaving=leaving).work()
    # Only now that the row says QUEUED can a worker claim it; an earlier message would be lost.
    if run.status == Run.Status.QUEUED:
        queue.enqueue(run)
    return f"{run}: {run.get_status_display()}"


def make_bundle(bundle_id: int) -> str:
    """Make a support bundle; return its state. What goes wrong is told by its row."""
    bundle = SupportBundle.objects.select_related("workspace__company").defer(*SECRETS).filter(pk=bundle_id).first()
    if bundle is None:
        return f"There is no support bundle {bundle_id}."
    stored.work(bundle, heartbeat=queue.last_heartbeat, now=timezone.now())
    bundle.refresh_from_db(fields=["state"])
    return f"Support bundle {bundle_id}: {bundle.get_state_display()}"


def create_partners(batch: str) -> str:
    """Carry out a batch's writes of names for one short slice, so that a run that waits gets its turn in between.

    Raises TaskFailed, as `perform` does.
    """
    try:
        if many.work(UUID(batch), deadline=time.monotonic() + WRITES_SLICE, leaving=leaving):
            queue.enqueue_writes(UUID(batch))
            return f"Writes {batch}: to be continued"
        return f"Writes {batch}: done"
    except Exception as problem:
        log.exception("The task of writes %s ended on an error of ours.", batch)
        raise TaskFailed(one_line(scrub(f"{type(problem).__name__}: {problem}"))) from None


def leaving() -> bool:
    """Return True if the worker is about to stop: its supervisor has created the file at STOP_FILE."""
    path = os.environ.get(STOP_FILE)
    return bool(path) and Path(str(path)).exists()
