"""Time already sent, when people change their minds in Clockify or here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene


@pytest.fixture
def sent(scene: Scene, ada: str, site: str) -> str:
    """Send an hour of Ada's on 4 March, from nine in New York."""
    entry = scene.entry(ada, site, "2026-03-04 09:00", description="Review")
    assert scene.sync().counts == {"sent": 1}
    return entry


# --- edits -------------------------------------------------------------------------------------------------
def test_another_length_is_updated(scene: Scene, sent: str) -> None:
    before = scene.activity(sent)
    scene.stretch(sent, 90)

    run = scene.sync()

    assert (run.code, run.counts, run["minutes_sent"]) == (0, {"updated": 1}, 0)
    after = scene.activity(sent)
    assert (after["Id"], after["Hours"], after["Minutes"]) == (before["Id"], 1, 30)
    assert scene.sync().counts == {"unchanged": 1}
    assert_books_agree(scene)


def test_another_person_is_updated(scene: Scene, sent: str) -> None:
    bea = scene.user("Bea")
    scene.check()
    scene.edit_entry(sent, userId=bea)

    assert scene.sync().counts == {"updated": 1}
    assert_books_agree(scene)


def test_from_employee_to_contractor_is_updated(scene: Scene, sent: str) -> None:
    vic = scene.user("Vic", partner="Vendor")
    scene.check()
    scene.decide("link", "user", vic, scene.partner_of(vic), "--vendor")
    scene.edit_entry(sent, userId=vic)

    assert scene.sync().counts == {"updated": 1}
    assert scene.activity(sent)["NameOf"] == "Vendor"
    assert_books_agree(scene)


def test_another_project_is_updated(scene: Scene, sent: str) -> None:
    hall = scene.project("Hall", hourlyRate=9900)
    scene.check()
    scene.edit_entry(sent, projectId=hall)

    assert scene.sync().counts == {"updated": 1}
    assert scene.activity(sent)["HourlyRate"] == 99
    assert_books_agree(scene)


@pytest.mark.parametrize("text", ["Rework 🛠", "", "Review "])
def test_another_description_is_updated(scene: Scene, sent: str, text: str) -> None:
    scene.edit_entry(sent, description=text)

    assert scene.sync().counts == {"updated": 1}
    assert scene.activity(sent).get("Description", "") == text
    assert scene.sync().counts == {"unchanged": 1}


def test_another_start_takes_its_day_along(scene: Scene, sent: str) -> None:
    scene.edit_entry(sent, start="2026-03-06 09:00")

    assert scene.sync().counts == {"updated": 1}
    assert scene.activity(sent)["TxnDate"] == "2026-03-06"
    assert_books_agree(scene)


def test_while_the_start_stays_the_day_stays_whatever_the_zone(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site, "2026-03-04 23:00")
    scene.sync()
    scene.product.put_user({"id": ada, "timeZone": "Europe/Berlin"})  # there it was the 5th
    scene.check()
    assert scene.sync().counts == {"unchanged": 1}

    scene.stretch(entry, 90)

    assert scene.sync().counts == {"updated": 1}
    assert scene.activity(entry)["TxnDate"] == "2026-03-04"
    scene.edit_entry(entry, start="2026-03-04 23:01")
    assert scene.sync().counts == {"updated": 1}
    assert scene.activity(entry)["TxnDate"] == "2026-03-05"


def test_an_edit_that_quickbooks_would_not_see_makes_no_call(scene: Scene, sent: str) -> None:
    scene.stretch(sent, 60 + 10 / 60)
    scene.zero_calls()

    assert scene.sync().counts == {"unchanged": 1}
    assert scene.calls() == {}
    assert scene.explain(sent)["state"] == "sent"


