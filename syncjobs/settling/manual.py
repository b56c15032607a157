"""A person's decision about a create whose outcome is unknown, where QuickBooks has similar activities.

Each decision reads QuickBooks again, under the company's writer lease, and is refused where anything differs from what
the person saw. Nothing is written to QuickBooks here: what is to be sent again goes with the next run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from integrations.models import Company, ConnectionEvent, TimeEntry, Workspace
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.payloads import Activity
from mapping.errors import Refused
from mapping.queries import company_of
from syncjobs import decisions
from syncjobs.ledger import activities, journal, lease, snapshots
from syncjobs.ledger.journal import LastAnswer
from syncjobs.models import Action, EntryOverride, Receipt, RunItem
from syncjobs.planning import evaluate, inputs
from syncjobs.rules.codes import Code
from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.reasons import Reason
from syncjobs.rules.steps import answered
from syncjobs.rules.verbs import Verb


@dataclass(frozen=True)
class UncertainWrite:
    """One create with an unknown outcome: what was sent, and the activities in QuickBooks that fit or almost fit."""

    action: Action
    sent: Draft
    alike: tuple[Activity, ...]


@dataclass(frozen=True)
class UncertainWriteDecision:
    """The write to decide about, the person, and the activities that the person saw (SyncToken by id)."""

    workspace: Workspace
    action_id: int
    seen: Mapping[str, str]
    person: Any = None
    note: str = ""


def waiting(workspace: Workspace) -> list[Action]:
    """Return creates that a person has to decide about."""
    return [action for action in _unknown_actions(workspace) if action.needs_person and action.verb == Verb.CREATE]


def settling(workspace: Workspace) -> list[Action]:
    """Return writes with an unknown outcome that the next sync settles without a person."""
    return [
        action
        for action in _unknown_actions(workspace)
        # A call that was not answered yet is on its way, not in doubt.
        if not action.in_flight and not (action.needs_person and action.verb == Verb.CREATE)
    ]


def _unknown_actions(workspace: Workspace) -> list[Action]:
    return sorted(inputs.open_actions(workspace).values(), key=lambda action: action.pk)


def look(workspace: Workspace, actions: list[Action]) -> list[UncertainWrite]:
    """Return each action with the activities in QuickBooks that may be its own. Raises ApiError.

    Reads the days of all actions together, in as few queries as possible.
    """
    if not actions:
        return []
    company = company_of(workspace)
    unowned = {
        activity.id: activity
        for activity in activities.on_days(QuickBooksApiClient(company), {action.txn_date for action in actions})
    }
    for owned_id in Receipt.objects.owned_ids(company, unowned):
        del unowned[owned_id]
    uncertain_writes = []
    for action in actions:
        sent = snapshots.draft_of(action)
        alike = [
            activity
            for activity in unowned.values()
            if activity.id not in action.excluded_ids and activities.almost_fits(sent, activity)
        ]
        uncertain_writes.append(UncertainWrite(action, sent, tuple(sorted(alike, key=lambda activity: activity.id))))
    return uncertain_writes


# --- decisions ---------------------------------------------------------------------------------------------
def take(decision: UncertainWriteDecision, quickbooks_id: str, *, now: datetime) -> None:
    """Accept the activity as the lost answer (*This is it*); its receipt keeps where it differs from what was sent.

    Raises Refused where it is not as the person saw it, ApiError when QuickBooks can't be read.
    """
    with _decision_context(decision) as (uncertain, lock_action):
        chosen = next((activity for activity in uncertain.alike if activity.id == quickbooks_id), None)
        if chosen is None or not chosen.id:
            raise Refused(f"Activity {quickbooks_id} is gone, belongs to another entry, or does not fit any more.")
        if chosen.sync_token != decision.seen.get(chosen.id):
            raise Refused(f"Activity {chosen.id} was changed in QuickBooks since you looked; look at it again.")
        try:
            with transaction.atomic():
                action = lock_action()
                journal.accept(action, chosen.raw)
                _mark_taken(action)
                _record(decision, f"Activity {chosen.id} was taken for the lost answer of {_entry_label(action)}.", now)
        # `adopt` takes no writer lease: it may have given this activity to another entry since it was read.
        except IntegrityError:
            raise Refused(f"Activity {quickbooks_id} belongs to another entry.") from None
    _evaluate(decision.workspace, action.entry_id, now)


def send_again(decision: UncertainWriteDecision, *, now: datetime) -> Action:
    """Have the next run send it again under a new request id (*None of these*); the activities seen are excluded.

    The old id is not used again, since QuickBooks may answer it with one of the activities that were ruled out.
    """
    with _decision_context(decision) as (uncertain, lock_action):
        _refuse_if_changed(uncertain, decision)
        _refuse_if_not_wanted(uncertain.action, decision.workspace)
        with transaction.atomic():
            old_action = lock_action()
            message = f"None of the activities {_activity_list(uncertain)} is it, by a person's word; it starts over."
            action = journal.reopen(old_action, why=message)
            action.excluded_ids = sorted({*old_action.excluded_ids, *(activity.id for activity in uncertain.alike)})
            # The first attempt may still arrive; `may_arrive_until` counts from the time of that one.
            action.tried_at = old_action.tried_at
            action.save(update_fields=["excluded_ids", "tried_at"])
            _record(
                decision,
                f"None of {_activity_list(uncertain)} is {_entry_label(action)}; the next run sends it again.",
                now,
            )
    _evaluate(decision.workspace, action.entry_id, now)
    return action


def leave_out(decision: UncertainWriteDecision, *, now: datetime) -> None:
    """Close the write and ignore its entry from now on (*Leave it out*); nothing is sent again, nothing is deleted."""
    with _decision_context(decision) as (uncertain, lock_action):
        _refuse_if_changed(uncertain, decision)
        with transaction.atomic():
            action = lock_action()
            message = "Left out by a person's word; nothing was deleted."
            journal.leave_out(action, message=message)
            _finish_item(action, message)
            decisions.record_ignored(
                decision.workspace, [action.entry_id], person=decision.person, now=now, note=decision.note
            )
            _record(decision, f"The write in doubt of {_entry_label(action)} was left out; the entry is ignored.", now)
    _evaluate(decision.workspace, action.entry_id, now)


# --- state of the write ------------------------------------------------------------------------------------
@contextmanager
def _decision_context(decision: UncertainWriteDecision) -> Iterator[tuple[UncertainWrite, Callable[[], Action]]]:
    """Hold the writer lease and give the write as it is now, with a call that locks its action for the decision.

    That call belongs inside the transaction: it renews the lease, and raises Refused if the action was settled or the
    lease was lost since.
    """
    workspace = decision.workspace
    with _writer_lease(company_of(workspace)) as renew_lease:
        action = _open_action(workspace, decision.action_id)
        [uncertain] = look(workspace, [action])

        def lock_action() -> Action:
            renew_lease()
            return _open_action(workspace, decision.action_id, lock=True)

        yield uncertain, lock_action


def _open_action(workspace: Workspace, action_id: int, *, lock: bool = False) -> Action:
    """Return the action, with `lock` for update. Raises Refused if it no longer needs a person."""
    rows = Action.objects.of(workspace).filter(pk=action_id)
    # Only the action: locks on the joined workspace and company would hold up everybody who updates those.
    action = (rows.select_for_update(of=("self",)) if lock else rows).select_related("workspace", "company").first()
    if action is None or action.state != Action.State.SENDING or not action.needs_person or action.verb != Verb.CREATE:
        raise Refused("This has already been resolved; there is nothing left to decide.")
    return action


@contextmanager
def _writer_lease(company: Company) -> Iterator[Callable[[], None]]:
    """Hold the company's writer lease for the block; gives a call that renews it and raises Refused once it is lost."""
    try:
        with lease.writer_lease(company) as owner:

            def renew_lease() -> None:
                if not lease.renew_writer_lease(company, owner, only_if_valid=True):
                    raise Refused("QuickBooks answered too slowly and another run took over; decide again.")

            yield renew_lease
    except lease.Busy as busy:
        raise Refused(f"{busy} Decide when it is done.") from None


