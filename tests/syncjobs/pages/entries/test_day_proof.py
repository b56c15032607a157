"""The day an entry counts for, on every clock that matters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from syncjobs.pages.entries import day_proof
from syncjobs.pages.entries.day_proof import Proof

TUESDAY = date(2026, 3, 3)


def proof(start: datetime, *, zone: str = "", minutes: int | None = 60, chosen: date = TUESDAY) -> Proof:
    end = None if minutes is None else start + timedelta(minutes=minutes)
    return day_proof.proof(
        start_at=start, end_at=end, chosen=chosen, owner="Ada", owner_zone=zone, workspace_zone="America/New_York"
    )


@pytest.mark.parametrize(
    ("start", "zone", "minutes", "near"),
    [
        (datetime(2026, 3, 3, 15, tzinfo=UTC), "Europe/Berlin", 60, ""),
        (datetime(2026, 3, 3, 15, tzinfo=UTC), "", None, ""),
        # It is still Tuesday evening in Los Angeles when the other clocks show Wednesday.
        (
            datetime(2026, 3, 4, 6, 40, tzinfo=UTC),
            "America/Los_Angeles",
            135,
            "UTC says Wed Mar 4 and America/New_York says Wed Mar 4. "
            "It crosses midnight and stays one entry, on Tue Mar 3.",
        ),
        (datetime(2026, 3, 4, 3, 30, tzinfo=UTC), "", 30, "UTC says Wed Mar 4. It began 1 h 30 min from midnight."),
        (
            datetime(2026, 3, 3, 5, 10, tzinfo=UTC),
            "America/New_York",
            30,
            "It began 10 min from midnight.",
        ),
    ],
)
def test_midnight_is_near_where_clocks_disagree_or_work_begins_beside_it(
    start: datetime, zone: str, minutes: int | None, near: str
) -> None:
    result = proof(start, zone=zone, minutes=minutes)

    assert result.near == near
    assert result.is_near == bool(near)
    assert result.clocks[0].decides and result.clocks[0].day == TUESDAY


def test_every_clock_says_its_moments_and_its_distance_from_universal_time() -> None:
    owner, universal, workspace = proof(datetime(2026, 3, 3, 15, tzinfo=UTC), zone="Asia/Kolkata").clocks

    assert (owner.began, owner.ended, owner.offset) == ("Tue Mar 3, 20:30", "Tue Mar 3, 21:30", "UTC+5:30")
    assert (universal.began, universal.offset) == ("Tue Mar 3, 15:00", "UTC")
    assert (workspace.began, workspace.offset) == ("Tue Mar 3, 10:00", "UTC−5")


def test_an_owner_without_a_zone_goes_by_the_workspace_s() -> None:
    owner = proof(datetime(2026, 3, 3, 15, tzinfo=UTC)).clocks[0]

    assert (owner.who, owner.zone) == ("Ada, who has no time zone of their own", "America/New_York")


def test_a_day_that_was_sent_before_a_zone_changed_is_explained() -> None:
    result = proof(datetime(2026, 3, 3, 15, tzinfo=UTC), zone="Asia/Tokyo")

    assert result.day == TUESDAY
    assert "would say Wed Mar 4 now. It was sent as Tue Mar 3" in result.rule


@pytest.mark.parametrize("minutes", [0, 1, 60, 24 * 60, 90 * 60, -30])
def test_the_work_stays_within_the_picture_however_long_it_is(minutes: int) -> None:
    result = proof(datetime(2026, 3, 3, 15, tzinfo=UTC), minutes=minutes)

    assert float(result.bar_at) >= 0
    assert 0 < float(result.bar_width) <= day_proof.WIDTH - float(result.bar_at) + 2
    assert all(0 < float(at) < day_proof.WIDTH for clock in result.clocks for at in clock.midnights)


def test_midnight_stands_where_it_is_on_each_clock() -> None:
    result = proof(datetime(2026, 3, 3, 23, tzinfo=UTC), zone="UTC", minutes=120)

    assert result.clocks[0].midnights == (f"{day_proof.WIDTH / 2:.1f}",)
