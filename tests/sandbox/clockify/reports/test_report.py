"""The detailed report: window, zones, pages, filters, amounts, and all behavior that no source settles."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.clockify_client import ClockifyCaller, refusal

EXCLUDE = {"totals": "EXCLUDE"}
ROW_KEYS = {
    *("_id", "description", "userId", "timeInterval", "billable", "projectId", "taskId", "tagIds"),
    *("approvalRequestId", "type", "isLocked", "currency", "amount", "rate", "earnedAmount", "earnedRate"),
    *("costAmount", "costRate", "projectName", "projectColor", "clientName", "clientId", "taskName", "userName"),
    *("userEmail", "tags", "customFields", "invoicingInfo"),
}


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["_id"] for row in rows]


def page(number: int, size: int, **more: Any) -> dict[str, Any]:
    return {"page": number, "pageSize": size, "options": EXCLUDE, **more}


def test_a_row_is_written_as_recorded(clockify: ClockifyCaller, website: str) -> None:
    key = clockify.entry("2026-03-02T14:00:00Z", "2026-03-02T15:30:00Z", projectId=website, description="Review")

    answer = clockify.report()

    row = answer.json()["timeentries"][0]
    assert set(row) == ROW_KEYS and row["_id"] == key
    start, end = "2026-03-02T14:00:00Z", "2026-03-02T15:30:00Z"
    assert row["timeInterval"] == {"start": start, "end": end, "duration": 5400}
    assert (row["rate"], row["amount"], row["currency"]) == (12500.0, 18750.0, "USD")
    assert (row["clientName"], row["projectName"], row["userName"]) == ("Acme", "Website", "Sandbox Owner")
    assert "Last-Page" not in answer.headers


def test_totals_are_calculated_when_asked(clockify: ClockifyCaller, website: str) -> None:
    clockify.entry(projectId=website)
    clockify.entry(projectId=website, billable=False)

    totals = clockify.report(detailedFilter={"page": 1, "pageSize": 1, "options": {"totals": "CALCULATE"}}).json()[
        "totals"
    ]

    assert totals == [
        {
            "_id": "",
            "totalTime": 10800,
            "totalBillableTime": 5400,
            "entriesCount": 2,
            "totalAmount": 18750.0,
            "totalAmountByCurrency": [{"currency": "USD", "amount": 18750.0}],
            "numOfCurrencies": 1,
            "amounts": [{"type": "EARNED", "value": 18750.0}],
        }
    ]


def test_excluded_totals_are_empty_or_a_null_row(clockify: ClockifyCaller) -> None:
    assert clockify.report().json()["totals"] == []

    clockify.switch(report_totals_excluded="null_row")
    assert clockify.report().json()["totals"] == [None]


@pytest.mark.parametrize(
    ("zone", "in_window"), [("UTC", False), ("America/Los_Angeles", True), ("Pacific/Auckland", False)]
)
def test_the_window_is_wall_clock_of_the_bodys_zone(clockify: ClockifyCaller, zone: str, in_window: bool) -> None:
    clockify.entry("2026-03-03T05:00:00Z", "2026-03-03T06:00:00Z")
    day = {"dateRangeStart": "2026-03-02T00:00:00.000Z", "dateRangeEnd": "2026-03-02T23:59:59.999Z"}

    assert bool(clockify.reported(timeZone=zone, **day)) is in_window


def test_without_a_zone_the_key_owners_counts(clockify: ClockifyCaller) -> None:
    clockify.entry("2026-03-03T03:00:00Z", "2026-03-03T04:00:00Z")
    day = {"dateRangeStart": "2026-03-02T00:00:00", "dateRangeEnd": "2026-03-02T23:59:59"}

    rows = clockify.reported(timeZone=None, **day)

    assert rows[0]["timeInterval"]["start"] == "2026-03-02T22:00:00-05:00"


def test_a_literal_window_obeys_the_suffix(clockify: ClockifyCaller) -> None:
    clockify.entry("2026-03-03T05:00:00Z", "2026-03-03T06:00:00Z")
    clockify.switch(window="literal")
    day = {"dateRangeStart": "2026-03-02T00:00:00.000Z", "dateRangeEnd": "2026-03-02T23:59:59.999Z"}

    assert clockify.reported(timeZone="America/Los_Angeles", **day) == []


def test_instants_are_written_with_the_zones_offset_in_summer_and_winter(clockify: ClockifyCaller) -> None:
    clockify.entry("2026-03-28T23:30:00Z", "2026-03-29T01:30:00Z")

    interval = clockify.reported(timeZone="Europe/Berlin")[0]["timeInterval"]

    assert interval == {
        "start": "2026-03-29T00:30:00+01:00",
        "end": "2026-03-29T03:30:00+02:00",
        "duration": 7200,
    }


def test_an_entry_is_in_range_by_its_start_or_by_any_overlap(clockify: ClockifyCaller) -> None:
    key = clockify.entry("2026-02-28T23:00:00Z", "2026-03-01T02:00:00Z")
    assert clockify.reported() == []

    clockify.switch(report_range_by="overlap")
    assert ids(clockify.reported()) == [key]


def test_both_edges_belong_to_the_window(clockify: ClockifyCaller) -> None:
    for start in ("2026-03-01T00:00:00Z", "2026-03-31T23:59:59Z", "2026-04-01T00:00:00Z"):
        clockify.entry(start, "2026-04-01T01:00:00Z")

    assert len(clockify.reported()) == 2


def test_pages_hold_every_row_once_and_then_nothing(clockify: ClockifyCaller) -> None:
    keys = [clockify.entry(f"2026-03-{day:02}T09:00:00Z", f"2026-03-{day:02}T10:00:00Z") for day in range(1, 8)]

    pages = [ids(clockify.reported(detailedFilter=page(number, 3))) for number in (1, 2, 3, 4)]

    assert pages == [keys[:3], keys[3:6], keys[6:], []]


def test_the_order_may_be_turned_and_sorted_by_other_columns(clockify: ClockifyCaller) -> None:
    short = clockify.entry("2026-03-05T09:00:00Z", "2026-03-05T09:10:00Z", description="b")
    long = clockify.entry("2026-03-04T09:00:00Z", "2026-03-04T19:00:00Z", description="a")

    assert ids(clockify.reported()) == [long, short]
    assert ids(clockify.reported(sortOrder="DESCENDING")) == [short, long]
    assert ids(clockify.reported(detailedFilter=page(1, 10, sortColumn="DURATION"))) == [short, long]
    assert ids(clockify.reported(detailedFilter=page(1, 10, sortColumn="DESCRIPTION"))) == [long, short]


@pytest.mark.sandbox(dataset="generated", entries=1200)
def test_page_size_is_cut_at_1000(clockify: ClockifyCaller) -> None:
    clockify.switch(paid_range_days=0)
    span = {"dateRangeStart": "2020-01-01T00:00:00", "dateRangeEnd": "2099-01-01T00:00:00"}

    assert len(clockify.reported(detailedFilter=page(1, 5000), **span)) == 1000
    clockify.switch(max_report_page_size=200)
    assert len(clockify.reported(detailedFilter=page(1, 1000), **span)) == 200


@pytest.mark.parametrize(("shift", "second"), [("repeat", [2, 3, 4]), ("skip", [4, 5, 6])])
def test_pages_may_shift_while_they_are_read(clockify: ClockifyCaller, shift: str, second: list[int]) -> None:
    keys = [clockify.entry(f"2026-03-{day:02}T09:00:00Z", f"2026-03-{day:02}T10:00:00Z") for day in range(1, 8)]
    clockify.switch(page_shift=shift)

    assert ids(clockify.reported(detailedFilter=page(1, 3))) == keys[:3]
    assert ids(clockify.reported(detailedFilter=page(2, 3))) == [keys[number] for number in second]


@pytest.mark.parametrize("size", [0, -1])
def test_page_sizes_below_one_are_400(clockify: ClockifyCaller, size: int) -> None:
    assert refusal(clockify.report(detailedFilter=page(1, size))) == (400, 501)


@pytest.mark.parametrize("name", ["dateRangeStart", "dateRangeEnd", "detailedFilter"])
def test_what_a_report_must_have(clockify: ClockifyCaller, name: str) -> None:
    assert refusal(clockify.report(**dict[str, Any]({name: None}))) == (400, 501)


@pytest.mark.parametrize(
    "changes",
    [{"approvalState": "MAYBE"}, {"users": {"status": "GONE"}}, {"timeZone": "Mars/Base"}, {"dateRangeStart": "soon"}],
)
def test_unknown_words_are_400_3002(clockify: ClockifyCaller, changes: dict[str, Any]) -> None:
    assert refusal(clockify.report(**changes)) == (400, 3002)


def test_a_free_plan_reports_at_most_31_days(clockify: ClockifyCaller) -> None:
    clockify.settings(plan="FREE")

    assert clockify.report().status_code == 200
    assert refusal(clockify.report(dateRangeEnd="2026-04-01T23:59:59.999")) == (400, 501)
    clockify.switch(free_range_status=403)
    assert clockify.report(dateRangeEnd="2026-04-01T23:59:59.999").status_code == 403


def test_plans_below_pro_report_at_most_a_year(clockify: ClockifyCaller) -> None:
    assert refusal(clockify.report(dateRangeEnd="2027-06-01T00:00:00")) == (400, 501)

    clockify.settings(plan="PRO")
    assert clockify.report(dateRangeEnd="2027-06-01T00:00:00").status_code == 200
