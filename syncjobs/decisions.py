"""People's decisions about single entries. Pages, commands, uncertain writes and the undo of a run all call this.

A decision only says what later runs may do: nothing is written to or deleted in QuickBooks here. Moved is raised if the
entry moved since the person saw it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from integrations.models import TimeEntry, Workspace
from mapping.errors import Refused
from syncjobs import entry_versions
from syncjobs.models import EntryOverride, Receipt
from syncjobs.planning import evaluate, inputs
from syncjobs.planning.context import load_context
from syncjobs.rules.reasons import MAY_BE_SET_ASIDE
from syncjobs.rules.steps import changes, differences


@dataclass(frozen=True, slots=True)
class NewEntryDecision:
    """A decision about one entry that is not taken yet; `EntryOverride` is the row of one that was.

    `person`: None for a command. `version`: of the entry as a page showed it (`entry_versions`), "" where none did.
    """

    workspace: Workspace
    entry: TimeEntry
    at: datetime
    person: Any = None
    note: str = ""
    version: str = ""


def ignore(decision: NewEntryDecision) -> None:
    """Leave the entry out of syncs until somebody stops ignoring it; time already sent stays in QuickBooks."""
    with _unmoved(decision):
        _ignore(decision)
        # Ignoring alone does not keep what is no work any more.
        if decision.entry.deleted_at is None and _is_no_work(decision.workspace, decision.entry):
            _keep(decision)
    _evaluate(decision)


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


def stop_ignoring(decision: NewEntryDecision) -> None:
    """Let the entry into syncs again, and its time in QuickBooks be deleted if it is no longer billable work."""
    with _unmoved(decision):
        _record(decision, ignored=False, kept=False)
    _evaluate(decision)


def keep_quickbooks(decision: NewEntryDecision) -> None:
    """Keep what QuickBooks has for an entry that was changed or deleted in Clockify.

    Time that would be deleted stays until the entry is billable work again; any other entry is ignored from now on.
    """
    with _unmoved(decision):
        if not _is_no_work(decision.workspace, decision.entry):
            _ignore(decision)
        else:
            _keep(decision)
            _record(decision, note=decision.note)
    _evaluate(decision)


def send_anyway(decision: NewEntryDecision, code: str) -> None:
    """Set one reason aside for this entry. Raises Refused if people may not set it aside."""
    with _unmoved(decision):
        codes = {*_set_aside(decision), _checked(code)}
        _record(decision, send_anyway=sorted(codes), note=decision.note)
    _evaluate(decision)


def send_anyway_many(
    workspace: Workspace, versions: Mapping[int, str], code: str, *, person: Any, now: datetime, note: str = ""
) -> int:
    """Set one reason aside for these entries, as `send_anyway` does; return for how many, as `ignore_many` does."""
    _checked(code)
    with transaction.atomic():
        entries = [entry for entry in entry_versions.lock_unmoved(workspace, versions) if entry.deleted_at is None]
        for entry in entries:
            decision = NewEntryDecision(workspace, entry, at=now, person=person, note=note)
            _record(decision, send_anyway=sorted({*_set_aside(decision), code}), note=note)
    evaluate.evaluate(workspace, entries, now=now)
    return len(entries)


def take_back_send_anyway(decision: NewEntryDecision, code: str) -> None:
    """Let a reason that was set aside count again."""
    with _unmoved(decision):
        codes = [other_code for other_code in _set_aside(decision) if other_code != _checked(code)]
        _record(decision, send_anyway=codes)
    _evaluate(decision)


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
            today = context.changed_since_sent(context.entry(rows[receipt.entry_id]), receipt)
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


def _set_aside(decision: NewEntryDecision) -> list[str]:
    """Return the reasons that were set aside for the entry before."""
    rows = EntryOverride.objects.filter(workspace=decision.workspace, clockify_id=decision.entry.clockify_id)
    override = rows.first()
    return list(override.send_anyway) if override else []


def _unmoved(decision: NewEntryDecision) -> AbstractContextManager[None]:
    return entry_versions.unmoved(decision.workspace, decision.entry, decision.version, person=decision.person)


def _ignore(decision: NewEntryDecision) -> None:
    ids = [decision.entry.clockify_id]
    record_ignored(decision.workspace, ids, person=decision.person, now=decision.at, note=decision.note)


def _keep(decision: NewEntryDecision) -> None:
    record_kept(decision.workspace, [decision.entry.clockify_id], person=decision.person, now=decision.at)


def _record(decision: NewEntryDecision, **values: Any) -> None:
    EntryOverride.objects.update_or_create(
        workspace=decision.workspace,
        clockify_id=decision.entry.clockify_id,
        defaults={"person": decision.person, "at": decision.at, **values},
    )


def _evaluate(decision: NewEntryDecision) -> None:
    entry = decision.entry
    if entry.deleted_at is None:
        evaluate.evaluate(decision.workspace, [entry], now=decision.at)
    else:
        evaluate.mark_deleted(decision.workspace, [entry.clockify_id], now=decision.at)
