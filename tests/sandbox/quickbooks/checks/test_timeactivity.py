"""TimeActivity: accepted values, answers, and each fault."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.quickbooks_client import QuickBooksCaller, code


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def test_a_created_activity_comes_back_whole_with_names_of_its_references(
    quickbooks: QuickBooksCaller, work: dict[str, Any], ids: dict[str, str]
) -> None:
    created = quickbooks.create("TimeActivity", work)

    assert created["EmployeeRef"] == {"value": ids["ana"], "name": "Ana Roe"}
    assert created["CustomerRef"] == {"value": ids["site"], "name": "Acme:Site"}
    assert (created["SyncToken"], created["Hours"], created["Minutes"], created["HourlyRate"]) == ("0", 2, 15, 80)
    assert list(created)[-5:] == ["domain", "sparse", "Id", "SyncToken", "MetaData"]
    assert quickbooks.send("GET", f"timeactivity/{created['Id']}").json()["TimeActivity"] == created


def test_what_is_left_out_gets_the_services_defaults(quickbooks: QuickBooksCaller, ids: dict[str, str]) -> None:
    bare = {"NameOf": "Employee", "EmployeeRef": {"value": ids["ana"]}, "Hours": 1}

    created = quickbooks.create("TimeActivity", bare)

    assert created["ItemRef"] == {"value": "2", "name": "Hours"}
    assert (created["BillableStatus"], created["HourlyRate"], created["Taxable"]) == ("NotBillable", 0, False)
    assert (created["Minutes"], len(created["TxnDate"])) == (0, 10)
    quickbooks.switch(default_time_item=False)
    assert "ItemRef" not in quickbooks.create("TimeActivity", bare)


def test_a_contractor_is_a_vendor(quickbooks: QuickBooksCaller, work: dict[str, Any], ids: dict[str, str]) -> None:
    body = without(work, "EmployeeRef") | {"NameOf": "Vendor", "VendorRef": {"value": ids["vic"]}}

    assert quickbooks.create("TimeActivity", body)["VendorRef"] == {"value": ids["vic"], "name": "Vic"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"VendorRef": {"value": "2"}}, "6290"),
        ({"EmployeeRef": None}, "6290"),
        ({"NameOf": "Vendor"}, "6290"),
        ({"NameOf": None}, "6300"),
        ({"NameOf": "Other"}, "6300"),
        ({"NameOf": "employee"}, "6300"),
        ({"CustomerRef": None}, "6310"),
        ({"BillableStatus": "Maybe"}, "6320"),
        ({"BillableStatus": "HasBeenBilled"}, "2170"),
        ({"HourlyRate": None}, "6330"),
        ({"HourlyRate": -1}, "6330"),
        ({"HourlyRate": 100_000_000_000}, "6330"),
        ({"HourlyRate": "80"}, "2090"),
        ({"Hours": None, "Minutes": None}, "6340"),
        ({"Hours": None, "Minutes": None, "StartTime": "2026-03-04T09:00:00"}, "6350"),
        ({"Minutes": 60}, "6380"),
        ({"Minutes": -1}, "6380"),
        ({"Hours": 8761}, "6380"),
        ({"Hours": 8760, "Minutes": 1}, "6380"),
        ({"Hours": 0, "Minutes": 0}, "6380"),
        ({"Hours": 1.5}, "2090"),
        ({"Hours": "1"}, "2090"),
        ({"StartTime": "2026-03-04T09:00:00", "EndTime": "2026-03-04T10:00:00"}, "6390"),
        ({"BreakMinutes": 5}, "6390"),
        ({"TxnDate": "04.03.2026"}, "2060"),
        ({"TxnDate": "2026-03-04T00:00:00Z"}, "2060"),
        ({"Description": "x" * 4001}, "2050"),
        ({"Taxable": "yes"}, "2230"),
        ({"EmployeeRef": {"value": "999"}}, "2500"),
        ({"EmployeeRef": {"value": "3"}}, "2500"),
        ({"CustomerRef": {"value": "999"}}, "2500"),
        ({"CustomerRef": {"value": "1"}}, "2500"),
        ({"ItemRef": {"value": "999"}}, "2500"),
        ({"ClassRef": {"value": "1"}}, "2500"),
        ({"CustomerRef": "4"}, "2010"),
        ({"Employee": "Ana"}, "2010"),
        ({"employeeRef": {"value": "1"}}, "2010"),
        ({"clockify_id": "x"}, "2010"),
    ],
)
def test_each_fault_of_a_create(
    quickbooks: QuickBooksCaller, work: dict[str, Any], change: dict[str, Any], expected: str
) -> None:
    assert quickbooks.fault("TimeActivity", work | change) == expected
    assert quickbooks.rows("select * from TimeActivity") == []


def test_an_unknown_property_is_named_in_the_fault(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    answer = quickbooks.write("TimeActivity", work | {"Foo": 1})

    error = answer.json()["Fault"]["Error"][0]
    assert error["Message"] == "Request has invalid or unsupported property"
    assert 'Unrecognized field "Foo" (class com.intuit.schema.finance.v3.TimeActivity)' in error["Detail"]


def test_the_longest_description_and_duration_are_taken(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    body = work | {"Description": "x" * 4000, "Hours": 8760, "Minutes": 0}

    assert quickbooks.create("TimeActivity", body)["Hours"] == 8760


def test_a_long_description_counts_as_java_does(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    assert quickbooks.fault("TimeActivity", work | {"Description": "🌍" * 2001}) == "2050"


def test_start_and_end_become_pacific_clock_times_of_txndate(
    quickbooks: QuickBooksCaller, work: dict[str, Any]
) -> None:
    clock = {"StartTime": "2015-07-05T08:00:00-08:00", "EndTime": "2015-07-05T16:00:00-08:00"}
    body = without(work, "Hours", "Minutes") | clock | {"TxnDate": "2016-09-15", "BreakMinutes": 30}

    created = quickbooks.create("TimeActivity", body)

    assert created["StartTime"] == "2016-09-15T09:00:00-07:00"
    assert created["EndTime"] == "2016-09-15T17:00:00-07:00"
    assert "Hours" not in created


@pytest.mark.parametrize(
    ("start", "end", "more", "expected"),
    [
        ("2026-03-04T10:00:00", "2026-03-04T09:00:00", {}, "6370"),
        ("2026-03-04T22:00:00", "2026-03-05T02:00:00", {}, "6370"),
        ("2026-03-04T05:00:00Z", "2026-03-04T10:00:00Z", {}, "6370"),
        ("2026-03-04T09:00:00", "2026-03-04T10:00:00", {"BreakHours": 2}, "6360"),
        ("2026-03-04T09:00:00", "2026-03-04T09:00:00", {}, "6360"),
        ("nine", "2026-03-04T10:00:00", {}, "6360"),
    ],
)
def test_impossible_clock_times_are_refused(
    quickbooks: QuickBooksCaller,
    work: dict[str, Any],
    start: str,
    end: str,
    more: dict[str, Any],
    expected: str,
) -> None:
    body = without(work, "Hours", "Minutes") | {"StartTime": start, "EndTime": end} | more

    assert quickbooks.fault("TimeActivity", body) == expected


def test_a_reference_to_something_inactive_is_refused(
    quickbooks: QuickBooksCaller, work: dict[str, Any], ids: dict[str, str]
) -> None:
    quickbooks.in_product("Employee", {"Id": ids["ana"], "Active": False})

    assert quickbooks.fault("TimeActivity", work) == "2500"
    quickbooks.switch(inactive_ref_error="610")
    answer = quickbooks.write("TimeActivity", work)
    assert code(answer) == "610" and "has been made inactive" in answer.text


def test_a_customer_id_as_employee_can_yield_nameof_other(
    quickbooks: QuickBooksCaller, work: dict[str, Any], ids: dict[str, str]
) -> None:
    quickbooks.switch(employeeref_type_check="other_quirk")

    created = quickbooks.create("TimeActivity", work | {"EmployeeRef": {"value": ids["acme"]}})

    assert created["NameOf"] == "Other" and "EmployeeRef" not in created
    assert created["OtherNameRef"] == {"value": ids["acme"], "name": "Acme"}


def test_classes_need_class_tracking(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    body = work | {"ClassRef": {"value": quickbooks.create("Class", {"Name": "East"})["Id"]}}
    assert quickbooks.fault("TimeActivity", body) == "5030"

    quickbooks.in_product("company", {"ClassTrackingPerTxn": True})
    assert quickbooks.create("TimeActivity", body)["ClassRef"]["name"] == "East"


@pytest.mark.parametrize("status", ["SUSPENDED", "EXPIRED", "CANCELLED"])
def test_a_lapsed_subscription_refuses_writes_and_still_reads(
    quickbooks: QuickBooksCaller, work: dict[str, Any], status: str
) -> None:
    quickbooks.in_product("company", {"SubscriptionStatus": status})

    assert quickbooks.fault("TimeActivity", work) == "6190"
    assert quickbooks.rows("select * from Employee")
    quickbooks.switch(lapsed_reads=False)
    assert code(quickbooks.query("select * from Employee")) == "6190"


def test_a_restricted_subscription_still_writes(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    quickbooks.in_product("company", {"SubscriptionStatus": "RESTRICTED"})

    assert quickbooks.create("TimeActivity", work)


@pytest.mark.parametrize("expected", ["5020", "5030"])
def test_simple_start_has_no_time_tracking(quickbooks: QuickBooksCaller, work: dict[str, Any], expected: str) -> None:
    quickbooks.switch(timeactivity_on_simple_start=expected)
    quickbooks.in_product("company", {"OfferingSku": "QuickBooks Online Simple Start"})

    assert quickbooks.fault("TimeActivity", work) == expected


def test_a_renamed_customer_shows_its_new_name_in_old_time(
    quickbooks: QuickBooksCaller, work: dict[str, Any], ids: dict[str, str]
) -> None:
    quickbooks.create("TimeActivity", work)
    quickbooks.in_product("Customer", {"Id": ids["acme"], "DisplayName": "Apex"})

    assert quickbooks.rows("select * from TimeActivity")[0]["CustomerRef"]["name"] == "Apex:Site"
