"""Records gone from Clockify without unsent time: they give their partners back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mapping.matching.match import ClockifyRecord, match
from tests.support.records import client, customer, employee, linked, pairs, project, reasons, row, user

ADA = employee("1", "Ada")
ACME, SITE = customer("10", "Acme"), customer("11", "Site", under="10")


def gone(record: ClockifyRecord) -> ClockifyRecord:
    """Return the record as one that still holds time."""
    return replace(record, archived=True, gone=True)


def retired(record: ClockifyRecord) -> ClockifyRecord:
    return replace(gone(record), retired=True)


@pytest.mark.parametrize("by", ["rule", "person"])
def test_the_new_one_gets_the_partner_and_the_link_of_the_retired_one_ends(by: str) -> None:
    old, new = retired(user("u1", "Ada")), user("u2", "Ada")

    outcome = match([old, new], [ADA], [linked(old, ADA, by=by)], [])

    assert pairs(outcome) == {"u2": "1"}
    assert outcome.given_back == {("user", "u1"): "u2"}
    assert outcome.suspend == {}


def test_a_suspended_link_of_a_retired_record_ends_as_well() -> None:
    old, new = retired(user("u1", "Ada")), user("u2", "Ada")
    link = replace(linked(old, ADA), suspended="EMPLOYEE_INACTIVE")

    outcome = match([old, new], [ADA], [link], [])

    assert (pairs(outcome), outcome.given_back) == ({"u2": "1"}, {("user", "u1"): "u2"})


def test_one_that_still_holds_time_keeps_its_partner_and_is_named() -> None:
    old, new = gone(user("u1", "Ada")), user("u2", "Ada")

    outcome = match([old, new], [ADA], [linked(old, ADA)], [])

    assert (pairs(outcome), outcome.given_back) == ({}, {})
    assert row(outcome, "u2").reason == "AMBIGUOUS_NAME"
    assert row(outcome, "u2").detail["gone_with_time"] == "Ada"


def test_two_unlinked_ones_are_ambiguous_while_the_gone_one_holds_time() -> None:
    outcome = match([gone(user("u1", "Ada")), user("u2", "Ada")], [ADA], [], [])

    assert reasons(outcome) == {"u1": "AMBIGUOUS_NAME", "u2": "AMBIGUOUS_NAME"}
    assert row(outcome, "u2").detail["gone_with_time"] == "Ada"
    assert "gone_with_time" not in row(outcome, "u1").detail


def test_a_retired_one_is_nobodys_rival() -> None:
    outcome = match([retired(user("u1", "Ada")), user("u2", "Ada")], [ADA], [], [])

    assert pairs(outcome) == {"u2": "1"}
    assert reasons(outcome)["u1"] == "AMBIGUOUS_NAME"


def test_two_new_ones_are_ambiguous_and_the_retired_one_keeps_its_link() -> None:
    old = retired(user("u1", "Ada"))

    outcome = match([old, user("u2", "Ada"), user("u3", "Ada")], [ADA], [linked(old, ADA)], [])

    assert (pairs(outcome), outcome.given_back) == ({}, {})
    assert row(outcome, "u2").detail == {"candidates": "1", "rivals": "Ada"}


def test_retired_records_take_nothing_from_each_other() -> None:
    first, second = retired(user("u1", "Ada")), retired(user("u2", "Ada"))

    outcome = match([first, second], [ADA], [linked(first, ADA)], [])

    assert (pairs(outcome), outcome.given_back) == ({}, {})
    assert reasons(outcome) == {"u2": "AMBIGUOUS_NAME"}


def test_a_retired_one_alone_keeps_its_link_and_gets_none() -> None:
    old = retired(user("u1", "Ada"))

    assert match([old], [ADA], [linked(old, ADA)], []).given_back == {}
    assert pairs(match([old], [ADA], [], [])) == {}


def test_a_forgiving_name_of_a_listed_record_beats_an_identical_one_of_a_retired_record() -> None:
    outcome = match([retired(user("u1", "Ada")), user("u2", "ADA")], [ADA], [], [], mode="forgiving")

    assert pairs(outcome) == {"u2": "1"}


def test_a_link_by_hand_to_the_partner_ends_that_of_the_retired_record() -> None:
    old, new = retired(user("u1", "Ada")), user("u2", "Ada Byron")

    outcome = match([old, new], [ADA], [linked(old, ADA), linked(new, ADA, by="person")], [])

    assert outcome.given_back == {("user", "u1"): "u2"}


def test_a_client_made_anew_passes_its_customers_on_with_those_of_its_projects() -> None:
    old_client, new_client = retired(client("c1", "Acme")), client("c2", "Acme")
    old_site, new_site = retired(project("p1", "Site", of=old_client)), project("p2", "Site", of=new_client)
    links = [linked(old_client, ACME), linked(old_site, SITE)]

    outcome = match([old_client, new_client, old_site, new_site], [ACME, SITE], links, [])

    assert pairs(outcome) == {"c2": "10", "p2": "11"}
    assert outcome.given_back == {("client", "c1"): "c2", ("project", "p1"): "p2"}


def test_the_partner_of_a_retired_record_is_suggested() -> None:
    old, new = retired(user("u1", "Ada")), user("u2", "Adah")

    outcome = match([old, new], [ADA], [linked(old, ADA)], [])

    assert [suggestion.id for suggestion in row(outcome, "u2").suggestions] == ["1"]
