"""Rules for every list name: characters, depth below the parent, uniqueness."""

from __future__ import annotations

from sandbox.quickbooks.call import Call
from sandbox.quickbooks.companies.company import Record
from sandbox.quickbooks.companies.names import MAX_LEVEL, children_of, completed_name, parent_of, taken_by
from sandbox.quickbooks.errors import QuickBooksFault

FORBIDDEN = (":", "\t", "\n", "\r")


def check_characters(call: Call, field: str, value: str | None) -> None:
    """Refuse a colon, which would read as a level of the full name, and tabs and line breaks."""
    if value and any(sign in value for sign in FORBIDDEN):
        code = str(call.switches["forbidden_name_error"])
        raise QuickBooksFault(code, f"{field} must not contain a colon, tab or new line: {value}", element=field)


def check_place(call: Call, entity: str, record: Record) -> None:
    """Refuse a record that is its own ancestor (900), and more than five levels (6180)."""
    level, above = 0, parent_of(call.company.records, entity, record)
    while above is not None:
        if above["Id"] == record.get("Id"):
            raise QuickBooksFault("900", "Parent can not be itself or one of its children.", element="ParentRef")
        level, above = level + 1, parent_of(call.company.records, entity, above)
    if level + _depth(call, entity, record.get("Id")) > MAX_LEVEL:
        raise QuickBooksFault("6180", "You can only nest names five levels deep.", element="ParentRef")


def _depth(call: Call, entity: str, key: str | None) -> int:
    children = children_of(call.company.records, entity, key) if key else []
    return 1 + max(_depth(call, entity, child["Id"]) for child in children) if children else 0


def check_unique(call: Call, entity: str, record: Record, *, old: Record | None) -> None:
    """Refuse the name of another record (6240), whatever the case, inactive ones (with suffix) included."""
    named = completed_name(call.company.records, entity, record, old=old)
    by_display_name = call.switches["unique_names"] == "displayname"
    if taken_by(call.company.records, entity, named, by_display_name=by_display_name) is not None:
        raise QuickBooksFault("6240", "The name supplied already exists. : null")
