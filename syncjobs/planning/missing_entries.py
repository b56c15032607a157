"""Entries that the report no longer lists: Clockify is asked for each, since absence proves nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from integrations.clockify import entry_payloads
from integrations.clockify.client import ClockifyApiClient
from integrations.errors import Gone, NoAnswer, Unexpected
from integrations.models import TimeEntry, Workspace
from syncjobs.models import Receipt
from syncjobs.rules.steps.many_deletions import are_many

log = logging.getLogger("hourbridge.window")

# Sent entries that may be gone before the rest is not asked: so many wait for review in any case, in each run.
MAX_GONE = 500
# Entries in a row whose own address gives no answer, each after GIVE_UP_SECONDS, before the rest is not asked.
MAX_UNANSWERED = 3


@dataclass
class Missing:
    """What Clockify says of missing entries, as in `Window`; `moved_rows` are the records of those that still exist."""

    gone: set[str] = field(default_factory=set)
    unclear: set[str] = field(default_factory=set)
    many: int = 0
    moved_rows: list[Mapping[str, Any]] = field(default_factory=list)


def look_up(
    workspace: Workspace,
    client: ClockifyApiClient,
    missing_ids: Iterable[str],
    *,
    days: tuple[date, date],
    ask_all: bool,
) -> Missing:
    """Ask for each entry by id. Only Gone for the entry itself proves that it was deleted.

    Stops after MAX_GONE that need a person, unless one has decided. Raises ApiError only for a used-up limit or a lost
    connection, never for one entry's odd answer.
    """
    ids = sorted(missing_ids)
    deletable_ids, deleted_before = _deletable_ids(workspace, ids), _deleted_before(workspace, ids)
    # Newly missing ones first: what waits for review must not keep the others from being asked for.
    ids.sort(key=lambda entry_id: (entry_id in deleted_before, entry_id))
    sent = Receipt.objects.own_activities(workspace).filter(txn_date__range=days).count()
    found = Missing()
    waiting = 0
    for entry_id, raw in _answers(workspace, client, ids, found.unclear):
        if raw is not None:
            found.moved_rows.append(raw)
            continue
        found.gone.add(entry_id)
        waiting += entry_id in deletable_ids
        if waiting >= MAX_GONE and are_many(waiting, sent) and not ask_all:
            break
    found.many = waiting if are_many(waiting, sent) else 0
    return found


def _answers(
    workspace: Workspace, client: ClockifyApiClient, entry_ids: Sequence[str], unclear: set[str]
) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Yield Clockify's answer for each entry that has a clear one: its id, and its record, or None where it is gone.

    The others are added to `unclear`: all that are left, once MAX_UNANSWERED in a row had no answer.
    """
    unanswered = 0
    for position, entry_id in enumerate(entry_ids):
        raw: Mapping[str, Any] | None = None
        try:
            raw = _readable(client.entry(workspace.clockify_id, entry_id))
        except NoAnswer:
            unanswered += 1
            unclear.add(entry_id)
            if unanswered == MAX_UNANSWERED:
                unclear.update(entry_ids[position:])
                return
            continue
        except (Unexpected, ValueError, TypeError, AttributeError, OverflowError) as error:
            log.warning("Entry %s is missing from the report, and its own address is not clear: %s", entry_id, error)
            unanswered = 0
            unclear.add(entry_id)
            continue
        except Gone:
            pass
        unanswered = 0
        yield entry_id, raw


def _readable(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the record. Raises what reading it raises, so that an unreadable one is not stored."""
    entry_payloads.entry(raw)
    return raw


def _deletable_ids(workspace: Workspace, missing_ids: Sequence[str]) -> set[str]:
    """Return those of the entries whose time is in QuickBooks, neither billed nor changed there when last read."""
    deletable: set[str] = set()
    # In chunks: SQLite limits the parameters of one query.
    for start in range(0, len(missing_ids), 500):
        receipts = Receipt.objects.own_activities(workspace).filter(entry_id__in=missing_ids[start : start + 500])
        deletable.update(receipts.filter(conflict="").values_list("entry_id", flat=True))
    return deletable


def _deleted_before(workspace: Workspace, missing_ids: Sequence[str]) -> set[str]:
    """Return those of the entries that an earlier run found deleted in Clockify."""
    deleted: set[str] = set()
    for start in range(0, len(missing_ids), 500):
        rows = TimeEntry.objects.filter(workspace=workspace, clockify_id__in=missing_ids[start : start + 500])
        deleted.update(rows.exclude(deleted_at=None).values_list("clockify_id", flat=True))
    return deleted
