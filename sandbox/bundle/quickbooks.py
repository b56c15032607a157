"""The QuickBooks side of a bundle's world: its records are answered as QuickBooks sent them."""

from __future__ import annotations

from typing import Any

from sandbox.quickbooks.companies.company import Company
from sandbox.quickbooks.companies.company_file import set_up
from sandbox.quickbooks.companies.names import name_field
from sandbox.quickbooks.stamps import stamp
from sandbox.quickbooks.state import QuickBooks

Json = dict[str, Any]
LISTS = ("Employee", "Vendor", "Customer", "Item", "TimeActivity")


def fill(quickbooks: QuickBooks, data: Json) -> None:
    """Add the company with its plan, preferences, lists, and the time that others entered."""
    company = Company(quickbooks.core, data["realm"])
    quickbooks.companies[data["realm"]] = company
    set_up(company, {})
    company.info = {**company.info, **_stated(data.get("CompanyInfo"))}
    company.preferences = {**company.preferences, **_stated(data.get("Preferences"))}
    quickbooks.tokens.grant(data["realm"])
    for entity in LISTS:
        for number, record in enumerate(data.get(entity, [])):
            _store(company, entity, record, number)


def _stated(record: Any) -> Json:
    return record if isinstance(record, dict) else {}


def _store(company: Company, entity: str, record: Any, number: int) -> None:
    """Store a record in a form that queries can search; where it came in another one, the answer is as it came."""
    given = record if isinstance(record, dict) else {}
    stored = {**given, **_searched(company, entity, given, number)}
    company.store(entity, stored)
    if stored != record:
        company.keep_answer(entity, stored["Id"], record)


def _searched(company: Company, entity: str, given: Json, number: int) -> Json:
    """Return the fields that queries search and sort by, with a value in place of one that can't be read."""
    now = stamp(company.core.now())
    meta = given.get("MetaData") if isinstance(given.get("MetaData"), dict) else {}
    stamps = {name: _text(meta.get(name)) or now for name in ("CreateTime", "LastUpdatedTime")}  # type: ignore[union-attr]
    fields: Json = {
        "Id": _text(given.get("Id")) or f"unreadable-{number}",
        "SyncToken": _text(given.get("SyncToken")) or "0",
        "MetaData": stamps,
    }
    if entity == "TimeActivity":
        return {**fields, "TxnDate": _text(given.get("TxnDate"))[:10]}
    names = {name: _text(given.get(name)) for name in (name_field(entity), "FullyQualifiedName") if name in given}
    return {**fields, **names, "Active": given.get("Active") is not False}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
