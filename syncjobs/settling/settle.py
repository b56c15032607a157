"""Settling of writes whose outcome is unknown: read first, and only then send the same body again.

Every run settles before anything else, and once more at its end. Meanwhile no other write of the company is on its
way (writer lease, no threads), so an activity without a receipt can only come from an open action or from other people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from integrations.errors import ApiError, Gone, NoAnswer, ReconnectNeeded, Rejected
from integrations.models import Company
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.faults import DUPLICATE_ID_CODES
from integrations.quickbooks.payloads import Activity
from syncjobs.ledger import activities, journal
from syncjobs.models import Action, Receipt, RunItem
from syncjobs.rules import draft
from syncjobs.rules.draft import Draft
from syncjobs.rules.reasons import Reason


@dataclass(frozen=True, slots=True)
class Resent:
    """A write that was sent again and arrived. `part`: 0 for the entry's own activity, else the correction's number."""

    verb: str
    part: int

    def receipts(self, company: Company, entry_id: str) -> QuerySet[Receipt]:
        """Return the receipt of the entry's part, as a query of at most one row."""
        return Receipt.objects.filter(company=company, entry_id=entry_id, part=self.part)


def settle(
    company: Company, client: QuickBooksApiClient, *, may_write: bool, check_lease: Callable[[], None]
) -> dict[str, Resent]:
    """Settle the company's open actions; returns by entry id the writes that were sent again and arrived now.

    With `may_write` False (dry run, unsupported subscription) it only reads. Raises ApiError when QuickBooks can't be
    read.
    """
    open_actions = list(
        Action.objects.filter(company=company, state=Action.State.SENDING).select_related("workspace").order_by("pk")
    )
    if not open_actions:
        return {}
    resent: dict[str, Resent] = {}
    missing = [*_settle_creates(company, client, open_actions), *_settle_others(client, open_actions)]
    if may_write:
        for action in missing:
            # Before each write: a process that lost its lease must not send what another one is settling.
            check_lease()
            if _send_again(client, action):
                resent[action.entry_id] = Resent(action.verb, action.source_snapshot.get("part") or 0)
    for entry_id in _deleted_since_created(company, client, resent):
        resent.pop(entry_id, None)
    return resent


def _deleted_since_created(company: Company, client: QuickBooksApiClient, resent: Mapping[str, Resent]) -> list[str]:
    """Return the entry ids of creates whose activity is gone: QuickBooks only replayed its answer to the request id.

    Their receipts stay and get a conflict: time that people deleted is never created again automatically.
    """
    receipts = [
        receipt
        for entry_id, write in resent.items()
        if write.verb == "create"
        for receipt in write.receipts(company, entry_id).filter(state=Receipt.State.SENT)
    ]
    existing = activities.by_ids(client, [receipt.quickbooks_id for receipt in receipts]) if receipts else {}
    lost = [receipt for receipt in receipts if receipt.quickbooks_id not in existing]
    for receipt in lost:
        Receipt.objects.filter(pk=receipt.pk).update(conflict="CHANGED_IN_QUICKBOOKS")
        if receipt.run_id is not None:
            reason = Reason("CHANGED_IN_QUICKBOOKS", {"how": "deleted"}).as_row()
            journal.finish_item(receipt.run_id, receipt.entry_id, RunItem.Outcome.BLOCKED, reasons=[reason])
    return [receipt.entry_id for receipt in lost]


# --- creates -----------------------------------------------------------------------------------------------
def _settle_creates(company: Company, client: QuickBooksApiClient, open_actions: Iterable[Action]) -> list[Action]:
    """Accept each create whose activity is found; returns the others, as far as they may be sent again."""
    creates = [action for action in open_actions if action.verb == "create"]
    if not creates:
        return []
    unowned = {
        activity.id: activity for activity in activities.on_days(client, {action.txn_date for action in creates})
    }
    for owned_id in Receipt.objects.owned_ids(company, unowned):
        del unowned[owned_id]
    missing = []
    for action in creates:
        draft_sent = _draft(action)
        match = next((activity for activity in unowned.values() if _is_from(action, draft_sent, activity)), None)
        if match is not None:
            # Equal drafts are interchangeable, but one activity answers one action only.
            del unowned[match.id]
            journal.accept(action, match.raw)
        else:
            missing.append(action)
    return [action for action in missing if _may_send_again(action, unowned.values())]


def _is_from(action: Action, draft_sent: Draft, activity: Activity) -> bool:
    return activity.id not in action.excluded_ids and activities.is_exactly(draft_sent, activity)


