"""Instants, wall clocks and durations as Clockify reads and writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SUFFIX = re.compile(r"(Z|[+-]\d{2}:?\d{2})$")


class NoSuchTime(ValueError):
    """A text that is no date and time, or no time zone."""


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """Return the IANA zone of that name, or raise NoSuchTime."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise NoSuchTime(f"unknown time zone {name!r}") from error


def parse_instant(text: object) -> int:
    """Return an ISO text as seconds since 1970, without parts of a second; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise NoSuchTime(f"Text '{text}' could not be parsed") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() // 1)


def parse_window_edge(text: object, *, zone_name: str, literal: bool) -> float:
    """Return one edge of a window as an instant.

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
    """Return an instant as 2026-03-02T14:00:00Z."""
    if second is None:
        return None
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def zoned_text(second: int | None, zone_name: str) -> str | None:
    """Return an instant with that zone's offset, or with Z when the offset is zero."""
    if second is None:
        return None
    moment = datetime.fromtimestamp(second, zone(zone_name))
    if moment.utcoffset() == timedelta(0):
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.isoformat(timespec="seconds")


def iso_duration(seconds: int) -> str:
    """Return a duration as PT26H5M3S; hours do not become days."""
    if seconds == 0:
        return "PT0S"
    sign, rest = ("-", -seconds) if seconds < 0 else ("", seconds)
    parts = ((rest // 3600, "H"), (rest % 3600 // 60, "M"), (rest % 60, "S"))
    return "PT" + "".join(f"{sign}{number}{letter}" for number, letter in parts if number)
