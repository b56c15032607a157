"""Checks of items, classes and locations (Intuit: their entity pages)."""

from __future__ import annotations

from sandbox.quickbooks.call import Call
from sandbox.quickbooks.checks.body import bad_reference, missing
from sandbox.quickbooks.checks.list_names import check_characters, check_place, check_unique
from sandbox.quickbooks.checks.references import referred
from sandbox.quickbooks.companies.company import Record
from sandbox.quickbooks.companies.company_file import has_categories
from sandbox.quickbooks.errors import QuickBooksFault

SUB_FIELDS = {"Item": "SubItem", "Class": "SubClass", "Department": "SubDepartment"}


def check_item(call: Call, record: Record, *, old: Record | None) -> Record:
    """Check an item; a service needs an income account."""
    record = {**record, "Type": record.get("Type") or "Service"}
    if record["Type"] != "Category" and referred(call, record, "IncomeAccountRef", "Account") is None:
        raise missing("IncomeAccountRef")
    referred(call, record, "ExpenseAccountRef", "Account")
    parent = referred(call, record, "ParentRef", "Item")
    if parent is not None and parent["Type"] != "Category" and has_categories(call.company):
        raise bad_reference("ParentRef")
    return _check_list(call, "Item", record, old=old)


def check_class(call: Call, record: Record, *, old: Record | None) -> Record:
    return _check_list(call, "Class", record, old=old)


def check_department(call: Call, record: Record, *, old: Record | None) -> Record:
    return _check_list(call, "Department", record, old=old)


def _check_list(call: Call, entity: str, record: Record, *, old: Record | None) -> Record:
    if not record.get("Name"):
        raise missing("Name")
    check_characters(call, "Name", record["Name"])
    has_parent = referred(call, record, "ParentRef", entity) is not None
    if has_parent != bool(record.get(SUB_FIELDS[entity])):
        raise QuickBooksFault("6150", f"ParentRef Required : {SUB_FIELDS[entity]} and ParentRef go together.")
    if has_parent:
        check_place(call, entity, record)
    check_unique(call, entity, record, old=old)
    return record
