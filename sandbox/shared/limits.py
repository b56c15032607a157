"""Intuit's limits per company: counted always, enforced by a switch (Intuit: limits and throttles)."""

from __future__ import annotations

import time
from collections import Counter, deque

SPANS = {"per_second": (1.0, 10), "per_minute": (60.0, 500), "batches_per_minute": (60.0, 40)}


class Limits:
    """Sliding windows over one company's calls; uses the real clock, since it measures real speed.

    `speed` makes the windows pass that many times faster, for measurements that would take too long.
    """

    def __init__(self, speed: float = 1) -> None:
        self._speed = speed
        self._calls: dict[str, deque[float]] = {name: deque() for name in SPANS}
        self.violations: Counter[str] = Counter({name: 0 for name in SPANS})
        self.peaks: Counter[str] = Counter({name: 0 for name in SPANS})

    def count(self, *, is_batch: bool, enforced: bool) -> bool:
        """Count a call and return True if it exceeds a limit; an enforced limit keeps such a call out of the window."""
        now = time.monotonic() * self._speed
        names = [name for name in SPANS if is_batch or name != "batches_per_minute"]
        over = [name for name in names if self._used(name, now) >= SPANS[name][1]]
        for name in over:
            self.violations[name] += 1
        if enforced and over:
            return True
        for name in names:
            self._calls[name].append(now)
            self.peaks[name] = max(self.peaks[name], len(self._calls[name]))
        return bool(over)

    def _used(self, name: str, now: float) -> int:
        calls, span = self._calls[name], SPANS[name][0]
        while calls and calls[0] <= now - span:
            calls.popleft()
        return len(calls)

    def to_json(self) -> dict[str, dict[str, int]]:
        return {"violations": dict(self.violations), "peaks": dict(self.peaks)}
