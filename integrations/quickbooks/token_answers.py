"""Answers of Intuit's token service, read so that only what is well-formed is believed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests

from config import scrubber
from integrations.database import database_now
from integrations.errors import ApiError, NoAnswer, NotConfigured, ReconnectNeeded, TryLater, Unexpected, quoted_words
from integrations.http import bounded_json, vendor_clock

log = logging.getLogger("hourbridge.oauth")

# Intuit states 3600 s; used only where an answer leaves it out, or says what can't be.
ACCESS_SECONDS = 3600
MAX_ACCESS_SECONDS = 24 * 3600
# Refresh tokens end after five years whatever is refreshed (Intuit: refresh token policy).
MAX_REFRESH_SECONDS = 5 * 366 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Tokens:
    """Both tokens of a company, with the times they expire at."""

    access_token: str
    refresh_token: str
    access_expires_at: datetime
    refresh_expires_at: datetime | None


def classify(answer: requests.Response) -> ApiError | None:
    """Return the error in an answer of the token service.

    By status before code; invalid_client was seen with 400 as well as 401. Any other code must not disconnect the
    company: the next run tries again.
    """
    status = answer.status_code
    details: dict[str, Any] = {"vendor": "quickbooks", "status": status}
    if status == 429:
        after = vendor_clock.retry_after(answer)
        return TryLater("Intuit's token service asks us to wait.", after=after, **details)
    if status >= 500:
        return NoAnswer(f"Intuit's token service answered {status}.", **details)
    if 200 <= status < 300:
        return None
    if status < 400:
        # Followed, it would hand the refresh token to another host.
        message = f"Intuit's token service answered {status} and named another address, which was not used."
        return Unexpected(message, fix="Check QUICKBOOKS_TOKEN_URL.", **details)
    code = _error_code(answer)
    details["code"] = code
    if code == "invalid_grant" and status in {400, 401}:
        return ReconnectNeeded(
            "Intuit refuses the stored token of this company.", fix="Connect QuickBooks again.", **details
        )
    if code in {"invalid_client", "unauthorized_client"}:
        return NotConfigured(
            "Intuit does not know this app's id and secret.",
            fix="Check QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET.",
            **details,
        )
    return NoAnswer(f"Intuit's token service gave no tokens ({status}: {code or 'no reason given'}).", **details)


def _error_code(answer: requests.Response) -> str:
    try:
        body = bounded_json.parse(answer.content)
    except ValueError:
        return ""
    return quoted_words(body.get("error"), 60) if isinstance(body, Mapping) else ""


def fields(body: str) -> dict[str, Any]:
    """Return the fields of a good answer that are what they should be; the others are left out. Raises Unexpected.

    Only a non-empty string is a token. Without an access token the answer is worth nothing.
    """
    try:
        answer = bounded_json.parse(body.encode())
    except ValueError:
        answer = None
    if not isinstance(answer, Mapping) or not _is_token(answer.get("access_token")):
        raise Unexpected(
            "Intuit's token service answered without an access token, so that its answer was not used.",
            vendor="quickbooks",
        )
    known = {name: answer[name] for name in ("access_token", "refresh_token") if _is_token(answer.get(name))}
    scrubber.learn(*known.values())
    if "refresh_token" not in known:
        log.warning("Intuit's token service answered without a refresh token; the one that was used stays.")
    return {
        **known,
        "expires_in": _seconds(answer.get("expires_in"), MAX_ACCESS_SECONDS) or ACCESS_SECONDS,
        # Seen with 100 and 101 days, so that it is never assumed.
        "refresh_expires_in": _seconds(answer.get("x_refresh_token_expires_in"), MAX_REFRESH_SECONDS),
    }


def _is_token(value: Any) -> bool:
    """Return whether a value may be sent as a token: printable ASCII (RFC 6749, appendix A)."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and value.strip() == value != ""


def _seconds(value: Any, most: int) -> int | None:
    """Return a lifetime in seconds, also from text of digits; None for anything that can't be one."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= most:
        return None
    return int(value)


def tokens(values: Mapping[str, Any]) -> Tokens:
    if not values.get("refresh_token"):
        message = "Intuit's token service answered without a refresh token, so that nothing was connected."
        raise Unexpected(message, vendor="quickbooks", fix="Connect QuickBooks again.")
    now = database_now()
    refresh_seconds = values["refresh_expires_in"]
    return Tokens(
        access_token=values["access_token"],
        refresh_token=values["refresh_token"],
        access_expires_at=now + timedelta(seconds=values["expires_in"]),
        refresh_expires_at=now + timedelta(seconds=refresh_seconds) if refresh_seconds else None,
    )
