"""Manual changes in the local Clockify, and the state after a restart."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import requests

from sandbox.server import start
from tests.sandbox.clockify_client import ClockifyCaller


def control(clockify: ClockifyCaller, method: str, path: str, body: object = None) -> requests.Response:
    return requests.request(method, f"{clockify.url}/control{path}", json=body, timeout=10)


def test_info_names_the_well_known_key_and_the_workspace(clockify: ClockifyCaller) -> None:
    info = control(clockify, "GET", "/info").json()["clockify"]

    assert info["api_key"] == "sandbox-clockify-key"
    assert info["workspaces"] == [
        {"id": info["workspace_id"], "name": "Sandbox Workspace", "api_key": "sandbox-clockify-key"}
    ]


def test_state_shows_every_record_with_what_the_api_hides(clockify: ClockifyCaller) -> None:
    clockify.entry(approvalState="APPROVED", invoiced=True)

    state = control(clockify, "GET", "/state").json()["clockify"][clockify.workspace_id]

    assert state["users"][0]["membershipStatus"] == "ACTIVE"
    assert (state["entries"][0]["approvalState"], state["entries"][0]["invoiced"]) == ("APPROVED", "manual")


def test_a_change_keeps_what_it_does_not_name(clockify: ClockifyCaller) -> None:
    key = clockify.entry(description="before", approvalState="APPROVED")

    clockify.put("entries", id=key, description="after <now>")

    row = clockify.reported(approvalState="APPROVED")[0]
    assert (row["description"], row["timeInterval"]["duration"]) == ("after <now>", 5400)


def test_a_moved_entry_is_found_at_its_new_time_only(clockify: ClockifyCaller) -> None:
    key = clockify.entry()

    clockify.put("entries", id=key, start="2026-04-05T09:00:00Z", end="2026-04-05T10:00:00Z")

    assert clockify.reported() == []
    april = {"dateRangeStart": "2026-04-01T00:00:00", "dateRangeEnd": "2026-04-30T00:00:00"}
    assert len(clockify.reported(**april)) == 1


def test_records_are_deleted(clockify: ClockifyCaller) -> None:
    key = clockify.entry()
    path = f"/clockify/{clockify.workspace_id}/entries/{key}"

    assert control(clockify, "DELETE", path).status_code == 200
    assert clockify.get(f"/time-entries/{key}").status_code == 400
    assert control(clockify, "DELETE", path).status_code == 404


@pytest.mark.parametrize(
    ("kind", "body"),
    [("entries", {"start": "2026-03-02T09:00:00Z"}), ("entries", {"colour": "red"}), ("projects", {"clientId": "x"})],
)
def test_unknown_fields_and_records_are_refused(clockify: ClockifyCaller, kind: str, body: object) -> None:
    answer = control(clockify, "POST", f"/clockify/{clockify.workspace_id}/{kind}", body)

    assert answer.status_code == 400 and answer.json()["error"]


def test_a_second_workspace_is_separate(clockify: ClockifyCaller) -> None:
    created = control(clockify, "POST", "/clockify", {"name": "Northlight Events", "plan": "FREE"}).json()

    headers = {"X-Api-Key": created["api_key"]}
    seen = clockify.send("GET", f"{clockify.api}/workspaces", headers=headers).json()

    assert [(row["id"], row["featureSubscriptionType"]) for row in seen] == [(created["id"], "FREE")]
    assert clockify.send("GET", clockify.address(""), headers=headers).status_code == 404
    assert len(control(clockify, "GET", "/info").json()["clockify"]["workspaces"]) == 2


def test_a_second_key_of_a_user_works(clockify: ClockifyCaller) -> None:
    answer = control(clockify, "POST", f"/clockify/{clockify.workspace_id}/keys", {"user_id": clockify.owner_id()})

    assert clockify.send("GET", clockify.address("/users"), headers={"X-Api-Key": answer.json()["api_key"]}).ok


def test_a_restart_keeps_everything(tmp_path: Path) -> None:
    first = start("agency", data=tmp_path / "world.json", today=date(2026, 3, 27))
    before = json.dumps(first.world.clockify.to_json())
    rows = ClockifyCaller(first.url).reported()
    first.stop()

    second = start("empty", data=tmp_path / "world.json")
    try:
        assert json.dumps(second.world.clockify.to_json()) == before
        assert ClockifyCaller(second.url).reported() == rows
        clockify = ClockifyCaller(second.url)
        assert clockify.entry() not in {row["_id"] for row in rows}
    finally:
        second.stop()
