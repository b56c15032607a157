"""The circuit breaker of a run: it stops sending if no answers come, one cause refuses everything, or it is asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings

from integrations.errors import ApiError
from integrations.limits import retry


class CircuitBreaker:
    """Tells the sending threads of a run to stop. `why`: the error that tripped it; None if running or asked to stop.

    `out_of_time`: it stopped because the slice is over or the process is ending.
    """

    def __init__(self, *, deadline: float | None = None, leaving: Callable[[], bool] = lambda: False) -> None:
        """Take the `deadline` (monotonic) of the slice, and `leaving`: True once this process is about to end."""
        self._leaving = leaving
        self._lock = threading.Lock()
        self._stopped = False
        self._deadline = deadline
        self._unanswered_since: float | None = None
        self._unanswered_calls = 0
        self._answered_at = 0.0
        self._calls_on_their_way: list[float] = []
        self._refusal_code, self._equal_refusals = "", 0
        self.cause: Exception | None = None
        self.out_of_time = False

    def is_set(self) -> bool:
        """Return True if the threads should stop before their next record."""
        is_past_deadline = self._deadline is not None and time.monotonic() > self._deadline
        if is_past_deadline or self._leaving():
            self.out_of_time = True
            return True
        return self._stopped

    def request_stop(self) -> None:
        """Ask the threads to stop after their current records."""
        self._stopped = True

    def trip(self, error: Exception) -> None:
        """Stop because of an error; the first one stays the cause."""
        with self._lock:
            self.cause = self.cause or error
            self._stopped = True

    def answered(self) -> None:
        """Note an answer that does not count toward stopping, which ends any series of refusals or unanswered calls."""
        with self._lock:
            self._note_answer()
            self._refusal_code, self._equal_refusals = "", 0

    def refused(self, error: ApiError) -> None:
        """Note a refusal; enough equal ones in a row mean one cause for all records, and trip the breaker."""
        with self._lock:
            # A refusal is an answer as well: QuickBooks is up.
            self._note_answer()
            is_same_code = error.code == self._refusal_code
            self._refusal_code, self._equal_refusals = error.code, self._equal_refusals + 1 if is_same_code else 1
        # Outside the lock, which `trip` takes itself.
        if self._equal_refusals >= retry.MAX_EQUAL_REFUSALS:
            self.trip(error)

    @contextmanager
    def calling(self) -> Iterator[float]:
        """Count the block's call as on its way; gives the time at which it began (monotonic)."""
        began = time.monotonic()
        with self._lock:
            self._calls_on_their_way.append(began)
        try:
            yield began
        finally:
            with self._lock:
                self._calls_on_their_way.remove(began)

    def no_response(self, error: ApiError, *, since: float) -> None:
        """Note a call without a clear answer, begun at `since` (monotonic); many or long ones trip the breaker."""
        with self._lock:
            self._unanswered_calls += 1
            # One slow record while others are answered does not mean that QuickBooks is down, not even where nothing
            # else was left to be asked in the end.
            is_alone = since < self._answered_at and self._unanswered_calls == 1
            is_alone = is_alone and not any(self._is_too_long(began) for began in self._calls_on_their_way)
            since = max(since, self._answered_at)
            self._unanswered_since = min(since, self._unanswered_since or since)
            too_long = self._is_too_long(self._unanswered_since) and not is_alone
        if too_long or self._unanswered_calls >= retry.MAX_UNANSWERED_CALLS:
            self.trip(error)

    def _is_too_long(self, since: float) -> bool:
        return time.monotonic() - max(since, self._answered_at) > settings.GIVE_UP_SECONDS * retry.SILENT_SHARE

    def _note_answer(self) -> None:
        self._unanswered_calls, self._unanswered_since, self._answered_at = 0, None, time.monotonic()
