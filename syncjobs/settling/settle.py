"""Finding out what became of writes without a clear answer: read first, and only then send the same body again.

Called by every run before anything else, and once more at its end. While it works no other write of the company is on
its way (writer lease, no threads), so that an activity nobody owns can only stem from an open action, or from others.
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
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.faults import DUPLICATE_ID_CODES
from integrations.quickbooks.payloads import Activity
from syncjobs.ledger import activities, journal
from syncjobs.models import Action, Receipt, RunItem
from syncjobs.rules import draft
from syncjobs.rules.draft import Draft
from syncjobs.rules.reasons import Reason


@dataclass(frozen=True, slots=True)
class Resent:
    """A write that was sent again and arrived: `part` says which of the entry's activities it was about."""

    verb: str
    part: int

    def receipts(self, company: Company, entry_id: str) -> QuerySet[Receipt]:
        """Its receipt."""
        return Receipt.objects.filter(company=company, entry_id=entry_id, part=self.part)


def settle(
    company: Company, client: QuickBooksClient, *, may_write: bool, check_lease: Callable[[], None]
) -> dict[str, Resent]:
    """Settle the company's open actions; gives by entry id those that were sent again and arrived now.

    With `may_write` False (dry run, unsupported plan) it only reads. Raises ApiError when QuickBooks can't be read.
    """
    opened = list(
        Action.objects.filter(company=company, state=Action.State.SENDING).select_related("workspace").order_by("pk")
    )
    if not opened:
        return {}
    resent: dict[str, Resent] = {}
    missing = [*_settle_creates(company, client, opened), *_settle_others(client, opened)]
    if may_write:
        for action in missing:
            check_lease()
            if _send_again(client, action):
                resent[action.entry_id] = Resent(action.verb, action.source_snapshot.get("part") or 0)
    for entry_id in _only_remembered(company, client, resent):
        resent.pop(entry_id, None)
    return resent


def _only_remembered(company: Company, client: QuickBooksClient, resent: Mapping[str, Resent]) -> list[str]:
    """Creates whose answer QuickBooks repeated from memory although people have deleted the activity meanwhile.

    They keep their receipt, since nothing is made again by itself, but were not sent.
    """
    receipts = [
        receipt
        for entry_id, one in resent.items()
        if one.verb == "create"
        for receipt in one.receipts(company, entry_id).filter(state=Receipt.State.SENT)
    ]
    there = activities.by_ids(client, [one.quickbooks_id for one in receipts]) if receipts else {}
    lost = [one for one in receipts if one.quickbooks_id not in there]
    for receipt in lost:
        Receipt.objects.filter(pk=receipt.pk).update(conflict="CHANGED_IN_QUICKBOOKS")
        if receipt.run_id is not None:
            reason = Reason("CHANGED_IN_QUICKBOOKS", {"how": "deleted"}).as_row()
            journal.finish_item(receipt.run_id, receipt.entry_id, RunItem.Outcome.BLOCKED, reasons=[reason])
    return [one.entry_id for one in lost]


# --- creates -----------------------------------------------------------------------------------------------
def _settle_creates(company: Company, client: QuickBooksClient, opened: Iterable[Action]) -> list[Action]:
    """Give every create its activity where there is one; returns those that have none and may be sent again."""
    creates = [action for action in opened if action.verb == "create"]
    if not creates:
        return []
    found = {one.id: one for one in activities.on_days(client, {action.txn_date for action in creates})}
    for ours in Receipt.objects.owned_ids(company, found):
        del found[ours]
    left = []
    for action in creates:
        wanted = _draft(action)
        match = next((one for one in found.values() if _is_ours(action, wanted, one)), None)
        if match is not None:
            del found[match.id]
            journal.accept(action, match.raw)
        else:
            left.append(action)
    return [action for action in left if _may_be_sent_again(action, found.values())]


def _is_ours(action: Action, wanted: Draft, activity: Activity) -> bool:
    return activity.id not in action.excluded_ids and activities.is_exactly(wanted, activity)


def _may_be_sent_again(action: Action, unowned: Iterable[Activity]) -> bool:
    wanted = _draft(action)
    alike = [one.id for one in unowned if one.id not in action.excluded_ids and activities.almost_fits(wanted, one)]
    if alike:
        action.needs_person = True
        action.error_message = f"QuickBooks has activities that almost fit: {', '.join(sorted(alike))}."
        action.save(update_fields=["needs_person", "error_message"])
        return False
    if action.needs_person:
        action.needs_person = False
        action.save(update_fields=["needs_person"])
    if action.batch_id is not None:
        # It would go under a new id, which keeps nothing from arriving twice: first the batch must have had its time.
        return timezone.now() > may_arrive_until(action)
    if not action.duplicate_id_said:
        return True
    # QuickBooks knows the id and yet there is no such record: it may still be at work, but not for ever.
    if timezone.now() > may_arrive_until(action):
        journal.close(action, Action.State.ABANDONED, message="Looked for after the time limit: it is not there.")
    return False


# --- updates and deletes -----------------------------------------------------------------------------------
def _settle_others(client: QuickBooksClient, opened: Iterable[Action]) -> list[Action]:
    """Compare each record as it is now with what the action wanted; returns those that did not happen."""
    others = [action for action in opened if action.verb != "create"]
    if not others:
        return []
    found = activities.by_ids(client, {action.quickbooks_id for action in others})
    return [action for action in others if _did_not_happen(action, found.get(action.quickbooks_id))]


def _did_not_happen(action: Action, activity: Activity | None) -> bool:
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
    # Somebody else changed or billed it: the plan compares it with the receipt and says so.
    journal.close(action, Action.State.ABANDONED, message="The activity was changed in QuickBooks meanwhile.")
    return False


# --- sending again -----------------------------------------------------------------------------------------
def _send_again(client: QuickBooksClient, action: Action) -> bool:
    """The same body with the same request id, or what was in a batch by itself. True when it arrived."""
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
            # Reading showed that it is not there, and QuickBooks does not want it: the next plan starts afresh.
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
            # Equal drafts are interchangeable: its activity was found before and given to an equal entry, whose own
            # did not arrive. That id only gives the same activity again, so the missing one goes under a new id.
            return _send_again(client, journal.reopen(action, why="Its activity was taken for that of an equal entry."))
        journal.accept(action, answer.record, tid=answer.tid)
        return True
    return False


def _draft(action: Action) -> Draft:
    return draft.from_row(action.source_snapshot["draft"])


def may_arrive_until(action: Action) -> datetime:
    """Until when a write without an answer may still appear."""
    return (action.tried_at or action.created_at) + timedelta(seconds=settings.SETTLE_SECONDS)
