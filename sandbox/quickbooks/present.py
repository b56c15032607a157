"""Records as answers show them: references with their current names."""

from __future__ import annotations

from typing import Any

from sandbox.quickbooks.companies.company import FORMS, Company, Record
from sandbox.quickbooks.companies.names import NAMED_REFS, full_name


def presented(company: Company, entity: str, record: Record) -> Any:
    """Return a record as an answer shows it."""
    if (entity, record["Id"]) in company.answers:
        return company.answers[entity, record["Id"]]
    if entity not in ("TimeActivity", "Item", *FORMS):
        return record
    shown = dict(record)
    for field, lists in NAMED_REFS.items():
        if field in shown:
            shown[field] = _named(company, shown[field], lists)
    return _as_recorded(company, shown) if entity == "TimeActivity" else shown


def _as_recorded(company: Company, shown: Record) -> Record:
    """Return a TimeActivity with what recorded ones have beyond the documented fields, as far as switched on."""
    switches = company.core.switches
    if switches["timeactivity_recorded_fields"]:
        length = {"Seconds": 0} if shown.get("Hours") is not None or shown.get("Minutes") is not None else {}
        shown = {**length, "CostRate": 0, "TimeChargeId": 50 + int(shown["Id"]), **shown}
    if switches["txn_date_with_time"]:
        shown = {**shown, "TxnDate": f"{shown['TxnDate']}T00:00:00-08:00"}
    return shown


def _named(company: Company, ref: dict[str, Any], lists: tuple[str, ...]) -> dict[str, Any]:
    key = ref["value"]
    for entity in lists:
        record = company.records[entity].get(key)
        if record is not None:
            return {"value": key, "name": full_name(record)}
    return ref


def company_info(company: Company) -> Record:
    return company.info


def preferences(company: Company) -> Record:
    """Return Preferences; whether the closing date may be read is unsettled, hence a switch."""
    if company.core.switches["book_close_date_readable"]:
        return company.preferences
    accounting = dict(company.preferences["AccountingInfoPrefs"])
    accounting.pop("BookCloseDate", None)
    return {**company.preferences, "AccountingInfoPrefs": accounting}
