"""Rounding of an entry's time, and the day that a night shift belongs to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

MINUTE = 60


@dataclass(frozen=True, slots=True)
class Rounding:
    """The way exact seconds become minutes. `step` in minutes; `direction` near, up or down."""

    direction: str = "near"
    step: int = 1


TO_THE_MINUTE = Rounding()


def as_in_clockify(report_rounding: Mapping[str, Any]) -> Rounding:
    """Return the workspace's report rounding, or TO_THE_MINUTE where it is off or not understood."""
    direction, step = report_rounding.get("direction"), report_rounding.get("minutes")
    if (
        not report_rounding.get("on")
        or direction not in {"near", "up", "down"}
        or not isinstance(step, int)
        or step < 1
    ):
        return TO_THE_MINUTE
    return Rounding(direction, step)


def minutes(seconds: int, rounding: Rounding = TO_THE_MINUTE) -> int:
    """Return whole minutes of an exact length in seconds; halves go up, and a negative length is 0."""
    if seconds <= 0:
        return 0
    step = rounding.step * MINUTE
    if rounding.direction == "up":
        steps = -(-seconds // step)
    elif rounding.direction == "down":
        steps = seconds // step
    else:
        # Whole numbers only: `round` would send halves to the even neighbor.
        steps = (2 * seconds + step) // (2 * step)
    return steps * rounding.step


def explains(seconds: int, rounded_minutes: int, rounding: Rounding = TO_THE_MINUTE) -> bool:
    """Return whether the minutes are this length, rounded by today's rule or by any other that a workspace can have."""
    if minutes(seconds, rounding) == rounded_minutes:
        return True
    steps = [step for step in range(1, 61) if 60 % step == 0]
    rules = [Rounding(direction, step) for direction in ("near", "up", "down") for step in steps]
    return any(minutes(seconds, rule) == rounded_minutes for rule in rules)


def kept_day(start_at: datetime, *, sent: tuple[datetime, date] | None) -> date | None:
    """Return the day that was sent while the start is unchanged, even if time zones changed since; else None.

    `sent`: start and day as they were sent; None for time that was not sent.
    """
    return sent[1] if sent is not None and sent[0] == start_at else None


def txn_date(start_at: datetime, *, owner_zone: str, workspace_zone: str) -> date:
    """Return the day on which the work began in its owner's time zone, or in the workspace's if that is ""."""
    return start_at.astimezone(ZoneInfo(owner_zone or workspace_zone or "UTC")).date()
