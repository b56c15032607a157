"""A person's decision on similar activities: taken as ours, sent again, or left out; refused once anything changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from integrations.models import ConnectionEvent
from mapping.errors import Refused
from syncjobs.ledger import lease
from syncjobs.models import Action, EntryOverride, EntryStatus, Receipt, Run, RunItem, WriterLease
from syncjobs.runs import lifecycle as runs
from syncjobs.settling import manual
from syncjobs.settling.manual import UncertainWriteDecision
from tests.support.factories import ReceiptFactory
from tests.support.scene import Scene, run_command


@pytest.fixture
def entry(scene: Scene, ada: str, site: str) -> str:
    """Create an entry sent without an answer and changed in QuickBooks since, so that only a person can decide."""
    entry = scene.entry(ada, site, description="Design")
    run = scene.sync()
    # As if the process had died before the answer came: quicker than waiting for a silent host.
    Receipt.objects.all().delete()
    Action.objects.update(state=Action.State.SENDING, quickbooks_id="", ended_at=None)
    RunItem.objects.filter(run_id=run["run"]).update(outcome="unknown", quickbooks_id="")
    scene.put("TimeActivity", {"Id": scene.activities()[0]["Id"], "Minutes": 7})
    assert scene.sync().counts == {"unknown": 1}
    return entry


def similar_activity(scene: Scene) -> str:
    return str(scene.activities()[0]["Id"])


def seen(scene: Scene) -> UncertainWriteDecision:
    """Return the decision on what the page shows the person."""
    [uncertain] = manual.look(scene.workspace, manual.waiting(scene.workspace))
    versions = {activity.id: activity.sync_token for activity in uncertain.alike}
    return UncertainWriteDecision(scene.workspace, uncertain.action.pk, versions, note="Asked Ada.")


def test_this_is_it_gives_a_receipt_that_says_the_difference(scene: Scene, entry: str) -> None:
    key = similar_activity(scene)

    manual.take(seen(scene), key, now=timezone.now())

    receipt = scene.receipt(entry)
    assert (receipt.quickbooks_id, scene.open_actions()) == (key, 0)
    assert receipt.differences == ["minutes: sent 60, QuickBooks has 67"]
    assert scene.sync().counts == {"unchanged": 1}
    difference = {"field": "minutes", "sent": "60", "quickbooks": "67", "now": "60"}
    assert scene.explain(entry)["differences"] == [difference]
    assert len(scene.activities()) == 1
    event = ConnectionEvent.objects.get(kind="doubt_decided")
    assert key in event.message and entry in event.message and "Asked Ada." in event.message


def test_what_a_person_took_is_not_deleted_by_an_undo(scene: Scene, entry: str) -> None:
    action = Action.objects.get(state="sending")
    manual.take(seen(scene), similar_activity(scene), now=timezone.now())

    done = run_command("undo_run", str(action.run_id))

    assert (done["seen"], done["deleted"], done["left_alone"]) == (0, 0, 1)
    assert len(scene.activities()) == 1


def test_none_of_these_is_sent_once_more_and_only_once(scene: Scene, entry: str) -> None:
    activity_id, old = similar_activity(scene), Action.objects.get(state="sending")

    second_action = manual.send_again(seen(scene), now=timezone.now())

    assert (second_action.excluded_ids, second_action.request_id == old.request_id) == ([activity_id], False)
    assert scene.sync().counts == {"sent": 1}
    assert scene.sync().counts == {"unchanged": 1}
    assert len(scene.activities()) == 2
    assert scene.receipt(entry).quickbooks_id != activity_id
    assert Action.objects.get(pk=old.pk).state == "abandoned"


@pytest.mark.parametrize(
    ("decision", "then", "activities"),
    [("adopt", {"unchanged": 1}, 1), ("send_anyway", {"sent": 1}, 2), ("leave_out", {"blocked": 1}, 1)],
)
def test_a_command_decides_as_the_page_does(
    scene: Scene, entry: str, decision: str, then: dict[str, int], activities: int
) -> None:
    key = similar_activity(scene)
    refused = run_command("resolve", entry, "retry")
    assert refused.code == 2 and f"({key})" in refused.stderr, refused

    result = run_command("resolve", entry, f"adopt={key}" if decision == "adopt" else decision)

    assert result.code == 0, result.stderr
    run = scene.sync()
    assert (run.code, run.counts) == (0, then)
    assert (len(scene.activities()), scene.open_actions()) == (activities, 0)


def test_left_out_sends_and_deletes_nothing(scene: Scene, entry: str) -> None:
    action = Action.objects.get(state="sending")

    manual.leave_out(seen(scene), now=timezone.now())

    assert (scene.open_actions(), len(scene.activities()), Receipt.objects.count()) == (0, 1, 0)
    assert scene.explain(entry)["state"] == "ignored"
    assert EntryOverride.objects.get().note == "Asked Ada."
    assert RunItem.objects.get(run_id=action.run_id, entry_id=entry).outcome == "blocked"
    assert scene.sync().counts == {"blocked": 1}
    assert len(scene.activities()) == 1


def settle_by_itself(scene: Scene) -> None:
    scene.put("TimeActivity", {"Id": similar_activity(scene), "Minutes": 0})
    scene.sync()


def edit_there(scene: Scene) -> None:
    scene.put("TimeActivity", {"Id": similar_activity(scene), "Minutes": 8})


def bring_another(scene: Scene) -> None:
    fields = {key: value for key, value in scene.activities()[0].items() if key not in {"Id", "SyncToken", "MetaData"}}
    scene.put("TimeActivity", {**fields, "Minutes": 9})


def delete_in_clockify(scene: Scene) -> None:
    scene.delete_entry(*scene.place.entries)
    scene.sync()


def put_right(scene: Scene) -> None:
    scene.put("TimeActivity", {"Id": similar_activity(scene), "Minutes": 0})


@pytest.mark.parametrize(
    ("change", "verb", "word"),
    [
        (settle_by_itself, "take", "already been resolved"),
        pytest.param(settle_by_itself, "send_again", "already been resolved", marks=pytest.mark.slow),
        pytest.param(settle_by_itself, "leave_out", "already been resolved", marks=pytest.mark.slow),
        (edit_there, "take", "changed in QuickBooks since"),
        pytest.param(edit_there, "send_again", "changed in QuickBooks since", marks=pytest.mark.slow),
        pytest.param(
            lambda scene: scene.delete_activity(similar_activity(scene)),
            "send_again",
            "is gone",
            marks=pytest.mark.slow,
        ),
        (bring_another, "send_again", "is new or"),
        pytest.param(bring_another, "leave_out", "is new or", marks=pytest.mark.slow),
        (put_right, "send_again", "fits exactly now"),
        pytest.param(put_right, "leave_out", "fits exactly now", marks=pytest.mark.slow),
        pytest.param(
            lambda scene: scene.delete_activity(similar_activity(scene)), "take", "is gone", marks=pytest.mark.slow
        ),
        (delete_in_clockify, "send_again", "deleted in Clockify"),
    ],
)
def test_a_decision_on_what_moved_meanwhile_is_refused(
    scene: Scene, entry: str, change: Callable[[Scene], object], verb: str, word: str
) -> None:
    decision, key = seen(scene), similar_activity(scene)
    change(scene)
    before = len(scene.activities()), scene.open_actions(), Receipt.objects.count()

    with pytest.raises(Refused, match=word):
        if verb == "take":
            manual.take(decision, key, now=timezone.now())
        else:
            getattr(manual, verb)(decision, now=timezone.now())

    assert (len(scene.activities()), scene.open_actions(), Receipt.objects.count()) == before
    assert not ConnectionEvent.objects.filter(kind="doubt_decided").exists()
    assert WriterLease.objects.get().owner == ""


def test_who_writes_at_the_moment_is_named(scene: Scene, entry: str) -> None:
    decision = seen(scene)
    run = runs.create_run("sync", scene.workspace, trigger="button", now=timezone.now())
    assert lease.try_take_writer_lease(scene.company, run, "elsewhere:1:a")

    with pytest.raises(Refused, match=f"Time sync {run.pk}, started by a button"):
        manual.take(decision, similar_activity(scene), now=timezone.now())

    assert scene.open_actions() == 1


def test_a_decision_whose_lease_ran_out_while_it_read_changes_nothing(
    scene: Scene, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = seen(scene)
    look = manual.look

    def slowly(*args: object) -> object:
        WriterLease.objects.update(until=timezone.now() - timedelta(seconds=1))
        return look(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(manual, "look", slowly)

    with pytest.raises(Refused, match="too slowly"):
        manual.take(decision, similar_activity(scene), now=timezone.now())

    assert (scene.open_actions(), Receipt.objects.count()) == (1, 0)


@pytest.mark.each_case
def test_a_decision_waits_for_a_run_that_settles_the_write_at_this_moment(
    scene: Scene, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision, look, begun = seen(scene), manual.look, threading.Event()

    def settle() -> None:
        with transaction.atomic():
            Action.objects.filter(pk=decision.action_id).update(state=Action.State.DONE)
            begun.set()
            time.sleep(0.5)
        connections.close_all()

    settling = threading.Thread(target=settle)

    def settled_meanwhile(*args: object) -> object:
        found = look(*args)  # type: ignore[arg-type]
        settling.start()
        begun.wait()
        return found

    monkeypatch.setattr(manual, "look", settled_meanwhile)

    with pytest.raises(Refused, match="already been resolved"):
        manual.take(decision, similar_activity(scene), now=timezone.now())

    settling.join()
    assert not Receipt.objects.exists()


def test_writes_that_are_merely_uncertain_need_nobody(scene: Scene, entry: str) -> None:
    Action.objects.update(needs_person=False)

    assert (manual.waiting(scene.workspace), len(manual.settling(scene.workspace))) == ([], 1)


# --- what is looked at --------------------------------------------------------------------------------------
def put_alike(scene: Scene, **fields: object) -> str:
    """Enter another activity like the one in doubt; return its id."""
    alike = {key: value for key, value in scene.activities()[0].items() if key not in {"Id", "SyncToken", "MetaData"}}
    return str(scene.put("TimeActivity", alike | fields)["Id"])


def alike(scene: Scene) -> list[str]:
    [uncertain] = manual.look(scene.workspace, manual.waiting(scene.workspace))
    return [activity.id for activity in uncertain.alike]


def test_only_what_almost_fits_and_belongs_to_nobody_is_offered(scene: Scene, entry: str) -> None:
    first, second = similar_activity(scene), put_alike(scene, Minutes=9)
    owned, _ = put_alike(scene, Minutes=11), put_alike(scene, Minutes=12, Description="Something else")
    ReceiptFactory(workspace=scene.workspace, company=scene.company, entry_id="another", quickbooks_id=owned)
    assert alike(scene) == [first, second]

    manual.take(seen(scene), second, now=timezone.now())

    assert scene.receipt(entry).quickbooks_id == second


def test_what_is_said_of_a_write_in_doubt_names_what_almost_fits_now(scene: Scene, entry: str) -> None:
    first = similar_activity(scene)
    assert Action.objects.get(state="sending").error_message.endswith(f"similar activities: {first}.")
    second = put_alike(scene, Minutes=9)

    assert scene.sync().counts == {"unknown": 1}

    message = f"QuickBooks has similar activities: {first}, {second}."
    assert Action.objects.get(state="sending").error_message == message
    assert RunItem.objects.latest("pk").error_message == message


def test_what_was_ruled_out_is_not_offered_again(scene: Scene, entry: str) -> None:
    first = similar_activity(scene)
    manual.send_again(seen(scene), now=timezone.now())
    second = put_alike(scene, Minutes=9)
    Action.objects.filter(state="sending").update(needs_person=True)

    assert alike(scene) == [second]
    again = manual.send_again(seen(scene), now=timezone.now())
    assert again.excluded_ids == [first, second]


def test_what_waits_for_a_person_and_what_does_not(scene: Scene, entry: str) -> None:
    action = Action.objects.get(state="sending")
    assert (manual.waiting(scene.workspace), manual.settling(scene.workspace)) == ([action], [])

    # Of updates and deletions a reading tells what became of them.
    Action.objects.filter(pk=action.pk).update(verb="update")
    assert (manual.waiting(scene.workspace), manual.settling(scene.workspace)) == ([], [action])

    Action.objects.filter(pk=action.pk).update(tried_in=action.run_id)
    Run.objects.filter(pk=action.run_id).update(status=Run.Status.RUNNING)
    RunItem.objects.filter(run_id=action.run_id).update(outcome="planned")
    assert (manual.waiting(scene.workspace), manual.settling(scene.workspace)) == ([], [])


# --- what a decision leaves behind --------------------------------------------------------------------------
def status(entry: str) -> str:
    return EntryStatus.objects.get(entry__clockify_id=entry).state


def test_each_decision_is_seen_at_once_and_told_in_the_events(scene: Scene, entry: str) -> None:
    key, tried_at = similar_activity(scene), Action.objects.get(state="sending").tried_at

    action = manual.send_again(seen(scene), now=timezone.now())

    assert (status(entry), action.tried_at) == ("unknown", tried_at)
    sentence = f"None of {key} is time entry {entry}; the next run sends it again. Asked Ada."
    assert ConnectionEvent.objects.get(kind="doubt_decided").message == sentence
    Action.objects.filter(pk=action.pk).update(needs_person=True)
    manual.send_again(UncertainWriteDecision(scene.workspace, action.pk, {}), now=timezone.now())
    sentence = f"None of none is time entry {entry}; the next run sends it again."
    assert ConnectionEvent.objects.filter(kind="doubt_decided").latest("pk").message == sentence


def test_a_write_that_was_left_out_is_told_and_its_item_says_why(scene: Scene, entry: str) -> None:
    run = Action.objects.get(state="sending").run_id

    manual.leave_out(seen(scene), now=timezone.now())

    assert status(entry) == "ignored"
    sentence = f"The write in doubt of time entry {entry} was left out; the entry is ignored. Asked Ada."
    assert ConnectionEvent.objects.get(kind="doubt_decided").message == sentence
    assert RunItem.objects.get(run_id=run).reasons == [{"code": "IGNORED", "what": "This entry"}]


@pytest.mark.parametrize("deleted", [False, True], ids=["there", "deleted in Clockify"])
def test_a_write_that_was_taken_counts_as_sent_at_once(scene: Scene, entry: str, deleted: bool) -> None:
    if deleted:
        delete_in_clockify(scene)

    manual.take(seen(scene), similar_activity(scene), now=timezone.now())

    assert status(entry) == ("changed" if deleted else "sent")


# --- refused -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "values", [{"state": "done"}, {"needs_person": False}, {"verb": "update"}], ids=["done", "nobody asked", "update"]
)
def test_only_an_open_create_that_waits_for_a_person_is_decided(
    scene: Scene, entry: str, values: dict[str, object]
) -> None:
    decision, key = seen(scene), similar_activity(scene)
    Action.objects.filter(pk=decision.action_id).update(**values)

    with pytest.raises(Refused, match="already been resolved"):
        manual.take(decision, key, now=timezone.now())
    with pytest.raises(Refused, match="already been resolved"):
        manual.take(replace(decision, action_id=0), key, now=timezone.now())

    assert not Receipt.objects.exists()


def test_nothing_is_sent_again_for_an_ignored_entry_or_one_that_is_not_known(scene: Scene, entry: str) -> None:
    decision = seen(scene)
    scene.ignore_entry(entry)
    with pytest.raises(Refused, match="ignored here"):
        manual.send_again(decision, now=timezone.now())

    scene.mirrored(entry).delete()
    with pytest.raises(Refused, match="deleted in Clockify"):
        manual.send_again(decision, now=timezone.now())


def test_an_activity_that_another_entry_adopts_in_this_moment_is_refused(
    scene: Scene, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision, key, look = seen(scene), similar_activity(scene), manual.look

    def adopted_meanwhile(*args: object) -> object:
        found = look(*args)  # type: ignore[arg-type]
        ReceiptFactory(workspace=scene.workspace, company=scene.company, entry_id="another", quickbooks_id=key)
        return found

    monkeypatch.setattr(manual, "look", adopted_meanwhile)

    with pytest.raises(Refused, match=f"Activity {key} belongs to another entry"):
        manual.take(decision, key, now=timezone.now())

    assert (scene.open_actions(), Receipt.objects.count()) == (1, 1)
