"""Bodies that were recorded from the vendors: every record of them is read, each value as the body itself has it."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.clockify import entry_payloads
from integrations.clockify import payloads as clockify
from integrations.quickbooks import payloads as quickbooks
from integrations.reading.unreadable import Reading
from tests.support.samples import samples

Raw = Mapping[str, Any]


def read_entries(rows: list[Raw]) -> list[clockify.EntryPayload]:
    """Read the rows as a sync does, and check that none of them is set aside."""
    reading = Reading()
    entries = [entry for entry, _ in reading.each("entry", rows, entry_payloads.entry, id_of=clockify.identifier)]
    assert reading.problems == []
    assert len(entries) == len(rows)
    return entries


def utc(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)


def assert_has_its_own_values(entry: clockify.EntryPayload, raw: Raw) -> None:
    interval = raw["timeInterval"]
    assert (entry.user_id, entry.project_id) == (raw["userId"], raw["projectId"] or "")
    # A running one has no end.
    assert (entry.start_at, entry.end_at) == (utc(interval["start"]), interval["end"] and utc(interval["end"]))
    assert (entry.billable, entry.type) == (raw["billable"], raw.get("type", "REGULAR"))
    # For the entities of these texts, Python's own reader does the same.
    assert entry.description == html.unescape(raw["description"])
    assert entry.invoiced is False


def test_rows_of_recorded_reports_are_read() -> None:
    for name, body in samples("clockify/report_*.json").items():
        rows = body["timeentries"]
        for entry, raw in zip(read_entries(rows), rows, strict=True):
            assert entry.id == raw["_id"], name
            assert_has_its_own_values(entry, raw)
            assert (entry.user_name, entry.project_name) == (raw["userName"], raw.get("projectName", ""))
            assert (entry.end_at - entry.start_at).total_seconds() == raw["timeInterval"]["duration"]  # type: ignore[operator]
            # Neither recording has a rate or a currency in its rows.
            assert (entry.rate, entry.currency) == (None, "")


def test_time_entries_of_recorded_webhooks_are_read() -> None:
    bodies = {name: body for name, body in samples("webhooks/clockify_*.json").items() if "headers" not in name}
    entries = read_entries(list(bodies.values()))

    for entry, (name, raw) in zip(entries, bodies.items(), strict=True):
        assert entry.id == raw["id"], name
        assert_has_its_own_values(entry, raw)
        assert (entry.user_name, entry.project_name) == (raw["user"]["name"], raw["project"]["name"])
        assert (entry.client_id, entry.client_name) == (raw["project"]["clientId"], raw["project"]["clientName"])
        rate = raw["hourlyRate"] and Decimal(raw["hourlyRate"]["amount"]) / 100
        assert entry.rate == rate, name


def test_projects_and_users_within_recorded_webhooks_are_read() -> None:
    for name, raw in samples("webhooks/clockify_*.json").items():
        if "headers" in name:
            continue
        project, user = clockify.project(raw["project"]), clockify.user(raw["user"], workspace_id=raw["workspaceId"])

        assert (project.id, project.name) == (raw["project"]["id"], html.unescape(raw["project"]["name"]))
        assert (project.client_id, project.client_name) == (raw["project"]["clientId"], raw["project"]["clientName"])
        assert (project.archived, project.billable) == (raw["project"]["archived"], raw["project"]["billable"])
        assert (user.id, user.name, user.active) == (raw["user"]["id"], raw["user"]["name"], True)


def test_recorded_time_activities_are_read() -> None:
    for body in samples("quickbooks/timeactivity_*.json").values():
        for raw in body["QueryResponse"]["TimeActivity"]:
            activity = quickbooks.activity(raw)

            assert (activity.id, activity.sync_token) == (raw["Id"], raw["SyncToken"])
            assert (activity.person_kind, activity.person_id) == ("employee", raw["EmployeeRef"]["value"])
            assert (activity.customer_id, activity.item_id) == (raw["CustomerRef"]["value"], raw["ItemRef"]["value"])
            assert activity.txn_date == date.fromisoformat(raw["TxnDate"])
            assert activity.minutes == 60 * raw["Hours"] + raw["Minutes"]
            assert (activity.rate, activity.description) == (Decimal(raw["HourlyRate"]), raw["Description"])
            assert activity.billed is (raw["BillableStatus"] == "HasBeenBilled")
            assert activity.created_at == utc(raw["MetaData"]["CreateTime"])


def test_without_a_folder_they_are_skipped_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAMPLES_DIR", raising=False)

    with pytest.raises(pytest.skip.Exception, match=r"SAMPLES_DIR is not set: .+ are not compared"):
        samples("clockify/*.json")
