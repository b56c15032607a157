"""Taking back what arrived twice: a first attempt that QuickBooks still had at work when it was sent again.

A create without an answer is looked for and, when it is not there, sent again at once with the same request id. Where
QuickBooks has forgotten the id by then, both may arrive. So each create that was sent again is watched for as long as
the first attempt can be on its way, and an activity that can only be that attempt is deleted.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.utils import timezone

from integrations.errors import Gone
from integrations.models import Company, ConnectionEvent
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.payloads import Activity
from syncjobs.ledger import activities
from syncjobs.models import Action, Receipt
from syncjobs.rules import draft

log = logging.getLogger("hourbridge.doubles")

# How far the clocks of the two machines may be apart.
CLOCKS_APART = timedelta(minutes=5)
UNTOUCHED = "0"


def take_back(company: Company, client: QuickBooksClient, *, check_lease: Callable[[], None]) -> list[str]:
    """Delete late doubles of watched creates; gives the ids of the activities that are gone now.

    Only what proves itself is deleted: exactly what was sent, made after that, by nobody's hand since, not billed, and
    named by no receipt. Must run after open actions are settled. Raises ApiError when QuickBooks can't be asked.
    """
    watched = list(
        Action.objects.filter(company=company, watch_until__isnull=False)
        .exclude(state=Action.State.SENDING)
        .select_related("workspace")
        .order_by("pk")
    )
    if not watched:
        return []
    now = timezone.now()
    found = {one.id: one for one in activities.on_days(client, {action.txn_date for action in watched})}
    for ours in Receipt.objects.owned_ids(company, found):
        del found[ours]
    taken: list[str] = []
    for action in watched:
        for late in _late_doubles(action, found.values()):
            check_lease()
            _delete(company, client, action, late)
            del found[late.id]
            taken.append(late.id)
    Action.objects.filter(pk__in=[one.pk for one in watched], watch_until__lt=now).update(watch_until=None)
    return taken


def _late_doubles(action: Action, unowned: Iterable[Activity]) -> list[Activity]:
    assert action.watch_until is not None
    earliest, latest = action.created_at - CLOCKS_APART, action.watch_until + CLOCKS_APART
    sent = draft.from_row(action.source_snapshot["draft"])
    if action.state != Action.State.DONE:
        return []
    return [
        one
        for one in unowned
        if one.id not in action.excluded_ids
        and activities.is_exactly(sent, one)
        and not one.billed
        and one.sync_token == UNTOUCHED
        and one.created_at is not None
        and earliest <= one.created_at <= latest
    ]


def _delete(company: Company, client: QuickBooksClient, action: Action, late: Activity) -> None:
    body = draft.delete_body(quickbooks_id=late.id, sync_token=late.sync_token)
    # Deleting twice does no harm, so no id is kept: without an answer the next run looks for it again.
    try:
        client.write(activities.ENTITY, body, request_id=str(uuid.uuid4()), delete=True)
    except Gone:
        log.info("Activity %s, a late double, was gone already.", late.id)
    words = (
        f"A write of time entry {action.entry_id} that QuickBooks had not answered arrived after it was sent again. "
        f"Its extra activity {late.id} was deleted; {action.quickbooks_id} stays."
    )
    log.warning("%s", words)
    ConnectionEvent.objects.create(
        workspace=action.workspace, company=company, at=timezone.now(), kind="double_deleted", message=words
    )
