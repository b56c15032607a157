from __future__ import annotations

from dataclasses import replace

import pytest

from mapping.matching.match import ClockifyRecord, KnownLink, QuickBooksRecord, match
from tests.support.records import (
    client,
    customer,
    employee,
    gone,
    linked,
    only_in_quickbooks,
    pairs,
    project,
    reasons,
    row,
    user,
    vendor,
)

ADA, ADA_EMPLOYEE = user("u1", "Ada"), employee("1", "Ada")
ACME, BETA = client("c1", "Acme"), client("c2", "Beta")
ACME_CUSTOMER, BETA_CUSTOMER = customer("10", "Acme"), customer("20", "Beta")
WEB, WEB_CUSTOMER = project("p1", "Web", of=ACME), customer("11", "Web", under="10")
CLIENTS = [linked(ACME, ACME_CUSTOMER), linked(BETA, BETA_CUSTOMER)]
BOTH_MAKERS = pytest.mark.parametrize("by", ["rule", "person"])


def _web(
    clockify: ClockifyRecord = WEB,
    quickbooks: QuickBooksRecord | None = WEB_CUSTOMER,
    *,
    by: str = "rule",
    clients: list[KnownLink] = CLIENTS,
    suspended: str = "",
) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """Match project Web, once linked to Acme's Web; return its mismatch reasons and what is suspended."""
    link = replace(linked(WEB, WEB_CUSTOMER, by=by), suspended=suspended)
    books = [ACME_CUSTOMER, BETA_CUSTOMER, *([quickbooks] if quickbooks else [])]

    outcome = match([ACME, BETA, clockify], books, [*clients, link], [])

    assert "p1" not in pairs(outcome)
    return {key: reason for key, reason in reasons(outcome).items() if key == "p1"}, dict(outcome.suspend)


def test_a_link_that_is_as_it_was_needs_no_word() -> None:
    assert _web() == ({}, {})


@BOTH_MAKERS
@pytest.mark.parametrize(
    ("clockify", "quickbooks", "reason"),
    [
        (project("p1", "Web", of=BETA), WEB_CUSTOMER, "WRONG_PARENT"),
        (project("p1", "Web"), WEB_CUSTOMER, "WRONG_PARENT"),
        (WEB, customer("11", "Web", under="20"), "WRONG_PARENT"),
        (WEB, customer("11", "Web"), "WRONG_PARENT"),
        (WEB, customer("11", "Web (deleted)", under="10", active=False), "CUSTOMER_INACTIVE"),
        (WEB, gone(WEB_CUSTOMER), "CUSTOMER_INACTIVE"),
        (WEB, None, "CUSTOMER_INACTIVE"),
        (project("p1", "Web", of=BETA), gone(WEB_CUSTOMER), "CUSTOMER_INACTIVE"),
    ],
    ids=[
        "another client",
        "no client any more",
        "another parent",
        "no parent any more",
        "inactive",
        "merged away",
        "unknown",
        "another client and merged away",
    ],
)
def test_a_move_or_a_lost_partner_suspends_whoever_made_the_link(
    clockify: ClockifyRecord, quickbooks: QuickBooksRecord | None, reason: str, by: str
) -> None:
    rows, suspended = _web(clockify, quickbooks, by=by)

    assert rows == {"p1": reason}
    assert suspended == {("project", "p1"): reason}


def test_a_suspended_link_stays_so_even_when_all_is_well_again() -> None:
    rows, suspended = _web(suspended="CUSTOMER_INACTIVE")

    assert rows == {"p1": "CUSTOMER_INACTIVE"}
    assert suspended == {}


@pytest.mark.parametrize(("by", "rows"), [("rule", {"p1": "PARENT_NOT_MAPPED"}), ("person", {})])
def test_a_project_whose_client_lost_its_link_is_listed_unless_linked_by_hand(by: str, rows: dict[str, str]) -> None:
    link = linked(WEB, WEB_CUSTOMER, by=by)

    # The client was renamed after a person took its link away, so no rule brings it back.
    outcome = match([client("c1", "Nameless Org"), WEB], [ACME_CUSTOMER, WEB_CUSTOMER], [link], [])

    assert {key: reason for key, reason in reasons(outcome).items() if key == "p1"} == rows
    assert outcome.suspend == {}


