"""Runs: the list, and one run's page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import Workspace
from syncjobs.models import Run
from syncjobs.runs import lifecycle
from syncjobs.runs.execution import RunExecution
from tests.support.factories import NOW, ActionFactory, RunFactory, RunItemFactory, UserFactory
from tests.support.page_text import main_text
from tests.support.scene import Scene

LIST = "/admin/syncjobs/run/"
FIGURES = {
    "seen": 405,
    "sent": 392,
    "updated": 0,
    "deleted": 0,
    "unchanged": 0,
    "blocked": 9,
    "failed": 3,
    "unknown": 1,
    "minutes_sent": 21780,
    "blocked_reasons": {"USER_NOT_MAPPED": 7, "NOT_BILLABLE": 2},
    "warnings": {"NO_RATE": 2},
}


def page_of(run: Run) -> str:
    return f"{LIST}{run.pk}/change/"


def test_the_list_says_what_came_of_each_run(dana: Client, workspace: Workspace) -> None:
    erin = UserFactory(username="erin")
    RunFactory(workspace=workspace, status="partial", counters={"figures": FIGURES}, person=erin)
    RunFactory(workspace=workspace, kind="check", counters={"mapping": {"users": {"mapped": 6, "unmapped": 6}}})

    page_text = main_text(dana.get(LIST))

    assert "392 sent, 363 h; 9 not sent; 3 refused; 1 in doubt" in page_text
    assert "6 unmatched names" in page_text
    assert "Partly done" in page_text and "erin" in page_text and "0:54" in page_text


def test_a_run_under_way_shows_stage_and_progress_and_updates_itself(dana: Client, workspace: Workspace) -> None:
    run = RunFactory(
        workspace=workspace, status="running", stage="Sending", total=123, done=71, beat_at=None, finished_at=None
    )
    RunItemFactory.create_batch(3, run=run)
    RunItemFactory(run=run, outcome="unknown")

    page = dana.get(page_of(run))
    page_text = main_text(page)

    assert "71 of 123 done. Sending" in page_text
    assert "Sent 3 4.5 h" in page_text
    assert "In doubt 1" in page_text
    assert 'data-live="2"' in page.content.decode()


def test_a_finished_run_stands_still(dana: Client, workspace: Workspace) -> None:
    assert "data-live=" not in dana.get(page_of(RunFactory(workspace=workspace))).content.decode()


def test_a_failed_run_says_what_happened_and_what_to_do(dana: Client, workspace: Workspace) -> None:
    run = RunFactory(
        workspace=workspace,
        status="failed",
        error_code="NOT_CONNECTED",
        error_message="Clockify refuses the key.",
        error_fix="Connect it again.",
    )

    page_text = main_text(dana.get(page_of(run)))

    assert "Failed" in page_text
    assert "Clockify refuses the key. Connect it again. NOT_CONNECTED" in page_text


def test_what_was_not_sent_is_counted_by_reason_what_can_be_unblocked_first(dana: Client, workspace: Workspace) -> None:
    run = RunFactory(workspace=workspace, counters={"figures": FIGURES})

    page_text = main_text(dana.get(page_of(run)))

    assert "User not linked 7" in page_text
    assert "Not billable excluded by rule 2" in page_text
    assert page_text.index("User not linked") < page_text.index("Not billable")
    assert "2 entries have no hourly rate" in page_text


def test_refusals_are_gathered_by_cause_in_quickbooks_words(dana: Client, workspace: Workspace) -> None:
    run = RunFactory(workspace=workspace, status="partial", counters={"figures": FIGURES})
    refused = {"outcome": "failed", "error_code": "610", "error_message": "Object Not Found"}
    RunItemFactory.create_batch(2, run=run, **refused)

    page_text = main_text(dana.get(page_of(run)))

    assert "Refused by QuickBooks code 610 2 entries, 3 h Object Not Found" in page_text
    assert (
        "In other words: the person, customer, service item, class or location is missing or inactive. Reactivate it"
        in page_text
    )


def test_uncertain_writes_are_named_with_their_request(dana: Client, workspace: Workspace) -> None:
    run = RunFactory(workspace=workspace)
    action = ActionFactory(workspace=workspace, run=run, state="sending", needs_person=True, entry_id="e1")

    page_text = main_text(dana.get(page_of(run)))

    assert "1 write ; every run looks for them" in page_text
    assert str(action.request_id) in page_text
    assert "needs a person" in page_text


def test_items_are_listed_with_reasons_code_words_and_tid(dana: Client, workspace: Workspace) -> None:
    run = RunFactory(workspace=workspace)
    RunItemFactory(
        run=run,
        outcome="failed",
        reasons=[{"code": "QUICKBOOKS_REFUSED", "error": "2050", "words": "Too long"}],
        error_code="2050",
        error_message="Too long",
        intuit_tid="1-69c148ab",
    )

    page_text = main_text(dana.get(page_of(run)))

    assert "QuickBooks said 2050: “Too long”. Nothing was written." in page_text
    assert "code 2050" in page_text
    assert "1-69c148ab" in page_text


@pytest.mark.parametrize(
    ("query", "shown"), [("outcome=failed", {"Ben"}), ("q=ada", {"Ada"}), ("outcome=nonsense", {"Ada", "Ben"})]
)
def test_items_narrow_by_outcome_and_words(dana: Client, workspace: Workspace, query: str, shown: set[str]) -> None:
    run = RunFactory(workspace=workspace)
    RunItemFactory(run=run, user_name="Ada")
    RunItemFactory(run=run, user_name="Ben", outcome="failed")

    items = dana.get(f"{page_of(run)}?{query}").context["page"]

    assert {item.user_name for item in items} == shown


def test_what_a_stopped_run_did_not_reach_is_no_refusal(dana: Client, workspace: Workspace) -> None:
    run = RunFactory(workspace=workspace, status="cancelled")
    RunItemFactory(run=run, outcome="failed")
    RunItemFactory.create_batch(4, run=run, outcome="planned")

    assert "Refused 1 and 4 not reached" in main_text(dana.get(page_of(run)))


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ({"sent": 3}, "All 3 changes reached QuickBooks."),
        ({}, "Nothing had to be sent."),
        (
            {"sent": 5, "failed": 2, "unknown": 1, "planned": 1},
            "5 of 9 changes reached QuickBooks; 4 did not, and each says why. "
            "2 were refused, 1 is in doubt and 1 was not reached. "
            "What was sent stays; the next sync continues with the rest.",
        ),
        (
            {"sent": 1, "blocked": 2},
            "The one change reached QuickBooks. 2 entries were held or excluded, by reason below.",
        ),
    ],
)
def test_a_finished_run_says_in_a_sentence_how_much_arrived(
    dana: Client, workspace: Workspace, outcomes: dict[str, int], words: str
) -> None:
    run = RunFactory(workspace=workspace, status="partial" if "failed" in outcomes else "succeeded")
    for outcome, count in outcomes.items():
        RunItemFactory.create_batch(count, run=run, outcome=outcome, verb="block" if outcome == "blocked" else "create")

    page = dana.get(page_of(run))
    missed = sum(outcomes.get(outcome, 0) for outcome in ("failed", "unknown", "planned"))

    assert words in main_text(page)
    assert (f"Retry failed ({missed})" in main_text(page)) == bool(missed)
    assert page.content.decode().count("<rect ") == len(set(outcomes) - {"blocked"})


@pytest.mark.parametrize("dry_run", [False, True])
def test_the_page_knows_each_stage_that_a_sync_says(dana: Client, scene: Scene, dry_run: bool) -> None:
    scene.entry(scene.user("Ada"), scene.project("Site"))
    said: list[str] = []
    run = lifecycle.request_run(Run.Kind.SYNC, scene.workspace, trigger="command", now=timezone.now(), dry_run=dry_run)

    RunExecution(run, on_stage=said.append).work()

    Run.objects.filter(pk=run.pk).update(status=Run.Status.RUNNING, finished_at=None, stage=said[0])
    assert [stage for stage, _ in dana.get(page_of(run)).context["stages"]] == said


def test_while_a_run_writes_its_latest_write_comes_first(dana: Client, workspace: Workspace) -> None:
    run = RunFactory(workspace=workspace, status="running", stage="Sending", total=3, done=2, finished_at=None)
    RunItemFactory(run=run, outcome="planned", user_name="Later")
    RunItemFactory(run=run, user_name="First", finished_at=NOW)
    RunItemFactory(run=run, user_name="Last", finished_at=NOW + timedelta(seconds=1))

    page = dana.get(page_of(run))

    assert [item.user_name for item in page.context["page"]] == ["Last", "First", "Later"]
    assert "Latest entries" in main_text(page)


@pytest.mark.parametrize(("browser", "rows"), [("Mozilla/5.0 (iPhone) Mobile/15E148", 20), ("Mozilla/5.0 (X11)", 23)])
def test_a_phone_gets_shorter_pages(dana: Client, workspace: Workspace, browser: str, rows: int) -> None:
    run = RunFactory(workspace=workspace)
    RunItemFactory.create_batch(23, run=run)

    page = dana.get(page_of(run), headers={"User-Agent": browser})

    assert len(page.context["page"]) == rows


def test_what_a_run_was_limited_to_is_said(dana: Client, workspace: Workspace) -> None:
    run = RunFactory(workspace=workspace, options={"entries": ["e1", "e2"], "resend": True})

    assert "only 2 entries, time already sent is brought up to date" in main_text(dana.get(page_of(run)))


def test_a_preview_says_what_would_happen(dana: Client, workspace: Workspace) -> None:
    run = RunFactory(workspace=workspace, dry_run=True)
    RunItemFactory.create_batch(2, run=run, outcome="planned")

    page_text = main_text(dana.get(page_of(run)))

    assert "Create 2 3.00 h" in page_text
    assert "nothing is sent by a preview" in page_text


def test_a_check_shows_what_it_read(dana: Client, workspace: Workspace) -> None:
    counters = {
        "clockify": {"users": {"seen": 12, "new": 3, "changed": 1, "gone": 0}},
        "quickbooks": {"items": {"seen": 4, "new": 0, "changed": 0, "gone": 0}},
        "mapping": {"users": {"mapped": 6, "unmapped": 6}},
        "plan": {"message": "Plus without Payroll is supported."},
    }
    run = RunFactory(workspace=workspace, kind="check", counters=counters)

    page_text = main_text(dana.get(page_of(run)))

    assert "Clockify users 12 3 1 0" in page_text
    assert "QuickBooks items 4 0 0 0" in page_text
    assert "Users: 6 linked, 6 not." in page_text


@pytest.mark.parametrize("status", ["running", "succeeded"])
def test_a_run_asks_a_fixed_number_of_queries(
    dana: Client, workspace: Workspace, django_assert_max_num_queries: Any, status: str
) -> None:
    run = RunFactory(workspace=workspace, status=status)
    RunItemFactory.create_batch(60, run=run)
    ActionFactory.create_batch(5, workspace=workspace, run=run, state="sending")

    with django_assert_max_num_queries(20):
        assert dana.get(page_of(run)).status_code == 200


def test_the_list_asks_a_fixed_number_of_queries(
    dana: Client, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    for _ in range(40):
        RunFactory(workspace=workspace, person=UserFactory())

    with django_assert_max_num_queries(12):
        assert dana.get(LIST).status_code == 200
