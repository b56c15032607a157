"""What QuickBooks' refusals of time mean in other words, and who can mend each where. Pure.

The codes are Intuit's (error codes of the accounting API); one that is not known here stays with support.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syncjobs.rules.reasons import WORDINGS

CODE = "QUICKBOOKS_REFUSED"


@dataclass(frozen=True, slots=True)
class Meaning:
    """`fix_in` as in `reasons.Wording`."""

    words: str
    fix_in: str
    fix: str


REACTIVATE = "Reactivate it in QuickBooks, or link another partner here; the next run tries again."
UNKNOWN = Meaning("", WORDINGS[CODE].fix_in, WORDINGS[CODE].fix)
MEANINGS = {
    "610": Meaning("the person, customer or service is gone or inactive.", "quickbooks", REACTIVATE),
    "2500": Meaning("the person, customer or service is missing or inactive.", "quickbooks", REACTIVATE),
    "6250": Meaning("the person, customer or service is missing or inactive.", "quickbooks", REACTIVATE),
    "2050": Meaning(
        "a text is longer than QuickBooks takes.",
        "clockify",
        "Shorten the description in Clockify; the next run tries again.",
    ),
    "6330": Meaning(
        "it does not take the hourly rate.",
        "clockify",
        "Correct the rate in Clockify; the next run tries again.",
    ),
    "6190": Meaning(
        "the company's subscription does not allow changes.",
        "quickbooks",
        "Renew or change the subscription in QuickBooks, then check the plan again.",
    ),
    "5010": Meaning(
        "somebody changed the activity at the same moment.",
        "wait",
        "The next run reads it again and decides anew.",
    ),
}


def meaning(code: str) -> Meaning:
    return MEANINGS.get(code, UNKNOWN)


def of_row(row: Mapping[str, Any]) -> Meaning | None:
    """Of a stored reason; None where it is another than a refusal."""
    return meaning(str(row.get("error") or "")) if row.get("code") == CODE else None
