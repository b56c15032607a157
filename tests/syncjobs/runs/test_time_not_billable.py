"""Time that is not billable, where the policy sends it: for job costing, as NotBillable (docs/decisions/0020)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from syncjobs.models import Run
from syncjobs.planning import inputs
from syncjobs.planning.forecast import Tally
from tests.support.after_sending import REFUSED
from tests.support.oracle import assert_books_agree
from tests.support.page_text import main_text
from tests.support.scene import Scene, run_command
from tests.syncjobs.runs.test_restored_backup import back_up, restore


def status(scene: Scene, entry: str) -> tuple[str, float]:
    """Return billable status and rate of an entry's activity."""
    activity = scene.activity(entry)
    return activity["BillableStatus"], activity["HourlyRate"]


def switch(scene: Scene, on: bool) -> None:
    scene.policy(send_nonbillable="on" if on else "off")


def agrees(scene: Scene) -> None:
    assert_books_agree(scene, with_unbillable=True)


@pytest.fixture
def on(scene: Scene, ada: str, site: str) -> Scene:
    scene.check()
    switch(scene, True)
    return scene


@pytest.fixture
def meeting(on: Scene, ada: str, site: str) -> str:
    """Send time that is not billable."""
    entry = on.entry(ada, site, billable=False, description="Team meeting")
    assert on.sync().counts == {"sent": 1}
    return entry


def test_it_goes_as_not_billable_and_without_a_rate_only_where_the_policy_says_so(
    scene: Scene, ada: str, site: str
) -> None:
    work = scene.entry(ada, site)
    meeting = scene.entry(ada, site, "2026-03-05 09:00", billable=False)
    run = scene.sync()
    assert (run.counts, run["blocked_reasons"]) == ({"sent": 1, "blocked": 1}, {"NOT_BILLABLE": 1})
    switch(scene, True)

    preview, run = scene.sync(dry_run=True), scene.sync()

    for result in (preview, run):
        assert (result.counts, result["warnings"]) == ({"sent": 1, "unchanged": 1}, {})
    assert status(scene, work) == ("Billable", 80)
    assert status(scene, meeting) == ("NotBillable", 0)
    agrees(scene)
    explained = scene.explain(meeting)
    assert (explained["state"], explained["reasons"], "differences" in explained.json) == ("sent", [], False)


@pytest.mark.parametrize("reason", ["projectId", "type", "minutes"])
def test_other_reasons_hold_it_as_any_time(on: Scene, ada: str, site: str, reason: str) -> None:
    odd: dict[str, Any] = {"projectId": {"projectId": ""}, "type": {"type": "BREAK"}, "minutes": {"minutes": 0.2}}[
        reason
    ]
    on.entry(ada, site, billable=False, **odd)

    run = on.sync()

    code = {"projectId": "NO_PROJECT", "type": "NOT_WORK_TIME", "minutes": "TOO_SHORT"}[reason]
    assert (run.counts, run["blocked_reasons"]) == ({"blocked": 1}, {code: 1})


def test_an_entry_made_unbillable_is_updated_and_back_again(on: Scene, ada: str, site: str) -> None:
    entry = on.entry(ada, site)
    on.sync()
    for billable, expected in ((False, ("NotBillable", 0)), (True, ("Billable", 80))):
        on.edit_entry(entry, billable=billable)
        preview, run = on.sync(dry_run=True), on.sync()
        assert preview.counts == run.counts == {"updated": 1}
        assert status(on, entry) == expected
        agrees(on)
        assert on.explain(entry)["state"] == "sent"


def test_forty_of_fifty_made_unbillable_are_no_deletions(on: Scene, ada: str, site: str) -> None:
    entries = on.entries(ada, site, 50)
    on.sync()
    for entry in entries[:40]:
        on.edit_entry(entry, billable=False)

    run = on.sync()

    assert (run.code, run.counts, run["warnings"]) == (0, {"updated": 40, "unchanged": 10}, {})
    agrees(on)


@pytest.mark.parametrize("edit", [{}, {"description": "Weekly meeting"}, {"minutes": 45}], ids=str)
def test_switching_the_option_off_touches_nothing_and_edits_still_follow(
    on: Scene, meeting: str, edit: dict[str, Any]
) -> None:
    before = on.activities()
    switch(on, False)

    run = on.sync()

    assert (run.counts, on.activities()) == ({"unchanged": 1}, before)
    assert (on.explain(meeting)["state"], on.explain(meeting)["reasons"]) == ("sent", [])
    assert run_command("sync_time", "--resend", "--from", "2026-03-01").counts == {"unchanged": 1}
    if edit:
        on.edit_entry(meeting, **({"start": "2026-03-04 09:00"} if "minutes" in edit else {}), **edit)
        assert on.sync().counts == {"updated": 1}
        agrees(on)


