"""The calls a check makes to QuickBooks: as few as possible, without missing anything."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest

from integrations.models import Company, Customer, Employee
from integrations.quickbooks import reading
from tests.support.scene import Result, Scene


def calls(scene: Scene) -> dict[str, int]:
    """Return the number of calls by the last part of their address."""
    return {route.split()[-1]: count for route, count in scene.calls().items() if count}


def check(scene: Scene) -> Result:
    scene.zero_calls()
    result = scene.check()
    assert result.code == 0, result.stderr
    return result


def customers(scene: Scene, names: Iterable[str]) -> list[str]:
    with scene.world.lock:
        return [scene.books.put("Customer", {"DisplayName": name})["Id"] for name in names]


@pytest.fixture
def long_list(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Create more customers than fit into a batch."""
    monkeypatch.setattr(reading, "MAX_RECORDS", 50)
    ids = customers(scene, [f"Customer {number}" for number in range(60)])
    check(scene)
    for record in scene.books.records["Customer"].values():
        record["MetaData"]["LastUpdatedTime"] = "2026-01-05T09:00:00-08:00"
    return ids


@pytest.mark.parametrize(("days", "clockify_calls"), [(20, 4), (40, 5)])
def test_a_check_with_nothing_new_is_one_call_to_quickbooks(
    scene: Scene, ada: str, site: str, days: int, clockify_calls: int
) -> None:
    """Clockify's free plan refuses reports over more than 31 days."""
    scene.policy(start_date=date.today() - timedelta(days=days))
    check(scene)

    result = check(scene)

    assert calls(scene) == {"batch": 1}
    assert result["api_calls"]["quickbooks"] == 1
    assert result["api_calls"]["clockify"] == clockify_calls
    assert result["quickbooks"]["customers"] == {"seen": 2, "new": 0, "changed": 0, "gone": 0}


def test_the_first_check_of_a_small_company_is_one_call_too(scene: Scene, ada: str, site: str) -> None:
    result = check(scene)

    assert calls(scene) == {"batch": 1}
    assert result["quickbooks"]["customers"]["new"] == 2
    assert result["plan"]["sku"]


def test_a_list_that_outgrew_its_share_is_read_on(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MARGIN", 3)
    check(scene)
    customers(scene, [f"Customer {number}" for number in range(10)])

    result = check(scene)

    assert calls(scene) == {"batch": 1, "query": 1}
    assert result["quickbooks"]["customers"]["new"] == 10


def test_a_long_list_costs_one_more_call_and_no_pages(scene: Scene, long_list: list[str]) -> None:
    result = check(scene)

    assert calls(scene) == {"batch": 1, "cdc": 1}
    assert result["quickbooks"]["customers"] == {"seen": 60, "new": 0, "changed": 0, "gone": 0}


def test_changes_of_a_long_list_are_seen(scene: Scene, long_list: list[str]) -> None:
    scene.put("Customer", {"Id": long_list[0], "DisplayName": "Renamed"})
    scene.deactivate("Customer", long_list[1])
    scene.put("Customer", {"Id": long_list[2], "Notes": "The time stamp moved, nothing else that matters."})
    added = customers(scene, ["Newcomer"])

    result = check(scene)

    assert calls(scene) == {"batch": 1, "cdc": 1}
    assert result["quickbooks"]["customers"] == {"seen": 61, "new": 1, "changed": 2, "gone": 0}
    assert Customer.objects.get(quickbooks_id=long_list[0]).name == "Renamed"
    assert not Customer.objects.get(quickbooks_id=long_list[1]).active
    assert Customer.objects.get(quickbooks_id=added[0]).name == "Newcomer"
    assert check(scene)["quickbooks"]["customers"]["changed"] == 0


def test_what_was_merged_away_is_gone(scene: Scene, long_list: list[str]) -> None:
    with scene.world.lock:
        scene.books.remove("Customer", long_list[0])

    result = check(scene)

    assert result["quickbooks"]["customers"]["gone"] == 1
    assert Customer.objects.get(quickbooks_id=long_list[0]).gone_at is not None


@pytest.mark.parametrize("age", [timedelta(days=1, minutes=1), timedelta(days=31)])
def test_changes_are_not_trusted_for_ever(scene: Scene, long_list: list[str], age: timedelta) -> None:
    company = scene.company
    assert company.lists_read_at is not None
    Company.objects.update(lists_read_at=company.lists_read_at - age)

    check(scene)

    assert calls(scene) == {"batch": 1, "query": 1}


def test_a_full_list_of_changes_is_not_believed(
    scene: Scene, long_list: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in long_list[:55]:
        scene.put("Customer", {"Id": key, "Notes": "Touched by an import."})

    check(scene)

    assert calls(scene) == {"batch": 1, "cdc": 1, "query": 1}


@pytest.mark.parametrize("status", [400, 404])
def test_where_changes_are_refused_all_is_read(scene: Scene, long_list: list[str], status: int) -> None:
    scene.fault("status_before", path="/cdc", method="GET", status=status, body={"message": "no"})

    check(scene)

    assert calls(scene) == {"batch": 1, "cdc": 1, "query": 1}


REFUSED = {"Fault": {"Error": [{"Message": "Unsupported", "Detail": "No queries here", "code": "500"}]}}


@pytest.mark.parametrize(("status", "body"), [(400, REFUSED), (404, {}), (200, {"BatchItemResponse": []})])
def test_where_batches_are_refused_plain_queries_do(
    scene: Scene, ada: str, site: str, status: int, body: dict[str, Any]
) -> None:
    scene.fault("status_before", path="/batch", status=status, body=body, times=0)

    result = check(scene)

    assert calls(scene)["query"] == 4
    assert result["quickbooks"]["customers"]["seen"] == 2
    assert result["plan"]["supported"] is True
    assert Employee.objects.get().name == "Ada"


def test_one_refused_query_of_a_batch_is_asked_again_by_itself(scene: Scene, ada: str, site: str) -> None:
    scene.fault(
        "status_before", path="/batch", status=200, body={"BatchItemResponse": [{"bId": "Customer", **REFUSED}]}
    )

    assert check(scene)["quickbooks"]["customers"]["seen"] == 2


def test_a_short_list_that_comes_back_empty_is_not_believed(scene: Scene) -> None:
    customers(scene, [f"Customer {number}" for number in range(30)])
    check(scene)
    items = [{"bId": entity, "QueryResponse": {}} for entity in ("Employee", "Vendor", "Customer", "Item")]
    scene.fault("status_before", path="/batch", status=200, body={"BatchItemResponse": items})

    result = scene.check()

    assert result["status"] == "succeeded"
    assert result["warnings"]["LIST_SHRANK"] == 1
    assert result["quickbooks"]["customers"]["gone"] == 0
    assert Customer.objects.filter(gone_at=None).count() == 30
