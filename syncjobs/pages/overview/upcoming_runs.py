"""What begins by itself next, when, and how much would go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from syncjobs.display.formatting import in_hours, moment, number
from syncjobs.models import Run, Schedule
from syncjobs.pages.overview.figures import Figures
from syncjobs.pages.overview.workspace_card import Card
from syncjobs.worker import schedules

# The worker looks every minute.
LATE = timedelta(minutes=5)
SHORT = {Run.Kind.CHECK: "check", Run.Kind.SYNC: "sync"}


@dataclass(frozen=True)
class UpcomingRun:
    """One schedule: `when` in the workspace's zone, `table` how often, `words` what it would find now."""

    schedule: Schedule
    when: str
    table: str
    words: str
    late: bool

    @property
    def short(self) -> str:
        """`sync today 18:00`."""
        return f"{SHORT.get(Run.Kind(self.schedule.kind), self.schedule.kind)} {self.when}"


def upcoming(cards: Sequence[Card], *, now: datetime) -> list[UpcomingRun]:
    """Soonest first; each card is given its own."""
    by_workspace = {card.workspace.pk: card for card in cards}
    rows = Schedule.objects.filter(workspace__in=list(by_workspace)).exclude(next_at=None).order_by("next_at", "pk")
    found = []
    for row in rows:
        card = by_workspace[row.workspace_id]
        row.workspace = card.workspace
        one = _coming(row, card.figures, now=now)
        found.append(one)
        card.upcoming.append(one.short)
    return found


def _coming(schedule: Schedule, figures: Figures, *, now: datetime) -> UpcomingRun:
    at = schedule.next_at or now
    zone = schedule.workspace.time_zone
    return UpcomingRun(
        schedule,
        when=when(at, zone=zone, now=now),
        table=str(schedules.table_of(schedule)),
        words=waiting(figures) if schedule.kind == Run.Kind.SYNC else "",
        late=now - at > LATE,
    )


def when(at: datetime, *, zone: str, now: datetime) -> str:
    """`today 18:00`, `tomorrow 02:00`, then the day by its name."""
    local = at.astimezone(ZoneInfo(zone))
    days = (local.date() - now.astimezone(ZoneInfo(zone)).date()).days
    words = {0: "today", 1: "tomorrow"}.get(days)
    return f"{words} {local:%H:%M}" if words else moment(at, zone)


def waiting(figures: Figures) -> str:
    """What a sync would have to send by what is known now."""
    parts = []
    if figures.ready.entries:
        parts.append(f"{number(figures.ready.entries, 'entry,entries')}, {in_hours(figures.ready.minutes)}")
    if figures.changed.entries:
        parts.append(number(figures.changed.entries, "change,changes"))
    return f"{' and '.join(parts)} so far" if parts else "nothing waits so far"
