"""Batches and change data capture."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.quickbooks_client import QuickBooksCaller, code, item_code

LONG_AGO = "2020-01-01"


def create(name: str, entity: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"bId": name, "operation": "create", entity: body}


def cdc(quickbooks: QuickBooksCaller, entities: str, since: str = LONG_AGO) -> requests.Response:
    return quickbooks.send("GET", "cdc", params={"entities": entities, "changedSince": since})


def changed(answer: requests.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return answer.json()["CDCResponse"][0]["QueryResponse"]


def test_items_succeed_and_fail_on_their_own_under_200(
    quickbooks: QuickBooksCaller, work: dict[str, Any], ids: dict[str, str]
) -> None:
    old = quickbooks.create("TimeActivity", work)

    items = quickbooks.batch(
        create("a1", "TimeActivity", work),
        {"bId": "a2", "operation": "update", "Customer": {"Id": ids["acme"], "SyncToken": "9"}},
        {"bId": "a3", "operation": "delete", "TimeActivity": {"Id": old["Id"], "SyncToken": "0"}},
        {"bId": "a4", "Query": "select * from Employee where Active in (true,false) maxresults 1000"},
        {"bId": "a5", "Query": "select * from Nothing"},
        create("a6", "Customer", {"DisplayName": "acme"}),
    )

    assert items["a1"]["TimeActivity"]["Hours"] == 2
    assert item_code(items["a2"]) == "5010"
    assert items["a3"]["TimeActivity"]["status"] == "Deleted"
    assert items["a4"]["QueryResponse"]["Employee"][0]["DisplayName"] == "Ana Roe"
    assert item_code(items["a5"]) == "4001"
    assert item_code(items["a6"]) == "6240"


def test_answers_come_in_another_order_than_asked(quickbooks: QuickBooksCaller) -> None:
    asked = [{"bId": str(number), "Query": "select * from Item"} for number in range(30)]

    answered = list(quickbooks.batch(*asked))

    assert sorted(answered, key=int) == [item["bId"] for item in asked] != answered


def test_more_than_30_items_are_1040_and_nothing_is_done(quickbooks: QuickBooksCaller) -> None:
    items = [create(str(number), "Vendor", {"DisplayName": f"V{number}"}) for number in range(31)]

    answer = quickbooks.send("POST", "batch", json={"BatchItemRequest": items})

    assert code(answer) == "1040" and quickbooks.rows("select * from Vendor") == []


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"operation": "void", "TimeActivity": {"Id": "1", "SyncToken": "0"}}, "500"),
        ({"operation": "update", "TimeActivity": {"SyncToken": "0"}}, "2020"),
        ({"operation": "create", "Nothing": {}}, "2010"),
        ({"operation": "create", "TimeActivity": {}}, "6300"),
        ({"operation": "delete", "Customer": {"Id": "1", "SyncToken": "0"}}, "500"),
    ],
)
def test_what_an_item_cannot_be(quickbooks: QuickBooksCaller, item: dict[str, Any], expected: str) -> None:
    assert item_code(quickbooks.batch({"bId": "x", **item})["x"]) == expected


def test_a_repeated_item_is_replayed_by_requestid_and_bid(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    first = quickbooks.batch(create("a", "TimeActivity", work), requestid="one")
    second = quickbooks.batch(create("a", "TimeActivity", work), requestid="one")
    other = quickbooks.batch(create("b", "TimeActivity", work), requestid="one")

    assert first == second
    assert other["b"]["TimeActivity"]["Id"] != first["a"]["TimeActivity"]["Id"]
    assert len(quickbooks.rows("select * from TimeActivity")) == 2


def test_replay_of_batches_can_be_6000(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    quickbooks.switch(batch_requestid_replays=False)
    quickbooks.batch(create("a", "TimeActivity", work), requestid="one")

    assert item_code(quickbooks.batch(create("a", "TimeActivity", work), requestid="one")["a"]) == "6000"
    assert len(quickbooks.rows("select * from TimeActivity")) == 1


def test_requestid_and_bid_together_hold_50_characters(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    items = quickbooks.batch(
        create("x" * 14, "TimeActivity", work), create("y" * 15, "TimeActivity", work), requestid="r" * 36
    )

    assert items["x" * 14]["TimeActivity"]["Id"]
    assert item_code(items["y" * 15]) == "6000" and "50 characters" in str(items["y" * 15])


def test_a_batch_returns_at_most_1000_objects(quickbooks: QuickBooksCaller) -> None:
    for number in range(600):
        quickbooks.in_product("Vendor", {"DisplayName": f"V{number}"})
    query = "select * from Vendor maxresults 1000"
    items = [{"bId": name, "Query": query} for name in "ab"]

    faults = [item_code(item) for item in quickbooks.batch(*items).values() if "Fault" in item]

    assert faults == ["10100"]
    quickbooks.switch(batch_over_1000="allow")
    assert not any("Fault" in item for item in quickbooks.batch(*items).values())


def test_a_batch_can_be_cut_after_some_items(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    fault = {"vendor": "quickbooks", "path": "/batch", "kind": "cut_mid_batch", "items": 2}
    quickbooks.control("faults", fault)

    with pytest.raises(requests.ConnectionError):
        quickbooks.batch(*[create(name, "TimeActivity", work) for name in "abcde"])

    assert len(quickbooks.rows("select * from TimeActivity")) == 2


def test_changes_come_grouped_by_entity_inactive_ones_included(
    quickbooks: QuickBooksCaller, ids: dict[str, str]
) -> None:
    quickbooks.in_product("Vendor", {"Id": ids["vic"], "Active": False})

    customers, vendors, classes = changed(cdc(quickbooks, "customer, Vendor,Class"))

    assert {row["Id"] for row in customers["Customer"]} == {ids["acme"], ids["site"]}
    assert customers["maxResults"] == 2
    assert vendors["Vendor"][0]["DisplayName"] == "Vic (deleted)"
    assert classes == {}


def test_only_what_changed_since_comes(quickbooks: QuickBooksCaller, ids: dict[str, str]) -> None:
    quickbooks.move_clock(hours=0.5)
    since = quickbooks.send("GET", "preferences").json()["time"]
    quickbooks.move_clock(hours=0.6)
    quickbooks.in_product("Customer", {"Id": ids["site"], "DisplayName": "Plot"})

    (customers,) = changed(cdc(quickbooks, "Customer", since))

    assert [row["DisplayName"] for row in customers["Customer"]] == ["Plot"]


def test_a_record_merged_away_leaves_a_marker(quickbooks: QuickBooksCaller, ids: dict[str, str]) -> None:
    quickbooks.control(f"quickbooks/{quickbooks.realm}/Customer/{ids['site']}", method="DELETE")

    (customers,) = changed(cdc(quickbooks, "Customer"))

    marker = customers["Customer"][-1]
    assert (marker["Id"], marker["status"], set(marker["MetaData"])) == (
        ids["site"],
        "Deleted",
        {"LastUpdatedTime"},
    )


def test_time_is_not_covered(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    quickbooks.create("TimeActivity", work)
    assert changed(cdc(quickbooks, "TimeActivity")) == [{}]

    quickbooks.switch(cdc_timeactivity="fault")
    assert code(cdc(quickbooks, "Customer,TimeActivity")) == "4001"


def test_at_most_1000_objects_come(quickbooks: QuickBooksCaller) -> None:
    for number in range(1001):
        quickbooks.in_product("Vendor", {"DisplayName": f"V{number}"})

    vendors, items = changed(cdc(quickbooks, "Vendor,Item"))

    assert len(vendors["Vendor"]) == 1000 and items == {}


def test_cdc_needs_entities_a_time_and_can_refuse_old_ones(quickbooks: QuickBooksCaller) -> None:
    assert code(quickbooks.send("GET", "cdc", params={"entities": "Customer"})) == "2020"
    assert code(quickbooks.send("GET", "cdc", params={"changedSince": LONG_AGO})) == "2020"
    assert code(cdc(quickbooks, "Custmoer")) == "4001"
    assert code(cdc(quickbooks, "Customer", "yesterday")) == "4001"
    quickbooks.switch(cdc_refuses_over_30_days=True)
    assert code(cdc(quickbooks, "Customer")) == "4001"
