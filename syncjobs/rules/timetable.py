"""When a schedule is next due, and how it is written: off, every 30 minutes, every 2 hours, daily at 18:00. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

OFF, MINUTES, HOURS, DAILY = "off", "minutes", "hours", "daily"
EVERY = re.compile(r"every (\d{1,4}) (minute|hour)s?")
DAILY_AT = re.compile(r"daily at (\d{1,2}):(\d{2})")
# Free Clockify workspaces allow 30 requests an hour; anything quicker helps nobody.
SHORTEST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Timetable:
    mode: str = OFF
    every: int = 1
    at: time | None = None

    def __str__(self) -> str:
        if self.mode == DAILY and self.at is not None:
            return f"daily at {self.at:%H:%M}"
        if self.mode in {MINUTES, HOURS}:
            return f"every {self.every} {self.mode if self.every != 1 else self.mode[:-1]}"
        return OFF

    @property
    def interval(self) -> timedelta:
        return timedelta(hours=self.every) if self.mode == HOURS else timedelta(minutes=self.every)


def parse(text: str) -> Timetable:
    """Raises ValueError with the forms that can be written."""
    words = " ".join(text.lower().split())
    if words in {"", OFF}:
        return Timetable()
    found = EVERY.fullmatch(words)
    if found:
        table = Timetable(MINUTES if found[2] == "minute" else HOURS, int(found[1]))
        if table.interval >= SHORTEST:
            return table
        raise ValueError(f"{text!r} is too often; every 5 minutes is the least")
    found = DAILY_AT.fullmatch(words)
    if found and int(found[1]) < 24 and int(found[2]) < 60:
        return Timetable(DAILY, at=time(int(found[1]), int(found[2])))
    raise ValueError(f"{text!r} is no schedule; write off, every 30 minutes, every 2 hours or daily at 18:00")


def written(mode: str, *, every: str, at: str) -> str:
    """What was chosen in a form, as `parse` reads it. Raises ValueError with what is missing."""
    if mode == OFF:
        return OFF
    if mode in {MINUTES, HOURS}:
        if not every.isascii() or not every.isdigit() or int(every) == 0:
            raise ValueError(f"write how many {mode}, as a whole number from 1 on")
        return f"every {int(every)} {mode}"
    if mode == DAILY:
        # Browsers may send seconds along.
        found = re.fullmatch(r"(\d{1,2}:\d{2})(:\d{2})?", at)
        if found is None:
            raise ValueError("choose a time of day, such as 18:00")
        return f"daily at {found[1]}"
    raise ValueError(f"{mode!r} is none of off, minutes, hours and daily")


def next_after(table: Timetable, *, now: datetime, previous: datetime | None, zone: str) -> datetime | None:
    """The next moment after `now`. However many were missed, one run makes up for them."""
    if table.mode == OFF:
        return None
    if table.mode == DAILY and table.at is not None:
        local = now.astimezone(ZoneInfo(zone))
        today = datetime.combine(local.date(), table.at, tzinfo=ZoneInfo(zone))
        tomorrow = datetime.combine(local.date() + timedelta(days=1), table.at, tzinfo=ZoneInfo(zone))
        return (today if today > now else tomorrow).astimezone(now.tzinfo)
    due = (previous or now) + table.interval
    return due if due > now else now + table.interval