def test_an_update_keeps_what_people_added_in_quickbooks_before_it(scene: Scene, ada: str, site: str) -> None:
    """Of the fields that are not ours, where QuickBooks had filled them in itself."""
    entry = scene.entry(ada, site)
    scene.sync()
    item = scene.activity(entry)["ItemRef"]["value"]
    scene.stretch(entry, 75)

    scene.sync()

    assert scene.activity(entry)["ItemRef"]["value"] == item


def test_edits_of_edits_follow(scene: Scene, sent: str) -> None:
    for minutes in (61, 62, 63):
        scene.stretch(sent, minutes)
        assert scene.sync().counts == {"updated": 1}
    assert_books_agree(scene)


# --- no edits ----------------------------------------------------------------------------------------------
def other_rate(scene: Scene, sent: str, ada: str, site: str) -> None:
    scene.product.put_project({"id": site, "hourlyRate": 12345})


def other_zone_of_the_workspace(scene: Scene, sent: str, ada: str, site: str) -> None:
    scene.policy(time_zone="Asia/Tokyo")


def other_rounding(scene: Scene, sent: str, ada: str, site: str) -> None:
    scene.place.settings = {
        **scene.place.settings,
        "timeRoundingInReports": True,
        "round": {"round": "Round up to", "minutes": "45"},
    }
    scene.policy(rounding="clockify")


def other_limits(scene: Scene, sent: str, ada: str, site: str) -> None:
    scene.policy(longest_hours="0.5", approved_only="true")


def other_item(scene: Scene, sent: str, ada: str, site: str) -> None:
    scene.put("Item", {"Name": "Consulting"})
    scene.check()
    scene.policy(service_item="Consulting")


def user_linked_to_another(scene: Scene, sent: str, ada: str, site: str) -> None:
    augusta = scene.put("Employee", {"DisplayName": "Augusta"})["Id"]
    scene.check()
    scene.decide("link", "user", ada, augusta)


def user_unlinked(scene: Scene, sent: str, ada: str, site: str) -> None:
    scene.decide("unlink", "user", ada)


def project_unlinked(scene: Scene, sent: str, ada: str, site: str) -> None:
    scene.decide("unlink", "project", site)


def project_ignored(scene: Scene, sent: str, ada: str, site: str) -> None:
    scene.decide("ignore", "project", site)


def employee_inactive(scene: Scene, sent: str, ada: str, site: str) -> None:
    scene.deactivate("Employee", scene.partner_of(ada))


def customer_renamed(scene: Scene, sent: str, ada: str, site: str) -> None:
    scene.put("Customer", {"Id": scene.partner_of(site), "DisplayName": "Building site"})


def customer_moved(scene: Scene, sent: str, ada: str, site: str) -> None:
    parent = scene.put("Customer", {"DisplayName": "Elsewhere"})["Id"]
    scene.put("Customer", {"Id": scene.partner_of(site), "ParentRef": {"value": parent}})


def books_closed(scene: Scene, sent: str, ada: str, site: str) -> None:
    scene.configure(BookCloseDate="2026-12-31")


def invoiced(scene: Scene, sent: str, ada: str, site: str) -> None:
    scene.edit_entry(sent, invoiced="inv-1")


def billed(scene: Scene, sent: str, ada: str, site: str) -> None:
    scene.bill(scene.receipt(sent).quickbooks_id)


NO_EDITS = [
    other_rate,
    other_zone_of_the_workspace,
    other_rounding,
    other_limits,
    other_item,
    user_linked_to_another,
    user_unlinked,
    project_unlinked,
    project_ignored,
    employee_inactive,
    customer_renamed,
    customer_moved,
    books_closed,
    invoiced,
    billed,
]


@pytest.mark.sample(6)
@pytest.mark.parametrize("change", NO_EDITS, ids=[change.__name__ for change in NO_EDITS])
def test_what_is_no_edit_touches_nothing_that_was_sent(
    scene: Scene, ada: str, site: str, sent: str, change: Callable[..., None]
) -> None:
    change(scene, sent, ada, site)
    scene.check()
    activities = scene.activities()

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"unchanged": 1})
    assert scene.activities() == activities
    assert scene.explain(sent)["state"] == "sent"


