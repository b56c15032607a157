"""QuickBooks' records, read tolerantly here and nowhere else. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from integrations.reading import values
from integrations.reading.values import Raw, Unreadable


class BillableStatus(StrEnum):
    """QuickBooks' values of a TimeActivity's BillableStatus."""

    BILLABLE = "Billable"
    NOT_BILLABLE = "NotBillable"
    # An invoice has it; QuickBooks sets this by itself.
    BILLED = "HasBeenBilled"


@dataclass(frozen=True, slots=True)
class Activity:
    """One TimeActivity. `person_kind` is employee, vendor or other; `minutes` is None where the time can't be read."""

    id: str
    sync_token: str
    person_kind: str
    person_id: str
    customer_id: str
    txn_date: date | None
    minutes: int | None
    billable_status: str
    rate: Decimal | None
    description: str
    item_id: str
    created_at: datetime | None
    raw: Raw
    class_id: str = ""
    department_id: str = ""
    cost_rate: Decimal | None = None

    @property
    def billed(self) -> bool:
        """Whether the record itself says so; its status may lag behind an invoice that took it (reference, §15)."""
        return self.billable_status == BillableStatus.BILLED or bool(self.raw.get("LinkedTxn"))


def text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def ref(raw: Raw, name: str) -> str:
    """Return the id in a reference such as CustomerRef; "" when there is none."""
    value = raw.get(name)
    return text(value.get("value")) if isinstance(value, Mapping) else ""


def day(value: Any) -> date | None:
    try:
        return date.fromisoformat(text(value)[:10])
    except ValueError:
        return None


def decimal(value: Any) -> Decimal | None:
    # True and False are numbers in Python. Floats go through text, which keeps the digits of the answer.
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    # "NaN", "1e999999" and the like are texts in JSON; none of them is an amount or a duration.
    return number if number.is_finite() and len(format(number, "e")) <= 40 and abs(number.adjusted()) < 15 else None


def _whole(value: Any) -> int | None:
    """Return the whole part of a number, None for none. Raises Unreadable."""
    if value is None or value == "":
        return None
    number = decimal(value)
    if number is None:
        raise Unreadable("it is no number")
    return int(number)


def active_flag(raw: Raw) -> bool:
    """Return whether a record of a list is active; some answers leave `Active` out. Raises Unreadable."""
    value = raw.get("Active")
    known = yes_no(value)
    if known is None and value is not None:
        raise Unreadable("Active is neither true nor false")
    return known is not False


def ref_id(raw: Raw, name: str) -> str:
    """Return the id in a reference such as ParentRef; "" when there is none. Raises Unreadable."""
    return values.text(values.nested(raw, name), "value", longest=values.ID_LENGTH)


def currency(raw: Raw, name: str = "CurrencyRef") -> str:
    """Return the currency of a customer, "" for the company's own. Raises Unreadable."""
    code = ref_id(raw, name).strip().upper()
    if code and len(code) != 3:
        raise Unreadable(f"{name} is “{code[:10]}”, which is no currency")
    return code


def identifier(raw: Any) -> str:
    """Return a record's Id as far as it can be read, else ""."""
    try:
        return values.identifier(values.record(raw), "Id")
    except Unreadable:
        return ""


