"""Timetables of schedules as text (off, every 30 minutes, every 2 hours, daily at 18:00), and the next run. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

OFF, MINUTES, HOURS, DAILY = "off", "minutes", "hours", "daily"
EVERY = re.compile(r"every (\d{1,4}) (minute|hour)s?")
DAILY_AT = re.compile(r"daily at (\d{1,2}):(\d{2})")
# Free Clockify workspaces allow 30 requests an hour; shorter intervals would only use them up.
MIN_INTERVAL = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The times of a schedule. `every`: a number of minutes or hours by mode; `at`: the local time, of daily ones."""

    mode: str = OFF
    every: int = 1
    at: time | None = None

    def __str__(self) -> str:
        if self.at is not None:
            return f"daily at {self.at:%H:%M}"
        if self.mode in {MINUTES, HOURS}:
            return f"every {self.every} {self.mode if self.every != 1 else self.mode[:-1]}"
        return OFF

    @property
    def interval(self) -> timedelta:
        return timedelta(hours=self.every) if self.mode == HOURS else timedelta(minutes=self.every)


def parse(text: str) -> Timetable:
    """Return the timetable that a text describes. Raises ValueError with the accepted forms."""
    normalized = " ".join(text.lower().split())
    if normalized in {"", OFF}:
        return Timetable()
    match = EVERY.fullmatch(normalized)
    if match:
        timetable = Timetable(MINUTES if match[2] == "minute" else HOURS, int(match[1]))
        if timetable.interval >= MIN_INTERVAL:
            return timetable
        raise ValueError(f"{text!r} is too often; every 5 minutes is the least")
    match = DAILY_AT.fullmatch(normalized)
    if match and int(match[1]) < 24 and int(match[2]) < 60:
        return Timetable(DAILY, at=time(int(match[1]), int(match[2])))
    raise ValueError(f"{text!r} is no schedule; write off, every 30 minutes, every 2 hours or daily at 18:00")


def written(mode: str, *, every: str, at: str) -> str:
    """Return a form's fields as a text for `parse`. Raises ValueError with what is missing."""
    if mode == OFF:
        return OFF
    if mode in {MINUTES, HOURS}:
        if not every.isascii() or not every.isdigit() or int(every) == 0:
            raise ValueError(f"write how many {mode}, as a whole number from 1 on")
        return f"every {int(every)} {mode}"
    if mode == DAILY:
        # Browsers may send seconds along.
        match = re.fullmatch(r"(\d{1,2}:\d{2})(:\d{2})?", at)
        if match is None:
            raise ValueError("choose a time of day, such as 18:00")
        return f"daily at {match[1]}"
    raise ValueError(f"{mode!r} is none of off, minutes, hours and daily")


def next_after(table: Timetable, *, now: datetime, previous: datetime | None, zone: str) -> datetime | None:
    """Return the next time after `now`, or None if off. One run makes up for any number of missed ones."""
    if table.mode == OFF:
        return None
    if table.at is not None:
        # From local dates: 24 hours more would shift the time of day when clocks change.
        local = now.astimezone(ZoneInfo(zone))
        today = datetime.combine(local.date(), table.at, tzinfo=ZoneInfo(zone))
        tomorrow = datetime.combine(local.date() + timedelta(days=1), table.at, tzinfo=ZoneInfo(zone))
        return (today if today > now else tomorrow).astimezone(now.tzinfo)
    # From the time that was due, so that late starts do not shift the schedule.
    due = (previous or now) + table.interval
    return due if due > now else now + table.interval
