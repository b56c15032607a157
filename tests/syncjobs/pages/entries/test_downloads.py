"""Runs and time entries as CSV files."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from integrations.models import Workspace
from syncjobs.display import csv_file
from tests.support.factories import (
    EntryStatusFactory,
    ReceiptFactory,
    RunFactory,
    RunItemFactory,
    TimeEntryFactory,
    UserFactory,
)

ENTRIES = "/admin/entries/csv/"


def lines(response: Any) -> list[dict[str, str]]:
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_run_s_items_come_with_their_reasons_in_words(dana: Client, workspace: Workspace) -> None:
    run = RunFactory(workspace=workspace)
    RunItemFactory(run=run, quickbooks_id="412", user_name="Ada", project_name="Site, new", entry_id="e1")
    RunItemFactory(run=run, outcome="blocked", verb="block", reasons=[{"code": "NO_PROJECT"}, {"code": "NOT_BILLABLE"}])
    RunItemFactory(outcome="failed")

    sent, held = lines(dana.get(f"/admin/runs/{run.pk}/csv/"))

    assert (sent["outcome"], sent["user"], sent["project"], sent["minutes"]) == ("Created", "Ada", "Site, new", "90")
    assert (sent["date"], sent["quickbooks_id"], sent["entry"]) == ("2026-03-02", "412", "e1")
    assert held["outcome"] == "Not sent"
    assert "no customer to bill. It is marked not billable" in held["why"]


def test_a_run_s_file_is_narrowed_as_its_page_is(dana: Client, workspace: Workspace) -> None:
    run = RunFactory(workspace=workspace)
    RunItemFactory(run=run, user_name="Ada")
    RunItemFactory(run=run, user_name="Ben", outcome="failed", error_message="=HYPERLINK()")

    page = dana.get(f"/admin/syncjobs/run/{run.pk}/change/?outcome=failed").content.decode()
    (only,) = lines(dana.get(f"/admin/runs/{run.pk}/csv/?outcome=failed"))

    assert f"/admin/runs/{run.pk}/csv/?outcome=failed" in page
    assert only["user"] == "Ben"
    assert only["error_message"] == "'=HYPERLINK()"


def test_entries_come_as_the_list_shows_them(dana: Client, workspace: Workspace) -> None:
    sent = TimeEntryFactory(workspace=workspace, description="=1+1", project_name="@home")
    EntryStatusFactory(entry=sent, state="sent")
    ReceiptFactory(workspace=workspace, entry_id=sent.clockify_id, quickbooks_id="1669")
    held = TimeEntryFactory(workspace=workspace, description="Held")
    EntryStatusFactory(entry=held, state="blocked", held=True, reasons=[{"code": "NO_PROJECT"}])
    TimeEntryFactory(workspace=workspace, description="Never evaluated")

    everything = {row["entry"]: row for row in lines(dana.get(ENTRIES))}
    (only,) = lines(dana.get(f"{ENTRIES}?state=held&reason=NO_PROJECT&q=Held"))

    assert len(everything) == 3
    row = everything[sent.clockify_id]
    assert (row["description"], row["project"]) == ("'=1+1", "'@home")
    assert (row["state"], row["quickbooks_id"], row["hours"]) == ("Sent", "1669", "1.50")
    assert (only["description"], only["state"], only["fixed_in"]) == ("Held", "Held", "in Clockify")
    assert "no customer to bill" in only["why"]


def test_the_list_leads_to_its_file_with_the_same_filters(dana: Client, workspace: Workspace) -> None:
    page = dana.get("/admin/integrations/timeentry/?state=held&q=ada&p=1").content.decode()

    assert f'href="{ENTRIES}?state=held&amp;q=ada"' in page


def test_a_long_list_is_read_in_chunks(
    dana: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(csv_file, "CHUNK", 3)
    for number in range(7):
        EntryStatusFactory(entry=TimeEntryFactory(workspace=workspace, description=f"Row {number}"))

    with django_assert_max_num_queries(12):
        response = dana.get(ENTRIES)
        chunks = list(response.streaming_content)

    assert len(chunks) == 3
    assert sum(chunk.count(b"Row ") for chunk in chunks) == 7


def test_an_empty_list_is_a_file_with_its_headers(dana: Client, workspace: Workspace) -> None:
    assert lines(dana.get(ENTRIES)) == []
    assert b"".join(dana.get(ENTRIES).streaming_content).decode("utf-8-sig").startswith("date,start_utc")


@pytest.mark.parametrize("right", ["syncjobs.view_run", "integrations.view_timeentry"])
def test_who_may_not_read_the_list_may_not_have_the_file(client: Client, workspace: Workspace, right: str) -> None:
    client.force_login(UserFactory.allowed("integrations.view_workspace", right))
    run = RunFactory(workspace=workspace)

    codes = {address: client.get(address).status_code for address in (ENTRIES, f"/admin/runs/{run.pk}/csv/")}

    assert sorted(codes.values()) == [200, 403]
    assert codes[ENTRIES] == (200 if right == "integrations.view_timeentry" else 403)


def test_an_address_that_the_list_does_not_know_leads_back_to_it(dana: Client, workspace: Workspace) -> None:
    response = dana.get(f"{ENTRIES}?nonsense=1")

    assert (response.status_code, response["Location"]) == (302, "/admin/integrations/timeentry/")
