"""Late duplicates: a first attempt that arrives after the second is taken back, unless it is anybody else's by then."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import ConnectionEvent
from integrations.quickbooks.client import QuickBooksApiClient
from syncjobs import sign_offs
from syncjobs.ledger import lease
from syncjobs.models import Action, Receipt, Reconciliation
from syncjobs.planning.billing import BillingReader
from syncjobs.settling import late_duplicates
from tests.support.oracle import assert_books_agree
from tests.support.scene import FIRST, Scene, run_command
from tests.syncjobs.runs.test_sync_blocked import put_by_hand


def sent_twice(scene: Scene, user: str, project: str) -> str:
    """Create an entry that was sent twice, since no answer came, and whose first attempt arrives after the second."""
    entry = scene.entry(user, project, description="Survey")
    scene.fault("cut_before")
    assert scene.sync().counts == {"sent": 1}
    first = {name: value for name, value in scene.activity(entry).items() if name not in {"Id", "SyncToken"}}
    scene.put("TimeActivity", first)
    return entry


@pytest.fixture
def doubled(scene: Scene, ada: str, site: str) -> str:
    return sent_twice(scene, ada, site)


def extra_of(scene: Scene, entry: str) -> str:
    receipt_id = scene.receipt(entry).quickbooks_id
    return next(activity["Id"] for activity in scene.activities() if activity["Id"] != receipt_id)


def test_a_first_attempt_that_arrives_after_the_second_is_taken_back(scene: Scene, doubled: str) -> None:
    extra = extra_of(scene, doubled)

    run = scene.sync()

    assert run.code == 0
    assert run["warnings"]["LATE_DOUBLE"] == 1
    assert_books_agree(scene)
    event = ConnectionEvent.objects.get(kind="double_deleted")
    assert (event.workspace, event.company) == (scene.workspace, scene.workspace.company)
    assert doubled in event.message and f"extra activity {extra} was deleted" in event.message


def test_a_late_duplicate_is_taken_back_once(scene: Scene, doubled: str) -> None:
    scene.sync()

    run = scene.sync()

    assert "LATE_DOUBLE" not in run["warnings"]
    assert_books_agree(scene)


def test_a_dry_run_takes_no_late_duplicate_back(scene: Scene, doubled: str) -> None:
    scene.sync(dry_run=True)

    assert len(scene.activities()) == 2


def test_a_late_duplicate_that_somebody_has_worked_on_stays_and_is_told(scene: Scene, doubled: str) -> None:
    scene.put("TimeActivity", {"Id": extra_of(scene, doubled), "Description": "Survey"})

    run = scene.sync()

    assert (run.code, run["warnings"], len(scene.activities())) == (0, {"LATE_DOUBLE_KEPT": 1}, 2)
    message = ConnectionEvent.objects.get(kind="double_kept").message
    assert message.endswith("stays: it was changed in QuickBooks. Delete it there, or the client is billed twice.")


def test_one_that_either_of_two_equal_entries_may_have_sent_is_told_once(scene: Scene, ada: str, site: str) -> None:
    for hour in ("09:00", "11:00"):
        scene.entry(ada, site, f"2026-03-04 {hour}", description="Survey")
        scene.fault("cut_before")
        scene.sync()
    copy = {name: value for name, value in scene.activities()[0].items() if name not in {"Id", "SyncToken"}}
    late = scene.put("TimeActivity", copy)["Id"]
    scene.put("TimeActivity", {"Id": late, "Description": "Survey"})

    run = scene.sync()

    assert (run.counts, run["warnings"]) == ({"unchanged": 2}, {"LATE_DOUBLE_KEPT": 1})
    assert ConnectionEvent.objects.filter(kind="double_kept").count() == 1


def test_whoever_deletes_one_of_two_keeps_the_other(scene: Scene, doubled: str) -> None:
    own, extra = scene.receipt(doubled).quickbooks_id, extra_of(scene, doubled)
    scene.delete_activity(own)

    run = scene.sync()

    assert (run.code, run["warnings"]) == (0, {"LATE_DOUBLE_KEPT": 1})
    assert [activity["Id"] for activity in scene.activities()] == [extra]
    message = ConnectionEvent.objects.get(kind="double_kept").message
    assert f"activity {own} of this entry was deleted in QuickBooks" in message


def test_one_whose_entry_moved_to_another_day_meanwhile_is_taken_back(scene: Scene, doubled: str) -> None:
    late = {key: value for key, value in scene.activities()[-1].items() if key not in {"Id", "SyncToken"}}
    scene.edit_entry(doubled, start="2026-03-19 09:00")
    assert scene.sync()["warnings"] == {"LATE_DOUBLE": 1}
    scene.put("TimeActivity", late)

    assert scene.sync()["warnings"] == {"LATE_DOUBLE": 1}
    assert_books_agree(scene)


def test_equal_time_that_somebody_else_entered_long_before_is_no_late_duplicate(
    scene: Scene, ada: str, site: str, doubled: str
) -> None:
    extra = extra_of(scene, doubled)
    record = scene.books.records["TimeActivity"][extra]
    record["MetaData"]["CreateTime"] = "2026-01-05T09:00:00-08:00"

    scene.sync()

    assert len(scene.activities()) == 2


def test_the_watch_for_late_duplicates_ends(scene: Scene, doubled: str, settings: Any) -> None:
    scene.sync()
    Action.objects.update(watch_until=timezone.now() - timedelta(seconds=1))
    scene.sync()
    scene.zero_calls()

    scene.sync()

    assert scene.calls() == {}


def test_an_attempt_that_a_person_ruled_out_is_taken_back_when_it_arrives(scene: Scene, ada: str, site: str) -> None:
    """Nobody found it, so another one was sent by a person's word; then the first arrives all the same."""
    entry = sent_twice(scene, ada, site)
    extra = extra_of(scene, entry)
    late = {name: value for name, value in scene.activities()[-1].items() if name not in {"Id", "SyncToken"}}
    scene.delete_activity(extra)
    # As if the process had died before any answer came, and somebody had changed what arrived.
    Receipt.objects.all().delete()
    Action.objects.update(state=Action.State.SENDING, quickbooks_id="", ended_at=None)
    scene.put("TimeActivity", {"Id": scene.activities()[0]["Id"], "Minutes": 7})
    scene.sync()
    assert run_command("resolve", entry, "send_anyway").code == 0
    assert scene.sync().counts == {"sent": 1}
    assert set(Action.objects.values_list("state", flat=True)) == {"abandoned", "done"}
    before = [activity["Id"] for activity in scene.activities()]
    scene.put("TimeActivity", late)

    run = scene.sync()

    assert run["warnings"]["LATE_DOUBLE"] == 1
    assert [activity["Id"] for activity in scene.activities()] == before


