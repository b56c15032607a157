"""A person's word to try a write again that several runs tried without a clear answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError

from integrations.models import ConnectionEvent, TimeEntry, Workspace
from mapping.errors import Refused
from syncjobs import entry_versions
from syncjobs.ledger import journal
from syncjobs.models import Action
from syncjobs.planning import evaluate, unanswered


def try_again(workspace: Workspace, entry: TimeEntry, *, now: datetime, person: Any = None, version: str = "") -> str:
    """Have the next sync try the entry's write again; returns a sentence. Nothing is written here.

    The next sync looks for the write before it sends anything. Raises Refused if nothing is to be tried, Moved if the
    entry is not as a page showed it (`version`).
    """
    with entry_versions.unmoved(workspace, entry, version, person=person):
        pass
    if Action.objects.of(workspace).open().filter(entry_id=entry.clockify_id).exists():
        return "Its last write is still looked for; the next sync sends it again if it did not arrive."
    action = unanswered.load(workspace).by_entry.get(entry.clockify_id)
    if action is None or not unanswered.is_given_up(action):
        raise Refused("No write of this entry was given up, so there is nothing to try again.")
    try:
        with entry_versions.unmoved(workspace, entry, version, person=person):
            journal.try_again(action)
            ConnectionEvent.objects.record(
                ConnectionEvent.Kind.TRIED_AGAIN,
                f"The write of time entry {entry.clockify_id} that was given up is tried again.",
                workspace=workspace,
                company=workspace.company,
                at=now,
                by=person,
            )
    except IntegrityError:
        raise Refused("Another write of this entry has begun since; look again.") from None
    if entry.deleted_at is None:
        evaluate.evaluate(workspace, [entry], now=now)
    else:
        evaluate.mark_deleted(workspace, [entry.clockify_id], now=now)
    return "The next sync looks for it and tries again."
