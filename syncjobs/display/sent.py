"""The time sent for one entry, when, and by which run: for its page and for `explain`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from django.db.models import Model

from integrations.models import Class, Company, Customer, Department, Item
from integrations.quickbooks.models import Nested
from mapping.queries import QUICKBOOKS_MODELS
from syncjobs.display.formatting import day, duration, moment
from syncjobs.models import Receipt
from syncjobs.rules.drafts import draft
from syncjobs.rules.steps.differences import Difference


class CorrectionJson(TypedDict):
    """An activity that stands beside the entry's own."""

    quickbooks_id: str
    minutes: int


class SentJson(TypedDict):
    """What was sent for an entry, as commands print it: `minutes` and `date` last, `at` for the first time."""

    at: str
    changed_at: str
    run: int | None
    minutes: int
    date: str
    corrections: list[CorrectionJson]


def facts(receipt: Receipt) -> SentJson:
    """Return the facts for --json."""
    return {
        "at": receipt.sent_at.isoformat(),
        "changed_at": receipt.changed_at.isoformat(),
        "run": receipt.run_id,
        "minutes": receipt.minutes,
        "date": receipt.txn_date.isoformat(),
        "corrections": [
            {"quickbooks_id": correction.quickbooks_id, "minutes": correction.minutes}
            for correction in corrections(receipt)
        ],
    }


def corrections(receipt: Receipt) -> list[Receipt]:
    """Return the receipts of corrections beside the entry's own activity that are still in QuickBooks."""
    # Spares a query for most entries.
    if not receipt.corrections:
        return []
    entry_receipts = Receipt.objects.live().filter(
        company=receipt.company, workspace=receipt.workspace, entry_id=receipt.entry_id
    )
    return list(entry_receipts.filter(part__gt=0).order_by("part"))


def sentence(receipt: Receipt, *, zone: str) -> str:
    """Return the facts as text.

    `Sent Mon Mar 23, 10:05 by Time sync 3 as activity 412: 2:15 on Tue Mar 3, employee 59 Ada, customer 84 Acme.`
    """
    run_text = f" by {receipt.run}" if receipt.run else ""
    sent_text = f"Sent {moment(receipt.sent_at, zone)}{run_text} as activity {receipt.quickbooks_id}"
    activity_text = f"{duration(receipt.minutes)} on {day(receipt.txn_date)}"
    if receipt.draft:
        sent_draft = draft.from_row(receipt.draft)
        person, customer = partners(receipt.company, sent_draft)
        activity_text += "" if sent_draft.is_billable else ", not billable"
        activity_text += (
            f", {sent_draft.person_kind} {sent_draft.person_id} {person}, customer {sent_draft.customer_id} {customer}"
        )
    change_text = f" Last changed {moment(receipt.changed_at, zone)}." if receipt.changed_at != receipt.sent_at else ""
    correction_text = "".join(
        f" Corrected by activity {correction.quickbooks_id}, {duration(correction.minutes)} more."
        for correction in corrections(receipt)
    )
    return f"{sent_text}: {activity_text}.{change_text}{correction_text}"


def difference_sentences(company: Company | None, differences: Sequence[Difference]) -> list[str]:
    """Return the differences as sentences, with names as in QuickBooks."""
    names = difference_names(company, differences)
    return [difference.sentence(names) for difference in differences]


def difference_names(company: Company | None, differences: Sequence[Difference]) -> dict[tuple[str, str], str]:
    """Return the names of people, customers and items that the differences name, by field and id."""
    names: dict[tuple[str, str], str] = {}
    for field, kinds in NAMED_FIELDS.items():
        of_field = [difference for difference in differences if difference.field == field]
        ids = {value for each in of_field for value in (each.sent, each.quickbooks, each.now)}
        for model in kinds if ids and company is not None else ():
            rows = model._default_manager.filter(company=company, quickbooks_id__in=ids)
            columns = ("quickbooks_id", "name", *(["full_name"] if issubclass(model, Nested) else ()))
            names |= {(field, key): next(filter(None, full), name) for key, name, *full in rows.values_list(*columns)}
    return names


# Employees and vendors are one list of names in QuickBooks, with ids of their own.
NAMED_FIELDS: dict[str, tuple[type[Model], ...]] = {
    "person": (QUICKBOOKS_MODELS["vendor"], QUICKBOOKS_MODELS["employee"]),
    "customer": (Customer,),
    "item": (Item,),
    "class": (Class,),
    "location": (Department,),
}


def partners(company: Company, sent_draft: draft.Draft) -> tuple[str, str]:
    """Return the names of person and customer as in QuickBooks, or a placeholder if our copy has none."""
    people = QUICKBOOKS_MODELS[sent_draft.person_kind]._default_manager.filter(company=company)
    person = people.filter(quickbooks_id=sent_draft.person_id).values_list("name", flat=True).first()
    customers = Customer.objects.filter(company=company, quickbooks_id=sent_draft.customer_id)
    customer = customers.values_list("full_name", flat=True).first()
    return person or "not in the synced lists", customer or "not in the synced lists"
