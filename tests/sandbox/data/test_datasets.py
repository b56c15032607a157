"""The worlds a sandbox starts with, and their required records."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from sandbox.data import generated
from sandbox.data.datasets import build
from sandbox.data.pairs import Pairs
from sandbox.server import Running
from sandbox.world import World
from tests.sandbox.clockify_client import MEMBER_KEY, ClockifyCaller

TODAY = date(2026, 3, 27)
AGENCY = pytest.mark.sandbox(dataset="agency", today=TODAY)
REALM = "9341454182739650"


def build_world(name: str = "agency", *, today: date = TODAY, entries: int = 400, seed: int = 1) -> World:
    world = World()
    build(world, name, today=today, entries=entries, seed=seed)
    return world


def control(sandbox: Running, method: str, path: str, body: object = None) -> Any:
    answer = requests.request(method, f"{sandbox.url}/control{path}", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def five_weeks(clockify: ClockifyCaller) -> list[dict[str, Any]]:
    span = {"dateRangeStart": "2026-02-19T00:00:00", "dateRangeEnd": "2026-03-28T00:00:00"}
    return clockify.reported(detailedFilter={"page": 1, "pageSize": 1000}, **span)


def test_empty_holds_the_owner_and_nothing_else(sandbox: Running) -> None:
    clockify = ClockifyCaller(sandbox.url)

    assert [row["name"] for row in clockify.rows("/users")] == ["Sandbox Owner"]
    assert (clockify.rows("/clients"), clockify.rows("/projects")) == ([], [])
    assert control(sandbox, "GET", "/state")["quickbooks"][REALM]["Customer"] == []


@AGENCY
def test_the_agency_has_12_people_10_clients_25_projects_and_400_entries(sandbox: Running) -> None:
    clockify = ClockifyCaller(sandbox.url)

    sizes = [len(clockify.rows(path)) for path in ("/users", "/clients", "/projects")]

    assert sizes == [12, 10, 25]
    assert len(five_weeks(clockify)) == 399  # and one timer that runs


@AGENCY
def test_the_agencys_keys_are_an_owners_and_a_members(sandbox: Running) -> None:
    owner, member = ClockifyCaller(sandbox.url), ClockifyCaller(sandbox.url, MEMBER_KEY)

    assert owner.report().status_code == 200
    assert member.report().status_code == 403
    assert member.send("GET", f"{member.api}/user").json()["name"] == "Priya Raman"


@pytest.mark.parametrize("name", ["agency", "generated"])
def test_the_same_day_and_seed_give_the_same_records(name: str) -> None:
    first, second = build_world(name), build_world(name)

    assert first.clockify.to_json() == second.clockify.to_json()
    assert first.clockify.to_json() != build_world(name, seed=2).clockify.to_json()


@pytest.mark.parametrize("today", [date(2026, 3, 27), date(2026, 11, 22), date(2024, 2, 29), date(2027, 1, 1)])
def test_every_entry_lies_in_the_five_weeks_before_today(today: date) -> None:
    world = build_world(today=today)
    entries = next(iter(world.clockify.workspaces.values())).entries.values()
    zones = {key: user.time_zone or "UTC" for key, user in world.clockify.users.items()}

    days = [(today - datetime.fromtimestamp(e.start, ZoneInfo(zones[e.user_id])).date()).days for e in entries]

    assert min(days) >= 1 and max(days) <= 35
    assert len(entries) == 400


@pytest.mark.parametrize("today", [date(2026, 3, 27), date(2026, 11, 22), date(2024, 2, 29), date(2027, 1, 1)])
def test_well_over_half_of_the_agencys_entries_can_be_sent(today: date) -> None:
    world = build_world(today=today)
    pairs, special = Pairs(world), world.clockify.expected["entries"]
    held = {key for name in ("CURRENCY_DIFFERS", "ALREADY_IN_QUICKBOOKS") for key in special[name]}
    closed = pairs.company.preferences["AccountingInfoPrefs"]["BookCloseDate"]

    sendable = [
        entry
        for entry in pairs.sendable()
        if entry.id not in held and datetime.fromtimestamp(entry.start, UTC).date().isoformat() > closed
    ]

    assert len(sendable) > 0.6 * 400


def test_matching_by_name_finds_the_pairs_the_author_names() -> None:
    world = build_world()
    pairs, expected = Pairs(world), world.clockify.expected["pairs"]

    for kind, partners in (("users", pairs.people), ("clients", pairs.clients), ("projects", pairs.projects)):
        assert {key: row["Id"] for key, row in partners.items()} == expected[kind]
    assert {kind: len(rows) for kind, rows in expected.items()} == {"users": 6, "clients": 8, "projects": 12}


@AGENCY
def test_every_possible_mismatch_occurs_before_any_link(sandbox: Running) -> None:
    rows = control(sandbox, "GET", "/expected")["mismatches"]

    kinds = {(row["kind"], row["reason"]) for row in rows}

    assert kinds == {
        ("user", "AMBIGUOUS_NAME"),
        ("user", "EMPLOYEE_INACTIVE"),
        ("user", "NO_EMPLOYEE"),
        ("client", "NAME_DIFFERS"),
        ("client", "NO_CUSTOMER"),
        ("project", "AMBIGUOUS_NAME"),
        ("project", "CUSTOMER_INACTIVE"),
        ("project", "NAME_DIFFERS"),
        ("project", "NO_CUSTOMER"),
        ("project", "PARENT_NOT_MAPPED"),
        ("project", "WRONG_LEVEL"),
        ("project", "WRONG_PARENT"),
        ("employee", "NO_CLOCKIFY_USER"),
        ("customer", "NO_CLOCKIFY_CLIENT"),
        ("customer", "NO_CLOCKIFY_PROJECT"),
    }


@AGENCY
def test_every_unlinked_record_holds_back_time(sandbox: Running) -> None:
    rows = five_weeks(ClockifyCaller(sandbox.url))
    mismatches = control(sandbox, "GET", "/expected")["mismatches"]
    tracked = {row[field] for row in rows for field in ("userId", "clientId", "projectId")}

    idle = [row for row in mismatches if row["clockify_id"] and row["clockify_id"] not in tracked]

    assert idle == []


@AGENCY
def test_every_special_entry_is_what_it_stands_for(sandbox: Running) -> None:
    clockify = ClockifyCaller(sandbox.url)
    special = control(sandbox, "GET", "/expected")["entries"]
    clockify.switch(report_running=True)
    rows = {row["_id"]: row for row in five_weeks(clockify)}

    def each(trait: str) -> list[dict[str, Any]]:
        return [rows[key] for key in special[trait]]

    assert all(row["timeInterval"]["end"] is None for row in each("NOT_FINISHED"))
    assert {row["type"] for row in each("NOT_WORK_TIME")} == {"BREAK", "HOLIDAY", "TIME_OFF"}
    assert all(row["projectId"] is None and row["billable"] for row in each("NO_PROJECT"))
    assert all(row["timeInterval"]["duration"] < 30 for row in each("TOO_SHORT"))
    assert all(row["timeInterval"]["duration"] > 86_400 for row in each("TOO_LONG"))
    assert all(row["timeInterval"]["duration"] == 86_400 for row in each("exactly 24 hours"))
    assert {bool(row["invoicingInfo"].get("invoiceId")) for row in each("INVOICED_IN_CLOCKIFY")} == {True, False}
    assert all(
        row["clientName"] == "Maple & Finch Bakery" and row["currency"] == "USD" for row in each("CURRENCY_DIFFERS")
    )
    assert all(row["rate"] == 0 for row in each("NO_RATE"))
    texts = "".join(row["description"] for row in each("odd text"))
    assert (
        all(part in texts for part in ("🚀", "\n", "&lt;"))
        and max(map(len, (r["description"] for r in each("odd text")))) > 2900
    )


@AGENCY
def test_only_one_entry_has_no_rate(sandbox: Running) -> None:
    rows = [row for row in five_weeks(ClockifyCaller(sandbox.url)) if row["type"] == "REGULAR" and row["rate"] == 0]

    assert [row["_id"] for row in rows] == control(sandbox, "GET", "/expected")["entries"]["NO_RATE"]


@AGENCY
def test_night_shifts_end_on_another_day_and_one_crosses_a_clock_change(sandbox: Running) -> None:
    clockify = ClockifyCaller(sandbox.url)
    special = control(sandbox, "GET", "/expected")["entries"]
    zones = {row["id"]: (row["settings"] or {}).get("timeZone", "UTC") for row in clockify.rows("/users")}
    rows = {row["_id"]: row for row in five_weeks(clockify)}

    def local(key: str, edge: str) -> datetime:
        row = rows[key]
        return datetime.fromisoformat(row["timeInterval"][edge]).astimezone(ZoneInfo(zones[row["userId"]]))

    assert all(local(key, "start").date() < local(key, "end").date() for key in special["night shift"])
    changes = special["clock change"]
    assert changes and all(local(key, "start").utcoffset() != local(key, "end").utcoffset() for key in changes)


@AGENCY
def test_time_typed_by_hand_is_in_quickbooks_as_well_as_its_entries(sandbox: Running) -> None:
    clockify, expected = ClockifyCaller(sandbox.url), control(sandbox, "GET", "/expected")
    activities = control(sandbox, "GET", "/state")["quickbooks"][REALM]["TimeActivity"]
    zones = {row["id"]: (row["settings"] or {}).get("timeZone", "UTC") for row in clockify.rows("/users")}
    typed = {
        (row["EmployeeRef"]["value"], row["CustomerRef"]["value"], row["TxnDate"], row["Hours"] * 60 + row["Minutes"])
        for row in activities
    }

    for row in five_weeks(clockify):
        if row["_id"] in expected["entries"]["ALREADY_IN_QUICKBOOKS"]:
            start = datetime.fromisoformat(row["timeInterval"]["start"]).astimezone(ZoneInfo(zones[row["userId"]]))
            employee = expected["pairs"]["users"][row["userId"]]
            customer = expected["pairs"]["projects"][row["projectId"]]
            minutes = row["timeInterval"]["duration"] // 60
            assert (employee, customer, start.date().isoformat(), minutes) in typed
    assert len(activities) == 3


@AGENCY
def test_archived_projects_and_deactivated_users_have_time(sandbox: Running) -> None:
    clockify = ClockifyCaller(sandbox.url)
    rows = five_weeks(clockify)

    archived = clockify.rows("/projects", archived="true")[0]["id"]
    inactive = clockify.rows("/users", status="INACTIVE")[0]["id"]

    assert any(row["projectId"] == archived for row in rows)
    assert any(row["userId"] == inactive for row in rows)


@AGENCY
def test_some_time_is_approved_some_submitted_and_most_neither(sandbox: Running) -> None:
    state = control(sandbox, "GET", "/state")["clockify"]
    states = Counter(entry["approvalState"] for entry in next(iter(state.values()))["entries"])

    assert states["APPROVED"] > 50 and states["PENDING"] > 10 and states[None] > 200


@AGENCY
def test_the_books_are_closed_over_the_oldest_days(sandbox: Running) -> None:
    preferences = control(sandbox, "GET", "/state")["quickbooks"][REALM]["Preferences"][0]
    closed = preferences["AccountingInfoPrefs"]["BookCloseDate"]

    assert closed == "2026-02-22"
    oldest = [row for row in five_weeks(ClockifyCaller(sandbox.url)) if row["timeInterval"]["start"][:10] <= closed]
    assert oldest


def test_generated_worlds_have_as_many_entries_as_asked_and_known_pairs() -> None:
    world = build_world("generated", entries=2000)
    pairs, expected = Pairs(world), world.clockify.expected

    assert len(pairs.workspace.entries) == 2000
    for kind, partners in (("users", pairs.people), ("clients", pairs.clients), ("projects", pairs.projects)):
        assert {key: row["Id"] for key, row in partners.items()} == expected["pairs"][kind]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_generated_mismatches_are_as_many_as_asked(share: float) -> None:
    world = World()

    generated.build(world, today=TODAY, entries=8000, mismatch_share=share)

    expected = world.clockify.expected
    projects = [row for row in expected["mismatches"] if row["kind"] == "project"]
    assert len(projects) == round(60 * share)
    assert len(projects) + len(expected["pairs"]["projects"]) == 60


@pytest.mark.sandbox(dataset="generated", today=TODAY, entries=20_000)
def test_twenty_thousand_entries_are_read_in_pages_of_a_thousand(sandbox: Running) -> None:
    clockify = ClockifyCaller(sandbox.url)
    span = {"dateRangeStart": "2025-10-01T00:00:00", "dateRangeEnd": "2026-03-28T00:00:00"}

    pages = [
        clockify.reported(detailedFilter={"page": number, "pageSize": 1000, "options": {"totals": "EXCLUDE"}}, **span)
        for number in range(1, 22)
    ]

    assert [len(page) for page in pages] == [1000] * 20 + [0]
    assert len({row["_id"] for page in pages for row in page}) == 20_000
