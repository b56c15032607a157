"""Lines that describe what was sent of an entry, or what would be sent now."""

from __future__ import annotations

from datetime import date

from integrations.models import Company, TimeEntry, Workspace
from syncjobs.display import sent
from syncjobs.display.formatting import day, duration, hourly_rate
from syncjobs.line_rules import LABELS
from syncjobs.models import Receipt
from syncjobs.planning import lines as line_names
from syncjobs.planning.context import PlanningContext
from syncjobs.rules.drafts import draft
from syncjobs.rules.drafts.eligibility import Resolution
from syncjobs.rules.steps import changes


def lines(
    workspace: Workspace, entry: TimeEntry, context: PlanningContext, receipt: Receipt | None
) -> list[tuple[str, str]]:
    """Return the lines of what was sent, or of what would be sent now; empty while no company is connected."""
    if workspace.company is None:
        return []
    entry_draft = draft.from_row(receipt.draft) if receipt is not None else planned(entry, context)
    if entry_draft is None:
        return _partial_lines(entry, context.resolve(context.entry(entry)))
    return _lines(workspace.company, entry_draft)


def planned(entry: TimeEntry, context: PlanningContext) -> draft.Draft | None:
    """Return what would be sent of the entry now; None while a partner is missing."""
    values = context.entry(entry)
    return changes.draft_as_linked(values, context.resolve(values))


def _partial_lines(entry: TimeEntry, resolution: Resolution) -> list[tuple[str, str]]:
    """Return the lines that are known while a partner is missing."""
    missing = "not linked yet, or not active"
    person, customer = resolution.person, resolution.customer
    return [
        ("Employee or vendor", f"{person.kind} {person.id}, {person.name}" if person else missing),
        ("Customer", f"customer {customer.id}, {customer.name}" if customer else missing),
        ("Day", day(entry.txn_date)),
        ("Time", duration(resolution.minutes)),
        ("Description", entry.description or "none"),
    ]


def _lines(company: Company, entry_draft: draft.Draft) -> list[tuple[str, str]]:
    person, customer = sent.partners(company, entry_draft)
    return [
        ("Employee or vendor", f"{entry_draft.person_kind} {entry_draft.person_id}, {person}"),
        ("Customer", f"customer {entry_draft.customer_id}, {customer}"),
        ("Day", day(date.fromisoformat(entry_draft.txn_date))),
        ("Time", duration(entry_draft.minutes)),
        (
            "Rate",
            f"{hourly_rate(entry_draft.rate)} an hour, billable" if entry_draft.is_billable else "none, not billable",
        ),
        *_line_facts(company, entry_draft),
        ("Description", entry_draft.description or "none"),
    ]


def _line_facts(company: Company, entry_draft: draft.Draft) -> list[tuple[str, str]]:
    """Return the service item, and class and location where there are any, with their names."""
    found = {"item": entry_draft.item_id, "class": entry_draft.class_id, "location": entry_draft.department_id}
    known = {name: line_names.names_of(company, name, [key]).get(key, "") for name, key in found.items() if key}
    texts = {name: f"{name} {found[name]}, {text or 'not in the synced lists'}" for name, text in known.items()}
    return [
        (LABELS[name], texts.get(name) or "QuickBooks' default") for name in found if name in texts or name == "item"
    ]
