"""What settling does with one reading: whose an activity is, and what it does not touch."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.limits import retry
from integrations.quickbooks.client import QuickBooksApiClient
from syncjobs.models import Action, Receipt, RunItem
from syncjobs.planning.unanswered import Absent
from syncjobs.settling.settle import settle
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
    for _ in range(2):
        scene.entry(ada, site, description="Twin")
    scene.fault("500_html", times=0)
    for _ in range(retry.MAX_TRIED_RUNS):
        scene.sync()
    scene.clear_faults()
    # Of the older one nobody wants more, so that their age does not decide.
    given_up, tried = (action.entry_id for action in Action.objects.filter(state="given_up").order_by("pk"))
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


def settled(scene: Scene) -> dict[str, Absent]:
    company = scene.workspace.company
    assert company is not None
    return settle(company, QuickBooksApiClient(company))


# --- how long a write is looked for ------------------------------------------------------------------------
@pytest.mark.any_database
@pytest.mark.parametrize("verb", ["update", "create"])
def test_what_was_closed_is_looked_for_until_it_can_no_longer_arrive(
    scene: Scene, ada: str, site: str, verb: str
) -> None:
    entry = scene.entry(ada, site)
    if verb == "update":
        scene.sync()
        scene.edit_entry(entry, description="Second")
    sync_without_answers(scene, "cut_before")
    # Only a create may be absent: an update has a record, whose reading says what became of it.
    assert settled(scene).keys() == ({entry} if verb == "create" else set())
    ended = "missing" if verb == "update" else "given_up"
    closed = Action.objects.filter(verb=verb, state=ended)
    Action.objects.filter(state="sending").update(state=ended, watch_until=timezone.now() + timedelta(minutes=3))

    settled(scene)
    assert closed.get().watch_until is not None
    closed.update(watch_until=timezone.now() - timedelta(seconds=1))
    settled(scene)

    assert closed.get().watch_until is None
    scene.zero_calls()
    assert settled(scene) == {} and not scene.calls()


@pytest.mark.any_database
def test_a_create_that_did_not_arrive_in_time_gets_one_more_reading_for_late_duplicates(
    scene: Scene, ada: str, site: str, settings: Any
) -> None:
    settings.SETTLE_SECONDS = 0
    entry = scene.entry(ada, site, description="First")
    sync_without_answers(scene, "cut_before")
    scene.edit_entry(entry, description="Second")
    assert scene.sync().counts == {"sent": 1}
    missing = Action.objects.filter(state="missing")
    # Its watch ended since that reading, and at its very end it arrived.
    assert missing.update(watch_until=timezone.now()) == 1
    scene.put("TimeActivity", json.loads(missing.get().body))

    scene.sync()

    assert [record["Description"] for record in scene.activities()] == ["Second"]
    assert missing.get().watch_until is None


# --- updates and deletes -----------------------------------------------------------------------------------
@pytest.fixture
def edited(scene: Scene, ada: str, site: str) -> str:
    """Create an entry that was sent, and edited since."""
    entry = scene.entry(ada, site, description="First")
    scene.sync()
    scene.edit_entry(entry, description="Second")
    return entry


@pytest.mark.any_database
def test_an_update_that_arrived_without_an_answer_has_the_receipt_of_what_is_there(scene: Scene, edited: str) -> None:
    sync_without_answers(scene, "cut_after_commit")
    [record] = scene.activities()

    settled(scene)

    receipt = scene.receipt(edited)
    assert (receipt.draft["description"], receipt.sync_token) == ("Second", record["SyncToken"])
    assert Action.objects.get(verb="update").state == "done"


@pytest.mark.any_database
def test_a_deletion_that_arrived_without_an_answer_is_done(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    scene.sync()
    scene.delete_entry(entry)
    sync_without_answers(scene, "cut_after_commit")

    settled(scene)

    assert scene.receipt(entry).state == "deleted"
    assert Action.objects.get(verb="delete").state == "done"


@pytest.mark.any_database
def test_an_update_that_did_not_arrive_is_over_once_people_deleted_the_activity(scene: Scene, edited: str) -> None:
    sync_without_answers(scene, "cut_before")
    scene.delete_activity(scene.receipt(edited).quickbooks_id)

    settled(scene)

    assert Action.objects.get(verb="update").state == "abandoned"
    assert scene.sync()["blocked_reasons"] == {"CHANGED_IN_QUICKBOOKS": 1}


@pytest.mark.any_database
def test_an_update_that_did_not_arrive_is_over_once_people_changed_the_activity(scene: Scene, edited: str) -> None:
    sync_without_answers(scene, "cut_before")
    scene.put("TimeActivity", {"Id": scene.receipt(edited).quickbooks_id, "Description": "By hand"})

    settled(scene)

    assert Action.objects.get(verb="update").state == "abandoned"
    assert scene.sync()["blocked_reasons"] == {"CHANGED_IN_QUICKBOOKS": 1}


# --- activities that can't be read -------------------------------------------------------------------------
@pytest.mark.any_database
@pytest.mark.parametrize(
    ("meta_data", "counts"),
    [
        ({"MetaData": {"CreateTime": "2026-01-02T03:04:05-08:00"}}, {"sent": 1}),
        ({"MetaData": {}}, {"unknown": 1}),
        ({}, {"unknown": 1}),
    ],
    ids=["older than the write", "of unknown age", "new"],
)
def test_an_activity_that_cannot_be_read_may_be_any_that_is_not_older(
    scene: Scene, ada: str, site: str, meta_data: dict[str, Any], counts: dict[str, int]
) -> None:
    scene.entry(ada, site, description="Design")
    assert sync_without_answers(scene, "cut_before").counts == {"unknown": 1}
    body = json.loads(Action.objects.get().body)
    odd = scene.put("TimeActivity", body | {"Description": "Somebody's", "Hours": 7})["Id"]
    change = {"Hours": "NaN", "Minutes": "NaN", **meta_data}
    scene.fault("answer_after_commit", "query", method="", record=odd, change=change, times=0)

    assert scene.sync().counts == counts


# --- activities that almost fit ----------------------------------------------------------------------------
@pytest.mark.any_database
def test_a_person_is_told_which_activities_almost_fit_as_long_as_they_do(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site, description="Design")
    sync_without_answers(scene, "cut_before")
    body, first_words = json.loads(Action.objects.get().body), Action.objects.get().error_message
    assert settled(scene).keys() == {entry}
    assert (Action.objects.get().needs_person, Action.objects.get().error_message) == (False, first_words)

    one = scene.put("TimeActivity", body | {"Minutes": 1})["Id"]
    assert settled(scene) == {}
    action = Action.objects.get()
    assert (action.needs_person, action.error_message) == (True, f"QuickBooks has similar activities: {one}.")
    other = scene.put("TimeActivity", body | {"Minutes": 2})["Id"]
    settled(scene)
    words = f"QuickBooks has similar activities: {', '.join(sorted([one, other]))}."
    assert Action.objects.get().error_message == words

    scene.delete_activity(one)
    scene.delete_activity(other)

    assert settled(scene).keys() == {entry}
    assert (Action.objects.get().needs_person, Action.objects.get().error_message) == (False, words)
