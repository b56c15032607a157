"""Hours and minutes, or start and end, of a TimeActivity (Intuit: TimeActivity page; faults 6340 to 6390)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from sandbox.quickbooks.companies.company import Record
from sandbox.quickbooks.errors import QuickBooksFault
from sandbox.quickbooks.stamps import pacific, pacific_offset

DURATION = ("Hours", "Minutes", "Seconds")
CLOCK = ("StartTime", "EndTime")
BREAKS = ("BreakHours", "BreakMinutes", "BreakSeconds")
MOST_HOURS = 8760


def check_time(record: Record) -> None:
    """Refuse an invalid span of time, and set start and end to clock times of TxnDate in the record."""
    has_duration = any(record.get(name) is not None for name in DURATION)
    has_clock = any(record.get(name) is not None for name in CLOCK)
    has_break = any(record.get(name) is not None for name in BREAKS)
    if has_duration and (has_clock or has_break):
        raise QuickBooksFault("6390", "Specify either a duration or start and end times, not both.")
    if has_duration:
        _check_duration(record)
    elif has_clock:
        _check_clock(record)
    else:
        raise QuickBooksFault("6340", "Time must be specified: Hours and Minutes, or StartTime and EndTime.")


def _check_duration(record: Record) -> None:
    hours, minutes = record.get("Hours") or 0, record.get("Minutes") or 0
    seconds = record.get("Seconds") or 0
    in_range = 0 <= hours <= MOST_HOURS and 0 <= minutes <= 59 and 0 <= seconds <= 59
    too_long = hours == MOST_HOURS and (minutes or seconds)
    if not in_range or too_long or not (hours or minutes or seconds):
        raise QuickBooksFault("6380", f"Time duration is out of range: {hours} hours, {minutes} minutes.")
    record["Hours"], record["Minutes"] = hours, minutes


def _check_clock(record: Record) -> None:
    if record.get("StartTime") is None or record.get("EndTime") is None:
        raise QuickBooksFault("6350", "StartTime and EndTime must be given together.")
    as_written = bool(record.get("HoursInEmployeeTimeZone"))
    start = _clock(record["StartTime"], as_written=as_written)
    end = _clock(record["EndTime"], as_written=as_written)
    if start > end:
        raise QuickBooksFault("6370", "StartTime must be before EndTime.")
    worked = _seconds(end) - _seconds(start)
    pause = [record.get(name) or 0 for name in BREAKS]
    if pause[0] < 0 or not all(0 <= part <= 59 for part in pause[1:]):
        raise QuickBooksFault("6360", "The break is invalid.")
    if not worked or pause[0] * 3600 + pause[1] * 60 + pause[2] > worked:
        raise QuickBooksFault("6360", "The break is longer than the time between StartTime and EndTime.")
    day = date.fromisoformat(record["TxnDate"])
    record["StartTime"], record["EndTime"] = _on(day, start), _on(day, end)


def _clock(text: str, *, as_written: bool) -> time:
    """Return the clock part: an offset is converted to the company's (Pacific) time, its date dropped."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise QuickBooksFault("6360", f"Invalid start or end time: {text}") from None
    if moment.tzinfo is None or as_written:
        return moment.time().replace(tzinfo=None, microsecond=0)
    return pacific(moment).time().replace(microsecond=0)


def _seconds(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second


def _on(day: date, clock: time) -> str:
    naive = datetime.combine(day, clock)
    offset = pacific_offset(naive.replace(tzinfo=UTC) - pacific_offset(naive.replace(tzinfo=UTC)))
    return f"{naive.isoformat()}-{-int(offset.total_seconds()) // 3600:02d}:00"
