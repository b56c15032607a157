"""Which day an entry's time belongs to: its moments on each clock that counts, and whether midnight is near. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from syncjobs.display.formatting import day, moment
from syncjobs.rules import rounding

UNIVERSAL = "UTC"
# Who starts this close to midnight is asked for the day by somebody.
NEAR = timedelta(hours=2)
# The picture: so many hours around the work, in units of its own.
SHOWN = timedelta(hours=24)
WIDTH = 240


@dataclass(frozen=True)
class Clock:
    """One zone's view: when the work began and ended there, and the day it would be by this clock."""

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
    *, start_at: datetime, end_at: datetime | None, chosen: date, owner: str, owner_zone: str, workspace_zone: str
) -> Proof:
    """`chosen` is the TxnDate that is sent; `owner_zone` may be empty, then the workspace's counts."""
    deciding = owner_zone or workspace_zone
    whose = f"{owner}" if owner_zone else f"{owner}, who has no zone of their own"
    first = _first_shown(start_at, end_at)
    asked = [(whose, deciding, True), ("Universal time, as Clockify stores it", UNIVERSAL, False)]
    asked.append(("The workspace", workspace_zone, False))
    clocks = tuple(_clock(who, zone, start_at, end_at, first, decides=decides) for who, zone, decides in asked)
    by_rule = rounding.txn_date(start_at, owner_zone=owner_zone, workspace_zone=workspace_zone)
    end = min(end_at or start_at, first + SHOWN)
    return Proof(
        day=chosen,
        rule=_rule(chosen, by_rule),
        near=_near(start_at, end_at, clocks, deciding),
        clocks=clocks,
        bar_at=_at(start_at, first),
        bar_width=f"{max((end - start_at) / SHOWN * WIDTH, 2):.1f}",
    )


def _first_shown(start_at: datetime, end_at: datetime | None) -> datetime:
    """The work stands in the middle; of very long work the beginning is shown."""
    length = max((end_at or start_at) - start_at, timedelta())
    return start_at - max((SHOWN - length) / 2, SHOWN / 8)


def _clock(
    who: str, zone: str, start_at: datetime, end_at: datetime | None, first: datetime, *, decides: bool
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
        midnights=tuple(_at(one, first) for one in _midnights(zone, first)),
    )


def _midnights(zone: str, first: datetime) -> Iterator[datetime]:
    days = {(first + timedelta(days=one)).astimezone(ZoneInfo(zone)).date() for one in range(3)}
    for one in sorted(days):
        midnight = datetime.combine(one, time(), tzinfo=ZoneInfo(zone))
        if first < midnight.astimezone(first.tzinfo) < first + SHOWN:
            yield midnight


def _at(moment_at: datetime, first: datetime) -> str:
    return f"{(moment_at - first) / SHOWN * WIDTH:.1f}"


def _offset(local: datetime) -> str:
    """`UTC−5`, with minutes where there are some."""
    minutes = int((local.utcoffset() or timedelta()).total_seconds()) // 60
    if not minutes:
        return UNIVERSAL
    sign, minutes = ("−" if minutes < 0 else "+"), abs(minutes)
    return f"{UNIVERSAL}{sign}{minutes // 60}" + (f":{minutes % 60:02d}" if minutes % 60 else "")


def _rule(chosen: date, by_rule: date) -> str:
    if chosen == by_rule:
        return "The rule: the day the work began, in its owner's time zone."
    return (
        f"The rule, the day the work began in its owner's time zone, would say {day(by_rule)} now. "
        f"It was sent as {day(chosen)}, and that stays while its start is the same."
    )


def _near(start_at: datetime, end_at: datetime | None, clocks: tuple[Clock, ...], zone: str) -> str:
    """Why midnight matters here, in sentences; empty where it does not."""
    said = []
    deciding = clocks[0].day
    others = [f"{one.zone} says {day(one.day)}" for one in clocks[1:] if one.day != deciding]
    if others:
        said.append(f"{' and '.join(dict.fromkeys(others))}.")
    local = start_at.astimezone(ZoneInfo(zone))
    if end_at is not None and end_at.astimezone(ZoneInfo(zone)).date() > deciding:
        said.append(f"It crosses midnight and stays in one piece, on {day(deciding)}.")
    else:
        since = timedelta(hours=local.hour, minutes=local.minute)
        away = min(since, timedelta(days=1) - since)
        if away <= NEAR:
            said.append(f"It began {_away(away)} from midnight.")
    return " ".join(said)


def _away(gap: timedelta) -> str:
    minutes = int(gap.total_seconds()) // 60
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