def test_a_project_whose_clients_link_is_suspended_is_listed_and_not_suspended_itself() -> None:
    books = [replace(ACME_CUSTOMER, active=False), WEB_CUSTOMER]

    outcome = match([ACME, WEB], books, [linked(ACME, ACME_CUSTOMER), linked(WEB, WEB_CUSTOMER)], [])

    assert reasons(outcome) == {"c1": "CUSTOMER_INACTIVE", "p1": "PARENT_NOT_MAPPED"}
    assert outcome.suspend == {("client", "c1"): "CUSTOMER_INACTIVE"}


@pytest.mark.parametrize(("by", "suspended"), [("rule", {("project", "p1"): "WRONG_PARENT"}), ("person", {})])
def test_a_project_whose_client_means_another_customer_now_is_suspended_if_the_rule_linked_it(
    by: str, suspended: dict[tuple[str, str], str]
) -> None:
    _, result = _web(by=by, clients=[linked(ACME, BETA_CUSTOMER, by="person")])

    assert result == suspended


def test_a_new_project_of_a_client_with_a_suspended_link_has_to_wait() -> None:
    link = replace(linked(ACME, ACME_CUSTOMER), suspended="WRONG_PARENT")

    outcome = match([ACME, WEB], [ACME_CUSTOMER, WEB_CUSTOMER], [link], [])

    assert pairs(outcome) == {}
    assert reasons(outcome) == {"c1": "WRONG_PARENT", "p1": "PARENT_NOT_MAPPED"}


def test_a_suspended_link_still_holds_its_partner() -> None:
    link = replace(linked(ADA, ADA_EMPLOYEE), suspended="EMPLOYEE_INACTIVE")

    outcome = match([ADA, user("u2", "Ada")], [ADA_EMPLOYEE], [link], [])

    assert pairs(outcome) == {}
    assert reasons(outcome) == {"u1": "EMPLOYEE_INACTIVE", "u2": "AMBIGUOUS_NAME"}


def test_a_link_of_a_record_nobody_told_us_about_holds_its_partner_too() -> None:
    outcome = match([user("u2", "Ada")], [ADA_EMPLOYEE], [linked(ADA, ADA_EMPLOYEE)], [])

    assert reasons(outcome) == {"u2": "AMBIGUOUS_NAME"}
    assert only_in_quickbooks(outcome) == {}


def test_an_inactive_vendor_is_reported_like_an_employee() -> None:
    link = linked(ADA, vendor("7", "Ada"), by="person")

    outcome = match([ADA], [vendor("7", "Ada", active=False), employee("7", "Ada")], [link], [])

    assert reasons(outcome) == {"u1": "EMPLOYEE_INACTIVE"}
    assert row(outcome, "u1").detail["quickbooks_kind"] == "vendor"


def test_after_a_merge_the_survivor_is_suggested() -> None:
    survivor = customer("12", "Acme Ltd")

    outcome = match([ACME], [gone(ACME_CUSTOMER), survivor], [linked(ACME, ACME_CUSTOMER)], [])

    assert row(outcome, "c1").quickbooks_id == "10"
    assert row(outcome, "c1").detail["is_gone"] == "yes"
    assert [suggestion.id for suggestion in row(outcome, "c1").suggestions] == ["12"]


def test_a_move_is_told_with_where_from_and_where_to() -> None:
    link = linked(WEB, WEB_CUSTOMER)
    moved = [ACME_CUSTOMER, BETA_CUSTOMER, customer("11", "Web", under="20")]

    outcome = match([ACME, BETA, WEB], moved, [*CLIENTS, link], [])

    assert row(outcome, "p1").detail == {
        "linked_by": "rule",
        "quickbooks_kind": "customer",
        "quickbooks_name": "Web",
        "quickbooks_name_was": "Web",
        "clockify_name_was": "Web",
        "client": "Acme",
        "client_was": "Acme",
        "parent": "Beta",
        "parent_was": "Acme",
        "needed_parent": "Acme",
    }


