"""The front page: health, what needs a person, what comes next."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import Company, TimeEntry, Workspace
from mapping import queries as mapping
from syncjobs.models import EntryStatus, Run, Schedule
from syncjobs.pages.overview import day_chart, mapping_progress
from tests.support.factories import (
    CompanyFactory,
    EntryStatusFactory,
    ItemFactory,
    LinkFactory,
    MappingOverrideFactory,
    MismatchFactory,
    ReceiptFactory,
    RunFactory,
    TimeEntryFactory,
    UserFactory,
    WorkspaceFactory,
)
from tests.support.page_text import main_text

State = EntryStatus.State


def entry_of(workspace: Workspace, state: str, **values: Any) -> EntryStatus:
    return EntryStatusFactory(entry=TimeEntryFactory(workspace=workspace), state=state, **values)


def test_an_empty_installation_says_what_to_do_first(dana: Client) -> None:
    page = dana.get("/admin/")

    assert "Set up your first sync" in main_text(page)
    assert 'name="api_key"' in page.content.decode()


def test_a_workspace_without_company_is_told_how_to_connect_one(dana: Client) -> None:
    WorkspaceFactory(company=None, pulled_at=None)

    page_text = main_text(dana.get("/admin/"))

    assert "Not connected" in page_text
    assert "manage.py connect_quickbooks --workspace" in page_text


def test_time_is_counted_by_what_became_of_it(dana: Client, workspace: Workspace) -> None:
    RunFactory(workspace=workspace)
    entry_of(workspace, State.READY, minutes=60)
    entry_of(workspace, State.BLOCKED, held=True, minutes=120, reasons=[{"code": "NO_PROJECT"}])
    entry_of(workspace, State.BLOCKED, minutes=180, reasons=[{"code": "NOT_BILLABLE"}])
    entry_of(workspace, State.IGNORED, minutes=30)
    entry_of(workspace, State.FAILED, minutes=240)
    entry_of(workspace, State.UNKNOWN, minutes=15)
    ReceiptFactory(workspace=workspace, minutes=300)

    page_text = main_text(dana.get("/admin/"))

    assert "Waiting to be sent 1.00 h 1 entry" in page_text
    assert "Held 2.00 h 1 entry waiting on you" in page_text
    assert "Failed or in doubt 4.25 h 1 refused, 1 not answered yet" in page_text
    assert "5.00 h 1 entry, last" in page_text
    assert "Excluded by rule 3.50 h 2 entries" in page_text


def test_money_stands_beside_the_hours_that_are_not_sent_yet(dana: Client, workspace: Workspace) -> None:
    RunFactory(workspace=workspace)
    for state, minutes in ((State.READY, 60), (State.READY, 30), (State.FAILED, 15), (State.UNKNOWN, 45)):
        status = entry_of(workspace, state, minutes=minutes)
        TimeEntry.objects.filter(pk=status.entry_id).update(rate=Decimal("80"), currency="USD")

    page_text = main_text(dana.get("/admin/"))

    assert "1.50 h 2 entries · $120.00" in page_text
    assert "1 refused, 1 not answered yet · $80.00" in page_text


def test_the_last_sync_is_never_one_of_chosen_entries(dana: Client, workspace: Workspace) -> None:
    whole = RunFactory(workspace=workspace)
    RunFactory(workspace=workspace, options={"entries": ["e1"]})

    assert f"/syncjobs/run/{whole.pk}/change/" in dana.get("/admin/").content.decode().partition("Last sync")[2][:200]


def test_the_subscription_is_shown_with_its_evidence(dana: Client, workspace: Workspace) -> None:
    page_text = main_text(dana.get("/admin/"))

    assert "QuickBooks Online Plus (fits)" in page_text
    assert "Payroll off (fits)" in page_text
    assert "Subscribed (fits)" in page_text
    assert "QuickBooks Online Plus without Payroll is supported." in page_text


@pytest.mark.parametrize(
    ("company", "word", "sentence"),
    [
        ({"payroll": True}, "Sending is off", "Payroll is on in this company, and that is not supported."),
        ({"sku": "QuickBooks Online Simple Start"}, "Sending is off", "Simple Start has no time tracking."),
        (
            {"state": Company.State.RECONNECT, "state_reason": "Intuit refuses the token."},
            "Not connected",
            "QuickBooks is not connected: Intuit refuses the token.",
        ),
        ({"subscription": "RESTRICTED"}, "Needs attention", "QuickBooks restricts the subscription"),
    ],
)
def test_what_stands_in_the_way_is_one_word_and_one_sentence(
    dana: Client, company: dict[str, Any], word: str, sentence: str
) -> None:
    WorkspaceFactory(company=CompanyFactory(**company))

    page_text = main_text(dana.get("/admin/"))

    assert word in page_text
    assert sentence in page_text


def test_a_failed_run_needs_attention_until_the_next_one_went_well(dana: Client, workspace: Workspace) -> None:
    RunFactory(workspace=workspace, status=Run.Status.FAILED, error_message="Clockify did not answer.")
    assert "Clockify did not answer." in main_text(dana.get("/admin/"))

    RunFactory(workspace=workspace)
    page_text = main_text(dana.get("/admin/"))

    assert "Clockify did not answer." not in page_text
    assert "Working" in page_text


def test_a_preview_that_failed_says_nothing_about_the_workspace(dana: Client, workspace: Workspace) -> None:
    RunFactory(workspace=workspace, dry_run=True, status=Run.Status.FAILED, error_message="Gone wrong.")

    assert "Gone wrong." not in main_text(dana.get("/admin/"))


def test_causes_that_hold_most_come_first_and_lead_to_their_row(dana: Client, workspace: Workspace) -> None:
    large = MismatchFactory(workspace=workspace, clockify_name="Large", blocked_minutes=700)
    small = MismatchFactory(workspace=workspace, clockify_name="Small", blocked_minutes=30)
    MismatchFactory(workspace=workspace, clockify_name="Nothing held")
    for name, minutes in ((small, 30), (large, 600)):
        reason = {"code": "USER_NOT_MAPPED", "user": name.clockify_name, "kind": "user", "id": name.clockify_id}
        entry_of(workspace, State.BLOCKED, held=True, minutes=minutes, reasons=[reason, {"code": "NO_PROJECT"}])

    page = dana.get("/admin/")
    page_text = main_text(page)

    assert page_text.index("Large") < page_text.index("Small")
    assert "Another 1.67 h is waiting for it too." in page_text
    assert "Nothing held" not in page_text
    assert f"/people/?open=user-{large.clockify_id}#user-{large.clockify_id}" in page.content.decode()


def test_links_and_names_to_decide_are_counted(dana: Client, workspace: Workspace) -> None:
    RunFactory(workspace=workspace, kind=Run.Kind.CHECK)
    LinkFactory.create_batch(3, workspace=workspace)
    MismatchFactory(workspace=workspace)

    page_text = main_text(dana.get("/admin/"))

    assert "People 3 of 4" in page_text
    assert "1 name to decide" in page_text


def test_a_run_under_way_is_shown_and_the_page_keeps_looking(dana: Client, workspace: Workspace) -> None:
    RunFactory(workspace=workspace, status=Run.Status.RUNNING, stage="Sending", total=123, done=71, finished_at=None)

    page = dana.get("/admin/")

    assert "71 of 123" in main_text(page)
    assert 'data-live="3"' in page.content.decode()


def test_a_run_that_no_worker_takes_is_said(dana: Client, workspace: Workspace) -> None:
    waiting = RunFactory(workspace=workspace, status=Run.Status.QUEUED, started_at=None, finished_at=None)
    assert "no worker took it" in main_text(dana.get("/admin/"))

    Run.objects.filter(pk=waiting.pk).update(enqueued_at=timezone.now(), created_at=timezone.now())

    assert "no worker took it" not in main_text(dana.get("/admin/"))


def test_who_may_only_look_gets_no_buttons(visitor: Client, workspace: Workspace) -> None:
    page = visitor.get("/admin/")

    assert "Northlight Studio" in main_text(page)
    assert "/start/" not in page.content.decode()


def test_staff_without_any_right_sees_no_figures(client: Client, workspace: Workspace) -> None:
    client.force_login(UserFactory())

    page_text = main_text(client.get("/admin/"))

    assert "can’t see any workspaces yet" in page_text
    assert "Northlight" not in page_text


def test_a_workspace_in_order_shrinks_to_a_line_beside_others(dana: Client) -> None:
    quiet, busy = WorkspaceFactory(name="Quiet"), WorkspaceFactory(name="Busy")
    for workspace in (quiet, busy):
        RunFactory(workspace=workspace)
    MismatchFactory(workspace=busy)

    page = dana.get("/admin/").content.decode()

    assert f'id="workspace-{busy.pk}"' in page
    assert f'id="workspace-{quiet.pk}"' not in page
    assert "Quiet" in page


def test_the_number_of_queries_does_not_grow_with_rows_or_workspaces(
    dana: Client, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        second = WorkspaceFactory(service_item="9")
        RunFactory(workspace=second, kind=Run.Kind.CHECK)
        ReceiptFactory(workspace=second)
        MismatchFactory(workspace=second)
    for _ in range(30):
        entry_of(workspace, State.READY)
        LinkFactory(workspace=workspace)
        RunFactory(workspace=workspace, person=UserFactory())
    MismatchFactory.many(workspace, 30 * [{"blocked_minutes": 10, "blocked_entries": 1}])

    with django_assert_max_num_queries(30):
        assert dana.get("/admin/").status_code == 200


def test_names_of_all_workspaces_are_counted_as_of_each(dana: Client) -> None:
    first, second = WorkspaceFactory(), WorkspaceFactory()
    for workspace in (first, second):
        LinkFactory.create_batch(2, workspace=workspace)
        LinkFactory(workspace=workspace, kind="project", suspended="WRONG_PARENT")
        open_name = LinkFactory(workspace=workspace, kind="client")
        MismatchFactory(workspace=workspace, kind="client", clockify_id=open_name.clockify_id, reason="WRONG_LEVEL")
        renamed = LinkFactory(workspace=workspace, kind="client")
        MismatchFactory(workspace=workspace, kind="client", clockify_id=renamed.clockify_id, reason="RENAMED")
        left_out = LinkFactory(workspace=workspace, kind="project")
        MappingOverrideFactory(workspace=workspace, kind="project", clockify_id=left_out.clockify_id)
        MismatchFactory(workspace=workspace, kind="employee", clockify_id="", quickbooks_id="7")
    MismatchFactory(workspace=first)
    LinkFactory(workspace=first, company=second.company)

    counted = mapping_progress.decided()

    assert counted[first.pk] == mapping.counts(first)
    assert counted[second.pk] == mapping.counts(second)
    assert counted[first.pk]["users"] == {"mapped": 2, "unmapped": 1}


# --- hours per day ---------------------------------------------------------------------------------------------
TODAY = datetime(2026, 3, 27, 14, 40, tzinfo=UTC)


def worked(workspace: Workspace, day: date, minutes: int, state: str = State.SENT, **values: Any) -> None:
    entry = TimeEntryFactory(workspace=workspace, txn_date=day)
    EntryStatusFactory(entry=entry, state=state, minutes=minutes, **values)


def test_hours_are_charted_by_day_and_by_what_became_of_them(workspace: Workspace) -> None:
    monday, second = date(2026, 3, 2), WorkspaceFactory(time_zone="America/New_York")
    worked(workspace, monday, 60)
    worked(second, monday, 30, State.CHANGED)
    worked(workspace, monday, 120, State.BLOCKED, held=True)
    worked(workspace, monday, 15, State.UNKNOWN)
    worked(workspace, monday, 999, State.BLOCKED)
    worked(workspace, date(2026, 3, 27), 45, State.READY)
    worked(workspace, date(2026, 2, 27), 777)

    chart = day_chart.chart([workspace, second], now=TODAY)

    assert chart is not None
    assert [day.description for day in chart.worked] == [
        "Fri Mar 27: 0.75 h waiting",
        "Mon Mar 2: 1.5 h sent, 2 h held, 0.25 h refused or in doubt",
    ]
    assert [minutes for _, _, minutes in chart.totals] == [90, 45, 120, 15]
    assert "1.5 h sent, 0.75 h waiting, 2 h held, 0.25 h refused or in doubt" in chart.description


@pytest.mark.parametrize(
    ("hours", "step", "top"), [(0.2, 1, 1), (4, 1, 4), (4.1, 2, 6), (41, 20, 60), (400, 100, 400), (2001, 1000, 3000)]
)
def test_few_round_lines_reach_above_every_bar(hours: float, step: int, top: int) -> None:
    assert day_chart.scale(hours) == (step, top)


def test_bars_stand_on_each_other_within_the_picture(workspace: Workspace) -> None:
    worked(workspace, date(2026, 3, 3), 120)
    worked(workspace, date(2026, 3, 3), 120, State.BLOCKED, held=True)

    chart = day_chart.chart([workspace], now=TODAY)

    assert chart is not None
    sent, held = (bar for day in chart.days for bar in day.bars)
    assert (sent.part, held.part) == ("sent", "held")
    assert float(held.y) + float(held.height) == pytest.approx(float(sent.y), abs=0.1)
    assert float(held.y) == pytest.approx(day_chart.TOP, abs=0.1)


def test_the_chart_comes_with_a_table_and_no_style_of_its_own(dana: Client, workspace: Workspace) -> None:
    RunFactory(workspace=workspace)
    worked(workspace, timezone.now().date() - timedelta(days=2), 90)

    page = dana.get("/admin/").content.decode()
    chart = page[page.index('aria-labelledby="per-day"') : page.index('aria-labelledby="coming"')]

    assert "Hours per day" in chart and "<table" in chart
    assert "1.5 h sent" in chart and "txn_date_from=" in chart
    assert "style=" not in chart


# --- what comes next -------------------------------------------------------------------------------------------
def test_what_begins_by_itself_is_said_with_what_it_would_find(dana: Client, workspace: Workspace) -> None:
    figures = {"sent": 4, "updated": 1, "deleted": 0, "blocked": 2, "failed": 0, "unknown": 0, "minutes_sent": 90}
    RunFactory(workspace=workspace, counters={"figures": figures}, trigger="schedule")
    at = timezone.now().astimezone(ZoneInfo(workspace.time_zone)) + timedelta(days=1)
    Schedule.objects.create(workspace=workspace, kind="sync", mode="daily", at=time(18), next_at=at.replace(hour=18))
    entry_of(workspace, State.READY, minutes=60)
    entry_of(workspace, State.CHANGED, minutes=60)

    page_text = main_text(dana.get("/admin/"))

    assert re.search(r"Tomorrow 18:\d\d Time sync Daily at 18:00; 1 entry, 1 h and 1 change so far", page_text)
    assert re.search(r"Done : 4 sent, 1.5 h; 1 changed; 2 not sent · Next: sync tomorrow 18:\d\d", page_text)


def test_a_schedule_that_should_have_begun_asks_for_a_worker(dana: Client, workspace: Workspace) -> None:
    RunFactory(workspace=workspace)
    due = timezone.now() - timedelta(hours=2)
    Schedule.objects.create(workspace=workspace, kind="check", mode="hours", every=1, next_at=due)

    assert "It should have started by now, but no worker is running." in main_text(dana.get("/admin/"))


def test_refused_time_needs_a_person(dana: Client, workspace: Workspace) -> None:
    RunFactory(workspace=workspace)
    entry_of(workspace, State.FAILED, minutes=90)

    page = dana.get("/admin/")

    assert "Needs attention QuickBooks refused 1 entry; each says why." in main_text(page)
    assert "the next run tries again. 1.50 h 1 entry" in main_text(page)
    assert "?state=failed&amp;cause=QUICKBOOKS_REFUSED&amp;workspace=" in page.content.decode()


# --- the first steps -------------------------------------------------------------------------------------------
def states(page: Any) -> list[str]:
    return [step.state for step in page.context["steps"]]


def test_each_step_says_how_it_stands(dana: Client) -> None:
    assert states(dana.get("/admin/")) == ["now", *["later"] * 6]

    workspace = WorkspaceFactory(company=None, pulled_at=None)
    assert states(dana.get("/admin/")) == ["done", "now", *["later"] * 5]

    workspace.company = CompanyFactory(name="Harbor Tools Inc.")
    workspace.save()
    page = dana.get("/admin/")
    assert states(page) == ["done"] * 3 + ["now"] + ["later"] * 3
    assert "Harbor Tools Inc.: its plan and Payroll are shown" in main_text(page) and "Inc.." not in main_text(page)

    RunFactory(workspace=workspace, kind=Run.Kind.CHECK)
    mismatch = MismatchFactory(workspace=workspace)
    page = dana.get("/admin/")
    assert states(page) == ["done"] * 4 + ["now", "open", "open"]
    assert "4 of 7 done" in main_text(page) and "Now 1 name is open and 0 h held." in main_text(page)
    assert page.content.decode().count(f'action="/admin/workspaces/{workspace.pk}/start/preview/"') == 2

    mismatch.delete()
    RunFactory(workspace=workspace, dry_run=True)
    assert states(dana.get("/admin/")) == ["done"] * 6 + ["now"]


def test_the_steps_stay_until_an_hour_was_sent(dana: Client, workspace: Workspace) -> None:
    RunFactory(workspace=workspace, kind=Run.Kind.CHECK)
    RunFactory(workspace=workspace, status=Run.Status.FAILED, error_message="QuickBooks did not answer.")
    assert "The last one: failed. QuickBooks did not answer." in main_text(dana.get("/admin/"))

    ReceiptFactory(workspace=workspace)
    assert states(dana.get("/admin/")) == []


def test_an_unsupported_subscription_keeps_the_last_steps_shut(dana: Client) -> None:
    workspace = WorkspaceFactory(company=CompanyFactory(payroll=True))
    RunFactory(workspace=workspace, kind=Run.Kind.CHECK)
    MismatchFactory(workspace=workspace)

    page = dana.get("/admin/")

    assert states(page)[-2:] == ["later", "later"]
    assert "Off for now: Payroll is on in this company" in main_text(page)


@pytest.mark.parametrize(
    ("columns", "sentence", "button"),
    [
        ({"ask_again_at": datetime(2026, 3, 3, 22, 40, tzinfo=UTC)}, "retries automatically on Tue Mar 3", True),
        ({}, "retries automatically within a minute", True),
        ({"lost_because": "invalid_grant", "asked_again": 1}, "it has to be reconnected", False),
    ],
)
def test_a_lost_connection_says_when_it_is_asked_again(
    dana: Client, columns: dict[str, Any], sentence: str, button: bool
) -> None:
    WorkspaceFactory(company=CompanyFactory(state=Company.State.RECONNECT, state_reason="No.", **columns))

    page_text = main_text(dana.get("/admin/"))

    assert sentence in page_text
    assert ("Ask again now" in page_text) == button
    assert "Reconnect QuickBooks" in page_text


def test_a_disconnected_company_is_not_asked_again(dana: Client) -> None:
    WorkspaceFactory(company=CompanyFactory(state=Company.State.DISCONNECTED))

    assert "sk again" not in main_text(dana.get("/admin/"))


def test_a_service_item_that_cannot_be_used_needs_attention_with_a_link_to_its_rule(
    dana: Client, workspace: Workspace
) -> None:
    item = ItemFactory(company=workspace.company, name="Consulting", active=False)
    Workspace.objects.filter(pk=workspace.pk).update(service_item=item.quickbooks_id)

    page = dana.get("/admin/")

    assert "Needs attention New and edited time waits for a service item that can be used." in main_text(page)
    assert "The service item Consulting is inactive in QuickBooks; nothing can be posted to it." in main_text(page)
    assert f"/admin/workspaces/{workspace.pk}/rules/#rule-service_item" in page.content.decode()


@pytest.mark.parametrize(("label", "page"), [("People", "people"), ("Clients", "clients"), ("Projects", "projects")])
def test_each_kind_of_links_leads_to_its_page(dana: Client, workspace: Workspace, label: str, page: str) -> None:
    RunFactory(workspace=workspace, kind="check")

    html = " ".join(dana.get("/admin/").content.decode().split())

    assert f'href="/admin/workspaces/{workspace.pk}/{page}/"> <span>{label}</span>' in html
