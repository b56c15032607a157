"""Intuit's OAuth 2.0 through requests-oauthlib: authorize, exchange, refresh, revoke; without its auto-refresh.

The library builds addresses and bodies; the requests travel through our own client, and its answers are read here.
Auto-refresh would send the API request's own arguments to the token endpoint, and refresh once per thread.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import requests
from django.conf import settings
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from config import scrubber
from integrations.errors import (
    ApiError,
    NoAnswer,
    NotConfigured,
    ReconnectNeeded,
    Rejected,
    Unexpected,
    quoted_words,
)
from integrations.http import calls, transport, vendor_clock
from integrations.limits import retry
from integrations.quickbooks import token_answers
from integrations.quickbooks.token_answers import Tokens

log = logging.getLogger("hourbridge.oauth")

SCOPE = ["com.intuit.quickbooks.accounting"]


class _ServiceBusy(Exception):
    """An answer of the token service that it could not process the request, such as 429 or 503."""

    def __init__(self, error: ApiError, after: float | None) -> None:
        super().__init__(error.message)
        self.error, self.after = error, after


class _Client(WebApplicationClient):
    """oauthlib's client with a reader of answers that believes only what is well-formed. Raises Unexpected."""

    def parse_request_body_response(self, body: str, scope: Any = None, **_: Any) -> Any:
        self.token = token_answers.fields(body)
        return self.token


class _Session(OAuth2Session):
    """requests-oauthlib's session; each of its requests is one request of our client for `account`."""

    def __init__(self, account: calls.Account | None = None, *, attempt: int = 1, **options: Any) -> None:
        super().__init__(client=_Client(settings.QUICKBOOKS_CLIENT_ID), **options)
        self._account, self._attempt = account, attempt

    def request(  # type: ignore[override]
        self, method: str, url: str, data: Mapping[str, str], headers: Mapping[str, str], **_: Any
    ) -> requests.Response:
        assert self._account is not None
        call = calls.Call(
            method,
            url,
            {**headers, **_basic_header()},
            body=urlencode(data).encode(),
            repeatable=False,
            max_bytes=transport.MAX_SHORT_ANSWER_BYTES,
        )
        answer, error = calls.send_once(
            self._account,
            call,
            classify=token_answers.classify,
            attempt=self._attempt,
            seconds=settings.GIVE_UP_SECONDS * 0.9,
        )
        if error is not None:
            status = error.status or 0
            if answer is not None and (status == 429 or status >= 500):
                raise _ServiceBusy(error, vendor_clock.retry_after(answer))
            raise error
        assert answer is not None
        # Otherwise requests guesses it, byte by byte.
        answer.encoding = "utf-8"
        return answer


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
    session = _Session(redirect_uri=redirect_uri(), scope=SCOPE)
    url, _ = session.authorization_url(settings.QUICKBOOKS_AUTHORIZE_URL, state=state)
    return str(url)


def exchange(code: str, *, account: calls.Account) -> Tokens:
    """Exchange the single-use code of a consent for tokens. Raises ApiError."""
    configured()
    if not code:
        raise Rejected("Intuit sent no code.", vendor="quickbooks", code="NO_CODE", fix="Connect QuickBooks again.")

    scrubber.learn(code)

    def fetch(attempt: int) -> Any:
        session = _Session(account, attempt=attempt, redirect_uri=redirect_uri())
        return session.fetch_token(settings.QUICKBOOKS_TOKEN_URL, code=code, include_client_id=False)

    try:
        return _request_tokens(fetch)
    except ReconnectNeeded as refusal:
        # The same code of the service as for a refresh token, but nothing stored is refused.
        message, fix = "Intuit does not take the code of this consent any more.", "Connect QuickBooks again."
        raise Rejected(message, vendor="quickbooks", code="CODE_REFUSED", status=refusal.status, fix=fix) from None


def refresh(refresh_token: str, *, account: calls.Account) -> Tokens:
    """Return new tokens for the newest refresh token, which stays where the answer has no other (RFC 6749, 6).

    Raises ReconnectNeeded only where Intuit refuses that token.
    """
    configured()

    # Also one that was just typed in, and is not stored yet.
    scrubber.learn(refresh_token)

    def fetch(attempt: int) -> Any:
        session = _Session(account, attempt=attempt)
        return session.refresh_token(settings.QUICKBOOKS_TOKEN_URL, refresh_token=refresh_token)

    return _request_tokens(fetch)


def revoke(token: str, *, account: calls.Account, patiently: bool = True) -> None:
    """Revoke this app's permission at Intuit. Raises ApiError; a 400 means it was already revoked.

    The permission of the company ends, with all its tokens. `patiently`: with retries; otherwise once and briefly.
    """
    scrubber.learn(token)
    call = calls.Call(
        "POST",
        settings.QUICKBOOKS_REVOKE_URL,
        {"Accept": "application/json", "Content-Type": "application/json", **_basic_header()},
        body=json.dumps({"token": token}).encode(),
        max_bytes=transport.MAX_SHORT_ANSWER_BYTES,
    )
    if patiently:
        calls.send(account, call, classify=_classify_revocation)
        return
    _, error = calls.send_once(account, call, classify=_classify_revocation, seconds=retry.BRIEF_SECONDS)
    if error is not None:
        raise error


def _classify_revocation(answer: requests.Response) -> ApiError | None:
    if answer.status_code < 300 or answer.status_code == 400:
        return None
    if answer.status_code >= 500:
        return NoAnswer("Intuit did not confirm the revocation.", vendor="quickbooks", status=answer.status_code)
    return Unexpected("Intuit did not accept the revocation.", vendor="quickbooks", status=answer.status_code)


def _basic_header() -> dict[str, str]:
    scrubber.learn(settings.QUICKBOOKS_CLIENT_SECRET)
    app = HTTPBasicAuth(settings.QUICKBOOKS_CLIENT_ID, settings.QUICKBOOKS_CLIENT_SECRET)
    request = requests.Request("POST", "http://localhost", auth=app).prepare()
    return {"Authorization": request.headers["Authorization"]}


def _request_tokens(fetch: Callable[[int], Any]) -> Tokens:
    """Request tokens; again only after an answer that the service could not process the request. Raises ApiError.

    After silence there is no second request: the first one may have used up the refresh token, and using it twice can
    end the connection.
    """
    began = time.monotonic()
    for attempt, pause in enumerate((*retry.TOKEN_PAUSES, None), start=1):
        try:
            return token_answers.tokens(fetch(attempt))
        except _ServiceBusy as busy:
            after = busy.after if busy.after is not None else pause
            in_time = after is not None and time.monotonic() - began + after < retry.LAST_TOKEN_REQUEST_AFTER
            if pause is not None and after is not None and after <= retry.MAX_TOKEN_PAUSE and in_time:
                time.sleep(after)
                continue
            raise busy.error from None
        except OAuth2Error as error:
            # The library refuses to send, for example to an address without https.
            message = f"Intuit's token service can't be asked: {quoted_words(error.description)}"
            raise NotConfigured(message, vendor="quickbooks", fix="Check QUICKBOOKS_TOKEN_URL.") from None
    raise AssertionError("unreachable")
