"""Stories: each one's changes at the agency match its answer."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import requests

from sandbox.data.stories import STORIES
from sandbox.server import Running
from tests.sandbox.clockify_client import ClockifyCaller

AGENCY = pytest.mark.sandbox(dataset="agency", today=date(2026, 3, 27))
REALM = "9341454182739650"


def control(sandbox: Running, method: str, path: str, body: object = None) -> Any:
    answer = requests.request(method, f"{sandbox.url}/control{path}", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def five_weeks(clockify: ClockifyCaller) -> list[dict[str, Any]]:
    span = {"dateRangeStart": "2026-02-19T00:00:00", "dateRangeEnd": "2026-03-28T00:00:00"}
    return clockify.reported(detailedFilter={"page": 1, "pageSize": 1000}, **span)


@AGENCY
@pytest.mark.parametrize("name", sorted(STORIES))
def test_a_story_says_what_it_did(sandbox: Running, name: str) -> None:
    before = control(sandbox, "GET", "/state")

    answer = control(sandbox, "POST", f"/story/{name}", {"count": 2})

    assert answer["story"] == name and answer["did"]
    assert control(sandbox, "GET", "/state") != before


@AGENCY
def test_an_employee_with_time_becomes_inactive_and_tracks_another_hour(sandbox: Running) -> None:
    inactive, tracked = control(sandbox, "POST", "/story/employee_inactive")["did"]

    employees = control(sandbox, "GET", "/state")["quickbooks"][REALM]["Employee"]
    employee = next(row for row in employees if row["Id"] == inactive["employee"])
    entry = ClockifyCaller(sandbox.url).get(f"/time-entries/{tracked['entry']}").json()

    assert (employee["Active"], employee["DisplayName"]) == (False, f"{inactive['name']} (deleted)")
    assert entry["userId"] == inactive["user"] and entry["timeInterval"]["duration"] == "PT1H"


@AGENCY
def test_a_moved_project_is_under_another_client(sandbox: Running) -> None:
    moved = control(sandbox, "POST", "/story/move_project")["did"][0]

    project = ClockifyCaller(sandbox.url).get(f"/projects/{moved['project']}").json()

    assert project["clientId"] == moved["to"] != moved["from"]


@AGENCY
def test_billed_time_is_billed_in_quickbooks(sandbox: Running) -> None:
    billed = {change["timeactivity"] for change in control(sandbox, "POST", "/story/bill_some", {"count": 2})["did"]}

    invoices = control(sandbox, "GET", "/state")["quickbooks"][REALM]["Invoice"]

    assert {link["TxnId"] for invoice in invoices for link in invoice["LinkedTxn"]} == billed
    assert len(billed) == 2


@AGENCY
def test_edits_take_turns_and_leave_approved_time_alone(sandbox: Running) -> None:
    changes = control(sandbox, "POST", "/story/edit_some", {"count": 5})["did"]

    clockify = ClockifyCaller(sandbox.url)
    rows = {row["_id"]: row for row in five_weeks(clockify)}
    approved = {row["_id"] for row in clockify.reported(approvalState="APPROVED")}

    assert len({change["did"] for change in changes}) == 5
    assert all(change["from"] != change["to"] for change in changes)
    assert all(rows[change["entry"]]["description"] == change["to"]["description"] for change in changes)
    assert not approved & {change["entry"] for change in changes}


@AGENCY
def test_deleted_entries_are_gone(sandbox: Running) -> None:
    changes = control(sandbox, "POST", "/story/delete_some", {"count": 3})["did"]

    clockify = ClockifyCaller(sandbox.url)

    assert [clockify.get(f"/time-entries/{change['entry']}").status_code for change in changes] == [400, 400, 400]


def test_a_story_that_nothing_fits_is_refused(sandbox: Running) -> None:
    answer = requests.post(f"{sandbox.url}/control/story/bill_some", timeout=10)

    assert (answer.status_code, answer.json()) == (409, {"error": "no billable TimeActivity"})
