"""Adoption of time that is in QuickBooks without a receipt: it gets one, so that its entry is not sent again.

The receipt says that QuickBooks' copy is what was sent. Where that has another customer or length than the entry, the
entry counts as edited since, and the next run updates the activity as after any edit: only if it is unbilled and as it
was adopted (docs/decisions/0014).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError

from integrations.models import Company, ConnectionEvent, TimeEntry, Workspace
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.payloads import Activity
from mapping.errors import Refused
from mapping.queries import company_of
from syncjobs import entry_versions
from syncjobs.ledger import activities
from syncjobs.models import Receipt
from syncjobs.planning import evaluate, inputs
from syncjobs.planning.context import load_context_for
from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.steps import answered, changes


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

    Raises Moved if the entry is not as a page showed it (`version`), Refused when the activity is gone, does not even
    almost fit the entry, or belongs to another entry; ApiError when QuickBooks can't be read.
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
    planned = _planned(workspace, row, activity)
    try:
        with entry_versions.unmoved(workspace, row, version, person=person):
            receipt = _write_receipt(company, workspace, row, activity, planned, now=now)
            ConnectionEvent.objects.record(
                ConnectionEvent.Kind.ADOPTED,
                f"Activity {quickbooks_id} was adopted for time entry {row.clockify_id}.",
                workspace=workspace,
                company=company,
                at=now,
                by=person,
            )
    # No lease is taken: another process may have given this activity to an entry since it was read.
    except IntegrityError:
        raise Refused(f"Activity {quickbooks_id} belongs to another entry.") from None
    _note_differences(workspace, row, receipt, person=person, now=now)
    evaluate.evaluate(workspace, [row], now=now)
    return receipt


def _note_differences(workspace: Workspace, row: TimeEntry, receipt: Receipt, *, person: Any, now: datetime) -> None:
    """Note another rate or item of QuickBooks' copy: who adopts it takes it as it is, and nothing changed since."""
    context = load_context_for(workspace, [row.clockify_id], row.txn_date, row.txn_date)
    today = context.changed_since_sent(context.entry(row), receipt)
    note = {"by": person.get_username() if person else "", "at": now.isoformat()}
    receipt.noted = {field: {"now": value, **note} for field, value in today.items()}
    receipt.save(update_fields=["noted"])


def told(receipt: Receipt) -> str:
    """Return what a person reads after adopting."""
    edited = "" if receipt.content_hash else " The next sync brings it up to what Clockify has."
    return f"Activity {receipt.quickbooks_id} is this entry's own now; nothing was written to QuickBooks.{edited}"


def _planned(workspace: Workspace, row: TimeEntry, activity: Activity) -> Draft:
    """Return what would be sent of the entry. Raises Refused unless the activity almost fits it."""
    context = load_context_for(workspace, [row.clockify_id], row.txn_date, row.txn_date)
    entry = context.entry(row)
    planned = changes.draft_as_linked(entry, context.resolve(entry))
    same_kind = planned is not None and planned.person_kind == activity.person_kind
    if planned is None or not same_kind or not activities.almost_fits(planned, activity):
        raise Refused("That activity is not of the same person and day with two of customer, time and description.")
    if activity.minutes is None:
        raise Refused(f"The time of activity {activity.id} can't be read in QuickBooks; look at it there.")
    return planned


def _draft_of(activity: Activity, row: TimeEntry, planned: Draft) -> Draft:
    """Return the activity as a draft: QuickBooks' copy, as if it had been sent like that.

    Its item is not ours where we would send none, nor a class, location or cost rate that we would not send.
    """
    has_our_cost_rate = bool(planned.cost_rate) and activity.cost_rate == Decimal(planned.cost_rate)
    return Draft(
        person_kind=activity.person_kind,
        person_id=activity.person_id,
        customer_id=activity.customer_id,
        txn_date=row.txn_date.isoformat(),
        minutes=activity.minutes or 0,
        description=activity.description,
        rate=format(activity.rate or 0, "f"),
        item_id=activity.item_id if planned.item_id else "",
        class_id=planned.class_id if planned.class_id == activity.class_id else "",
        department_id=planned.department_id if planned.department_id == activity.department_id else "",
        # Another one of the activity is told among its differences.
        billable_status=planned.billable_status,
        cost_rate=planned.cost_rate if has_our_cost_rate else "",
    )


def _write_receipt(
    company: Company, workspace: Workspace, row: TimeEntry, activity: Activity, planned: Draft, *, now: datetime
) -> Receipt:
    draft = _draft_of(activity, row, planned)
    # Rate and description stay as in QuickBooks until the entry is edited; another customer or length is corrected.
    is_same_time = activities.key_of(planned) == activities.key_of(draft)
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
            "content_hash": row.content_hash if is_same_time else "",
            "start_at": row.start_at,
            # Only where it says so itself: another customer of the activity is an edit, whatever the links are.
            "source": inputs.source_of(row) if is_same_time else {},
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
