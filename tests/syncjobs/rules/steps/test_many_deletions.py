"""How many deletions at once a person decides about, and what of a sync's figures waits for that."""

from __future__ import annotations

from typing import Any

import pytest

from syncjobs.rules.steps import many_deletions


@pytest.mark.parametrize(
    ("deletions", "sent", "many"),
    [(20, 20, False), (21, 21, True), (21, 209, True), (21, 210, False), (0, 0, False), (500, 5000, False)],
)
def test_more_than_twenty_and_more_than_a_tenth_are_many(deletions: int, sent: int, many: bool) -> None:
    assert many_deletions.are_many(deletions, sent) is many


@pytest.mark.parametrize(
    ("warnings", "waiting", "in_doubt"),
    [
        ({"MANY_MISSING": 3, "MANY_DELETIONS": 4, "NO_RATE": 9}, 7, 1),
        ({"MANY_MISSING": 3}, 3, 5),
        ({"MANY_DELETIONS": 4}, 4, 1),
        ({}, 0, 5),
    ],
)
def test_what_waits_is_not_in_doubt(warnings: dict[str, int], waiting: int, in_doubt: int) -> None:
    """Only those that Clockify still has count as `unknown` (contract)."""
    figures: dict[str, Any] = {"unknown": 5, "warnings": warnings}

    assert (many_deletions.waiting(figures), many_deletions.in_doubt(figures)) == (waiting, in_doubt)


def test_figures_of_an_older_version_name_no_warnings() -> None:
    assert (many_deletions.waiting({}), many_deletions.in_doubt({"unknown": 2})) == (0, 2)
