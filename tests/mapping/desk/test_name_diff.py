"""Marks on the letters in which two names differ."""

from __future__ import annotations

import pytest

from mapping.desk.name_diff import diff


@pytest.mark.parametrize(
    ("clockify_name", "quickbooks_name", "left", "right"),
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
def test_only_what_differs_is_marked(
    clockify_name: str, quickbooks_name: str, left: list[str], right: list[str]
) -> None:
    clockify_marks, quickbooks_marks = diff(clockify_name, quickbooks_name)

    assert [text for text, differs in clockify_marks if differs] == left
    assert [text for text, differs in quickbooks_marks if differs] == right


@pytest.mark.parametrize(
    ("clockify_name", "quickbooks_name"), [("Siobhán", "Siobhan"), ("Acme", "Bluebird"), ("", "Acme")]
)
def test_the_parts_add_up_to_the_names(clockify_name: str, quickbooks_name: str) -> None:
    clockify_marks, quickbooks_marks = diff(clockify_name, quickbooks_name)

    assert "".join(text for text, _ in clockify_marks) == clockify_name
    assert "".join(text for text, _ in quickbooks_marks) == quickbooks_name
