"""Intuit's OAuth 2.0 through requests-oauthlib: authorize, exchange, refresh, revoke; without its auto-refresh.

Auto-refresh would send the API request's own arguments to the token endpoint, and refresh once per thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.utils import timezone
from oauthlib.oauth2 import OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from integrations import http, retry
from integrations.errors import ApiError, NoAnswer, NotConfigured, ReconnectNeeded, TryLater, Unexpected

SCOPE = ["com.intuit.quickbooks.accounting"]
# Intuit states 3600 s; used only where an answer leaves it out.
ACCESS_SECONDS = 3600


class _ServiceBusy(Exception):
    """An answer of the token service that it could not process the request, such as 429 or 503."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__(str(answer.status_code))
        self.status = answer.status_code
        self.after = http.retry_after(answer)


def _session(**options: Any) -> OAuth2Session:
    session = OAuth2Session(settings.QUICKBOOKS_CLIENT_ID, **options)
    for hook in ("access_token_response", "refresh_token_response"):
        session.register_compliance_hook(hook, _raise_if_busy)
    return session


def _raise_if_busy(answer: requests.Response) -> requests.Response:
    if answer.status_code == 429 or answer.status_code >= 500:
        raise _ServiceBusy(answer)
    return answer


@dataclass(frozen=True, slots=True)
class Tokens:
    """Both tokens of a company, with the times they expire at."""

    access_token: str
    refresh_token: str
    access_expires_at: datetime
    refresh_expires_at: datetime | None


def configured() -> None:
    """Check that this installation has an Intuit app. Raises NotConfigured."""
    if not settings.QUICKBOOKS_CLIENT_ID or not settings.QUICKBOOKS_CLIENT_SECRET:
        raise NotConfigured(
            "QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET are not set.",
            vendor="quickbooks",
            code="NOT_CONFIGURED",
            fix="Put the keys of your Intuit app into the environment and restart.",
        )


def redirect_uri() -> str:
    return f"{settings.PUBLIC_URL}/connections/quickbooks/callback/"


def consent_url(state: str) -> str:
    """Return the address of Intuit's consent page. Raises NotConfigured."""
    configured()
    session = _session(redirect_uri=redirect_uri(), scope=SCOPE)
    url, _ = session.authorization_url(settings.QUICKBOOKS_AUTHORIZE_URL, state=state)
    return str(url)


def exchange(code: str, *, account: http.Account) -> Tokens:
    """Exchange the single-use code of a consent for tokens. Raises ApiError."""
    configured()
    session = _session(redirect_uri=redirect_uri())
    return _request_tokens(
        account,
        lambda seconds: session.fetch_token(
            settings.QUICKBOOKS_TOKEN_URL, code=code, auth=_basic(), include_client_id=False, timeout=seconds
        ),
    )


def refresh(refresh_token: str, *, account: http.Account) -> Tokens:
    """Return new tokens for the newest refresh token. Raises ReconnectNeeded only where Intuit refuses that token."""
    configured()
    session = _session()
    return _request_tokens(
        account,
        lambda seconds: session.refresh_token(
            settings.QUICKBOOKS_TOKEN_URL, refresh_token=refresh_token, auth=_basic(), timeout=seconds
        ),
    )


def revoke(token: str, *, account: http.Account) -> None:
    """Revoke this app's permission at Intuit. Raises NoAnswer or Unexpected; a 400 means it was already revoked."""
    call = http.Call(
        "POST",
        settings.QUICKBOOKS_REVOKE_URL,
        {"Accept": "application/json", "Content-Type": "application/json", **_basic_header()},
        body=requests.Request("POST", "http://localhost", json={"token": token}).prepare().body,  # type: ignore[arg-type]
    )
    http.send(account, call, classify=_classify_revocation)


def _classify_revocation(answer: requests.Response) -> ApiError | None:
    if answer.status_code < 300 or answer.status_code == 400:
        return None
    if answer.status_code >= 500:
        return NoAnswer("Intuit did not confirm the revocation.", vendor="quickbooks", status=answer.status_code)
    return Unexpected("Intuit did not accept the revocation.", vendor="quickbooks", status=answer.status_code)


