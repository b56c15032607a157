"""Read, create, update and delete of one record, the same for single calls and batch items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.quickbooks.call import Call
from sandbox.quickbooks.checks import items, people, timeactivity
from sandbox.quickbooks.checks.body import missing, unsupported, writable
from sandbox.quickbooks.checks.fields import FIELDS
from sandbox.quickbooks.companies.company import Record
from sandbox.quickbooks.companies.company_file import has_lapsed
from sandbox.quickbooks.errors import QuickBooksFault, gone
from sandbox.quickbooks.present import presented

CHECKS: dict[str, Callable[..., Record]] = {
    "Customer": people.check_customer,
    "Vendor": people.check_vendor,
    "Employee": people.check_employee,
    "Item": items.check_item,
    "Class": items.check_class,
    "Department": items.check_department,
    "TimeActivity": timeactivity.check,
}
WRITABLE = tuple(CHECKS)
# A full update nulls what it leaves out, but these are not the caller's to null.
KEPT = ("CurrencyRef", "PrintOnCheckName", "DefaultTaxCodeRef", "SSN", "TaxIdentifier")


def read(call: Call, entity: str, key: str) -> Record:
    """Return one record, inactive ones included; 610 when there is none."""
    if not key.isdigit():
        raise _bad_id(key)
    record = call.company.records[entity].get(key)
    if record is None:
        raise gone()
    return presented(call.company, entity, record)


def write(call: Call, entity: str, body: Any) -> Record:
    """Create without Id, update with one, or raise QuickBooksFault."""
    check_subscription(call)
    fields = writable(entity, body)
    if body.get("Id") in (None, ""):
        record = CHECKS[entity](call, _given(fields), old=None)
        stored = call.company.put(entity, _given(record))
    else:
        stored = _update(call, entity, body, fields)
    return presented(call.company, entity, stored)


def _update(call: Call, entity: str, body: Record, fields: Record) -> Record:
    old = _addressed(call, entity, body)
    if body.get("sparse") is True:
        _check_sparse(call, entity)
        record = timeactivity.merged(old, fields) if entity == "TimeActivity" else {**old, **fields}
    else:
        kept = {name: old[name] for name in old if FIELDS[entity][name].kind == "server" or name in KEPT}
        record = {**kept, **_with_defaults(entity, fields), "Id": old["Id"]}
    record = CHECKS[entity](call, record, old=old)
    return call.company.replace(entity, old, record)


def delete(call: Call, entity: str, body: Any) -> Record:
    """Remove a TimeActivity for good; list records cannot be deleted."""
    check_subscription(call)
    if entity != "TimeActivity":
        raise QuickBooksFault("500", f"Operation delete is not supported for {entity}.", element=None)
    writable(entity, body)
    old = _addressed(call, entity, body)
    timeactivity.check_feature(call)
    timeactivity.check_not_billed(call, old, switch="delete_billed", verb="deleted")
    timeactivity.check_open(call, old["TxnDate"])
    call.company.remove(entity, old["Id"])
    return {"domain": "QBO", "status": "Deleted", "Id": old["Id"]}


def check_subscription(call: Call) -> None:
    """Refuse any write once the subscription has lapsed (6190)."""
    if has_lapsed(call.company):
        reason = "Subscription period has ended or canceled or there was a billing problem"
        raise QuickBooksFault("6190", f"Invalid Company Status : {reason} : You can't add data to QuickBooks.")


def check_readable(call: Call) -> None:
    """Refuse reads of a lapsed company too, if the switch says so; no source settles it."""
    if not call.switches["lapsed_reads"]:
        check_subscription(call)


def _check_sparse(call: Call, entity: str) -> None:
    switch = {"TimeActivity": "sparse_timeactivity_allowed", "Employee": "employee_sparse_allowed"}.get(entity)
    if switch and not call.switches[switch]:
        raise unsupported("sparse", entity)


def _given(fields: Record) -> Record:
    return {name: value for name, value in fields.items() if value is not None}


def _with_defaults(entity: str, fields: Record) -> Record:
    defaults = {name: field.default for name, field in FIELDS[entity].items() if field.default is not None}
    return {**defaults, **_given(fields)}


def _addressed(call: Call, entity: str, body: Record) -> Record:
    """Return the record that an update or delete means, if its SyncToken is current."""
    key = body.get("Id")
    if key in (None, ""):
        raise missing("Id")
    if not str(key).isdigit():
        raise _bad_id(key)
    old = call.company.records[entity].get(str(key))
    if old is None:
        raise gone()
    token = body.get("SyncToken")
    if token in (None, ""):
        raise missing("SyncToken")
    if str(token) != old["SyncToken"]:
        reason = "were working on this at the same time. sandbox@example.com finished before you did"
        detail = f"Stale Object Error : You and sandbox@example.com {reason}, so your work was not saved."
        raise QuickBooksFault("5010", detail)
    return old


def _bad_id(key: object) -> QuickBooksFault:
    detail = f"Id should be a valid number. Supplied value:{key}"
    return QuickBooksFault("2030", detail, element="Id", with_time=False)
