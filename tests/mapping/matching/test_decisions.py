from __future__ import annotations

import pytest

from mapping.matching.match import KnownOverride, match
from tests.support.records import (
    client,
    customer,
    employee,
    linked,
    only_in_quickbooks,
    pairs,
    project,
    reasons,
    row,
    user,
)

ADA, SAME_NAME, ADA_EMPLOYEE = user("u1", "Ada"), user("u2", "Ada"), employee("1", "Ada")
UNLINKED, IGNORED = KnownOverride("user", "u1", "unlinked"), KnownOverride("user", "u1", "ignored")


def test_what_a_person_unlinked_is_not_linked_again_and_its_old_partner_is_suggested() -> None:
    outcome = match([ADA], [ADA_EMPLOYEE], [], [UNLINKED])

    assert pairs(outcome) == {}
    assert row(outcome, "u1").reason == "NO_EMPLOYEE"
    [suggestion] = row(outcome, "u1").suggestions
    assert (suggestion.id, suggestion.score) == ("1", 1.0)
    assert suggestion.why == "same name, but a person undid this link"
    assert only_in_quickbooks(outcome) == {}


@pytest.mark.parametrize("override", [UNLINKED, IGNORED], ids=["unlinked", "ignored"])
def test_a_record_of_the_same_name_as_one_set_aside_is_free_to_match(override: KnownOverride) -> None:
    outcome = match([ADA, SAME_NAME], [ADA_EMPLOYEE], [], [override])

    assert pairs(outcome) == {"u2": "1"}
    assert reasons(outcome) == ({"u1": "AMBIGUOUS_NAME"} if override is UNLINKED else {})


def test_two_unlinked_records_of_one_name_do_not_contest_a_partner_neither_claims() -> None:
    outcome = match([ADA, SAME_NAME], [ADA_EMPLOYEE], [], [UNLINKED, KnownOverride("user", "u2", "unlinked")])

    assert reasons(outcome) == {"u1": "NO_EMPLOYEE", "u2": "NO_EMPLOYEE"}


def test_a_contested_partner_is_ambiguous_for_the_unlinked_one_as_well() -> None:
    third = user("u3", "Ada")

    outcome = match([ADA, SAME_NAME, third], [ADA_EMPLOYEE], [], [UNLINKED])

    assert reasons(outcome) == dict.fromkeys(["u1", "u2", "u3"], "AMBIGUOUS_NAME")


@pytest.mark.parametrize("quickbooks_name", ["ADA", "Somebody Else"])
def test_an_unlinked_record_keeps_its_ordinary_reason(quickbooks_name: str) -> None:
    quickbooks = [employee("1", quickbooks_name)]

    with_override = match([ADA], quickbooks, [], [UNLINKED])
    without_override = match([ADA], quickbooks, [], [])

    assert reasons(with_override) == reasons(without_override)


def test_an_ignored_record_has_no_row_and_its_namesake_in_quickbooks_gets_one() -> None:
    outcome = match([ADA], [ADA_EMPLOYEE], [], [IGNORED])

    assert pairs(outcome) == {}
    assert reasons(outcome) == {}
    assert only_in_quickbooks(outcome) == {"1": "NO_CLOCKIFY_USER"}


def test_an_ignored_link_has_no_row_but_is_suspended_all_the_same() -> None:
    inactive = employee("1", "Ada", active=False)

    outcome = match([ADA], [inactive], [linked(ADA, ADA_EMPLOYEE)], [IGNORED])

    assert outcome.mismatches == ()
    assert outcome.suspend == {("user", "u1"): "EMPLOYEE_INACTIVE"}


def test_a_decision_about_a_client_is_none_about_a_project_of_the_same_id() -> None:
    outcome = match([project("u1", "Ada")], [customer("5", "Ada")], [], [IGNORED])

    assert pairs(outcome) == {"u1": "5"}


def test_the_projects_of_an_ignored_client_without_a_customer_wait_for_it() -> None:
    acme = client("c1", "Acme")
    web = project("p1", "Web", of=acme)
    quickbooks = [customer("10", "Acme"), customer("11", "Web", under="10")]
    ignored = KnownOverride("client", "c1", "ignored")

    unlinked_client = match([acme, web], quickbooks, [], [ignored])
    linked_client = match([acme, web], quickbooks, [linked(acme, quickbooks[0])], [ignored])

    assert reasons(unlinked_client) == {"p1": "PARENT_NOT_MAPPED"}
    assert pairs(linked_client) == {"p1": "11"}
