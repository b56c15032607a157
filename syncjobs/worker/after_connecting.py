"""Runs that start by themselves once QuickBooks is connected in the browser."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db import transaction

from integrations.database import database_now
from integrations.models import Workspace
from syncjobs.models import Run
from syncjobs.runs import lifecycle as runs


def look_around(sender: object, *, workspace: Workspace, person: Any, again: bool, **_: object) -> None:
    """Request a check; after a reconnect also a dry run of what would be sent. Nothing is sent by itself."""
    button, now = Run.Trigger.BUTTON, database_now()
    with suppress(runs.AlreadyRunning), transaction.atomic():
        check = runs.request_run(Run.Kind.CHECK, workspace, trigger=button, now=now, person=person)
        if again:
            runs.request_run(
                Run.Kind.SYNC, workspace, trigger=button, now=now, following=check, person=person, dry_run=True
            )