# --- billed meanwhile ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("moves", [False, True], ids=["same token", "token moves"])
@pytest.mark.parametrize("lags", [False, True], ids=["status", "status lags"])
@pytest.mark.parametrize("entity", ["Invoice", "SalesReceipt"])
def test_a_billed_one_stays_and_is_told_once(scene: Scene, doubled: str, entity: str, lags: bool, moves: bool) -> None:
    scene.switch(billing_moves_sync_token=moves, billable_status_lags=lags)
    extra = extra_of(scene, doubled)
    scene.bill(extra, entity=entity, TxnDate="2026-03-31")
    activities = scene.activities()

    first, second = scene.sync(), scene.sync()

    assert scene.activities() == activities
    assert [run["warnings"] for run in (first, second)] == [{"LATE_DOUBLE_BILLED": 1}] * 2
    message = ConnectionEvent.objects.get(kind="double_billed").message
    form = "invoice" if entity == "Invoice" else "sales receipt"
    own = scene.receipt(doubled).quickbooks_id
    assert f"extra activity {extra}, beside {own} is billed on {form} 1001 of March 31, 2026, so it stays" in message


def test_one_on_an_invoice_of_the_customer_above_stays(scene: Scene) -> None:
    acme = scene.client("Acme")
    entry = sent_twice(scene, scene.user("Ada"), scene.project("Site", client=acme))
    scene.check()
    scene.bill(extra_of(scene, entry), customer=scene.partner_of(acme))

    assert scene.sync()["warnings"] == {"LATE_DOUBLE_BILLED": 1}
    assert len(scene.activities()) == 2


def test_one_waits_while_invoices_cannot_be_read(scene: Scene, doubled: str) -> None:
    scene.fault(
        "answer_before", "/query", method="GET", match="from SalesReceipt ", times=0, status=400, preset="fault"
    )
    assert "LATE_DOUBLE" not in scene.sync()["warnings"]
    Action.objects.update(watch_until=timezone.now() - timedelta(seconds=1))
    assert "LATE_DOUBLE" not in scene.sync()["warnings"]
    assert len(scene.activities()) == 2
    scene.clear_faults()

    assert scene.sync()["warnings"] == {"LATE_DOUBLE": 1}
    assert_books_agree(scene)


def test_one_whose_invoice_was_deleted_again_is_taken_back(scene: Scene, doubled: str) -> None:
    scene.switch(billing_moves_sync_token=False)
    (form,) = scene.bill(extra_of(scene, doubled))
    scene.sync()
    scene.delete_form(form)

    assert scene.sync()["warnings"] == {"LATE_DOUBLE": 1}
    assert_books_agree(scene)


def test_an_invoice_of_the_other_copy_keeps_nobody(scene: Scene, doubled: str) -> None:
    own = scene.receipt(doubled).quickbooks_id
    scene.bill(own)

    assert scene.sync()["warnings"] == {"LATE_DOUBLE": 1}
    assert [activity["Id"] for activity in scene.activities()] == [own]


# --- what it is not ------------------------------------------------------------------------------------------
def test_only_creates_are_watched(scene: Scene, ada: str, site: str) -> None:
    """Somebody enters the very time to which an update without an answer, sent again, changed ours."""
    entry = scene.entry(ada, site, description="Survey")
    scene.sync()
    scene.stretch(entry, 90)
    scene.fault("cut_before")
    assert scene.sync().counts == {"updated": 1}
    assert Action.objects.filter(verb="update", watch_until__isnull=False).exists()
    copy = {name: value for name, value in scene.activity(entry).items() if name not in {"Id", "SyncToken"}}
    scene.put("TimeActivity", copy)

    assert scene.sync()["warnings"] == {}
    assert len(scene.activities()) == 2