def test_with_the_option_off_it_leaves_quickbooks_once_it_is_no_work_and_becomes_billable_once_it_is(
    on: Scene, ada: str, site: str
) -> None:
    entries = [on.entry(ada, site, f"2026-03-{day:02d} 09:00", billable=False) for day in (4, 5, 6)]
    on.sync()
    switch(on, False)
    on.edit_entry(entries[0], projectId="")
    on.edit_entry(entries[1], billable=True)
    on.delete_entry(entries[2])

    assert on.sync().counts == {"deleted": 2, "updated": 1}

    assert status(on, entries[1]) == ("Billable", 80)
    # From now on it is billable time like any other.
    on.edit_entry(entries[1], billable=False)
    assert on.sync().counts == {"deleted": 1, "blocked": 1}
    assert on.activities() == []


def test_switching_it_on_touches_nothing_that_was_sent_or_kept(scene: Scene, ada: str, site: str) -> None:
    sent, kept = scene.entry(ada, site), scene.entry(ada, site, "2026-03-05 09:00")
    scene.sync()
    scene.edit_entry(kept, billable=False)
    scene.check()
    assert run_command("resolve", kept, "keep_quickbooks").code == 0
    before = scene.activities()
    switch(scene, True)

    assert scene.sync().counts == {"unchanged": 2}

    assert scene.activities() == before
    scene.edit_entry(kept, description="still not billable")
    assert (scene.sync().counts, scene.activities()) == ({"unchanged": 2}, before)
    scene.edit_entry(kept, billable=True)
    assert scene.sync().counts == {"updated": 1, "unchanged": 1}
    assert scene.explain(sent)["state"] == "sent"


def test_what_a_person_kept_billable_stays_where_the_option_is_switched_off_later(
    on: Scene, ada: str, site: str
) -> None:
    entry = on.entry(ada, site)
    on.sync()
    on.edit_entry(entry, billable=False)
    on.check()
    assert run_command("resolve", entry, "keep_quickbooks").code == 0
    before = on.activities()
    for is_on in (True, False):
        switch(on, is_on)
        assert (on.sync().counts, on.activities()) == ({"unchanged": 1}, before)


def test_billed_time_stays_as_it_is(on: Scene, ada: str, site: str) -> None:
    entry = on.entry(ada, site)
    on.sync()
    on.bill(on.receipt(entry).quickbooks_id)
    before = on.activities()
    on.edit_entry(entry, billable=False)

    run = on.sync()

    assert (run.counts, run["blocked_reasons"]) == ({"blocked": 1}, {"BILLED_IN_QUICKBOOKS": 1})
    assert on.activities() == before
    explained = on.explain(entry)
    assert (explained["state"], explained.codes) == ("changed", {"BILLED_IN_QUICKBOOKS"})


def test_the_status_that_people_changed_is_theirs(on: Scene, meeting: str) -> None:
    key = on.receipt(meeting).quickbooks_id
    on.put("TimeActivity", {"Id": key, "BillableStatus": "Billable", "HourlyRate": 50})
    on.stretch(meeting, 90)

    run = on.sync()

    assert run["blocked_reasons"] == {"CHANGED_IN_QUICKBOOKS": 1}
    assert status(on, meeting) == ("Billable", 50)
    billable = next(row for row in on.explain(meeting)["differences"] if row["field"] == "billable")
    assert (billable["sent"], billable["quickbooks"]) == ("NotBillable", "Billable")
    assert run_command("resolve", meeting, "send_clockify").code == 0
    assert (status(on, meeting), on.activity(meeting)["Minutes"]) == (("NotBillable", 0), 30)


def test_a_rate_that_people_gave_it_is_no_conflict_and_stays(on: Scene, meeting: str) -> None:
    on.put("TimeActivity", {"Id": on.receipt(meeting).quickbooks_id, "HourlyRate": 50})
    on.stretch(meeting, 90)

    assert on.sync().counts == {"updated": 1}

    assert status(on, meeting) == ("NotBillable", 50)
    assert "differences" not in on.explain(meeting).json


def test_where_people_made_the_same_change_nothing_is_written(on: Scene, ada: str, site: str) -> None:
    entry = on.entry(ada, site)
    on.sync()
    on.put("TimeActivity", {"Id": on.receipt(entry).quickbooks_id, "BillableStatus": "NotBillable"})
    on.edit_entry(entry, billable=False)

    assert on.sync().counts == {"unchanged": 1}

    assert on.explain(entry)["state"] == "sent"


