"""QuickBooks' records, read tolerantly here and nowhere else. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations import values
from integrations.values import Unreadable

Raw = Mapping[str, Any]


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

    @property
    def billed(self) -> bool:
        return self.billable_status == "HasBeenBilled"


@dataclass(frozen=True, slots=True)
class SubscriptionEvidence:
    """The subscription as a company's records report it. None or "": not reported."""

    company_name: str
    sku: str
    subscription: str
    payroll: bool | None
    time_tracking: bool | None
    book_close_date: date | None
    home_currency: str


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
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _whole(value: Any) -> int | None:
    number = decimal(value)
    return None if number is None else int(number)


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


def currency(raw: Raw) -> str:
    """Return the currency of a customer, "" for the company's own. Raises Unreadable."""
    code = ref_id(raw, "CurrencyRef").strip().upper()
    if code and len(code) != 3:
        raise Unreadable(f"CurrencyRef is “{code[:10]}”, which is no currency")
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
        id=text(raw.get("Id")),
        sync_token=text(raw.get("SyncToken")),
        person_kind=kind if kind in refs else "other",
        person_id=ref(raw, refs.get(kind, "OtherNameRef")),
        customer_id=ref(raw, "CustomerRef"),
        txn_date=day(raw.get("TxnDate")),
        minutes=_minutes(raw),
        billable_status=text(raw.get("BillableStatus")) or "NotBillable",
        rate=decimal(raw.get("HourlyRate")),
        description=text(raw.get("Description")),
        item_id=ref(raw, "ItemRef"),
        created_at=_created(raw),
        raw=raw,
    )


def _created(raw: Raw) -> datetime | None:
    """Return when the record was created; None without a time that has an offset from UTC."""
    meta = raw.get("MetaData")
    return instant(meta.get("CreateTime")) if isinstance(meta, Mapping) else None


def _minutes(raw: Raw) -> int | None:
    """Return the minutes of a duration, or of a span less its break; an answer has the form that was entered."""
    parts = [_whole(raw.get(name)) for name in ("Hours", "Minutes", "Seconds")]
    # An answer has seconds where people entered them: to the nearest minute, half up, as the entry is rounded.
    if any(part is not None for part in parts[:2]):
        hours, minutes, seconds = (part or 0 for part in parts)
        return (hours * 3600 + minutes * 60 + seconds + 30) // 60
    start, end = _instant(raw.get("StartTime")), _instant(raw.get("EndTime"))
    if start is None or end is None or (start.tzinfo is None) != (end.tzinfo is None):
        return None
    break_minutes = (_whole(raw.get("BreakHours")) or 0) * 60 + (_whole(raw.get("BreakMinutes")) or 0)
    return int((end - start).total_seconds() + 30) // 60 - break_minutes


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


def subscription(company_info: Raw, preferences: Raw) -> SubscriptionEvidence:
    """Return the subscription from the CompanyInfo and Preferences records."""
    company_values = _name_values(company_info.get("NameValue"))
    other_preferences = preferences.get("OtherPrefs")
    features = _name_values(other_preferences.get("NameValue") if isinstance(other_preferences, Mapping) else None)
    accounting = preferences.get("AccountingInfoPrefs")
    currency = preferences.get("CurrencyPrefs")
    return SubscriptionEvidence(
        company_name=text(company_info.get("CompanyName")),
        sku=company_values.get("offeringsku", "").strip(),
        subscription=company_values.get("subscriptionstatus", "").strip().upper(),
        payroll=yes_no(company_values.get("payrollfeature")),
        time_tracking=yes_no(features.get("timetrackingfeatureenabled")),
        book_close_date=day(accounting.get("BookCloseDate")) if isinstance(accounting, Mapping) else None,
        home_currency=ref(currency, "HomeCurrency") if isinstance(currency, Mapping) else "",
    )


def _name_values(rows: Any) -> dict[str, str]:
    """Return values by lowercase name: Intuit's pages differ in capitals (OfferingSku, OfferingSKU)."""
    pairs = rows if isinstance(rows, list) else []
    return {text(pair.get("Name")).lower(): text(pair.get("Value")) for pair in pairs if isinstance(pair, Mapping)}
