"""What went over for one entry, when, and by which run: for its page and for `explain`."""

from __future__ import annotations

from typing import Any

from integrations.models import Company, Customer
from mapping.queries import QUICKBOOKS_MODELS
from syncjobs.display.formatting import day, duration, moment
from syncjobs.models import Receipt
from syncjobs.rules import draft


def facts(receipt: Receipt) -> dict[str, Any]:
    """For --json. `minutes` and `date` are those of the last sending, `at` is the first."""
    return {
        "at": receipt.sent_at.isoformat(),
        "changed_at": receipt.changed_at.isoformat(),
        "run": receipt.run_id,
        "minutes": receipt.minutes,
        "date": receipt.txn_date.isoformat(),
        "corrections": [{"quickbooks_id": one.quickbooks_id, "minutes": one.minutes} for one in corrections(receipt)],
    }


def corrections(receipt: Receipt) -> list[Receipt]:
    """The activities that people added beside the entry's own, as far as they stand."""
    if not receipt.corrections:
        return []
    same = Receipt.objects.filter(company=receipt.company, workspace=receipt.workspace, entry_id=receipt.entry_id)
    return list(same.filter(part__gt=0, state=Receipt.State.SENT).order_by("part"))


def sentence(receipt: Receipt, *, zone: str) -> str:
    """`Sent Mon 23 Mar, 10:05 by Time sync 3 as activity 412: 2:15 on Tue 3 Mar, employee 59 Ada, customer 84 Acme.`"""
    by = f" by {receipt.run}" if receipt.run else ""
    when = f"Sent {moment(receipt.sent_at, zone)}{by} as activity {receipt.quickbooks_id}"
    what = f"{duration(receipt.minutes)} on {day(receipt.txn_date)}"
    if receipt.draft:
        made = draft.from_row(receipt.draft)
        person, customer = partners(receipt.company, made)
        what += f", {made.person_kind} {made.person_id} {person}, customer {made.customer_id} {customer}"
    later = f" Last changed {moment(receipt.changed_at, zone)}." if receipt.changed_at != receipt.sent_at else ""
    added = "".join(
        f" Corrected by activity {one.quickbooks_id}, {duration(one.minutes)} more." for one in corrections(receipt)
    )
    return f"{when}: {what}.{later}{added}"


def partners(company: Company, made: draft.Draft) -> tuple[str, str]:
    """The names of person and customer as QuickBooks has them, or that our copy has none."""
    people = QUICKBOOKS_MODELS[made.person_kind]._default_manager.filter(company=company)
    person = people.filter(quickbooks_id=made.person_id).values_list("name", flat=True).first()
    customers = Customer.objects.filter(company=company, quickbooks_id=made.customer_id)
    customer = customers.values_list("full_name", flat=True).first()
    return person or "not in our copy", customer or "not in our copy"