def test_creates_without_an_answer_take_their_own_activity_back(on: Scene, ada: str, site: str) -> None:
    """Two entries that differ in the billable status alone."""
    work = on.entry(ada, site, description="Call")
    meeting = on.entry(ada, site, "2026-03-04 11:00", description="Call", billable=False)
    on.fault("cut_after_commit", times=0)
    # Looking for equal time before the creates is answered, looking for the creates is not.
    on.fault("status_before", "/query", method="", status=400, body=REFUSED, skip=1, times=0)
    assert on.sync()["unknown"] == 2
    on.clear_faults()

    assert on.sync().counts == {"unchanged": 2}

    assert (status(on, work)[0], status(on, meeting)[0]) == ("Billable", "NotBillable")
    agrees(on)


@pytest.mark.parametrize("kind", ["cut_after_commit", "cut_before"])
def test_an_update_without_an_answer_is_settled(on: Scene, ada: str, site: str, kind: str) -> None:
    entry = on.entry(ada, site)
    on.sync()
    on.edit_entry(entry, billable=False)
    on.fault(kind)
    on.sync()
    on.clear_faults()

    on.sync()

    assert (status(on, entry), on.open_actions()) == (("NotBillable", 0), 0)
    agrees(on)


def test_the_same_time_of_somebody_else_holds_it_until_it_is_adopted(on: Scene, ada: str, site: str) -> None:
    key = on.by_hand(ada, site, "2026-03-04", minutes=60)
    entry = on.entry(ada, site, billable=False)
    run = on.sync()
    assert run["blocked_reasons"] == {"ALREADY_IN_QUICKBOOKS": 1}

    assert run_command("resolve", entry, f"adopt={key}").code == 0

    assert on.sync().counts == {"unchanged": 1}
    assert "differences" not in on.explain(entry).json
    switch(on, False)
    assert on.sync().counts == {"unchanged": 1}


def test_pages_say_that_it_goes_as_not_billable(on: Scene, ada: str, site: str, admin_client: Client) -> None:
    entry = on.entry(ada, site, billable=False)
    assert on.sync(dry_run=True).counts == {"sent": 1}
    preview = admin_client.get(f"/admin/syncjobs/run/{Run.objects.latest('pk').pk}/change/")
    assert "New: not sent before. It is sent as not billable." in main_text(preview)
    on.sync()

    page = main_text(admin_client.get(f"/admin/integrations/timeentry/{on.mirrored(entry).pk}/change/"))

    assert "none, not billable" in page and "is sent as not billable" in page
    assert "1:00 on Wed Mar 4, not billable, employee" in page
    assert " at $80.00 an hour" not in page
    on.stretch(entry, 90)
    on.put("TimeActivity", {"Id": on.receipt(entry).quickbooks_id, "BillableStatus": "Billable", "HourlyRate": 50})
    on.sync()
    changed = main_text(admin_client.get(f"/admin/workspaces/{on.workspace.pk}/changed/"))
    assert "Billable no no" in changed


def test_a_forecast_counts_its_hours_and_no_money(on: Scene, ada: str, site: str) -> None:
    tally = Tally()
    row = on.entry(ada, site, billable=False)
    on.sync(dry_run=True)
    tally.add(inputs.entry_of(on.mirrored(row)), 60)

    assert (tally.entries, tally.minutes, tally.money, tally.without_rate) == (1, 60, {}, 0)


def test_an_undo_takes_it_back(on: Scene, meeting: str) -> None:
    undone = run_command("undo_run", str(on.receipt(meeting).run_id))

    assert (undone.code, undone["deleted"], on.activities()) == (0, 1, [])


def test_both_sides_have_the_same_minutes_and_no_amount_of_it(on: Scene, ada: str, site: str, meeting: str) -> None:
    on.entry(ada, site, "2026-03-05 09:00")
    on.sync()

    result = run_command("reconcile", "--from", "2026-03-01", "--to", "2026-03-31")

    assert (result.code, result["clockify_minutes"], result["quickbooks_minutes"]) == (0, 120, 120)
    assert (result["difference"], result["unexplained"]) == (0, 0)
    assert {row["explanation"] for row in result["rows"]} == {""}


def test_a_restored_backup_doubles_and_overwrites_nothing(on: Scene, ada: str, site: str, tmp_path: Any) -> None:
    flipped = on.entry(ada, site)
    on.sync()
    backup = back_up(tmp_path)
    on.edit_entry(flipped, billable=False)
    meeting = on.entry(ada, site, "2026-03-05 09:00", billable=False)
    assert on.sync().counts == {"updated": 1, "sent": 1}
    before = on.activities()
    restore(backup)
    on.check()

    run = on.sync()

    assert (run.counts, run["blocked_reasons"]) == ({"unchanged": 1, "blocked": 1}, {"ALREADY_IN_QUICKBOOKS": 1})
    assert on.activities() == before
    other = next(activity["Id"] for activity in before if activity["TxnDate"] == "2026-03-05")
    assert run_command("resolve", meeting, f"adopt={other}").code == 0
    assert on.sync().counts == {"unchanged": 2}
    agrees(on)
