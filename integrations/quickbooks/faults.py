"""QuickBooks' refusals, sorted by what to do next (Intuit: error codes, throttling)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import requests

from integrations import http
from integrations.errors import ApiError, Gone, NoAnswer, ReconnectNeeded, Rejected, TryLater, Unexpected

THROTTLED_CODES = {"3001", "003001"}
TOKEN_CODES = {"100", "110", "120", "3200"}
BUSY_CODES = {"130", "140", "150"}
BROKEN_CODES = {"10000", "10100", "10200", "4002"}


def read_answer(answer: requests.Response) -> ApiError | None:
    """QuickBooks' answers by fault code first, then by status. A 200 may carry a fault as well."""
    tid = answer.headers.get("intuit_tid", "")
    try:
        fault = _fault(json.loads(answer.content))
    except ValueError:
        fault = None
    if fault is None:
        return _by_status(answer, tid)
    return _sorted(*fault, status=answer.status_code, after=http.retry_after(answer), tid=tid)


def read_item(item: Mapping[str, Any], *, tid: str) -> ApiError | None:
    """One item of a batch's answer; its faults stand in it under a status of 200."""
    fault = _fault(item)
    return _sorted(*fault, status=200, after=None, tid=tid) if fault else None


def _sorted(code: str, words: str, *, status: int, after: float | None, tid: str) -> ApiError:
    details: dict[str, Any] = {"vendor": "quickbooks", "code": code, "status": status, "tid": tid}
    if status == 429 or code in THROTTLED_CODES:
        return TryLater("QuickBooks' request limit is reached.", after=after, **details)
    if status == 401 or code in TOKEN_CODES:
        # The gateway's words may quote the token: never shown. 120 alone means that the connecting person lost access.
        said = words if code == "120" else "QuickBooks does not accept this company's token."
        details["status"] = 401 if code != "120" else status
        return ReconnectNeeded(said, fix="Connect QuickBooks again as a company admin.", **details)
    if status == 403 or code == "3100":
        return ReconnectNeeded(
            "QuickBooks does not let this app into the company (wrong company, or production and sandbox mixed).",
            fix="Connect QuickBooks again, and check QUICKBOOKS_API_URL.",
            **details,
        )
    if code in BUSY_CODES or status >= 500 or code in BROKEN_CODES:
        return NoAnswer(f"QuickBooks has trouble ({code}: {words}).", **details)
    if code == "610":
        return Gone(words, **details)
    return Rejected(words, **details)


def _by_status(answer: requests.Response, tid: str) -> ApiError | None:
    status = answer.status_code
    details: dict[str, Any] = {"vendor": "quickbooks", "status": status, "tid": tid}
    if status == 429:
        return TryLater("QuickBooks' request limit is reached.", after=http.retry_after(answer), **details)
    if status >= 500:
        return NoAnswer(f"QuickBooks answered {status}.", **details)
    if status == 401:
        return ReconnectNeeded("QuickBooks does not accept this company's token.", **details)
    if status == 403:
        return ReconnectNeeded("QuickBooks does not let this app into the company.", **details)
    if status >= 300:
        return Unexpected(f"QuickBooks answered {status} in a form that is not known.", **details)
    if "json" not in answer.headers.get("Content-Type", ""):
        return Unexpected("QuickBooks' answer is no JSON.", **details)
    return None


def _fault(body: Any) -> tuple[str, str] | None:
    """Code and words of the first error in either envelope: {"Fault": …} or the gateway's {"fault": …}."""
    if not isinstance(body, Mapping):
        return None
    fault = body.get("Fault") or body.get("fault")
    if not isinstance(fault, Mapping):
        return None
    errors = fault.get("Error") or fault.get("error") or []
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], Mapping) else {}
    message = str(first.get("Message") or first.get("message") or "")
    detail = str(first.get("Detail") or first.get("detail") or "")
    words = f"{message}: {detail}" if message and detail and message not in detail else detail or message
    return str(first.get("code") or ""), words[:500] or "no reason given"
