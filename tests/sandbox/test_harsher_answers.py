"""Switches that make answers harsher than most of the world: entities, missing currency, fields as recorded."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.server import Running
from tests.sandbox.clockify_client import ClockifyCaller
from tests.sandbox.quickbooks_client import QuickBooksCaller


def switch(sandbox: Running, **values: Any) -> None:
    assert requests.post(f"{sandbox.url}/control/switches", json=values, timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("chosen", "description", "name"),
    [("off", "R&D <b>", "R&D"), ("descriptions", "R&amp;D &lt;b&gt;", "R&D"), ("all", "R&amp;D &lt;b&gt;", "R&amp;D")],
)
def test_clockifys_texts_come_as_html(clockify: ClockifyCaller, chosen: str, description: str, name: str) -> None:
    project = clockify.put("projects", name="R&D", billable=True)["id"]
    entry = clockify.entry(projectId=project, description="R&D <b>")
    clockify.switch(entities_in_reports=chosen)

    (row,) = clockify.reported()
    assert (row["description"], row["projectName"]) == (description, name)
    assert clockify.get(f"/time-entries/{entry}").json()["description"] == "R&D <b>"

    clockify.switch(entities_in_api=chosen, entities_in_reports="off")

    assert clockify.reported()[0]["description"] == "R&D <b>"
    assert clockify.get(f"/time-entries/{entry}").json()["description"] == description
    assert [row["name"] for row in clockify.rows("/projects")] == [name]


def test_rows_of_a_report_come_without_a_currency(clockify: ClockifyCaller) -> None:
    clockify.entry()
    assert clockify.reported()[0]["currency"] == "USD"

    clockify.switch(report_currency=False)

    assert "currency" not in clockify.reported()[0]


def test_a_user_list_shows_the_owner_of_the_key_alone(clockify: ClockifyCaller) -> None:
    ben, _ = clockify.member()
    clockify.entry(userId=ben)
    assert ben in {row["id"] for row in clockify.rows("/users")}

    clockify.switch(users_listed="owner_of_key")

    assert [row["id"] for row in clockify.rows("/users", status="ALL")] == [clockify.owner_id()]
    assert [row["userId"] for row in clockify.reported()] == [ben]


def test_time_activities_come_with_the_fields_that_were_recorded(
    sandbox: Running, quickbooks: QuickBooksCaller, work: dict[str, Any]
) -> None:
    plain = quickbooks.create("TimeActivity", work)
    assert not {"Seconds", "CostRate", "TimeChargeId"} & set(plain)

    switch(sandbox, timeactivity_recorded_fields=True, txn_date_with_time=True)

    spans = {"StartTime": "2026-03-04T09:00:00-08:00", "EndTime": "2026-03-04T10:00:00-08:00"}
    lengthless = {name: value for name, value in work.items() if name not in ("Hours", "Minutes")}
    clock = quickbooks.create("TimeActivity", {**lengthless, **spans})
    read = next(row for row in quickbooks.rows("select * from TimeActivity") if row["Id"] == plain["Id"])
    assert (read["Seconds"], read["CostRate"], read["TxnDate"]) == (0, 0, "2026-03-04T00:00:00-08:00")
    assert read["TimeChargeId"] != clock["TimeChargeId"] and "Seconds" not in clock
    # A question by day still finds it.
    by_day = quickbooks.rows("select * from TimeActivity where TxnDate = '2026-03-04'")
    assert {row["Id"] for row in by_day} == {plain["Id"], clock["Id"]}
