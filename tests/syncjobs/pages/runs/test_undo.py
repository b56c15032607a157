"""The undo of a run: its preview comes first, says what follows, and only then is there a button."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from integrations.models import Workspace
from syncjobs.models import Run, Schedule
from tests.support.factories import RunFactory, RunItemFactory
from tests.support.page_text import main_text, text

FIGURES = {"seen": 3, "deleted": 2, "unchanged": 0, "blocked": 1, "failed": 0, "unknown": 0, "minutes_sent": 0}


@pytest.fixture
def run(workspace: Workspace) -> Run:
    run: Run = RunFactory(workspace=workspace)
    RunItemFactory.create_batch(3, run=run)
    return run


def address(run: Run) -> str:
    return f"/admin/runs/{run.pk}/undo/"


def preview(run: Run, **values: object) -> Run:
    preview_run: Run = RunFactory(
        workspace=run.workspace, kind="undo", dry_run=True, options={"undo": run.pk}, counters={"seen": 3}, **values
    )
    RunItemFactory.create_batch(2, run=preview_run, verb="delete", outcome="planned", why=f"Created by run {run.pk}.")
    RunItemFactory(run=preview_run, verb="block", outcome="blocked", why="It is billed in QuickBooks.")
    return preview_run


def test_the_run_s_page_leads_to_it_where_something_was_created(dana: Client, workspace: Workspace, run: Run) -> None:
    nothing = RunFactory(workspace=workspace)

    assert address(run) in dana.get(f"/admin/syncjobs/run/{run.pk}/change/").content.decode()
    assert address(nothing) not in dana.get(f"/admin/syncjobs/run/{nothing.pk}/change/").content.decode()


def test_before_the_preview_there_is_no_button_to_delete(dana: Client, run: Run) -> None:
    page_text = main_text(dana.get(address(run)))

    assert "3 activities, 4.5 h" in page_text
    assert "Preview the undo" in page_text
    assert "Delete" not in page_text

    dana.post(address(run), {"verb": "undo"})
    assert not Run.objects.filter(kind="undo").exists()


def test_the_preview_says_that_the_next_sync_sends_again_and_when(dana: Client, run: Run) -> None:
    at = datetime(2026, 3, 27, 22, 0, tzinfo=UTC)
    Schedule.objects.create(workspace=run.workspace, kind="sync", mode="hours", every=2, next_at=at)

    page_text = main_text(dana.get(address(run)))

    assert "the next sync sends them again, once each" in page_text
    assert "The schedule (every 2 hours) does that automatically, next Fri Mar 27, 18:00." in page_text


def test_after_the_preview_one_click_requests_the_undo(dana: Client, run: Run) -> None:
    preview_run = preview(run)
    page_text = main_text(dana.get(address(run)))
    assert "Would be deleted 2 3 h" in page_text
    assert "Delete 2 activities in QuickBooks" in page_text
    assert "It is billed in QuickBooks." in page_text

    dana.post(address(run), {"verb": "undo", "preview": preview_run.pk, "ignore": "1"})

    undo_run = Run.objects.get(kind="undo", dry_run=False)
    assert (undo_run.status, undo_run.options) == ("queued", {"undo": run.pk, "ignore": True})
    assert undo_run.person is not None and undo_run.person.username == "dana"


def test_an_older_preview_is_refused(dana: Client, run: Run) -> None:
    older = preview(run)
    preview(run)

    page_text = text(dana.post(address(run), {"verb": "undo", "preview": older.pk}, follow=True))

    assert "Review a preview first" in page_text
    assert not Run.objects.filter(kind="undo", dry_run=False).exists()


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("queued", "is waiting for a worker since"),
        ("succeeded", "has been carried out since you opened this page. Preview again to see what is left."),
    ],
)
def test_a_second_press_reads_what_became_of_the_first(dana: Client, run: Run, status: str, sentence: str) -> None:
    shown = preview(run)
    first = RunFactory(workspace=run.workspace, kind="undo", options={"undo": run.pk}, status=status)

    page_text = text(dana.post(address(run), {"verb": "undo", "preview": shown.pk}, follow=True))

    assert f"Undo {first.pk}" in page_text and sentence in page_text
    assert list(Run.objects.filter(kind="undo", dry_run=False)) == [first]


def test_who_may_only_look_sees_the_preview_and_no_button(visitor: Client, run: Run) -> None:
    preview(run)

    page = visitor.get(address(run))

    assert "Would be deleted 2" in main_text(page)
    assert 'name="verb"' not in page.content.decode()


def test_an_undo_s_own_page_and_line_say_what_it_took_back(dana: Client, run: Run) -> None:
    preview_run = preview(run)
    Run.objects.filter(pk=preview_run.pk).update(dry_run=False, counters={"seen": 3, "figures": FIGURES})
    preview_run.items.filter(outcome="planned").update(outcome="deleted")

    page_text = main_text(dana.get(f"/admin/syncjobs/run/{preview_run.pk}/change/"))

    assert "Deleted 2 3 h" in page_text
    assert f"Undo of run {run.pk}" in page_text
    assert f"Run {run.pk}: 2 deleted; 1 left there" in main_text(dana.get("/admin/syncjobs/run/"))