def _may_send_again(action: Action, unowned: Iterable[Activity]) -> bool:
    """Return True if a create that was not found may be sent now; leaves it to a person where activities almost fit."""
    draft_sent = _draft(action)
    alike = [
        activity.id
        for activity in unowned
        if activity.id not in action.excluded_ids and activities.almost_fits(draft_sent, activity)
    ]
    if alike:
        action.needs_person = True
        action.error_message = f"QuickBooks has activities that almost fit: {', '.join(sorted(alike))}."
        action.save(update_fields=["needs_person", "error_message"])
        return False
    if action.needs_person:
        action.needs_person = False
        action.save(update_fields=["needs_person"])
    if action.batch_id is not None:
        # An item of a batch is sent again under a new request id, which does not protect from double booking. So it
        # waits until the batch can no longer arrive.
        return timezone.now() > may_arrive_until(action)
    if not action.duplicate_id_said:
        return True
    # QuickBooks knows the request id and yet there is no such record: the first attempt may still be in progress.
    if timezone.now() > may_arrive_until(action):
        journal.close(action, Action.State.ABANDONED, message="Looked for after the time limit: it is not there.")
    return False


# --- updates and deletes -----------------------------------------------------------------------------------
def _settle_others(client: QuickBooksApiClient, open_actions: Iterable[Action]) -> list[Action]:
    """Compare the record of each update and delete with what was sent; returns the actions that did not happen."""
    others = [action for action in open_actions if action.verb != "create"]
    if not others:
        return []
    activities_by_id = activities.by_ids(client, {action.quickbooks_id for action in others})
    return [action for action in others if _did_not_happen(action, activities_by_id.get(action.quickbooks_id))]


def _did_not_happen(action: Action, activity: Activity | None) -> bool:
    """Close the action by what the reading shows; return True if it did not happen and may be sent again."""
    if activity is None:
        if action.verb == "delete":
            journal.accept(action, {})
        else:
            journal.close(action, Action.State.ABANDONED, message="The activity was deleted in QuickBooks.")
        return False
    if action.verb == "update" and activities.is_exactly(_draft(action), activity):
        journal.accept(action, activity.raw)
        return False
    if activity.sync_token == action.sync_token and not activity.billed:
        return True
    # Somebody else changed or billed it: the plan compares it with the receipt and reports the conflict.
    journal.close(action, Action.State.ABANDONED, message="The activity was changed in QuickBooks meanwhile.")
    return False


# --- sending again -----------------------------------------------------------------------------------------
def _send_again(client: QuickBooksApiClient, action: Action) -> bool:
    """Send the same body with the same request id; an item of a batch alone under a new one. True when it arrived."""
    if action.batch_id is not None:
        action = journal.reopen(action, why="Its batch got no answer, and it has not arrived.")
    journal.mark_tried(action, watch=action.verb == "create")
    try:
        answer = client.write(
            activities.ENTITY, action.body, request_id=str(action.request_id), delete=action.verb == "delete"
        )
    except Gone as error:
        if action.verb == "delete":
            journal.accept(action, {}, tid=error.tid)
            return True
        journal.close(action, Action.State.REFUSED, code=error.code, message=error.message, tid=error.tid)
    except Rejected as error:
        if error.code in DUPLICATE_ID_CODES:
            journal.mark_unknown(action, code=error.code, message=error.message, tid=error.tid, duplicate_id=True)
        else:
            # The reading showed that it is not there, and QuickBooks refuses it: the next plan starts again.
            journal.close(action, Action.State.REFUSED, code=error.code, message=error.message, tid=error.tid)
    except ReconnectNeeded as error:
        journal.mark_unknown(action, code=error.code, message=error.message, tid=error.tid)
        raise
    except NoAnswer as error:
        journal.mark_unknown(action, code=error.code, message=error.message, tid=error.tid)
    except ApiError as error:
        journal.mark_unknown(action, code=error.code, message=error.message, tid=error.tid)
        raise
    else:
        if action.verb == "create" and Receipt.objects.owned_ids(action.company, [str(answer.record.get("Id"))]):
            # Equal drafts are interchangeable: the activity of this action was found and accepted for an equal entry,
            # whose own did not arrive. The old request id only returns that activity again, so the missing one needs a
            # new id.
            return _send_again(client, journal.reopen(action, why="Its activity was taken for that of an equal entry."))
        journal.accept(action, answer.record, tid=answer.tid)
        return True
    return False


def _draft(action: Action) -> Draft:
    return draft.from_row(action.source_snapshot["draft"])


def may_arrive_until(action: Action) -> datetime:
    """Return the time until which a write without an answer may still appear in QuickBooks."""
    return (action.tried_at or action.created_at) + timedelta(seconds=settings.SETTLE_SECONDS)
