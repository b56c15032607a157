"""Many deletions at once, whatever their causes: nothing of them is deleted before a person answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest
from django.utils import timezone

from integrations.models import TimeEntry
from syncjobs.models import EntryOverride, Run, RunItem
from syncjobs.planning import window
from syncjobs.runs.execution import RunExecution
from syncjobs.runs.figures import sync_json
from syncjobs.runs.lifecycle import create_run
from tests.support.oracle import assert_books_agree
from tests.support.scene import FIRST, LAST, Result, Scene, run_command

DELETE, KEEP = "--believe-deletions", "--keep-deletions"


def sync(*answers: str) -> Result:
    return run_command("sync_time", "--from", FIRST, "--to", LAST, *answers)


def unbill(scene: Scene, entries: Iterable[str]) -> None:
    for entry in entries:
        scene.edit_entry(entry, billable=False)


@pytest.fixture
def sent(scene: Scene, ada: str, site: str) -> list[str]:
    """Send 50 entries."""
    entries = scene.entries(ada, site, 50)
    assert scene.sync().counts == {"sent": 50}
    return entries


def test_forty_of_fifty_made_unbillable_wait(scene: Scene, sent: list[str], ada: str, site: str) -> None:
    unbill(scene, sent[:40])
    scene.stretch(sent[45], 120)
    new = scene.entry(ada, site, "2026-03-20 09:00")

    run = scene.sync()

    assert (run.code, run["status"], run["seen"]) == (4, "partial", 51)
    assert run.counts == {"sent": 1, "updated": 1, "unchanged": 9, "unknown": 40}
    assert (run["warnings"], run["blocked_reasons"]) == ({"MANY_DELETIONS": 40}, {})
    assert "40 deletions at once wait" in run.stderr
    assert "40 in doubt" not in run.stderr
    assert len(scene.activities()) == 51
    assert scene.activity(sent[45])["Hours"] == 2
    explained = scene.explain(sent[0])
    assert (explained["state"], explained.codes) == ("changed", {"NOT_BILLABLE"})
    assert scene.explain(new)["state"] == "sent"
    # Running again is no consent, and neither is a check.
    assert scene.sync().counts == {"unchanged": 11, "unknown": 40}
    assert scene.check().code == 0
    assert scene.explain(sent[0]).codes == {"NOT_BILLABLE"}
    preview = scene.sync(dry_run=True)
    assert (preview.code, preview["deleted"], preview["unknown"]) == (4, 0, 40)
    assert len(scene.activities()) == 51

    assert sync("--dry-run", DELETE)["deleted"] == 40
    assert scene.sync()["unknown"] == 40
    done = sync(DELETE)
    assert (done.code, done.counts, done["warnings"]) == (0, {"deleted": 40, "unchanged": 11}, {})
    assert_books_agree(scene)


def test_a_project_taken_away_waits(scene: Scene, ada: str, site: str) -> None:
    hall = scene.project("Hall")
    entries = scene.entries(ada, hall, 40)
    scene.entries(ada, site, 10, day=20)
    scene.sync()
    for entry in entries:
        scene.edit_entry(entry, projectId="")

    run = scene.sync()

    assert (run.code, run.counts) == (4, {"unchanged": 10, "unknown": 40})
    assert scene.explain(entries[0]).codes == {"NO_PROJECT"}


def test_twenty_one_of_three_hundred_are_deleted_without_asking(scene: Scene, ada: str, site: str) -> None:
    entries = scene.entries(ada, site, 200) + scene.entries(scene.user("Bea"), site, 100)
    scene.sync()
    unbill(scene, entries[:21])

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"deleted": 21, "unchanged": 279})


def test_unsent_entries_do_not_make_many_deletions_few(scene: Scene, sent: list[str], ada: str, site: str) -> None:
    """A tenth of what was sent counts: the window's unbillable time says nothing about it."""
    scene.entries(scene.user("Bea"), site, 200, billable=False)
    unbill(scene, sent[:21])

    assert scene.sync()["warnings"] == {"MANY_DELETIONS": 21}


def test_twenty_of_thirty_are_deleted_without_asking(scene: Scene, ada: str, site: str) -> None:
    entries = scene.entries(ada, site, 30)
    scene.sync()
    unbill(scene, entries[:10])
    scene.delete_entry(*entries[10:20])

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"deleted": 20, "unchanged": 10})
    assert_books_agree(scene)


def test_all_causes_are_added_together(scene: Scene, sent: list[str]) -> None:
    scene.delete_entry(*sent[:11])
    unbill(scene, sent[11:22])

    run = scene.sync()

    assert (run.code, run["seen"], run.counts) == (4, 39, {"unchanged": 28, "unknown": 11})
    assert (run["warnings"], run["blocked_reasons"]) == ({"MANY_DELETIONS": 11, "MANY_MISSING": 11}, {})
    assert len(scene.activities()) == 50
    gone = scene.explain(sent[0])
    assert (gone["state"], gone.codes) == ("changed", {"MANY_MISSING"})
    # What a command or a check found gone is counted all the same.
    assert scene.check().code == 0
    assert scene.sync()["warnings"] == {"MANY_DELETIONS": 11, "MANY_MISSING": 11}


def test_what_is_billed_is_not_among_the_many(scene: Scene, sent: list[str]) -> None:
    scene.bill(*(scene.receipt(entry).quickbooks_id for entry in sent[:5]))
    unbill(scene, sent[:25])

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"deleted": 20, "blocked": 5, "unchanged": 25})


def test_chunks_do_not_decide_each_for_itself(scene: Scene, sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "CHUNK", 10)
    unbill(scene, sent[:40])

    assert scene.sync().counts == {"unchanged": 10, "unknown": 40}