# --- no longer billable work -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ({"billable": False}, "NOT_BILLABLE"),
        ({"projectId": ""}, "NO_PROJECT"),
        ({"type": "BREAK"}, "NOT_WORK_TIME"),
        ({"type": "HOLIDAY"}, "NOT_WORK_TIME"),
        ({"start": "2026-03-04 09:00", "minutes": 0.4}, "TOO_SHORT"),
        ({"start": "2026-03-04 09:00", "minutes": -5}, "TOO_SHORT"),
    ],
    ids=str,
)
def test_what_is_no_billable_work_any_more_is_deleted(scene: Scene, sent: str, edit: dict[str, Any], code: str) -> None:
    scene.edit_entry(sent, **edit)

    run = scene.sync()

    assert (run.code, run["seen"], run.counts) == (0, 1, {"deleted": 1})
    assert scene.activities() == []
    second_run = scene.sync()
    assert (second_run.counts, second_run["blocked_reasons"]) == ({"blocked": 1}, {code: 1})
    assert scene.explain(sent)["state"] == "blocked"


def test_what_became_work_again_is_sent_again(scene: Scene, sent: str) -> None:
    scene.edit_entry(sent, billable=False)
    scene.sync()
    scene.edit_entry(sent, billable=True)

    assert scene.sync().counts == {"sent": 1}
    assert_books_agree(scene)


def test_work_of_a_deleted_project_is_deleted(scene: Scene, site: str, sent: str) -> None:
    scene.product.remove("projects", site)

    assert scene.sync().counts == {"deleted": 1}
    assert scene.activities() == []


# --- deleted in Clockify -----------------------------------------------------------------------------------
def test_what_was_deleted_in_clockify_is_deleted_here(scene: Scene, sent: str) -> None:
    scene.delete_entry(sent)

    run = scene.sync()

    assert (run.code, run["seen"], run.counts) == (0, 0, {"deleted": 1})
    assert scene.activities() == []
    assert scene.explain(sent)["state"] == "deleted"
    assert scene.sync().counts == {}


def test_a_check_notes_a_deletion_and_leaves_it_to_the_sync(scene: Scene, ada: str, site: str) -> None:
    scene.policy(start_date="2026-03-01")
    entry = scene.entry(ada, site)
    scene.sync()
    scene.delete_entry(entry)

    scene.check()

    assert len(scene.activities()) == 1
    assert scene.explain(entry)["state"] == "changed"
    assert scene.sync().counts == {"deleted": 1}


def test_an_entry_that_was_never_sent_may_go_without_a_word(scene: Scene, ada: str) -> None:
    entry = scene.entry(ada, "")
    scene.sync()
    scene.delete_entry(entry)

    run = scene.sync()

    assert (run.code, run["seen"], run.counts) == (0, 0, {})
    assert scene.explain(entry)["state"] == "deleted"


def test_a_restored_entry_with_the_same_id_is_sent_again(scene: Scene, sent: str) -> None:
    deleted_entries = scene.delete_entry(sent)
    scene.sync()
    scene.restore(deleted_entries)

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"sent": 1})
    assert_books_agree(scene)
    assert scene.explain(sent)["state"] == "sent"


def test_an_entry_restored_before_anybody_looked_is_unchanged(scene: Scene, sent: str) -> None:
    scene.restore(scene.delete_entry(sent))

    assert scene.sync().counts == {"unchanged": 1}


