"""The runs that schedules begin next: when, and how much a sync would send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from syncjobs.display.formatting import in_hours, moment, number
from syncjobs.models import Run, Schedule
from syncjobs.pages.overview.figures import Figures
from syncjobs.pages.overview.workspace_card import Card
from syncjobs.worker import schedules

SHORT = {Run.Kind.CHECK: "check", Run.Kind.SYNC: "sync", Run.Kind.RECONCILE: "comparison"}


@dataclass(frozen=True)
class UpcomingRun:
    """One schedule: `when` in the workspace's zone, `table` how often, `waiting` what a sync would send, why `late`."""

    schedule: Schedule
    when: str
    table: str
    waiting: str
    late: str

    @property
    def short(self) -> str:
        """Kind and time, such as `sync today 18:00`."""
        return f"{SHORT.get(Run.Kind(self.schedule.kind), self.schedule.kind)} {self.when}"


def upcoming(cards: Sequence[Card], *, now: datetime) -> list[UpcomingRun]:
    """Return the upcoming runs, soonest first, and add each one's short form to its card."""
    by_workspace = {card.workspace.pk: card for card in cards}
    rows = Schedule.objects.filter(workspace__in=list(by_workspace)).exclude(next_at=None).order_by("next_at", "pk")
    upcoming_runs = []
    for row in rows:
        card = by_workspace[row.workspace_id]
        # The card has the workspace already: no query for each schedule.
        row.workspace = card.workspace
        upcoming_run = _upcoming_run(row, card.figures, now=now)
        upcoming_runs.append(upcoming_run)
        card.upcoming.append(upcoming_run.short)
    return upcoming_runs


def _upcoming_run(schedule: Schedule, figures: Figures, *, now: datetime) -> UpcomingRun:
    at = schedule.next_at or now
    zone = schedule.workspace.time_zone
    return UpcomingRun(
        schedule,
        when=when(at, zone=zone, now=now),
        table=str(schedules.table_of(schedule)),
        waiting=waiting(figures) if schedule.kind == Run.Kind.SYNC else "",
        late=schedules.why_late(schedule, now=now),
    )


def when(at: datetime, *, zone: str, now: datetime) -> str:
    """Return a time in the zone as `today 18:00`, `tomorrow 02:00`, or with its date."""
    local = at.astimezone(ZoneInfo(zone))
    days = (local.date() - now.astimezone(ZoneInfo(zone)).date()).days
    day_name = {0: "today", 1: "tomorrow"}.get(days)
    return f"{day_name} {local:%H:%M}" if day_name else moment(at, zone)


def waiting(figures: Figures) -> str:
    """Return what a sync would send by what is known now, such as `3 entries, 4.5 h so far`."""
    parts = []
    if figures.ready.entries:
        parts.append(f"{number(figures.ready.entries, 'entry,entries')}, {in_hours(figures.ready.minutes)}")
    if figures.changed.entries:
        parts.append(number(figures.changed.entries, "change,changes"))
    return f"{' and '.join(parts)} so far" if parts else "nothing waiting so far"