def test_later_slices_of_a_run_ask_as_well(scene: Scene, sent: list[str]) -> None:
    """What one slice deleted counts in the next, which plans again."""
    unbill(scene, sent[:15])
    first, last = date.fromisoformat(FIRST), date.fromisoformat(LAST)
    run = create_run("sync", scene.workspace, trigger="button", now=timezone.now(), first=first, last=last)
    RunExecution(run, leaving=lambda: len(scene.activities()) <= 45).work()
    deleted = 50 - len(scene.activities())
    assert 5 <= deleted < 15
    unbill(scene, sent[15:30])

    RunExecution(Run.objects.get(pk=run.pk)).work()

    shown = sync_json(Run.objects.get(pk=run.pk))
    assert (shown["status"], shown["warnings"]) == ("partial", {"MANY_DELETIONS": 30 - deleted})
    assert (shown["deleted"], shown["unknown"], shown["unchanged"]) == (deleted, 30 - deleted, 20)


def test_a_schedule_never_answers(scene: Scene, sent: list[str]) -> None:
    unbill(scene, sent[:30])
    sync(DELETE, "--dry-run")
    first, last = date.fromisoformat(FIRST), date.fromisoformat(LAST)
    run = create_run("sync", scene.workspace, trigger="schedule", now=timezone.now(), first=first, last=last)

    RunExecution(run).work()

    assert (run.status, run.warnings) == ("partial", {"MANY_DELETIONS": 30})
    assert len(scene.activities()) == 50


def test_fewer_days_are_no_answer(scene: Scene, sent: list[str]) -> None:
    """Of what waits, a run of one day meets eight; asked first, they would be deleted."""
    unbill(scene, sent[:24])
    assert scene.sync()["warnings"] == {"MANY_DELETIONS": 24}

    for day in ("2026-03-02", "2026-03-03", "2026-03-04"):
        for dry_run in (True, False):
            run = scene.sync(day, day, dry_run=dry_run)
            assert (run.code, run.counts, run["warnings"]) == (4, {"unknown": 8}, {"MANY_DELETIONS": 8})
    assert len(scene.activities()) == 50
    # What was never asked about goes, and what is few by now.
    unbill(scene, sent[40:42])
    assert scene.sync("2026-03-07", "2026-03-07").counts["deleted"] == 2
    for entry in sent[:4]:
        scene.edit_entry(entry, billable=True)
    assert scene.sync("2026-03-02", "2026-03-03")["unknown"] == 0
    assert sync("--dry-run", DELETE)["deleted"] == 8


def test_undo_and_resend_are_a_persons_word(scene: Scene, ada: str, site: str, sent: list[str]) -> None:
    unbill(scene, sent[:30])
    assert sync("--resend").counts == {"deleted": 30, "unchanged": 20}
    late = scene.entries(ada, site, 25, day=20)
    run = scene.sync()
    assert run.counts == {"sent": 25, "unchanged": 20, "blocked": 30}

    assert run_command("undo_run", str(run["run"]))["deleted"] == len(late)


def test_kept_time_stays_and_is_counted_no_more(scene: Scene, sent: list[str]) -> None:
    scene.delete_entry(*sent[:15])
    unbill(scene, sent[15:40])
    assert scene.sync().code == 4

    assert sync("--dry-run", KEEP).counts == {"unchanged": 35}
    assert scene.sync().code == 4, "a preview keeps nothing"
    kept = sync(KEEP)

    assert (kept.code, kept["warnings"], kept["seen"], kept.counts) == (0, {}, 35, {"unchanged": 35})
    assert len(scene.activities()) == 50
    again = scene.sync()
    assert (again.code, again["warnings"], again["blocked_reasons"], again.counts) == (0, {}, {}, {"unchanged": 35})
    assert {scene.explain(entry)["state"] for entry in (sent[0], sent[20])} == {"sent"}
    # Nor are they counted among later deletions, nor taken by a run that believes those.
    unbill(scene, sent[40:])
    assert sync(DELETE).counts == {"deleted": 10, "unchanged": 25}
    assert len(scene.activities()) == 40


def test_kept_time_that_is_billable_again_is_any_other_time(scene: Scene, sent: list[str]) -> None:
    deleted = scene.delete_entry(*sent[:5])
    unbill(scene, sent[5:30])
    sync(KEEP)

    # Still no billable work: what a person keeps stays, whatever is edited.
    scene.stretch(sent[6], 200)
    assert scene.sync().counts == {"unchanged": 45}
    # Billable again: as it was sent, and edited.
    scene.edit_entry(sent[5], billable=True)
    scene.edit_entry(sent[6], billable=True)
    scene.restore(deleted[:1])
    assert scene.sync().counts == {"unchanged": 45, "updated": 1}
    assert scene.activity(sent[6])["Hours"] == 3
    assert EntryOverride.objects.filter(kept=True).count() == 27
    # So it is deleted again by the next time that it stops being work.
    unbill(scene, sent[5:7])
    scene.delete_entry(sent[0])
    assert scene.sync().counts == {"deleted": 3, "unchanged": 43}


def test_restored_entries_wait_no_more(scene: Scene, sent: list[str]) -> None:
    deleted = scene.delete_entry(*sent[:25])
    scene.sync()
    assert TimeEntry.objects.exclude(deleted_at=None).count() == 25
    scene.restore(deleted)

    run = scene.sync()

    assert (run.code, run.counts, run["warnings"]) == (0, {"unchanged": 50}, {})
    assert not RunItem.objects.filter(run_id=run["run"]).exists()
    assert scene.explain(sent[0])["state"] == "sent"
