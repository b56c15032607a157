"""A person's word on a create in doubt, where QuickBooks has activities that almost fit.

Each decision reads QuickBooks at that moment, under the company's writer lease, and is refused where anything is
another than what the person saw. Nothing is written to QuickBooks here: what is to be sent again goes with the next
run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.models import Company, ConnectionEvent, TimeEntry, Workspace
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.payloads import Activity
from mapping.errors import Refused
from mapping.queries import company_of
from syncjobs import decisions
from syncjobs.ledger import activities, journal, lease
from syncjobs.models import Action, EntryOverride, Receipt, RunItem, WriterLease
from syncjobs.planning import evaluate, inputs
from syncjobs.rules import draft
from syncjobs.rules.draft import Draft
from syncjobs.rules.reasons import Reason


@dataclass(frozen=True)
class UncertainWrite:
    """One create in doubt, what was to be sent, and what QuickBooks has now that almost fits."""

    action: Action
    sent: Draft
    alike: tuple[Activity, ...]


@dataclass(frozen=True)
class UncertainWriteDecision:
    """Who decides about which write, having seen which activities (id to SyncToken)."""

    workspace: Workspace
    action_id: int
    seen: Mapping[str, str]
    person: Any = None
    note: str = ""


def waiting(workspace: Workspace) -> list[Action]:
    """Creates that need a person."""
    return [one for one in _open(workspace) if one.needs_person and one.verb == "create"]


def settling(workspace: Workspace) -> list[Action]:
    """Writes that are merely in doubt: the next sync looks for them, nobody has to decide."""
    return [one for one in _open(workspace) if not (one.needs_person and one.verb == "create")]


def _open(workspace: Workspace) -> list[Action]:
    return sorted(inputs.open_actions(workspace).values(), key=lambda one: one.pk)


def look(workspace: Workspace, actions: list[Action]) -> list[UncertainWrite]:
    """What QuickBooks has now beside each of them, in as few queries as their days allow. Raises ApiError."""
    if not actions:
        return []
    company = company_of(workspace)
    there = {one.id: one for one in activities.on_days(QuickBooksClient(company), {one.txn_date for one in actions})}
    for ours in Receipt.objects.owned_ids(company, there):
        del there[ours]
    found = []
    for action in actions:
        sent = draft.from_row(action.source_snapshot["draft"])
        alike = [one for one in there.values() if one.id not in action.excluded_ids and _is_alike(sent, one)]
        found.append(UncertainWrite(action, sent, tuple(sorted(alike, key=lambda one: one.id))))
    return found


def _is_alike(sent: Draft, activity: Activity) -> bool:
    return activities.is_exactly(sent, activity) or activities.almost_fits(sent, activity)


# --- decisions ---------------------------------------------------------------------------------------------
def take(decision: UncertainWriteDecision, quickbooks_id: str, *, now: datetime) -> None:
    """*This is it*: the activity is ours; its receipt says where it differs from what was sent.

    Raises Refused where it is another than the one that was seen, ApiError when QuickBooks can't be asked.
    """
    with _deciding(decision) as (uncertain, keep):
        chosen = next((one for one in uncertain.alike if one.id == quickbooks_id), None)
        if chosen is None:
            raise Refused(f"Activity {quickbooks_id} is gone, belongs to another entry, or does not fit any more.")
        if chosen.sync_token != decision.seen.get(chosen.id):
            raise Refused(f"Activity {chosen.id} was changed in QuickBooks since you looked; look at it again.")
        try:
            with transaction.atomic():
                action = keep()
                journal.accept(action, chosen.raw)
                _mark_taken(action)
                _record(decision, f"Activity {chosen.id} was taken for the lost answer of {_named(action)}.", now)
        except IntegrityError:
            raise Refused(f"Activity {quickbooks_id} belongs to another entry.") from None
    _judge(decision.workspace, action.entry_id, now)


def send_again(decision: UncertainWriteDecision, *, now: datetime) -> Action:
    """*None of these*: the next run sends it under a new request id, with the activities seen marked as not ours.

    The old id is left behind, since QuickBooks would answer it with one of the very activities that were ruled out.
    """
    with _deciding(decision) as (uncertain, keep):
        _refuse_news(uncertain, decision)
        _refuse_unwanted(uncertain.action, decision.workspace)
        with transaction.atomic():
            old = keep()
            words = f"None of the activities {_listed(uncertain)} is it, by a person's word; begun anew."
            action = journal.reopen(old, why=words)
            action.excluded_ids = sorted({*old.excluded_ids, *(one.id for one in uncertain.alike)})
            # The first attempt may still arrive; whoever watches for that needs to know when it was.
            action.tried_at = old.tried_at
            action.save(update_fields=["excluded_ids", "tried_at"])
            _record(decision, f"None of {_listed(uncertain)} is {_named(action)}; the next run sends it again.", now)
    _judge(decision.workspace, action.entry_id, now)
    return action


def leave_out(decision: UncertainWriteDecision, *, now: datetime) -> None:
    """*Leave it out*: nothing is sent again, nothing is deleted, and the entry is ignored until a person says so."""
    with _deciding(decision) as (uncertain, keep):
        _refuse_news(uncertain, decision)
        with transaction.atomic():
            action = keep()
            words = "Left out by a person's word; nothing was deleted."
            journal.close(action, Action.State.ABANDONED, message=words)
            _end_item(action, words)
            decisions.record_ignored(
                decision.workspace, [action.entry_id], person=decision.person, now=now, note=decision.note
            )
            _record(decision, f"The write in doubt of {_named(action)} was left out; the entry is ignored.", now)
    _judge(decision.workspace, action.entry_id, now)


# --- what each decision stands on --------------------------------------------------------------------------
@contextmanager
def _deciding(decision: UncertainWriteDecision) -> Iterator[tuple[UncertainWrite, Callable[[], Action]]]:
    """The doubt as it is now, and a call that makes sure, inside the transaction, that it still is ours to end."""
    workspace = decision.workspace
    with _writing(company_of(workspace)) as hold:
        action = _still_open(workspace, decision.action_id)
        [uncertain] = look(workspace, [action])

        def keep() -> Action:
            hold()
            return _still_open(workspace, decision.action_id, lock=True)

        yield uncertain, keep


def _still_open(workspace: Workspace, action_id: int, *, lock: bool = False) -> Action:
    rows = Action.objects.filter(workspace=workspace, company=workspace.company, pk=action_id)
    action = (rows.select_for_update(of=("self",)) if lock else rows).select_related("workspace", "company").first()
    if action is None or action.state != Action.State.SENDING or not action.needs_person or action.verb != "create":
        raise Refused("This was settled meanwhile; there is nothing left to decide.")
    return action


@contextmanager
def _writing(company: Company) -> Iterator[Callable[[], None]]:
    """The company's writer lease for a moment; gives a call that raises Refused once it is lost."""
    owner = lease.new_owner()
    if not lease.try_to_write(company, None, owner):
        held = WriterLease.objects.select_related("run__person").get(company=company)
        raise Refused(f"{lease.Busy(held.run, held.since)} Decide when it is done.")

    def hold() -> None:
        now = timezone.now()
        mine = WriterLease.objects.filter(company=company, owner=owner, until__gt=now)
        if mine.update(until=now + timedelta(seconds=settings.LEASE_SECONDS)) != 1:
            raise Refused("QuickBooks answered too slowly and another run took over; decide again.")

    try:
        yield hold
    finally:
        lease.release(company, owner)


