from __future__ import annotations

import pytest

from mapping.matching.match import ClockifyRecord, QuickBooksRecord, match
from tests.support.records import client, customer, gone, linked, pairs, project, reasons, row

ACME = client("c1", "Acme")
ACME_CUSTOMER = customer("10", "Acme")
ACME_WEB = project("p1", "Web", of=ACME)

# QuickBooks' records, and the resulting status of client Acme (and of a project Acme without a client).
TOP_LEVEL = {
    "a top-level customer is linked": ([customer("1", "Acme")], "linked"),
    "a sub-customer": ([customer("9", "Holding"), customer("1", "Acme", under="9")], "WRONG_LEVEL"),
    "both levels": ([customer("1", "Acme"), customer("2", "Acme", under="1")], "linked"),
    "an inactive one": ([customer("1", "Acme (deleted)", active=False)], "CUSTOMER_INACTIVE"),
    "two inactive ones": (
        [customer("1", "Acme", active=False), customer("2", "Acme (deleted)", active=False)],
        "CUSTOMER_INACTIVE",
    ),
    "an inactive one and a sub-customer": (
        [customer("1", "Acme", active=False), customer("2", "Acme", under="9")],
        "CUSTOMER_INACTIVE",
    ),
    "an inactive sub-customer": ([customer("1", "Acme", under="9", active=False)], "NO_CUSTOMER"),
    "one merged away": ([gone(customer("1", "Acme"))], "NO_CUSTOMER"),
    "another case": ([customer("1", "ACME")], "NAME_DIFFERS"),
    "another case beside a sub-customer": (
        [customer("1", "ACME"), customer("2", "Acme", under="9")],
        "NAME_DIFFERS",
    ),
    "another case as a sub-customer": ([customer("1", "ACME", under="9")], "NO_CUSTOMER"),
    "two of that name": ([customer("1", "Acme"), customer("2", "Acme")], "AMBIGUOUS_NAME"),
    "nothing": ([], "NO_CUSTOMER"),
}


@pytest.mark.parametrize("clockify", [client("x", "Acme"), project("x", "Acme")], ids=["client", "project"])
@pytest.mark.parametrize(("quickbooks", "status"), TOP_LEVEL.values(), ids=TOP_LEVEL)
def test_where_a_top_level_customer_is_needed(
    clockify: ClockifyRecord, quickbooks: list[QuickBooksRecord], status: str
) -> None:
    outcome = match([clockify], quickbooks, [], [])

    assert reasons(outcome).get("x", "linked") == status
    assert pairs(outcome) == ({"x": "1"} if status == "linked" else {})


# QuickBooks' records beside customers Acme (10) and Beta (20), and the status of client Acme's project Web.
UNDER_ACME = {
    "a child of Acme is linked": ([customer("1", "Web", under="10")], "linked"),
    "same leaf under two parents": (
        [customer("1", "Web", under="10"), customer("2", "Web", under="20")],
        "linked",
    ),
    "under another parent": ([customer("1", "Web", under="20")], "WRONG_PARENT"),
    "under several other parents": (
        [customer("1", "Web", under="20"), customer("2", "Web", under="30")],
        "WRONG_PARENT",
    ),
    "deeper under the right parent": (
        [customer("11", "Shop", under="10"), customer("1", "Web", under="11")],
        "WRONG_PARENT",
    ),
    "under another parent and at the top": (
        [customer("1", "Web", under="20"), customer("2", "Web")],
        "WRONG_PARENT",
    ),
    "at the top": ([customer("1", "Web")], "WRONG_LEVEL"),
    "inactive": ([customer("1", "Web (deleted)", under="10", active=False)], "CUSTOMER_INACTIVE"),
    "inactive, and active under another parent": (
        [customer("1", "Web", under="10", active=False), customer("2", "Web", under="20")],
        "CUSTOMER_INACTIVE",
    ),
    "inactive under another parent": ([customer("1", "Web", under="20", active=False)], "NO_CUSTOMER"),
    "another case": ([customer("1", "WEB", under="10")], "NAME_DIFFERS"),
    "another case under another parent": ([customer("1", "WEB", under="20")], "NO_CUSTOMER"),
    "two of that name": (
        [customer("1", "Web", under="10"), customer("2", "Web", under="10")],
        "AMBIGUOUS_NAME",
    ),
    "a path in a name is no path": ([customer("1", "Acme:Web")], "NO_CUSTOMER"),
    "a path in a child's name is no path": ([customer("1", "Acme:Web", under="10")], "NO_CUSTOMER"),
    "nothing": ([], "NO_CUSTOMER"),
}


