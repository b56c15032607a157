"""Everything the sandbox knows: both vendors' records, the clock, switches, faults and counters."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.clockify.state import Clockify
from sandbox.counters import Counters
from sandbox.faults import Faults
from sandbox.quickbooks.state import QuickBooks
from sandbox.quickbooks.switches import SWITCHES
from sandbox.switches import Switches


class World:
    """One sandbox; `lock` is held while a handler runs, never while a fault sleeps."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Event()
        self.url = ""
        self.empty()

    def empty(self) -> None:
        """Back to nothing: no records, no faults, switches at their defaults, counters zero, clock right."""
        self.offset = timedelta(0)
        self.switches = Switches(SWITCHES)
        self.faults = Faults()
        self.counters = Counters()
        self.clockify = Clockify(self)
        self.quickbooks = QuickBooks(self)
        self.changed.set()

    def now(self) -> datetime:
        """The sandbox's time, UTC and aware; moved by POST /control/clock."""
        return datetime.now(UTC) + self.offset

    def to_json(self) -> dict[str, Any]:
        """A snapshot; call it under the lock."""
        return {
            "offset_seconds": self.offset.total_seconds(),
            "switches": self.switches.values(),
            "clockify": self.clockify.to_json(),
            "quickbooks": self.quickbooks.to_json(),
        }

    def from_json(self, data: dict[str, Any]) -> None:
        """Take over a saved world."""
        self.offset = timedelta(seconds=data.get("offset_seconds", 0))
        for name, value in data.get("switches", {}).items():
            self.switches.set(name, value)
        self.clockify.from_json(data["clockify"])
        self.quickbooks.from_json(data["quickbooks"])
