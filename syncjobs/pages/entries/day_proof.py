"""The day that an entry's time belongs to, proven on each clock that matters, and how near midnight is. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from syncjobs.display.formatting import day, moment
from syncjobs.rules import rounding

UNIVERSAL = "UTC"
# For work that starts this close to midnight, people in other time zones name another day.
NEAR_MIDNIGHT = timedelta(hours=2)
# The picture shows this span around the work; its width is in the SVG's own units.
SHOWN_SPAN = timedelta(hours=24)
WIDTH = 240


@dataclass(frozen=True)
class Clock:
    """Begin, end and day of the work in one time zone; `decides` marks the zone whose day counts."""

    who: str
    zone: str
    offset: str
    began: str
    ended: str
    day: date
    decides: bool
    midnights: tuple[str, ...]


@dataclass(frozen=True)
class Proof:
    day: date
    rule: str
    near: str
    clocks: tuple[Clock, ...]
    bar_at: str
    bar_width: str

    @property
    def is_near(self) -> bool:
        return bool(self.near)


def proof(
    *,
    start_at: datetime,
    end_at: datetime | None,
    chosen: date,
    owner: str,
    owner_zone: str,
    workspace_zone: str,
    unknown_zone: str = "",
) -> Proof:
    """Return the proof of a day; `chosen` is the TxnDate that is sent, an empty `owner_zone` means the workspace's.

    `unknown_zone`: the name that Clockify gives, where this machine does not know it.
    """
    deciding_zone = owner_zone or workspace_zone
    why = f"whose zone “{unknown_zone}” is unknown here" if unknown_zone else "who has no time zone of their own"
    owner_label = f"{owner}" if owner_zone else f"{owner}, {why}"
    span_start = _span_start(start_at, end_at)
    clock_rows = [(owner_label, deciding_zone, True), ("UTC, as stored by Clockify", UNIVERSAL, False)]
    clock_rows.append(("The workspace", workspace_zone, False))
    clocks = tuple(
        _clock(who, zone, start_at, end_at, span_start, decides=decides) for who, zone, decides in clock_rows
    )
    # May differ from the chosen day: a day that was sent stays while the start is unchanged.
    day_by_rule = rounding.txn_date(start_at, owner_zone=owner_zone, workspace_zone=workspace_zone)
    # Work without an end, or of a minute, would have no visible bar: it is at least 2 units wide.
    end = min(end_at or start_at, span_start + SHOWN_SPAN)
    return Proof(
        day=chosen,
        rule=_rule_text(chosen, day_by_rule),
        near=_midnight_text(start_at, end_at, clocks, deciding_zone),
        clocks=clocks,
        bar_at=_x_position(start_at, span_start),
        bar_width=f"{max((end - start_at) / SHOWN_SPAN * WIDTH, 2):.1f}",
    )


def _span_start(start_at: datetime, end_at: datetime | None) -> datetime:
    """Return the start of the span: the work is centered, and of unusually long work the beginning is shown."""
    length = max((end_at or start_at) - start_at, timedelta())
    return start_at - max((SHOWN_SPAN - length) / 2, SHOWN_SPAN / 8)


def _clock(
    who: str, zone: str, start_at: datetime, end_at: datetime | None, span_start: datetime, *, decides: bool
) -> Clock:
    local = start_at.astimezone(ZoneInfo(zone))
    return Clock(
        who=who,
        zone=zone,
        offset=_offset(local),
        began=moment(start_at, zone),
        ended=moment(end_at, zone) if end_at else "",
        day=local.date(),
        decides=decides,
        midnights=tuple(_x_position(midnight, span_start) for midnight in _midnights(zone, span_start)),
    )


def _midnights(zone: str, span_start: datetime) -> Iterator[datetime]:
    """Yield the midnights of a zone within the span."""
    days = {(span_start + timedelta(days=offset)).astimezone(ZoneInfo(zone)).date() for offset in range(3)}
    for local_day in sorted(days):
        # Built from the date instead of by adding 24 hours: days with a change of clocks have 23 or 25.
        midnight = datetime.combine(local_day, time(), tzinfo=ZoneInfo(zone))
        if span_start < midnight.astimezone(span_start.tzinfo) < span_start + SHOWN_SPAN:
            yield midnight


def _x_position(at: datetime, span_start: datetime) -> str:
    return f"{(at - span_start) / SHOWN_SPAN * WIDTH:.1f}"


def _offset(local: datetime) -> str:
    """Return `UTC−5`, with minutes where they are not zero."""
    minutes = int((local.utcoffset() or timedelta()).total_seconds()) // 60
    if not minutes:
        return UNIVERSAL
    sign, minutes = ("−" if minutes < 0 else "+"), abs(minutes)
    return f"{UNIVERSAL}{sign}{minutes // 60}" + (f":{minutes % 60:02d}" if minutes % 60 else "")


def _rule_text(chosen: date, day_by_rule: date) -> str:
    if chosen == day_by_rule:
        return "The rule: the day the work began, in the person's time zone."
    return (
        f"The rule, the day the work began in the person's time zone, would say {day(day_by_rule)} now. "
        f"It was sent as {day(chosen)}, and that stays while its start is the same."
    )


def _midnight_text(start_at: datetime, end_at: datetime | None, clocks: tuple[Clock, ...], zone: str) -> str:
    """Return sentences about why midnight matters here; "" where it does not."""
    sentences = []
    owner_day = clocks[0].day
    others = [f"{clock.zone} says {day(clock.day)}" for clock in clocks[1:] if clock.day != owner_day]
    if others:
        sentences.append(f"{' and '.join(dict.fromkeys(others))}.")
    local = start_at.astimezone(ZoneInfo(zone))
    if end_at is not None and end_at.astimezone(ZoneInfo(zone)).date() > owner_day:
        sentences.append(f"It crosses midnight and stays one entry, on {day(owner_day)}.")
    else:
        since_midnight = timedelta(hours=local.hour, minutes=local.minute)
        distance = min(since_midnight, timedelta(days=1) - since_midnight)
        if distance <= NEAR_MIDNIGHT:
            sentences.append(f"It began {_distance_text(distance)} from midnight.")
    return " ".join(sentences)


def _distance_text(gap: timedelta) -> str:
    minutes = int(gap.total_seconds()) // 60
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
