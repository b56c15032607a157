from __future__ import annotations

from dataclasses import replace

import pytest

from mapping.matching.acceptance import is_clear, is_safe, is_suggested, uncontested
from mapping.matching.match import match, paired
from mapping.matching.records import Obstacle, Suggestion
from tests.support.records import client, customer, linked

ACME = client("c1", "Acme")


@pytest.mark.parametrize(
    ("name", "archived", "safe"),
    [
        ("ACME", False, True),
        ("Acme", False, False),  # the strict rule links it by itself
        ("ACME", True, False),
        ("Acme", True, False),
    ],
)
def test_only_active_records_of_another_spelling_are_safe(name: str, archived: bool, safe: bool) -> None:
    assert is_safe(replace(ACME, archived=archived), customer("10", name)) is safe


def _suggestions(*scores: float, obstacle: Obstacle | None = None) -> list[Suggestion]:
    return [
        Suggestion(str(position), "Acme", score, "one letter differs", "customer", obstacle)
        for position, score in enumerate(scores)
    ]


CLEAR = [_suggestions(0.8), _suggestions(0.95, 0.92), _suggestions(1), _suggestions(1, obstacle=Obstacle.UNDONE)]
UNCLEAR = [
    [],
    _suggestions(0.79),
    _suggestions(0.95, 0.94),
    _suggestions(0.95, obstacle=Obstacle.TAKEN),
    _suggestions(0),
]


@pytest.mark.parametrize("suggestions", CLEAR)
def test_a_likely_suggestion_well_ahead_is_clear(suggestions: list[Suggestion]) -> None:
    assert is_clear(suggestions) is True
    assert is_suggested(suggestions, has_link=False, same_name=False, emails=("", ""))
    assert not is_suggested(suggestions, has_link=True, same_name=False, emails=("", ""))


@pytest.mark.parametrize("suggestions", UNCLEAR)
def test_an_unlikely_taken_or_contested_suggestion_is_not(suggestions: list[Suggestion]) -> None:
    assert is_clear(suggestions) is False
    assert not is_suggested(suggestions, has_link=False, same_name=False, emails=("", ""))


@pytest.mark.parametrize(
    ("same_name", "emails", "suggested"),
    [
        (True, ("ada@north.test", "ada@south.test"), False),
        (True, ("ada@north.test", " Ada@North.test "), True),
        (True, ("ada@north.test", ""), False),
        (True, ("", "ada@south.test"), False),
        (True, ("", ""), False),
        (False, ("ada@north.test", "ada@south.test"), True),
    ],
)
def test_among_equal_names_only_the_same_address_tells_who_is_meant(
    same_name: bool, emails: tuple[str, str], suggested: bool
) -> None:
    assert is_suggested(_suggestions(0.9), has_link=False, same_name=same_name, emails=emails) is suggested


def test_where_two_claim_one_neither_is_suggested_it() -> None:
    chris = ("user", "employee", "59")
    partners = {"a": chris, "b": chris, "c": ("user", "vendor", "59"), "d": ("client", "customer", "59")}

    assert uncontested(partners) == {"c", "d"}


def test_pairing_alone_links_and_suspends_what_matching_does() -> None:
    moved = customer("20", "Beta", active=False)
    records = [ACME, client("c2", "Beta")]
    links = [linked(records[1], moved)]
    books = [customer("10", "Acme"), moved]

    alone, whole = paired(records, books, links, []), match(records, books, links, [])

    assert [link.clockify_id for link in alone.links] == ["c1"]
    assert alone.suspend == {("client", "c2"): "CUSTOMER_INACTIVE"}
    assert (alone.links, alone.suspend) == (whole.links, whole.suspend)
