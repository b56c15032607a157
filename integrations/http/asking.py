"""Asking a vendor without writing anything here: no row of the journal or the throttle, and no second attempt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

# Seconds that a call may wait for its turn, and for its answer.
LONGEST_WAIT = 5.0
ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Seen:
    """One request: when its answer came, or failed to, and what time the vendor said it was (None: not said)."""

    vendor: str
    at: datetime
    vendors_time: datetime | None


@dataclass
class Asking:
    """The requests that were made meanwhile, tokens included."""

    seen: list[Seen] = field(default_factory=list)


_current: ContextVar[Asking | None] = ContextVar("asking", default=None)


@contextmanager
def without_a_trace() -> Iterator[Asking]:
    """Have all calls of this thread made once each, and recorded in what this yields instead of in the database."""
    asking = Asking()
    token = _current.set(asking)
    try:
        yield asking
    finally:
        _current.reset(token)


def current() -> Asking | None:
    return _current.get()
