"""Deletion of late duplicates: first attempts that QuickBooks was still processing when they were sent again.

A create without an answer is looked for and, if it is not there, sent again at once with the same request id. If
QuickBooks no longer remembers the id, both attempts may arrive. So each create that was sent again is watched for as
long as the first attempt can be on its way, and an activity that can only be that attempt is deleted.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.utils import timezone

from integrations.database import database_now
from integrations.errors import Gone
from integrations.models import Company, ConnectionEvent
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.payloads import Activity
from syncjobs.ledger import activities
from syncjobs.models import Action, Receipt
from syncjobs.planning.billing import BillingReader
from syncjobs.rules import draft

log = logging.getLogger("hourbridge.doubles")

# Allowed difference between our clock and QuickBooks'.
MAX_CLOCK_SKEW = timedelta(minutes=5)
# SyncToken of a record that was never changed.
FIRST_SYNC_TOKEN = "0"
# Creates that arrived under another id, or whose entry was planned again: they had not arrived, or only a later attempt
# of them got an answer, which said no or named the activity of an equal entry.
WATCHED = (Action.State.DONE, Action.State.MISSING, Action.State.REFUSED, Action.State.ABANDONED)


def take_back(
    company: Company, client: QuickBooksApiClient, billing_reader: BillingReader, *, check_lease: Callable[[], None]
) -> list[str]:
    """Delete late duplicates of watched creates; returns the ids of the deleted activities.

    Only a proven duplicate is deleted: exactly what was sent, created since then, never changed, not billed, and
    without a receipt. Must run after open actions are settled. Raises ApiError when QuickBooks can't be read.
    """
    watched = list(
        # Not of workspaces that archived their connection to it: nothing of theirs is deleted any more.
        Action.objects.filter(company=company, workspace__company=company, verb="create")
        .filter(watch_until__isnull=False, state__in=WATCHED)
        .select_related("workspace")
        .order_by("pk")
    )
    if not watched:
        return []
    now = database_now()
    unowned = {
        activity.id: activity for activity in activities.on_days(client, {action.txn_date for action in watched})
    }
    for owned_id in Receipt.objects.owned_ids(company, unowned):
        del unowned[owned_id]
    deleted_ids: list[str] = []
    found = {action.pk: _late_duplicates(action, unowned.values()) for action in watched}
    # Somebody may have put the duplicate on an invoice meanwhile.
    billing = billing_reader.read([duplicate for duplicates in found.values() for duplicate in duplicates])
    unsure: list[int] = []
    for action in watched:
        for duplicate in found[action.pk]:
            if duplicate.id not in unowned:
                continue
            if billing.billed(duplicate):
                log.warning("Activity %s, a late double, stays: it is billed.", duplicate.id)
                continue
            if billing.doubt(duplicate):
                unsure.append(action.pk)
                continue
            check_lease()
            _delete(company, client, action, duplicate)
            del unowned[duplicate.id]
            deleted_ids.append(duplicate.id)
    # `now` is from before the reading, so a watch that ends meanwhile gets one more reading by the next run.
    settled = [action.pk for action in watched if action.pk not in unsure]
    Action.objects.filter(pk__in=settled, watch_until__lt=now).update(watch_until=None)
    return deleted_ids


def _late_duplicates(action: Action, unowned: Iterable[Activity]) -> list[Activity]:
    """Return the activities that can only be an earlier attempt of this create."""
    assert action.watch_until is not None
    earliest, latest = action.created_at - MAX_CLOCK_SKEW, action.watch_until + MAX_CLOCK_SKEW
    sent = draft.from_row(action.source_snapshot["draft"])
    return [
        activity
        for activity in unowned
        if activity.id
        and activity.id not in action.excluded_ids
        and activities.is_exactly(sent, activity)
        and activities.has_its_line(sent, activity)
        and not activity.billed
        and activity.sync_token == FIRST_SYNC_TOKEN
        and activity.created_at is not None
        and earliest <= activity.created_at <= latest
    ]


def _delete(company: Company, client: QuickBooksApiClient, action: Action, duplicate: Activity) -> None:
    body = draft.delete_body(quickbooks_id=duplicate.id, sync_token=duplicate.sync_token)
    # Deleting twice does no harm, so no request id is stored: without an answer the next run looks for it again.
    try:
        client.write(activities.ENTITY, body, request_id=str(uuid.uuid4()), delete=True)
    except Gone:
        log.info("Activity %s, a late double, was gone already.", duplicate.id)
    stays = f"; {action.quickbooks_id} stays" if action.quickbooks_id else ""
    message = (
        f"A write of time entry {action.entry_id} that QuickBooks had not answered arrived after something else had "
        f"taken its place. Its extra activity {duplicate.id} was deleted{stays}."
    )
    log.warning("%s", message)
    ConnectionEvent.objects.create(
        workspace=action.workspace, company=company, at=timezone.now(), kind="double_deleted", message=message
    )