def _refuse_news(uncertain: UncertainWrite, decision: UncertainWriteDecision) -> None:
    """What nobody has looked at can't be ruled out."""
    for one in uncertain.alike:
        if activities.is_exactly(uncertain.sent, one):
            raise Refused(f"Activity {one.id} fits exactly now: take that one, or let the next sync find it.")
        if decision.seen.get(one.id) != one.sync_token:
            raise Refused(f"Activity {one.id} is new or was changed in QuickBooks since you looked; look again.")
    for missing in sorted(set(decision.seen) - {one.id for one in uncertain.alike}):
        raise Refused(f"Activity {missing} is gone or does not fit any more; look again.")


def _refuse_unwanted(action: Action, workspace: Workspace) -> None:
    row = TimeEntry.objects.filter(workspace=workspace, clockify_id=action.entry_id).first()
    if row is None or row.deleted_at is not None:
        raise Refused("The entry was deleted in Clockify meanwhile; leave it out instead.")
    if EntryOverride.objects.filter(workspace=workspace, clockify_id=action.entry_id, ignored=True).exists():
        raise Refused("The entry is ignored here; leave it out, or stop ignoring it first.")


# --- what each decision leaves -----------------------------------------------------------------------------
def _mark_taken(action: Action) -> None:
    """An undo of that run must not delete what a person took for it."""
    if action.run_id is None:
        return
    for item in RunItem.objects.filter(run_id=action.run_id, entry_id=action.entry_id):
        item.source_snapshot = {**item.source_snapshot, RunItem.TAKEN: True}
        item.save(update_fields=["source_snapshot"])


def _end_item(action: Action, words: str) -> None:
    """In the run that began it nothing is in doubt any more."""
    if action.run_id is not None:
        reason = Reason("IGNORED", {"what": "This entry"}).as_row()
        journal.finish_item(action.run_id, action.entry_id, RunItem.Outcome.BLOCKED, reasons=[reason], message=words)


def _record(decision: UncertainWriteDecision, message: str, now: datetime) -> None:
    ConnectionEvent.objects.create(
        workspace=decision.workspace,
        company=decision.workspace.company,
        at=now,
        kind="doubt_decided",
        message=f"{message} {decision.note}".strip(),
        by=decision.person,
    )


def _judge(workspace: Workspace, entry_id: str, now: datetime) -> None:
    rows = TimeEntry.objects.filter(workspace=workspace, clockify_id=entry_id)
    if rows.filter(deleted_at=None).exists():
        evaluate.evaluate(workspace, list(rows), now=now)
    else:
        evaluate.mark_deleted(workspace, [entry_id], now=now)


def _named(action: Action) -> str:
    return f"time entry {action.entry_id}"


def _listed(uncertain: UncertainWrite) -> str:
    return ", ".join(one.id for one in uncertain.alike) or "none"
