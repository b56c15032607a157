"""What begins by itself once QuickBooks is connected in the browser."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations.models import Workspace
from syncjobs.models import Run
from syncjobs.runs import lifecycle as runs
from syncjobs.worker import queue


def look_around(sender: object, *, workspace: Workspace, person: Any, again: bool, **_: object) -> None:
    """Check both sides; after a reconnect also preview what the catch-up would send. Nothing is sent by itself."""
    try:
        runs.refuse_second_press(workspace)
    except runs.AlreadyRunning:
        return
    now = timezone.now()
    with transaction.atomic():
        queue.enqueue(runs.ask_for(Run.Kind.CHECK, workspace, trigger="button", person=person, now=now))
        if again:
            preview = runs.ask_for(Run.Kind.SYNC, workspace, trigger="button", person=person, now=now, dry_run=True)
            queue.enqueue(preview)
