"""The page's answers to many deletions at once: a preview deletes nothing, an answer takes only what it listed."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from syncjobs.models import Run
from syncjobs.pages.runs import mass_deletion
from syncjobs.run_options import RunOptions
from syncjobs.runs import lifecycle as runs
from syncjobs.runs import many_deletions
from syncjobs.runs.execution import RunExecution
from tests.support.scene import FIRST, LAST, Scene


def listed(scene: Scene) -> list[str]:
    question = mass_deletion.question(scene.workspace)
    return sorted(question.items.values_list("entry_id", flat=True)) if question else []


def accept_deletions(scene: Scene, ids: list[str], *, dry_run: bool) -> Run:
    """Accept the deletions as the page's buttons do, and run that right here."""
    options = RunOptions(believe_deletions=True, entries=tuple(ids))
    first, last = date.fromisoformat(FIRST), date.fromisoformat(LAST)
    now = timezone.now()
    run = runs.create_run(
        "sync", scene.workspace, trigger="button", now=now, first=first, last=last, options=options, dry_run=dry_run
    )
    return RunExecution(run).work()


def test_only_what_the_preview_listed_is_deleted_and_only_by_the_run_after_it(
    scene: Scene, ada: str, site: str
) -> None:
    entries = scene.entries(ada, site, 40)
    scene.sync()
    scene.delete_entry(*entries[:25])
    assert scene.sync()["warnings"] == {"MANY_MISSING": 25}
    assert listed(scene) == sorted(entries[:25])

    # The preview deletes nothing and accepts nothing: the guard holds on the next sync as before.
    preview = accept_deletions(scene, entries[:25], dry_run=True)
    assert preview.counters["figures"]["deleted"] == 25
    assert (scene.sync()["warnings"], len(scene.activities())) == ({"MANY_MISSING": 25}, 40)

    # Entries that go missing after the preview are not part of it.
    scene.delete_entry(entries[30])
    done = accept_deletions(scene, entries[:25], dry_run=False)
    assert (done.status, done.counters["figures"]["deleted"], len(scene.activities())) == ("succeeded", 25, 15)
    assert scene.sync().counts == {"deleted": 1, "unchanged": 14}
    assert listed(scene) == []


def test_what_is_restored_meanwhile_is_not_deleted(scene: Scene, ada: str, site: str) -> None:
    entries = scene.entries(ada, site, 30)
    scene.sync()
    deleted_entries = scene.delete_entry(*entries[:25])
    scene.sync()
    scene.restore(deleted_entries[:5])

    done = accept_deletions(scene, entries[:25], dry_run=False)

    assert (done.counters["figures"]["deleted"], len(scene.activities())) == (20, 10)


def test_a_check_takes_off_the_list_what_was_mended(scene: Scene, ada: str, site: str) -> None:
    entries = scene.entries(ada, site, 30)
    scene.sync()
    for entry in entries[:25]:
        scene.edit_entry(entry, billable=False)
    scene.sync()
    for entry in entries[:5]:
        scene.edit_entry(entry, billable=True)
    scene.policy(start_date=FIRST)
    scene.check()

    assert listed(scene) == sorted(entries[5:25])


def test_what_was_kept_is_not_deleted_by_an_answer_of_another_tab(scene: Scene, ada: str, site: str) -> None:
    entries = scene.entries(ada, site, 30)
    scene.sync()
    scene.delete_entry(*entries[:25])
    asked_by = scene.sync()["run"]

    assert many_deletions.keep_undecided(scene.workspace, asked_by=asked_by, person=None, now=timezone.now()) == 25
    done = accept_deletions(scene, entries[:25], dry_run=False)

    assert (done.status, done.counters["figures"]["deleted"], len(scene.activities())) == ("succeeded", 0, 30)