def test_many_missing_at_once_delete_nothing(scene: Scene, ada: str, site: str) -> None:
    entries = scene.entries(ada, site, 40)
    scene.sync()
    scene.delete_entry(*entries[:21])

    run = scene.sync()

    assert (run.code, run["deleted"], run["warnings"]) == (4, 0, {"MANY_MISSING": 21})
    assert run["status"] != "succeeded"
    assert len(scene.activities()) == 40
    assert (run["seen"], run.counts) == (19, {"unchanged": 19})
    # And again: running a second time is no consent.
    assert scene.sync().code == 4
    assert scene.sync(dry_run=True).code == 4
    assert scene.check()["status"] == "succeeded"
    assert len(scene.activities()) == 40


def test_twenty_missing_are_believed(scene: Scene, ada: str, site: str) -> None:
    entries = scene.entries(ada, site, 40)
    scene.sync()
    scene.delete_entry(*entries[:20])

    run = scene.sync()

    assert (run.code, run.counts, run["warnings"]) == (0, {"deleted": 20, "unchanged": 20}, {})
    assert_books_agree(scene)


def test_many_missing_of_very_many_are_believed(scene: Scene, ada: str, site: str) -> None:
    entries = scene.entries(ada, site, 220)
    scene.sync()
    scene.delete_entry(*entries[:22])

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"deleted": 22, "unchanged": 198})
    assert_books_agree(scene)


def test_a_user_who_left_with_all_time_is_many_missing(scene: Scene, ada: str, site: str) -> None:
    bea = scene.user("Bea")
    scene.entries(bea, site, 25)
    scene.entries(ada, site, 5, day=20)
    scene.sync()
    scene.product.remove("users", bea)

    run = scene.sync()

    assert (run.code, run["warnings"]) == (4, {"MANY_MISSING": 25})
    assert len(scene.activities()) == 30


# --- in and out of the window ------------------------------------------------------------------------------
def test_time_moved_out_of_the_window_is_followed(scene: Scene, sent: str) -> None:
    scene.edit_entry(sent, start="2026-02-10 09:00")

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"updated": 1})
    assert scene.activity(sent)["TxnDate"] == "2026-02-10"
    assert scene.sync()["seen"] == 0
    assert_books_agree(scene)


def test_time_moved_into_the_window_is_updated_not_sent_again(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site, "2026-02-10 09:00")
    scene.sync("2026-02-01", "2026-02-28")
    scene.edit_entry(entry, start="2026-03-04 09:00")

    run = scene.sync()

    assert (run.code, run["seen"], run.counts) == (0, 1, {"updated": 1})
    assert_books_agree(scene)


def test_time_that_was_never_sent_may_move_out_of_the_window(scene: Scene, ada: str) -> None:
    entry = scene.entry(ada, "")
    scene.sync()
    scene.edit_entry(entry, start="2026-02-10 09:00")

    run = scene.sync()

    assert (run.code, run["seen"], run.counts) == (0, 0, {})


def test_a_timer_started_again_leaves_what_was_sent(scene: Scene, sent: str) -> None:
    scene.product.put_entry({"id": sent, "end": None})

    run = scene.sync()

    assert (run.code, run["seen"], run.counts) == (0, 1, {"blocked": 1})
    assert run["blocked_reasons"] == {"NOT_FINISHED": 1}
    assert scene.explain(sent)["state"] == "changed"
    assert len(scene.activities()) == 1


# --- edited, but it can't be sent now ----------------------------------------------------------------------
def unlink_user(scene: Scene, ada: str, site: str) -> None:
    scene.decide("unlink", "user", ada)


def unlink_project(scene: Scene, ada: str, site: str) -> None:
    scene.decide("unlink", "project", site)


def ignore_user(scene: Scene, ada: str, site: str) -> None:
    scene.decide("ignore", "user", ada)


def make_employee_inactive(scene: Scene, ada: str, site: str) -> None:
    scene.deactivate("Employee", scene.partner_of(ada))
    scene.check()


def make_customer_inactive(scene: Scene, ada: str, site: str) -> None:
    scene.deactivate("Customer", scene.partner_of(site))


