"""Entries that were deleted in Clockify while a write of theirs has no answer."""

from __future__ import annotations

from typing import Any

from tests.support.scene import Scene, run_command
from tests.syncjobs.settling.test_exactly_once import never_arrived, outcome_unknown, short_timeouts, stuck_for

__all__ = ["never_arrived", "outcome_unknown", "short_timeouts", "stuck_for"]


def test_a_deleted_entry_in_doubt_is_said_until_a_person_decides(scene: Scene, outcome_unknown: str) -> None:
    scene.put("TimeActivity", {"Id": scene.activities()[0]["Id"], "Minutes": 7})
    scene.delete_entry(outcome_unknown)

    for _ in range(3):
        run = scene.sync()
        assert (run.code, run["seen"], run["blocked_reasons"]) == (4, 0, {"OUTCOME_UNKNOWN": 1})
        assert scene.explain(outcome_unknown)["state"] == "unknown"
    assert run_command("resolve", outcome_unknown, "leave_out").code == 0

    assert (scene.sync().code, scene.explain(outcome_unknown)["state"]) == (0, "deleted")
    assert len(scene.activities()) == 1


def test_a_deleted_entry_is_in_doubt_until_its_write_can_no_longer_arrive(
    scene: Scene, never_arrived: str, settings: Any
) -> None:
    scene.delete_entry(never_arrived)

    assert [scene.sync().code for _ in range(2)] == [4, 4]
    settings.SETTLE_SECONDS = 0
    assert (scene.sync().code, scene.explain(never_arrived)["state"]) == (0, "deleted")
    assert scene.activities() == []
