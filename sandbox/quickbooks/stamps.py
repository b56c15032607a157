"""Time as Intuit writes it: US Pacific, whatever the company (Intuit: recorded answers)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache


@lru_cache(maxsize=64)
def _summer(year: int) -> tuple[datetime, datetime]:
    """Return the start and end of Pacific daylight time in UTC: second Sunday of March, first of November."""
    march, november = date(year, 3, 8), date(year, 11, 1)
    begins = march + timedelta(days=(6 - march.weekday()) % 7)
    ends = november + timedelta(days=(6 - november.weekday()) % 7)
    return (
        datetime(year, begins.month, begins.day, 10, tzinfo=UTC),
        datetime(year, ends.month, ends.day, 9, tzinfo=UTC),
    )


def pacific_offset(instant: datetime) -> timedelta:
    """Return the Pacific offset in force at an aware instant."""
    instant = instant.astimezone(UTC)
    begins, ends = _summer(instant.year)
    return timedelta(hours=-7 if begins <= instant < ends else -8)


def pacific(instant: datetime) -> datetime:
    """Return the naive Pacific wall-clock time."""
    return (instant.astimezone(UTC) + pacific_offset(instant)).replace(tzinfo=None)


def stamp(instant: datetime, *, milliseconds: bool = False) -> str:
    """Return 2026-03-05T01:02:03-08:00, with .456 for the envelope's `time`."""
    offset = pacific_offset(instant)
    local = (instant.astimezone(UTC) + offset).replace(tzinfo=None)
    sign = f"-{-int(offset.total_seconds()) // 3600:02d}:00"
    return local.isoformat(timespec="milliseconds" if milliseconds else "seconds") + sign


def today(instant: datetime) -> str:
    """Return the Pacific date, Intuit's default TxnDate."""
    return pacific(instant).date().isoformat()
