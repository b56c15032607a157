"""Deletion of late duplicates: first attempts that QuickBooks was still processing when they were sent again.

A create without an answer is looked for and, if it is not there, sent again at once with the same request id. If
QuickBooks no longer remembers the id, both attempts may arrive. So each create that was sent again is watched for as
long as the first attempt can be on its way, and an activity that can only be that attempt is deleted.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from integrations.database import database_now
from integrations.errors import Gone, NoAnswer, Rejected, Unexpected
from integrations.models import Company, ConnectionEvent
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.payloads import Activity
from syncjobs.ledger import activities, snapshots
from syncjobs.models import Action, Receipt
from syncjobs.planning import inputs
from syncjobs.planning.billing import BillingReader
from syncjobs.rules.billing import Billing
from syncjobs.rules.drafts import draft
from syncjobs.rules.reasons import Reason, form_text, sentence
from syncjobs.rules.steps import answered
from syncjobs.rules.verbs import Verb

log = logging.getLogger("hourbridge.doubles")

Kind = ConnectionEvent.Kind
# Allowed difference between our clock and QuickBooks'.
MAX_CLOCK_SKEW = timedelta(minutes=5)
# SyncToken of a record that was never changed.
FIRST_SYNC_TOKEN = "0"
# Creates that arrived under another id, or whose entry was planned again: they had not arrived, or only a later attempt
# of them got an answer, which said no or named the activity of an equal entry.
WATCHED = (Action.State.DONE, Action.State.MISSING, Action.State.REFUSED, Action.State.ABANDONED)


@dataclass
class LateDuplicates:
    """Ids of late duplicates: deleted, left since they are billed, and kept since they can't or may not be deleted."""

    deleted: list[str] = field(default_factory=list)
    billed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def take_back(
    company: Company, client: QuickBooksApiClient, billing_reader: BillingReader, *, check_lease: Callable[[], None]
) -> LateDuplicates:
    """Delete late duplicates of watched creates; billed ones stay, and are told.

    Only a proven duplicate is deleted: exactly what was sent, created since then, never changed, not billed, without
    a receipt, and not where people have deleted the entry's own activity. Must run after open actions are settled.
    Raises ApiError when QuickBooks can't be read.
    """
    late = LateDuplicates()
    watched = _watched(company)
    if not watched:
        return late
    now = database_now()
    evidence = _read(company, client, billing_reader, watched)
    unsure: list[int] = []
    # Of equal creates one tells it.
    handled_ids: set[str] = set()
    for action in watched:
        for duplicate in evidence.found[action.pk]:
            if duplicate.id in handled_ids:
                continue
            if _is_left_to_people(company, action, duplicate, evidence, late):
                handled_ids.add(duplicate.id)
            elif evidence.billing.doubt(duplicate):
                unsure.append(action.pk)
            else:
                check_lease()
                handled_ids.add(duplicate.id)
                if not _try_to_delete(company, client, action, duplicate, late):
                    unsure.append(action.pk)
    # `now` is from before the reading, so a watch that ends meanwhile gets one more reading by the next run.
    settled = [action.pk for action in watched if action.pk not in unsure]
    Action.objects.filter(pk__in=settled, watch_until__lt=now).update(watch_until=None)
    return late


def _watched(company: Company) -> list[Action]:
    """Return the company's creates that are watched, oldest first."""
    return list(
        # Not of workspaces that archived their connection to it: nothing of theirs is deleted any more.
        Action.objects.filter(company=company, workspace__company=company, verb=Verb.CREATE)
        .filter(watch_until__isnull=False, state__in=WATCHED)
        .select_related("workspace")
        .order_by("pk")
    )


@dataclass(frozen=True)
class _Evidence:
    """What QuickBooks has of watched creates, by action: late duplicates, and own activities that people deleted."""

    found: dict[int, list[Activity]]
    deleted_there: dict[int, str]
    billing: Billing


def _read(
    company: Company, client: QuickBooksApiClient, billing_reader: BillingReader, watched: list[Action]
) -> _Evidence:
    """Read the days of watched creates, and what became of their own activities. Raises ApiError."""
    unowned = {
        activity.id: activity for activity in activities.on_days(client, {action.txn_date for action in watched})
    }
    there = set(unowned)
    for owned_id in Receipt.objects.owned_ids(company, unowned):
        del unowned[owned_id]
    found = {action.pk: _late_duplicates(action, unowned.values()) for action in watched}
    deleted_there = _deleted_by_hand(client, [action for action in watched if found[action.pk]], there)
    # Somebody may have put the duplicate on an invoice meanwhile.
    billing = billing_reader.read([duplicate for duplicates in found.values() for duplicate in duplicates])
    return _Evidence(found, deleted_there, billing)


def _is_left_to_people(
    company: Company, action: Action, duplicate: Activity, evidence: _Evidence, late: LateDuplicates
) -> bool:
    """Return True, once it is told, where the duplicate is billed or people did something for which it stays."""
    billed = evidence.billing.billed(duplicate)
    if billed is not None:
        _tell_billed(company, action, duplicate, billed)
        late.billed.append(duplicate.id)
        return True
    what_people_did = _by_people(duplicate, evidence.deleted_there.get(action.pk, ""))
    if what_people_did:
        _tell_once(company, action, duplicate, what_people_did, kind=Kind.DOUBLE_KEPT)
        late.kept.append(duplicate.id)
    return bool(what_people_did)


