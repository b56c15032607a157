"""What rows keep of likely partners and of facts, whichever version saved them."""

from __future__ import annotations

from typing import Any

import pytest

from mapping.matching.records import MismatchFacts, MismatchFound, Obstacle, Suggestion
from mapping.matching.row_json import facts_in, facts_row, first_in, suggestion_rows, suggestions_in

PLAIN = Suggestion("1", "Acme", 0.9, "one letter differs", "customer")
SUGGESTIONS = [
    PLAIN,
    Suggestion("2", "Acme", 1.0, "same name, already linked", "customer", Obstacle.TAKEN),
    Suggestion("3", "Ada", 1.0, "same e-mail address, same name", "employee", Obstacle.UNDONE, same_address=True),
]


def test_what_is_written_is_read_as_it_was() -> None:
    rows = suggestion_rows(SUGGESTIONS)

    assert suggestions_in(rows) == tuple(SUGGESTIONS)
    assert first_in(rows) == PLAIN


def test_a_row_without_suggestions_has_none() -> None:
    assert suggestions_in([]) == ()
    assert first_in([]) is None


@pytest.mark.parametrize(
    ("why", "obstacle", "same_address"),
    [
        ("one letter differs", None, False),
        ("same name, already linked", Obstacle.TAKEN, False),
        ("same name, but a person undid this link", Obstacle.UNDONE, False),
        ("same e-mail address, same name, but a person undid this link", Obstacle.UNDONE, True),
        ("same name, but under Same e-mail address Ltd", None, False),
    ],
)
def test_an_old_row_says_in_words_what_keeps_a_rule_from_linking(
    why: str, obstacle: Obstacle | None, same_address: bool
) -> None:
    old: dict[str, Any] = {"id": "1", "name": "Ada", "score": 1.0, "why": why, "kind": "employee"}

    assert suggestions_in([old]) == (Suggestion("1", "Ada", 1.0, why, "employee", obstacle, same_address),)


def test_a_row_of_now_is_not_read_from_its_words() -> None:
    under = Suggestion("1", "Web", 0.75, "same name, but under Already linked Ltd, already linked", "customer")

    assert suggestions_in(suggestion_rows([under])) == (under,)


def test_a_row_of_a_later_version_is_read_as_far_as_it_is_known() -> None:
    later = {"id": "1", "name": "Ada", "score": 0.9, "why": "", "kind": "vendor", "obstacle": "leased", "place": "Oslo"}

    assert suggestions_in([later]) == (Suggestion("1", "Ada", 0.9, "", "vendor"),)


def test_a_row_without_a_score_counts_as_unlikely() -> None:
    assert suggestions_in([{"id": "1", "kind": "customer"}]) == (Suggestion("1", "", 0.0, "", "customer"),)


def test_facts_are_kept_as_they_were_found_and_say_who_is_known_from_entries_only() -> None:
    found = MismatchFound("user", "AMBIGUOUS_NAME", "u1", detail={"candidates": "2"})

    assert facts_row(found, from_entries=False) == {"candidates": "2"}
    assert facts_row(found, from_entries=True) == {"candidates": "2", "from_entries": "yes"}
    assert found.detail == {"candidates": "2"}


def test_facts_of_an_old_row_lack_what_came_later() -> None:
    facts: MismatchFacts = facts_in({"linked_by": "rule"})

    assert (facts["linked_by"], facts.get("is_gone")) == ("rule", None)
