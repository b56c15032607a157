"""What vendors write is quoted short, as one line, and never lets a terminal or a column stumble."""

from __future__ import annotations

import pytest

from integrations.errors import CODE_LENGTH, MESSAGE_LENGTH, TID_LENGTH, NoAnswer, quoted_words


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("No such customer.", "No such customer."),
        ("  two\r\nlines\tand\x1b[31m red \x00\u2028end ", "two lines and [31m red end"),
        ("Zoë & 株式会社", "Zoë & 株式会社"),
        (None, ""),
        ({"Message": "x"}, ""),
        ("", ""),
    ],
)
def test_words_become_one_printable_line(written: object, shown: str) -> None:
    assert quoted_words(written) == shown


def test_words_are_cut_with_a_sign() -> None:
    assert quoted_words("word " * 1_000_000, 20) == "word word word word…"


def test_an_error_is_one_short_line_with_whatever_was_put_into_it() -> None:
    error = NoAnswer("line\n" * 10_000, vendor="quickbooks", code="c" * 500, tid="t" * 70_000)

    assert len(error.message) == MESSAGE_LENGTH and "\n" not in str(error)
    assert (len(error.code), len(error.tid)) == (CODE_LENGTH, TID_LENGTH)
