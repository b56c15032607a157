"""When schedules are due, as plain values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from syncjobs.rules.timetable import next_after, parse, written

NOON = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["off", "every 30 minutes", "every 1 hour", "every 2 hours", "daily at 07:30", "daily at 18:00"]
)
def test_a_timetable_is_written_as_it_is_read(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    "text", ["every 4 minutes", "every 0 hours", "daily at 24:00", "daily at 18:60", "daily", "hourly", "daily at 7"]
)
def test_anything_else_is_refused_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(ValueError, match="every"):
        parse(text)


@pytest.mark.parametrize(
    ("mode", "every", "at", "text"),
    [
        ("off", "", "", "off"),
        ("minutes", "30", "", "every 30 minutes"),
        ("hours", "02", "", "every 2 hours"),
        ("daily", "", "18:00:00", "daily at 18:00"),
    ],
)
def test_a_forms_fields_make_one_text(mode: str, every: str, at: str, text: str) -> None:
    assert written(mode, every=every, at=at) == text


@pytest.mark.parametrize(
    ("mode", "every", "at"), [("minutes", "", ""), ("hours", "0", ""), ("minutes", "²", ""), ("daily", "", "6 pm")]
)
def test_what_a_form_lacks_is_named(mode: str, every: str, at: str) -> None:
    with pytest.raises(ValueError, match=r"write how many|choose a time"):
        written(mode, every=every, at=at)


def test_an_interval_keeps_its_beat() -> None:
    due = next_after(parse("every 30 minutes"), now=NOON, previous=NOON - timedelta(minutes=2), zone="UTC")
    assert due == NOON + timedelta(minutes=28)


def test_missed_intervals_are_made_up_for_once() -> None:
    due = next_after(parse("every 30 minutes"), now=NOON, previous=NOON - timedelta(days=3), zone="UTC")
    assert due == NOON + timedelta(minutes=30)


def test_daily_means_the_workspaces_clock() -> None:
    due = next_after(parse("daily at 07:30"), now=NOON, previous=None, zone="America/New_York")
    # 12:00 UTC is 08:00 in New York: today's time has passed, tomorrow's is 11:30 UTC.
    assert due == datetime(2026, 3, 28, 11, 30, tzinfo=UTC)


def test_daily_follows_summer_time() -> None:
    before = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    due = next_after(parse("daily at 07:30"), now=before, previous=None, zone="Europe/Berlin")
    assert due == datetime(2026, 3, 29, 5, 30, tzinfo=UTC)


def test_off_is_never_due() -> None:
    assert next_after(parse("off"), now=NOON, previous=None, zone="UTC") is None