def close_books(scene: Scene, ada: str, site: str) -> None:
    scene.configure(BookCloseDate="2026-03-31")
    scene.check()


def close_books_silently(scene: Scene, ada: str, site: str) -> None:
    scene.switch(book_close_date_readable=False)
    scene.configure(BookCloseDate="2026-03-31")


def want_approval(scene: Scene, ada: str, site: str) -> None:
    scene.policy(approved_only="true")


HELD_EDITS = [
    (unlink_user, "USER_NOT_MAPPED"),
    (unlink_project, "PROJECT_NOT_MAPPED"),
    (ignore_user, "IGNORED"),
    (make_employee_inactive, "EMPLOYEE_INACTIVE"),
    (make_customer_inactive, "CUSTOMER_INACTIVE"),
    (close_books, "BOOKS_CLOSED"),
    (close_books_silently, "BOOKS_CLOSED"),
    (want_approval, "NOT_APPROVED"),
]


@pytest.mark.parametrize(("change", "code"), HELD_EDITS, ids=[change.__name__ for change, _ in HELD_EDITS])
def test_an_edit_that_can_not_be_sent_now_stays_as_it_was(
    scene: Scene, ada: str, site: str, sent: str, change: Callable[..., None], code: str
) -> None:
    change(scene, ada, site)
    activities = scene.activities()
    scene.stretch(sent, 90)

    run = scene.sync()

    assert (run.code, run["status"], run.counts) == (0, "succeeded", {"blocked": 1})
    assert run["blocked_reasons"] == {code: 1}
    assert scene.activities() == activities
    explained = scene.explain(sent)
    assert (explained["state"], explained.codes) == ("changed", {code})


def test_a_deletion_in_closed_books_is_held_and_explained(scene: Scene, sent: str) -> None:
    close_books(scene, "", "")
    scene.delete_entry(sent)

    run = scene.sync()

    assert (run.code, run["seen"], run.counts, run["blocked_reasons"]) == (0, 0, {}, {"BOOKS_CLOSED": 1})
    assert len(scene.activities()) == 1
    explained = scene.explain(sent)
    assert (explained["state"], explained.codes) == ("changed", {"BOOKS_CLOSED"})


def test_unbillable_time_in_closed_books_is_held_and_explained(scene: Scene, sent: str) -> None:
    close_books(scene, "", "")
    scene.edit_entry(sent, billable=False)

    assert scene.sync(dry_run=True).counts == {"blocked": 1}
    run = scene.sync()

    assert (run.code, run.counts, run["blocked_reasons"]["BOOKS_CLOSED"]) == (0, {"blocked": 1}, 1)
    assert len(scene.activities()) == 1
    explained = scene.explain(sent)
    assert explained["state"] == "changed"
    assert "BOOKS_CLOSED" in explained.codes


def test_an_edit_that_was_held_goes_once_it_may(scene: Scene, ada: str, sent: str) -> None:
    scene.decide("unlink", "user", ada)
    scene.stretch(sent, 90)
    assert scene.sync().counts == {"blocked": 1}

    scene.decide("link", "user", ada, scene.partner_of(ada))

    assert scene.sync().counts == {"updated": 1}
    assert_books_agree(scene)


# --- people in QuickBooks ----------------------------------------------------------------------------------
def bill_it(scene: Scene, key: str) -> None:
    scene.bill(key)


def change_it(scene: Scene, key: str) -> None:
    scene.put("TimeActivity", {"Id": key, "Hours": 5})


def delete_it(scene: Scene, key: str) -> None:
    scene.delete_activity(key)


def stretch(scene: Scene, entry: str) -> None:
    scene.stretch(entry, 90)


def make_unbillable(scene: Scene, entry: str) -> None:
    scene.edit_entry(entry, billable=False)


def delete(scene: Scene, entry: str) -> None:
    scene.delete_entry(entry)


