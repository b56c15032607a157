"""When a run should stop sending: nobody answers, one cause refuses everything, or a person or the clock says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.conf import settings

from integrations import retry
from integrations.errors import ApiError, NoAnswer


class CircuitBreaker:
    """Shared by the sending threads. `why` is the error that ended it, None while it goes on or was asked to end."""

    def __init__(self, *, deadline: float | None = None, leaving: Callable[[], bool] = lambda: False) -> None:
        """`deadline` (monotonic) ends a slice; so does `leaving`, when this process is about to end."""
        self._leaving = leaving
        self._lock = threading.Lock()
        self._stopped = False
        self._deadline = deadline
        self._silent_since: float | None = None
        self._silences = 0
        self._answered_at = 0.0
        self._refusal, self._refusals = "", 0
        self.why: Exception | None = None
        self.out_of_time = False

    def is_set(self) -> bool:
        over = self._deadline is not None and time.monotonic() > self._deadline
        if over or self._leaving():
            self.out_of_time = True
            return True
        return self._stopped

    def ask(self) -> None:
        """End after the records at hand."""
        self._stopped = True

    def trip(self, error: Exception) -> None:
        with self._lock:
            self.why = self.why or error
            self._stopped = True

    def answered(self) -> None:
        with self._lock:
            self._note_answer()
            self._refusal, self._refusals = "", 0

    def refused(self, error: ApiError) -> None:
        with self._lock:
            self._note_answer()
            same = error.code == self._refusal
            self._refusal, self._refusals = error.code, self._refusals + 1 if same else 1
        if self._refusals >= retry.MAX_EQUAL_REFUSALS:
            self.trip(error)

    def no_response(self, error: NoAnswer, *, since: float) -> None:
        """No answer to a call begun at `since` (monotonic)."""
        with self._lock:
            self._silences += 1
            # One slow record among others that are answered is not the host's silence.
            since = max(since, self._answered_at)
            self._silent_since = min(since, self._silent_since or since)
            too_long = time.monotonic() - self._silent_since > settings.GIVE_UP_SECONDS * retry.SILENT_SHARE
        if too_long or self._silences >= retry.MAX_UNANSWERED_CALLS:
            self.trip(error)

    def _note_answer(self) -> None:
        self._silences, self._silent_since, self._answered_at = 0, None, time.monotonic()
