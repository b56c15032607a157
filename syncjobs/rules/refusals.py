"""The meaning of QuickBooks' refusals of entries, and where each is resolved. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.quickbooks.faults import TIME_MEANINGS, Meaning
from syncjobs.rules.reasons import WORDINGS, is_given_up

CODE = "QUICKBOOKS_REFUSED"
UNKNOWN = Meaning("", WORDINGS[CODE].resolve_in, WORDINGS[CODE].fix)


def meaning(code: str) -> Meaning:
    """Return the meaning of an error code of Intuit's; unknown codes are for support."""
    return TIME_MEANINGS.get(code, UNKNOWN)


def of_row(row: Mapping[str, Any]) -> Meaning | None:
    """Return the meaning of a stored reason row, or None if it is no refusal by an answer."""
    if row.get("code") != CODE or is_given_up(row):
        return None
    return meaning(str(row.get("error") or ""))
