"""HTTP calls to a vendor: time limits, the throttle, retries, and a journal row for every request."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.scrubber import scrub
from integrations import elapsed
from integrations.errors import TID_LENGTH, ApiError, NoAnswer, TryLater, Unexpected, quoted_words
from integrations.http import asking, transport, vendor_clock
from integrations.limits import retry, throttle
from integrations.models import ApiCall

log = logging.getLogger("hourbridge.http")

# The same on every call, so that it only makes the journal harder to read.
UNLOGGED_PARAMS = {"minorversion"}
VENDOR_NAMES = {"clockify": "Clockify", "quickbooks": "QuickBooks"}


@dataclass(frozen=True)
class Account:
    """The vendor account that calls are made for; it identifies the journal's rows and the throttle's row."""

    vendor: str
    id: str
    seconds_apart: float = 0
    run_id: int | None = None

    @property
    def key(self) -> str:
        return f"{self.vendor}:{self.id}"


@dataclass(frozen=True)
class Call:
    """One HTTP request, before it is sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    params: Mapping[str, Any] | None = None
    body: bytes | None = None
    # Sent again when no answer came. False for records: the first write may have arrived, and a second would double it.
    repeatable: bool = True
    # Seconds by `elapsed` after which it must not be sent any more; None: at any time.
    begin_before: float | None = None
    # Decoded bytes that a good answer may have.
    max_bytes: int = transport.MAX_ANSWER_BYTES


def send(
    account: Account, call: Call, *, classify: Callable[[requests.Response], ApiError | None]
) -> requests.Response:
    """Send a call, with retries, until there is an answer; raises ApiError for any but a good one.

    `classify` reads an answer as its vendor means it: None for a good one, otherwise the error to raise. Retries end
    when the vendor's request limit is used up or no answer came for GIVE_UP_SECONDS.
    """
    if asking.current() is not None:
        return _ask_once(account, call, classify=classify)
    patience = _Patience()
    attempt = 0
    while True:
        attempt += 1
        _wait_for_turn(account, call, patience)
        answer, error = send_once(account, call, classify=classify, attempt=attempt, seconds=patience.seconds_left)
        if error is None:
            assert answer is not None
            return answer
        if isinstance(error, TryLater):
            patience.accept_throttling(account, error)
            continue
        # A write whose outcome is unknown is never repeated here: a second create would book the time twice.
        if not isinstance(error, NoAnswer) or not call.repeatable:
            raise error
        pause = patience.pause_before_next(attempt, vendor_clock.retry_after(answer) if answer is not None else None)
        if pause is None:
            raise error
        time.sleep(pause)


def _wait_for_turn(account: Account, call: Call, patience: _Patience) -> None:
    """Wait until the call may be sent. Raises TryLater where there is no turn in time."""
    requested_at = time.monotonic()
    longest = longest_wait(call.begin_before)
    wait_seconds = throttle.wait_for_turn(account.key, account.seconds_apart, longest=longest)
    # A process that was suspended meanwhile may have waited for longer than it wanted to.
    is_too_late = call.begin_before is not None and elapsed.seconds() > call.begin_before
    if is_too_late and not wait_seconds:
        message = f"The call to {VENDOR_NAMES[account.vendor]} could not begin in time, so it was not sent."
        raise TryLater(message, vendor=account.vendor, code="TOO_LATE", after=0, fix="Run it again.")
    if wait_seconds:
        raise _again_later(TryLater(_no_turn(account), vendor=account.vendor, code="THROTTLED"), wait_seconds)
    # Time spent waiting for our own turn does not count as silence of the host.
    patience.give_up_at += time.monotonic() - requested_at


class _Patience:
    """How long one call is tried: until its host is silent for too long, or has asked for too many pauses."""

    def __init__(self) -> None:
        self.give_up_at = time.monotonic() + settings.GIVE_UP_SECONDS
        self._throttled = 0
        self._waited = 0.0

    @property
    def seconds_left(self) -> float:
        return self.give_up_at - time.monotonic()

    def accept_throttling(self, account: Account, error: TryLater) -> None:
        """Have all calls to the account pause as the vendor asks for. Raises the error where that is too long."""
        pause = error.after if error.after is not None else _throttled_pause(self._throttled)
        # In the shared row, so that other threads and processes pause as well.
        throttle.block_for(account.key, pause)
        self._throttled += 1
        self._waited += max(pause, 1)
        if self._waited > retry.MAX_PAUSE:
            raise _again_later(error, pause)
        # Being told to wait is an answer, so the time limit for silence starts again.
        self.give_up_at = time.monotonic() + settings.GIVE_UP_SECONDS

    def pause_before_next(self, attempt: int, requested: float | None) -> float | None:
        """Return how many seconds to wait before the next attempt; None where there should be none.

        `requested`: the pause that the answer asked for, if any.
        """
        if requested is not None and self._waited + max(requested, 1) <= retry.MAX_PAUSE:
            self._waited += max(requested, 1)
            self.give_up_at = time.monotonic() + requested + settings.GIVE_UP_SECONDS
            return requested
        pause = retry.backoff(attempt)
        # Not worth an attempt that would have less than a second for its answer.
        return None if time.monotonic() + pause + 1 > self.give_up_at else pause


