"""Drafts of time activities, and the request bodies made from them. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.quickbooks import payloads
from integrations.quickbooks.payloads import BillableStatus
from syncjobs.rules.drafts import description
from syncjobs.rules.drafts.eligibility import Entry, Partner
from syncjobs.rules.drafts.line_rules import Line

BILLABLE, NOT_BILLABLE = BillableStatus.BILLABLE.value, BillableStatus.NOT_BILLABLE.value
# Fields of a TimeActivity that we write; an update sends all others back as read.
OUR_FIELDS = (
    "NameOf",
    "EmployeeRef",
    "VendorRef",
    "CustomerRef",
    "TxnDate",
    "Hours",
    "Minutes",
    "Description",
    "BillableStatus",
    "HourlyRate",
    "ItemRef",
    "ClassRef",
    "DepartmentRef",
    "CostRate",
)
# Fields that QuickBooks adds to an answer and does not accept, and other forms of the same time.
READ_ONLY_FIELDS = (
    "MetaData",
    "domain",
    "status",
    "StartTime",
    "EndTime",
    "BreakHours",
    "BreakMinutes",
    "Seconds",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """One planned TimeActivity. `rate` is a plain decimal text per hour, "0" when Clockify has none.

    `person_kind` is employee or vendor, `txn_date` a day in ISO form, `minutes` whole; ids are QuickBooks'.

    Time that is not billable goes without a rate: QuickBooks asks for one with billable time only, and has 0 by itself.
    """

    person_kind: str
    person_id: str
    customer_id: str
    txn_date: str
    minutes: int
    description: str
    rate: str
    item_id: str = ""
    class_id: str = ""
    department_id: str = ""
    # Drafts that were stored before unbillable time could be sent have none.
    billable_status: str = BILLABLE
    # Like `rate`; "" where none is sent.
    cost_rate: str = ""

    @property
    def is_billable(self) -> bool:
        return self.billable_status == BILLABLE

    def as_row(self) -> dict[str, Any]:
        """Return the draft as JSON, for items, writes and receipts: each field by its name; `from_row` reads it."""
        return {name: getattr(self, name) for name in self.__slots__}


def from_row(row: Mapping[str, Any]) -> Draft:
    """Return the draft that `as_row` stored; older rows lack the fields that have a default."""
    return Draft(**row)


def write(
    entry: Entry,
    *,
    person: Partner,
    customer: Partner,
    minutes: int,
    txn_date: date,
    line: Line,
    cost_rate: Decimal | None = None,
) -> Draft:
    """Return the draft of an entry for these partners; `minutes` after rounding, `line` as the line rules say."""
    return Draft(
        person_kind=person.kind,
        person_id=person.id,
        customer_id=customer.id,
        txn_date=txn_date.isoformat(),
        minutes=minutes,
        description=description.cut(line.words),
        rate=_plain(entry.rate or Decimal(0)) if entry.billable else "0",
        item_id=line.value("item"),
        class_id=line.value("class"),
        department_id=line.value("location"),
        billable_status=BILLABLE if entry.billable else NOT_BILLABLE,
        cost_rate=_plain(cost_rate) if cost_rate else "",
    )


def warnings(entry: Entry, line: Line, *, lacks_cost_rate: bool = False) -> list[str]:
    """Return the codes of warnings.

    NO_RATE where billable time goes at 0, NO_COST_RATE where a cost rate should go along and none is known,
    DESCRIPTION_CUT where the text is too long.
    """
    applies = {
        "NO_RATE": entry.billable and not entry.rate,
        "NO_COST_RATE": lacks_cost_rate,
        "DESCRIPTION_CUT": description.cut(line.words) != line.words,
    }
    return [code for code, is_so in applies.items() if is_so]


def create_body(draft: Draft) -> str:
    return json.dumps(_fields(draft), ensure_ascii=False)


# Of a draft, what people may change in QuickBooks without a conflict, by the name of its reference there.
PEOPLES_OWN = {"class_id": "ClassRef", "department_id": "DepartmentRef"}
KEPT_AS_CHANGED = (*PEOPLES_OWN, "cost_rate")


def update_body(draft: Draft, *, record: Mapping[str, Any], sent: Mapping[str, Any]) -> str:
    """Return the body of a full update: the record as read, with our fields replaced.

    A full update empties every field that is left out (Intuit: TimeActivity). `sent`: class, location and cost rate as
    they were last sent. Where people changed one of them since, theirs stays.
    """
    kept_fields = {
        name: value for name, value in record.items() if name not in OUR_FIELDS and name not in READ_ONLY_FIELDS
    }
    fields = _fields(draft)
    if not draft.item_id and "ItemRef" in record:
        # Without an item of ours QuickBooks chose one when the time was created; that stays.
        fields["ItemRef"] = record["ItemRef"]
    if not draft.is_billable and record.get("BillableStatus") == NOT_BILLABLE and "HourlyRate" in record:
        # Nobody is charged for it: a rate that people gave such time is theirs. Ours goes with the billable status.
        fields["HourlyRate"] = record["HourlyRate"]
    if not draft.cost_rate or (payloads.decimal(record.get("CostRate")) or 0) != Decimal(sent.get("cost_rate") or 0):
        # Without one of ours, or where people changed it, theirs stays.
        fields.pop("CostRate", None)
        fields |= {"CostRate": record["CostRate"]} if "CostRate" in record else {}
    for name, ref_name in PEOPLES_OWN.items():
        if payloads.ref(record, ref_name) != (sent.get(name) or ""):
            fields.pop(ref_name, None)
            fields |= {ref_name: record[ref_name]} if record.get(ref_name) else {}
    return json.dumps({**kept_fields, **fields, "sparse": False}, ensure_ascii=False)


def delete_body(*, quickbooks_id: str, sync_token: str) -> str:
    return json.dumps({"Id": quickbooks_id, "SyncToken": sync_token})


def _fields(draft: Draft) -> dict[str, Any]:
    person_type = {"employee": ("Employee", "EmployeeRef"), "vendor": ("Vendor", "VendorRef")}[draft.person_kind]
    fields: dict[str, Any] = {
        "NameOf": person_type[0],
        person_type[1]: {"value": draft.person_id},
        "CustomerRef": {"value": draft.customer_id},
        "TxnDate": draft.txn_date,
        "Hours": draft.minutes // 60,
        "Minutes": draft.minutes % 60,
        "BillableStatus": draft.billable_status,
    }
    if draft.is_billable:
        fields["HourlyRate"] = _number(draft.rate)
    # Left out if empty: a full update then empties it in QuickBooks, too.
    if draft.description:
        fields["Description"] = draft.description
    if draft.item_id:
        fields["ItemRef"] = {"value": draft.item_id}
    if draft.cost_rate:
        fields["CostRate"] = _number(draft.cost_rate)
    for name, ref_name in PEOPLES_OWN.items():
        if getattr(draft, name):
            fields[ref_name] = {"value": getattr(draft, name)}
    return fields


def _plain(value: Decimal) -> str:
    """Return a decimal without trailing zeros or exponent: 125.5000 as "125.5", never "1.255E+2"."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)
