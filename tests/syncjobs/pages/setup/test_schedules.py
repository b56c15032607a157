"""A workspace's schedules: set together, with their next and last run, and why one is late."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import Workspace
from syncjobs import policy
from syncjobs.display.formatting import moment
from syncjobs.models import Schedule
from syncjobs.runs import queue
from tests.support import people
from tests.support.factories import RunFactory, WorkspaceFactory
from tests.support.page_text import main_text, text


def schedules(workspace: Workspace) -> str:
    return f"/admin/workspaces/{workspace.pk}/schedules/"


def daily(workspace: Workspace, **values: Any) -> Schedule:
    facts = {"kind": "sync", "mode": "daily", "at": "18:00", "next_at": timezone.now() + timedelta(hours=2)}
    return Schedule.objects.create(workspace=workspace, **(facts | values))


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        ({"": "daily", "-at": "18:00"}, "daily at 18:00"),
        ({"": "minutes", "-every": "30", "-at": ""}, "every 30 minutes"),
        ({"": "hours", "-every": "1"}, "every 1 hour"),
    ],
)
def test_a_schedule_is_chosen_in_fields_and_says_when_it_begins_next(
    dana: Client, workspace: Workspace, fields: dict[str, str], stored: str
) -> None:
    page = dana.post(schedules(workspace), {f"sync_schedule{end}": text for end, text in fields.items()}, follow=True)

    assert policy.shown(workspace)["sync_schedule"] == stored
    due = Schedule.objects.get().next_at
    assert due is not None and f"Next: {moment(due, workspace.time_zone)}" in main_text(page)
    form_again = {f"sync_schedule{end}": text for end, text in fields.items()}
    assert "Nothing was changed." in text(dana.post(schedules(workspace), form_again, follow=True))


def test_who_changed_a_schedule_is_recorded_and_shown(dana: Client, admin_client: Client, workspace: Workspace) -> None:
    dana.post(schedules(workspace), {"sync_schedule": "daily", "sync_schedule-at": "18:00"})
    dana.post(schedules(workspace), {"sync_schedule": "daily", "sync_schedule-at": "18:00"})
    policy.change(workspace, {"sync_schedule": "off"}, now=timezone.now())

    events = workspace.events.order_by("pk").values_list("kind", "by__username")
    assert list(events) == [("schedule", "dana"), ("schedule", None)]
    page = main_text(dana.get(schedules(workspace)))
    assert re.search(r"“Automatic sync” changed from daily at 18:00 to off\. [^.]*, by a command", page)
    assert re.search(r"“Automatic sync” changed from off to daily at 18:00\. [^.]*, by dana", page)
    listed = main_text(admin_client.get("/admin/integrations/connectionevent/?kind=schedule"))
    assert "Schedule changed “Automatic sync” changed from off to daily at 18:00." in listed


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"": "minutes", "-every": "3"}, "'every 3 minutes' is too often; every 5 minutes is the least."),
        ({"": "hours", "-every": ""}, "Write how many hours, as a whole number from 1 on."),
        ({"": "daily", "-at": ""}, "Choose a time of day, such as 18:00."),
        ({"": "daily", "-at": "25:00"}, "'daily at 25:00' is no schedule"),
        ({"": "weekly"}, "'weekly' is none of off, minutes, hours and daily."),
    ],
)
def test_a_schedule_that_cannot_be_is_told_at_its_field_and_changes_nothing(
    dana: Client, workspace: Workspace, fields: dict[str, str], message: str
) -> None:
    wrong = {f"check_schedule{end}": text for end, text in fields.items()}
    answer = dana.post(schedules(workspace), {"sync_schedule": "hours", "sync_schedule-every": "2", **wrong})

    assert answer.status_code == 422 and message in main_text(answer)
    assert 'id="rule-check_schedule_error"' in answer.content.decode()
    assert "Nothing was changed: Automatic check is not valid." in main_text(answer)
    assert not Schedule.objects.exists()


def test_the_last_run_stands_beside_the_next(dana: Client, workspace: Workspace) -> None:
    run = RunFactory(workspace=workspace, status="blocked", error_message="Sending is off.", counters={})
    row = daily(workspace, last_run=run)

    page = dana.get(schedules(workspace))

    assert f"Last: {moment(run.created_at, workspace.time_zone)} " in main_text(page)
    assert "Blocked Sending is off." in main_text(page)
    assert f'href="/admin/syncjobs/run/{run.pk}/change/"' in page.content.decode()
    assert f"Next: {moment(row.next_at, workspace.time_zone)} in 1 h 59 min" in main_text(page)
    assert "should have started" not in main_text(page)


@pytest.mark.parametrize(
    ("is_alive", "why"),
    [(False, ", but no worker is running. Start python manage.py worker"), (True, ". A worker is running; look into")],
)
def test_a_late_schedule_says_why(
    dana: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, is_alive: bool, why: str
) -> None:
    monkeypatch.setattr(queue, "last_heartbeat", lambda: timezone.now() if is_alive else None)
    RunFactory(workspace=workspace)
    daily(workspace, next_at=timezone.now() - timedelta(minutes=6))

    for address in schedules(workspace), "/admin/":
        assert f"It should have started by now{why}" in main_text(dana.get(address))


def test_without_a_company_nothing_starts(dana: Client) -> None:
    workspace = WorkspaceFactory(company=None)
    daily(workspace)

    assert "Nothing starts before a QuickBooks company is connected." in main_text(dana.get(schedules(workspace)))


@pytest.mark.parametrize("role", [*people.RIGHTS, people.ADMINISTRATOR])
def test_who_may_send_sets_them(client: Client, workspace: Workspace, role: str) -> None:
    client.force_login(people.person(role=role))

    page = client.get(schedules(workspace)).content.decode()
    status = client.post(schedules(workspace), {"sync_schedule": "hours", "sync_schedule-every": "2"}).status_code

    field = re.search(r'<select[^>]* name="sync_schedule"[^>]*>', page)
    may = role in people.MAY_SEND
    assert field is not None and (" disabled" in field[0]) != may and ("Save schedules" in page) == may
    assert status == (302 if may else 403)
    assert Schedule.objects.exists() == may


def test_the_menu_leads_here(dana: Client, workspace: Workspace) -> None:
    page = dana.get("/admin/schedules/", follow=True)

    assert page.redirect_chain == [(schedules(workspace), 302)]
    lines = [line for group in page.context["sidebar_navigation"] for line in group["items"]]
    assert [line["title"] for line in lines if line["active"]] == ["Schedules"]
