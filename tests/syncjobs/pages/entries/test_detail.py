"""Time entries: the list with state and reasons, each entry's history, and the decisions about one entry."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import TimeEntry, Workspace
from syncjobs.models import EntryOverride, EntryStatus, LineRule
from tests.support.desk_forms import entry_version
from tests.support.factories import (
    ActionFactory,
    ClockifyUserFactory,
    CustomerFactory,
    EmployeeFactory,
    EntryStatusFactory,
    ItemFactory,
    LinkFactory,
    ProjectFactory,
    ReceiptFactory,
    RunFactory,
    RunItemFactory,
    TimeEntryFactory,
)
from tests.support.page_text import main_text, text

LIST = "/admin/integrations/timeentry/"


def entry_with_status(workspace: Workspace, *codes: str, **values: Any) -> TimeEntry:
    """Create an entry with a status; blocked for these reasons when there are any."""
    of_entry = {name: values.pop(name) for name in ("description", "user_name", "clockify_id") if name in values}
    entry = TimeEntryFactory(workspace=workspace, **of_entry)
    if codes:
        values = {"state": "blocked", "held": True, "reasons": [{"code": code} for code in codes]} | values
    EntryStatusFactory(entry=entry, **values)
    return entry


def page_of(entry: TimeEntry) -> str:
    return f"{LIST}{entry.pk}/change/"


def decide(client: Client, entry: TimeEntry, verb: str, **values: str) -> Any:
    form = {"verb": verb, "version": entry_version(entry), **values}
    return client.post(f"/admin/entries/{entry.pk}/decide/", form, follow=True)


@pytest.fixture
def linked(workspace: Workspace) -> Workspace:
    """Create a workspace whose Ada and Website have partners, so that only the entry itself can block it."""
    ClockifyUserFactory(workspace=workspace, clockify_id="user-ada")
    EmployeeFactory(company=workspace.company, quickbooks_id="59")
    LinkFactory(workspace=workspace, clockify_id="user-ada", quickbooks_id="59")
    ProjectFactory(workspace=workspace, clockify_id="project-site")
    CustomerFactory(company=workspace.company, quickbooks_id="84", name="Website")
    LinkFactory(
        workspace=workspace,
        kind="project",
        clockify_id="project-site",
        clockify_name="Website",
        quickbooks_id="84",
    )
    return workspace


def test_a_sent_entry_tells_what_was_sent_when_by_which_run_and_as_what(dana: Client, linked: Workspace) -> None:
    entry = entry_with_status(linked, state="sent")
    run = RunFactory(workspace=linked)
    draft = {"person_kind": "employee", "person_id": "59", "customer_id": "84", "txn_date": "2026-03-02", "minutes": 90}
    draft |= {"description": "", "rate": "80"}
    ReceiptFactory(workspace=linked, entry_id=entry.clockify_id, quickbooks_id="412", run=run, minutes=90, draft=draft)

    page_text = main_text(dana.get(page_of(entry)))

    assert (
        f"by Time sync {run.pk} as activity 412: 1:30 on Mon Mar 2, employee 59 Ada Lindqvist, customer 84 Website."
        in page_text
    )


def test_an_entrys_page_offers_to_sync_its_person_or_its_project(
    dana: Client, visitor: Client, linked: Workspace
) -> None:
    entry = entry_with_status(linked)

    page = dana.get(page_of(entry)).content.decode()

    assert "Sync this person" in main_text(dana.get(page_of(entry)))
    assert 'name="clockify_id" value="user-ada"' in page and 'name="clockify_id" value="project-site"' in page
    assert "Sync this" not in main_text(visitor.get(page_of(entry)))


# --- the list ------------------------------------------------------------------------------------------------
def test_every_reason_of_an_entry_is_named(dana: Client, workspace: Workspace) -> None:
    entry_with_status(workspace, "USER_NOT_MAPPED", "PROJECT_NOT_MAPPED", "BOOKS_CLOSED")

    page_text = main_text(dana.get(LIST))

    for title in ("User not linked", "Project not linked", "Books closed"):
        assert title in page_text
    assert "resolve here, in QuickBooks" in page_text


def test_of_sent_time_the_list_says_which_activity_it_is(dana: Client, workspace: Workspace) -> None:
    entry = entry_with_status(workspace, state="sent")
    ReceiptFactory(workspace=workspace, entry_id=entry.clockify_id, quickbooks_id="1669")
    ReceiptFactory(workspace=workspace, entry_id="another", quickbooks_id="7")

    assert "Sent activity 1669" in main_text(dana.get(LIST))


@pytest.mark.parametrize(
    ("state", "descriptions"),
    [
        ("ready", "Ready one"),
        ("held", "Held one"),
        ("out", "Left out one Ignored one"),
        ("failed", "Refused one Doubtful one"),
        ("changed", "Edited one"),
        ("sent", "Sent one"),
        ("deleted", "Deleted one"),
    ],
)
def test_the_list_narrows_to_a_state(dana: Client, workspace: Workspace, state: str, descriptions: str) -> None:
    entry_with_status(workspace, description="Ready one")
    entry_with_status(workspace, "NO_PROJECT", description="Held one")
    entry_with_status(workspace, "NOT_BILLABLE", description="Left out one", held=False)
    for name, word in (
        ("ignored", "Ignored one"),
        ("failed", "Refused one"),
        ("unknown", "Doubtful one"),
        ("changed", "Edited one"),
        ("sent", "Sent one"),
        ("deleted", "Deleted one"),
    ):
        entry_with_status(workspace, description=word, state=name)

    rows = dana.get(f"{LIST}?state={state}").context["cl"].result_list

    assert {row.description for row in rows} == {
        f"{description.strip()} one" for description in descriptions.split("one") if description.strip()
    }


def test_the_list_narrows_to_a_reason_wherever_it_stands(dana: Client, workspace: Workspace) -> None:
    entry_with_status(workspace, "USER_NOT_MAPPED", "BOOKS_CLOSED", description="Both")
    entry_with_status(workspace, "BOOKS_CLOSED", description="Books alone")
    entry_with_status(workspace, "CLIENT_NOT_MAPPED", description="Neither")

    rows = dana.get(f"{LIST}?reason=BOOKS_CLOSED").context["cl"].result_list

    assert {row.description for row in rows} == {"Both", "Books alone"}


@pytest.mark.parametrize("query", ["project=acme", "user=user-ada", "txn_date_from=2026-03-02", "q=design"])
def test_the_list_narrows_by_person_project_day_and_words(dana: Client, workspace: Workspace, query: str) -> None:
    ClockifyUserFactory(workspace=workspace, clockify_id="user-ada")
    TimeEntryFactory(workspace=workspace, client_name="Acme", description="Design")
    ben_fields = {"user_id": "user-ben", "txn_date": "2026-03-01", "description": "Copy"}
    TimeEntryFactory(workspace=workspace, **ben_fields)

    page = dana.get(f"{LIST}?{query}")

    assert [row.description for row in page.context["cl"].result_list] == ["Design"]
    assert [spec.title for spec in page.context["cl"].filter_specs if "date" in str(spec.expected_parameters())] == [
        "day"
    ]


@pytest.mark.parametrize("term", ["entry-of-ada", "1669", "1-69c148ab"])
def test_an_entry_is_found_by_any_of_its_ids(dana: Client, workspace: Workspace, term: str) -> None:
    entry_with_status(workspace, description="Wanted", clockify_id="entry-of-ada")
    entry_with_status(workspace, description="Other")
    ReceiptFactory(workspace=workspace, entry_id="entry-of-ada", quickbooks_id="1669")
    ActionFactory(workspace=workspace, entry_id="entry-of-ada", intuit_tid="1-69c148ab")

    rows = dana.get(f"{LIST}?q={term}").context["cl"].result_list

    assert [row.description for row in rows] == ["Wanted"]


def test_an_entry_that_was_never_evaluated_is_listed_too(dana: Client, workspace: Workspace) -> None:
    TimeEntryFactory(workspace=workspace)

    assert "Not checked yet" in main_text(dana.get(LIST))


def test_the_list_asks_a_fixed_number_of_queries(
    dana: Client, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    for _ in range(40):
        entry_with_status(workspace, "NO_PROJECT")

    with django_assert_max_num_queries(14):
        assert dana.get(LIST).status_code == 200


# --- the story -----------------------------------------------------------------------------------------------
def test_the_page_names_every_reason_with_its_sentence_and_who_resolves_it(dana: Client, workspace: Workspace) -> None:
    entry = TimeEntryFactory(workspace=workspace, user_id="ben")
    reasons = [
        {"code": "USER_NOT_MAPPED", "user": "Ben", "kind": "user", "id": "ben"},
        {"code": "BOOKS_CLOSED", "closed": "2026-03-03", "day": "2026-03-02"},
    ]
    EntryStatusFactory(entry=entry, state="blocked", held=True, reasons=reasons)

    page = dana.get(page_of(entry))
    page_text = main_text(page)

    assert "Ben is not linked to an employee or vendor in QuickBooks." in page_text
    assert "Here: Link the user on the review desk, under People." in page_text
    assert "The books are closed through March 3, 2026, and this work is from March 2, 2026." in page_text
    assert "In QuickBooks: Ask the bookkeeper" in page_text
    assert f"/admin/workspaces/{workspace.pk}/people/?open=user-ben#user-ben" in page.content.decode()


def test_the_page_of_sent_time_shows_receipt_and_attempts(dana: Client, linked: Workspace) -> None:
    entry = entry_with_status(linked, state="sent", clockify_id="e1")
    run = RunFactory(workspace=linked)
    ReceiptFactory(workspace=linked, entry_id="e1", quickbooks_id="1669", run=run)
    ActionFactory(
        workspace=linked,
        entry_id="e1",
        run=run,
        state="refused",
        error_code="610",
        error_message="Object Not Found : Something you're trying to use has been made inactive.",
        intuit_tid="1-69c148ab",
    )
    RunItemFactory(run=run, entry_id="e1", why="It has not been sent yet.")

    page_text = main_text(dana.get(page_of(entry)))

    assert "It is in QuickBooks as activity 1669" in page_text
    assert "code 610" in page_text
    assert "made inactive. QuickBooks refused it; nothing was written." in page_text
    assert "1-69c148ab" in page_text
    assert f"{run}" in page_text
    assert "employee 59, Ada Lindqvist" in page_text
    assert "customer 84, Website" in page_text


def test_checks_are_passed_failed_or_not_reached(dana: Client, linked: Workspace) -> None:
    entry = entry_with_status(linked, "TOO_LONG")

    checks = {check.title: check.mark for check in dana.get(page_of(entry)).context["checks"]}

    assert checks["Not too long"] == "failed"
    assert checks["User linked"] == checks["Project linked"] == checks["Books open"] == "passed"
    assert checks["Accepted by QuickBooks"] == checks["Not already in QuickBooks"] == "not run"


def test_the_day_is_proven_in_the_owner_s_zone(dana: Client, linked: Workspace) -> None:
    linked_user = ClockifyUserFactory._meta.model.objects.get(clockify_id="user-ada")
    linked_user.time_zone = "Pacific/Auckland"
    linked_user.save()

    page_text = main_text(dana.get(page_of(entry_with_status(linked))))

    assert "Ada Lindqvist Pacific/Auckland, UTC+13 Tue Mar 3, 03:00 to Tue Mar 3, 04:30 Tue Mar 3 used" in page_text
    assert "America/New_York, UTC−5 Mon Mar 2, 09:00 to Mon Mar 2, 10:30 Mon Mar 2" in page_text
    assert "Near midnight" in page_text and "UTC says Mon Mar 2 and America/New_York says Mon Mar 2." in page_text


def test_the_page_says_what_each_side_has_and_who_resolves_what_failed(dana: Client, linked: Workspace) -> None:
    LinkFactory._meta.model.objects.filter(kind="project").delete()
    row = {"code": "PROJECT_NOT_MAPPED", "project": "Website", "kind": "project", "id": "project-site"}
    entry = TimeEntryFactory(workspace=linked, rate=80, currency="USD")
    EntryStatusFactory(entry=entry, state="blocked", held=True, reasons=[row])

    page = dana.get(page_of(entry))
    checks = {check.title: check for check in page.context["checks"]}
    page_text = main_text(page)

    assert (checks["User linked"].clockify, checks["User linked"].quickbooks) == (
        "Ada Lindqvist",
        "employee 59, Ada Lindqvist",
    )
    assert (checks["Project linked"].mark, checks["Project linked"].where) == ("failed", "Here")
    assert f"open=project-project-site#{row['kind']}-project-site" in checks["Project linked"].link
    # What is not known yet could not be checked.
    assert checks["Customer active"].mark == checks["Same currency"].mark == "not run"
    assert "Payroll off" in checks["Connection and plan"].quickbooks
    assert "checks were run, 1 failed." in page_text
    assert "$120.00 at $80.00 an hour" in page_text
    assert (
        "Employee or vendor employee 59, Ada Lindqvist Customer not linked yet, or not active Day Mon Mar 2 Time 1:30"
        in page_text
    )
    assert f"?reason=PROJECT_NOT_MAPPED&amp;workspace={linked.pk}" in page.content.decode()


@pytest.mark.parametrize(
    ("code", "place", "sentence"),
    [
        ("610", "In QuickBooks", "In other words: the person, customer"),
        ("9999", "With support", "Fix what QuickBooks"),
    ],
)
def test_a_refusal_says_by_its_code_who_resolves_it(
    dana: Client, linked: Workspace, code: str, place: str, sentence: str
) -> None:
    entry = TimeEntryFactory(workspace=linked)
    EntryStatusFactory(
        entry=entry, state="failed", reasons=[{"code": "QUICKBOOKS_REFUSED", "error": code, "words": "No."}]
    )

    page_text = main_text(dana.get(page_of(entry)))

    assert f"{place}: " in page_text and sentence in page_text
    assert f"resolve {place[0].lower()}{place[1:]}" in main_text(dana.get(LIST))


def test_ids_in_what_quickbooks_said_have_their_names_beside_them(dana: Client, linked: Workspace) -> None:
    words = "Invalid Reference Id : Names element id 55 not found"
    EmployeeFactory(company=linked.company, quickbooks_id="55", name="Ben")
    entry, run = TimeEntryFactory(workspace=linked, clockify_id="e1"), RunFactory(workspace=linked)
    refused = [{"code": "QUICKBOOKS_REFUSED", "error": "2500", "words": words}]
    EntryStatusFactory(entry=entry, state="failed", reasons=refused)
    draft = {"person_kind": "employee", "person_id": "55", "customer_id": "412"}
    source = {"source_snapshot": {"draft": draft}, "error_code": "2500", "error_message": words}
    ActionFactory(workspace=linked, entry_id="e1", run=run, state="refused", **source)
    RunItemFactory(run=run, entry_id="e1", outcome="failed", reasons=refused, draft=draft)

    page_text = main_text(dana.get(page_of(entry)))

    assert "element id 55" not in page_text
    # Its reason, the check of the last attempt, the attempt, and the run.
    assert page_text.count("Names element id Ben (55) not found") == 4


def test_a_running_timer_has_no_length_to_check(dana: Client, linked: Workspace) -> None:
    entry = TimeEntryFactory(workspace=linked, end_at=None)
    EntryStatusFactory(entry=entry, state="blocked", reasons=[{"code": "NOT_FINISHED"}])

    checks = {check.title: check.mark for check in dana.get(page_of(entry)).context["checks"]}

    assert checks["Finished"] == "failed"
    assert checks["At least a minute"] == checks["Not too long"] == "not run"


def test_the_history_tells_reading_linking_attempts_and_decisions_newest_first(dana: Client, linked: Workspace) -> None:
    entry = entry_with_status(linked, state="failed", clockify_id="e1")
    run = RunFactory(workspace=linked)
    at = timezone.now()
    ActionFactory(workspace=linked, entry_id="e1", run=run, state="refused", error_code="610", ended_at=at)
    EntryOverride.objects.create(workspace=linked, clockify_id="e1", at=at + timedelta(hours=1), ignored=True)

    events = [event.text for event in dana.get(page_of(entry)).context["history"]]

    assert events[:2] == ["a command ignored it", f"Create: refused, code 610, {run}"]
    assert "First read from Clockify" in events
    assert "User Ada Lindqvist linked to employee 59, Ada Lindqvist by its name" in events


def test_the_page_makes_a_fixed_number_of_queries(
    dana: Client, linked: Workspace, django_assert_max_num_queries: Any
) -> None:
    entry = entry_with_status(linked, state="sent", clockify_id="e1")
    ReceiptFactory(workspace=linked, entry_id="e1")
    for number in range(15):
        run = RunFactory(workspace=linked)
        RunItemFactory(run=run, entry_id="e1")
        ActionFactory(workspace=linked, entry_id="e1", run=run)
        LinkFactory(workspace=linked, clockify_id=f"other{number}")

    with django_assert_max_num_queries(31):
        assert dana.get(page_of(entry)).status_code == 200


# --- deciding ------------------------------------------------------------------------------------------------
def test_ignoring_an_entry_takes_it_out_and_can_be_taken_back(dana: Client, linked: Workspace) -> None:
    entry = entry_with_status(linked)

    decide(dana, entry, "ignore", note="our own time")
    assert EntryStatus.objects.get().state == "ignored"
    assert "“our own time”" in main_text(dana.get(page_of(entry)))

    decide(dana, entry, "stop_ignoring")
    assert EntryStatus.objects.get().state == "ready"


def test_sending_anyway_sets_one_reason_aside(dana: Client, linked: Workspace) -> None:
    linked.longest_hours = 1
    linked.save()
    entry = entry_with_status(linked, "TOO_LONG")
    assert "Send anyway" in main_text(dana.get(page_of(entry)))

    decide(dana, entry, "send_anyway", code="TOO_LONG")
    assert EntryOverride.objects.get().send_anyway == ["TOO_LONG"]
    assert EntryStatus.objects.get().state == "ready"

    decide(dana, entry, "take_back", code="TOO_LONG")
    assert EntryStatus.objects.get().state == "blocked"


def test_setting_another_reason_aside_keeps_the_first(dana: Client, linked: Workspace) -> None:
    entry = entry_with_status(linked, "TOO_LONG", "INVOICED_IN_CLOCKIFY")

    decide(dana, entry, "send_anyway", code="TOO_LONG")
    decide(dana, entry, "send_anyway", code="INVOICED_IN_CLOCKIFY")

    assert EntryOverride.objects.get().send_anyway == ["INVOICED_IN_CLOCKIFY", "TOO_LONG"]


@pytest.mark.parametrize("code", ["BOOKS_CLOSED", "USER_NOT_MAPPED", ""])
def test_other_reasons_can_not_be_set_aside(dana: Client, linked: Workspace, code: str) -> None:
    entry = entry_with_status(linked, "BOOKS_CLOSED")
    assert "Send anyway" not in main_text(dana.get(page_of(entry)))

    assert "can't be set aside" in text(decide(dana, entry, "send_anyway", code=code))
    assert not EntryOverride.objects.exists()


def test_an_equal_activity_in_quickbooks_can_be_adopted(dana: Client, linked: Workspace) -> None:
    entry = TimeEntryFactory(workspace=linked)
    reasons = [{"code": "ALREADY_IN_QUICKBOOKS", "twins": "7, 9"}]
    EntryStatusFactory(entry=entry, state="blocked", held=True, reasons=reasons)

    page_text = main_text(dana.get(page_of(entry)))

    assert "Adopt 7" in page_text and "Adopt 9" in page_text


def test_an_activity_that_almost_fits_stands_beside_the_entry(dana: Client, linked: Workspace) -> None:
    entry = TimeEntryFactory(workspace=linked, description="Review")
    found = {
        "id": "7",
        "customer_id": "999",
        "minutes": 75,
        "description": "Review",
        "rate": "0",
        "billable_status": "",
    }
    reasons = [{"code": "ALREADY_IN_QUICKBOOKS", "twins": "7", "same": "customer and description", "found": [found]}]
    EntryStatusFactory(entry=entry, state="blocked", held=True, reasons=reasons)

    page_text = main_text(dana.get(page_of(entry)))

    assert "Adopt 7" in page_text and "same person and day" in page_text
    assert "Review Review equal" in page_text and "customer 999 differs" in page_text and "1:15 differs" in page_text


def test_a_deleted_entry_leaves_nothing_to_decide(dana: Client, linked: Workspace) -> None:
    entry = entry_with_status(linked, state="deleted")
    TimeEntry.objects.update(deleted_at=timezone.now())

    assert 'name="verb"' not in dana.get(page_of(entry)).content.decode()
    assert "nothing left to decide" in text(decide(dana, entry, "ignore"))
    assert not EntryOverride.objects.exists()


def test_decisions_need_the_right_and_a_post(dana: Client, visitor: Client, linked: Workspace) -> None:
    entry = entry_with_status(linked, "TOO_LONG")

    assert 'name="verb"' not in visitor.get(page_of(entry)).content.decode()
    assert decide(visitor, entry, "ignore").status_code == 403
    assert dana.get(f"/admin/entries/{entry.pk}/decide/?verb=ignore").status_code == 405
    assert not EntryOverride.objects.exists()


@pytest.mark.parametrize("name", ["service_item", "class", "location"])
def test_a_default_that_cannot_be_used_leads_to_its_rule(dana: Client, linked: Workspace, name: str) -> None:
    item = ItemFactory(company=linked.company, name="Consulting", active=False)
    Workspace.objects.filter(pk=linked.pk).update(service_item=item.quickbooks_id)
    reason = {"code": "LINE_RULE_BROKEN", "default": name, "what": "The service item Consulting", "how": "is inactive"}
    entry = entry_with_status(linked, state="blocked", held=True, reasons=[reason])

    page = dana.get(page_of(entry))

    assert "Choose another one" in main_text(page) and "Item, class and location active" in main_text(page)
    assert f"/admin/workspaces/{linked.pk}/rules/#rule-{name}" in page.content.decode()


def test_the_rule_of_each_field_is_named_and_a_broken_one_is_a_click_away(dana: Client, linked: Workspace) -> None:
    item = ItemFactory(company=linked.company, name="Consulting", full_name="Consulting", active=False)
    rule = LineRule.objects.create(
        workspace=linked, company=linked.company, user_id="user-ada", item_id=item.quickbooks_id, at=timezone.now()
    )
    reason = {"code": "LINE_RULE_BROKEN", "rule": rule.pk, "what": "The service item Consulting", "how": "is inactive"}
    labels = {"task_id": "ux", "task_name": "UX", "tags": [["rush", "Rush"], ["onsite", ""]]}
    entry = TimeEntryFactory(workspace=linked, description="Logo", **labels)
    EntryStatusFactory(entry=entry, state="blocked", held=True, reasons=[reason])
    place = f"/admin/workspaces/{linked.pk}/line-rules/#rule-{rule.pk}"

    page = dana.get(page_of(entry))

    assert f"Service item Consulting Rule {rule.pk}: user Ada Lindqvist" in main_text(page)
    assert "Class nothing No rule or default sets it" in main_text(page)
    assert "Description Logo Same as in Clockify" in main_text(page)
    assert "Task UX" in main_text(page) and "Tags Rush, onsite" in main_text(page)
    assert f"See rule {rule.pk}" in main_text(page) and page.content.decode().count(f'href="{place}"') >= 2
    assert place.partition("#")[0] in dana.get("/admin/").content.decode()
