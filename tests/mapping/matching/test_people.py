from __future__ import annotations

import pytest

from mapping.matching.match import ClockifyRecord, QuickBooksRecord, match
from tests.support.records import client, customer, employee, linked, pairs, reasons, row, user, vendor

ADA = user("u1", "Ada Byron")

# QuickBooks' records, and the resulting status of Ada, to whom nothing is linked yet.
ONE_USER = {
    "an employee of that name is linked": ([employee("1", "Ada Byron")], "linked"),
    "outer spaces do not count": ([employee("1", " Ada Byron ")], "linked"),
    "nobody of that name": ([employee("1", "Zoltan Q")], "NO_EMPLOYEE"),
    "nothing at all": ([], "NO_EMPLOYEE"),
    "another case": ([employee("1", "ada byron")], "NAME_DIFFERS"),
    "another number of spaces": ([employee("1", "Ada  Byron")], "NAME_DIFFERS"),
    "an inactive employee": ([employee("1", "Ada Byron", active=False)], "EMPLOYEE_INACTIVE"),
    "an employee made inactive": (
        [employee("1", "Ada Byron (deleted)", active=False)],
        "EMPLOYEE_INACTIVE",
    ),
    "an employee whose name was made inactive before": (
        [employee("1", "Ada Byron (deleted-1)", active=False)],
        "EMPLOYEE_INACTIVE",
    ),
    "an active employee beside an inactive one": (
        [employee("2", "Ada Byron (deleted)", active=False), employee("1", "Ada Byron")],
        "linked",
    ),
    "an inactive employee wins over a differing name": (
        [employee("2", "Ada Byron", active=False), employee("3", "ADA BYRON")],
        "EMPLOYEE_INACTIVE",
    ),
    "the suffix of an active employee is a part of the name": (
        [employee("1", "Ada Byron (deleted)")],
        "NO_EMPLOYEE",
    ),
    "two employees of that name": (
        [employee("1", "Ada Byron"), employee("2", "Ada Byron")],
        "AMBIGUOUS_NAME",
    ),
    "a vendor is no employee": ([vendor("1", "Ada Byron")], "NO_EMPLOYEE"),
    "an inactive vendor is nothing": ([vendor("1", "Ada Byron", active=False)], "NO_EMPLOYEE"),
    "a customer is no employee": ([customer("1", "Ada Byron")], "NO_EMPLOYEE"),
    "an employee beside a vendor of the same id": (
        [vendor("1", "Ada Byron"), employee("1", "Ada Byron")],
        "linked",
    ),
}


@pytest.mark.parametrize(("quickbooks", "status"), ONE_USER.values(), ids=ONE_USER)
def test_one_user_meets(quickbooks: list[QuickBooksRecord], status: str) -> None:
    outcome = match([ADA], quickbooks, [], [])

    assert reasons(outcome).get("u1", "linked") == status
    assert pairs(outcome) == ({"u1": "1"} if status == "linked" else {})


def test_composed_and_decomposed_letters_are_the_same_letters() -> None:
    outcome = match([user("u1", "Jose\u0301")], [employee("1", "Jos\u00e9")], [], [])

    assert pairs(outcome) == {"u1": "1"}


@pytest.mark.parametrize(
    ("clockify_name", "quickbooks_name"),
    [("O'Neill", "O\u2019Neill"), ("Jos\u00e9", "Jose"), ("Al-Amin", "Al Amin")],
)
def test_a_name_in_another_spelling_is_only_suggested(clockify_name: str, quickbooks_name: str) -> None:
    outcome = match([user("u1", clockify_name)], [employee("1", quickbooks_name)], [], [], mode="forgiving")

    assert pairs(outcome) == {}
    assert row(outcome, "u1").reason == "NO_EMPLOYEE"
    assert [suggestion.id for suggestion in row(outcome, "u1").suggestions] == ["1"]


def test_two_users_of_one_name_are_both_ambiguous() -> None:
    namesakes = [user("u1", "Ada Byron"), user("u2", "Ada Byron ")]

    outcome = match(namesakes, [employee("1", "Ada Byron")], [], [])

    assert pairs(outcome) == {}
    assert reasons(outcome) == {"u1": "AMBIGUOUS_NAME", "u2": "AMBIGUOUS_NAME"}
    assert row(outcome, "u1").quickbooks_id == "1"