def yes_no(value: Any) -> bool | None:
    """Return the value of "true" or "false", as text or JSON; None for anything else."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(text(value).strip().lower())


def activity(raw: Raw) -> Activity:
    """Return a TimeActivity record as an `Activity`; fields that can't be read are None or empty."""
    # Schema values beyond the documented Employee and Vendor exist (Other, with an OtherNameRef).
    kind = text(raw.get("NameOf")).lower()
    refs = {"employee": "EmployeeRef", "vendor": "VendorRef"}
    return Activity(
        id=identifier(raw),
        sync_token=token if len(token := text(raw.get("SyncToken"))) <= values.TOKEN_LENGTH else "",
        person_kind=kind if kind in refs else "other",
        person_id=ref(raw, refs.get(kind, "OtherNameRef")),
        customer_id=ref(raw, "CustomerRef"),
        txn_date=day(raw.get("TxnDate")),
        minutes=_minutes(raw),
        billable_status=text(raw.get("BillableStatus")) or BillableStatus.NOT_BILLABLE.value,
        rate=decimal(raw.get("HourlyRate")),
        description=text(raw.get("Description")),
        item_id=ref(raw, "ItemRef"),
        created_at=_created(raw),
        raw=raw,
        class_id=ref(raw, "ClassRef"),
        department_id=ref(raw, "DepartmentRef"),
        cost_rate=decimal(raw.get("CostRate")),
    )


def _created(raw: Raw) -> datetime | None:
    """Return when the record was created; None without a time that has an offset from UTC."""
    meta = raw.get("MetaData")
    return instant(meta.get("CreateTime")) if isinstance(meta, Mapping) else None


def _minutes(raw: Raw) -> int | None:
    """Return the minutes of a duration, or of a span less its break; an answer has the form that was entered."""
    try:
        parts = [_whole(raw.get(name)) for name in ("Hours", "Minutes", "Seconds")]
        break_parts = [_whole(raw.get(name)) for name in ("BreakHours", "BreakMinutes")]
    except Unreadable:
        # Not the rest of it: 7 hours and odd minutes are not 7 hours.
        return None
    # An answer has seconds where people entered them: to the nearest minute, half up, as the entry is rounded.
    if any(part is not None for part in parts[:2]):
        hours, minutes, seconds = (part or 0 for part in parts)
        return (hours * 3600 + minutes * 60 + seconds + 30) // 60
    start, end = _instant(raw.get("StartTime")), _instant(raw.get("EndTime"))
    if start is None or end is None or (start.tzinfo is None) != (end.tzinfo is None):
        return None
    break_hours, break_minutes = (part or 0 for part in break_parts)
    return int((end - start).total_seconds() + 30) // 60 - break_hours * 60 - break_minutes


def exact_seconds(raw: Raw) -> int | None:
    """Return the exact length of a TimeActivity: by start and end where it has both, breaks off, else by its duration.

    None where it can't be read.
    """
    try:
        duration = [_whole(raw.get(name)) for name in ("Hours", "Minutes", "Seconds")]
        breaks = [_whole(raw.get(name)) or 0 for name in ("BreakHours", "BreakMinutes", "BreakSeconds")]
    except Unreadable:
        return None
    start, end = _instant(raw.get("StartTime")), _instant(raw.get("EndTime"))
    if start is not None and end is not None and (start.tzinfo is None) == (end.tzinfo is None):
        length = int((end - start).total_seconds()) - _in_seconds(breaks)
    elif any(part is not None for part in duration):
        length = _in_seconds([part or 0 for part in duration])
    else:
        return None
    return length if length >= 0 else None


def _in_seconds(parts: list[int]) -> int:
    hours, minutes, seconds = parts
    return hours * 3600 + minutes * 60 + seconds


def instant(value: Any) -> datetime | None:
    """Return a time stamp that has an offset from UTC; None for anything else."""
    parsed = _instant(value)
    return parsed if parsed is not None and parsed.tzinfo is not None else None


def _instant(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text(value))
    except ValueError:
        return None


def email(raw: Raw) -> str:
    address = raw.get("PrimaryEmailAddr")
    return text(address.get("Address")) if isinstance(address, Mapping) else ""


def is_deleted(raw: Any) -> bool:
    """Return whether a record among changes is a marker of a deleted one, which is more than inactive."""
    return isinstance(raw, Mapping) and text(raw.get("status")).lower() == "deleted"


def is_active(raw: Raw) -> bool:
    """Return whether the record is active; some answers leave `Active` out for active records."""
    return yes_no(raw.get("Active")) is not False
