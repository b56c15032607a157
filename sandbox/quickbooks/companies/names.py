"""Names of list records: defaults, full names and levels, the " (deleted)" suffix, uniqueness."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

Record = dict[str, Any]
Records = dict[str, dict[str, Record]]  # by entity and id
SUFFIX = " (deleted)"
ANY_SUFFIX = re.compile(r" \(deleted(-\d+)?\)$")
PEOPLE = ("Customer", "Vendor", "Employee")
TREES = ("Customer", "Item", "Class", "Department", "Account")
NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
MAX_LEVEL = 4
# References that are kept as a bare value and shown with the name the record has now.
NAMED_REFS: dict[str, tuple[str, ...]] = {
    "EmployeeRef": ("Employee",),
    "VendorRef": ("Vendor",),
    "OtherNameRef": PEOPLE,
    "CustomerRef": ("Customer",),
    "ItemRef": ("Item",),
    "ClassRef": ("Class",),
    "DepartmentRef": ("Department",),
    "IncomeAccountRef": ("Account",),
    "ExpenseAccountRef": ("Account",),
}


def bare_refs(record: Record) -> Record:
    """Return the record with its references in stored form."""
    return {
        name: {"value": value["value"]} if name in NAMED_REFS and value else value for name, value in record.items()
    }


def name_field(entity: str) -> str:
    """Return the field that holds the record's own name."""
    return "DisplayName" if entity in PEOPLE else "Name"


def name_from_parts(record: Record) -> str:
    """Return Title Given Middle Family Suffix, Intuit's default DisplayName."""
    return " ".join(str(record[part]).strip() for part in NAME_PARTS if record.get(part))


def completed_name(records: Records, entity: str, record: Record, *, old: Record | None) -> Record:
    """Return the record with complete names: default DisplayName, deletion suffix, full name and level."""
    field = name_field(entity)
    record = dict(record)
    if not record.get(field):
        record[field] = name_from_parts(record) or record.get("CompanyName", "")
    own = record[field]
    if entity in PEOPLE and not record.get("PrintOnCheckName"):
        record["PrintOnCheckName"] = own
    was_active = old is None or old.get("Active", True)
    is_active = record.get("Active", True)
    if was_active and not is_active and not ANY_SUFFIX.search(own):
        record[field] = _inactive_name(records, entity, record, own)
    if is_active and not was_active:
        record[field] = ANY_SUFFIX.sub("", own)
    if entity in TREES:
        record.update(place(records, entity, record))
    return record


def _inactive_name(records: Records, entity: str, record: Record, own: str) -> str:
    """Return the name with the suffix of inactive records, numbered where another record has that name already."""
    field = name_field(entity)
    taken = {other[field] for other in records[entity].values() if other.get("Id") != record.get("Id")}
    names = (own + (f" (deleted-{number})" if number else SUFFIX) for number in count())
    return next(name for name in names if name not in taken)


def place(records: Records, entity: str, record: Record) -> Record:
    """Return FullyQualifiedName and Level below the parent; top records show no Level."""
    own = record[name_field(entity)]
    parent = parent_of(records, entity, record)
    if parent is None:
        return {"FullyQualifiedName": own, "Level": None}
    full_name = f"{parent['FullyQualifiedName']}:{own}"
    return {"FullyQualifiedName": full_name, "Level": (parent.get("Level") or 0) + 1}


def parent_of(records: Records, entity: str, record: Record) -> Record | None:
    """Return the parent record, if there is one."""
    key = str((record.get("ParentRef") or {}).get("value") or "")
    return records[entity].get(key) if key else None


def children_of(records: Records, entity: str, key: str) -> list[Record]:
    """Return the records directly below a record."""
    return [record for record in records[entity].values() if (record.get("ParentRef") or {}).get("value") == key]


def full_name(record: Record) -> str:
    """Return the name a record is unique by: the full one where the entity has it."""
    return record.get("FullyQualifiedName") or record.get("DisplayName") or record.get("Name") or ""


def taken_by(records: Records, entity: str, record: Record, *, by_display_name: bool) -> Record | None:
    """Return another record with that name, case ignored; customers, vendors, employees share a name space."""
    entities = PEOPLE if entity in PEOPLE else (entity,)
    wanted = _key(record, by_display_name=by_display_name)
    for other_entity in entities:
        for other in records[other_entity].values():
            same_record = other_entity == entity and other["Id"] == record.get("Id")
            if not same_record and _key(other, by_display_name=by_display_name) == wanted:
                return other
    return None


def _key(record: Record, *, by_display_name: bool) -> str:
    name = record.get("DisplayName") if by_display_name else None
    return (name or full_name(record)).strip().casefold()
