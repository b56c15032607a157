"""Items, classes and locations of a TimeActivity: which may be referred to, and what QuickBooks says of others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.quickbooks_client import QuickBooksCaller

TRACKED = {"ClassTrackingPerTxn": True, "TrackDepartments": True}
SUB = {"Class": "SubClass", "Department": "SubDepartment", "Item": "SubItem"}
INCOME = {"IncomeAccountRef": {"value": "1"}}


@pytest.fixture
def tracked(quickbooks: QuickBooksCaller) -> QuickBooksCaller:
    quickbooks.in_product("company", TRACKED)
    return quickbooks


def nested(quickbooks: QuickBooksCaller, entity: str, *names: str) -> dict[str, Any]:
    """Create records of these names, each below the one before; return the last."""
    record: dict[str, Any] = {}
    for name in names:
        place = {SUB[entity]: True, "ParentRef": {"value": record["Id"]}} if record else {}
        record = quickbooks.create(entity, {"Name": name, **place})
    return record


@pytest.mark.parametrize(("entity", "ref"), [("Class", "ClassRef"), ("Department", "DepartmentRef")])
def test_a_record_of_the_third_level_is_shown_by_its_full_name(
    tracked: QuickBooksCaller, work: dict[str, Any], entity: str, ref: str
) -> None:
    third = nested(tracked, entity, "Événements", "Été", "Print & packaging")

    created = tracked.create("TimeActivity", work | {ref: {"value": third["Id"]}})

    assert created[ref] == {"value": third["Id"], "name": "Événements:Été:Print & packaging"}


@pytest.mark.parametrize("error", ["2500", "610"])
@pytest.mark.parametrize(
    ("entity", "ref"), [("Class", "ClassRef"), ("Department", "DepartmentRef"), ("Item", "ItemRef")]
)
def test_inactive_and_unknown_records_are_refused(
    tracked: QuickBooksCaller, work: dict[str, Any], entity: str, ref: str, error: str
) -> None:
    tracked.switch(inactive_ref_error=error)
    fields = {"Type": "Service", **INCOME} if entity == "Item" else {}
    key = tracked.create(entity, {"Name": "East", **fields})["Id"]
    assert tracked.fault("TimeActivity", work | {ref: {"value": "9999"}}) == error
    tracked.create(entity, {"Id": key, "SyncToken": "0", "sparse": True, "Active": False})

    assert tracked.fault("TimeActivity", work | {ref: {"value": key}}) == error


@pytest.mark.parametrize(
    ("entity", "ref", "setting"),
    [("Class", "ClassRef", "ClassTrackingPerTxn"), ("Department", "DepartmentRef", "TrackDepartments")],
)
def test_what_the_company_does_not_track_is_refused(
    tracked: QuickBooksCaller, work: dict[str, Any], entity: str, ref: str, setting: str
) -> None:
    body = work | {ref: {"value": tracked.create(entity, {"Name": "East"})["Id"]}}
    tracked.in_product("company", {setting: False})

    assert tracked.fault("TimeActivity", body) == "5030"


def test_only_services_can_be_worked_and_a_category_is_none(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    category = quickbooks.create("Item", {"Name": "Studio", "Type": "Category"})
    below = {"SubItem": True, "ParentRef": {"value": category["Id"]}, **INCOME}
    paper = quickbooks.create("Item", {"Name": "Paper", "Type": "NonInventory", **INCOME})
    video = quickbooks.create("Item", {"Name": "Vidéo", "Type": "Service", **below})

    for refused in (category, paper):
        assert quickbooks.fault("TimeActivity", work | {"ItemRef": {"value": refused["Id"]}}) == "2500"

    created = quickbooks.create("TimeActivity", work | {"ItemRef": {"value": video["Id"]}})
    assert created["ItemRef"] == {"value": video["Id"], "name": "Studio:Vidéo"}


def test_an_item_lies_below_a_category_alone_where_the_company_has_categories(quickbooks: QuickBooksCaller) -> None:
    parent = quickbooks.create("Item", {"Name": "Design", "Type": "Service", **INCOME})
    sub_item = {"Name": "Logos", "SubItem": True, "ParentRef": {"value": parent["Id"]}, **INCOME}
    assert quickbooks.fault("Item", sub_item) == "2500"

    quickbooks.in_product("company", {"ItemCategoriesFeature": "false"})

    assert quickbooks.create("Item", sub_item)["FullyQualifiedName"] == "Design:Logos"


@pytest.mark.parametrize("entity", ["Class", "Department", "Item"])
def test_a_colon_in_a_name_would_read_as_a_level(quickbooks: QuickBooksCaller, entity: str) -> None:
    assert quickbooks.fault(entity, {"Name": "Design: UX", **(INCOME if entity == "Item" else {})}) == "2040"


def test_time_that_is_not_billable_needs_neither_customer_nor_rate_and_no_invoice_takes_it(
    quickbooks: QuickBooksCaller, work: dict[str, Any]
) -> None:
    fields = {name: value for name, value in work.items() if name not in ("CustomerRef", "HourlyRate")}

    created = quickbooks.create("TimeActivity", fields | {"BillableStatus": "NotBillable"})

    assert (created["BillableStatus"], created["HourlyRate"], "CustomerRef" in created) == ("NotBillable", 0, False)
    kept = quickbooks.create("TimeActivity", work | {"BillableStatus": "NotBillable"})
    assert kept["HourlyRate"] == 80
    quickbooks.in_product("bill", {"ids": [kept["Id"]]})
    assert quickbooks.rows("select * from Invoice") == []
