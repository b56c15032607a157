"""Updates and deletes without an answer whose activity somebody changed before it was looked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from syncjobs.models import Action
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene
from tests.syncjobs.runs.test_correction import carry_out, changed, item, lengths, preview

# What a vendor answers, whatever the database.
pytestmark = pytest.mark.any_database
__all__ = ["changed"]

# A gateway's page half a second later, while QuickBooks did nothing.
NO_ANSWER: dict[str, Any] = {"kind": "answer_before", "status": 502, "body": "<html></html>"}


@pytest.fixture
def entry(scene: Scene, ada: str, site: str) -> str:
    entry = scene.entry(ada, site)
    scene.sync()
    return entry


def change_hours(scene: Scene, key: str) -> None:
    scene.put("TimeActivity", {"Id": key, "Hours": 5})


def bill(scene: Scene, key: str) -> None:
    scene.bill(key)


def delete(scene: Scene, key: str) -> None:
    scene.delete_activity(key)


@pytest.mark.parametrize(
    ("verb", "happens", "code"),
    [
        ("update", change_hours, "CHANGED_IN_QUICKBOOKS"),
        ("update", bill, "BILLED_IN_QUICKBOOKS"),
        ("update", delete, "CHANGED_IN_QUICKBOOKS"),
        ("delete", change_hours, "CHANGED_IN_QUICKBOOKS"),
        ("delete", bill, "BILLED_IN_QUICKBOOKS"),
    ],
)
def test_what_somebody_changed_meanwhile_is_held_in_that_very_run(
    scene: Scene, entry: str, verb: str, happens: Callable[[Scene, str], None], code: str
) -> None:
    key = scene.receipt(entry).quickbooks_id
    scene.stretch(entry, 90) if verb == "update" else scene.edit_entry(entry, billable=False)
    scene.switch(billing_moves_sync_token=True)
    scene.at_the_next_write(lambda: happens(scene, key), **NO_ANSWER)

    run = scene.sync()

    assert (run.code, run["blocked_reasons"]) == (0, {code: 1}), run.json
    assert scene.explain(entry).codes == {code}
    assert scene.sync()["blocked_reasons"] == {code: 1}


def test_a_delete_that_arrives_late_is_watched_no_more(scene: Scene, entry: str) -> None:
    scene.edit_entry(entry, billable=False)
    scene.fault("cut_before", times=0)
    assert scene.sync().counts == {"unknown": 1}
    scene.clear_faults()
    scene.delete_activity(scene.receipt(entry).quickbooks_id)

    assert scene.sync().code == 0
    assert scene.explain(entry)["state"] == "blocked"
    assert not Action.objects.filter(watch_until__isnull=False).exists()


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_what_is_not_ours_moves_the_token_and_stops_nothing(scene: Scene, entry: str, verb: str) -> None:
    key = scene.receipt(entry).quickbooks_id
    scene.stretch(entry, 90) if verb == "update" else scene.edit_entry(entry, billable=False)
    scene.at_the_next_write(lambda: scene.annotate(key, cost_rate=12), **NO_ANSWER)

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"updated": 1} if verb == "update" else {"deleted": 1})
    assert_books_agree(scene)


def test_a_decision_is_carried_out_after_a_lost_answer_if_nothing_changed(scene: Scene, changed: str) -> None:
    preview_run = preview(scene, changed, "override")
    scene.fault("cut_before", times=1)

    done = carry_out(scene, preview_run)

    assert (done.status, item(done).outcome, lengths(scene)) == ("succeeded", "updated", [90])


def test_a_decision_is_held_where_something_changed_meanwhile(scene: Scene, changed: str) -> None:
    key = scene.receipt(changed).quickbooks_id
    preview_run = preview(scene, changed, "override")
    scene.at_the_next_write(lambda: scene.put("TimeActivity", {"Id": key, "Hours": 6}), **NO_ANSWER)

    done = carry_out(scene, preview_run)

    assert (item(done).outcome, item(done).reasons[0]["code"]) == ("blocked", "CHANGED_IN_QUICKBOOKS")
    assert lengths(scene) == [360]
