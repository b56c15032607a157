"""Meanings of QuickBooks' answers for the next step, and for names that are written (Intuit: error codes, throttling).

Every code that decides something is defined here and nowhere else; what a refused time activity says to users is in
`syncjobs.rules.refusals`. The status counts before the code, since gateways
answer with codes of their own in outages. An answer that is not in the table is `Unexpected`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.errors import (
    CODE_LENGTH,
    TID_LENGTH,
    AccessRefused,
    ApiError,
    Gone,
    NoAnswer,
    ReconnectNeeded,
    Rejected,
    TryLater,
    Unexpected,
    quoted_words,
)
from integrations.http import bounded_json

THROTTLED_CODES = {"3001", "003001"}
TOKEN_CODES = {"100", "110", "120", "3200"}
# "No access to the company": of the connecting user (120), or of this app (3100).
USER_WITHOUT_ACCESS_CODE = "120"
APP_WITHOUT_ACCESS_CODE = "3100"
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
# The company's plan, settings or user do not allow it: entering time, or a class or location on it.
FEATURE_CODES = {"5020", "5030"}
# Under 400 and 200 these say nothing about the record, and nothing certain about the connection either.
TROUBLE_CODES = TOKEN_CODES | {APP_WITHOUT_ACCESS_CODE} | BUSY_CODES | BROKEN_CODES


# Refusals of an employee, vendor or customer that a person wanted to create, reactivate or rename.
NAME_WORDS = {
    NAME_TAKEN_CODE: "another customer, vendor or employee has this name",
    STALE_CODE: "someone just changed the record; try again",
    "6150": "a sub-customer needs its parent",
    "6180": "names can only be nested five levels deep",
    "6190": "the subscription has ended",
    "610": "the record, or its parent, is gone or inactive",
    "2500": "the parent is gone or inactive",
    "2040": "the name has a character that QuickBooks does not accept",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """The first error of a fault. Empty: QuickBooks gave no code, no text, or no type."""

    code: str = ""
    text: str = ""
    type: str = ""


def read_answer(status: int, headers: Mapping[str, str], content: bytes, *, after: float | None) -> ApiError | None:
    """Return the error in an answer, or None: by status first, and under 2xx and 400 by the fault's code.

    `after`: the seconds of a Retry-After header.
    """
    body = _parse(content)
    fault = _first_error(body)
    code = fault.code if fault else ""
    details: dict[str, Any] = {"vendor": "quickbooks", "code": code, "status": status}
    details["tid"] = quoted_words(headers.get("intuit_tid", ""), TID_LENGTH)
    if status == 429:
        return TryLater("QuickBooks' request limit is reached.", after=after, **details)
    if status >= 500:
        return NoAnswer(f"QuickBooks answered {status}{_in_brackets(fault)}.", **details)
    if status in {401, 403}:
        return _access_refused(status, fault, by_vendor=isinstance(body, Mapping), details=details)
    if 200 <= status < 300:
        if not isinstance(body, Mapping):
            return Unexpected("QuickBooks' answer is no JSON object.", **details)
        return _by_code(fault, after=after, details=details) if fault else None
    if status == 400 and fault:
        return _by_code(fault, after=after, details=details)
    return Unexpected(f"QuickBooks answered {status} in a form that is not known.", **details)


def read_item(item: Mapping[str, Any], *, tid: str) -> ApiError | None:
    """Return the error in one item of a batch's answer, where faults come under a status of 200."""
    fault = _first_error(item)
    if fault is None:
        return None
    details: dict[str, Any] = {"vendor": "quickbooks", "code": fault.code, "status": 200, "tid": tid}
    return _by_code(fault, after=None, details=details)


def _by_code(fault: Fault, *, after: float | None, details: Mapping[str, Any]) -> ApiError:
    code = fault.code
    if code in THROTTLED_CODES:
        return TryLater("QuickBooks' request limit is reached.", after=after, **details)
    if not code:
        return Unexpected(f"QuickBooks gave an error without a code{_in_brackets(fault)}.", **details)
    if code in TROUBLE_CODES or fault.type.lower().startswith("system"):
        return NoAnswer(f"QuickBooks has trouble{_in_brackets(fault)}.", **details)
    if code == NOT_FOUND_CODE:
        return Gone(fault.text or "no reason given", **details)
    return Rejected(fault.text or "no reason given", **details)


def _access_refused(status: int, fault: Fault | None, *, by_vendor: bool, details: Mapping[str, Any]) -> AccessRefused:
    """Return the error of a 401 or 403. The gateway's text may quote the token, so that it is never shown."""
    code = fault.code if fault else ""
    if code == USER_WITHOUT_ACCESS_CODE and fault and fault.text:
        message = fault.text
    elif status == 401:
        message = "QuickBooks does not accept this company's token."
    else:
        message = (
            "QuickBooks does not give this app access to the company (wrong company, or production and sandbox mixed)."
        )
    fix = "Connect QuickBooks again as a company admin"
    fix += ", and check QUICKBOOKS_API_URL." if status == 403 else "."
    return AccessRefused(
        f"QuickBooks refused this call ({status}{f', code {code}' if code else ''}).",
        lost=ReconnectNeeded(message, fix=fix, **details),
        by_vendor=by_vendor,
        **details,
    )


def _parse(content: bytes) -> Any:
    """Return what the JSON holds; None for anything else."""
    try:
        return bounded_json.parse(content)
    except ValueError:
        return None


def _first_error(body: Any) -> Fault | None:
    """Return the first error, in either envelope: {"Fault": …} or the gateway's {"fault": …}; None without one."""
    if not isinstance(body, Mapping):
        return None
    envelope = body.get("Fault") if body.get("Fault") is not None else body.get("fault")
    if envelope is None:
        return None
    if not isinstance(envelope, Mapping):
        return Fault()
    errors = envelope.get("Error") or envelope.get("error")
    listed = errors if isinstance(errors, list) else [errors]
    first = next((error for error in listed if isinstance(error, Mapping)), {})
    message, detail = (quoted_words(first.get(name) or first.get(name.lower())) for name in ("Message", "Detail"))
    text = f"{message}: {detail}" if message and detail and message not in detail else detail or message
    code = first.get("code")
    if isinstance(code, int) and not isinstance(code, bool):
        code = str(code)
    return Fault(quoted_words(code, CODE_LENGTH), quoted_words(text), quoted_words(envelope.get("type")))


def _in_brackets(fault: Fault | None) -> str:
    """Return ` (code: text)` of a fault; without the text where it may quote the token."""
    if fault is None:
        return ""
    text = "" if fault.code in TOKEN_CODES else fault.text
    shown = ": ".join(part for part in (fault.code, text) if part)
    return f" ({shown})" if shown else ""
