"""A person's decision on similar activities: taken as ours, sent again, or left out; refused once anything changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import ConnectionEvent
from mapping.errors import Refused
from syncjobs.ledger import lease
from syncjobs.models import Action, EntryOverride, Receipt, RunItem, WriterLease
from syncjobs.runs import lifecycle as runs
from syncjobs.settling import manual
from syncjobs.settling.manual import UncertainWriteDecision
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
        (settle_by_itself, "take", "settled meanwhile"),
        pytest.param(settle_by_itself, "send_again", "settled meanwhile", marks=pytest.mark.slow),
        pytest.param(settle_by_itself, "leave_out", "settled meanwhile", marks=pytest.mark.slow),
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


def test_writes_that_are_merely_uncertain_need_nobody(scene: Scene, entry: str) -> None:
    Action.objects.update(needs_person=False)

    assert (manual.waiting(scene.workspace), len(manual.settling(scene.workspace))) == ([], 1)
