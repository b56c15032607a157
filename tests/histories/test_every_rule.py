"""One history in which each rule about sent time decides something: what the dice may miss, this does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.histories.history import History


@pytest.mark.parametrize("lags", [True, False], ids=["billed by invoices alone", "billed by status"])
def test_each_rule_about_sent_time_holds_at_once(begin: Callable[[], History], lags: bool) -> None:
    history = begin()
    history.scene.switch(billable_status_lags=lags, billing_moves_sync_token=False)
    invoiced = history.work(0, 0, 1, text=1)
    invoiced_and_deleted = history.work(0, 1, 2, text=2)
    changed = history.work(0, 2, 4, text=1)
    removed = history.work(0, 3, 5, text=2)
    moved_zone = history.work(1, 0, 2, text=3)
    unbillable = history.work(1, 1, 4, text=2)
    edited = history.work(2, 2, 7, text=1)
    history.clean_run()
    number = {key: place for place, key in enumerate(history.scene.place.entries)}

    def touch(how: str, entry: str) -> None:
        history.touch(how, history.books.sent[entry].key, 0)

    touch("bill", invoiced)
    touch("bill", invoiced_and_deleted)
    touch("change", changed)
    touch("remove", removed)
    # Bea moves to New York, where her work began a day earlier.
    history.clockify_lists("zone", 1)
    for entry in (invoiced, changed, removed, moved_zone, edited):
        history.edit(number[entry], "text", 4)
    history.edit(number[unbillable], "billable")
    history.delete(number[invoiced_and_deleted])
    # An entry of today whose time somebody entered already.
    history.work(2, 3, 8, text=1)
    history.by_hand("enter", 0)
    history.dry_run()

    history.clean_run()

    assert history.books.sent.keys() == {invoiced, invoiced_and_deleted, changed, removed, moved_zone, edited}
    # Once the books are closed, an edit is not even tried.
    history.configure("books", 2)
    history.edit(number[edited] - 1, "text", 2)
    history.check()
    history.scene.zero_calls()
    history.clean_run()
    assert not [route for route in history.scene.calls() if route.endswith("timeactivity")]
