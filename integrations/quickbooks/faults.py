"""Meanings of Intuit's error codes: the next step, and messages for users (Intuit: error codes, throttling).

Every code that decides something is defined here and nowhere else. An unknown code is a refusal of that record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.errors import ApiError, Gone, NoAnswer, ReconnectNeeded, Rejected, TryLater, Unexpected

THROTTLED_CODES = {"3001", "003001"}
TOKEN_CODES = {"100", "110", "120", "3200"}
BUSY_CODES = {"130", "140", "150"}
BROKEN_CODES = {"10000", "10100", "10200", "4002"}

NOT_FOUND_CODE = "610"
STALE_CODE = "5010"
NAME_TAKEN_CODE = "6240"
# A business rule of QuickBooks refused the write; for an update or delete: the time was billed meanwhile.
BUSINESS_RULE_CODE = "6000"
# "Duplicate request id", and the free-text refusal that was observed for a repeated id.
DUPLICATE_ID_CODES = {"600", BUSINESS_RULE_CODE, "2130"}
BOOKS_CLOSED_CODES = {"6200", "6210"}
# A reference that QuickBooks does not know, or that became inactive.
BAD_REFERENCE_CODES = {NOT_FOUND_CODE, "2500", "6250"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """A refusal explained to users. `resolve_in`: clockify, quickbooks, here, wait or support."""

    words: str
    resolve_in: str
    fix: str


_REACTIVATE = "Reactivate it in QuickBooks, or link another partner here; the next run tries again."
# Refusals of a time activity.
TIME_MEANINGS = {
    "610": Meaning("the person, customer or service is gone or inactive.", "quickbooks", _REACTIVATE),
    "2500": Meaning("the person, customer or service is missing or inactive.", "quickbooks", _REACTIVATE),
    "6250": Meaning("the person, customer or service is missing or inactive.", "quickbooks", _REACTIVATE),
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
        "The next run reads it again and decides then.",
    ),
}
# Refusals of an employee, vendor or customer that a person wanted to create, reactivate or rename.
NAME_WORDS = {
    NAME_TAKEN_CODE: "another customer, vendor or employee has this name",
    STALE_CODE: "somebody changed the record just now; press again",
    "6150": "a sub-customer needs its parent",
    "6180": "names can only be nested five levels deep",
    "6190": "the subscription has ended",
    "610": "the record, or its parent, is gone or inactive",
    "2500": "the parent is gone or inactive",
    "2040": "the name has a sign that QuickBooks does not take",
}


def read_answer(status: int, headers: Mapping[str, str], content: bytes, *, after: float | None) -> ApiError | None:
    """Return the error in an answer, by fault code first, then by status; a 200 may carry a fault as well.

    `after`: the seconds of a Retry-After header.
    """
    tid = headers.get("intuit_tid", "")
    try:
        fault = _first_error(json.loads(content))
    except ValueError:
        fault = None
    if fault is None:
        return _classify_by_status(status, headers, after=after, tid=tid)
    return _classify(*fault, status=status, after=after, tid=tid)


def read_item(item: Mapping[str, Any], *, tid: str) -> ApiError | None:
    """Return the error in one item of a batch's answer, where faults come under a status of 200."""
    fault = _first_error(item)
    return _classify(*fault, status=200, after=None, tid=tid) if fault else None


def _classify(code: str, message: str, *, status: int, after: float | None, tid: str) -> ApiError:
    details: dict[str, Any] = {"vendor": "quickbooks", "code": code, "status": status, "tid": tid}
    if status == 429 or code in THROTTLED_CODES:
        return TryLater("QuickBooks' request limit is reached.", after=after, **details)
    if status == 401 or code in TOKEN_CODES:
        # The gateway's text may quote the token, so it is never shown. 120 alone means that the connecting user lost
        # access.
        shown_message = message if code == "120" else "QuickBooks does not accept this company's token."
        details["status"] = 401 if code != "120" else status
        return ReconnectNeeded(shown_message, fix="Connect QuickBooks again as a company admin.", **details)
    if status == 403 or code == "3100":
        return ReconnectNeeded(
            "QuickBooks does not let this app into the company (wrong company, or production and sandbox mixed).",
            fix="Connect QuickBooks again, and check QUICKBOOKS_API_URL.",
            **details,
        )
    if code in BUSY_CODES or status >= 500 or code in BROKEN_CODES:
        return NoAnswer(f"QuickBooks has trouble ({code}: {message}).", **details)
    if code == NOT_FOUND_CODE:
        return Gone(message, **details)
    return Rejected(message, **details)


def _classify_by_status(status: int, headers: Mapping[str, str], *, after: float | None, tid: str) -> ApiError | None:
    details: dict[str, Any] = {"vendor": "quickbooks", "status": status, "tid": tid}
    if status == 429:
        return TryLater("QuickBooks' request limit is reached.", after=after, **details)
    if status >= 500:
        return NoAnswer(f"QuickBooks answered {status}.", **details)
    if status == 401:
        return ReconnectNeeded("QuickBooks does not accept this company's token.", **details)
    if status == 403:
        return ReconnectNeeded("QuickBooks does not let this app into the company.", **details)
    if status >= 300:
        return Unexpected(f"QuickBooks answered {status} in a form that is not known.", **details)
    if "json" not in headers.get("Content-Type", ""):
        return Unexpected("QuickBooks' answer is no JSON.", **details)
    return None


def _first_error(body: Any) -> tuple[str, str] | None:
    """Return code and message of the first error, in either envelope: {"Fault": …} or the gateway's {"fault": …}."""
    if not isinstance(body, Mapping):
        return None
    fault = body.get("Fault") or body.get("fault")
    if not isinstance(fault, Mapping):
        return None
    errors = fault.get("Error") or fault.get("error") or []
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], Mapping) else {}
    message = str(first.get("Message") or first.get("message") or "")
    detail = str(first.get("Detail") or first.get("detail") or "")
    full_message = f"{message}: {detail}" if message and detail and message not in detail else detail or message
    return str(first.get("code") or ""), full_message[:500] or "no reason given"
