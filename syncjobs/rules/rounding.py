"""Rounding of an entry's time, and the day that a night shift belongs to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

MINUTE = 60


@dataclass(frozen=True, slots=True)
class Rounding:
    """The way exact seconds become minutes. `direction` near, up or down; `step` and `minimum` in minutes."""

    direction: str = "near"
    step: int = 1
    minimum: int = 0


TO_THE_MINUTE = Rounding()
AS_IN_CLOCKIFY = "clockify"
DIRECTIONS = {"nearest": "near", "up": "up", "down": "down"}
STEPS = tuple(step for step in range(1, MINUTE + 1) if MINUTE % step == 0)
DAY = 24 * 60
FORMS = "write minute, clockify, nearest:15, up:6 or down:5, and for a shortest time ,minimum:15 after it"


def parse(text: str, report_rounding: Mapping[str, Any] | None = None) -> Rounding:
    """Return the rounding of a workspace's setting, such as `up:6,minimum:15`. Raises ValueError.

    `report_rounding`: that of Clockify's reports, for the setting `clockify`.
    """
    rule, comma, minimum_text = "".join(text.split()).partition(",")
    found = _rule(rule, report_rounding or {})
    name, _, length = minimum_text.partition(":")
    if comma and name != "minimum":
        raise ValueError(f"{text!r} is no rounding; {FORMS}")
    if not comma:
        return found
    return replace(found, minimum=_whole(length, text, of=range(1, DAY + 1), what="between 1 and 1440"))


def _rule(rule: str, report_rounding: Mapping[str, Any]) -> Rounding:
    name, _, step = rule.partition(":")
    if rule == "minute":
        return TO_THE_MINUTE
    if rule == AS_IN_CLOCKIFY:
        return as_in_clockify(report_rounding)
    if name not in DIRECTIONS:
        raise ValueError(f"{rule!r} is no rounding; {FORMS}")
    divisors = "that divide an hour: " + ", ".join(map(str, STEPS))
    return Rounding(DIRECTIONS[name], _whole(step, rule, of=STEPS, what=divisors))


def _whole(digits: str, text: str, *, of: Sequence[int], what: str) -> int:
    # Not int() alone, which takes signs, underscores and other scripts' digits.
    number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 4 else 0
    if number not in of:
        raise ValueError(f"{text!r} is no rounding; the minutes can be those {what}")
    return number


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
    """Return whole minutes of an exact length in seconds; halves go up, and a negative length is 0.

    The shortest time lifts short entries, but none of no time.
    """
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
    return max(steps * rounding.step, rounding.minimum)


def explains(seconds: int, rounded_minutes: int, rounding: Rounding = TO_THE_MINUTE) -> bool:
    """Return whether the minutes are this length, rounded by today's rule or by any other that a workspace can have."""
    if minutes(seconds, rounding) == rounded_minutes:
        return True
    rules = [
        Rounding(direction, step, minimum)
        for direction in DIRECTIONS.values()
        for step in STEPS
        for minimum in {0, rounding.minimum}
    ]
    return any(minutes(seconds, rule) == rounded_minutes for rule in rules)


def kept_day(start_at: datetime, *, sent: tuple[datetime, date] | None) -> date | None:
    """Return the day that was sent while the start is unchanged, even if time zones changed since; else None.

    `sent`: start and day as they were sent; None for time that was not sent.
    """
    return sent[1] if sent is not None and sent[0] == start_at else None


def txn_date(start_at: datetime, *, owner_zone: str, workspace_zone: str) -> date:
    """Return the day on which the work began in its owner's time zone, or in the workspace's if that is ""."""
    return start_at.astimezone(ZoneInfo(owner_zone or workspace_zone or "UTC")).date()
