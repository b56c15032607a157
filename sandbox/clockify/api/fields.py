"""Checks of the fields of request bodies."""

from __future__ import annotations

from typing import Any

from sandbox.clockify.errors import bad_body, not_in_workspace, refused

Body = dict[str, Any]


def text(body: Body, name: str, *, longest: int, default: str = "") -> str:
    """Return a text without angle brackets, or raise 400/501."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise bad_body(f"{name} must be a string")
    if "<" in value or ">" in value:
        raise refused("Don't use < and > characters")
    if len(value) > longest:
        raise refused(f"{name} can be at most {longest} characters long")
    return value


def required_name(body: Body, *, shortest: int, longest: int) -> str:
    """Return the name of a client or project."""
    name = text(body, "name", longest=longest).strip()
    if len(name) < shortest:
        raise refused(f"Name has to be between {shortest} and {longest} characters long")
    return name


def flag(body: Body, name: str, default: bool) -> bool:
    value = body.get(name, default)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise bad_body(f"{name} must be a boolean")
    return value


def amount(body: Body, name: str, default: int | None) -> int | None:
    """Return a rate in minor units from `{"amount": 12500}`; null removes it."""
    if name not in body:
        return default
    value = body[name]
    if value is None:
        return None
    number = value.get("amount") if isinstance(value, dict) else value
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise bad_body(f"{name}.amount must be a whole number")
    return number


def known_id(body: Body, name: str, records: dict[str, Any], kind: str) -> str | None:
    """Return the id of a record of this workspace, or None; raise 400/501 for an unknown one."""
    value = body.get(name) or None
    if value is not None and value not in records:
        raise not_in_workspace(kind)
    return value
