"""What QuickBooks' refusal of an entry means in words, and who resolves it where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.quickbooks.faults import TIME_MEANINGS, Meaning
from syncjobs.rules.reasons import WORDINGS

CODE = "QUICKBOOKS_REFUSED"
UNKNOWN = Meaning("", WORDINGS[CODE].resolve_in, WORDINGS[CODE].fix)


def meaning(code: str) -> Meaning:
    """Return what Intuit's code means; one that is not known stays with support."""
    return TIME_MEANINGS.get(code, UNKNOWN)


def of_row(row: Mapping[str, Any]) -> Meaning | None:
    """Return the meaning of a stored reason; None where it is no refusal."""
    return meaning(str(row.get("error") or "")) if row.get("code") == CODE else None
