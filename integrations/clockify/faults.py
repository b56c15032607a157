"""Meanings of Clockify's answers: the next step, and messages for users. An unknown answer is `Unexpected`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from integrations.errors import (
    CODE_LENGTH,
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
from integrations.http import bounded_json, vendor_clock

# The code of a key that may not see what a sync needs, although Clockify accepts it.
KEY_SEES_TOO_LITTLE = "KEY_SEES_TOO_LITTLE"
KEY_FIX = "Use the key of a workspace owner or admin, who sees everyone's entries and rates."


def read_answer(answer: requests.Response) -> ApiError | None:
    """Return the error in an answer, or None: by status, and under 400 by whether it has a code of Clockify's.

    The text of Clockify's messages is not stable. An answer that is not in the table is `Unexpected`.
    """
    status = answer.status_code
    if 200 <= status < 300:
        return None
    code, fault_text = _code_and_text(answer)
    details: dict[str, Any] = {"vendor": "clockify", "status": status, "code": code}
    message = f"Clockify said {status}{f' (code {code})' if code else ''}{f': {fault_text}' if fault_text else ''}."
    if status == 429:
        return TryLater("Clockify's request limit is reached.", after=vendor_clock.retry_after(answer), **details)
    if status >= 500:
        return NoAnswer(message, fix="Clockify has trouble; the next run goes on.", **details)
    # An empty 404 means that the workspace is not visible; a deleted record answers 400 with code 501.
    if status in {401, 403} or (status == 404 and not answer.content.strip()):
        return _access_refused(answer, message, details)
    if status == 400 and code:
        return Rejected(message, **details)
    return Unexpected(message, fix="Check the addresses of the Clockify connection.", **details)


def _access_refused(answer: requests.Response, message: str, details: Mapping[str, Any]) -> AccessRefused:
    status = answer.status_code
    if status == 401:
        lost_message, fix = "Clockify does not accept the API key.", "Make a new key in Clockify and connect again."
    elif status == 403:
        lost_message, fix = f"The API key may not do this. {message}", KEY_FIX
    else:
        lost_message = "This key does not see the workspace."
        fix = "Check the workspace, its region's addresses and whether the key's owner still belongs to it."
    return AccessRefused(
        message,
        lost=ReconnectNeeded(lost_message, fix=fix, **details),
        by_vendor=not answer.content.strip() or isinstance(_json_of(answer), Mapping),
        **details,
    )


def read_report_answer(answer: requests.Response) -> ApiError | None:
    error = read_answer(answer)
    if isinstance(error, AccessRefused) and error.status == 403 and error.by_vendor:
        # The role of the key's owner was lowered, or the key never saw enough.
        details: dict[str, Any] = {"vendor": "clockify", "status": 403, "code": KEY_SEES_TOO_LITTLE, "fix": KEY_FIX}
        message = f"The API key may not see everyone's time and rates. {error.message}"
        return AccessRefused(message, lost=error.lost, by_vendor=True, **details)
    return error


def read_entry_answer(answer: requests.Response) -> ApiError | None:
    error = read_answer(answer)
    # 501 has many meanings, but for the address of one entry only this one.
    if isinstance(error, Rejected) and error.code == "501":
        return Gone("Clockify no longer has this time entry.", vendor="clockify", status=400, code="501")
    if isinstance(error, Rejected):
        return Unexpected(error.message, vendor="clockify", status=400, code=error.code)
    return error


def _json_of(answer: requests.Response) -> Any:
    """Return what the JSON holds; None for anything else."""
    try:
        return bounded_json.parse(answer.content)
    except ValueError:
        return None


def _code_and_text(answer: requests.Response) -> tuple[str, str]:
    body = _json_of(answer)
    if not isinstance(body, Mapping):
        return "", ""
    code, message = body.get("code"), body.get("message")
    has_code = isinstance(code, int | str) and not isinstance(code, bool)
    return (quoted_words(str(code), CODE_LENGTH) if has_code else ""), quoted_words(message)