RENAMES = {
    "nothing": ("Ada", "Ada", "Ada", "Ada", False),
    "only in Clockify": ("Ada", "Ada B", "Ada", "Ada", True),
    "only in QuickBooks": ("Ada", "Ada", "Ada", "Ada B", True),
    "both, alike": ("Ada", "Ada B", "Ada", "Ada B", False),
    "both, unlike": ("Ada", "Ada B", "Ada", "Ada C", True),
    "outer spaces only": ("Ada", " Ada", "Ada", "Ada ", False),
    "case": ("Ada", "ADA", "Ada", "Ada", True),
    "lost its name": ("Ada", "", "Ada", "Ada", True),
    "unlike when linked, and unchanged": ("Ada", "Ada", "Countess", "Countess", False),
    "unlike when linked, and one changed": ("Ada", "Ada B", "Countess", "Countess", True),
    "unlike when linked, now alike": ("Ada", "Countess", "Countess", "Countess", False),
}


@BOTH_MAKERS
@pytest.mark.parametrize(("was", "now", "partner_was", "partner_now", "is_renamed"), RENAMES.values(), ids=RENAMES)
def test_a_rename_is_reported_and_the_link_works_on(
    was: str, now: str, partner_was: str, partner_now: str, is_renamed: bool, by: str
) -> None:
    link = linked(user("u1", was), employee("1", partner_was), by=by)

    outcome = match([user("u1", now)], [employee("1", partner_now)], [link], [])

    assert reasons(outcome) == ({"u1": "RENAMED"} if is_renamed else {})
    assert outcome.suspend == {}
    assert only_in_quickbooks(outcome) == {}


def test_a_rename_that_forgiving_overlooks_is_none_in_that_mode() -> None:
    outcome = match([user("u1", "ADA")], [ADA_EMPLOYEE], [linked(ADA, ADA_EMPLOYEE)], [], mode="forgiving")

    assert reasons(outcome) == {}


def test_a_rename_is_told_with_both_names_before_and_after() -> None:
    outcome = match([user("u1", "Ada B")], [ADA_EMPLOYEE], [linked(ADA, ADA_EMPLOYEE)], [])

    assert row(outcome, "u1").detail == {
        "linked_by": "rule",
        "quickbooks_kind": "employee",
        "quickbooks_name": "Ada",
        "quickbooks_name_was": "Ada",
        "clockify_name_was": "Ada",
    }


def test_a_renamed_partner_is_not_given_to_whoever_has_its_new_name() -> None:
    outcome = match([ADA, user("u2", "Ben")], [employee("1", "Ben")], [linked(ADA, ADA_EMPLOYEE)], [])

    assert pairs(outcome) == {}
    assert reasons(outcome) == {"u1": "RENAMED", "u2": "AMBIGUOUS_NAME"}


def test_several_may_share_a_partner_by_hand() -> None:
    links = [linked(ADA, ADA_EMPLOYEE), linked(user("u2", "Ben"), ADA_EMPLOYEE, by="person")]

    outcome = match([ADA, user("u2", "Ben")], [ADA_EMPLOYEE], links, [])

    assert outcome.mismatches == ()
    assert outcome.suspend == {}


def test_a_project_linked_by_hand_to_the_parent_itself_is_left_alone() -> None:
    links = [linked(ACME, ACME_CUSTOMER), linked(WEB, ACME_CUSTOMER, by="person")]

    outcome = match([ACME, WEB], [ACME_CUSTOMER], links, [])

    assert outcome.mismatches == ()
    assert outcome.suspend == {}


def test_a_client_whose_customer_became_a_sub_customer_is_suspended() -> None:
    moved = customer("10", "Acme", under="20")

    outcome = match([ACME], [moved, BETA_CUSTOMER], [linked(ACME, ACME_CUSTOMER)], [])

    assert outcome.suspend == {("client", "c1"): "WRONG_PARENT"}
    assert reasons(outcome) == {"c1": "WRONG_PARENT"}
