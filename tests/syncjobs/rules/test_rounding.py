from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncjobs.rules import rounding
from syncjobs.rules.rounding import Rounding


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-3600, 0),
        (-1, 0),
        (0, 0),
        (1, 0),
        (29, 0),
        (30, 1),
        (60, 1),
        (89, 1),
        (90, 2),
        (150, 3),
        (3599, 60),
        (86_400, 1440),
    ],
)
def test_time_counts_to_the_nearest_minute_and_halves_go_up(seconds: int, expected: int) -> None:
    assert rounding.minutes(seconds) == expected


def test_without_a_rule_time_counts_to_the_nearest_minute() -> None:
    assert Rounding() == rounding.TO_THE_MINUTE == Rounding("near", 1, 0)


@pytest.mark.parametrize(
    ("direction", "seconds", "expected"),
    [
        ("near", 449, 0),
        ("near", 450, 15),
        ("near", 1349, 15),
        ("near", 1350, 30),
        ("up", 0, 0),
        ("up", 1, 15),
        ("up", 900, 15),
        ("up", 901, 30),
        ("down", 899, 0),
        ("down", 900, 15),
        ("down", 1799, 15),
    ],
)
def test_rounding_as_clockify_reports_do_to_a_quarter_of_an_hour(direction: str, seconds: int, expected: int) -> None:
    assert rounding.minutes(seconds, Rounding(direction, 15)) == expected


@given(st.integers(0, 200_000))
def test_rounding_to_the_minute_is_never_more_than_half_a_minute_off(seconds: int) -> None:
    assert abs(rounding.minutes(seconds) * 60 - seconds) <= 30


@given(st.integers(0, 200_000), st.sampled_from(["near", "up", "down"]), st.sampled_from([1, 5, 6, 15, 30, 60]))
def test_rounding_gives_whole_steps_on_the_asked_side(seconds: int, direction: str, step: int) -> None:
    minutes = rounding.minutes(seconds, Rounding(direction, step))

    assert minutes % step == 0
    difference = minutes * 60 - seconds
    low, high = {"near": (-30 * step, 30 * step), "up": (0, 60 * step - 1), "down": (1 - 60 * step, 0)}[direction]
    assert low <= difference <= high


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"on": False, "direction": "up", "minutes": 15},
        {"on": True, "direction": "", "minutes": 15},
        {"on": True, "direction": "sideways", "minutes": 15},
        {"on": True, "direction": "up", "minutes": 0},
        {"on": True, "direction": "up", "minutes": "15"},
        {"on": True, "direction": "up"},
    ],
)
def test_a_rounding_that_is_off_or_not_understood_is_to_the_minute(settings: dict[str, Any]) -> None:
    assert rounding.as_in_clockify(settings) == rounding.TO_THE_MINUTE


def test_clockifys_rounding_is_taken_over() -> None:
    assert rounding.as_in_clockify({"on": True, "direction": "up", "minutes": 15}) == Rounding("up", 15)
    assert rounding.as_in_clockify({"on": True, "direction": "up", "minutes": 1}) == Rounding("up", 1)


@pytest.mark.parametrize(
    ("utc", "owner", "workspace", "expected"),
    [
        # A night shift in Los Angeles begins on the 4th there, though it is the 5th in UTC.
        ("2026-03-05T07:30", "America/Los_Angeles", "UTC", "2026-03-04"),
        # Morning in Auckland while UTC is still at the day before.
        ("2026-03-04T20:00", "Pacific/Auckland", "UTC", "2026-03-05"),
        # Owners without a zone count by the workspace's.
        ("2026-03-05T03:00", "", "America/New_York", "2026-03-04"),
        ("2026-03-05T03:00", "", "", "2026-03-05"),
        # Both sides of the hour that New York leaves out on 8 March 2026.
        ("2026-03-08T04:59", "America/New_York", "UTC", "2026-03-07"),
        ("2026-03-08T05:00", "America/New_York", "UTC", "2026-03-08"),
        ("2026-03-09T03:59", "America/New_York", "UTC", "2026-03-08"),
        ("2026-03-09T04:00", "America/New_York", "UTC", "2026-03-09"),
        # Both sides of the hour that Berlin has twice on 25 October 2026.
        ("2026-10-24T21:59", "Europe/Berlin", "UTC", "2026-10-24"),
        ("2026-10-24T22:00", "Europe/Berlin", "UTC", "2026-10-25"),
        ("2026-10-25T22:59", "Europe/Berlin", "UTC", "2026-10-25"),
        ("2026-10-25T23:00", "Europe/Berlin", "UTC", "2026-10-26"),
        # Zones off by a part of an hour.
        ("2026-03-04T18:14", "Asia/Kathmandu", "UTC", "2026-03-04"),
        ("2026-03-04T18:15", "Asia/Kathmandu", "UTC", "2026-03-05"),
    ],
)
def test_the_day_is_where_the_owner_was_when_work_began(utc: str, owner: str, workspace: str, expected: str) -> None:
    start_at = datetime.fromisoformat(utc).replace(tzinfo=UTC)

    day = rounding.txn_date(start_at, owner_zone=owner, workspace_zone=workspace)

    assert day == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("minute", Rounding()),
        ("nearest:15", Rounding("near", 15)),
        ("up:6", Rounding("up", 6)),
        ("down:60", Rounding("down", 60)),
        (" up:6, minimum:15 ", Rounding("up", 6, 15)),
        ("minute,minimum:1440", Rounding("near", 1, 1440)),
        ("clockify,minimum:30", Rounding("down", 12, 30)),
    ],
)
def test_a_setting_is_read(text: str, expected: Rounding) -> None:
    assert rounding.parse(text, {"on": True, "direction": "down", "minutes": 12}) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "write minute"),
        ("quarter", "write minute"),
        ("nearest", "divide an hour"),
        ("nearest:", "divide an hour"),
        ("nearest:7", "divide an hour"),
        ("up:0", "divide an hour"),
        ("up:-15", "divide an hour"),
        ("up:120", "divide an hour"),
        ("down:1_5", "divide an hour"),
        ("minute:5", "write minute"),
        ("up:6,", "write minute"),
        ("up:6,longest:15", "write minute"),
        ("up:6,minimum", "between 1 and 1440"),
        ("up:6,minimum:0", "between 1 and 1440"),
        ("up:6,minimum:1441", "between 1 and 1440"),
        ("up:6,minimum:15,minimum:30", "between 1 and 1440"),
    ],
)
def test_a_setting_that_is_no_rounding_is_refused_with_what_can_be_written(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        rounding.parse(text)


@pytest.mark.parametrize(("seconds", "expected"), [(-60, 0), (0, 0), (1, 15), (720, 15), (721, 18), (901, 18)])
def test_a_shortest_time_lifts_short_entries_but_none_of_no_time(seconds: int, expected: int) -> None:
    assert rounding.minutes(seconds, Rounding("up", 6, 15)) == expected
    assert rounding.explains(seconds, expected, Rounding("up", 6, 15))
