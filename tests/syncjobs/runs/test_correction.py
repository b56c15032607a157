"""Time that was billed or changed by hand after it was sent: corrections, each shown before it is made."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from mapping.errors import Refused
from syncjobs.models import EntryOverride, Receipt, Run, RunItem
from syncjobs.runs import correction, undo
from syncjobs.runs import lifecycle as runs
from syncjobs.runs.execution import RunExecution
from syncjobs.settling.adopt import adopt
from tests.support.scene import Scene, run_command


def preview(scene: Scene, entry: str, option: str) -> Run:
    """Run the preview that the desk's button requests, right here."""
    return work(scene, dry_run=True, **correction.run_details(scene.workspace, scene.mirrored(entry), option))


def carry_out(scene: Scene, preview_run: Run) -> Run:
    """Run what the button of the preview's page requests."""
    options = correction.as_shown(preview_run)
    return work(scene, first=preview_run.from_date, last=preview_run.to_date, options=options)


def work(scene: Scene, **details: Any) -> Run:
    run = runs.create_run("sync", scene.workspace, trigger="button", now=timezone.now(), **details)
    return RunExecution(run).work()


def item(run: Run) -> RunItem:
    return run.items.get()


def lengths(scene: Scene) -> list[int]:
    return sorted(activity["Hours"] * 60 + activity["Minutes"] for activity in scene.activities())


@pytest.fixture
def billed(scene: Scene, ada: str, site: str) -> str:
    """Create an hour that was billed, and is an hour and a half in Clockify since."""
    entry = scene.entry(ada, site, minutes=60)
    scene.sync()
    scene.bill(scene.receipt(entry).quickbooks_id)
    scene.stretch(entry, 90)
    assert scene.sync()["blocked_reasons"] == {"BILLED_IN_QUICKBOOKS": 1}
    return entry


@pytest.fixture
def changed(scene: Scene, ada: str, site: str) -> str:
    """Create an hour that somebody made five in QuickBooks, and is an hour and a half in Clockify since."""
    entry = scene.entry(ada, site, minutes=60)
    scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(entry).quickbooks_id, "Hours": 5, "Minutes": 0})
    scene.stretch(entry, 90)
    assert scene.sync()["blocked_reasons"] == {"CHANGED_IN_QUICKBOOKS": 1}
    return entry


# --- adding what is missing ------------------------------------------------------------------------------------
def test_what_is_missing_beside_an_invoice_is_added_once_and_the_invoice_stays(scene: Scene, billed: str) -> None:
    preview_run = preview(scene, billed, "correct")
    assert (item(preview_run).verb, item(preview_run).minutes, lengths(scene)) == ("create", 30, [60])
    assert "Adds 0:30 as a new activity" in item(preview_run).why

    done = carry_out(scene, preview_run)

    assert (done.status, item(done).outcome, lengths(scene)) == ("succeeded", "sent", [30, 60])
    billed_activity = scene.activity(billed)
    assert (billed_activity["SyncToken"], billed_activity["Hours"]) == ("0", 1)
    explained = scene.explain(billed).json
    assert explained["state"] == "sent"
    assert [correction_row["minutes"] for correction_row in explained["sent"]["corrections"]] == [30]
    assert scene.sync().counts == {"unchanged": 1}
    assert carry_out(scene, preview_run).items.get().outcome == "blocked"
    assert lengths(scene) == [30, 60]


def test_a_later_edit_beside_a_correction_waits_for_a_person_who_may_add_again(scene: Scene, billed: str) -> None:
    carry_out(scene, preview(scene, billed, "correct"))
    scene.stretch(billed, 100)

    assert scene.sync()["blocked_reasons"] == {"CHANGED_IN_QUICKBOOKS": 1}
    assert lengths(scene) == [30, 60]
    carry_out(scene, preview(scene, billed, "correct"))

    assert lengths(scene) == [10, 30, 60]
    assert sorted(Receipt.objects.values_list("part", "corrections")) == [(0, 2), (1, 0), (2, 0)]


def test_deleting_in_clockify_beside_a_correction_deletes_nothing(scene: Scene, changed: str) -> None:
    scene.stretch(changed, 330)
    scene.sync()
    carry_out(scene, preview(scene, changed, "correct"))
    assert lengths(scene) == [30, 300]
    scene.delete_entry(changed)

    assert scene.sync()["blocked_reasons"] == {"CHANGED_IN_QUICKBOOKS": 1}
    preview_run = preview(scene, changed, "override")

    assert (item(preview_run).verb, lengths(scene)) == ("block", [30, 300])
    assert "Undo the run that added it" in item(preview_run).why


