"""The days that a page of *Proof* is about, from its address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from integrations.models import Workspace
from integrations.typed_numbers import typed_day
from syncjobs.display import formatting
from syncjobs.support.proof import stored_comparison

# A year and a day; the command reconcile takes any.
MAX_DAYS = 366


@dataclass(frozen=True)
class Period:
    """Some days, both included. `problem`: why they can't be compared; "" if they can."""

    first: date
    last: date
    problem: str = ""

    @property
    def text(self) -> str:
        return formatting.period(self.first, self.last)

    @property
    def params(self) -> dict[str, str]:
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}

    def address(self, workspace: Workspace) -> str:
        return f"{reverse('hourbridge:proof', args=[workspace.pk])}?{urlencode(self.params)}"


def requested(workspace: Workspace, params: Mapping[str, str]) -> Period:
    """Return the period that the address names; without one, the period compared last, or this month so far."""
    today = workspace.today(timezone.now())
    default = Period(today.replace(day=1), today)
    if not (params.get("from") or params.get("to")):
        stored = stored_comparison.of_workspace(workspace).first()
        return Period(stored.from_date, stored.to_date) if stored else default
    try:
        first = typed_day(params.get("from") or default.first.isoformat())
        last = typed_day(params.get("to") or default.last.isoformat())
    except ValueError:
        return Period(default.first, default.last, "That is no date.")
    if first > last:
        return Period(first, last, "The first day is after the last.")
    if last - first >= timedelta(days=MAX_DAYS):
        return Period(first, last, f"At most {MAX_DAYS} days at once; the command reconcile takes longer periods.")
    return Period(first, last)


def offered(workspace: Workspace) -> list[Period]:
    """Return the periods to choose from: this month and the last, and those that were compared."""
    today = workspace.today(timezone.now())
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    found = [Period(month, today), Period(before.replace(day=1), before)]
    compared = stored_comparison.of_workspace(workspace)[:10]
    return list(dict.fromkeys([*found, *(Period(comparison.from_date, comparison.to_date) for comparison in compared)]))
