"""Marks on the letters in which two names differ."""

from __future__ import annotations

import pytest

from mapping.desk.name_diff import diff


@pytest.mark.parametrize(
    ("one", "other", "left", "right"),
    [
        ("Siobhán", "Siobhan", ["á"], ["a"]),
        ("O'Neill", "O’Neill", ["'"], ["’"]),
        ("Menu & signage", "Menu & Signage", ["s"], ["S"]),
        ("Chris Taylor", "Christine Taylor", [], ["tine"]),
        ("Brand  refresh", "Brand refresh", [" "], []),
        ("Acme", "Acme", [], []),
        ("Acme", "Bluebird", [], []),
        ("", "Acme", [], []),
    ],
)
def test_only_what_differs_is_marked(one: str, other: str, left: list[str], right: list[str]) -> None:
    ours, theirs = diff(one, other)

    assert [text for text, differs in ours if differs] == left
    assert [text for text, differs in theirs if differs] == right


@pytest.mark.parametrize(("one", "other"), [("Siobhán", "Siobhan"), ("Acme", "Bluebird"), ("", "Acme")])
def test_the_pieces_are_the_names_again(one: str, other: str) -> None:
    ours, theirs = diff(one, other)

    assert "".join(text for text, _ in ours) == one
    assert "".join(text for text, _ in theirs) == other
