"""Where QuickBooks' copy, or what would be sent today, is unlike what was sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from integrations.quickbooks.payloads import BillableStatus
from syncjobs.rules.codes import Code
from syncjobs.rules.drafts import description
from syncjobs.rules.drafts.draft import BILLABLE, Draft
from syncjobs.rules.drafts.eligibility import Entry, Resolution
from syncjobs.rules.steps.answered import normalized_text

Values = Mapping[str, str]
# The fields in the order in which people read them, by their names in drafts and in QuickBooks' answers.
FIELDS = {
    "person_kind": "person_kind",
    "person_id": "person",
    "customer_id": "customer",
    "txn_date": "date",
    "minutes": "minutes",
    "billable_status": "billable",
    "rate": "rate",
    "description": "description",
    "item_id": "item",
    "class_id": "class",
    "department_id": "location",
    "cost_rate": "cost_rate",
}
LINK_FIELDS = ("person_kind", "person", "customer")
# The warnings about what is different today, each with its fields; a changed item is a difference alone.
CODES = {"RATE_CHANGED": ("rate",), "LINK_CHANGED": LINK_FIELDS}
LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: what was sent, what QuickBooks has, and what would be sent today; "" where that is not known."""

    field: str
    sent: str
    quickbooks: str = ""
    now: str = ""
    in_quickbooks: bool = False
    today: bool = False

    def as_row(self) -> dict[str, str]:
        """Return it as `explain` prints it."""
        return {"field": self.field, "sent": self.sent, "quickbooks": self.quickbooks, "now": self.now}

    def sentence(self, names: Mapping[tuple[str, str], str] | None = None) -> str:
        """Return `rate: sent 80.00, now 99.00`; `names` has those of people and customers by field and id."""

        def shown(value: str) -> str:
            name = (names or {}).get((self.field, value), "")
            text = f"{value} {name}".strip() or "nothing"
            return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"

        if self.field == GONE:
            return "QuickBooks no longer has the activity"
        found = f", QuickBooks has {shown(self.quickbooks)}" if self.in_quickbooks else ""
        now = f", now {shown(self.now)}" if self.today else ""
        return f"{self.field.replace('_', ' ')}: sent {shown(self.sent)}{found}{now}"


GONE = "activity"


def gone(quickbooks_id: str) -> Difference:
    """Return the difference of an activity that QuickBooks no longer has."""
    return Difference(GONE, quickbooks_id, in_quickbooks=True)


def values_of(draft: Draft) -> dict[str, str]:
    """Return the texts of what a draft writes, by field."""
    return _texts(draft.as_row())


def today(entry: Entry, resolution: Resolution, sent: Draft) -> dict[str, str]:
    """Return rate, partners and what line rules give as they would be sent today, where that is unlike what was sent.

    By field; partners, item, class and location as QuickBooks' ids, rates as decimal texts per hour.

    For an entry that was not edited since: then its rate, a link or a setting is what changed. A missing partner is no
    other one.
    """
    if resolution.codes & {Code.IGNORED, Code.UNREADABLE}:
        return {}
    person, customer, line = resolution.person, resolution.customer, resolution.line
    now = {
        **({"rate": rate_text(entry.rate or Decimal(0))} if entry.billable else {}),
        "person_kind": person.kind if person else sent.person_kind,
        "person": person.id if person else sent.person_id,
        "customer": customer.id if customer else sent.customer_id,
        # Without an item of ours an update keeps what is there.
        "item": line.value("item") or sent.item_id,
        "class": line.value("class"),
        "location": line.value("location"),
        **({"cost_rate": rate_text(resolution.cost_rate)} if resolution.cost_rate else {}),
        # Clockify's own text can only differ where it is read in another way since, which is no change.
        "description": description.cut(line.words) if line.has_template else sent.description,
    }
    before = values_of(sent)
    return {field: value for field, value in now.items() if value != before[field]}


def warnings(now: Values, noted: Values) -> tuple[str, ...]:
    """Return the codes of what is different today, apart from what a person took note of and is still the same."""
    return tuple(
        code
        for code, fields in CODES.items()
        if any(field in now and now[field] != noted.get(field) for field in fields)
    )


def version(now: Values, code: str) -> str:
    """Return what a person who is shown this warning sees; another one where it changed since, "" where it is over."""
    return " ".join(f"{field}={now[field]}" for field in CODES[code] if field in now)


def listed(sent: Draft, copy: Mapping[str, Any] | None, changed: Values, now: Values) -> list[Difference]:
    """Return a difference for each field in which QuickBooks' copy is unlike `sent`, or that is in `changed`.

    `copy`: as in `steps.answered`; None where it is not known. `changed`: see `today`. `now`: all that would be sent
    today, as far as it is known.
    """
    before, found = values_of(sent), _texts(copy) if copy is not None else {}
    differences = []
    for field, value in before.items():
        quickbooks = found.get(field, "")
        in_quickbooks = copy is not None and not _is_same(field, sent, value, quickbooks)
        if in_quickbooks or field in changed:
            now_value = changed.get(field, now.get(field, ""))
            differences.append(Difference(field, value, quickbooks, now_value, in_quickbooks, field in changed))
    return differences


def _is_same(field: str, sent: Draft, value: str, found: str) -> bool:
    if field == "billable":
        # Invoicing changes it by itself.
        return found == value or (value == BILLABLE and found == BillableStatus.BILLED)
    if field == "description":
        return normalized_text(value) == normalized_text(found)
    # Without an item of ours QuickBooks chose one; time that is not billable goes without a rate.
    is_ours = {"item": sent.item_id, "rate": sent.is_billable, "cost_rate": sent.cost_rate}.get(field, True)
    return value == found or not is_ours


def rate_text(rate: Decimal) -> str:
    """Return a rate with two decimals, or all that it has."""
    exact = format(rate.normalize(), "f")
    return f"{rate:.2f}" if len(exact.partition(".")[2]) <= 2 else exact


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    texts = {field: "" if values.get(name) is None else str(values.get(name)) for name, field in FIELDS.items()}
    cost_rate = Decimal(texts["cost_rate"] or "0")
    return texts | {
        "rate": rate_text(Decimal(texts["rate"] or "0")),
        "cost_rate": rate_text(cost_rate) if cost_rate else "",
    }