@pytest.mark.sample(5)
@pytest.mark.parametrize("edit", [stretch, make_unbillable, delete], ids=["edited", "unbillable", "deleted"])
@pytest.mark.parametrize(
    ("change", "code", "moves"),
    [
        (bill_it, "BILLED_IN_QUICKBOOKS", True),
        (bill_it, "BILLED_IN_QUICKBOOKS", False),
        (change_it, "CHANGED_IN_QUICKBOOKS", True),
        (delete_it, "CHANGED_IN_QUICKBOOKS", True),
    ],
    ids=["billed", "billed, token unmoved", "changed", "removed"],
)
def test_what_people_billed_changed_or_removed_is_theirs(
    scene: Scene, sent: str, change: Callable[..., None], code: str, edit: Callable[..., None], moves: bool
) -> None:
    scene.switch(billing_moves_sync_token=moves)
    change(scene, scene.receipt(sent).quickbooks_id)
    activities = scene.activities()
    assert scene.explain(sent)["state"] == "sent"
    edit(scene, sent)

    run = scene.sync()

    held = {} if edit is delete else {"blocked": 1}
    assert (run.code, run["status"], run.counts) == (0, "succeeded", held)
    assert run["blocked_reasons"] == {code: 1}
    assert scene.activities() == activities
    explained = scene.explain(sent)
    assert (explained["state"], explained.codes) == ("changed", {code})
    # Nothing is created again, however often it runs.
    assert scene.sync()["blocked_reasons"] == {code: 1}
    assert scene.activities() == activities


@pytest.mark.parametrize("change", [change_it, delete_it], ids=["changed", "removed"])
def test_what_people_changed_is_told_and_left_while_clockify_stays(
    scene: Scene, sent: str, change: Callable[..., None]
) -> None:
    change(scene, scene.receipt(sent).quickbooks_id)
    activities = scene.activities()

    assert scene.sync().counts == {"unchanged": 1}
    explained = scene.explain(sent)
    assert explained["state"] == "sent"
    assert explained["differences"]
    assert scene.activities() == activities


def test_billed_time_is_simply_sent(scene: Scene, sent: str) -> None:
    scene.bill(scene.receipt(sent).quickbooks_id)

    explained = scene.explain(sent)

    assert (explained["state"], explained["reasons"], explained.json.get("differences")) == ("sent", [], None)


def test_an_invoice_that_was_taken_back_unblocks_the_edit(scene: Scene, sent: str) -> None:
    (invoice,) = scene.bill(scene.receipt(sent).quickbooks_id)
    scene.stretch(sent, 90)
    assert scene.sync()["blocked_reasons"] == {"BILLED_IN_QUICKBOOKS": 1}

    scene.delete_form(invoice)

    assert scene.sync().counts == {"updated": 1}
    assert_books_agree(scene)


def test_an_edit_taken_back_is_no_edit(scene: Scene, sent: str) -> None:
    scene.bill(scene.receipt(sent).quickbooks_id)
    scene.stretch(sent, 90)
    scene.sync()
    assert scene.explain(sent)["state"] == "changed"

    scene.stretch(sent, 60)

    assert scene.sync().counts == {"unchanged": 1}
    assert scene.explain(sent)["state"] == "sent"


def test_an_edit_that_waits_is_shown_as_changed(scene: Scene, sent: str) -> None:
    scene.stretch(sent, 90)

    explained = scene.explain(sent)

    assert (explained["state"], explained["reasons"]) == ("changed", [])
    assert explained["quickbooks_id"] == scene.receipt(sent).quickbooks_id


def test_billed_between_reading_and_writing_is_still_told_as_billed(scene: Scene, sent: str) -> None:
    # The status lags; that the SyncToken moved is all that can be noticed, and makes the run ask invoices again.
    scene.switch(billing_moves_sync_token=True)
    key = scene.receipt(sent).quickbooks_id
    scene.stretch(sent, 90)
    scene.at_the_next_write(lambda: scene.bill(key))

    run = scene.sync()

    assert (run.code, run.counts, run["blocked_reasons"]) == (0, {"blocked": 1}, {"BILLED_IN_QUICKBOOKS": 1})


