"""The part of a sandbox that both vendors share: lock, clock, switches, faults and counters."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from sandbox.shared.counters import Counters
from sandbox.shared.faults import Faults
from sandbox.shared.switches import Switches


class Core:
    """A sandbox without records; `lock` is held while a handler runs, never while a fault sleeps."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Event()
        self.url = ""
        self.switches = Switches()
        self.reset()

    def reset(self) -> None:
        """Set clock, switches and counters back, and clear the faults."""
        self.offset = timedelta(0)
        self.switches.reset()
        self.faults = Faults()
        self.counters = Counters()

    def now(self) -> datetime:
        """Return the sandbox's time, UTC and aware; POST /control/clock moves it."""
        return datetime.now(UTC) + self.offset
