"""The bench's table shows which targets were met."""

from __future__ import annotations

import pytest

from tests.bench.table import Row, shown


@pytest.mark.parametrize(
    ("row", "met"),
    [
        (Row("a", 3.9, "ms", 1, most=4), True),
        (Row("a", 4.1, "ms", 1, most=4), False),
        (Row("a", 480, "/min", 500, least=0.95), True),
        (Row("a", 470, "/min", 500, least=0.95), False),
        (Row("a", 0, "calls", most=0), True),
        (Row("a", 1, "calls", most=0), False),
        (Row("a", 1, "s"), None),
    ],
)
def test_a_figure_meets_its_target_by_ratio_or_by_itself(row: Row, met: bool | None) -> None:
    assert row.met is met


def test_the_table_names_target_and_miss() -> None:
    text = shown([Row("calls of a check", 6, "calls", most=2, note="four lists")], {"cores": 2})

    assert text.splitlines()[0] == "Ran on cores 2"
    assert text.splitlines()[3].split() == ["calls", "of", "a", "check", "6", "calls", "<=", "2", "NO"]
    assert "four lists" in text
