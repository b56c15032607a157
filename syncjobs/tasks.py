"""What the task queue calls: one function, with a run's id."""

from __future__ import annotations

import os
import time
from pathlib import Path

from syncjobs.models import Run
from syncjobs.runs import queue
from syncjobs.runs.execution import RunExecution

# Seconds of one slice; a longer run gives itself back to the queue and goes on with the next.
SLICE = 600
# Name of the variable with which the supervisor tells its cluster where to look.
STOP_FILE = "HOURBRIDGE_STOP_FILE"


def perform(run_id: int) -> str:
    """Work on a run for one slice. A run that is done, or that another process works on, is left alone."""
    run = Run.objects.select_related("workspace", "company").filter(pk=run_id).first()
    if run is None:
        return f"There is no run {run_id}."
    RunExecution(run, deadline=time.monotonic() + SLICE, leaving=leaving).work()
    if run.status == Run.Status.QUEUED:
        queue.enqueue(run)
    return f"{run}: {run.get_status_display()}"


def leaving() -> bool:
    """Whether the worker is about to stop: its supervisor puts a file where STOP_FILE says."""
    path = os.environ.get(STOP_FILE)
    return bool(path) and Path(str(path)).exists()
