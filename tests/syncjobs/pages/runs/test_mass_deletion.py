"""Many entries missing at once: the list, and a deletion only of what a preview showed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from integrations.models import Workspace
from syncjobs.models import Run
from syncjobs.runs.figures import SYNC_FIGURES
from tests.support.factories import NOW, ReceiptFactory, RunFactory, TimeEntryFactory
from tests.support.page_text import main_text, text


@pytest.fixture
def warned_run(workspace: Workspace) -> Run:
    """Create a sync that read today; two entries were last seen a day before, one of them sent."""
    run: Run = RunFactory(workspace=workspace, status="partial", warnings={"MANY_MISSING": 1})
    before = NOW - timedelta(days=1)
    TimeEntryFactory(workspace=workspace, clockify_id="lost-1", last_seen_at=before, user_name="Ben Okafor")
    TimeEntryFactory(workspace=workspace, clockify_id="lost-2", last_seen_at=before)
    TimeEntryFactory(workspace=workspace, last_seen_at=NOW, user_name="Cleo Ray")
    ReceiptFactory(workspace=workspace, entry_id="lost-1", quickbooks_id="1612")
    return run


def address(workspace: Workspace) -> str:
    return f"/admin/workspaces/{workspace.pk}/missing/"


def preview(run: Run, entries: list[str]) -> Run:
    options = {"believe_deletions": True, "entries": entries}
    preview_run: Run = RunFactory(workspace=run.workspace, dry_run=True, options=options)
    for entry in entries:
        preview_run.items.create(entry_id=entry, verb="delete", gone=True, minutes=90)
    return preview_run


def test_the_missing_are_listed_with_totals_and_those_that_are_there_are_not(
    dana: Client, workspace: Workspace, warned_run: Run
) -> None:
    page_text = main_text(dana.get(address(workspace)))

    assert "2 entries were not in Clockify any more" in page_text
    assert "1 of these was sent and 1 is in QuickBooks, 1.5 h" in page_text
    assert "Ben Okafor Website 1:30 activity 1612" in page_text
    assert "Ada Lindqvist Website 1:30 not sent" in page_text
    assert "Cleo" not in page_text
    assert "delete 1 in QuickBooks" not in page_text


def test_a_preview_lists_them_and_the_deletion_takes_the_same_ones(
    dana: Client, workspace: Workspace, warned_run: Run
) -> None:
    dana.post(address(workspace), {"verb": "delete"})
    assert not Run.objects.filter(status="queued").exists()

    dana.post(address(workspace), {"verb": "preview"})
    queued = Run.objects.get(status="queued")
    assert (queued.dry_run, queued.options["entries"]) == (True, ["lost-1", "lost-2"])
    queued.delete()

    preview_run = preview(warned_run, ["lost-1"])
    page_text = main_text(dana.get(address(workspace)))
    assert "1 activity would be deleted in QuickBooks" in page_text
    assert "1 entry more went missing since that preview" in page_text
    dana.post(address(workspace), {"verb": "delete", "preview": preview_run.pk})

    queued = Run.objects.get(status="queued")
    assert (queued.dry_run, queued.options) == (False, {"believe_deletions": True, "entries": ["lost-1"]})


def test_pages_that_say_so_lead_there(dana: Client, workspace: Workspace, warned_run: Run) -> None:
    figures = {**dict.fromkeys(SYNC_FIGURES, 0), "blocked_reasons": {}, "warnings": {"MANY_MISSING": 1}}
    Run.objects.filter(pk=warned_run.pk).update(counters={"figures": figures})

    assert address(workspace) in dana.get(f"/admin/syncjobs/run/{warned_run.pk}/change/").content.decode()
    front = dana.get("/admin/")
    assert address(workspace) in front.content.decode()
    assert "Many entries are missing from Clockify" in text(front)


def test_who_may_only_look_has_no_button(visitor: Client, workspace: Workspace, warned_run: Run) -> None:
    preview(warned_run, ["lost-1"])

    assert 'name="verb"' not in visitor.get(address(workspace)).content.decode()


def test_without_a_warning_nothing_is_missing(dana: Client, workspace: Workspace) -> None:
    assert "Nothing is missing" in main_text(dana.get(address(workspace)))
