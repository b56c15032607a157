"""Instants, wall clocks and durations as Clockify reads and writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SUFFIX = re.compile(r"(Z|[+-]\d{2}:?\d{2})$")


class NoSuchTime(ValueError):
    """Not a date and time, or not a time zone."""


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name; raises NoSuchTime."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise NoSuchTime(f"unknown time zone {name!r}") from error


def parse_instant(text: object) -> int:
    """Seconds since 1970 of an ISO text; parts of a second are dropped; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise NoSuchTime(f"Text '{text}' could not be parsed") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() // 1)


def parse_window_edge(text: object, *, zone_name: str, literal: bool) -> float:
    """One edge of a window.

    Clockify reads it as wall clock of `zone_name` and ignores the suffix (measured live); `literal` obeys the
    suffix instead.
    """
    written = str(text)
    if literal:
        suffixed = bool(SUFFIX.search(written))
        moment = _moment(written if suffixed else f"{written}+00:00")
    else:
        moment = _moment(SUFFIX.sub("", written)).replace(tzinfo=zone(zone_name))
    return moment.timestamp()


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise NoSuchTime(f"Text '{text}' could not be parsed") from error


def utc_text(second: int | None) -> str | None:
    """2026-03-02T14:00:00Z."""
    if second is None:
        return None
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def zoned_text(second: int | None, zone_name: str) -> str | None:
    """The instant with that zone's offset; Z where the offset is nought."""
    if second is None:
        return None
    moment = datetime.fromtimestamp(second, zone(zone_name))
    if moment.utcoffset() == timedelta(0):
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.isoformat(timespec="seconds")


def iso_duration(seconds: int) -> str:
    """PT26H5M3S: hours are not turned into days."""
    if seconds == 0:
        return "PT0S"
    sign, rest = ("-", -seconds) if seconds < 0 else ("", seconds)
    parts = ((rest // 3600, "H"), (rest % 3600 // 60, "M"), (rest % 60, "S"))
    return "PT" + "".join(f"{sign}{number}{letter}" for number, letter in parts if number)
