"""One call to a company: who asks, of which company, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sandbox.http import Request
from sandbox.quickbooks.company import Company
from sandbox.switches import Switches


@dataclass(frozen=True)
class Call:
    """What every operation gets to see."""

    company: Company
    request: Request
    now: datetime

    @property
    def switches(self) -> Switches:
        return self.company.core.switches

    @property
    def at(self) -> float:
        """The instant as epoch seconds."""
        return self.now.timestamp()
