"""Activities in QuickBooks that may be an entry's own time, side by side with it: what is equal, what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from integrations.models import Company, Customer
from integrations.quickbooks.payloads import BillableStatus
from syncjobs.display.formatting import duration, hourly_rate
from syncjobs.rules import reasons
from syncjobs.rules.drafts.draft import BILLABLE, NOT_BILLABLE, Draft
from syncjobs.rules.steps.answered import normalized_text

Found = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    label: str
    clockify: str
    quickbooks: str
    equal: bool


@dataclass(frozen=True)
class Duplicate:
    """One activity; `lines` are empty where an older run kept only its id."""

    id: str
    lines: tuple[Line, ...] = ()

    @property
    def differs(self) -> str:
        return ", ".join(line.label.lower() for line in self.lines if not line.equal) or "nothing"


def of_reason(row: Found, planned: Draft | None, company: Company | None) -> list[Duplicate]:
    """Return the activities that a stored reason names, compared with what would be sent of the entry now."""
    ids = reasons.duplicate_ids(row)
    found = {str(activity.get("id")): activity for activity in row.get("found", ())}
    names = _customer_names(company, [*found.values()], planned)
    return [
        Duplicate(key, _lines(found[key], planned, names) if planned and key in found else ())
        for key in dict.fromkeys(ids)
    ]


def _customer_names(company: Company | None, found: Sequence[Found], planned: Draft | None) -> dict[str, str]:
    if company is None or planned is None or not found:
        return {}
    ids = {planned.customer_id, *(str(activity.get("customer_id")) for activity in found)}
    rows = Customer.objects.filter(company=company, quickbooks_id__in=ids)
    return dict(rows.values_list("quickbooks_id", "full_name"))


def _lines(found: Found, planned: Draft, names: Mapping[str, str]) -> tuple[Line, ...]:
    def customer(key: str) -> str:
        return names.get(key) or (f"customer {key}" if key else "none")

    customer_id, text = str(found.get("customer_id") or ""), str(found.get("description") or "")
    rate, status = Decimal(str(found.get("rate") or 0)), str(found.get("billable_status") or "")
    planned_rate = Decimal(planned.rate)
    minutes = found.get("minutes")
    return (
        Line("Customer", customer(planned.customer_id), customer(customer_id), customer_id == planned.customer_id),
        Line(
            "Time",
            duration(planned.minutes),
            duration(minutes) if isinstance(minutes, int) else "not readable",
            minutes == planned.minutes,
        ),
        Line(
            "Description",
            planned.description or "none",
            text or "none",
            normalized_text(text) == normalized_text(planned.description),
        ),
        Line("Rate", hourly_rate(planned_rate), hourly_rate(rate), rate == planned_rate),
        Line(
            "Billable",
            _STATUSES[planned.billable_status],
            _STATUSES.get(status, status or "none"),
            status == planned.billable_status,
        ),
    )


_STATUSES: dict[str, str] = {
    BILLABLE: "Billable",
    NOT_BILLABLE: "Not billable",
    BillableStatus.BILLED: "Billed already",
}
