"""Settling of writes whose outcome is unknown, by reading alone: what arrived gets its receipt.

Every run settles before anything else, and once more at its end. Meanwhile no other write of the company is on its
way (writer lease, no threads), so an activity without a receipt can only come from an unanswered write or from other
people. What becomes of creates that are not found is decided by the plan (`planning.unanswered`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from integrations.database import database_now
from integrations.models import Company
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.payloads import Activity
from syncjobs.ledger import activities, journal, snapshots
from syncjobs.models import Action, Receipt, Run, RunItem
from syncjobs.planning.unanswered import Absent
from syncjobs.rules.codes import ByHand, Code
from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.reasons import Reason
from syncjobs.rules.steps import answered
from syncjobs.rules.verbs import Verb
from syncjobs.settling.late_duplicates import MAX_CLOCK_SKEW

State = Action.State
# Ended without an answer, and watched for a while: they may still turn out to have arrived.
ENDED = (State.MISSING, State.GIVEN_UP)


def settle(company: Company, client: QuickBooksApiClient) -> dict[str, Absent]:
    """Settle the company's unanswered writes; returns the creates that QuickBooks does not have, by entry id.

    Updates and deletes that did not happen are closed: their SyncToken keeps them from taking effect after a newer
    write. Raises ApiError when QuickBooks can't be read.
    """
    watched = Q(state__in=ENDED, watch_until__isnull=False)
    actions = list(
        Action.objects.filter(Q(state=State.SENDING) | watched, company=company)
        .select_related("workspace", "company")
        .order_by("pk")
    )
    # Open ones first: of equal activities they take theirs before one that was given up does.
    actions.sort(key=lambda action: action.state != State.SENDING)
    # Before the reading: only a reading that began after the last moment proves that nothing arrives any more.
    began_at = database_now()
    absent = _settle_creates(company, client, [action for action in actions if action.verb == Verb.CREATE], began_at)
    _settle_others(company, client, [action for action in actions if action.verb != Verb.CREATE])
    # Late duplicates have their own reading and their own end of the watch.
    looked_for = [action.pk for action in actions if action.verb != Verb.CREATE or action.state == State.GIVEN_UP]
    Action.objects.filter(pk__in=looked_for, watch_until__lt=began_at).update(watch_until=None)
    return absent


# --- creates -----------------------------------------------------------------------------------------------
def _settle_creates(
    company: Company, client: QuickBooksApiClient, creates: Iterable[Action], began_at: datetime
) -> dict[str, Absent]:
    """Accept each create whose activity is found; returns the others, unless a person has to decide about them."""
    # One that was closed as not arrived is no longer looked for but as a late duplicate.
    creates = [action for action in creates if action.state != State.MISSING]
    if not creates:
        return {}
    unclear: list[Activity] = []
    days = {action.txn_date for action in creates}
    unowned = {activity.id: activity for activity in activities.on_days(client, days, unclear=unclear)}
    for owned_id in Receipt.objects.owned_ids(company, unowned):
        del unowned[owned_id]
    missing = []
    for action in creates:
        draft_sent = snapshots.draft_of(action)
        match = next((activity for activity in unowned.values() if _is_from(action, draft_sent, activity)), None)
        if match is not None:
            # Equal drafts are interchangeable, but one activity answers one action only.
            del unowned[match.id]
            journal.accept(action, match.raw)
        else:
            missing.append(action)
    return {
        action.entry_id: Absent(action, may_arrive=action.may_still_arrive(read_from=began_at))
        # An open action comes last: it counts for its entry, not one that was given up before.
        for action in reversed(missing)
        if not _may_be_unclear(company, action, unclear)
        and (action.state != State.SENDING or not _needs_person(action, unowned.values()))
    }


def _may_be_unclear(company: Company, action: Action, unclear: Iterable[Activity]) -> bool:
    """Return True if the create may be one of these activities, which can't be read: then it is not absent."""
    since = action.created_at - MAX_CLOCK_SKEW
    candidates = [
        activity
        for activity in unclear
        if activity.id not in action.excluded_ids and (activity.created_at is None or activity.created_at >= since)
    ]
    owned = Receipt.objects.owned_ids(company, [activity.id for activity in candidates])
    return any(activity.id not in owned for activity in candidates)


