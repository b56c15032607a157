"""The only reader of the vendors' JSON: what it returns is shallow, small enough to keep, and fit for any database.

One value that can't be kept costs its own field alone. A number that is not finite and a text that is not Unicode
become an object with the key UNREADABLE, which is the wrong type wherever a value is needed (`reading.values`).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

# The vendors' own records are about ten levels deep; a hundred still fit Python's stack wherever they are handled.
MAX_DEPTH = 100
# Commas and brackets, of which each value needs one. A page of 1000 records has about a hundred thousand; without the
# limit, 32 MiB of `{},{},…` would become 700 MB of objects.
MAX_SEPARATORS = 2_000_000
# The one key of a value that can't be kept; its own value is what the vendor wrote, made printable.
UNREADABLE = "unreadable"
# Python refuses to make a number of more digits, which would cost the whole answer.
LONG_NUMBER = re.compile(rb"\d{300}")
# Escapes of a NUL, which PostgreSQL stores in no text, or of half a character pair.
ODD_ESCAPE = re.compile(rb"\\u(0000|[dD][89a-fA-F])")


def parse(content: bytes) -> Any:
    """Return the value in an answer's body. Raises ValueError for no JSON, and for too deep or too many values."""
    if sum(map(content.count, (b",", b"[", b"{"))) > MAX_SEPARATORS:
        raise ValueError("too many values")
    text, is_odd = _decode(content)
    # Python's own reader of whole numbers is much faster than a function of ours.
    whole = _whole if LONG_NUMBER.search(content) else None
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_unreadable, parse_int=whole)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _check_depth(value)
    return _clean(value) if is_odd else value


def _decode(content: bytes) -> tuple[str, bool]:
    """Return the text, and whether it may hold characters that no database stores."""
    try:
        return content.decode("utf-8-sig"), ODD_ESCAPE.search(content) is not None
    except UnicodeDecodeError:
        # Bytes that are no UTF-8 become halves of character pairs, which are found with those that were escaped.
        return content.decode("utf-8", "surrogateescape"), True


def _check_depth(value: Any) -> None:
    # Level by level: recursion would meet the limit that this guards.
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH + 1):
        if not level:
            return
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]
    raise ValueError("nested too deeply")


def _clean(value: Any) -> Any:
    """Return the value without NUL, and with each text that is not Unicode replaced."""
    if isinstance(value, dict):
        return {_printable(name): _clean(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_clean(child) for child in value]
    if not isinstance(value, str):
        return value
    text = value.replace("\0", "")
    return text if _is_unicode(text) else _unreadable(text)


def _printable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _finite(text: str) -> Any:
    number = float(text)
    return number if math.isfinite(number) else _unreadable(text)


def _whole(text: str) -> Any:
    return int(text) if len(text) < 300 else _unreadable(text)


def _unreadable(text: str) -> dict[str, str]:
    return {UNREADABLE: _printable(text[:100])}
