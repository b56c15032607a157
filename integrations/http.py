"""One polite way to call a vendor: time limits, the throttle, retries, and a journal line for every request."""

from __future__ import annotations

import functools
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from django.conf import settings
from django.db import connection
from django.utils import timezone

from integrations import retry, throttle
from integrations.errors import ApiError, NoAnswer, TryLater
from integrations.models import ApiCall

log = logging.getLogger("hourbridge.http")

CONNECT_SECONDS = 5
READ_SECONDS = 25
UNSENT_PARAMS = {"minorversion"}

_sessions = threading.local()


@dataclass(frozen=True)
class Account:
    """Whom we call for whom: names the journal lines and the throttle's row."""

    vendor: str
    id: str
    seconds_apart: float = 0
    run_id: int | None = None

    @property
    def key(self) -> str:
        return f"{self.vendor}:{self.id}"


@dataclass(frozen=True)
class Call:
    method: str
    url: str
    headers: Mapping[str, str]
    params: Mapping[str, Any] | None = None
    body: bytes | None = None
    # Whether the same call may be sent again when no answer came: reads, and writes that carry a request id.
    repeatable: bool = True


def session() -> requests.Session:
    """One keep-alive session per thread (requests does not promise that sharing one is safe)."""
    if not hasattr(_sessions, "session"):
        made = requests.Session()
        made.headers["User-Agent"] = "Hourbridge"
        # Trusting the environment, requests reads all of it for every call, and a .netrc would replace our token.
        # What we want of it, proxies and certificates, is read once.
        made.trust_env = False
        made.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        _sessions.session = made
    return _sessions.session


@functools.lru_cache(maxsize=64)
def _proxies(address: str) -> Mapping[str, str]:
    """Which proxy the environment names for a host, given as scheme and host."""
    return requests.utils.get_environ_proxies(address)


def send(
    account: Account, call: Call, *, classify: Callable[[requests.Response], ApiError | None]
) -> requests.Response:
    """Send until there is an answer, the vendor's budget is used up, or nobody answered for GIVE_UP_SECONDS.

    `classify` is the vendor's own reading of an answer: None for a good one. Raises its error otherwise.
    """
    give_up_at = time.monotonic() + settings.GIVE_UP_SECONDS
    attempt, throttled, waited = 0, 0, 0.0
    while True:
        attempt += 1
        asked_at = time.monotonic()
        put_off = throttle.wait_for_turn(account.key, account.seconds_apart, longest=retry.MAX_PAUSE)
        if put_off:
            words = f"{account.vendor.capitalize()} has asked us to wait; its limit is used up."
            raise TryLater(words, vendor=account.vendor, code="THROTTLED", after=put_off)
        # Waiting for our own turn is not the host's silence.
        give_up_at += time.monotonic() - asked_at
        answer, error = _attempt(account, call, classify, attempt=attempt, seconds=give_up_at - time.monotonic())
        if error is None:
            assert answer is not None
            return answer
        if isinstance(error, TryLater):
            pause = error.after if error.after is not None else _throttled_pause(throttled)
            throttle.hold_back(account.key, pause)
            throttled, waited = throttled + 1, waited + max(pause, 1)
            error.after = pause
            if waited > retry.MAX_PAUSE:
                raise error
            # Being told to wait is an answer: the clock for "nobody answers" starts again.
            give_up_at = time.monotonic() + settings.GIVE_UP_SECONDS
            continue
        if not isinstance(error, NoAnswer) or not call.repeatable:
            raise error
        asked = retry_after(answer) if answer is not None else None
        if asked is not None and waited + max(asked, 1) <= retry.MAX_PAUSE:
            waited += max(asked, 1)
            give_up_at = time.monotonic() + asked + settings.GIVE_UP_SECONDS
            time.sleep(asked)
            continue
        pause = retry.backoff(attempt)
        if time.monotonic() + pause + 1 > give_up_at:
            raise error
        time.sleep(pause)


def _throttled_pause(earlier: int) -> float:
    return retry.THROTTLED_PAUSES[min(earlier, len(retry.THROTTLED_PAUSES) - 1)]


def _attempt(
    account: Account,
    call: Call,
    classify: Callable[[requests.Response], ApiError | None],
    *,
    attempt: int,
    seconds: float,
) -> tuple[requests.Response | None, ApiError | None]:
    began = time.monotonic()
    answer: requests.Response | None = None
    error: ApiError | None
    try:
        answer = session().request(
            call.method,
            call.url,
            params=call.params,
            data=call.body,
            headers=dict(call.headers),
            proxies=dict(_proxies(call.url[: call.url.find("/", 8)])),
            timeout=(min(CONNECT_SECONDS, max(seconds, 1)), min(READ_SECONDS, max(seconds, 1))),
            allow_redirects=False,  # a redirect would carry the key to another host
        )
        error = classify(answer)
    except requests.RequestException as problem:
        error = NoAnswer(
            f"{_host(call.url)} did not answer ({type(problem).__name__}).",
            vendor=account.vendor,
            fix="Check the network and the vendor's status page; the next run goes on by itself.",
        )
    _journal(account, call, answer, error, attempt=attempt, milliseconds=int((time.monotonic() - began) * 1000))
    return answer, error


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _journal(
    account: Account,
    call: Call,
    answer: requests.Response | None,
    error: ApiError | None,
    *,
    attempt: int,
    milliseconds: int,
) -> None:
    shown = {name: value for name, value in (call.params or {}).items() if name not in UNSENT_PARAMS}
    path = urlsplit(call.url).path + (f"?{urlencode(shown, doseq=True)}" if shown else "")
    write_down(
        account,
        method=call.method,
        path=path,
        status=answer.status_code if answer is not None else None,
        milliseconds=milliseconds,
        attempt=attempt,
        tid=answer.headers.get("intuit_tid", "") if answer is not None else "",
        problem=error.message if error else "",
    )


def write_down(
    account: Account,
    *,
    method: str,
    path: str,
    status: int | None,
    milliseconds: int,
    attempt: int = 1,
    tid: str = "",
    problem: str = "",
) -> None:
    """One line of the call journal."""
    log.info("%s %s %s -> %s in %s ms %s", account.vendor, method, path, status, milliseconds, problem)
    line = {
        "vendor": account.vendor,
        "account": account.id,
        "run_id": account.run_id,
        "at": connection.ops.adapt_datetimefield_value(timezone.now()),
        "method": method,
        "path": path[:500],
        "status": status,
        "milliseconds": milliseconds,
        "attempt": min(attempt, 32_000),
        "intuit_tid": tid[:80],
        "problem": problem[:300],
    }
    # By hand: one line for every call, and the ORM takes three times as long to say the same.
    columns, places = ", ".join(f'"{name}"' for name in line), ", ".join(["%s"] * len(line))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {connection.ops.quote_name(ApiCall._meta.db_table)} ({columns}) VALUES ({places})",
            list(line.values()),
        )


def retry_after(answer: requests.Response) -> float | None:
    """Seconds a vendor asks us to wait, given as a number or as a date; None where it does not say."""
    text = answer.headers.get("Retry-After", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - timezone.now()).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(0.0, seconds) if seconds == seconds else None