def _is_from(action: Action, draft_sent: Draft, activity: Activity) -> bool:
    # Without an id it can have no receipt; needs review, and nothing is sent again.
    return (
        bool(activity.id)
        and activity.id not in action.excluded_ids
        and answered.is_exactly(draft_sent, activity)
        and activities.has_its_line(draft_sent, activity)
    )


def _needs_person(action: Action, unowned: Iterable[Activity]) -> bool:
    """Return True for a create that was not found where activities almost fit: a person says which one it is."""
    draft_sent = snapshots.draft_of(action)
    alike = [
        activity.id
        for activity in unowned
        if activity.id not in action.excluded_ids and activities.almost_fits(draft_sent, activity)
    ]
    message = f"QuickBooks has similar activities: {', '.join(sorted(alike))}." if alike else ""
    if bool(alike) != action.needs_person or (alike and message != action.error_message):
        action.needs_person, action.error_message = bool(alike), message or action.error_message
        action.save(update_fields=["needs_person", "error_message"])
    return bool(alike)


def mark_replayed(run: Run, client: QuickBooksApiClient, receipts: Iterable[Receipt]) -> None:
    """Mark receipts of creates that were sent again and are gone: QuickBooks only replayed its earlier answer.

    Time that people deleted is never created again automatically. Raises ApiError when QuickBooks can't be read.
    """
    receipts = list(receipts)
    existing = activities.by_ids(client, [receipt.quickbooks_id for receipt in receipts]) if receipts else {}
    for receipt in receipts:
        if receipt.quickbooks_id not in existing:
            Receipt.objects.filter(pk=receipt.pk).update(conflict=Code.CHANGED_IN_QUICKBOOKS)
            reason = Reason(Code.CHANGED_IN_QUICKBOOKS, {"how": ByHand.DELETED}).as_row()
            for run_id in {run.pk, receipt.run_id or run.pk}:
                journal.finish_item(run_id, receipt.entry_id, RunItem.Outcome.BLOCKED, reasons=[reason])


# --- updates and deletes -----------------------------------------------------------------------------------
def _settle_others(company: Company, client: QuickBooksApiClient, others: Iterable[Action]) -> None:
    """Compare the record of each update and delete with what was sent, and close it by what the reading shows."""
    others = list(others)
    if not others:
        return
    activities_by_id = activities.by_ids(client, {action.quickbooks_id for action in others})
    tokens = dict(
        Receipt.objects.filter(company=company, quickbooks_id__in=activities_by_id.keys() | _ids(others)).values_list(
            "quickbooks_id", "sync_token"
        )
    )
    for action in others:
        activity = activities_by_id.get(action.quickbooks_id)
        # A newer write of ours has taken the place of one that was closed.
        is_superseded = action.state != State.SENDING and tokens.get(action.quickbooks_id) != action.sync_token
        if _has_happened(action, activity) and not is_superseded:
            journal.accept(action, activity.raw if activity else {})
            # Found, so nothing of it can arrive any more; only creates may arrive twice.
            Action.objects.filter(pk=action.pk).update(watch_until=None)
        elif action.state == State.SENDING:
            _close_undone(action, activity)


def _ids(actions: Iterable[Action]) -> set[str]:
    return {action.quickbooks_id for action in actions}


def _has_happened(action: Action, activity: Activity | None) -> bool:
    if activity is None:
        return action.verb == Verb.DELETE
    return action.verb == Verb.UPDATE and answered.is_exactly(snapshots.draft_of(action), activity)


def _close_undone(action: Action, activity: Activity | None) -> None:
    if activity is None:
        journal.close(action, State.ABANDONED, message="The activity was deleted in QuickBooks.")
    elif activity.sync_token == action.sync_token:
        journal.close_missing(action)
    else:
        # The plan compares it with the receipt and reports the conflict, if it is one.
        journal.close(action, State.ABANDONED, message="The activity has since been changed in QuickBooks.")
