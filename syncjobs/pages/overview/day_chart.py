"""Hours of the last four weeks, day by day: what was sent, what waits, what is held. One grouped query."""

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
# From the bottom of a bar to its top: how each part is called, and in words.
PARTS = {"sent": "Sent", "ready": "Waiting", "held": "Held", "failed": "Refused or in doubt"}
# Time that was edited after it was sent is in QuickBooks as well.
PART_OF = {
    State.SENT: "sent",
    State.CHANGED: "sent",
    State.READY: "ready",
    State.FAILED: "failed",
    State.UNKNOWN: "failed",
}
# The picture's own units, of which one is about a pixel.
WIDTH, HEIGHT, LEFT, TOP, FLOOR = 400, 180, 36, 10, 158
SLOT = (WIDTH - LEFT - 2) / DAYS
LEAST = 1.5
MAX_LINES = 4


@dataclass(frozen=True)
class Bar:
    """One part of a day's bar; coordinates as they are written."""

    part: str
    x: str
    y: str
    width: str
    height: str


@dataclass
class Day:
    date: date
    link: str
    minutes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    bars: list[Bar] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.minutes.values())

    @property
    def says(self) -> str:
        """`Mon 2 Mar: 18.5 h sent, 20 h held`."""
        parts = [f"{in_hours(self.minutes[part])} {word.lower()}" for part, word in PARTS.items() if self.minutes[part]]
        return f"{day(self.date)}: {', '.join(parts) or 'nothing'}"


@dataclass(frozen=True)
class Mark:
    """A line or a word at one of the axes."""

    at: str
    text: str


@dataclass(frozen=True)
class Chart:
    days: tuple[Day, ...]
    lines: tuple[Mark, ...]
    words: tuple[Mark, ...]

    @property
    def totals(self) -> list[tuple[str, str, int]]:
        """Part, word and minutes, for the legend."""
        return [(part, word, sum(one.minutes[part] for one in self.days)) for part, word in PARTS.items()]

    @property
    def worked(self) -> list[Day]:
        """Days with anything on them, the newest first."""
        return [one for one in reversed(self.days) if one.total]

    @property
    def period(self) -> str:
        return f"{day(self.days[0].date)} to {day(self.days[-1].date)}"

    @property
    def says(self) -> str:
        """The chart in a sentence, for those who do not see it."""
        parts = ", ".join(f"{in_hours(minutes)} {word.lower()}" for _, word, minutes in self.totals if minutes)
        return f"Hours per day, {self.period}: {parts}. The table below has each day."


def chart(workspaces: Sequence[Workspace], *, now: datetime) -> Chart | None:
    """Of these workspaces together; None where nothing was worked in these weeks."""
    if not workspaces:
        return None
    today = max(now.astimezone(ZoneInfo(one.time_zone)).date() for one in workspaces)
    first = today - timedelta(days=DAYS - 1)
    worked = minutes_by_day([one.pk for one in workspaces], first=first, last=today)
    days = tuple(_day(first + timedelta(days=place), worked) for place in range(DAYS))
    highest = max(one.total for one in days)
    if not highest:
        return None
    step, top = scale(highest / 60)
    for place, one in enumerate(days):
        one.bars.extend(_bars(one.minutes, place, hours_at_top=top))
    lines = tuple(_line(hours, top) for hours in range(0, top + 1, step))
    return Chart(days, lines, tuple(_words(days)))


def minutes_by_day(workspace_ids: Iterable[int], *, first: date, last: date) -> dict[date, dict[str, int]]:
    """Minutes of each part by TxnDate; what is left out by rule is no part."""
    rows = EntryStatus.objects.filter(entry__workspace__in=list(workspace_ids), entry__txn_date__range=(first, last))
    grouped = rows.order_by().values_list("entry__txn_date", "state", "held").annotate(Sum("minutes"))
    found: dict[date, dict[str, int]] = defaultdict(lambda: dict.fromkeys(PARTS, 0))
    for at, state, held, minutes in grouped:
        part = "held" if state == State.BLOCKED and held else PART_OF.get(State(state))
        if part:
            found[at][part] += max(minutes, 0)
    return found


def scale(hours: float) -> tuple[int, int]:
    """Whole hours from line to line, and at the top: 1, 2, 5, 10, 20 … so that few lines are enough."""
    for power in count():
        for step in (10**power, 2 * 10**power, 5 * 10**power):
            lines = max(1, -(-hours // step))
            if lines <= MAX_LINES:
                return step, int(lines) * step
    raise AssertionError("counting does not end")


def _day(at: date, worked: dict[date, dict[str, int]]) -> Day:
    link = list_of("integrations.timeentry", txn_date_from=at.isoformat(), txn_date_to=at.isoformat())
    return Day(at, link, dict(worked[at])) if at in worked else Day(at, link)


def _bars(minutes: dict[str, int], place: int, *, hours_at_top: int) -> Iterable[Bar]:
    bottom = float(FLOOR)
    for part in PARTS:
        if not minutes[part]:
            continue
        height = max(minutes[part] / 60 / hours_at_top * (FLOOR - TOP), LEAST)
        bottom -= height
        yield Bar(part, f"{LEFT + place * SLOT + 1.5:.1f}", f"{bottom:.1f}", f"{SLOT - 3:.1f}", f"{height:.1f}")


def _line(hours: int, top: int) -> Mark:
    return Mark(f"{FLOOR - hours / top * (FLOOR - TOP):.1f}", f"{hours} h" if hours == top else str(hours))


def _words(days: Sequence[Day]) -> Iterable[Mark]:
    """Mondays below the bars, and today where no Monday is in its way."""
    for place, one in enumerate(days):
        middle = f"{LEFT + (place + 0.5) * SLOT:.1f}"
        if one.date.weekday() == 0 and 0 < place < DAYS - 4:
            yield Mark(middle, f"{one.date.day} {one.date:%b}")
    yield Mark(f"{LEFT + (DAYS - 1) * SLOT:.1f}", "today")