def test_billed_without_a_new_token_between_reading_and_writing_too(scene: Scene, sent: str) -> None:
    scene.switch(billing_moves_sync_token=False, billable_status_lags=False)
    key = scene.receipt(sent).quickbooks_id
    scene.stretch(sent, 90)
    scene.at_the_next_write(lambda: scene.bill(key))

    run = scene.sync()

    assert (run.code, run.counts, run["blocked_reasons"]) == (0, {"blocked": 1}, {"BILLED_IN_QUICKBOOKS": 1})


def test_changed_between_reading_and_writing_is_told_as_changed(scene: Scene, sent: str) -> None:
    key = scene.receipt(sent).quickbooks_id
    scene.stretch(sent, 90)
    scene.at_the_next_write(lambda: change_it(scene, key))

    run = scene.sync()

    assert run["blocked_reasons"] == {"CHANGED_IN_QUICKBOOKS": 1}
    assert scene.activities()[0]["Hours"] == 5


def test_removed_between_reading_and_writing_is_told_as_changed(scene: Scene, sent: str) -> None:
    key = scene.receipt(sent).quickbooks_id
    scene.stretch(sent, 90)
    scene.at_the_next_write(lambda: delete_it(scene, key))

    run = scene.sync()

    assert run["blocked_reasons"] == {"CHANGED_IN_QUICKBOOKS": 1}
    assert scene.activities() == []


# --- deletions that do not work ----------------------------------------------------------------------------
REFUSAL = {"Fault": {"Error": [{"Message": "no", "Detail": "Not now", "code": "6330"}], "type": "ValidationFault"}}


def test_a_deletion_that_quickbooks_refuses_is_told_and_tried_again(scene: Scene, sent: str) -> None:
    scene.delete_entry(sent)
    scene.fault("status_before", status=400, body=REFUSAL)

    run = scene.sync()

    assert (run.code, run["deleted"]) == (4, 0)
    assert len(scene.activities()) == 1
    explained = scene.explain(sent)
    assert (explained["state"], explained.codes) == ("changed", {"QUICKBOOKS_REFUSED"})
    assert "Not now" in explained["reasons"][0]["message"]
    assert scene.sync().counts == {"deleted": 1}


def test_a_deletion_without_an_answer_is_told_as_unknown(scene: Scene, sent: str, settings: Any) -> None:
    settings.GIVE_UP_SECONDS = 1
    scene.delete_entry(sent)
    scene.fault("hang_after_commit", seconds=1.5)

    run = scene.sync()

    assert (run.code, run["deleted"]) == (4, 0)
    assert scene.explain(sent)["state"] == "unknown"
    scene.clear_faults()
    assert scene.sync().code == 0
    assert scene.explain(sent)["state"] == "deleted"
    assert scene.activities() == []


@pytest.mark.parametrize(("conflict", "code"), [("refused", "QUICKBOOKS_REFUSED"), ("unknown", "OUTCOME_UNKNOWN")])
def test_the_figures_add_up_though_a_deletion_does_not_work(
    scene: Scene, ada: str, site: str, sent: str, conflict: str, code: str, settings: Any
) -> None:
    settings.GIVE_UP_SECONDS = 1
    scene.entry(ada, site, "2026-03-20 09:00")
    scene.delete_entry(sent)
    if conflict == "refused":
        scene.fault("status_before", "operation=delete", status=400, body=REFUSAL)
    else:
        scene.fault("hang_before", "operation=delete", seconds=3, times=0)

    run = scene.sync()

    assert (run.code, run["status"], run["seen"], run.counts) == (4, "partial", 1, {"sent": 1})
    assert run["blocked_reasons"] == {code: 1}
