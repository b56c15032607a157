"""The page that archives a connection: what it says before, the start date it asks for, and what stays readable."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.test import Client

from integrations.models import ArchivedConnection, Company, Workspace
from syncjobs.models import Schedule
from tests.support.factories import (
    ActionFactory,
    CompanyFactory,
    EntryStatusFactory,
    LinkFactory,
    MismatchFactory,
    ReceiptFactory,
    RunFactory,
    TimeEntryFactory,
    WorkspaceFactory,
)
from tests.support.page_text import main_text, text


@pytest.fixture(autouse=True)
def unreachable(settings: Any) -> None:
    settings.QUICKBOOKS_REVOKE_URL, settings.GIVE_UP_SECONDS = "http://127.0.0.1:9/revoke", 1


def page_of(workspace: Workspace) -> str:
    return f"/admin/workspaces/{workspace.pk}/archive/quickbooks/"


def press(person: Client, workspace: Workspace, **fields: str) -> Any:
    return person.post(
        page_of(workspace), {"company": str(workspace.company_id), "start_date": "2026-04-01", **fields}, follow=True
    )


def sent(workspace: Workspace, count: int = 3) -> None:
    for _ in range(count):
        entry = TimeEntryFactory(workspace=workspace)
        EntryStatusFactory(entry=entry, state="sent")
        ReceiptFactory(workspace=workspace, company=workspace.company, entry_id=entry.clockify_id, minutes=90)


def test_the_page_says_before_what_counts_as_not_sent_and_asks_for_the_start_date(
    dana: Client, workspace: Workspace
) -> None:
    sent(workspace)
    Company.objects.update(name="Harbor Tools Inc.")
    workspace.refresh_from_db()
    ActionFactory(workspace=workspace, company=workspace.company, state="sending")
    Schedule.objects.create(
        workspace=workspace, kind="sync", mode="daily", at=time(18), next_at=datetime(2026, 4, 1, tzinfo=UTC)
    )
    WorkspaceFactory(company=workspace.company, name="Harbor")

    shown = main_text(dana.get(page_of(workspace)))

    company = workspace.company
    assert f"3 entries, 4.5 h were sent to {company}; with a new company they count as not sent." in shown
    assert "Inc.." not in shown
    assert "1 write without a clear answer stays in doubt and is never sent again." in shown
    assert "Harbor sends to it as well and keeps the connection." in shown
    assert "Automatic sync is switched off" in shown
    assert "Start date" in shown


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"start_date": ""}, "Choose the start date"),
        ({"start_date": "soon"}, "Choose the start date"),
        ({"start_date": "0001-01-01"}, "Choose the start date"),
        ({"company": "4711"}, "Another company has been connected since; check again."),
    ],
)
def test_without_a_start_date_or_on_an_old_page_nothing_happens(
    dana: Client, workspace: Workspace, fields: dict[str, str], message: str
) -> None:
    answer = press(dana, workspace, **fields)

    assert (answer.status_code, message in main_text(answer)) == (422, True)
    workspace.refresh_from_db()
    assert workspace.company is not None and not ArchivedConnection.objects.exists()


def test_the_button_archives_and_the_overview_names_what_was(dana: Client, workspace: Workspace) -> None:
    sent(workspace)
    company = workspace.company

    answer = press(dana, workspace)

    assert f"The connection to {company} is archived." in text(answer)
    assert "time from April 1, 2026 on goes to it." in text(answer)
    workspace.refresh_from_db()
    assert (workspace.company, workspace.start_date) == (None, date(2026, 4, 1))
    assert ArchivedConnection.objects.get().by.username == "dana"  # type: ignore[union-attr]
    overview = main_text(dana.get("/admin/"))
    assert f"QuickBooks is not connected: the connection to {company} was archived." in overview
    assert "3 entries had been sent to it, and its history stays." in overview
    connect = main_text(dana.get(f"/admin/workspaces/{workspace.pk}/connect/quickbooks/"))
    assert "Connect a QuickBooks company" in connect and "were sent to" not in connect


def test_who_may_only_look_sees_no_button_and_cannot_press_it(visitor: Client, workspace: Workspace) -> None:
    page = visitor.get(page_of(workspace))

    assert "Archive the connection to" in main_text(page) and 'name="start_date"' not in page.content.decode()
    assert visitor.post(page_of(workspace), {"start_date": "2026-04-01"}).status_code == 403
    workspace.refresh_from_db()
    assert workspace.company is not None


def test_the_history_stays_readable_and_offers_nothing_that_would_write(dana: Client, workspace: Workspace) -> None:
    company = workspace.company
    run = RunFactory(workspace=workspace, company=company, kind="sync", status="succeeded")
    sent(workspace)
    LinkFactory(workspace=workspace)
    MismatchFactory(workspace=workspace)
    entry = TimeEntryFactory(workspace=workspace)
    ReceiptFactory(workspace=workspace, company=company, entry_id=entry.clockify_id, quickbooks_id="412", run=run)
    press(dana, workspace)

    run_page = dana.get(f"/admin/syncjobs/run/{run.pk}/change/")
    entry_page = main_text(dana.get(f"/admin/integrations/timeentry/{entry.pk}/change/"))

    assert f"The connection to {company} was archived: its history stays" in main_text(run_page)
    assert "Apply current rates" not in main_text(run_page) and "Undo this run" not in main_text(run_page)
    assert f"It is in {company} as activity 412" in entry_page
    assert "close failed Connection and plan" in entry_page
    again = dana.post(f"/admin/runs/{run.pk}/again/", {"verb": "preview_resend"}, follow=True)
    assert "nothing of it is sent, changed or deleted any more." in text(again)
    assert f"Run {run.pk} sent to {company}." in main_text(dana.get(f"/admin/runs/{run.pk}/undo/"))
    for address in (
        "/admin/syncjobs/receipt/",
        "/admin/syncjobs/run/",
        f"/admin/integrations/company/{company.pk}/change/",  # type: ignore[union-attr]
        f"/admin/workspaces/{workspace.pk}/rules/",
        f"/admin/workspaces/{workspace.pk}/people/",
        f"/admin/workspaces/{workspace.pk}/doubts/",
        f"/admin/workspaces/{workspace.pk}/missing/",
        f"/admin/workspaces/{workspace.pk}/changed/",
    ):
        assert dana.get(address, follow=True).status_code in {200, 403}, address


def test_many_workspaces_without_a_company_take_no_more_queries(
    dana: Client, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        free = WorkspaceFactory(company=None)
        facts = {"at": datetime(2026, 4, 1, tzinfo=UTC), "sent_entries": 1, "sent_minutes": 60, "in_doubt": 0}
        ArchivedConnection.objects.create(workspace=free, company=CompanyFactory(), **facts)

    with django_assert_max_num_queries(29):
        assert dana.get("/admin/").status_code == 200