def _refuse_if_changed(uncertain: UncertainWrite, decision: UncertainWriteDecision) -> None:
    """Check that QuickBooks still has exactly the activities that the person saw; raises Refused otherwise."""
    for activity in uncertain.alike:
        # An exact fit needs no decision: settling accepts it.
        if answered.is_exactly(uncertain.sent, activity):
            raise Refused(f"Activity {activity.id} fits exactly now: take that one, or let the next sync find it.")
        if decision.seen.get(activity.id) != activity.sync_token:
            raise Refused(f"Activity {activity.id} is new or was changed in QuickBooks since you looked; look again.")
    for missing in sorted(set(decision.seen) - {activity.id for activity in uncertain.alike}):
        raise Refused(f"Activity {missing} is gone or does not fit any more; look again.")


def _refuse_if_not_wanted(action: Action, workspace: Workspace) -> None:
    """Check that the entry still exists and is not ignored; raises Refused otherwise."""
    row = TimeEntry.objects.filter(workspace=workspace, clockify_id=action.entry_id).first()
    if row is None or row.deleted_at is not None:
        raise Refused("The entry has since been deleted in Clockify; leave it out instead.")
    if EntryOverride.objects.filter(workspace=workspace, clockify_id=action.entry_id, ignored=True).exists():
        raise Refused("The entry is ignored here; leave it out, or stop ignoring it first.")


# --- effects of a decision ---------------------------------------------------------------------------------
def _mark_taken(action: Action) -> None:
    """Note on the run's item that a person chose the activity, so that an undo of the run does not delete it."""
    for item in RunItem.objects.filter(run__actions=action, entry_id=action.entry_id):
        item.source_snapshot = {**item.source_snapshot, RunItem.TAKEN: True}
        item.save(update_fields=["source_snapshot"])


def _finish_item(action: Action, message: str) -> None:
    """Finish the item in the run that began the write: its outcome is no longer unknown."""
    if action.run_id is not None:
        reason = Reason(Code.IGNORED, {"what": "This entry"}).as_row()
        journal.finish_item(
            action.run_id,
            action.entry_id,
            RunItem.Outcome.BLOCKED,
            reasons=[reason],
            answer=LastAnswer(message=message),
        )


def _record(decision: UncertainWriteDecision, message: str, now: datetime) -> None:
    ConnectionEvent.objects.record(
        ConnectionEvent.Kind.DOUBT_DECIDED,
        f"{message} {decision.note}".strip(),
        workspace=decision.workspace,
        company=decision.workspace.company,
        at=now,
        by=decision.person,
    )


def _evaluate(workspace: Workspace, entry_id: str, now: datetime) -> None:
    rows = TimeEntry.objects.filter(workspace=workspace, clockify_id=entry_id)
    if rows.filter(deleted_at=None).exists():
        evaluate.evaluate(workspace, list(rows), now=now)
    else:
        evaluate.mark_deleted(workspace, [entry_id], now=now)


def _entry_label(action: Action) -> str:
    return f"time entry {action.entry_id}"


def _activity_list(uncertain: UncertainWrite) -> str:
    return ", ".join(activity.id for activity in uncertain.alike) or "none"
