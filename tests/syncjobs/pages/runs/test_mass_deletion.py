"""Many deletions at once: the list, and an answer only to what was shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import ConnectionEvent, TimeEntry, Workspace
from syncjobs.models import EntryOverride, EntryStatus, Run
from syncjobs.runs.figures import SYNC_FIGURES
from tests.support.desk_forms import entry_version
from tests.support.factories import (
    EntryStatusFactory,
    ReceiptFactory,
    RunFactory,
    RunItemFactory,
    TimeEntryFactory,
)
from tests.support.page_text import main_text, text


@pytest.fixture
def asking_run(workspace: Workspace) -> Run:
    """Create a sync that asked about two entries: one gone from Clockify, one made unbillable."""
    run: Run = RunFactory(workspace=workspace, status="partial", warnings={"MANY_MISSING": 1, "MANY_DELETIONS": 1})
    wait(run, "gone-1", "1612", gone=True, user_name="Ben Okafor")
    wait(run, "free-2", "1613", reasons=[{"code": "NOT_BILLABLE"}])
    return run


def wait(run: Run, entry_id: str, quickbooks_id: str, **details: Any) -> None:
    entry = TimeEntryFactory(
        workspace=run.workspace, clockify_id=entry_id, deleted_at=run.created_at if details.get("gone") else None
    )
    EntryStatusFactory(entry=entry, state="changed", reasons=details.get("reasons", []))
    ReceiptFactory(workspace=run.workspace, entry_id=entry_id, quickbooks_id=quickbooks_id)
    RunItemFactory(run=run, entry_id=entry_id, verb="delete", outcome="waiting", quickbooks_id=quickbooks_id, **details)


def address(workspace: Workspace) -> str:
    return f"/admin/workspaces/{workspace.pk}/missing/"


def preview(run: Run, entries: list[str], **options: Any) -> Run:
    details = {"believe_deletions": True, "entries": entries, "answers": run.pk, **options}
    preview_run: Run = RunFactory(workspace=run.workspace, dry_run=True, options=details)
    for entry in entries:
        preview_run.items.create(entry_id=entry, verb="delete", gone=True, minutes=90)
    return preview_run


def test_each_entry_is_listed_with_its_cause_and_activity(dana: Client, workspace: Workspace, asking_run: Run) -> None:
    page_text = main_text(dana.get(address(workspace)))

    assert "2 time activities would be deleted in QuickBooks at once , 3" in page_text
    assert "1 not billable" in page_text and "1 deleted in Clockify" in page_text
    assert "Ben Okafor Website 1:30 Deleted in Clockify activity 1612" in page_text
    assert "Ada Lindqvist Website 1:30 Not billable activity 1613" in page_text
    assert "Keep 2 in QuickBooks" in page_text
    assert "Delete 1 in QuickBooks" not in page_text


def test_a_preview_lists_them_and_the_deletion_takes_the_same_ones(
    dana: Client, workspace: Workspace, asking_run: Run
) -> None:
    dana.post(address(workspace), {"verb": "delete"})
    assert not Run.objects.filter(status="queued").exists()

    dana.post(address(workspace), {"verb": "preview"})
    queued = Run.objects.get(status="queued")
    options = {"believe_deletions": True, "entries": ["free-2", "gone-1"], "answers": asking_run.pk}
    assert (queued.dry_run, queued.options) == (True, options)
    queued.delete()

    preview_run = preview(asking_run, ["gone-1"])
    assert "1 activity would be deleted in QuickBooks" in main_text(dana.get(address(workspace)))
    dana.post(address(workspace), {"verb": "delete", "preview": preview_run.pk})

    queued = Run.objects.get(status="queued")
    assert (queued.dry_run, queued.options["entries"]) == (False, ["gone-1"])


def test_previews_of_other_questions_are_none(dana: Client, workspace: Workspace, asking_run: Run) -> None:
    other = preview(asking_run, ["gone-1"], answers=asking_run.pk - 1)
    elsewhere: Run = RunFactory(workspace=workspace, dry_run=True, options={"believe_deletions": True, "entries": []})

    assert "Preview again" not in main_text(dana.get(address(workspace)))
    for run in (other, elsewhere):
        dana.post(address(workspace), {"verb": "delete", "preview": run.pk})
    assert not Run.objects.filter(status="queued").exists()


def test_what_is_kept_is_remembered_and_asked_about_no_more(
    dana: Client, workspace: Workspace, asking_run: Run
) -> None:
    dana.post(address(workspace), {"verb": "keep", "asked_by": asking_run.pk})

    assert set(EntryOverride.objects.values_list("clockify_id", "kept")) == {("gone-1", True), ("free-2", True)}
    assert EntryStatus.objects.get(entry__clockify_id="gone-1").state == "sent"
    assert ConnectionEvent.objects.get(kind="deletions_kept").by.get_username() == "dana"  # type: ignore[union-attr]
    assert "Nothing is waiting" in main_text(dana.get(address(workspace)))
    assert "deletions at once" not in text(dana.get("/admin/"))


def test_an_older_tab_keeps_nothing(dana: Client, workspace: Workspace, asking_run: Run) -> None:
    later: Run = RunFactory(workspace=workspace, status="partial", warnings={"MANY_DELETIONS": 3})
    wait(later, "new-3", "1614", reasons=[{"code": "NO_PROJECT"}])

    response = dana.post(address(workspace), {"verb": "keep", "asked_by": asking_run.pk}, follow=True)

    assert "The list has changed" in text(response)
    assert not EntryOverride.objects.exists()


def test_nothing_is_kept_while_a_run_is_under_way(dana: Client, workspace: Workspace, asking_run: Run) -> None:
    RunFactory(workspace=workspace, status="running", finished_at=None)

    response = dana.post(address(workspace), {"verb": "keep", "asked_by": asking_run.pk}, follow=True)

    assert "is under way" in text(response)
    assert not EntryOverride.objects.exists()


def test_what_was_decided_or_mended_meanwhile_is_off_the_list(
    dana: Client, workspace: Workspace, asking_run: Run
) -> None:
    EntryStatus.objects.filter(entry__clockify_id="free-2").update(state="sent")
    RunItemFactory(run=RunFactory(workspace=workspace), entry_id="gone-1", verb="delete", outcome="deleted")

    assert "Nothing is waiting" in main_text(dana.get(address(workspace)))


def test_pages_that_say_so_lead_there(dana: Client, workspace: Workspace, asking_run: Run) -> None:
    figures = {**dict.fromkeys(SYNC_FIGURES, 0), "unknown": 1, "blocked_reasons": {}, "warnings": asking_run.warnings}
    Run.objects.filter(pk=asking_run.pk).update(counters={"figures": figures})

    run_page = dana.get(f"/admin/syncjobs/run/{asking_run.pk}/change/")
    assert address(workspace) in run_page.content.decode()
    assert "and 2 waiting for review" in text(run_page)
    front = dana.get("/admin/")
    assert address(workspace) in front.content.decode()
    assert "2 deletions at once" in text(front)


def test_who_may_only_look_has_no_button(visitor: Client, workspace: Workspace, asking_run: Run) -> None:
    preview(asking_run, ["gone-1"])

    assert 'name="verb"' not in visitor.get(address(workspace)).content.decode()
    assert visitor.post(address(workspace), {"verb": "keep", "asked_by": asking_run.pk}).status_code == 403
    assert not EntryOverride.objects.exists()


def test_what_only_a_check_found_gone_waits_for_a_sync(dana: Client, workspace: Workspace) -> None:
    assert "Nothing is waiting" in main_text(dana.get(address(workspace)))
    RunFactory(workspace=workspace, kind="check", warnings={"MANY_MISSING": 25})

    assert "found 25 sent entries gone from Clockify" in main_text(dana.get(address(workspace)))
    assert "the next sync asks first" in text(dana.get("/admin/"))


@pytest.mark.parametrize("entry_id", ["gone-1", "free-2"])
def test_an_entrys_page_keeps_its_time_and_stops_keeping_it(
    dana: Client, workspace: Workspace, asking_run: Run, entry_id: str
) -> None:
    entry = TimeEntry.objects.get(clockify_id=entry_id)
    TimeEntry.objects.filter(pk=entry.pk).update(billable=False, content_hash="edited")
    entry.refresh_from_db()
    page = f"/admin/integrations/timeentry/{entry.pk}/change/"
    decide = reverse("hourbridge:decide-entry", args=[entry.pk])
    assert address(workspace) in dana.get(page).content.decode()

    dana.post(decide, {"verb": "keep", "version": entry_version(entry)})

    assert EntryStatus.objects.get(entry=entry).state == "sent"
    page_text = main_text(dana.get(page))
    assert "Kept in QuickBooks" in page_text and "and stays there" in page_text
    assert "1 time activity would be deleted" in main_text(dana.get(address(workspace)))

    dana.post(decide, {"verb": "stop_keeping", "version": entry_version(entry)})

    assert not EntryOverride.objects.get(clockify_id=entry_id).kept
    assert EntryStatus.objects.get(entry=entry).state == "changed"