@pytest.mark.parametrize(("quickbooks", "status"), UNDER_ACME.values(), ids=UNDER_ACME)
def test_where_a_child_of_the_clients_customer_is_needed(quickbooks: list[QuickBooksRecord], status: str) -> None:
    outcome = match([ACME, ACME_WEB], [ACME_CUSTOMER, customer("20", "Beta"), *quickbooks], [], [])

    assert reasons(outcome).get("p1", "linked") == status
    assert pairs(outcome) == {"c1": "10"} | ({"p1": "1"} if status == "linked" else {})


def test_a_project_named_like_a_path_is_linked_to_a_customer_of_that_very_name() -> None:
    named_like_a_path = project("p1", "Acme:Web", of=ACME)
    child, top = customer("1", "Acme:Web", under="10"), customer("2", "Acme:Web")

    outcome = match([ACME, named_like_a_path, project("p2", "Acme:Web")], [ACME_CUSTOMER, child, top], [], [])

    assert pairs(outcome) == {"c1": "10", "p1": "1", "p2": "2"}


def test_the_same_project_under_two_clients_goes_to_each_clients_own_customer() -> None:
    beta = client("c2", "Beta")
    quickbooks = [
        ACME_CUSTOMER,
        customer("20", "Beta"),
        customer("11", "Web", under="10"),
        customer("21", "Web", under="20"),
    ]

    outcome = match([ACME, beta, ACME_WEB, project("p2", "Web", of=beta)], quickbooks, [], [])

    assert pairs(outcome) == {"c1": "10", "c2": "20", "p1": "11", "p2": "21"}


def test_a_client_and_a_project_without_a_client_may_both_be_one_customer() -> None:
    outcome = match([ACME, project("p1", "Acme")], [ACME_CUSTOMER], [], [])

    assert pairs(outcome) == {"c1": "10", "p1": "10"}


def test_a_project_named_like_its_client_needs_a_child_of_that_name() -> None:
    namesake = project("p1", "Acme", of=ACME)

    without = match([ACME, namesake], [ACME_CUSTOMER], [], [])
    with_child = match([ACME, namesake], [ACME_CUSTOMER, customer("11", "Acme", under="10")], [], [])

    assert reasons(without) == {"p1": "WRONG_LEVEL"}
    assert pairs(with_child) == {"c1": "10", "p1": "11"}


@pytest.mark.parametrize("twin", [project("p2", "Web", of=ACME), project("p2", "Web", of=ACME, archived=True)])
def test_two_projects_of_one_client_and_name_are_both_ambiguous(twin: ClockifyRecord) -> None:
    outcome = match([ACME, ACME_WEB, twin], [ACME_CUSTOMER, customer("11", "Web", under="10")], [], [])

    assert pairs(outcome) == {"c1": "10"}
    assert reasons(outcome) == {"p1": "AMBIGUOUS_NAME", "p2": "AMBIGUOUS_NAME"}
    assert row(outcome, "p1").detail["rivals"] == "Web (Acme)"


def test_clients_of_one_name_that_both_mean_one_customer_hold_back_their_projects_too() -> None:
    same_name = client("c2", "Acme")

    outcome = match([ACME, same_name, ACME_WEB], [ACME_CUSTOMER, customer("11", "Web", under="10")], [], [])

    assert reasons(outcome) == {"c1": "AMBIGUOUS_NAME", "c2": "AMBIGUOUS_NAME", "p1": "PARENT_NOT_MAPPED"}