def test_a_deactivated_user_of_the_same_name_claims_as_well() -> None:
    namesakes = [user("u1", "Ada Byron"), user("u2", "Ada Byron", archived=True)]

    outcome = match(namesakes, [employee("1", "Ada Byron")], [], [])

    assert reasons(outcome) == {"u1": "AMBIGUOUS_NAME", "u2": "AMBIGUOUS_NAME"}


def test_two_users_without_any_employee_are_not_ambiguous() -> None:
    outcome = match([user("u1", "Ada Byron"), user("u2", "Ada Byron")], [], [], [])

    assert reasons(outcome) == {"u1": "NO_EMPLOYEE", "u2": "NO_EMPLOYEE"}


def test_an_existing_link_stays_when_a_same_name_user_turns_up() -> None:
    ada = employee("1", "Ada Byron")

    outcome = match([ADA, user("u2", "Ada Byron")], [ada], [linked(ADA, ada)], [])

    assert reasons(outcome) == {"u2": "AMBIGUOUS_NAME"}
    assert row(outcome, "u2").quickbooks_id == "1"
    assert row(outcome, "u2").detail["linked_to"] == "Ada Byron"
    assert outcome.suspend == {}


def test_an_employee_linked_to_somebody_else_by_hand_is_not_given_away() -> None:
    ben, ada = user("u2", "Ben"), employee("1", "Ada Byron")

    outcome = match([ADA, ben], [ada], [linked(ben, ada, by="person")], [])

    assert pairs(outcome) == {}
    assert reasons(outcome) == {"u1": "AMBIGUOUS_NAME"}


@pytest.mark.parametrize("name", ["", "  "])
def test_a_user_without_a_name_has_nobody_by_name(name: str) -> None:
    nameless = ClockifyRecord("user", "u1", name)

    outcome = match([nameless], [employee("1", "", email="ada@example.com"), employee("2", " ")], [], [])

    assert pairs(outcome) == {}
    assert row(outcome, "u1").reason == "NO_EMPLOYEE"
    assert row(outcome, "u1").suggestions == ()


def test_where_there_is_no_name_the_e_mail_address_suggests() -> None:
    nameless = ClockifyRecord("user", "u1", "", email="ada@example.com")

    outcome = match([nameless], [employee("1", "Ada Byron", email="Ada@example.com"), employee("2", "Ben")], [], [])

    assert pairs(outcome) == {}
    assert [(suggestion.id, suggestion.why) for suggestion in row(outcome, "u1").suggestions] == [
        ("1", "same e-mail address")
    ]


def test_a_vendor_of_that_name_is_the_first_suggestion() -> None:
    outcome = match([ADA], [employee("1", "Ada Biron"), vendor("7", "Ada Byron")], [], [])

    first, second = row(outcome, "u1").suggestions
    assert (first.kind, first.id, first.score) == ("vendor", "7", 1.0)
    assert (second.kind, second.id) == ("employee", "1")


def test_an_employee_that_differs_in_case_is_named_with_the_difference() -> None:
    outcome = match([ADA], [employee("1", "ADA BYRON")], [], [])

    assert row(outcome, "u1").quickbooks_id == "1"
    assert row(outcome, "u1").detail == {"quickbooks_name": "ADA BYRON", "differs": "case"}


def test_several_employees_that_differ_in_case_are_all_suggested() -> None:
    outcome = match([ADA], [employee("1", "ADA BYRON"), employee("2", "ada byron")], [], [])

    assert row(outcome, "u1").reason == "NAME_DIFFERS"
    assert row(outcome, "u1").quickbooks_id == ""
    assert {suggestion.id for suggestion in row(outcome, "u1").suggestions} == {"1", "2"}


def test_users_and_clients_of_one_name_do_not_contest_each_other() -> None:
    outcome = match([ADA, client("c1", "Ada Byron")], [employee("1", "Ada Byron"), customer("2", "Ada Byron")], [], [])

    assert pairs(outcome) == {"u1": "1", "c1": "2"}


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="strict or forgiving"):
        match([], [], [], [], mode="lenient")
