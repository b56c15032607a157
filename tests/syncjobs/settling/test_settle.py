"""What settling does with one reading: whose an activity is, and what it does not touch."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.limits import retry
from syncjobs.models import Action, Receipt, RunItem
from tests.support.oracle import assert_books_agree
from tests.support.scene import Result, Scene, run_command


@pytest.fixture(autouse=True)
def short_timeouts(settings: Any) -> None:
    settings.GIVE_UP_SECONDS = 2


def sync_without_answers(scene: Scene, kind: str) -> Result:
    """Sync while no write is answered, nor the reading that looks for it afterwards."""
    scene.fault(kind, times=0)
    scene.fault("cut_before", "query.*TimeActivity", method="GET", skip=1, times=0)
    run = scene.sync()
    scene.clear_faults()
    return run


@pytest.mark.any_database
@pytest.mark.parametrize("odd", [{}, {"Hours": "NaN", "Minutes": "NaN"}], ids=["as it was", "not readable any more"])
def test_time_that_was_there_before_the_first_attempt_is_not_taken_for_it(
    scene: Scene, ada: str, site: str, odd: dict[str, str]
) -> None:
    first = scene.entry(ada, site, description="Design")
    scene.sync()
    # Somebody's own, exactly what is sent next: a person says that it is another hour.
    Receipt.objects.all().delete()
    scene.delete_entry(first)
    entry = scene.entry(ada, site, description="Design")
    scene.check()
    [theirs] = scene.activities()
    scene.set_aside(entry, "ALREADY_IN_QUICKBOOKS")
    assert sync_without_answers(scene, "cut_before").counts == {"unknown": 1}
    if odd:
        scene.fault("answer_after_commit", "query", method="", record=theirs["Id"], change=odd, times=0)

    assert scene.sync().counts == {"sent": 1}

    assert scene.receipt(entry).quickbooks_id != theirs["Id"]
    assert len(scene.activities()) == 2


@pytest.mark.any_database
def test_an_answer_that_is_only_replayed_creates_nothing_that_people_deleted(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    first = sync_without_answers(scene, "cut_after_commit")
    assert first.counts == {"unknown": 1}
    [arrived] = scene.activities()
    scene.delete_activity(arrived["Id"])

    run = scene.sync()

    assert (run.counts, run["blocked_reasons"]) == ({"blocked": 1}, {"CHANGED_IN_QUICKBOOKS": 1})
    assert scene.receipt(entry).conflict == "CHANGED_IN_QUICKBOOKS"
    for run_id in (first["run"], run["run"]):
        item = RunItem.objects.get(run_id=run_id, entry_id=entry)
        assert (item.outcome, item.reasons) == ("blocked", [{"code": "CHANGED_IN_QUICKBOOKS", "how": "deleted"}])
    assert scene.activities() == []


@pytest.mark.any_database
def test_an_activity_of_another_entry_that_cannot_be_read_holds_nothing(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site, description="Kept")
    scene.sync()
    [kept] = scene.activities()
    scene.entry(ada, site, description="Design")
    assert sync_without_answers(scene, "cut_before").counts == {"unknown": 1, "unchanged": 1}
    odd = {"Hours": "NaN", "Minutes": "NaN"}
    scene.fault("answer_after_commit", "query", method="", record=kept["Id"], change=odd, times=0)

    assert scene.sync().counts == {"sent": 1, "unchanged": 1}

    scene.clear_faults()
    assert_books_agree(scene)


@pytest.mark.any_database
def test_of_equal_writes_the_one_that_is_still_tried_takes_what_arrived(scene: Scene, ada: str, site: str) -> None:
    given_up, tried = (scene.entry(ada, site, description="Twin") for _ in range(2))
    scene.fault("500_html", times=0)
    for _ in range(retry.MAX_TRIED_RUNS):
        scene.sync()
    scene.clear_faults()
    assert run_command("resolve", tried, "retry").code == 0
    arrived = scene.put("TimeActivity", json.loads(Action.objects.filter(entry_id=given_up).latest("pk").body))["Id"]

    scene.sync()

    assert scene.receipt(tried).quickbooks_id == arrived
    assert not Receipt.objects.filter(entry_id=given_up).exists()


@pytest.mark.any_database
def test_an_update_that_a_newer_one_replaced_is_not_found_again(scene: Scene, ada: str, site: str) -> None:
    """Somebody puts back by hand what an update without an answer would have written, had it arrived."""
    entry = scene.entry(ada, site, description="First")
    scene.sync()
    scene.edit_entry(entry, description="Second")
    assert sync_without_answers(scene, "cut_before").counts == {"unknown": 1}
    scene.edit_entry(entry, description="Third")
    assert scene.sync().counts == {"updated": 1}
    # Its attempt may still be on its way.
    closed = Action.objects.filter(verb="update", state="missing")
    assert closed.update(watch_until=timezone.now() + timedelta(minutes=3)) == 1
    scene.put("TimeActivity", {"Id": scene.receipt(entry).quickbooks_id, "Description": "Second"})

    scene.sync()

    assert scene.receipt(entry).draft["description"] == "Third"
    assert closed.count() == 1