def test_equal_time_that_a_person_set_aside_is_none(scene: Scene, ada: str, site: str) -> None:
    theirs = put_by_hand(scene, ada, site, Description="Survey", HourlyRate=80, BillableStatus="Billable")
    entry = scene.entry(ada, site, "2026-03-04 09:00", description="Survey")
    assert scene.sync()["blocked_reasons"] == {"ALREADY_IN_QUICKBOOKS": 1}
    scene.set_aside(entry, "ALREADY_IN_QUICKBOOKS")
    scene.fault("cut_before")
    assert scene.sync().counts == {"sent": 1}

    assert scene.sync()["warnings"] == {}
    assert {theirs, scene.receipt(entry).quickbooks_id} == {activity["Id"] for activity in scene.activities()}


@pytest.mark.parametrize(("edge", "away"), [("created_at", -1), ("watch_until", 1)], ids=["before", "after"])
def test_it_was_made_while_the_first_attempt_may_have_been_on_its_way(
    scene: Scene, doubled: str, edge: str, away: int
) -> None:
    """Clocks of ours and of QuickBooks may be five minutes apart."""
    limit = getattr(Action.objects.get(), edge) + away * timedelta(minutes=5)
    record = scene.books.records["TimeActivity"][extra_of(scene, doubled)]

    record["MetaData"]["CreateTime"] = (limit + away * timedelta(microseconds=1)).isoformat()
    assert (scene.sync()["warnings"], len(scene.activities())) == ({}, 2)

    record["MetaData"]["CreateTime"] = limit.isoformat()
    assert (scene.sync()["warnings"], len(scene.activities())) == ({"LATE_DOUBLE": 1}, 1)


# --- what can't be deleted -----------------------------------------------------------------------------------
def assert_it_stays_and_is_told(scene: Scene, doubled: str, why: str) -> None:
    extra = extra_of(scene, doubled)
    before = scene.activities()

    runs = [scene.sync(), scene.sync()]

    assert [(run.code, run.counts, run["warnings"]) for run in runs] == [
        (0, {"sent": 1, "unchanged": 1}, {"LATE_DOUBLE_KEPT": 1}),
        (0, {"unchanged": 2}, {"LATE_DOUBLE_KEPT": 1}),
    ]
    assert [row for row in scene.activities() if row in before] == before
    message = ConnectionEvent.objects.get(kind="double_kept").message
    assert f"Its extra activity {extra}, beside" in message and why in message
    assert message.endswith("Delete it in QuickBooks, or the client is billed twice.")


@pytest.mark.parametrize("readable", [True, False], ids=["date known", "date not stated"])
def test_one_in_closed_books_stays_and_holds_up_nothing(
    scene: Scene, ada: str, site: str, doubled: str, readable: bool
) -> None:
    scene.switch(book_close_date_readable=readable)
    scene.configure(BookCloseDate="2026-03-10")
    scene.check()
    scene.entry(ada, site, "2026-03-20 09:00", description="New")

    why = "The books are closed through March 10, 2026" if readable else "Account Period Closed"
    assert_it_stays_and_is_told(scene, doubled, why)


def test_one_in_a_signed_period_that_is_kept_stays(
    scene: Scene, ada: str, site: str, doubled: str, admin_user: User
) -> None:
    scene.policy(start_date=FIRST)
    scene.entry(ada, site, "2026-03-20 09:00", description="New")
    days = date(2026, 3, 2), date(2026, 3, 10)
    run_command("reconcile", "--from", "2026-03-02", "--to", "2026-03-10")
    shown = str(Reconciliation.objects.latest("pk").pk)
    sign_offs.sign(scene.workspace, days, shown=shown, reason="Agreed", person=admin_user, now=timezone.now())
    # Where they are kept already, nothing is signed of which an attempt may still arrive.
    scene.policy(keep_signed="on")

    assert_it_stays_and_is_told(scene, doubled, "admin signed March 2, 2026 to March 10, 2026")


def test_a_deletion_without_an_answer_is_tried_by_the_next_run(scene: Scene, doubled: str) -> None:
    scene.fault("cut_before", "operation=delete", times=0)
    first = scene.sync()
    scene.clear_faults()

    assert (first.code, first["warnings"]) == (0, {})
    assert scene.sync()["warnings"] == {"LATE_DOUBLE": 1}
    assert_books_agree(scene)


def test_whoever_lost_the_lease_deletes_none(scene: Scene, doubled: str) -> None:
    def lost() -> None:
        raise lease.Lost("another process may be writing")

    company = scene.workspace.company
    assert company is not None
    client = QuickBooksApiClient(company)

    with pytest.raises(lease.Lost):
        late_duplicates.take_back(company, client, BillingReader(client), check_lease=lost)

    assert len(scene.activities()) == 2
