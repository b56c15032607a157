"""The only reader of the vendors' JSON: what it returns is shallow, finite, and small enough to keep in memory."""

from __future__ import annotations

import json
import math
from typing import Any

# The vendors' own records are about ten levels deep; a hundred still fit Python's stack wherever they are handled.
MAX_DEPTH = 100
# Commas and brackets, of which each value needs one. A page of 1000 records has about a hundred thousand; without the
# limit, 32 MiB of `{},{},…` would become 700 MB of objects.
MAX_SEPARATORS = 2_000_000


def parse(content: bytes) -> Any:
    """Return the value in an answer's body. Raises ValueError for no JSON, and for too deep or too many values.

    Numbers that are not finite (NaN, 1e400) become None: no database stores them, and one bad field must not cost the
    other records of its page.
    """
    if sum(map(content.count, (b",", b"[", b"{"))) > MAX_SEPARATORS:
        raise ValueError("too many values")
    try:
        value = json.loads(content, parse_float=_finite, parse_constant=_none)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    # Level by level: recursion would meet the limit that this guards.
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH + 1):
        if not level:
            return value
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]
    raise ValueError("nested too deeply")


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _none(_: str) -> None:
    return None
