"""The chart of hours per day over the last four weeks: sent, waiting, held, failed. One grouped query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from django.db.models import Sum

from integrations.models import Workspace
from syncjobs.display.formatting import day, in_hours
from syncjobs.models import EntryStatus
from syncjobs.pages.links import list_of

State = EntryStatus.State
DAYS = 28
# Parts of a bar from its bottom to its top, with their labels.
PARTS = {"sent": "Sent", "ready": "Waiting", "held": "Held", "failed": "Refused or in doubt"}
# Time that was edited after it was sent is in QuickBooks as well.
PART_OF = {
    State.SENT: "sent",
    State.CHANGED: "sent",
    State.READY: "ready",
    State.FAILED: "failed",
    State.UNKNOWN: "failed",
}
# Units of the drawing, about a pixel each.
WIDTH, HEIGHT, LEFT, TOP, FLOOR = 400, 180, 36, 10, 158
DAY_WIDTH = (WIDTH - LEFT - 2) / DAYS
# A few minutes on a day of long bars must still be visible.
MIN_HEIGHT = 1.5
MAX_LINES = 4


@dataclass(frozen=True)
class Bar:
    """One part of a day's bar; coordinates are formatted for SVG."""

    part: str
    x: str
    y: str
    width: str
    height: str


@dataclass
class Day:
    """A day of the chart: its minutes by part, and the bars that show them."""

    date: date
    link: str
    minutes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    bars: list[Bar] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.minutes.values())

    @property
    def description(self) -> str:
        """The day in words, such as `Mon Mar 2: 18.5 h sent, 20 h held`."""
        parts = [
            f"{in_hours(self.minutes[part])} {label.lower()}" for part, label in PARTS.items() if self.minutes[part]
        ]
        return f"{day(self.date)}: {', '.join(parts) or 'nothing'}"


@dataclass(frozen=True)
class Mark:
    """A grid line or a label at one of the axes."""

    at: str
    text: str


@dataclass(frozen=True)
class Chart:
    """The days with their bars, the grid lines of hours, and the labels of days."""

    days: tuple[Day, ...]
    lines: tuple[Mark, ...]
    labels: tuple[Mark, ...]

    @property
    def totals(self) -> list[tuple[str, str, int]]:
        """Part, label and minutes of the whole period, for the legend."""
        return [(part, label, sum(day.minutes[part] for day in self.days)) for part, label in PARTS.items()]

    @property
    def worked(self) -> list[Day]:
        """Days with any time on them, newest first."""
        return [day for day in reversed(self.days) if day.total]

    @property
    def period(self) -> str:
        return f"{day(self.days[0].date)} to {day(self.days[-1].date)}"

    @property
    def description(self) -> str:
        """The chart in a sentence, for screen readers."""
        parts = ", ".join(f"{in_hours(minutes)} {label.lower()}" for _, label, minutes in self.totals if minutes)
        return f"Hours per day, {self.period}: {parts}. The table below has each day."


def chart(workspaces: Sequence[Workspace], *, now: datetime) -> Chart | None:
    """Return the chart of these workspaces together; None where nothing was worked in these weeks."""
    if not workspaces:
        return None
    # East of the others it may be tomorrow already.
    today = max(now.astimezone(ZoneInfo(workspace.time_zone)).date() for workspace in workspaces)
    first = today - timedelta(days=DAYS - 1)
    worked = minutes_by_day([workspace.pk for workspace in workspaces], first=first, last=today)
    days = tuple(_day(first + timedelta(days=index), worked) for index in range(DAYS))
    highest = max(chart_day.total for chart_day in days)
    if not highest:
        return None
    step, top = scale(highest / 60)
    for index, chart_day in enumerate(days):
        chart_day.bars.extend(_bars(chart_day.minutes, index, hours_at_top=top))
    lines = tuple(_line(hours, top) for hours in range(0, top + 1, step))
    return Chart(days, lines, tuple(_day_labels(days)))


def minutes_by_day(workspace_ids: Iterable[int], *, first: date, last: date) -> dict[date, dict[str, int]]:
    """Return minutes of each part by TxnDate, without time that is excluded by rule."""
    rows = EntryStatus.objects.filter(entry__workspace__in=list(workspace_ids), entry__txn_date__range=(first, last))
    grouped = rows.order_by().values_list("entry__txn_date", "state", "held").annotate(Sum("minutes"))
    minutes_of: dict[date, dict[str, int]] = defaultdict(lambda: dict.fromkeys(PARTS, 0))
    for txn_date, state, held, minutes in grouped:
        part = "held" if state == State.BLOCKED and held else PART_OF.get(State(state))
        if part:
            minutes_of[txn_date][part] += max(minutes, 0)
    return minutes_of


def scale(hours: float) -> tuple[int, int]:
    """Return the step between grid lines (1, 2, 5, 10, 20 … hours) and the hours at the top of the chart."""
    for power in count():
        for step in (10**power, 2 * 10**power, 5 * 10**power):
            lines = max(1, -(-hours // step))
            if lines <= MAX_LINES:
                return step, int(lines) * step
    raise AssertionError("counting does not end")


def _day(txn_date: date, worked: dict[date, dict[str, int]]) -> Day:
    link = list_of("integrations.timeentry", txn_date_from=txn_date.isoformat(), txn_date_to=txn_date.isoformat())
    return Day(txn_date, link, dict(worked[txn_date])) if txn_date in worked else Day(txn_date, link)


def _bars(minutes: dict[str, int], index: int, *, hours_at_top: int) -> Iterable[Bar]:
    bottom = float(FLOOR)
    for part in PARTS:
        if not minutes[part]:
            continue
        height = max(minutes[part] / 60 / hours_at_top * (FLOOR - TOP), MIN_HEIGHT)
        bottom -= height
        yield Bar(
            part, f"{LEFT + index * DAY_WIDTH + 1.5:.1f}", f"{bottom:.1f}", f"{DAY_WIDTH - 3:.1f}", f"{height:.1f}"
        )


def _line(hours: int, top: int) -> Mark:
    return Mark(f"{FLOOR - hours / top * (FLOOR - TOP):.1f}", f"{hours} h" if hours == top else str(hours))


def _day_labels(days: Sequence[Day]) -> Iterable[Mark]:
    """Yield the labels below the bars: Mondays, and today."""
    for index, chart_day in enumerate(days):
        middle = f"{LEFT + (index + 0.5) * DAY_WIDTH:.1f}"
        # A Monday of the last days would be written over "today".
        if chart_day.date.weekday() == 0 and 0 < index < DAYS - 4:
            yield Mark(middle, f"{chart_day.date:%b} {chart_day.date.day}")
    yield Mark(f"{LEFT + (DAYS - 1) * DAY_WIDTH:.1f}", "today")