def _ask_once(
    account: Account, call: Call, *, classify: Callable[[requests.Response], ApiError | None]
) -> requests.Response:
    """Send a call that leaves no trace: once, after the wait that others' calls ask for. Raises ApiError."""
    wait_seconds = throttle.seconds_left(account.key)
    if wait_seconds > asking.LONGEST_WAIT:
        raise _again_later(TryLater(_no_turn(account), vendor=account.vendor, code="THROTTLED"), wait_seconds)
    time.sleep(wait_seconds)
    answer, error = send_once(account, call, classify=classify, seconds=asking.ANSWER_SECONDS)
    if isinstance(error, TryLater):
        raise _again_later(error, error.after if error.after is not None else retry.MAX_PAUSE)
    if error is not None:
        raise error
    assert answer is not None
    return answer


def longest_wait(begin_before: float | None) -> float:
    """Return how many seconds a call may wait for its turn; 0 or less if it must not be sent any more."""
    return retry.MAX_PAUSE if begin_before is None else min(retry.MAX_PAUSE, begin_before - elapsed.seconds())


def _no_turn(account: Account) -> str:
    """Return why there was no turn: the vendor asked us to wait, or the turns until then belong to others of ours."""
    vendor = VENDOR_NAMES[account.vendor]
    if throttle.is_blocked(account.key):
        return f"{vendor} has asked us to wait; its limit is used up."
    return f"Other runs are calling {vendor} as fast as its limits allow, so there was no turn for this call."


def _again_later(error: TryLater, seconds: float) -> TryLater:
    """Return the error with the seconds to wait, and the time when they are over for whoever reads it."""
    error.after = seconds
    at = timezone.now() + timedelta(seconds=seconds)
    error.fix = error.fix or f"Try again after {at:%H:%M} UTC."
    return error


def _throttled_pause(earlier_count: int) -> float:
    return retry.THROTTLED_PAUSES[min(earlier_count, len(retry.THROTTLED_PAUSES) - 1)]


def send_once(
    account: Account,
    call: Call,
    *,
    classify: Callable[[requests.Response], ApiError | None],
    attempt: int = 1,
    seconds: float,
) -> tuple[requests.Response | None, ApiError | None]:
    """Send the call once and record it; return the answer, if any, and the error, if any.

    `seconds`: what is left for the whole answer, at least one.
    """
    began = time.monotonic()
    answer: requests.Response | None = None
    error: ApiError | None
    try:
        answer = transport.exchange(
            call.method,
            call.url,
            headers=call.headers,
            params=call.params,
            body=call.body,
            seconds=max(seconds, 1),
            max_bytes=call.max_bytes,
        )
        error = classify(answer)
    except transport.Unanswered as problem:
        error = NoAnswer(
            f"{_host(call.url)} did not answer ({problem}).",
            vendor=account.vendor,
            fix=f"Check the network and {VENDOR_NAMES[account.vendor]}'s status page; the next run continues.",
        )
    except transport.TooLarge as problem:
        # Not NoAnswer: the same call would bring the same flood once more.
        error = Unexpected(
            f"{_host(call.url)} answered with {problem}, which was not read.",
            vendor=account.vendor,
            fix=f"Check {VENDOR_NAMES[account.vendor]}'s status page and the network; the next run continues.",
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
    """Add one row to the call journal, scrubbed; values too long for their columns are cut. A question adds none."""
    if (unrecorded := asking.current()) is not None:
        vendors_time = vendor_clock.time_said(answer) if answer is not None else None
        unrecorded.seen.append(asking.Seen(account.vendor, timezone.now(), vendors_time))
        return
    shown = {name: value for name, value in (call.params or {}).items() if name not in UNLOGGED_PARAMS}
    path = scrub(urlsplit(call.url).path + (f"?{urlencode(shown, doseq=True)}" if shown else ""), 500)
    problem = scrub(error.message if error else "", 300)
    tid = quoted_words(answer.headers.get("intuit_tid", "") if answer is not None else "", TID_LENGTH)
    status = answer.status_code if answer is not None else None
    log.info("%s %s %s -> %s in %s ms %s", account.vendor, call.method, path, status, milliseconds, problem)
    row = {
        "vendor": account.vendor,
        "account": account.id,
        "run_id": account.run_id,
        "at": connection.ops.adapt_datetimefield_value(timezone.now()),
        "method": call.method,
        "path": path[:500],
        "status": status,
        "milliseconds": milliseconds,
        "attempt": min(attempt, 32_000),
        "intuit_tid": tid,
        "problem": problem[:300],
    }
    # Plain SQL, since this runs for every call and the ORM takes three times as long.
    columns, placeholders = ", ".join(f'"{name}"' for name in row), ", ".join(["%s"] * len(row))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {connection.ops.quote_name(ApiCall._meta.db_table)} ({columns}) VALUES ({placeholders})",
            list(row.values()),
        )
