"""Customers, vendors, employees and items: names, levels, uniqueness, inactivity."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.quickbooks_client import QuickBooksCaller


def under(parent: str, name: str) -> dict[str, Any]:
    return {"DisplayName": name, "Job": True, "ParentRef": {"value": parent}}


def test_names_share_one_sequence_of_ids(ids: dict[str, str]) -> None:
    assert list(ids.values()) == ["1", "2", "3", "4"]


def test_a_new_customer_gets_the_services_defaults(quickbooks: QuickBooksCaller) -> None:
    created = quickbooks.create("Customer", {"DisplayName": "Acme", "IsProject": True})

    assert created["FullyQualifiedName"] == created["PrintOnCheckName"] == "Acme"
    assert (created["Taxable"], created["Job"], created["Balance"], created["Active"]) == (True, False, 0, True)
    assert created["CurrencyRef"] == {"value": "USD"} and created["IsProject"] is False
    assert "Level" not in created


@pytest.mark.parametrize(
    ("entity", "body", "expected"),
    [
        ("Customer", {"Title": "Dr", "GivenName": "Ana", "FamilyName": "Roe"}, "Dr Ana Roe"),
        ("Vendor", {"GivenName": "Vic"}, "Vic"),
        ("Employee", {"GivenName": "Ana", "MiddleName": "B", "FamilyName": "Roe"}, "Ana B Roe"),
    ],
)
def test_a_display_name_is_made_of_the_name_parts(
    quickbooks: QuickBooksCaller, entity: str, body: dict[str, str], expected: str
) -> None:
    assert quickbooks.create(entity, body)["DisplayName"] == expected


@pytest.mark.parametrize(
    ("entity", "body", "expected"),
    [
        ("Customer", {}, "6080"),
        ("Customer", {"CompanyName": "Acme"}, "6080"),
        ("Vendor", {"DisplayName": ""}, "6080"),
        ("Employee", {"DisplayName": "Ana"}, "2020"),
        ("Customer", {"DisplayName": "a:b"}, "2040"),
        ("Customer", {"DisplayName": "a\tb"}, "2040"),
        ("Employee", {"GivenName": "a\nb"}, "2040"),
        ("Customer", {"DisplayName": "x" * 501}, "2050"),
        ("Customer", {"GivenName": "x" * 101}, "2050"),
        ("Vendor", {"DisplayName": "V", "Job": True}, "2010"),
        ("Employee", {"GivenName": "A", "FullyQualifiedName": "A"}, "2010"),
        ("Customer", {"DisplayName": "A", "ParentRef": {"value": "1"}}, "6150"),
        ("Customer", {"DisplayName": "A", "Job": True}, "6150"),
        ("Customer", {"DisplayName": "A", "Job": True, "ParentRef": {"value": "9"}}, "2500"),
        ("Item", {"Type": "Service"}, "2020"),
        ("Item", {"Name": "Design", "Type": "Service"}, "2020"),
        ("Item", {"Name": "Design", "IncomeAccountRef": {"value": "9"}}, "2500"),
        ("Item", {"Name": "hours", "IncomeAccountRef": {"value": "1"}}, "6240"),
        ("Item", {"Name": "Design", "Type": "Labour", "IncomeAccountRef": {"value": "1"}}, "2170"),
    ],
)
def test_each_fault_of_a_list_record(
    quickbooks: QuickBooksCaller, entity: str, body: dict[str, Any], expected: str
) -> None:
    assert quickbooks.fault(entity, body) == expected


def test_forbidden_characters_can_be_6000(quickbooks: QuickBooksCaller) -> None:
    quickbooks.switch(forbidden_name_error="6000")

    assert quickbooks.fault("Customer", {"DisplayName": "a:b"}) == "6000"


@pytest.mark.parametrize("name", ["ACME", "acme", "Ana Roe", "vic"])
@pytest.mark.parametrize("entity", ["Customer", "Vendor"])
def test_a_name_is_unique_over_customers_vendors_and_employees_whatever_its_case(
    quickbooks: QuickBooksCaller, ids: dict[str, str], entity: str, name: str
) -> None:
    answer = quickbooks.write(entity, {"DisplayName": name})

    error = answer.json()["Fault"]["Error"][0]
    assert error["code"] == "6240" and error["Detail"] == "The name supplied already exists. : null"


def test_under_another_parent_the_same_name_is_free_unless_switched(
    quickbooks: QuickBooksCaller, ids: dict[str, str]
) -> None:
    assert quickbooks.create("Customer", {"DisplayName": "Site"})["FullyQualifiedName"] == "Site"
    assert quickbooks.fault("Customer", under(ids["acme"], "site")) == "6240"

    quickbooks.switch(unique_names="displayname")
    assert quickbooks.fault("Customer", under(ids["site"], "Site")) == "6240"


def test_sub_customers_carry_level_and_full_name_down_to_five_levels(
    quickbooks: QuickBooksCaller, ids: dict[str, str]
) -> None:
    parent, created = ids["acme"], {}
    for name in "abcd":
        created = quickbooks.create("Customer", under(parent, name))
        parent = created["Id"]

    assert (created["FullyQualifiedName"], created["Level"]) == ("Acme:a:b:c:d", 4)
    assert created["ParentRef"] == {"value": str(int(parent) - 1)}
    assert quickbooks.fault("Customer", under(parent, "e")) == "6180"


def test_a_record_is_never_its_own_child(quickbooks: QuickBooksCaller, ids: dict[str, str]) -> None:
    move = under(ids["site"], "Acme") | {"Id": ids["acme"], "SyncToken": "0", "sparse": True}

    assert quickbooks.fault("Customer", move) == "900"


def test_a_renamed_parent_renames_its_children_without_touching_their_tokens(
    quickbooks: QuickBooksCaller, ids: dict[str, str]
) -> None:
    rename = {"Id": ids["acme"], "SyncToken": "0", "sparse": True, "DisplayName": "Apex"}
    assert quickbooks.create("Customer", rename)["SyncToken"] == "1"

    site = quickbooks.rows("select * from Customer where DisplayName = 'Site'")[0]
    assert (site["FullyQualifiedName"], site["SyncToken"]) == ("Apex:Site", "0")


def test_a_new_child_moves_its_parents_stamp_and_not_its_token(
    quickbooks: QuickBooksCaller, ids: dict[str, str]
) -> None:
    before = quickbooks.send("GET", f"customer/{ids['acme']}").json()["Customer"]
    quickbooks.move_clock(hours=0.5)
    quickbooks.token = quickbooks.refresh("sandbox-refresh-1").json()["access_token"]
    quickbooks.create("Customer", under(ids["acme"], "New"))

    after = quickbooks.send("GET", f"customer/{ids['acme']}").json()["Customer"]
    assert after["MetaData"]["LastUpdatedTime"] > before["MetaData"]["LastUpdatedTime"]
    assert after["SyncToken"] == before["SyncToken"]


def test_an_inactive_name_gets_a_suffix_and_frees_the_old_one(
    quickbooks: QuickBooksCaller, ids: dict[str, str]
) -> None:
    deactivation = {"Id": ids["site"], "SyncToken": "0", "sparse": True, "Active": False}

    inactive = quickbooks.create("Customer", deactivation)

    assert inactive["DisplayName"] == "Site (deleted)"
    assert inactive["FullyQualifiedName"] == "Acme:Site (deleted)"
    assert inactive["PrintOnCheckName"] == "Site"
    assert quickbooks.create("Customer", under(ids["acme"], "Site"))
    assert quickbooks.fault("Customer", deactivation | {"SyncToken": "1", "Active": True}) == "6240"


def test_an_inactive_name_comes_back_without_the_suffix(quickbooks: QuickBooksCaller, ids: dict[str, str]) -> None:
    change = {"Id": ids["ana"], "SyncToken": "0", "sparse": True, "Active": False}
    assert quickbooks.create("Employee", change)["DisplayName"] == "Ana Roe (deleted)"

    active = quickbooks.create("Employee", change | {"SyncToken": "1", "Active": True})
    assert (active["DisplayName"], active["SyncToken"]) == ("Ana Roe", "2")


def test_a_name_made_inactive_twice_gets_a_number(quickbooks: QuickBooksCaller, ids: dict[str, str]) -> None:
    deactivation = {"SyncToken": "0", "sparse": True, "Active": False}
    quickbooks.create("Customer", deactivation | {"Id": ids["site"]})
    second = quickbooks.create("Customer", under(ids["acme"], "Site"))

    inactive = quickbooks.create("Customer", deactivation | {"Id": second["Id"]})

    assert inactive["DisplayName"] == "Site (deleted-1)"


def test_a_customer_with_a_balance_cannot_be_deactivated(quickbooks: QuickBooksCaller, ids: dict[str, str]) -> None:
    quickbooks.in_product("Customer", {"Id": ids["acme"], "Balance": 12.5, "keep_token": True})

    deactivation = {"Id": ids["acme"], "SyncToken": "0", "sparse": True, "Active": False}
    assert quickbooks.fault("Customer", deactivation) == "6220"


def test_unbilled_time_can_block_deactivation(
    quickbooks: QuickBooksCaller, work: dict[str, Any], ids: dict[str, str]
) -> None:
    quickbooks.switch(unbilled_time_blocks_deactivation=True)
    quickbooks.create("TimeActivity", work)

    deactivation = {"Id": ids["site"], "SyncToken": "0", "sparse": True, "Active": False}
    assert quickbooks.fault("Customer", deactivation) == "6280"


def test_list_records_cannot_be_deleted(quickbooks: QuickBooksCaller, ids: dict[str, str]) -> None:
    key = {"Id": ids["acme"], "SyncToken": "0"}

    assert quickbooks.fault("Customer", key, operation="delete") == "500"


def test_a_full_update_nulls_what_it_leaves_out(quickbooks: QuickBooksCaller, ids: dict[str, str]) -> None:
    created = quickbooks.create("Customer", {"DisplayName": "Beta", "Notes": "n", "GivenName": "B"})

    full = quickbooks.create("Customer", {"Id": created["Id"], "SyncToken": "0", "DisplayName": "Beta"})
    assert "Notes" not in full and "GivenName" not in full
    sparse = {"Id": created["Id"], "SyncToken": "1", "sparse": True, "Notes": "n"}
    assert quickbooks.create("Customer", sparse)["DisplayName"] == "Beta"


def test_under_payroll_an_employee_needs_an_address_and_no_title(quickbooks: QuickBooksCaller) -> None:
    quickbooks.in_product("company", {"PayrollFeature": "true"})
    ana = {"GivenName": "Ana", "FamilyName": "Roe"}
    address = {"City": "X", "CountrySubDivisionCode": "CA", "PostalCode": "94000"}

    assert quickbooks.fault("Employee", ana) == "2020"
    assert quickbooks.fault("Employee", ana | {"PrimaryAddr": address, "Title": "Dr"}) == "2010"
    created = quickbooks.create("Employee", ana | {"PrimaryAddr": address, "DisplayName": "Boss"})
    assert created["DisplayName"] == "Ana Roe"


def test_sparse_employees_can_be_switched_off(quickbooks: QuickBooksCaller, ids: dict[str, str]) -> None:
    quickbooks.switch(employee_sparse_allowed=False)

    change = {"Id": ids["ana"], "SyncToken": "0", "sparse": True, "Active": False}
    assert quickbooks.fault("Employee", change) == "2010"


def test_an_item_is_created_under_its_category(quickbooks: QuickBooksCaller) -> None:
    category = quickbooks.create("Item", {"Name": "Labour", "Type": "Category"})

    item = quickbooks.create(
        "Item",
        {
            "Name": "Design",
            "Type": "Service",
            "SubItem": True,
            "ParentRef": {"value": category["Id"]},
            "IncomeAccountRef": {"value": "1"},
        },
    )

    assert item["FullyQualifiedName"] == "Labour:Design"
    assert item["IncomeAccountRef"] == {"value": "1", "name": "Services"}
