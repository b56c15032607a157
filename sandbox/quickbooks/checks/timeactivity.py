"""Checks of TimeActivities (Intuit: TimeActivity page and error codes 6290 to 6390)."""

from __future__ import annotations

from sandbox.quickbooks.call import Call
from sandbox.quickbooks.checks.body import bad_reference
from sandbox.quickbooks.checks.references import referred
from sandbox.quickbooks.checks.time_of_day import BREAKS, CLOCK, DURATION, check_time
from sandbox.quickbooks.companies.company import Company, Record
from sandbox.quickbooks.companies.company_file import tracks_time
from sandbox.quickbooks.companies.names import PEOPLE
from sandbox.quickbooks.errors import QuickBooksFault
from sandbox.quickbooks.stamps import today

MOST_MONEY = 99_999_999_999
PERSON_REFS = {"Employee": "EmployeeRef", "Vendor": "VendorRef"}
BILLED = "HasBeenBilled"
TIME_FIELDS = (*DURATION, *CLOCK, *BREAKS)


def merged(old: Record, body: Record) -> Record:
    """Merge a sparse update into the old record; one form of time replaces the other."""
    base = dict(old)
    if any(body.get(name) is not None for name in TIME_FIELDS):
        uses_clock = any(body.get(name) is not None for name in (*CLOCK, *BREAKS))
        for name in DURATION if uses_clock else (*CLOCK, *BREAKS):
            base.pop(name, None)
    return {**base, **body}


def check(call: Call, record: Record, *, old: Record | None) -> Record:
    """Return the record as it will be stored, or raise QuickBooksFault."""
    check_feature(call)
    if old is not None:
        check_not_billed(call, old, switch="update_billed", verb="updated")
        check_open(call, old["TxnDate"])
    record = dict(record)
    record["TxnDate"] = record.get("TxnDate") or today(call.now)
    _check_billable_status(record)
    _check_person(call, record)
    _check_customer(call, record)
    _check_money(record)
    if call.switches["timeactivity_cost_rate"] == "ignored":
        record["CostRate"] = (old or {}).get("CostRate") or 0
    check_time(record)
    _check_item(call, record)
    _check_tracking(call, record)
    check_open(call, record["TxnDate"])
    record["Taxable"] = bool(record.get("Taxable"))
    return record


def check_feature(call: Call) -> None:
    """Refuse a plan without time tracking; the fault's code is unsettled, hence a switch."""
    code = str(call.switches["timeactivity_on_simple_start"])
    if code == "allow" or tracks_time(call.company):
        return
    details = {
        "5020": "Permission Denied Error : You do not have access to time tracking in this product.",
        "5030": "Feature Not Supported Error : Time tracking is not supported in this product.",
    }
    raise QuickBooksFault(code, details[code])


def check_not_billed(call: Call, record: Record, *, switch: str, verb: str) -> None:
    """Refuse changes of time on an invoice, unless the switch allows them (assumption)."""
    if record.get("BillableStatus") == BILLED and call.switches[switch] == "refuse":
        raise QuickBooksFault("6000", f"This time activity has been billed and cannot be {verb}.")


def check_open(call: Call, txn_date: str) -> None:
    """Refuse changes on or before the closing date of the books."""
    closed = call.company.preferences["AccountingInfoPrefs"].get("BookCloseDate")
    if closed and txn_date <= closed:
        code = str(call.switches["closed_books_code"])
        raise QuickBooksFault(code, "The account period has closed and the account books cannot be updated.")


def _check_billable_status(record: Record) -> None:
    status = record.get("BillableStatus") or "NotBillable"
    if status == BILLED:
        raise QuickBooksFault("2170", "Invalid Enumeration : HAS_BEEN_BILLED", element="BillableStatus")
    if status not in ("Billable", "NotBillable"):
        raise QuickBooksFault("6320", f"Invalid billable status: {status}", element="BillableStatus")
    record["BillableStatus"] = status


def _check_person(call: Call, record: Record) -> None:
    name_of = record.get("NameOf")
    if name_of not in PERSON_REFS:
        raise QuickBooksFault("6300", "NameOf must be Employee or Vendor.", element="NameOf")
    wanted = PERSON_REFS[name_of]
    given = [name for name in PERSON_REFS.values() if record.get(name) is not None]
    if given != [wanted]:
        detail = f"Exactly one of EmployeeRef and VendorRef is needed, matching NameOf {name_of}."
        raise QuickBooksFault("6290", detail, element=wanted)
    record.pop("OtherNameRef", None)
    key = record[wanted]["value"]
    is_other = key not in call.company.records[name_of] and any(key in call.company.records[e] for e in PEOPLE)
    if not is_other:
        referred(call, record, wanted, name_of)
    elif call.switches["employeeref_type_check"] == "strict":
        raise bad_reference(wanted, str(call.switches["inactive_ref_error"]))
    else:
        record["NameOf"], record["OtherNameRef"] = "Other", record.pop(wanted)


def _check_customer(call: Call, record: Record) -> None:
    if referred(call, record, "CustomerRef", "Customer") is None and record["BillableStatus"] == "Billable":
        raise QuickBooksFault("6310", "Billable time needs a customer.", element="CustomerRef")


def _check_money(record: Record) -> None:
    rate = record.get("HourlyRate")
    if rate is None and record["BillableStatus"] == "Billable":
        raise QuickBooksFault("6330", "Billable time needs an hourly rate.", element="HourlyRate")
    for name in ("HourlyRate", "CostRate"):
        if record.get(name) is not None and not 0 <= record[name] <= MOST_MONEY:
            raise QuickBooksFault("6330", f"{name} is out of range: {record[name]}", element=name)
    record["HourlyRate"] = rate or 0


def _check_item(call: Call, record: Record) -> None:
    item = referred(call, record, "ItemRef", "Item")
    if item is None:
        default = default_item(call.company) if call.switches["default_time_item"] else None
        if default is not None:
            record["ItemRef"] = {"value": default}
    elif item.get("Type") != "Service":
        raise bad_reference("ItemRef")


def default_item(company: Company) -> str | None:
    """Return the company's item for time without one: the preference's, else the active item Hours."""
    preferred = company.preferences["TimeTrackingPrefs"].get("DefaultTimeItem")
    if preferred:
        return str(preferred["value"])
    items = company.records["Item"].values()
    return next((item["Id"] for item in items if item["Name"] == "Hours" and item.get("Active", True)), None)


def _check_tracking(call: Call, record: Record) -> None:
    """Refuse classes and locations where the company does not track them."""
    accounting = call.company.preferences["AccountingInfoPrefs"]
    for name, entity, setting in (
        ("ClassRef", "Class", "ClassTrackingPerTxn"),
        ("DepartmentRef", "Department", "TrackDepartments"),
    ):
        if referred(call, record, name, entity) is not None and not accounting.get(setting):
            raise QuickBooksFault("5030", f"Feature Not Supported Error : {name}", element=name)
