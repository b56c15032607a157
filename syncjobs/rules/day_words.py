"""Days as people write them in a search: `last Tuesday`, `2026-03-17`, `Mar 17`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s+(?P<year>(?:19|20)\d\d))?"
_WEEKDAY = (
    r"(?P<weekday>mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:rs?|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
)


def read(text: str, today: date) -> tuple[tuple[date, ...], str]:
    """Return the days that the text names, latest first, and the text without them; no days where it names none.

    A weekday is its latest day up to today; `last Tuesday` is also the Tuesday of last week, since people mean either.
    Without a year it is the latest such day that is not in the future.
    """
    for pattern, days_of in _FORMS:
        found = pattern.search(text)
        days = days_of(found, today) if found else ()
        if found and days:
            return days, " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())
    return (), " ".join(text.split())


def _iso(found: re.Match[str], today: date) -> tuple[date, ...]:
    return _date(int(found["year"]), int(found["month"]), int(found["day"]))


def _named_month(found: re.Match[str], today: date) -> tuple[date, ...]:
    month = MONTHS.index(found["month"][:3].lower()) + 1
    return _with_year(found["year"], month, int(found["day"]), today)


def _numbers(found: re.Match[str], today: date) -> tuple[date, ...]:
    year = found["year"]
    return _with_year(f"20{year}" if year and len(year) == 2 else year, int(found["month"]), int(found["day"]), today)


def _weekday(found: re.Match[str], today: date) -> tuple[date, ...]:
    weekday, which = WEEKDAYS.index(found["weekday"][:3].lower()), (found["which"] or "").lower()
    latest = today - timedelta(days=(today.weekday() - weekday) % 7)
    if which == "this":
        return (latest,) if latest >= _monday(today) else ()
    if which != "last":
        return (latest,)
    latest -= timedelta(days=7 if latest == today else 0)
    is_this_week = latest >= _monday(today)
    return (latest, latest - timedelta(days=7)) if is_this_week else (latest,)


def _week(found: re.Match[str], today: date) -> tuple[date, ...]:
    monday = _monday(today) - timedelta(days=7 if found["which"].lower() == "last" else 0)
    return tuple(monday + timedelta(days=number) for number in reversed(range(7)))


def _relative(found: re.Match[str], today: date) -> tuple[date, ...]:
    return (today - timedelta(days=found[0].lower() == "yesterday"),)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _with_year(year: str | None, month: int, day: int, today: date) -> tuple[date, ...]:
    if year:
        return _date(int(year), month, day)
    # 29 February may be three years back.
    candidates = [found for back in range(5) for found in _date(today.year - back, month, day)]
    return next(((found,) for found in candidates if found <= today), ())


def _date(year: int, month: int, day: int) -> tuple[date, ...]:
    try:
        return (date(year, month, day),)
    except ValueError:
        return ()


DaysOf = Callable[[re.Match[str], date], tuple[date, ...]]


def _form(pattern: str, days_of: DaysOf) -> tuple[re.Pattern[str], DaysOf]:
    return re.compile(rf"(?<!\S){pattern}(?!\S)", re.IGNORECASE), days_of


_FORMS = (
    _form(r"(?P<year>(?:19|20)\d\d)-(?P<month>\d\d?)-(?P<day>\d\d?)", _iso),
    _form(rf"{_MONTH}\s+{_DAY}{_YEAR}", _named_month),
    _form(rf"{_DAY}\.?\s+{_MONTH}{_YEAR}", _named_month),
    _form(r"(?P<month>\d\d?)/(?P<day>\d\d?)(?:/(?P<year>(?:20)?\d\d))?", _numbers),
    _form(rf"(?:(?P<which>last|this)\s+)?{_WEEKDAY},?", _weekday),
    _form(r"(?P<which>last|this)\s+week", _week),
    _form(r"(?:today|yesterday)", _relative),
)
