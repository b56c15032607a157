"""The activity that arrives in QuickBooks, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene, run_command


def test_a_piece_of_work_arrives_once_with_all_its_facts(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site, "2026-03-04 09:00", minutes=135, description="Review")

    run = scene.sync()

    assert (run.code, run["status"], run.counts) == (0, "succeeded", {"sent": 1})
    assert (run["seen"], run["minutes_sent"], run["warnings"]) == (1, 135, {})
    activity = scene.activity(entry)
    fields = {
        "NameOf": "Employee",
        "EmployeeRef": {"value": scene.partner_of(ada)},
        "CustomerRef": {"value": scene.partner_of(site)},
        "TxnDate": "2026-03-04",
        "Hours": 2,
        "Minutes": 15,
        "BillableStatus": "Billable",
        "HourlyRate": 80,
        "Description": "Review",
    }
    assert {name: activity[name] for name in fields} == fields
    assert_books_agree(scene)


def test_a_run_without_news_asks_quickbooks_nothing(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.sync()
    scene.zero_calls()

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"unchanged": 1})
    assert run["api_calls"]["quickbooks"] == 0
    assert scene.calls() == {}


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(30, (0, 1)), (90, (0, 2)), (3569, (0, 59)), (3570, (1, 0)), (5430, (1, 31)), (86_400, (24, 0))],
)
def test_time_is_sent_in_whole_minutes(scene: Scene, ada: str, site: str, seconds: int, shown: tuple[int, int]) -> None:
    entry = scene.entry(ada, site, minutes=seconds / 60)

    scene.sync()

    activity = scene.activity(entry)
    assert (activity["Hours"], activity["Minutes"]) == shown


def test_rounding_as_in_clockify_when_the_workspace_wants_it(scene: Scene, ada: str, site: str) -> None:
    scene.place.settings = {
        **scene.place.settings,
        "timeRoundingInReports": True,
        "round": {"round": "Round up to", "minutes": "15"},
    }
    scene.policy(rounding="clockify")
    scene.check()
    entry = scene.entry(ada, site, minutes=61)

    run = scene.sync()

    assert run["minutes_sent"] == 75
    activity = scene.activity(entry)
    assert (activity["Hours"], activity["Minutes"]) == (1, 15)


def test_a_rounding_that_is_not_understood_is_said(scene: Scene, ada: str, site: str) -> None:
    rule = {"round": "Round sideways", "minutes": "15"}
    scene.place.settings = {**scene.place.settings, "timeRoundingInReports": True, "round": rule}
    scene.policy(rounding="clockify")
    scene.entry(ada, site, minutes=61)

    assert scene.check()["warnings"]["ROUNDING_UNKNOWN"] == 1
    run = scene.sync()

    assert (run["minutes_sent"], run["warnings"]["ROUNDING_UNKNOWN"]) == (61, 1)
    scene.policy(rounding="minute")
    assert "ROUNDING_UNKNOWN" not in scene.check()["warnings"]


def test_a_workspaces_own_rounding_and_shortest_time(scene: Scene, ada: str, site: str) -> None:
    scene.policy(rounding="up:6,minimum:15")
    long, short, none = (
        scene.entry(ada, site, f"2026-03-0{day} 09:00", minutes=minutes) for day, minutes in ((4, 61), (5, 1), (6, 0))
    )

    assert scene.sync().counts == {"sent": 2, "blocked": 1}
    assert scene.explain(none).codes == {"TOO_SHORT"}
    assert [(scene.activity(entry)["Hours"], scene.activity(entry)["Minutes"]) for entry in (long, short)] == [
        (1, 6),
        (0, 15),
    ]
    # What was sent keeps its minutes until the entry is edited.
    scene.policy(rounding="minute")
    assert scene.sync().counts == {"unchanged": 2, "blocked": 1}
    scene.edit_entry(short, description="A call")
    assert scene.sync().counts == {"updated": 1, "unchanged": 1, "blocked": 1}
    assert scene.activity(short)["Minutes"] == 1


@pytest.mark.parametrize(
    ("zone", "start", "day"),
    [
        ("America/Los_Angeles", "2026-03-04 22:30", "2026-03-04"),  # already the 5th in UTC
        ("America/New_York", "2026-03-31 23:59", "2026-03-31"),
        ("America/New_York", "2026-03-01 00:00", "2026-03-01"),
        ("America/New_York", "2026-03-08 01:59", "2026-03-08"),  # the hour after is left out that night
        ("America/New_York", "2026-03-08 23:30", "2026-03-08"),
        ("Europe/Berlin", "2026-03-29 00:30", "2026-03-29"),
        ("Pacific/Auckland", "2026-03-01 00:00", "2026-03-01"),  # still February in UTC
        ("Pacific/Kiritimati", "2026-03-01 00:00", "2026-03-01"),  # UTC+14
        ("Pacific/Pago_Pago", "2026-03-31 23:59", "2026-03-31"),  # UTC-11
        ("Asia/Kathmandu", "2026-03-05 00:00", "2026-03-05"),  # UTC+5:45
    ],
)
def test_the_day_is_where_the_owner_is(scene: Scene, site: str, zone: str, start: str, day: str) -> None:
    nina = scene.user("Nina", zone=zone)
    scene.entry(nina, site, start, zone=zone, minutes=480)

    run = scene.sync()

    assert run.counts == {"sent": 1}
    assert [activity["TxnDate"] for activity in scene.activities()] == [day]
    assert_books_agree(scene)


def test_a_day_outside_the_window_stays_outside(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site, "2026-02-28 23:59")  # March in UTC
    inside = scene.entry(ada, site, "2026-03-31 23:59")  # April in UTC
    scene.entry(ada, site, "2026-04-01 00:00")

    run = scene.sync()

    assert (run["seen"], run.counts) == (1, {"sent": 1})
    assert scene.activity(inside)["TxnDate"] == "2026-03-31"


def test_an_owner_without_a_zone_counts_by_the_workspaces(scene: Scene, site: str) -> None:
    zoneless = scene.user("Zoe", settings={})
    scene.product.put_user({"id": zoneless, "settings": None})
    scene.policy(time_zone="Asia/Tokyo")
    entry = scene.entry(zoneless, site, "2026-03-05 01:00", zone="Asia/Tokyo")

    scene.sync()

    assert scene.activity(entry)["TxnDate"] == "2026-03-05"


def test_a_workspace_starts_in_the_zone_of_the_keys_owner(scene: Scene) -> None:
    assert scene.policy()["time_zone"] == "America/New_York"


@pytest.mark.parametrize("rate", [12550, 33, 0, 100_000_00])
def test_the_rate_is_clockifys_in_major_units(scene: Scene, ada: str, site: str, rate: int) -> None:
    entry = scene.entry(ada, site, hourlyRate=rate)

    scene.sync()

    assert scene.activity(entry)["HourlyRate"] == rate / 100


@pytest.mark.parametrize("form", ["zero", "null"])
def test_no_rate_is_sent_as_nothing_and_said(scene: Scene, ada: str, form: str) -> None:
    scene.switch(clockify_report_missing_rate=form)
    entry = scene.entry(ada, scene.project("Free"))

    run = scene.sync()

    assert (run.code, run["warnings"]) == (0, {"NO_RATE": 1})
    assert scene.activity(entry)["HourlyRate"] == 0


@pytest.mark.parametrize(
    "text",
    [
        "Grüße an 日本 👩‍👩‍👧",
        "first\nsecond\r\nthird\tend",
        '"quotes" and \\backslashes\\',
        "<b> R&D & Co </b>",
        "x" * 3000,
    ],
)
def test_the_description_arrives_unchanged(scene: Scene, ada: str, site: str, text: str) -> None:
    entry = scene.entry(ada, site, description=text)

    assert scene.sync().counts == {"sent": 1}

    assert scene.activity(entry)["Description"] == text
    assert scene.sync().counts == {"unchanged": 1}
    explained = scene.explain(entry)
    assert (explained["state"], explained.json.get("differences")) == ("sent", None)


@pytest.mark.parametrize(
    "text", ["x" * 4001, "🌍" * 2001, "x" * 3990 + "👩‍👩‍👧" * 3], ids=["letters", "emojis", "a family"]
)
def test_a_text_that_is_too_long_is_cut_and_said(scene: Scene, ada: str, site: str, text: str) -> None:
    entry = scene.entry(ada, site, description=text)

    run = scene.sync()

    assert (run.code, run.counts, run["warnings"]) == (0, {"sent": 1}, {"DESCRIPTION_CUT": 1})
    assert text.startswith(scene.activity(entry)["Description"])
    # A cut is no edit, and QuickBooks' copy no difference.
    again = scene.sync()
    assert (again.counts, again["warnings"]) == ({"unchanged": 1}, {})
    explained = scene.explain(entry)
    assert (explained["state"], explained.json.get("differences")) == ("sent", None)
    # What lies behind the cut changes nothing either.
    scene.edit_entry(entry, description=text + " and so on")
    assert scene.sync().counts == {"unchanged": 1}


def test_a_contractor_is_sent_as_a_vendor(scene: Scene, site: str) -> None:
    vic = scene.user("Vic", partner="Vendor")
    scene.check()
    scene.decide("link", "user", vic, scene.partner_of(vic), "--vendor")
    entry = scene.entry(vic, site)

    assert scene.sync().counts == {"sent": 1}

    activity = scene.activity(entry)
    assert (activity["NameOf"], activity["VendorRef"]["value"]) == ("Vendor", scene.partner_of(vic))
    assert_books_agree(scene)


def test_the_workspaces_service_item_goes_along(scene: Scene, ada: str, site: str) -> None:
    item = scene.put("Item", {"Name": "Consulting"})["Id"]
    scene.check()
    scene.policy(service_item="Consulting")
    entry = scene.entry(ada, site)

    scene.sync()

    assert scene.activity(entry)["ItemRef"]["value"] == item


def test_time_of_a_project_without_a_client_goes_to_its_own_customer(scene: Scene, ada: str) -> None:
    entry = scene.entry(ada, scene.project("Solo", hourlyRate=5000))

    scene.sync()

    assert scene.explain(entry)["state"] == "sent"
    assert_books_agree(scene)


def test_people_and_projects_that_are_archived_still_get_their_time_sent(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.product.put_user({"id": ada, "status": "INACTIVE"})
    scene.product.put_project({"id": site, "archived": True})

    assert scene.sync().counts == {"sent": 1}
    assert_books_agree(scene)


def test_a_busy_month_arrives_whole(scene: Scene, ada: str, site: str) -> None:
    bea, hall = scene.user("Bea", zone="Europe/Berlin"), scene.project("Hall", hourlyRate=9000)
    scene.entries(ada, site, 60)
    scene.entries(bea, hall, 60)
    # Equal in everything that is sent: two activities all the same.
    for _ in range(3):
        scene.entry(ada, site, "2026-03-20 09:00", description="Stand-up")

    run = scene.sync()

    assert (run.code, run.counts, run["seen"]) == (0, {"sent": 123}, 123)
    assert_books_agree(scene)
    assert scene.calls()["POST timeactivity"] == 123


def test_a_dry_run_says_what_would_happen_and_writes_nothing(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.entry(ada, site, billable=False)

    run = scene.sync(dry_run=True)

    assert (run.code, run["dry_run"], run.counts) == (0, True, {"sent": 1, "blocked": 1})
    assert (run["seen"], run["minutes_sent"]) == (2, 60)
    assert scene.activities() == []
    assert scene.sync().counts == {"sent": 1, "blocked": 1}


def test_people_and_projects_that_came_after_the_check_are_found_by_the_sync(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.sync()
    scene.entry(scene.user("Late", partner=None), scene.project("New", customer=False))

    run = scene.sync()

    assert run["blocked_reasons"] == {"PROJECT_NOT_MAPPED": 1, "USER_NOT_MAPPED": 1}
    rows = run_command("mismatches").json
    listed = {row["clockify"]["name"]: row["reason"] for row in rows if row["clockify"]}
    assert (listed["Late"], listed["New"]) == ("NO_EMPLOYEE", "NO_CUSTOMER")


@pytest.mark.parametrize(
    "switches",
    [
        {"clockify_report_keys": "plain"},
        {"clockify_report_missing_refs": "empty"},
        {"clockify_report_not_invoiced": "absent"},
        {"clockify_report_not_invoiced": "empty_list"},
        {"clockify_window": "literal"},
        {"clockify_report_range_by": "overlap"},
        {"clockify_max_report_page_size": 3},
        {"clockify_max_report_page_size": 3, "clockify_page_shift": "repeat"},
        {"clockify_user_status": "membership"},
        {"clockify_last_page_header": False},
    ],
    ids=str,
)
def test_clockifys_unsettled_habits_make_no_difference(
    scene: Scene, ada: str, site: str, switches: dict[str, Any]
) -> None:
    scene.switch(**switches)
    scene.entries(ada, site, 10)

    assert scene.sync().counts == {"sent": 10}
    assert scene.sync().counts == {"unchanged": 10}
    assert_books_agree(scene)
