"""Clockify's users, clients and projects as they are read, and its rounding."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from integrations.clockify import entry_payloads, payloads
from integrations.reading.values import Unreadable

WORKSPACE = "w1"


@pytest.mark.parametrize("row", [None, "x", 3, [], True, {"unreadable": "NaN"}])
def test_what_is_no_record_is_unreadable(row: Any) -> None:
    for read in (entry_payloads.entry, payloads.client, payloads.project, partial(payloads.user, workspace_id="w")):
        with pytest.raises(Unreadable, match="instead of a record"):
            read(row)
    assert payloads.identifier(row) == ""


@pytest.mark.parametrize(
    "broken",
    [
        {"id": None},
        {"name": 5},
        {"name": "x" * 501},
        {"email": "x" * 321},
        {"settings": []},
        {"settings": {"timeZone": 3}},
    ],
    ids=str,
)
def test_a_user_that_cannot_be_read(broken: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        payloads.user({"id": "u1", "name": "Ada"} | broken, workspace_id="w")


@pytest.mark.parametrize("memberships", [None, "x", [None, "x", 3, {"membershipType": "WORKSPACE", "targetId": []}]])
def test_odd_memberships_leave_the_status_of_the_account(memberships: Any) -> None:
    user = payloads.user({"id": "u1", "status": "INACTIVE", "memberships": memberships}, workspace_id="w")

    assert user.active is False


@pytest.mark.parametrize(
    ("raw", "active"),
    [
        ({"status": "ACTIVE"}, True),
        ({"status": "INACTIVE"}, False),
        (
            {
                "status": "ACTIVE",
                "memberships": [{"membershipType": "WORKSPACE", "targetId": WORKSPACE, "membershipStatus": "INACTIVE"}],
            },
            False,
        ),
        (
            {
                "status": "ACTIVE",
                "memberships": [{"membershipType": "WORKSPACE", "targetId": "w2", "membershipStatus": "INACTIVE"}],
            },
            True,
        ),
    ],
)
def test_the_membership_in_this_workspace_says_who_is_active(raw: dict[str, Any], active: bool) -> None:
    assert payloads.user({"id": "u1", "name": "Ada"} | raw, workspace_id=WORKSPACE).active is active


@pytest.mark.parametrize("zone", ["", None, "Mars/Olympus", "../etc/passwd"])
def test_a_time_zone_that_is_not_known_is_left_out(zone: Any) -> None:
    raw = {"id": "u1", "settings": {"timeZone": zone}}

    assert payloads.user(raw, workspace_id=WORKSPACE).time_zone == ""


@pytest.mark.parametrize(
    ("settings", "rounding"),
    [
        (None, {"on": False, "direction": "", "minutes": 0}),
        (
            {"timeRoundingInReports": True, "round": {"round": "Round to nearest", "minutes": "15"}},
            {"on": True, "direction": "near", "minutes": 15},
        ),
        (
            {"timeRoundingInReports": True, "round": {"round": "sideways", "minutes": "a few"}},
            {"on": True, "direction": "", "minutes": 0},
        ),
    ],
)
def test_the_rounding_of_reports(settings: Any, rounding: dict[str, Any]) -> None:
    assert payloads.rounding(settings) == rounding
