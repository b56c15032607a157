"""Numbers that anybody may have typed into an address or a form."""

from __future__ import annotations

import pytest

from integrations.typed_numbers import whole_number


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("007", 7), ("", None), ("-1", None), ("1.5", None), ("²", None), ("٣", None), (" 7", None)],
)
def test_only_plain_digits_are_a_number(text: str, number: int | None) -> None:
    assert whole_number(text) == number


def test_a_number_that_no_row_has_is_none() -> None:
    assert whole_number("9" * 18) == 10**18 - 1
    # Python itself refuses to read the second one.
    assert (whole_number("9" * 19), whole_number("9" * 5000)) == (None, None)