def _basic() -> HTTPBasicAuth:
    return HTTPBasicAuth(settings.QUICKBOOKS_CLIENT_ID, settings.QUICKBOOKS_CLIENT_SECRET)


def _basic_header() -> dict[str, str]:
    request = requests.Request("POST", "http://localhost", auth=_basic()).prepare()
    return {"Authorization": request.headers["Authorization"]}


def _request_tokens(account: http.Account, fetch: Callable[[float], Any]) -> Tokens:
    """Request tokens; again only after an answer that the service could not process the request. Raises ApiError.

    After silence there is no second request: the first one may have used up the refresh token, and using it twice can
    end the connection.
    """
    began = time.monotonic()
    for attempt, pause in enumerate((*retry.TOKEN_PAUSES, None), start=1):
        try:
            return _request_once(account, fetch, attempt=attempt)
        except _ServiceBusy as busy:
            after = busy.after if busy.after is not None else pause
            in_time = after is not None and time.monotonic() - began + after < retry.LAST_TOKEN_REQUEST_AFTER
            if pause is not None and after is not None and after <= retry.MAX_TOKEN_PAUSE and in_time:
                time.sleep(after)
                continue
            raise _busy_error(busy) from None
    raise AssertionError("unreachable")


def _busy_error(busy: _ServiceBusy) -> ApiError:
    details: dict[str, Any] = {"vendor": "quickbooks", "status": busy.status}
    if busy.status == 429:
        return TryLater("Intuit's token service asks us to wait.", after=busy.after, **details)
    return NoAnswer(f"Intuit's token service answered {busy.status}.", **details)


def _request_once(account: http.Account, fetch: Callable[[float], Any], *, attempt: int) -> Tokens:
    """Call the token endpoint once; the journal gets a row without anything secret."""
    began = time.monotonic()
    status: int | None = 200
    problem = ""
    try:
        return _parse_tokens(fetch(settings.GIVE_UP_SECONDS * 0.9))
    except _ServiceBusy as busy:
        status, problem = busy.status, "not able to answer"
        raise
    except OAuth2Error as error:
        refusal = _refusal(error)
        status, problem = refusal.status, refusal.message
        raise refusal from None
    except (requests.RequestException, ValueError) as error:
        status, problem = None, f"Intuit's token service did not answer ({type(error).__name__})."
        raise NoAnswer(problem, vendor="quickbooks") from None
    finally:
        http.record_call(
            account,
            method="POST",
            path=urlsplit(settings.QUICKBOOKS_TOKEN_URL).path,
            status=status,
            milliseconds=int((time.monotonic() - began) * 1000),
            attempt=attempt,
            problem=problem,
        )


def _refusal(error: OAuth2Error) -> ApiError:
    """Return the error by the code in the body, not by status: invalid_client was seen with 400 as well as 401."""
    code, status = str(error.error or ""), error.status_code
    details: dict[str, Any] = {"vendor": "quickbooks", "status": status, "code": code}
    if code == "invalid_grant":
        return ReconnectNeeded(
            "Intuit refuses the stored token of this company.", fix="Connect QuickBooks again.", **details
        )
    if code in {"invalid_client", "unauthorized_client"}:
        return NotConfigured(
            "Intuit does not know this app's id and secret.",
            fix="Check QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET.",
            **details,
        )
    # An unknown code must not disconnect the company; the next run tries again.
    return NoAnswer(f"Intuit's token service gave no tokens ({code or 'no reason given'}).", **details)


def _parse_tokens(answer: Any) -> Tokens:
    now = timezone.now()
    # Seen with 100 and 101 days, so that it is never assumed.
    refresh_seconds = answer.get("x_refresh_token_expires_in")
    return Tokens(
        access_token=str(answer["access_token"]),
        refresh_token=str(answer["refresh_token"]),
        access_expires_at=now + timedelta(seconds=int(answer.get("expires_in") or ACCESS_SECONDS)),
        refresh_expires_at=now + timedelta(seconds=int(refresh_seconds)) if refresh_seconds else None,
    )
