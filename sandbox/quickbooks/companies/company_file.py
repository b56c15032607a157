"""CompanyInfo and Preferences: plan, Payroll, subscription, time tracking, closed books."""

from __future__ import annotations

from typing import Any

from sandbox.quickbooks.companies.company import Company
from sandbox.quickbooks.stamps import stamp

Settings = dict[str, Any]
INFO_PAIRS = (
    "NeoEnabled",
    "IndustryType",
    "IndustryCode",
    "CompanyType",
    "SubscriptionStatus",
    "OfferingSku",
    "PayrollFeature",
    "AccountantFeature",
    "ItemCategoriesFeature",
    "QBOIndustryType",
    "AssignedTime",
    "NonTracking",
    "IsQbdtMigrated",
    "MigrationDate",
)
OTHER_PAIRS = (
    "TimeTrackingFeatureEnabled",
    "ProjectsEnabled",
    "Vendor1099Enabled",
    "AccountingInfoPrefs.ShowAccountNumbers",
    "SalesFormsPrefs.DefaultCustomerMessage",
)
ACCOUNTING = (
    "ClassTrackingPerTxn",
    "ClassTrackingPerTxnLine",
    "TrackDepartments",
    "BookCloseDate",
    "CustomerTerminology",
    "UseAccountNumbers",
    "FirstMonthOfFiscalYear",
)
TIME = (
    "UseServices",
    "BillCustomers",
    "ShowBillRateToAll",
    "WorkWeekStartDate",
    "MarkTimeEntriesBillable",
    "DefaultTimeItem",
)
TOP_PLANS = ("QuickBooks Online Plus", "QuickBooks Online Advanced")
LAPSED = ("SUSPENDED", "EXPIRED", "CANCELLED")


def set_up(company: Company, settings: Settings) -> None:
    """Fill a new company's CompanyInfo and Preferences."""
    now = stamp(company.core.now())
    tail = {"domain": "QBO", "sparse": False, "Id": "1", "SyncToken": "0"}
    meta = {"CreateTime": now, "LastUpdatedTime": now}
    company.info = {
        "CompanyName": "",
        "LegalName": "",
        "CompanyAddr": {"Line1": "1 Sandbox Way", "City": "Mountain View", "Country": "USA"},
        "CompanyStartDate": "2024-05-01",
        "FiscalYearStartMonth": "January",
        "Country": "US",
        "Email": {"Address": "office@example.com"},
        "SupportedLanguages": "en",
        "NameValue": [
            {"Name": "NeoEnabled", "Value": "true"},
            {"Name": "AccountantFeature", "Value": "false"},
            {"Name": "ItemCategoriesFeature", "Value": "true"},
        ],
        **tail,
        "MetaData": meta,
    }
    company.preferences = {
        "AccountingInfoPrefs": {
            "FirstMonthOfFiscalYear": "January",
            "UseAccountNumbers": False,
            "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": False,
            "TrackDepartments": False,
            "CustomerTerminology": "Customers",
        },
        "TimeTrackingPrefs": {
            "UseServices": True,
            "BillCustomers": True,
            "ShowBillRateToAll": False,
            "WorkWeekStartDate": "Monday",
            "MarkTimeEntriesBillable": True,
        },
        "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}},
        "OtherPrefs": {"NameValue": [{"Name": "Vendor1099Enabled", "Value": "true"}]},
        **tail,
        "MetaData": meta,
    }
    configure(company, settings)


def configure(company: Company, settings: Settings) -> None:
    """Change settings as in the product; None removes a value (Payroll not stated, books reopened).

    A changed plan switches time tracking and projects on or off with it, unless they are given as well.
    """
    settings = {**_implied(settings.get("OfferingSku")), **settings}
    info, preferences = _copy(company.info), _copy(company.preferences)
    accounting = preferences["AccountingInfoPrefs"]
    for name, value in settings.items():
        if name in INFO_PAIRS:
            _set_pair(info["NameValue"], name, value)
        elif name in OTHER_PAIRS:
            _set_pair(preferences["OtherPrefs"]["NameValue"], name, value)
        elif name in ACCOUNTING:
            _set(accounting, name, value)
        elif name in TIME:
            _set(preferences["TimeTrackingPrefs"], name, value)
        elif name == "HomeCurrency":
            preferences["CurrencyPrefs"]["HomeCurrency"] = {"value": value}
        elif name == "MultiCurrencyEnabled":
            preferences["CurrencyPrefs"]["MultiCurrencyEnabled"] = value
        else:
            _set(info, name, value)
    company.info = _bumped(company, company.info, info)
    company.preferences = _bumped(company, company.preferences, preferences)
    company.core.changed.set()


def _implied(sku: object) -> Settings:
    if sku is None:
        return {}
    tracks = "Simple Start" not in str(sku)
    return {"TimeTrackingFeatureEnabled": tracks, "ProjectsEnabled": sku in TOP_PLANS}


def _copy(record: dict[str, Any]) -> dict[str, Any]:
    if isinstance(record, dict):
        return {name: _copy(value) for name, value in record.items()}
    if isinstance(record, list):
        return [_copy(value) for value in record]
    return record


def _set(target: dict[str, Any], name: str, value: object) -> None:
    if value is None:
        target.pop(name, None)
    else:
        target[name] = value


def _set_pair(pairs: list[dict[str, str]], name: str, value: object) -> None:
    pairs[:] = [pair for pair in pairs if pair["Name"] != name]
    if value is not None:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        pairs.append({"Name": name, "Value": text})


def _bumped(company: Company, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    if new == old:
        return old
    token = str(int(old["SyncToken"]) + 1)
    return {
        **new,
        "SyncToken": token,
        "MetaData": {**old["MetaData"], "LastUpdatedTime": stamp(company.core.now())},
    }


def pair(pairs: list[dict[str, str]], name: str) -> str | None:
    """Return the value of one Name/Value pair."""
    return next((entry["Value"] for entry in pairs if entry["Name"] == name), None)


def has_lapsed(company: Company) -> bool:
    """Return whether the subscription ended; RESTRICTED is a week of grace and still writable."""
    return pair(company.info["NameValue"], "SubscriptionStatus") in LAPSED


def tracks_time(company: Company) -> bool:
    """Return whether the plan has time tracking, as OtherPrefs states it."""
    return pair(company.preferences["OtherPrefs"]["NameValue"], "TimeTrackingFeatureEnabled") != "false"


def has_categories(company: Company) -> bool:
    """Return whether items lie in categories; companies of before have items below items instead."""
    return pair(company.info["NameValue"], "ItemCategoriesFeature") != "false"


def has_payroll(company: Company) -> bool:
    return pair(company.info["NameValue"], "PayrollFeature") == "true"
