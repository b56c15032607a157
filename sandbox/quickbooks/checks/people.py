"""Checks of customers, vendors and employees (Intuit: their entity pages)."""

from __future__ import annotations

from sandbox.quickbooks.call import Call
from sandbox.quickbooks.checks.body import missing, unsupported
from sandbox.quickbooks.checks.list_names import check_characters, check_place, check_unique
from sandbox.quickbooks.checks.references import referred
from sandbox.quickbooks.companies.company import Record
from sandbox.quickbooks.companies.company_file import has_payroll
from sandbox.quickbooks.companies.names import NAME_PARTS, name_from_parts
from sandbox.quickbooks.errors import QuickBooksFault

NO_PAYROLL_FIELDS = ("Title", "Suffix", "PrintOnCheckName", "BillRate", "SSN")
PAYROLL_ADDRESS = ("City", "CountrySubDivisionCode", "PostalCode")


def check_customer(call: Call, record: Record, *, old: Record | None) -> Record:
    """Check a customer: Job and ParentRef go together (6150), deactivation needs a zero balance (6220)."""
    _check_named(call, record)
    has_parent = record.get("ParentRef") is not None
    if has_parent != bool(record.get("Job")):
        raise QuickBooksFault("6150", "ParentRef Required : Job and ParentRef go together.", element="ParentRef")
    if has_parent:
        referred(call, record, "ParentRef", "Customer")
        check_place(call, "Customer", record)
    else:
        record = {**record, "BillWithParent": False}
    if old is not None and old.get("Active", True) and record.get("Active") is False:
        _check_can_deactivate(call, old)
    check_unique(call, "Customer", record, old=old)
    return record


def check_vendor(call: Call, record: Record, *, old: Record | None) -> Record:
    _check_named(call, record)
    check_unique(call, "Vendor", record, old=old)
    return record


def check_employee(call: Call, record: Record, *, old: Record | None) -> Record:
    """Check an employee: GivenName or FamilyName is needed, Payroll forbids some fields and needs an address."""
    _check_named(call, record)
    if not record.get("GivenName") and not record.get("FamilyName"):
        raise missing("GivenName")
    if has_payroll(call.company):
        record = _under_payroll(record, is_new=old is None)
    if not record.get("BillableTime"):
        record = {**record, "BillRate": None}
    check_unique(call, "Employee", record, old=old)
    return record


def _under_payroll(record: Record, *, is_new: bool) -> Record:
    for name in NO_PAYROLL_FIELDS:
        if is_new and record.get(name) is not None:
            raise unsupported(name, "Employee")
    address = record.get("PrimaryAddr") or {}
    for name in PAYROLL_ADDRESS if is_new else ():
        if not address.get(name):
            raise missing(f"PrimaryAddr.{name}")
    parts = (record.get("GivenName"), record.get("MiddleName"), record.get("FamilyName"))
    return {**record, "DisplayName": " ".join(part for part in parts if part)}


def _check_named(call: Call, record: Record) -> None:
    if not record.get("DisplayName") and not name_from_parts(record):
        raise QuickBooksFault("6080", "Either DisplayName or one of the name parts is required.")
    for name in ("DisplayName", *NAME_PARTS):
        check_characters(call, name, record.get(name))


def _check_can_deactivate(call: Call, customer: Record) -> None:
    if customer.get("Balance") or customer.get("BalanceWithJobs"):
        raise QuickBooksFault("6220", "You can't delete this name because it has a balance.")
    if not call.switches["unbilled_time_blocks_deactivation"]:
        return
    for activity in call.company.records["TimeActivity"].values():
        is_for_customer = (activity.get("CustomerRef") or {}).get("value") == customer["Id"]
        if is_for_customer and activity.get("BillableStatus") == "Billable":
            raise QuickBooksFault("6280", "You can't delete this name because it has unbilled charges.")