def test_a_project_whose_client_has_no_customer_is_told_so_before_anything_else() -> None:
    quickbooks = [customer("1", "Web"), customer("2", "Web", under="9")]
    nameless = project("p2", "", of=ACME)

    outcome = match([ACME, ACME_WEB, nameless, project("p3", "Web", of=client("cx", "?"))], quickbooks, [], [])

    assert reasons(outcome) == {
        "c1": "NO_CUSTOMER",
        "p1": "PARENT_NOT_MAPPED",
        "p2": "PARENT_NOT_MAPPED",
        "p3": "PARENT_NOT_MAPPED",
    }
    assert row(outcome, "p1").detail == {"client_id": "c1", "client": "Acme"}


def test_projects_follow_a_client_linked_by_hand_to_any_customer() -> None:
    sub = customer("12", "Acme Europe", under="10")
    quickbooks = [ACME_CUSTOMER, sub, customer("13", "Web", under="12"), customer("14", "Web", under="10")]

    outcome = match([ACME, ACME_WEB], quickbooks, [linked(ACME, sub, by="person")], [])

    assert pairs(outcome) == {"p1": "13"}


def test_records_that_share_an_id_but_not_a_kind_are_not_confused() -> None:
    outcome = match([client("1", "Acme"), project("1", "Beta")], [customer("5", "Beta")], [], [])

    assert [(link.kind, link.quickbooks_id) for link in outcome.links] == [("project", "5")]
    assert [(mismatch.kind, mismatch.reason) for mismatch in outcome.mismatches] == [("client", "NO_CUSTOMER")]


def test_a_sub_customer_elsewhere_is_named_with_its_parent_and_the_one_needed() -> None:
    outcome = match(
        [ACME, ACME_WEB], [ACME_CUSTOMER, customer("20", "Beta"), customer("21", "Web", under="20")], [], []
    )

    assert row(outcome, "p1").quickbooks_id == "21"
    assert row(outcome, "p1").detail == {"quickbooks_name": "Web", "needed_parent": "Acme", "parent": "Beta"}
    assert row(outcome, "p1").suggestions[0].why == "same name, but under Beta"


def test_an_inactive_customer_is_shown_without_the_suffix() -> None:
    outcome = match([ACME], [customer("1", "Acme (deleted)", active=False)], [], [])

    assert row(outcome, "c1").quickbooks_id == "1"
    assert row(outcome, "c1").detail == {"quickbooks_name": "Acme"}


def test_of_several_names_that_differ_the_first_is_told_with_how_it_differs() -> None:
    outcome = match([client("c1", "Acme")], [customer("1", "ACME"), customer("2", "acme ")], [], [])

    assert row(outcome, "c1").detail == {"quickbooks_name": "ACME", "differs": "case"}


def test_of_several_at_other_places_the_first_is_told_and_no_parent() -> None:
    acme = client("c1", "Acme")
    books = [customer("10", "Acme"), customer("20", "Beta"), customer("30", "Gamma")]
    one, other = customer("21", "Web", under="20"), customer("31", "Web ", under="30")

    both = match([acme, project("p1", "Web", of=acme)], [*books, one, other], [linked(acme, books[0])], [])
    alone = match([acme, project("p1", "Web", of=acme)], [*books, one], [linked(acme, books[0])], [])

    assert row(both, "p1").detail == {"quickbooks_name": "Web", "needed_parent": "Acme"}
    assert row(alone, "p1").detail == {"quickbooks_name": "Web", "needed_parent": "Acme", "parent": "Beta"}
    assert (row(both, "p1").quickbooks_id, row(alone, "p1").quickbooks_id) == ("", "21")


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (customer("21", "Web", under="20"), "same name, but under Beta"),
        (customer("21", "Web", under="99"), "same name, but under another parent"),
        (customer("21", "Web"), "same name, but a top-level customer"),
    ],
)
def test_a_name_at_another_place_is_suggested_with_its_place_unless_somebody_has_it(
    there: QuickBooksRecord, why: str
) -> None:
    books, held_by = [ACME_CUSTOMER, customer("20", "Beta"), there], project("p2", "Website")
    links = [linked(ACME, ACME_CUSTOMER)]

    free = match([ACME, ACME_WEB], books, links, [])
    held = match([ACME, ACME_WEB, held_by], books, [*links, linked(held_by, there, by="person")], [])

    assert [suggestion.why for suggestion in row(free, "p1").suggestions if suggestion.id == "21"] == [why]
    assert why not in [suggestion.why for suggestion in row(held, "p1").suggestions]
