"""QuickBooks' CompanyInfo and Preferences: what they say of the subscription and of time. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from integrations.http.bounded_json import UNREADABLE
from integrations.quickbooks.payloads import currency, day, ref, text, yes_no
from integrations.reading import values
from integrations.reading.values import Raw, Unreadable

# Names of values that decide whether time may be sent.
DECISIVE = ("offeringsku", "subscriptionstatus", "payrollfeature", "timetrackingfeatureenabled")


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
