"""The request limit of a workspace (the shape of Clockify's 429 is an assumption)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sandbox.clockify.errors import ClockifyError
from sandbox.shared.switches import Switches

LIMITS = {"50_per_second": (50, 1), "30_per_hour": (30, 3600)}


@dataclass
class _Window:
    began: float
    used: int = 0


class Budgets:
    """One window of requests per workspace, opened by its first request; not kept over a restart."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._windows: dict[tuple[str, str], _Window] = {}

    def spend(self, workspace_id: str, *, at: float) -> None:
        """Count one request of that second, or raise ClockifyError 429 when the window is used up."""
        rule = str(self._switches["clockify_rate_limit"])
        if rule not in LIMITS:
            return
        limit, seconds = LIMITS[rule]
        window = self._windows.get((rule, workspace_id))
        if window is None or not window.began <= at < window.began + seconds:
            window = self._windows[(rule, workspace_id)] = _Window(at)
        window.used += 1
        if window.used > limit:
            raise self._too_many(window.began + seconds - at)

    def _too_many(self, wait: float) -> ClockifyError:
        headers = {"Retry-After": str(math.ceil(wait))} if self._switches["clockify_retry_after"] else {}
        return ClockifyError(429, 429, "Too many requests", headers)
