"""QuickBooks' records, read tolerantly here and nowhere else. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.http.bounded_json import UNREADABLE
from integrations.reading import values
from integrations.reading.values import Unreadable

Raw = Mapping[str, Any]
# Names of values that decide whether time may be sent.
DECISIVE = ("offeringsku", "subscriptionstatus", "payrollfeature", "timetrackingfeatureenabled")


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
        return self.billable_status == "HasBeenBilled" or bool(self.raw.get("LinkedTxn"))


@dataclass(frozen=True, slots=True)
class SubscriptionEvidence:
    """The subscription as a company's records report it. None or "": not reported. `problem`: it can't be read."""

    company_name: str
    sku: str
    subscription: str
    payroll: bool | None
    time_tracking: bool | None
    book_close_date: date | None
    home_currency: str
    problem: str = ""


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
        billable_status=text(raw.get("BillableStatus")) or "NotBillable",
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


def subscription(company_info: Raw, preferences: Raw) -> SubscriptionEvidence:
    """Return the subscription from the CompanyInfo and Preferences records.

    Where what decides can't be read, `problem` says so, and the values are empty: nothing may be sent then.
    """
    name = company_info.get("CompanyName")
    company_name = name[: values.NAME_LENGTH] if isinstance(name, str) else ""
    try:
        for what, raw in (("CompanyInfo", company_info), ("Preferences", preferences)):
            if UNREADABLE in raw:
                raise Unreadable(f"{what} is no record")
        company_values = _name_values(company_info, "CompanyInfo")
        features = _name_values(values.nested(preferences, "OtherPrefs"), "Preferences")
        closed = values.text(values.nested(preferences, "AccountingInfoPrefs"), "BookCloseDate")
        if closed and day(closed) is None:
            raise Unreadable(f"BookCloseDate is “{closed[:40]}”, which is no date")
        return SubscriptionEvidence(
            company_name=company_name,
            sku=company_values.get("offeringsku", "").strip(),
            subscription=company_values.get("subscriptionstatus", "").strip().upper(),
            payroll=_stated(company_values, "payrollfeature", "CompanyInfo"),
            time_tracking=_stated(features, "timetrackingfeatureenabled", "Preferences"),
            book_close_date=day(closed),
            home_currency=currency(values.nested(preferences, "CurrencyPrefs"), "HomeCurrency"),
        )
    except Unreadable as problem:
        return SubscriptionEvidence(company_name, "", "", None, None, None, "", problem=str(problem))


def time_defaults(preferences: Raw) -> dict[str, bool | str | None]:
    """Return what the settings say about time, by the company's columns.

    Whether it may have a class and a location, None where that is not stated, and the id of the item for time, or "".
    """
    accounting = preferences.get("AccountingInfoPrefs")
    stated = accounting if isinstance(accounting, Mapping) else {}
    # Of a TimeActivity's own references, beside those of lines (Intuit: TimeActivity page).
    return {
        "tracks_classes": yes_no(stated.get("ClassTrackingPerTxn")),
        "tracks_locations": yes_no(stated.get("TrackDepartments")),
        "default_time_item": _default_time_item(preferences),
    }


def _default_time_item(preferences: Raw) -> str:
    settings = preferences.get("TimeTrackingPrefs")
    key = ref(settings, "DefaultTimeItem") if isinstance(settings, Mapping) else ""
    return key if len(key) <= values.ID_LENGTH else ""


def _name_values(raw: Raw, what: str) -> dict[str, str]:
    """Return values by lowercase name: Intuit's pages differ in capitals (OfferingSku, OfferingSKU)."""
    pairs = raw.get("NameValue")
    if pairs is not None and not isinstance(pairs, list):
        raise Unreadable(f"NameValue of {what} is no list")
    found = {}
    for pair in pairs or []:
        name = pair.get("Name") if isinstance(pair, Mapping) else None
        if isinstance(name, str) and name.lower() in DECISIVE:
            value = pair.get("Value")
            # Numbers and objects are no answer to any of these.
            if value is not None and not isinstance(value, str | bool):
                raise Unreadable(f"{name} of {what} has a value that is no text")
            found[name.lower()] = text(value)
    return found


def _stated(found: Mapping[str, str], name: str, what: str) -> bool | None:
    """Return yes or no, None where it is not stated. Raises Unreadable for anything else."""
    value = found.get(name, "").strip()
    known = yes_no(value)
    if value and known is None:
        raise Unreadable(f"{name} of {what} is “{value[:40]}”, neither true nor false")
    return known