def test_a_correction_can_be_undone_and_the_entry_waits_again(scene: Scene, billed: str) -> None:
    done = carry_out(scene, preview(scene, billed, "correct"))

    undone = run_command("undo_run", str(done.pk))

    assert (undone["deleted"], lengths(scene)) == (1, [60])
    assert not undo.sends_again(done) and scene.sync()["sent"] == 0
    assert Receipt.objects.get(part=0).corrections == 0
    assert scene.explain(billed)["state"] == "changed"
    # Its part number is not used again: the old receipt records what was taken back.
    carry_out(scene, preview(scene, billed, "correct"))
    assert lengths(scene) == [30, 60]
    assert sorted(Receipt.objects.values_list("part", "state")) == [(0, "sent"), (1, "deleted"), (2, "sent")]


def test_time_can_be_added_and_never_taken_away(scene: Scene, billed: str) -> None:
    scene.stretch(billed, 45)
    scene.sync()

    preview_run = preview(scene, billed, "correct")

    assert item(preview_run).verb == "block" and "nothing is missing" in item(preview_run).why
    assert item(carry_out(scene, preview_run)).outcome == "blocked"
    assert lengths(scene) == [60]


def test_time_billed_to_another_customer_is_added_whole_and_said_so(scene: Scene, billed: str) -> None:
    scene.edit_entry(billed, projectId=scene.project("Shop"))
    scene.check()
    scene.sync()

    preview_run = preview(scene, billed, "correct")

    assert item(preview_run).minutes == 90
    assert "1:00 of that is for somebody else" in item(preview_run).why


def test_what_the_next_sync_resolves_by_itself_is_not_corrected(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site, minutes=60)
    scene.sync()
    scene.stretch(entry, 90)
    scene.check()

    preview_run = preview(scene, entry, "correct")

    assert (preview_run.items.count(), preview_run.total) == (0, 0)
    assert scene.sync().counts == {"updated": 1}


# --- overriding ------------------------------------------------------------------------------------------------
def test_what_was_changed_by_hand_is_written_over_after_a_preview(scene: Scene, changed: str) -> None:
    preview_run = preview(scene, changed, "override")
    assert (item(preview_run).verb, lengths(scene)) == ("update", [300])
    assert "5:00 becomes 1:30" in item(preview_run).why

    done = carry_out(scene, preview_run)

    assert (item(done).outcome, lengths(scene)) == ("updated", [90])
    assert scene.explain(changed)["state"] == "sent"
    scene.stretch(changed, 100)
    assert scene.sync().counts == {"updated": 1}


def test_what_was_changed_by_hand_is_put_back_although_nobody_edited_the_entry(
    scene: Scene, ada: str, site: str
) -> None:
    entry = scene.entry(ada, site, minutes=60)
    scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(entry).quickbooks_id, "Hours": 5, "Minutes": 0})

    carry_out(scene, preview(scene, entry, "override"))

    assert lengths(scene) == [60]


def test_what_was_deleted_by_hand_is_made_again_once(scene: Scene, changed: str) -> None:
    scene.delete_activity(scene.receipt(changed).quickbooks_id)

    done = carry_out(scene, preview(scene, changed, "override"))

    assert (item(done).outcome, lengths(scene)) == ("sent", [90])
    assert scene.sync().counts == {"unchanged": 1}


def test_time_deleted_in_clockify_is_deleted_although_it_was_changed_by_hand(scene: Scene, changed: str) -> None:
    scene.delete_entry(changed)
    scene.sync()
    assert lengths(scene) == [300]

    done = carry_out(scene, preview(scene, changed, "override"))

    assert (item(done).outcome, scene.activities()) == ("deleted", [])


def test_an_invoice_is_never_written_over(scene: Scene, changed: str) -> None:
    preview_run = preview(scene, changed, "override")
    scene.bill(scene.receipt(changed).quickbooks_id)

    done = carry_out(scene, preview_run)

    assert (item(done).outcome, item(done).reasons[0]["code"]) == ("blocked", "BILLED_IN_QUICKBOOKS")
    assert lengths(scene) == [300]


@pytest.mark.parametrize("where", ["quickbooks", "clockify"])
def test_only_what_the_preview_showed_is_written(scene: Scene, changed: str, where: str) -> None:
    preview_run = preview(scene, changed, "override")
    if where == "quickbooks":
        scene.put("TimeActivity", {"Id": scene.receipt(changed).quickbooks_id, "Hours": 6})
    else:
        scene.stretch(changed, 200)

    done = carry_out(scene, preview_run)

    assert item(done).outcome == "blocked" and "changed since the preview" in item(done).why
    assert lengths(scene) == [360 if where == "quickbooks" else 300]


def test_a_lost_answer_is_looked_for_and_nothing_is_added_twice(scene: Scene, billed: str) -> None:
    preview_run = preview(scene, billed, "correct")
    scene.fault("cut_after_commit", times=1)

    carry_out(scene, preview_run)
    assert scene.hits() == 1
    scene.sync()

    assert lengths(scene) == [30, 60]
    assert sorted(Receipt.objects.values_list("part", flat=True)) == [0, 1]
    assert scene.open_actions() == 0


