"""Many entries missing at once: a preview deletes nothing, and deleting takes only what it listed."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from syncjobs.models import Run
from syncjobs.pages.runs import mass_deletion
from syncjobs.runs import lifecycle as runs
from syncjobs.runs.execution import RunExecution
from tests.support.scene import FIRST, LAST, Scene


def accept_deletions(scene: Scene, ids: list[str], *, dry_run: bool) -> Run:
    """Accept the deletions as the page's buttons do, and run that right here."""
    options: dict[str, Any] = {"believe_deletions": True, "entries": ids}
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
    assert scene.sync()["warnings"] == {"MANY_MISSING": 1}

    finding = mass_deletion.finding(scene.workspace)
    assert finding is not None
    listed = sorted(finding.missing.values_list("clockify_id", flat=True))
    assert listed == sorted(entries[:25])

    # The preview deletes nothing and accepts nothing: the guard holds on the next sync as before.
    preview = accept_deletions(scene, listed, dry_run=True)
    assert preview.counters["figures"]["deleted"] == 25
    assert (scene.sync()["warnings"], len(scene.activities())) == ({"MANY_MISSING": 1}, 40)

    # Entries that go missing after the preview are not part of it.
    scene.delete_entry(entries[30])
    done = accept_deletions(scene, listed, dry_run=False)
    assert (done.status, done.counters["figures"]["deleted"], len(scene.activities())) == ("succeeded", 25, 15)
    assert scene.sync().counts == {"deleted": 1, "unchanged": 14}
    assert mass_deletion.finding(scene.workspace) is None


def test_what_is_restored_meanwhile_is_not_deleted(scene: Scene, ada: str, site: str) -> None:
    entries = scene.entries(ada, site, 30)
    scene.sync()
    deleted_entries = scene.delete_entry(*entries[:25])
    scene.sync()
    scene.restore(deleted_entries[:5])

    done = accept_deletions(scene, entries[:25], dry_run=False)

    assert (done.counters["figures"]["deleted"], len(scene.activities())) == (20, 10)
