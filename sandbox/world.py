"""Everything the sandbox knows: both vendors' records, and the core they share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox.clockify.state import Clockify
from sandbox.quickbooks.state import QuickBooks
from sandbox.shared.core import Core


class World(Core):
    """One sandbox with both vendors."""

    def __init__(self) -> None:
        super().__init__()
        self.clockify = Clockify(self)
        self.quickbooks = QuickBooks(self)
        self.changed.set()

    def empty(self) -> None:
        """Delete every record and fault, and set switches, counters and clock back."""
        self.reset()
        self.clockify.empty()
        self.quickbooks.empty()
        self.changed.set()

    def to_json(self) -> dict[str, Any]:
        """Return a snapshot; call it under the lock."""
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
