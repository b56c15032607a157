"""Clockify's records as they are read, in the form of either API."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.clockify import payloads
from tests.support.samples import sample

WORKSPACE = "w1"
ROW: dict[str, Any] = {
    "_id": "e1",
    "userId": "u1",
    "userName": "Ada",
    "projectId": "p1",
    "projectName": "Site",
    "clientId": "c1",
    "clientName": "Acme",
    "timeInterval": {"start": "2026-03-04T09:00:00Z", "end": "2026-03-04T10:30:00Z", "duration": 5400},
    "billable": True,
    "type": "REGULAR",
    "description": "Drawings",
    "rate": 8000,
}


def test_a_row_of_the_report_is_read() -> None:
    entry = payloads.entry(ROW)

    assert (entry.id, entry.user_id, entry.project_id, entry.client_id) == ("e1", "u1", "p1", "c1")
    assert entry.start_at == datetime(2026, 3, 4, 9, tzinfo=UTC)
    assert (entry.rate, entry.billable, entry.invoiced) == (Decimal("80"), True, False)


def test_an_entry_of_the_regular_api_is_the_same_entry() -> None:
    regular = {
        "id": "e1",
        "user": {"id": "u1", "name": "Ada"},
        "project": {"id": "p1", "name": "Site", "clientId": "c1", "clientName": "Acme"},
        "timeInterval": {"start": "2026-03-04T09:00:00+00:00", "end": "2026-03-04T11:30:00+01:00"},
        "billable": True,
        "description": "Drawings",
        "hourlyRate": {"amount": 8000, "currency": "usd"},
    }

    assert payloads.entry(regular) == replace(payloads.entry(ROW), currency="USD")


@pytest.mark.parametrize(
    "broken", [{"_id": None}, {"userId": None}, {"timeInterval": None}, {"timeInterval": {"start": None}}]
)
def test_a_row_without_id_user_or_start_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="time entry"):
        payloads.entry(ROW | broken)


@pytest.mark.parametrize(
    ("fields", "rate"),
    [
        ({"rate": 0}, Decimal(0)),
        ({"rate": None}, None),
        ({"rate": None, "earnedRate": 5000}, Decimal(50)),
        ({"rate": 0, "earnedRate": 5000}, Decimal(0)),
        ({"rate": "12550"}, Decimal("125.5")),
        ({"rate": "much"}, None),
        ({"rate": True}, None),
    ],
)
def test_rates_are_minor_units(fields: dict[str, Any], rate: Decimal | None) -> None:
    assert payloads.entry(ROW | fields).rate == rate


@pytest.mark.parametrize(
    ("info", "invoiced"),
    [
        (None, False),
        ([], False),
        ({}, False),
        ({"invoiceId": ""}, False),
        ({"invoiceId": "i1"}, True),
        ({"manuallyInvoiced": True}, True),
        ([{"invoiceId": "i1"}], True),
    ],
)
def test_when_an_entry_counts_as_invoiced(info: Any, invoiced: bool) -> None:
    assert payloads.entry(ROW | {"invoicingInfo": info}).invoiced is invoiced


@pytest.mark.parametrize(
    "edit",
    [
        {"userId": "u2"},
        {"projectId": "p2"},
        {"timeInterval": {"start": "2026-03-04T09:01:00Z", "end": "2026-03-04T10:30:00Z"}},
        {"timeInterval": {"start": "2026-03-04T09:00:00Z", "end": None}},
        {"billable": False},
        {"description": "Other"},
        {"type": "BREAK"},
    ],
)
def test_the_fingerprint_changes_with_each_thing_that_counts_as_an_edit(edit: dict[str, Any]) -> None:
    assert payloads.entry(ROW | edit).content_hash != payloads.entry(ROW).content_hash


@pytest.mark.parametrize("same", [{"rate": 1}, {"userName": "Ada L."}, {"clientId": "c9"}, {"tags": ["x"]}])
def test_the_fingerprint_stays_with_what_does_not(same: dict[str, Any]) -> None:
    assert payloads.entry(ROW | same).content_hash == payloads.entry(ROW).content_hash


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


@pytest.mark.parametrize("zone", ["", None, 3, "Mars/Olympus", "../etc/passwd"])
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


@pytest.mark.parametrize("name", ["report_detailed_2023-05.json", "report_detailed_2026-05_sanitized.json"])
def test_recorded_rows_of_the_report_are_read(name: str) -> None:
    entries = [payloads.entry(raw) for raw in sample(f"clockify/{name}")["timeentries"]]

    assert entries
    assert all(entry.id and entry.user_id for entry in entries)
