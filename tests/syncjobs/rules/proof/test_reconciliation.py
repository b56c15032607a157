"""The arithmetic of a reconciliation: what explains a difference, and what stays unexplained."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from syncjobs.rules.proof.reconciliation import (
    Booked,
    Place,
    Sent,
    Worked,
    money,
    only_in_clockify,
    only_in_quickbooks,
    sent_lines,
)
from syncjobs.rules.proof.reconciliation_rows import minutes, rows_of

HERE = Place("employee:1", "customer:2", date(2026, 3, 4))
THERE = HERE._replace(customer="customer:3")
HOUR = 3600


def explained(worked: Worked, booked: Booked, sent: Sent) -> list[tuple[str, int, int]]:
    """Return the code and seconds of each cause, and last what stays unexplained."""
    rows = rows_of(sent_lines(worked, booked, sent, str), lambda place: (place.person, place.customer))
    causes = [(code, seconds, 0) for row in rows for (code, _, _), seconds in row.causes.items()]
    return [*causes, ("", 0, sum(row.unexplained for row in rows))]


@pytest.mark.parametrize(
    ("worked", "quickbooks", "sent", "expected"),
    [
        ({"seconds": HOUR}, HOUR, HOUR, []),
        ({"seconds": HOUR + 20}, HOUR, HOUR, [("ROUNDING", 20)]),
        ({"seconds": HOUR + 20}, HOUR + 20, HOUR, [("ROUNDING", -20), ("ROUNDING", 20)]),
        # Under a rule that was changed since.
        ({"seconds": HOUR + 300}, 1.25 * HOUR, 1.25 * HOUR, [("ROUNDING", -600)]),
        ({"seconds": HOUR}, 2 * HOUR, HOUR, [("CHANGED_IN_QUICKBOOKS", -HOUR)]),
        ({"seconds": 2 * HOUR, "state": "changed", "edited": True}, HOUR, HOUR, [("EDITED", HOUR)]),
        ({"seconds": 2 * HOUR, "edited": True}, HOUR, HOUR, [("KEPT", HOUR)]),
        ({"seconds": 2 * HOUR, "state": "unknown"}, HOUR, HOUR, [("OUTCOME_UNKNOWN", HOUR)]),
    ],
)
def test_each_difference_has_its_cause(
    worked: dict[str, int], quickbooks: float, sent: float, expected: list[tuple[str, int]]
) -> None:
    entry = Worked(**{"place": HERE, "state": "sent", **worked})  # type: ignore[arg-type]

    causes = explained(entry, Booked("7", HERE, int(quickbooks)), Sent(HERE, int(sent)))

    totals: dict[str, int] = {}
    for code, seconds in expected:
        totals[code] = totals.get(code, 0) + seconds
    assert causes == [*((code, seconds, 0) for code, seconds in totals.items()), ("", 0, 0)]


def test_what_no_rule_explains_stays_unexplained() -> None:
    entry = Worked(HERE, 5 * HOUR, "sent")

    assert explained(entry, Booked("7", HERE, HOUR), Sent(HERE, HOUR)) == [("", 0, 4 * HOUR)]


def test_time_in_two_places_explains_itself_on_both() -> None:
    entry = Worked(HERE, HOUR + 20, "sent")

    lines = sent_lines(entry, Booked("7", THERE, HOUR), Sent(THERE, HOUR), lambda place: place.customer)

    assert [(line.place, line.clockify - line.quickbooks, line.causes[0].code) for line in lines] == [
        (HERE, HOUR + 20, "LINK_CHANGED"),
        (THERE, -HOUR, "LINK_CHANGED"),
    ]
    assert lines[0].causes[0].words == "In QuickBooks as customer:3: the link was changed after sending"


def test_all_reasons_of_unsent_time_are_named_once_a_row() -> None:
    entry = Worked(HERE, 90, "blocked", ({"code": "NOT_BILLABLE"}, {"code": "NO_PROJECT"}))

    (row,) = rows_of([only_in_clockify(entry), only_in_clockify(entry)], lambda place: ("Ada", ""))

    assert (row.clockify, row.explained, row.unexplained) == (180, 180, 0)
    assert row.explanation == "Not billable, no project +3.00 min"


def test_seconds_are_parts_of_a_minute() -> None:
    assert [minutes(seconds) for seconds in (0, 60, 90, -30)] == [0, 1, 1.5, -0.5]


def test_amounts_add_up_by_currency_on_each_side() -> None:
    worked = Worked(HERE, 90 * 60, "sent", money=money("USD", Decimal("100"), 90 * 60))
    booked = Booked("7", HERE, 90 * 60, money=money("EUR", Decimal("33.33"), 90 * 60))

    (row,) = rows_of(sent_lines(worked, booked, Sent(HERE, 90 * 60), str), lambda place: ("Ada", ""))

    assert row.amounts == {"USD": (Decimal("150.00"), 0), "EUR": (0, Decimal("50.00"))}
    assert money("USD", None, 60) is None
    assert money("USD", Decimal("1e40"), 3600) is None


@pytest.mark.parametrize(
    ("code", "known", "asks", "expected"),
    [
        ("NOT_OURS", True, True, [True]),
        ("NOT_OURS", True, False, [False]),
        ("", False, False, [True]),
        ("X", True, False, []),
    ],
)
def test_activities_that_nobody_explained_are_named(code: str, known: bool, asks: bool, expected: list[bool]) -> None:
    line = only_in_quickbooks(Booked("7", HERE, HOUR), code, "Not ours", known=known, asks=asks)

    (row,) = rows_of([line], lambda place: ("Ada", ""))

    assert [activity.asks for activity in row.activities] == expected
