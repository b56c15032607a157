"""Corrections that QuickBooks never answers: given up after five runs, as any other write."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.limits import retry
from syncjobs.models import Action
from tests.support.scene import Scene, run_command
from tests.syncjobs.runs.test_correction import billed, carry_out, changed, item, lengths, preview

# What a vendor answers, whatever the database.
pytestmark = pytest.mark.any_database
__all__ = ["billed", "changed"]


def give_up(scene: Scene, entry: str) -> None:
    """Have a person add what is missing, and five runs get 500 for it."""
    preview_run = preview(scene, entry, "correct")
    scene.fault("500_html", times=0)
    done = carry_out(scene, preview_run)
    assert item(done).outcome == "unknown"
    counts = [scene.sync().counts for _ in range(retry.MAX_TRIED_RUNS - 1)]
    assert counts == [{"unknown": 1}] * (retry.MAX_TRIED_RUNS - 2) + [{"failed": 1}]
    scene.clear_faults()


@pytest.mark.parametrize("settle_seconds", [0, 180])
def test_later_runs_say_it_with_quickbooks_words(scene: Scene, billed: str, settle_seconds: int, settings: Any) -> None:
    settings.SETTLE_SECONDS = settle_seconds
    give_up(scene, billed)

    for _ in range(2):
        later = scene.sync()
        assert (later.code, later["blocked_reasons"]) == (0, {"QUICKBOOKS_REFUSED": 1})
    explained = scene.explain(billed)
    refused, is_billed = explained["reasons"]
    assert explained["state"] == "changed" and "5 runs" in refused["message"] and "500" in refused["message"]
    assert (refused["fix_in"], is_billed["code"]) == ("here", "BILLED_IN_QUICKBOOKS")
    assert lengths(scene) == [60]


def test_a_person_tries_again(scene: Scene, billed: str) -> None:
    give_up(scene, billed)
    scene.sync()

    assert run_command("resolve", billed, "retry").json["state"] == "unknown"
    assert scene.sync().counts == {"sent": 1}
    assert (lengths(scene), scene.explain(billed)["state"]) == ([30, 60], "sent")
    assert scene.sync().counts == {"unchanged": 1}


def test_a_person_leaves_it_out(scene: Scene, billed: str) -> None:
    give_up(scene, billed)

    assert run_command("resolve", billed, "leave_out").code == 0
    assert scene.sync()["blocked_reasons"] == {"IGNORED": 1}
    assert lengths(scene) == [60]


def test_an_edit_ends_it(scene: Scene, billed: str, settings: Any) -> None:
    settings.SETTLE_SECONDS = 0
    give_up(scene, billed)
    scene.stretch(billed, 100)

    assert scene.sync()["blocked_reasons"] == {"BILLED_IN_QUICKBOOKS": 1}
    carry_out(scene, preview(scene, billed, "correct"))
    assert lengths(scene) == [40, 60]


def test_it_is_said_of_an_entry_that_nobody_edited(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site, minutes=60)
    scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(entry).quickbooks_id, "Hours": 0, "Minutes": 20})
    give_up(scene, entry)

    assert scene.sync()["blocked_reasons"] == {"QUICKBOOKS_REFUSED": 1}
    assert run_command("resolve", entry, "leave_out").code == 0
    assert scene.sync().counts == {"unchanged": 1}
    assert lengths(scene) == [20]


def test_another_decision_waits_until_it_can_no_longer_arrive(scene: Scene, changed: str, settings: Any) -> None:
    scene.stretch(changed, 330)
    scene.sync()
    give_up(scene, changed)

    assert item(preview(scene, changed, "override")).verb == "block"
    settings.SETTLE_SECONDS = 0
    scene.sync()
    done = carry_out(scene, preview(scene, changed, "override"))

    assert (item(done).outcome, lengths(scene)) == ("updated", [330])
    assert scene.sync().counts == {"unchanged": 1}


def test_one_that_turns_up_becomes_a_receipt(scene: Scene, billed: str) -> None:
    give_up(scene, billed)
    scene.put("TimeActivity", json.loads(Action.objects.latest("pk").body))

    assert scene.sync().counts == {"unchanged": 1}
    assert scene.explain(billed)["state"] == "sent"
