"""Updating, deleting and billing TimeActivities."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.quickbooks_client import QuickBooksCaller, code

DELETE = {"operation": "delete"}


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def test_a_full_update_nulls_what_it_leaves_out(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    created = quickbooks.create("TimeActivity", work)

    changed = quickbooks.create(
        "TimeActivity", without(work, "Description") | {"Id": created["Id"], "SyncToken": "0", "Hours": 3}
    )

    assert changed["SyncToken"] == "1" and changed["Hours"] == 3
    assert "Description" not in changed
    assert changed["MetaData"]["CreateTime"] == created["MetaData"]["CreateTime"]


def test_the_record_as_read_can_be_sent_back(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    created = quickbooks.create("TimeActivity", work)

    assert quickbooks.create("TimeActivity", created | {"Minutes": 30})["Minutes"] == 30


def test_an_update_that_changes_nothing_leaves_the_token(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    created = quickbooks.create("TimeActivity", work)

    assert quickbooks.create("TimeActivity", work | {"Id": created["Id"], "SyncToken": "0"}) == created


def test_a_sparse_update_keeps_the_rest_and_can_be_switched_off(
    quickbooks: QuickBooksCaller, work: dict[str, Any]
) -> None:
    created = quickbooks.create("TimeActivity", work)
    sparse = {"Id": created["Id"], "SyncToken": "0", "sparse": True, "Hours": 4}

    changed = quickbooks.create("TimeActivity", sparse)
    assert (changed["Hours"], changed["Description"], changed["SyncToken"]) == (4, "Review", "1")

    quickbooks.switch(sparse_timeactivity_allowed=False)
    assert quickbooks.fault("TimeActivity", sparse | {"SyncToken": "1"}) == "2010"


@pytest.mark.parametrize("query", [{}, DELETE])
def test_updates_and_deletes_need_id_and_present_token(
    quickbooks: QuickBooksCaller, work: dict[str, Any], query: dict[str, str]
) -> None:
    created = quickbooks.create("TimeActivity", work)
    body = work | {"Id": created["Id"]}

    assert quickbooks.fault("TimeActivity", body, **query) == "2020"
    assert quickbooks.fault("TimeActivity", body | {"SyncToken": "7"}, **query) == "5010"
    assert quickbooks.fault("TimeActivity", body | {"Id": "99", "SyncToken": "0"}, **query) == "610"
    answer = quickbooks.write("TimeActivity", body | {"Id": "1.5", "SyncToken": "0"}, **query)
    assert code(answer) == "2030" and "time" not in answer.json()


def test_a_deleted_activity_leaves_a_marker_and_is_gone(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    created = quickbooks.create("TimeActivity", work)
    key = {"Id": created["Id"], "SyncToken": "0"}

    marker = quickbooks.create("TimeActivity", key, **DELETE)

    assert marker == {"domain": "QBO", "status": "Deleted", "Id": created["Id"]}
    assert quickbooks.fault("TimeActivity", key, **DELETE) == "610"
    assert code(quickbooks.send("GET", f"timeactivity/{created['Id']}")) == "610"
    assert quickbooks.rows("select * from TimeActivity") == []


def test_billed_time_stays_unless_switched(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    quickbooks.switch(billable_status_lags=False)
    created = quickbooks.create("TimeActivity", work)
    billed = quickbooks.in_product("bill", {"ids": [created["Id"]]})[0]
    key = {"Id": created["Id"], "SyncToken": "0"}
    assert (billed["BillableStatus"], billed["SyncToken"]) == ("HasBeenBilled", "0")
    assert quickbooks.fault("TimeActivity", key, **DELETE) == "6000"
    assert quickbooks.fault("TimeActivity", work | key) == "6000"

    quickbooks.switch(update_billed="allow", delete_billed="allow")
    assert quickbooks.fault("TimeActivity", billed) == "2170"
    assert quickbooks.create("TimeActivity", key, **DELETE)["status"] == "Deleted"


@pytest.mark.parametrize(("moves", "tokens"), [(False, ["0", "0"]), (True, ["1", "2"])])
def test_an_invoice_made_and_deleted_moves_the_token_only_if_switched(
    quickbooks: QuickBooksCaller, work: dict[str, Any], moves: bool, tokens: list[str]
) -> None:
    quickbooks.switch(billing_moves_sync_token=moves)
    ids = {"ids": [quickbooks.create("TimeActivity", work)["Id"]]}

    billed, unbilled = quickbooks.in_product("bill", ids)[0], quickbooks.in_product("unbill", ids)[0]

    assert [billed["SyncToken"], unbilled["SyncToken"]] == tokens
    assert unbilled["BillableStatus"] == "Billable"


def test_another_person_adds_what_a_time_tracker_does_not_send(
    quickbooks: QuickBooksCaller, work: dict[str, Any], ids: dict[str, str]
) -> None:
    created = quickbooks.create("TimeActivity", work)
    added = {"ids": [created["Id"]], "class": "North", "cost_rate": 12.5, "project": ids["site"]}

    quickbooks.in_product("annotate", added)
    quickbooks.in_product("annotate", {"ids": [created["Id"]], "class": "North"})

    (row,) = quickbooks.rows("select * from TimeActivity")
    assert row["SyncToken"] == "2"
    assert (row["ClassRef"]["name"], row["CostRate"], row["ProjectRef"]["value"]) == ("North", 12.5, ids["site"])
    assert {name: row[name] for name in work if not name.endswith("Ref")} == {
        name: value for name, value in work.items() if not name.endswith("Ref")
    }
    assert len(quickbooks.rows("select * from Class")) == 1


def test_closed_books_take_no_change_up_to_their_date(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    created = quickbooks.create("TimeActivity", work)
    quickbooks.in_product("company", {"BookCloseDate": "2026-03-04"})
    later = work | {"TxnDate": "2026-03-05"}

    assert quickbooks.fault("TimeActivity", work) == "6210"
    assert quickbooks.create("TimeActivity", later)
    assert quickbooks.fault("TimeActivity", later | {"Id": created["Id"], "SyncToken": "0"}) == "6210"
    assert quickbooks.fault("TimeActivity", {"Id": created["Id"], "SyncToken": "0"}, **DELETE) == "6210"
    quickbooks.switch(closed_books_code="6200")
    assert quickbooks.fault("TimeActivity", work) == "6200"
