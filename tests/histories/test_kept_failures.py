"""Histories that once ended wrongly, shrunk, each with the rule that it broke."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.histories.events import DECISIONS
from tests.histories.history import History

Begin = Callable[[], History]


@pytest.fixture
def history(begin: Begin) -> History:
    """Start a history in which an hour of Ada's on March 6 was sent."""
    history = begin()
    history.work(moment=4)
    history.clean_run()
    return history


def test_time_of_a_deleted_entry_says_that_quickbooks_is_not_connected(history: History) -> None:
    history.delete(0)
    history.disconnect()

    history.clean_run()


def test_time_of_a_deleted_entry_says_that_the_subscription_is_not_supported(history: History) -> None:
    history.delete(0)
    history.configure("payroll", 1)

    history.clean_run()


def test_time_that_is_no_longer_billable_says_that_the_subscription_is_not_supported(history: History) -> None:
    history.edit(0, "billable")
    history.configure("payroll", 1)

    history.clean_run()


def test_time_is_deleted_though_its_entry_was_moved_into_closed_books(history: History) -> None:
    history.configure("books", 1)
    history.edit(0, "start", 0)
    history.edit(0, "billable")

    history.clean_run()

    assert history.scene.activities() == []


def test_time_in_closed_books_is_not_even_tried_when_its_entry_moves_on(history: History) -> None:
    history.edit(0, "start", 1)
    history.clean_run()
    history.configure("books", 1)
    history.edit(0, "start", 7)
    history.scene.zero_calls()

    history.clean_run()

    assert not [route for route in history.scene.calls() if route.endswith("timeactivity")]


def test_an_unlinked_client_holds_its_project_though_the_projects_customer_is_inactive_as_well(
    history: History,
) -> None:
    history.unlink(3)
    history.quickbooks_lists("deactivate", 5)
    history.work(moment=7)

    history.clean_run()


def test_time_that_people_deleted_while_its_outcome_was_unknown_is_not_counted_as_sent(begin: Begin) -> None:
    history = begin()
    history.check_if_needed()
    entry = history.work(moment=4)
    history.scene.fault("cut_after_commit")
    history.scene.fault("status_before", "/query", method="", status=400, skip=1, times=0)
    assert history.scene.sync()["unknown"] == 1
    history.scene.clear_faults()
    (activity,) = history.scene.activities()
    history.scene.delete_activity(activity["Id"])

    run = history.scene.sync()

    assert history.scene.activities() == []
    assert (run.counts, run["blocked_reasons"]) == ({"blocked": 1}, {"CHANGED_IN_QUICKBOOKS": 1})
    assert [difference["field"] for difference in history.scene.explain(entry)["differences"]] == ["activity"]
    assert history.scene.receipt(entry).conflict == "CHANGED_IN_QUICKBOOKS"
    assert history.scene.sync().counts == {"unchanged": 1}
    assert history.scene.activities() == []


@pytest.mark.parametrize("annotate_first", [True, False])
def test_an_invoice_taken_back_or_a_class_added_by_hand_does_not_stop_an_edit(
    history: History, annotate_first: bool
) -> None:
    history.scene.switch(billing_moves_sync_token=True)
    for how in ("annotate", "bill", "bill") if annotate_first else ("bill", "bill", "annotate"):
        history.by_hand(how, 0)
    history.edit(0, "text", 2)

    history.clean_run()

    (activity,) = history.scene.activities()
    assert (activity["Description"], activity["ClassRef"]["value"]) == ("Review", "1")


@pytest.mark.sample(8)
@pytest.mark.parametrize("again", [False, True], ids=["", "tried again in vain"])
@pytest.mark.parametrize("arrived", [False, True], ids=["lost", "arrived"])
@pytest.mark.parametrize("decision", DECISIONS)
def test_what_people_decide_between_two_attempts_of_a_write_counts(
    history: History, decision: str, arrived: bool, again: bool
) -> None:
    history.work(moment=1, text=2)
    # The new entry, or the project of both entries, which gets another customer or rate.
    number = 5 if decision in {"unlink", "ignore", "relink"} else 1

    history.decide_between_attempts(decision, number, 4, arrived=arrived, again=again)

    history.clean_run()


@pytest.mark.parametrize("delete", [False, True])
def test_many_deletions_wait_until_a_person_answers(history: History, delete: bool) -> None:
    for number in range(4):
        history.work(number, number)
    history.clean_run()
    history.many_deletions(2, 0)
    history.work(2, 2)
    history.dry_run()
    history.clean_run()
    assert len(history.scene.activities()) == 6

    history.answer_many_deletions(delete=delete)

    history.clean_run()
    assert len(history.scene.activities()) == (1 if delete else 6)
    history.restore(0)
    history.clean_run()


@pytest.mark.parametrize("how", ["bill", "change", "remove", "annotate"])
def test_an_undo_leaves_what_people_billed_or_changed(history: History, how: str) -> None:
    history.scene.switch(billable_status_lags=True, billing_moves_sync_token=False)
    history.work(1, 1, 5, text=2)
    history.clean_run()
    for entry in list(history.books.sent):
        history.touch(how, history.books.sent[entry].key, 0)

    history.undo(0)
    history.undo(1)

    history.clean_run()


def test_a_first_attempt_that_arrives_late_goes(history: History) -> None:
    history.work(1, 1, 5, text=2)
    history.check_if_needed()

    history.late_duplicate()

    assert len(history.scene.activities()) == 2
    history.clean_run()


def test_time_that_was_changed_and_that_an_invoice_alone_bills_is_held_for_either(history: History) -> None:
    """Nobody else's time is in question, so that no invoice is asked: to be held it is enough that it was changed."""
    history.scene.switch(billable_status_lags=True, billing_moves_sync_token=False)
    (sent,) = history.books.sent.values()
    history.touch("change", sent.key, 1)
    history.touch("bill", sent.key, 0)
    history.delete(0)

    history.clean_run()

    assert len(history.scene.activities()) == 1
