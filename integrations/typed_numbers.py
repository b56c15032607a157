"""Whole numbers and days in addresses and forms, which anybody may have typed. Pure."""

from __future__ import annotations

from datetime import date

from integrations.reading.values import FIRST_YEAR, LAST_YEAR

# Digits of the largest key that a database column holds.
MAX_DIGITS = 18


def whole_number(text: str) -> int | None:
    """Return the number, None for anything that is not plain digits or no key of a row.

    Neither `str.isdigit` alone nor `int` would do: “²” is a digit, and Python refuses to read thousands of them.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def typed_day(text: str) -> date:
    """Return the day; raises ValueError for no day, or one of a year that nothing is read from.

    The calendar's own ends have no day before or after them.
    """
    day = date.fromisoformat(text)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(text)
    return day
