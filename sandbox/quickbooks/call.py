"""One call to a company: the company, the request and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sandbox.quickbooks.companies.company import Company
from sandbox.shared.http import Request
from sandbox.shared.switches import Switches


@dataclass(frozen=True)
class Call:
    """The context of every operation."""

    company: Company
    request: Request
    now: datetime

    @property
    def switches(self) -> Switches:
        return self.company.core.switches

    @property
    def at(self) -> float:
        """Return the time of the call as epoch seconds."""
        return self.now.timestamp()
