"""An interceptor between Hourbridge and the sandbox: it holds a call or its answer while the caller is killed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.shared.http import Answer, Request, Response
from tests.crash import points

MAX_HOLD_SECONDS = 120


def is_write(request: Request) -> bool:
    batch = request.path.endswith("/batch") and b'"operation"' in request.body
    return request.method == "POST" and (request.path.endswith("/timeactivity") or batch)


def is_refresh(request: Request) -> bool:
    return request.path.startswith("/oauth2/tokens") or request.path == "/oauth2/token"


def is_reading(request: Request) -> bool:
    return "/query" in request.path or request.path.startswith("/report/")


WAITS_FOR = {
    points.LOST: is_write,
    points.ARRIVES: is_write,
    points.ANSWERED: is_write,
    points.REFRESH_LOST: is_refresh,
    points.REFRESH_ANSWERED: is_refresh,
    points.READING: is_reading,
}
NEVER_ARRIVES = {points.LOST, points.REFRESH_LOST, points.READING}
STRUCK_WHEN_ANSWERED = {points.ANSWERED, points.REFRESH_ANSWERED}


@dataclass
class Interceptor:
    """Waits for one call at a time. `strike` kills; it runs in the sandbox's thread that serves that call."""

    answer: Answer = lambda request: None
    _kind: str = ""
    _skip: int = 0
    _late: float = 0
    _strike: Callable[[], None] = lambda: None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    struck: threading.Event = field(default_factory=threading.Event)
    _open: threading.Event = field(default_factory=threading.Event)
    _passing: int = 0

    def __post_init__(self) -> None:
        self._open.set()

    def between(self, answer: Answer) -> Answer:
        """Wrap the sandbox's answers, for `sandbox.server.start(between=…)`; again after a restart of the sandbox."""
        self.answer = answer
        return self

    def prepare(self, kind: str, *, skip: int, strike: Callable[[], None], late: float = 0) -> None:
        """Strike at a later call. `late`: seconds until the vendor finishes a call whose caller is dead."""
        with self._lock:
            self._kind, self._skip, self._late, self._strike = kind, skip, late, strike
            self.struck.clear()

    def withdraw(self) -> None:
        with self._lock:
            self._kind = ""

    def hold_writes(self, *, after: int) -> None:
        """Let `after` writes pass and hold all others until `let_go`."""
        self._passing = after
        self._open.clear()

    def let_go(self) -> None:
        self._open.set()

    def _wait_while_held(self, request: Request) -> None:
        if self._open.is_set() or not is_write(request):
            return
        with self._lock:
            self._passing -= 1
            passes = self._passing >= 0
        if not passes:
            self._open.wait(MAX_HOLD_SECONDS)

    def __call__(self, request: Request) -> Response | None:
        self._wait_while_held(request)
        kind = self._take(request)
        if not kind:
            return self.answer(request)
        if kind in STRUCK_WHEN_ANSWERED:
            self.answer(request)
            self._kill()
        else:
            late = self._late
            self._kill()
            if kind not in NEVER_ARRIVES:
                time.sleep(late)
                self.answer(request)
        return None

    def _kill(self) -> None:
        self._strike()
        self.struck.set()

    def _take(self, request: Request) -> str:
        with self._lock:
            kind = self._kind
            if not kind or not WAITS_FOR[kind](request):
                return ""
            if self._skip > 0:
                self._skip -= 1
                return ""
            self._kind = ""
            return kind
