"""Adoption of time that others entered in QuickBooks: a receipt for their activity, so that it is not sent again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from integrations.models import Company, ConnectionEvent, TimeEntry, Workspace
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.payloads import Activity
from mapping.errors import Refused
from mapping.queries import company_of
from syncjobs import entry_versions
from syncjobs.ledger import activities
from syncjobs.models import Receipt
from syncjobs.planning import evaluate, inputs
from syncjobs.rules import answered
from syncjobs.rules.draft import Draft


def adopt(
    workspace: Workspace,
    row: TimeEntry,
    quickbooks_id: str,
    *,
    now: datetime,
    person: Any = None,
    version: str = "",
) -> Receipt:
    """Write a receipt for an existing activity as this entry's own. Nothing is written to QuickBooks.

    Raises Moved if the entry is not as a page showed it (`version`), Refused when the activity is gone, differs in
    person, customer, day or time, or belongs to another entry; ApiError when QuickBooks can't be read.
    """
    company = company_of(workspace)
    with entry_versions.unmoved(workspace, row, version, person=person):
        pass  # before QuickBooks is asked; once more below, since that takes time
    if Receipt.objects.own_activities(workspace).filter(entry_id=row.clockify_id).exists():
        raise Refused("This entry has been sent already.")
    # An open write may turn out to be this very activity, or to arrive beside it.
    if row.clockify_id in inputs.open_actions(workspace):
        raise Refused("A write of this entry is still in doubt; the next run looks for it first.")
    # The id comes from an earlier reading: the activity may have been changed, deleted or adopted since.
    activity = activities.by_ids(QuickBooksApiClient(company), [quickbooks_id]).get(quickbooks_id)
    if activity is None:
        raise Refused(f"QuickBooks has no time activity {quickbooks_id} any more.")
    if Receipt.objects.owned_ids(company, [quickbooks_id]):
        raise Refused(f"Activity {quickbooks_id} belongs to another entry.")
    draft = _draft_from_activity(workspace, row, activity)
    with entry_versions.unmoved(workspace, row, version, person=person):
        receipt = _write_receipt(company, workspace, row, activity, draft, now=now)
        ConnectionEvent.objects.create(
            workspace=workspace,
            company=company,
            at=now,
            kind="adopted",
            message=f"Activity {quickbooks_id} was adopted for time entry {row.clockify_id}.",
            by=person,
        )
    evaluate.evaluate(workspace, [row], now=now)
    return receipt


def _draft_from_activity(workspace: Workspace, row: TimeEntry, activity: Activity) -> Draft:
    """Return the activity as a draft. Rate and description are kept as in QuickBooks until the entry is edited.

    Raises Refused when person, customer, day or time differ.
    """
    context = inputs.load_context_for(workspace, [row.clockify_id], row.txn_date, row.txn_date)
    resolution = context.resolve(context.entry(row))
    person, customer = resolution.person, resolution.customer
    expected_key = (
        person.kind if person else "",
        person.id if person else "",
        customer.id if customer else "",
        row.txn_date.isoformat(),
        resolution.minutes,
    )
    if activities.key_of_activity(activity) != expected_key:
        raise Refused("That activity is not of the same person, customer, day and time.")
    return Draft(
        person_kind=activity.person_kind,
        person_id=activity.person_id,
        customer_id=activity.customer_id,
        txn_date=row.txn_date.isoformat(),
        minutes=resolution.minutes,
        description=activity.description,
        rate=format(activity.rate or 0, "f"),
        item_id=activity.item_id,
    )


def _write_receipt(
    company: Company, workspace: Workspace, row: TimeEntry, activity: Activity, draft: Draft, *, now: datetime
) -> Receipt:
    # The entry may have the receipt of an earlier activity that was deleted.
    receipt, _ = Receipt.objects.update_or_create(
        company=company,
        workspace=workspace,
        entry_id=row.clockify_id,
        part=0,
        defaults={
            "quickbooks_id": activity.id,
            "sync_token": activity.sync_token,
            "state": Receipt.State.SENT,
            "content_hash": row.content_hash,
            "start_at": row.start_at,
            "txn_date": row.txn_date,
            "minutes": draft.minutes,
            "draft": draft.as_row(),
            "differences": activities.differences(draft, activity),
            "answered": answered.as_row(activity),
            "conflict": "",
            "sent_at": now,
            "changed_at": now,
            "run": None,
        },
    )
    return receipt
