"""People's decisions about single entries. Pages, commands, uncertain writes and the undo of a run all call this.

A decision only says what later runs may do: nothing is written to or deleted in QuickBooks here. `version` is that of
the entry as a page showed it, "" where none did; Moved is raised if the entry moved since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from integrations.models import TimeEntry, Workspace
from mapping.errors import Refused
from syncjobs import entry_versions
from syncjobs.models import EntryOverride, Receipt
from syncjobs.planning import evaluate, inputs, since_sent
from syncjobs.planning.context import load_context
from syncjobs.rules.reasons import MAY_BE_SET_ASIDE
from syncjobs.rules.steps import changes, differences


def ignore(
    workspace: Workspace, entry: TimeEntry, *, person: Any, now: datetime, note: str = "", version: str = ""
) -> None:
    """Leave the entry out of syncs until somebody stops ignoring it; time already sent stays in QuickBooks."""
    with entry_versions.unmoved(workspace, entry, version, person=person):
        record_ignored(workspace, [entry.clockify_id], person=person, now=now, note=note)
        # Ignoring alone does not keep what is no work any more.
        if entry.deleted_at is None and _is_no_work(workspace, entry):
            record_kept(workspace, [entry.clockify_id], person=person, now=now)
    _evaluate(workspace, entry, now)


def ignore_many(
    workspace: Workspace, versions: Mapping[int, str], *, person: Any, now: datetime, note: str = ""
) -> int:
    """Leave these entries out of syncs, as `ignore` does; return how many: not those that moved since they were shown.

    `versions`: the entries' versions as shown, by primary key.
    """
    with transaction.atomic():
        entries = entry_versions.lock_unmoved(workspace, versions)
        record_ignored(workspace, [entry.clockify_id for entry in entries], person=person, now=now, note=note)
        there = [entry for entry in entries if entry.deleted_at is None]
        waiting = [entry.clockify_id for entry in there if _is_no_work(workspace, entry)]
        record_kept(workspace, waiting, person=person, now=now)
    evaluate.evaluate(workspace, there, now=now)
    evaluate.mark_deleted(workspace, [entry.clockify_id for entry in entries if entry.deleted_at is not None], now=now)
    return len(entries)


def stop_ignoring(workspace: Workspace, entry: TimeEntry, *, person: Any, now: datetime, version: str = "") -> None:
    """Let the entry into syncs again, and its time in QuickBooks be deleted if it is no longer billable work."""
    with entry_versions.unmoved(workspace, entry, version, person=person):
        _record(workspace, entry, person=person, now=now, ignored=False, kept=False)
    _evaluate(workspace, entry, now)


def keep_quickbooks(
    workspace: Workspace, entry: TimeEntry, *, person: Any, now: datetime, note: str = "", version: str = ""
) -> None:
    """Keep what QuickBooks has for an entry that was changed or deleted in Clockify.

    Time that would be deleted stays until the entry is billable work again; any other entry is ignored from now on.
    """
    with entry_versions.unmoved(workspace, entry, version, person=person):
        if not _is_no_work(workspace, entry):
            record_ignored(workspace, [entry.clockify_id], person=person, now=now, note=note)
        else:
            record_kept(workspace, [entry.clockify_id], person=person, now=now)
            _record(workspace, entry, person=person, now=now, note=note)
    _evaluate(workspace, entry, now)


def send_anyway(
    workspace: Workspace, entry: TimeEntry, code: str, *, person: Any, now: datetime, note: str = "", version: str = ""
) -> None:
    """Set one reason aside for this entry. Raises Refused if people may not set it aside."""
    with entry_versions.unmoved(workspace, entry, version, person=person):
        codes = {*_set_aside(workspace, entry), _checked(code)}
        _record(workspace, entry, person=person, now=now, send_anyway=sorted(codes), note=note)
    _evaluate(workspace, entry, now)


def send_anyway_many(
    workspace: Workspace, versions: Mapping[int, str], code: str, *, person: Any, now: datetime, note: str = ""
) -> int:
    """Set one reason aside for these entries, as `send_anyway` does; return for how many, as `ignore_many` does."""
    _checked(code)
    with transaction.atomic():
        entries = [entry for entry in entry_versions.lock_unmoved(workspace, versions) if entry.deleted_at is None]
        for entry in entries:
            codes = sorted({*_set_aside(workspace, entry), code})
            _record(workspace, entry, person=person, now=now, send_anyway=codes, note=note)
    evaluate.evaluate(workspace, entries, now=now)
    return len(entries)


def take_back_send_anyway(
    workspace: Workspace, entry: TimeEntry, code: str, *, person: Any, now: datetime, version: str = ""
) -> None:
    """Let a reason that was set aside count again."""
    with entry_versions.unmoved(workspace, entry, version, person=person):
        codes = [other_code for other_code in _set_aside(workspace, entry) if other_code != _checked(code)]
        _record(workspace, entry, person=person, now=now, send_anyway=codes)
    _evaluate(workspace, entry, now)


def take_note(workspace: Workspace, seen: Mapping[tuple[str, str], str], *, person: Any, now: datetime) -> int:
    """Note that a person knows of warnings about sent time; each is counted no more until what it says changes again.

    `seen`: by entry id and code, the version that was shown. Returns how many were noted: not those that are over
    or say something else by now.
    """
    entry_ids = sorted({entry_id for entry_id, code in seen if code in differences.CODES})
    note = {"by": person.get_username() if person else "", "at": now.isoformat()}
    rows = {row.clockify_id: row for row in TimeEntry.objects.current(workspace).filter(clockify_id__in=entry_ids)}
    context, count, noted = load_context(workspace), 0, []
    with transaction.atomic():
        own = Receipt.objects.own_activities(workspace).filter(entry_id__in=rows)
        for receipt in own.select_for_update():
            today = since_sent.today(context.entry(rows[receipt.entry_id]), context, receipt)
            for code, fields in differences.CODES.items():
                version = seen.get((receipt.entry_id, code))
                if version and version == differences.version(today, code):
                    receipt.noted |= {field: {"now": today[field], **note} for field in fields if field in today}
                    count += 1
            noted.append(receipt)
        Receipt.objects.bulk_update(noted, ["noted"])
    evaluate.evaluate(workspace, list(rows.values()), now=now)
    return count


def record_ignored(
    workspace: Workspace, entry_ids: Iterable[str], *, person: Any, now: datetime, note: str = ""
) -> None:
    """Save that these entries are ignored, without evaluating them: for callers that have more to save first."""
    overrides = [
        EntryOverride(workspace=workspace, clockify_id=entry_id, ignored=True, note=note, person=person, at=now)
        for entry_id in entry_ids
    ]
    # `send_anyway` is not among the fields: reasons that were set aside stay so.
    EntryOverride.objects.bulk_create(
        overrides,
        update_conflicts=True,
        unique_fields=["workspace", "clockify_id"],
        update_fields=["ignored", "note", "person", "at"],
        batch_size=500,
    )


def record_kept(workspace: Workspace, entry_ids: Iterable[str], *, person: Any, now: datetime) -> None:
    """Save that the time of these entries stays in QuickBooks, without evaluating them.

    It does until they are billable work again, whatever is edited of them meanwhile (`stop_keeping`).
    """
    overrides = [
        EntryOverride(workspace=workspace, clockify_id=entry_id, kept=True, person=person, at=now)
        for entry_id in entry_ids
    ]
    EntryOverride.objects.bulk_create(
        overrides,
        update_conflicts=True,
        unique_fields=["workspace", "clockify_id"],
        update_fields=["kept", "person", "at"],
        batch_size=500,
    )


def stop_keeping(workspace: Workspace, entry_ids: Collection[str]) -> None:
    """Let the time of these entries be updated and deleted as any other's."""
    ids = sorted(entry_ids)
    # In chunks: SQLite limits the parameters of one query.
    for start in range(0, len(ids), 500):
        rows = EntryOverride.objects.filter(workspace=workspace, clockify_id__in=ids[start : start + 500])
        rows.update(kept=False)


