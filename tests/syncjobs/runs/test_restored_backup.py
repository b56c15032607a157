"""A database that was restored from a backup: what was sent since is not sent twice (docs/operating.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene, run_command

OURS = ("integrations", "mapping", "syncjobs")


def back_up(folder: Path) -> Path:
    file = folder / "backup.json"
    call_command("dumpdata", *OURS, output=str(file))
    return file


def restore(file: Path) -> None:
    call_command("flush", interactive=False, verbosity=0)
    call_command("loaddata", str(file), verbosity=0)


@pytest.fixture
def ten(scene: Scene, ada: str, site: str) -> list[str]:
    return [
        scene.entry(ada, site, f"2026-03-{2 + number:02d} 09:00", minutes=60 + number, description=f"Task {number}")
        for number in range(10)
    ]


def edit_two(scene: Scene, entries: list[str]) -> None:
    """Give one entry another length, and one another project."""
    hall = scene.project("Hall", client=scene.client("Beta"), hourlyRate=8000)
    scene.stretch(entries[3], 200)
    scene.edit_entry(entries[4], projectId=hall)


@pytest.mark.parametrize("synced", [False, True], ids=["edited since", "edited and synced since"])
def test_what_was_sent_after_the_backup_is_not_sent_twice(
    scene: Scene, ten: list[str], tmp_path: Path, synced: bool
) -> None:
    scene.check()
    backup = back_up(tmp_path)
    assert scene.sync().counts == {"sent": 10}
    edit_two(scene, ten)
    if synced:
        scene.check()
        assert scene.sync().counts == {"updated": 2, "unchanged": 8}
    activities = scene.activities()
    restore(backup)
    assert scene.check().code == 0

    preview, run = scene.sync(dry_run=True), scene.sync()

    for result in (preview, run):
        assert (result.code, result.counts) == (0, {"blocked": 10})
        assert result["blocked_reasons"] == {"ALREADY_IN_QUICKBOOKS": 10}
    assert scene.activities() == activities
    assert {tuple(scene.explain(entry).codes) for entry in ten} == {("ALREADY_IN_QUICKBOOKS",)}
    # A person adopts them, and the edits are mended.
    id_of = {activity["Description"]: activity["Id"] for activity in activities}
    for number, entry in enumerate(ten):
        assert run_command("resolve", entry, f"adopt={id_of[f'Task {number}']}").code == 0
    assert scene.sync().counts == ({"unchanged": 10} if synced else {"updated": 2, "unchanged": 8})
    assert_books_agree(scene)


def restored_to_before_two_edits(scene: Scene, entries: list[str], folder: Path) -> list[dict[str, Any]]:
    """Send ten entries, back up, edit two and sync, and restore; return QuickBooks' activities."""
    assert scene.sync().counts == {"sent": 10}
    backup = back_up(folder)
    edit_two(scene, entries)
    scene.check()
    assert scene.sync().counts == {"updated": 2, "unchanged": 8}
    activities = scene.activities()
    restore(backup)
    scene.check()
    return activities


def test_an_update_of_ours_after_the_backup_is_no_change_by_hand(scene: Scene, ten: list[str], tmp_path: Path) -> None:
    restored_to_before_two_edits(scene, ten, tmp_path)
    # Billed meanwhile, it stays as well: both sides have the same.
    scene.bill(scene.receipt(ten[4]).quickbooks_id)
    activities = scene.activities()
    assert (scene.explain(ten[3])["state"], scene.explain(ten[3]).codes) == ("changed", set())

    preview, run = scene.sync(dry_run=True), scene.sync()

    for result in (preview, run):
        assert (result.code, result.counts, result["blocked_reasons"]) == (0, {"unchanged": 10}, {})
    assert scene.activities() == activities
    assert [scene.explain(entry)["state"] for entry in ten] == ["sent"] * 10
    assert "differences" not in scene.explain(ten[3]).json
    assert_books_agree(scene)
    # From now on it is time like any other.
    scene.stretch(ten[3], 210)
    scene.stretch(ten[4], 220)
    later = scene.sync()
    assert (later.counts, later["blocked_reasons"]) == (
        {"updated": 1, "unchanged": 8, "blocked": 1},
        {"BILLED_IN_QUICKBOOKS": 1},
    )


def test_what_was_edited_once_more_after_the_backup_is_left_to_a_person(
    scene: Scene, ten: list[str], tmp_path: Path
) -> None:
    restored_to_before_two_edits(scene, ten, tmp_path)
    scene.stretch(ten[3], 240)
    scene.edit_entry(ten[4], billable=False)
    activities = scene.activities()

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"unchanged": 8, "blocked": 2})
    assert run["blocked_reasons"]["CHANGED_IN_QUICKBOOKS"] == 2
    assert scene.activities() == activities
    explained = scene.explain(ten[3])
    assert (explained["state"], explained.codes) == ("changed", {"CHANGED_IN_QUICKBOOKS"})
    # What is new goes on.
    scene.entry(next(iter(scene.people)), next(iter(scene.place.projects)), "2026-03-20 09:00")
    assert scene.sync().counts == {"sent": 1, "unchanged": 8, "blocked": 2}
