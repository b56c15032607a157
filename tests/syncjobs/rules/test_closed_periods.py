"""Days of which nothing may change: closed books, and signed periods that are kept."""

from __future__ import annotations

from datetime import date

import pytest

from syncjobs.rules.closed_periods import ClosedPeriods, SignedPeriod, closed_text
from syncjobs.rules.reasons import Reason, sentence

MARCH = SignedPeriod(date(2026, 3, 1), date(2026, 3, 31), "Beth")


@pytest.mark.parametrize(
    ("day", "codes"),
    [
        (date(2026, 2, 27), ["BOOKS_CLOSED"]),
        (date(2026, 2, 28), []),
        (date(2026, 3, 1), ["PERIOD_SIGNED"]),
        (date(2026, 3, 31), ["PERIOD_SIGNED"]),
        (date(2026, 4, 1), []),
    ],
)
def test_both_ends_count(day: date, codes: list[str]) -> None:
    closed = ClosedPeriods(date(2026, 2, 27), (MARCH,))

    assert [reason.code for reason in closed.reasons(day)] == codes


def test_a_day_may_be_closed_and_signed_and_says_who_signed() -> None:
    both = ClosedPeriods(date(2026, 3, 31), (MARCH,)).reasons(date(2026, 3, 4))

    assert [reason.code for reason in both] == ["BOOKS_CLOSED", "PERIOD_SIGNED"]
    assert closed_text(both) == "its books are closed"
    assert sentence(both[1].as_row()) == (
        "Beth signed March 1, 2026 to March 31, 2026, this work is from March 4, 2026, and signed periods are kept."
    )
    assert ClosedPeriods().reasons(date(2026, 3, 4)) == ()


def test_what_became_of_the_day_is_said_whatever_else_holds_the_entry() -> None:
    signed = ClosedPeriods(None, (MARCH,)).reasons(date(2026, 3, 4))

    assert closed_text((Reason("NOT_APPROVED", {}), *signed)) == "its period is signed"
    assert closed_text((Reason("NOT_APPROVED", {}),)) == ""