def forget_ignored(workspace: Workspace, entry_ids: QuerySet[Any] | Collection[str], *, note: str) -> None:
    """Undo `record_ignored` for these entries where it was saved with this note."""
    rows = EntryOverride.objects.filter(workspace=workspace, ignored=True, note=note, clockify_id__in=entry_ids)
    with transaction.atomic():
        # A row may also hold reasons that a person set aside; those stay.
        rows.filter(send_anyway=[], kept=False).delete()
        rows.update(ignored=False)


def _is_no_work(workspace: Workspace, entry: TimeEntry) -> bool:
    """Return True if the time was sent, is as it was sent, and is no longer billable work or gone from Clockify."""
    receipt = inputs.receipts_by_entry(workspace, [entry.clockify_id]).get(entry.clockify_id)
    if receipt is None or receipt.conflict:
        return False
    context = replace(load_context(workspace), receipts={entry.clockify_id: receipt})
    values = context.entry(entry)
    is_no_work = changes.is_no_work(values, context.resolve(values), inputs.sent_of(receipt))
    return entry.deleted_at is not None or is_no_work


def _checked(code: str) -> str:
    if code not in MAY_BE_SET_ASIDE:
        raise Refused("This reason can't be set aside.")
    return code


def _set_aside(workspace: Workspace, entry: TimeEntry) -> list[str]:
    override = EntryOverride.objects.filter(workspace=workspace, clockify_id=entry.clockify_id).first()
    return list(override.send_anyway) if override else []


def _record(workspace: Workspace, entry: TimeEntry, *, person: Any, now: datetime, **values: Any) -> None:
    EntryOverride.objects.update_or_create(
        workspace=workspace,
        clockify_id=entry.clockify_id,
        defaults={"person": person, "at": now, **values},
    )


def _evaluate(workspace: Workspace, entry: TimeEntry, now: datetime) -> None:
    if entry.deleted_at is None:
        evaluate.evaluate(workspace, [entry], now=now)
    else:
        evaluate.mark_deleted(workspace, [entry.clockify_id], now=now)
