"""Intuit's OAuth 2.0 through requests-oauthlib: authorise, exchange, refresh, revoke. Never its auto-refresh.

Auto-refresh would send the API request's own arguments to the token endpoint and refresh once per thread.
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
# Intuit states 3600 s and 100 days; used only where an answer leaves them out.
ACCESS_SECONDS = 3600


class _Busy(Exception):
    """The token service answered, and was not able to look at the request."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__(str(answer.status_code))
        self.status = answer.status_code
        self.after = http.retry_after(answer)


def _session(**options: Any) -> OAuth2Session:
    made = OAuth2Session(settings.QUICKBOOKS_CLIENT_ID, **options)
    for hook in ("access_token_response", "refresh_token_response"):
        made.register_compliance_hook(hook, _stop_at_busy)
    return made


def _stop_at_busy(answer: requests.Response) -> requests.Response:
    if answer.status_code == 429 or answer.status_code >= 500:
        raise _Busy(answer)
    return answer


@dataclass(frozen=True, slots=True)
class Tokens:
    access_token: str
    refresh_token: str
    access_expires_at: datetime
    refresh_expires_at: datetime | None


def configured() -> None:
    """Raises NotConfigured when this installation has no Intuit app."""
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
    configured()
    session = _session(redirect_uri=redirect_uri(), scope=SCOPE)
    url, _ = session.authorization_url(settings.QUICKBOOKS_AUTHORIZE_URL, state=state)
    return str(url)


def exchange(code: str, *, account: http.Account) -> Tokens:
    """Trade the single-use code of a consent for tokens."""
    configured()
    session = _session(redirect_uri=redirect_uri())
    return _ask(
        account,
        lambda seconds: session.fetch_token(
            settings.QUICKBOOKS_TOKEN_URL, code=code, auth=_basic(), include_client_id=False, timeout=seconds
        ),
    )


def refresh(refresh_token: str, *, account: http.Account) -> Tokens:
    """New tokens for the newest refresh token. ReconnectNeeded only where Intuit refuses that very token."""
    configured()
    session = _session()
    return _ask(
        account,
        lambda seconds: session.refresh_token(
            settings.QUICKBOOKS_TOKEN_URL, refresh_token=refresh_token, auth=_basic(), timeout=seconds
        ),
    )


def revoke(token: str, *, account: http.Account) -> None:
    """Tell Intuit to forget this app's permission. Raises NoAnswer or Unexpected; a 400 means it is gone already."""
    call = http.Call(
        "POST",
        settings.QUICKBOOKS_REVOKE_URL,
        {"Accept": "application/json", "Content-Type": "application/json", **_basic_header()},
        body=requests.Request("POST", "http://localhost", json={"token": token}).prepare().body,  # type: ignore[arg-type]
    )
    http.send(account, call, classify=_read_revoke)


def _read_revoke(answer: requests.Response) -> ApiError | None:
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


def _ask(account: http.Account, fetch: Callable[[float], Any]) -> Tokens:
    """Ask the token endpoint; once more only after an answer which says that it was not able to.

    After silence it is not asked again: a second try with the same refresh token could kill the connection. All of
    it ends before the token lease does.
    """
    began = time.monotonic()
    for attempt, pause in enumerate((*retry.TOKEN_PAUSES, None), start=1):
        try:
            return _ask_once(account, fetch, attempt=attempt)
        except _Busy as busy:
            after = busy.after if busy.after is not None else pause
            in_time = after is not None and time.monotonic() - began + after < retry.LAST_TOKEN_REQUEST_AFTER
            if pause is not None and after is not None and after <= retry.MAX_TOKEN_PAUSE and in_time:
                time.sleep(after)
                continue
            raise _too_busy(busy) from None
    raise AssertionError("unreachable")


def _too_busy(busy: _Busy) -> ApiError:
    details: dict[str, Any] = {"vendor": "quickbooks", "status": busy.status}
    if busy.status == 429:
        return TryLater("Intuit's token service asks us to wait.", after=busy.after, **details)
    return NoAnswer(f"Intuit's token service answered {busy.status}.", **details)


def _ask_once(account: http.Account, fetch: Callable[[float], Any], *, attempt: int) -> Tokens:
    """One call to the token endpoint, written to the journal without anything secret."""
    began = time.monotonic()
    status: int | None = 200
    problem = ""
    try:
        return _tokens(fetch(settings.GIVE_UP_SECONDS * 0.9))
    except _Busy as busy:
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
    """By the body's word, not by status: invalid_client has been seen with 400 as well as 401."""
    name, status = str(error.error or ""), error.status_code
    details: dict[str, Any] = {"vendor": "quickbooks", "status": status, "code": name}
    if name == "invalid_grant":
        return ReconnectNeeded(
            "Intuit refuses the stored token of this company.", fix="Connect QuickBooks again.", **details
        )
    if name in {"invalid_client", "unauthorized_client"}:
        return NotConfigured(
            "Intuit does not know this app's id and secret.",
            fix="Check QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET.",
            **details,
        )
    return NoAnswer(f"Intuit's token service gave no tokens ({name or 'no reason given'}).", **details)


def _tokens(answer: Any) -> Tokens:
    now = timezone.now()
    refresh_seconds = answer.get("x_refresh_token_expires_in")
    return Tokens(
        access_token=str(answer["access_token"]),
        refresh_token=str(answer["refresh_token"]),
        access_expires_at=now + timedelta(seconds=int(answer.get("expires_in") or ACCESS_SECONDS)),
        refresh_expires_at=now + timedelta(seconds=int(refresh_seconds)) if refresh_seconds else None,
    )
