from __future__ import annotations

import pytest

from mapping.matching.match import ClockifyRecord, QuickBooksRecord, match
from tests.support.records import client, customer, linked, only_in_quickbooks, pairs, project, reasons, row

CASES: dict[str, tuple[list[ClockifyRecord], list[QuickBooksRecord], dict[str, str], dict[str, str]]] = {
    "a unique equal name is linked": (
        [client("c1", "acme  ltd")],
        [customer("1", "Acme Ltd")],
        {"c1": "1"},
        {},
    ),
    "an identical twin in Clockify wins": (
        [client("c1", "Acme"), client("c2", "acme")],
        [customer("1", "Acme")],
        {"c1": "1"},
        {"c2": "AMBIGUOUS_NAME"},
    ),
    "an identical twin in QuickBooks wins": (
        [client("c1", "Acme")],
        [customer("1", "Acme"), customer("2", "ACME")],
        {"c1": "1"},
        {},
    ),
    "each has its identical twin": (
        [client("c1", "Acme"), client("c2", "acme")],
        [customer("1", "Acme"), customer("2", "acme")],
        {"c1": "1", "c2": "2"},
        {},
    ),
    "what an identical twin leaves over is still ambiguous": (
        [client("c1", "Acme"), client("c2", "acme")],
        [customer("1", "Acme"), customer("2", "ACME")],
        {"c1": "1"},
        {"c2": "AMBIGUOUS_NAME"},
    ),
    "two equal names in Clockify": (
        [client("c1", "acme"), client("c2", "ACME")],
        [customer("1", "Acme")],
        {},
        {"c1": "AMBIGUOUS_NAME", "c2": "AMBIGUOUS_NAME"},
    ),
    "two identical names and an equal one in Clockify": (
        [client("c1", "Acme"), client("c2", "Acme"), client("c3", "acme")],
        [customer("1", "Acme")],
        {},
        {"c1": "AMBIGUOUS_NAME", "c2": "AMBIGUOUS_NAME", "c3": "AMBIGUOUS_NAME"},
    ),
    "two equal names in QuickBooks": (
        [client("c1", "acme")],
        [customer("1", "Acme"), customer("2", "ACME")],
        {},
        {"c1": "AMBIGUOUS_NAME"},
    ),
    "an inactive equal name": (
        [client("c1", "acme")],
        [customer("1", "Acme (deleted)", active=False)],
        {},
        {"c1": "CUSTOMER_INACTIVE"},
    ),
    "an inactive identical name does not bar an active equal one": (
        [client("c1", "acme")],
        [customer("1", "Acme"), customer("2", "acme", active=False)],
        {"c1": "1"},
        {},
    ),
    "an equal name at the wrong level": (
        [client("c1", "acme")],
        [customer("1", "ACME", under="9")],
        {},
        {"c1": "WRONG_LEVEL"},
    ),
    "another apostrophe is another name": (
        [client("c1", "O'Neill")],
        [customer("1", "O\u2019Neill")],
        {},
        {"c1": "NO_CUSTOMER"},
    ),
}


@pytest.mark.parametrize(("clockify", "quickbooks", "links", "rows"), CASES.values(), ids=CASES)
def test_forgiving(
    clockify: list[ClockifyRecord],
    quickbooks: list[QuickBooksRecord],
    links: dict[str, str],
    rows: dict[str, str],
) -> None:
    outcome = match(clockify, quickbooks, [], [], mode="forgiving")

    assert pairs(outcome) == links
    assert reasons(outcome) == rows


def test_a_forgiving_link_says_in_what_the_names_differ() -> None:
    outcome = match([client("c1", "ACME  Ltd")], [customer("1", "Acme Ltd")], [], [], mode="forgiving")

    assert [link.why for link in outcome.links] == ["same name apart from case and spaces"]


def test_projects_are_forgiven_under_a_forgiven_client() -> None:
    acme = client("c1", "ACME")
    quickbooks = [customer("1", "Acme"), customer("2", "Web", under="1")]

    outcome = match([acme, project("p1", "web", of=acme)], quickbooks, [], [], mode="forgiving")

    assert pairs(outcome) == {"c1": "1", "p1": "2"}


def test_an_identical_newcomer_does_not_unseat_an_equal_name_linked_before() -> None:
    lower, acme = client("c1", "acme"), customer("1", "Acme")

    outcome = match([lower, client("c2", "Acme")], [acme], [linked(lower, acme)], [], mode="forgiving")

    assert outcome.suspend == {}
    assert reasons(outcome) == {"c2": "AMBIGUOUS_NAME"}


def test_the_same_name_record_left_over_in_quickbooks_is_listed_there() -> None:
    quickbooks = [customer("1", "Acme"), customer("2", "ACME")]

    outcome = match([client("c1", "Acme")], quickbooks, [], [], mode="forgiving")

    assert only_in_quickbooks(outcome) == {"2": "NO_CLOCKIFY_PROJECT"}


def test_the_same_name_record_that_lost_names_who_is_linked_and_no_rival() -> None:
    outcome = match([client("c1", "Acme"), client("c2", "acme")], [customer("1", "Acme")], [], [], mode="forgiving")

    assert row(outcome, "c2").detail == {"candidates": "1", "linked_to": "Acme"}
