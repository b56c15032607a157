"""Whole numbers in addresses and forms, which anybody may have typed. Pure."""

from __future__ import annotations

# Digits of the largest key that a database column holds.
MAX_DIGITS = 18


def whole_number(text: str) -> int | None:
    """Return the number, None for anything that is not plain digits or no key of a row.

    Neither `str.isdigit` alone nor `int` would do: “²” is a digit, and Python refuses to read thousands of them.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None
