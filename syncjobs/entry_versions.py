"""The version of what a page showed of a time entry, and the sentence that says what happened to it since.

Every decision of an entry's page carries it. It is compared inside the decision's own transaction, while others about
the same entry wait: where anything moved, nothing is done. Records have the same in `mapping/decisions/versions.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from django.db import transaction

from integrations.models import ConnectionEvent, TimeEntry, Workspace
from mapping.decisions.versions import NOTHING_DONE, at_time, event_sentence
from mapping.errors import Moved, Refused
from syncjobs.models import Action, EntryOverride, Receipt

SEPARATOR = "."


@contextmanager
def unmoved(workspace: Workspace, entry: TimeEntry, version: str, *, person: Any) -> Iterator[None]:
    """Hold other decisions about the entry for the block, in one transaction. Raises Moved if it moved since."""
    with transaction.atomic():
        # Not FOR UPDATE: that would also hold up whoever writes a row that refers to the entry. SQLite has one writer.
        list(TimeEntry.objects.select_for_update(no_key=True).filter(pk=entry.pk).values_list("pk"))
        if version:
            refuse_if_moved(workspace, entry, version, person=person)
        yield


def lock_unmoved(workspace: Workspace, versions: Mapping[int, str]) -> list[TimeEntry]:
    """Return those of these entries that are still as shown, and hold other decisions about them.

    `versions`: by primary key, as the page showed them. For the transaction of a decision about many entries.
    """
    rows = TimeEntry.objects.select_for_update(no_key=True).filter(workspace=workspace)
    entries = list(rows.filter(pk__in=list(versions)).order_by("pk"))
    now = versions_of(workspace, entries)
    return [entry for entry in entries if versions[entry.pk] == now[entry.pk]]


def version_from(
    entry: TimeEntry, *, override: EntryOverride | None, receipt: Receipt | None, action: Action | None
) -> str:
    """Return the version of an entry that is shown from these rows; `action` is its last write."""
    return SEPARATOR.join(_fingerprints(entry, override, receipt, action))


def versions_of(workspace: Workspace, entries: Collection[TimeEntry]) -> dict[int, str]:
    """Return the versions of these entries as they are now by primary key, in a fixed number of queries."""
    rows = _Rows(workspace, [entry.clockify_id for entry in entries])
    return {entry.pk: SEPARATOR.join(rows.fingerprints(entry)) for entry in entries}


def refuse_if_moved(workspace: Workspace, entry: TimeEntry, version: str, *, person: Any) -> None:
    """Raise Moved with what happened to the entry since that version, Refused for a text that no page wrote."""
    rows = _Rows(workspace, [entry.clockify_id])
    entry.refresh_from_db(fields=["content_hash", "deleted_at"])
    now, shown = rows.fingerprints(entry), version.split(SEPARATOR)
    if len(shown) != len(now):
        raise Refused(f"The page did not say what it showed, so look at it as it is now. {NOTHING_DONE}")
    override, receipt, action, content = (before != after for before, after in zip(shown, now, strict=True))
    sentence = ""
    if override:
        sentence = _override_sentence(workspace, rows.overrides.get(entry.clockify_id), person)
    elif receipt:
        sentence = _receipt_sentence(workspace, entry, rows.receipts.get(entry.clockify_id), person)
    elif action:
        sentence = _action_sentence(workspace, entry, rows.actions.get(entry.clockify_id), person)
    elif content:
        sentence = "Clockify has since been read again, and this entry is different now."
    if sentence:
        raise Moved(f"{sentence} {NOTHING_DONE}")


class _Rows:
    """What decisions about these entries depend on: overrides, receipts and last writes, by entry id."""

    def __init__(self, workspace: Workspace, entry_ids: Collection[str]) -> None:
        overrides = EntryOverride.objects.filter(workspace=workspace, clockify_id__in=entry_ids)
        self.overrides = {row.clockify_id: row for row in overrides.select_related("person")}
        receipts = Receipt.objects.filter(workspace=workspace, company=workspace.company, entry_id__in=entry_ids)
        self.receipts = {row.entry_id: row for row in receipts.filter(part=0)}
        actions = Action.objects.filter(workspace=workspace, entry_id__in=entry_ids).defer("body").order_by("pk")
        self.actions = {row.entry_id: row for row in actions}

    def fingerprints(self, entry: TimeEntry) -> tuple[str, str, str, str]:
        key = entry.clockify_id
        return _fingerprints(entry, self.overrides.get(key), self.receipts.get(key), self.actions.get(key))


def _fingerprints(
    entry: TimeEntry, override: EntryOverride | None, receipt: Receipt | None, action: Action | None
) -> tuple[str, str, str, str]:
    return (
        _short(
            override
            and (override.ignored, override.kept, sorted(override.send_anyway), override.note, override.at.isoformat())
        ),
        _short(receipt and (receipt.state, receipt.quickbooks_id, receipt.changed_at.isoformat(), receipt.conflict)),
        _short(action and (action.pk, action.state, action.needs_person)),
        _short((entry.content_hash, bool(entry.deleted_at))),
    )


def _short(facts: Any) -> str:
    return sha256(repr(facts).encode()).hexdigest()[:8]


# --- what may have moved -----------------------------------------------------------------------------------------
def _override_sentence(workspace: Workspace, override: EntryOverride | None, viewer: Any) -> str:
    if override is None:
        return "A decision about this entry has since been undone."
    what = "stopped ignoring this entry"
    if override.ignored:
        what = "ignored this entry"
    elif override.kept:
        what = "kept the time of this entry in QuickBooks"
    elif override.send_anyway:
        what = "set a reason of this entry aside"
    return event_sentence(override.person, what, override.at, viewer=viewer, zone=workspace.time_zone)


def _receipt_sentence(workspace: Workspace, entry: TimeEntry, receipt: Receipt | None, viewer: Any) -> str:
    if receipt is None:
        return "What is known of this entry in QuickBooks has since changed."
    adopted = _event(workspace, entry, ConnectionEvent.Kind.ADOPTED)
    if adopted is not None and adopted.at == receipt.sent_at:
        what = f"adopted activity {receipt.quickbooks_id} for this entry"
        return event_sentence(adopted.by, what, adopted.at, viewer=viewer, zone=workspace.time_zone)
    when = at_time(receipt.changed_at, zone=workspace.time_zone)
    if receipt.state == Receipt.State.SENT and not receipt.conflict:
        return f"A sync sent this entry as activity {receipt.quickbooks_id} {when}."
    return f"A sync found that activity {receipt.quickbooks_id} was changed, billed or deleted in QuickBooks since."


def _action_sentence(workspace: Workspace, entry: TimeEntry, action: Action | None, viewer: Any) -> str:
    again = _event(workspace, entry, ConnectionEvent.Kind.TRIED_AGAIN)
    if action is not None and again is not None and action.state in {Action.State.SENDING, Action.State.MISSING}:
        what = "had the write of this entry tried again"
        return event_sentence(again.by, what, again.at, viewer=viewer, zone=workspace.time_zone)
    at = action and (action.ended_at or action.tried_at or action.created_at)
    when = f" {at_time(at, zone=workspace.time_zone)}" if at else " since then"
    return f"A sync wrote, or tried to write, this entry{when}."


def _event(workspace: Workspace, entry: TimeEntry, kind: ConnectionEvent.Kind) -> ConnectionEvent | None:
    """Return the last event of this kind about the entry; its message names it."""
    return ConnectionEvent.objects.filter(workspace=workspace, kind=kind, message__contains=entry.clockify_id).newest()
