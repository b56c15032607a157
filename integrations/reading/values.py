"""Values of a vendor's record, read by the type that each field has to have. Pure.

Null and missing mean empty. A wrong type, a text too long for its column or a number out of range is `Unreadable`:
what is mistyped never falls towards sending.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from integrations.http.bounded_json import UNREADABLE

# A record as its vendor sent it.
Raw = Mapping[str, Any]
# What a record says, as the columns of its row in our copy, by their names.
Columns = dict[str, Any]
# Widths of the columns that keep them (models.py of each vendor).
ID_LENGTH, NAME_LENGTH, EMAIL_LENGTH, TOKEN_LENGTH = 64, 500, 320, 32
# Time that people track lies between these years; others overflow when a time zone is applied.
FIRST_YEAR, LAST_YEAR = 1990, 2199


class Unreadable(ValueError):
    """A record that can't be read, with one field and what is wrong with it; the message is safe to show."""


def record(value: Any) -> Raw:
    """Return a record of a list. Raises Unreadable for anything but an object."""
    if not isinstance(value, Mapping) or UNREADABLE in value:
        raise Unreadable(f"it is {_kind(value)} instead of a record")
    return value


def text(raw: Raw, name: str, *, longest: int | None = None) -> str:
    """Return a text, "" for none."""
    value = raw.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"{name} is {_kind(value)} instead of a text")
    if longest is not None and len(value) > longest:
        raise Unreadable(f"{name} has {len(value):,} characters, {longest} are the most")
    return value


def identifier(raw: Raw, *names: str) -> str:
    """Return the first of these ids that is not empty. Raises Unreadable without one."""
    for name in names:
        value = text(raw, name, longest=ID_LENGTH)
        if value:
            return value
    raise Unreadable(f"it has no {names[0]}")


def flag(raw: Raw, name: str) -> bool:
    """Return a yes or no, False for none."""
    value = raw.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise Unreadable(f"{name} is {_kind(value)} instead of true or false")


def nested(raw: Raw, name: str) -> Raw:
    """Return an object within the record, an empty one for none."""
    value = raw.get(name)
    if value is None or value == "":
        return {}
    if not isinstance(value, Mapping) or UNREADABLE in value:
        raise Unreadable(f"{name} is {_kind(value)} instead of an object")
    return value


def number(raw: Raw, name: str, *, below: int) -> Decimal | None:
    """Return a number from 0 to `below`, None for none; never of a text or of true."""
    value = raw.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable(f"{name} is {_kind(value)} instead of a number")
    # Through text, which keeps the digits of the answer.
    amount = Decimal(str(value))
    if not 0 <= amount < below:
        raise Unreadable(f"{name} is {_shown(value)}, which is out of range")
    return amount


def instant(raw: Raw, name: str) -> datetime | None:
    """Return an instant in UTC, without fractions of a second; None for none. Without an offset it is UTC."""
    value = text(raw, name)
    if not value:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise Unreadable(f"{name} is {_shown(value)}, which is no time") from None
    if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
        raise Unreadable(f"{name} is {_shown(value)}, which is out of range")
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return parsed.astimezone(UTC).replace(microsecond=0)


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"“{value[UNREADABLE]}”" if UNREADABLE in value else "an object"
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "a list" if isinstance(value, list) else "a text" if isinstance(value, str) else "a number"


def _shown(value: object) -> str:
    written = str(value)
    return f"“{written if len(written) <= 40 else written[:39] + '…'}”"