def _try_to_delete(
    company: Company, client: QuickBooksApiClient, action: Action, duplicate: Activity, late: LateDuplicates
) -> bool:
    """Delete the duplicate, or have it told why it stays; return False where nothing clear came of it."""
    try:
        why_not = _why_it_stays(action, duplicate) or _delete(company, client, action, duplicate)
    except (NoAnswer, Unexpected) as error:
        # Of this record alone nothing is known: the next run looks for it again.
        log.warning("Nothing clear came of deleting activity %s, a late double: %s", duplicate.id, error)
        return False
    if why_not:
        _tell_kept(company, action, duplicate, why_not)
    (late.kept if why_not else late.deleted).append(duplicate.id)
    return True


def _late_duplicates(action: Action, unowned: Iterable[Activity]) -> list[Activity]:
    """Return the activities that can only be an earlier attempt of this create, whatever became of them since."""
    assert action.watch_until is not None
    earliest, latest = action.created_at - MAX_CLOCK_SKEW, action.watch_until + MAX_CLOCK_SKEW
    sent = snapshots.draft_of(action)
    return [
        activity
        for activity in unowned
        if activity.id
        and activity.id not in action.excluded_ids
        and answered.is_exactly(sent, activity)
        and activities.has_its_line(sent, activity)
        and activity.created_at is not None
        and earliest <= activity.created_at <= latest
    ]


def _deleted_by_hand(client: QuickBooksApiClient, actions: Iterable[Action], there: set[str]) -> dict[int, str]:
    """Return, by action, the activity of its receipt that QuickBooks does not have any more. Raises ApiError.

    `there`: ids that were read just now. Somebody who saw two of them may have deleted that one.
    """
    own_ids = {}
    for action in actions:
        rows = Receipt.objects.filter(company=action.company, workspace=action.workspace, entry_id=action.entry_id)
        receipt = rows.filter(part=snapshots.part_of(action), state=Receipt.State.SENT).first()
        if receipt is not None and receipt.quickbooks_id not in there:
            own_ids[action.pk] = receipt.quickbooks_id
    # It may have moved to another day since.
    elsewhere = activities.by_ids(client, set(own_ids.values())) if own_ids else {}
    return {key: own_id for key, own_id in own_ids.items() if own_id not in elsewhere}


def _by_people(duplicate: Activity, deleted_there: str) -> str:
    """Return what people did in QuickBooks for which the duplicate is theirs to delete, in words; "" for nothing."""
    if deleted_there:
        why = f"activity {deleted_there} of this entry was deleted in QuickBooks"
        return f"stays: {why}. Delete it as well if the client is not to be billed for this time."
    if duplicate.sync_token != FIRST_SYNC_TOKEN:
        return "stays: it was changed in QuickBooks. Delete it there, or the client is billed twice."
    return ""


def _why_it_stays(action: Action, duplicate: Activity) -> str:
    """Return why nothing of the duplicate's day may be deleted now; "" where it may."""
    assert duplicate.txn_date is not None
    reasons = inputs.policy_of(action.workspace).closed.reasons(duplicate.txn_date)
    return sentence(reasons[0].as_row()) if reasons else ""


def _delete(company: Company, client: QuickBooksApiClient, action: Action, duplicate: Activity) -> str:
    """Delete it; return "", or QuickBooks' words where it refuses to. Raises ApiError without a clear answer."""
    body = draft.delete_body(quickbooks_id=duplicate.id, sync_token=duplicate.sync_token)
    # Deleting twice does no harm, so no request id is stored: without an answer the next run looks for it again.
    try:
        client.write(activities.ENTITY, body, request_id=str(uuid.uuid4()), delete=True)
    except Gone:
        log.info("Activity %s, a late double, was gone already.", duplicate.id)
    except Rejected as refusal:
        return refusal.message
    stays = f"; {action.quickbooks_id} stays" if action.quickbooks_id else ""
    message = (
        f"A write of time entry {action.entry_id} that QuickBooks had not answered arrived after something else had "
        f"taken its place. Its extra activity {duplicate.id} was deleted{stays}."
    )
    log.warning("%s", message)
    ConnectionEvent.objects.record(
        Kind.DOUBLE_DELETED, message, workspace=action.workspace, company=company, at=timezone.now()
    )
    return ""


def _tell_billed(company: Company, action: Action, duplicate: Activity, billed: Reason) -> None:
    """Have the list of events tell once that a client was billed for time that arrived twice."""
    form = form_text(billed.facts)
    message = (
        f"is billed{f' on {form}' if form else ''}, so it stays; take it off there if the time is billed twice, and "
        "delete it in QuickBooks."
    )
    _tell_once(company, action, duplicate, message, kind=Kind.DOUBLE_BILLED)


def _tell_kept(company: Company, action: Action, duplicate: Activity, why: str) -> None:
    """Have the list of events tell once that time that arrived twice is there and can't be deleted from here."""
    message = f"stays: {why.rstrip('.')}. Delete it in QuickBooks, or the client is billed twice."
    _tell_once(company, action, duplicate, message, kind=Kind.DOUBLE_KEPT)


def _tell_once(company: Company, action: Action, duplicate: Activity, what: str, *, kind: Kind) -> None:
    other = f", beside {action.quickbooks_id}" if action.quickbooks_id else ""
    message = (
        f"A write of time entry {action.entry_id} that QuickBooks had not answered arrived after something else had "
        f"taken its place. Its extra activity {duplicate.id}{other} {what}"
    )
    log.warning("%s", message)
    ConnectionEvent.objects.record_once(kind, message, workspace=action.workspace, company=company, at=timezone.now())
