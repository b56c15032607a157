"""Our fields of an activity as QuickBooks answered them, and which of them people changed since. Pure.

QuickBooks may store a text or a rate differently from what was sent, so later readings are compared with its answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.quickbooks.payloads import Activity, BillableStatus
from syncjobs.rules.drafts.draft import Draft

# The names that people read, by the field's name in `Activity`. Class, location and cost rate are people's to change.
LABELS = {
    "person_kind": "kind of person",
    "person_id": "person",
    "customer_id": "customer",
    "txn_date": "day",
    "minutes": "time",
    "billable_status": "billable",
    "rate": "rate",
    "description": "description",
    "item_id": "service item",
}


def as_row(activity: Activity) -> dict[str, Any]:
    """Return the values of our fields as JSON, to be kept with the receipt: whole minutes, the day in ISO form.

    Rates are plain decimal texts per hour, none as "0"; `minutes` is None where the time can't be read.
    """
    return {
        "person_kind": activity.person_kind,
        "person_id": activity.person_id,
        "customer_id": activity.customer_id,
        "txn_date": activity.txn_date.isoformat() if activity.txn_date else "",
        "minutes": activity.minutes,
        "billable_status": activity.billable_status,
        "rate": _plain(activity.rate),
        "description": activity.description,
        "item_id": activity.item_id,
        "class_id": activity.class_id,
        "department_id": activity.department_id,
        "cost_rate": _plain(activity.cost_rate),
    }


def changed(activity: Activity, sent: Draft, answered: Mapping[str, Any] | None) -> list[str]:
    """Return the labels of our fields that differ from QuickBooks' answer, or from what was sent where none was kept.

    A service item that we did not send is not ours, whatever QuickBooks or a person chose; neither is the rate of time
    that is not billable.
    """
    now, then = as_row(activity), dict(answered) if answered is not None else _as_sent(sent)
    if answered is None:
        now["description"] = normalized_text(now["description"])
    if not sent.item_id:
        now["item_id"] = then["item_id"]
    if not sent.is_billable:
        now["rate"] = then["rate"]
    return [label for name, label in LABELS.items() if now[name] != then.get(name)]


def is_exactly(draft: Draft, activity: Activity) -> bool:
    """Return True if the activity is what this draft would have written: no field of ours differs.

    Time that is billed may have been sent as billable.
    """
    is_billed = draft.is_billable and activity.billable_status == BillableStatus.BILLED
    may_differ = {LABELS["billable_status"]} if is_billed else set()
    return set(changed(activity, draft, None)) <= may_differ


def normalized_text(text: str) -> str:
    """Return the text without outer spaces and with "\\n" line ends: QuickBooks may store only these differently."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _as_sent(sent: Draft) -> dict[str, Any]:
    return {
        **{name: getattr(sent, name) for name in LABELS},
        "rate": _plain(Decimal(sent.rate)),
        "description": normalized_text(sent.description),
    }


def _plain(rate: Decimal | None) -> str:
    """Return a rate so that equal ones are equal texts; none counts as 0."""
    return format((rate or Decimal(0)).normalize(), "f")
