"""Checks of request bodies: known properties of the right type and length (faults 2010 to 2230)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sandbox.quickbooks.checks.fields import FIELDS, Field
from sandbox.quickbooks.companies.company import Record
from sandbox.quickbooks.errors import QuickBooksFault


def unsupported(name: str, entity: str) -> QuickBooksFault:
    """Return fault 2010 with the text of Intuit's parser."""
    detail = f'Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{entity}), not marked as ignorable'
    return QuickBooksFault("2010", f"Property Name:{detail} specified is unsupported or invalid", element=None)


def missing(name: str) -> QuickBooksFault:
    """Return fault 2020 for a required property that was left out."""
    return QuickBooksFault("2020", f"Required parameter {name} is missing in the request", element=name)


def bad_reference(name: str, code: str = "2500") -> QuickBooksFault:
    """Return the fault for a reference to a missing record, or to an inactive one."""
    if code == "610":
        text = "has been made inactive. Check the fields with accounts, customers, items, vendors or employees."
        return QuickBooksFault("610", f"Object Not Found : Something you're trying to use {text}", element=name)
    return QuickBooksFault("2500", f"Invalid Reference Id : {name} is missing or has been made inactive", element=name)


def writable(entity: str, body: Any) -> Record:
    """Return the body's writable properties in stored form; None stands for null and empty text.

    Raise QuickBooksFault for what Intuit would not take. Server-owned properties are left out.
    """
    if not isinstance(body, dict):
        raise unsupported("", entity)
    fields, clean = FIELDS[entity], {}
    for name, value in body.items():
        field = fields.get(name)
        if field is None:
            raise unsupported(name, entity)
        if name in ("Id", "SyncToken") or field.kind == "server":
            continue
        clean[name] = None if value is None or value == "" else _checked(name, field, value)
    return clean


def _checked(name: str, field: Field, value: Any) -> Any:
    return _CHECKS[field.kind](name, field, value)


def _check_text(name: str, field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise QuickBooksFault("2010", f"Property Name:{name} specified is unsupported or invalid", element=name)
    supplied = len(value.encode("utf-16-le", "surrogatepass")) // 2
    if field.limit and supplied > field.limit:
        limits = f"Min:0 Max:{field.limit} Supplied length:{supplied}"
        detail = "String length is either shorter or longer than supported by specification."
        raise QuickBooksFault("2050", f"{detail} {limits}", element=name)
    return value


def _check_int(name: str, field: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise QuickBooksFault("2090", f"Invalid Number : {name} should be a whole number: {value}", element=name)
    return value


def _check_decimal(name: str, field: Field, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise QuickBooksFault("2090", f"Invalid Number : {name} should be a number: {value}", element=name)
    return value


def _check_bool(name: str, field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise QuickBooksFault("2230", f"Invalid Boolean : {name} should be true or false: {value}", element=name)
    return value


def _check_date(name: str, field: Field, value: Any) -> str:
    try:
        if len(value) != 10:
            raise ValueError(value)
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise QuickBooksFault("2060", f"Invalid Date : {name} should be YYYY-MM-DD: {value}", element=name) from None


def _check_enum(name: str, field: Field, value: Any) -> str:
    if value not in field.choices:
        raise QuickBooksFault("2170", f"Invalid Enumeration : {value}", element=name)
    return str(value)


def _check_ref(name: str, field: Field, value: Any) -> dict[str, str]:
    """Keep only the value of a reference; answers always show the current name."""
    if not isinstance(value, dict) or set(value) - {"value", "name", "type"}:
        raise QuickBooksFault("2010", f"Property Name:{name} specified is unsupported or invalid", element=name)
    key = value.get("value")
    if isinstance(key, bool) or not isinstance(key, str | int) or not str(key):
        raise bad_reference(name)
    return {"value": str(key)}


def _check_shape(name: str, field: Field, value: Any) -> Any:
    wanted = dict if field.kind == "object" else list
    if not isinstance(value, wanted):
        raise QuickBooksFault("2010", f"Property Name:{name} specified is unsupported or invalid", element=name)
    return value


_CHECKS = {
    "text": _check_text,
    "datetime": _check_text,
    "int": _check_int,
    "decimal": _check_decimal,
    "bool": _check_bool,
    "date": _check_date,
    "enum": _check_enum,
    "ref": _check_ref,
    "object": _check_shape,
    "list": _check_shape,
}
