"""References from one record to another, which must point to an active one."""

from __future__ import annotations

from sandbox.quickbooks.call import Call
from sandbox.quickbooks.checks.body import bad_reference
from sandbox.quickbooks.companies.company import Record


def referred(call: Call, record: Record, name: str, entity: str) -> Record | None:
    """Return the active record that a property points to; None when the property is absent.

    Raise QuickBooksFault 2500 or 610 (switch inactive_ref_error) if it points to none or an inactive one.
    """
    ref = record.get(name)
    if ref is None:
        return None
    target = call.company.records[entity].get(ref["value"])
    if target is None or not target.get("Active", True):
        raise bad_reference(name, str(call.switches["inactive_ref_error"]))
    return target
