from __future__ import annotations

import pytest

from mapping.matching.match import QuickBooksRecord, listed, match
from tests.support.records import (
    client,
    customer,
    employee,
    gone,
    linked,
    only_in_quickbooks,
    project,
    reasons,
    row,
    user,
    vendor,
)

ALONE = {
    "an employee": ([employee("1", "Ada")], {"1": "NO_CLOCKIFY_USER"}),
    "an inactive employee": ([employee("1", "Ada", active=False)], {}),
    "an employee no longer listed": ([gone(employee("1", "Ada"))], {}),
    "a vendor": ([vendor("1", "Ada")], {}),
    "a customer": ([customer("1", "Acme")], {"1": "NO_CLOCKIFY_PROJECT"}),
    "an inactive customer": ([customer("1", "Acme", active=False)], {}),
    "a customer with a sub-customer": (
        [customer("1", "Acme"), customer("2", "Web", under="1")],
        {"1": "NO_CLOCKIFY_CLIENT", "2": "NO_CLOCKIFY_PROJECT"},
    ),
    "a customer with an inactive sub-customer": (
        [customer("1", "Acme"), customer("2", "Web", under="1", active=False)],
        {"1": "NO_CLOCKIFY_PROJECT"},
    ),
    "a sub-customer with one of its own": (
        [customer("1", "Acme"), customer("2", "Web", under="1"), customer("3", "Shop", under="2")],
        {"1": "NO_CLOCKIFY_CLIENT", "2": "NO_CLOCKIFY_PROJECT", "3": "NO_CLOCKIFY_PROJECT"},
    ),
}


@pytest.mark.parametrize(("quickbooks", "rows"), ALONE.values(), ids=ALONE)
def test_without_anything_in_clockify(quickbooks: list[QuickBooksRecord], rows: dict[str, str]) -> None:
    assert only_in_quickbooks(match([], quickbooks, [], [])) == rows


def test_a_row_tells_whose_kind_it_is() -> None:
    outcome = match([], [employee("1", "Ada"), customer("2", "Acme")], [], [])

    assert {mismatch.kind for mismatch in outcome.mismatches} == {"employee", "customer"}


def test_a_link_of_any_kind_is_a_partner() -> None:
    acme = customer("1", "Acme")
    general = project("p1", "General")

    outcome = match([general], [acme, customer("2", "Web", under="1")], [linked(general, acme, by="person")], [])

    assert only_in_quickbooks(outcome) == {"2": "NO_CLOCKIFY_PROJECT"}


def test_what_another_row_names_is_not_listed_twice() -> None:
    clockify = [user("u1", "ada"), client("c1", "Acme"), user("u2", "Bob Stone")]
    quickbooks = [employee("1", "Ada"), employee("2", "Rob Stone"), customer("3", "Acme", under="9")]

    outcome = match(clockify, quickbooks, [], [])

    assert reasons(outcome) == {"u1": "NAME_DIFFERS", "c1": "WRONG_LEVEL", "u2": "NO_EMPLOYEE"}
    assert only_in_quickbooks(outcome) == {}


def test_a_suggested_vendor_does_not_hide_the_employee_of_the_same_id() -> None:
    outcome = match([user("u1", "Ada")], [vendor("1", "Ada"), employee("1", "Zoltan Q")], [], [])

    assert only_in_quickbooks(outcome) == {"1": "NO_CLOCKIFY_USER"}


def test_a_linked_vendor_does_not_hide_the_employee_of_the_same_id() -> None:
    ada, contractor = user("u1", "Ada"), vendor("1", "Ada")
    link = linked(ada, contractor, by="person")

    outcome = match([user("u1", "Ada B")], [contractor, employee("1", "Zoltan Q")], [link], [])

    assert reasons(outcome) == {"u1": "RENAMED"}
    assert only_in_quickbooks(outcome) == {"1": "NO_CLOCKIFY_USER"}


def test_what_only_a_hidden_row_names_is_listed_again() -> None:
    archived = user("u1", "Bob Stone", archived=True)
    outcome = match([archived, user("u2", "Zoltan Q")], [employee("1", "Rob Stone")], [], [])

    mismatches = listed(outcome, hidden={("user", "u1")})

    assert row(outcome, "u1").suggestions[0].id == "1"
    assert [(mismatch.kind, mismatch.reason) for mismatch in mismatches] == [
        ("user", "NO_EMPLOYEE"),
        ("employee", "NO_CLOCKIFY_USER"),
    ]
    assert listed(outcome) == outcome.mismatches