def test_an_entry_that_was_not_sent_has_nothing_to_correct(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    scene.sync(dry_run=True)

    with pytest.raises(Refused, match="not in QuickBooks"):
        correction.run_details(scene.workspace, scene.mirrored(entry), "override")


# --- found in review -------------------------------------------------------------------------------------------
def test_an_edit_back_to_the_billed_time_waits_for_a_person_too(scene: Scene, billed: str) -> None:
    carry_out(scene, preview(scene, billed, "correct"))
    scene.stretch(billed, 60)

    assert scene.sync()["blocked_reasons"] == {"CHANGED_IN_QUICKBOOKS": 1}
    assert (scene.explain(billed)["state"], lengths(scene)) == ("changed", [30, 60])


def test_corrections_taken_back_do_not_disturb_a_later_one_whose_answer_was_lost(scene: Scene, billed: str) -> None:
    for _ in range(2):
        done = carry_out(scene, preview(scene, billed, "correct"))
        run_command("undo_run", str(done.pk))
    before = list(RunItem.objects.order_by("pk").values_list("pk", "outcome"))
    preview_run = preview(scene, billed, "correct")
    scene.fault("cut_before", times=1)

    done = carry_out(scene, preview_run)

    assert (done.status, lengths(scene)) == ("succeeded", [30, 60])
    assert list(RunItem.objects.order_by("pk").values_list("pk", "outcome"))[: len(before)] == before
    assert not Receipt.objects.exclude(conflict="").exists()


def test_a_correction_that_a_later_sync_sends_is_that_runs_own(scene: Scene, billed: str) -> None:
    preview_run = preview(scene, billed, "correct")
    scene.fault("cut_before", times=20)
    carry_out(scene, preview_run)
    scene.clear_faults()

    later = scene.sync()

    added = Receipt.objects.get(part=1)
    assert [
        (item_row.quickbooks_id, item_row.minutes)
        for item_row in RunItem.objects.filter(run_id=later["run"], verb="create")
    ] == [(added.quickbooks_id, 30)]
    assert run_command("undo_run", str(later["run"]))["deleted"] == 1
    assert lengths(scene) == [60]


def test_what_was_left_after_its_deletion_in_clockify_stays(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site, minutes=60)
    scene.sync()
    scene.delete_entry(entry)
    scene.sync(dry_run=True)
    override = EntryOverride.objects.create(
        workspace=scene.workspace, clockify_id=entry, ignored=True, at=timezone.now()
    )

    assert (scene.sync()["blocked_reasons"], lengths(scene)) == ({"IGNORED": 1}, [60])
    override.ignored = False
    override.save()

    assert (scene.sync()["deleted"], lengths(scene)) == (1, [])


def test_an_entry_that_had_a_correction_can_be_adopted_again(scene: Scene, changed: str) -> None:
    scene.stretch(changed, 330)
    scene.sync()
    run_command("undo_run", str(carry_out(scene, preview(scene, changed, "correct")).pk))
    carry_out(scene, preview(scene, changed, "override"))
    scene.edit_entry(changed, billable=False)
    scene.sync()
    scene.edit_entry(changed, billable=True)
    sent = scene.receipt(changed).draft
    person = {"NameOf": "Employee", "EmployeeRef": {"value": sent["person_id"]}}
    time = {"TxnDate": sent["txn_date"], "Hours": 5, "Minutes": 30, "BillableStatus": "Billable"}
    activity_id = scene.put("TimeActivity", {**person, **time, "CustomerRef": {"value": sent["customer_id"]}})["Id"]
    assert scene.sync()["blocked_reasons"] == {"ALREADY_IN_QUICKBOOKS": 1}

    adopt(scene.workspace, scene.mirrored(changed), activity_id, now=timezone.now())

    assert scene.receipt(changed).quickbooks_id == activity_id


def test_a_hand_change_that_leaves_the_token_is_not_written_over_unseen(scene: Scene, changed: str) -> None:
    preview_run = preview(scene, changed, "override")
    scene.put("TimeActivity", {"Id": scene.receipt(changed).quickbooks_id, "Hours": 7}, keep_token=True)

    assert item(carry_out(scene, preview_run)).outcome == "blocked"
    assert lengths(scene) == [420]


def test_a_correction_deleted_by_hand_is_given_up_by_the_undo_of_its_run(scene: Scene, billed: str) -> None:
    done = carry_out(scene, preview(scene, billed, "correct"))
    scene.delete_activity(Receipt.objects.get(part=1).quickbooks_id)

    preview_of_undo = run_command("undo_run", str(done.pk), "--dry-run")
    assert Receipt.objects.get(part=1).state == "sent"
    undone = run_command("undo_run", str(done.pk))

    assert (preview_of_undo["blocked"], undone.code, undone["already_gone"]) == (0, 0, 1)
    assert Receipt.objects.get(part=0).corrections == 0
    carry_out(scene, preview(scene, billed, "correct"))
    assert lengths(scene) == [30, 60]
