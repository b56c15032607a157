"""The arithmetic of a reconciliation: what explains a difference, and what stays unexplained."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from syncjobs.rules import reasons
from syncjobs.rules.proof.reconciliation import (
    NOT_OURS,
    Booked,
    OpenActivity,
    Place,
    Sent,
    Worked,
    deleted_by_hand,
    money,
    only_in_clockify,
    only_in_quickbooks,
    sent_lines,
)
from syncjobs.rules.proof.reconciliation_rows import Reconciliation, minutes, rows_of

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
        # QuickBooks' seconds round to what was sent, or do not; up to a minute nobody changes by hand.
        ({"seconds": HOUR}, HOUR + 29, HOUR, [("ROUNDING", -29)]),
        ({"seconds": HOUR}, HOUR - 30, HOUR, [("ROUNDING", 30)]),
        ({"seconds": HOUR}, HOUR + 30, HOUR, [("CHANGED_IN_QUICKBOOKS", -30)]),
        ({"seconds": HOUR}, HOUR - 60, HOUR, [("CHANGED_IN_QUICKBOOKS", 60)]),
        ({"seconds": HOUR}, 0, HOUR, [("CHANGED_IN_QUICKBOOKS", HOUR)]),
        ({"seconds": HOUR + 20, "state": "changed", "edited": True}, HOUR, HOUR, [("ROUNDING", 20)]),
        ({"seconds": 2 * HOUR, "adopted": True}, HOUR, HOUR, [("ADOPTED", HOUR)]),
        ({"seconds": 2 * HOUR, "state": "changed", "edited": True, "adopted": True}, HOUR, HOUR, [("ADOPTED", HOUR)]),
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


@pytest.mark.parametrize(
    ("worked", "quickbooks", "sent", "expected"),
    [
        ({"seconds": 1.5 * HOUR}, HOUR, {"corrected": 1800}, [("CORRECTION", 1800)]),
        ({"seconds": 1.5 * HOUR + 20}, HOUR, {"corrected": 1800}, [("CORRECTION", 1800), ("ROUNDING", 20)]),
        (
            {"seconds": 2 * HOUR, "edited": True, "state": "changed"},
            HOUR,
            {"corrected": 1800},
            [("CORRECTION", 1800), ("EDITED", 1800)],
        ),
        (
            {"seconds": 2 * HOUR},
            HOUR,
            {"corrected": 1800, "correction_changed": True},
            [("CORRECTION", 1800), ("CHANGED_IN_QUICKBOOKS", 1800)],
        ),
        (
            {"seconds": 2 * HOUR},
            HOUR - 600,
            {"corrected": 1800},
            [("CORRECTION", 1800), ("CHANGED_IN_QUICKBOOKS", 2400)],
        ),
        ({"seconds": 2 * HOUR}, HOUR, {"correction_changed": True}, [("CHANGED_IN_QUICKBOOKS", HOUR)]),
        ({"seconds": 2 * HOUR}, HOUR, {"corrected": 1800}, [("CORRECTION", 1800)]),
        (
            {"seconds": HOUR + 1820},
            HOUR + 20,
            {"corrected": 1800},
            [("CORRECTION", 1800)],
        ),
    ],
    ids=["as corrected", "rounded", "edited", "changed", "first one changed", "correction gone", "more", "odd seconds"],
)
def test_corrections_explain_their_part_and_the_rest_is_as_without(
    worked: dict[str, Any], quickbooks: int, sent: dict[str, Any], expected: list[tuple[str, int]]
) -> None:
    entry = Worked(**{"place": HERE, "state": "sent", **worked, "seconds": int(worked["seconds"])})

    [line] = sent_lines(entry, Booked("7", HERE, quickbooks), Sent(HERE, HOUR, **sent), str)

    assert [(cause.code, cause.seconds) for cause in line.causes] == expected


@pytest.mark.parametrize(
    ("worked", "billed", "code", "words"),
    [
        ({}, False, "EDITED", "Edited since it was sent; pending the next sync"),
        ({}, True, "BILLED_IN_QUICKBOOKS", None),
        ({"state": "sent"}, True, "KEPT", "A person keeps what is in QuickBooks"),
        ({"adopted": True}, False, "ADOPTED", "Adopted as it is in QuickBooks; the next sync brings it up to date"),
        ({"reasons": ({"code": "TOO_LONG"},)}, False, "TOO_LONG", "Edited since it was sent: unusually long"),
        ({"reasons": ({"code": "UNREADABLE"},)}, False, "UNREADABLE", None),
        ({"reasons": ({"code": "BILLED_IN_QUICKBOOKS"},)}, False, "BILLED_IN_QUICKBOOKS", None),
    ],
)
def test_an_edit_that_is_not_in_quickbooks_says_why(
    worked: dict[str, Any], billed: bool, code: str, words: str | None
) -> None:
    entry = Worked(**{"place": HERE, "seconds": 2 * HOUR, "state": "changed", "edited": True, **worked})
    booked = Booked("7", HERE, HOUR, billed=billed)

    [line] = sent_lines(entry, booked, Sent(HERE, HOUR), str)
    moved, _ = sent_lines(entry, replace(booked, place=THERE), Sent(THERE, HOUR), lambda place: place.customer)

    words = reasons.title(code) if words is None else words
    assert [(cause.code, cause.words) for cause in line.causes] == [(code, words)]
    assert moved.causes[0].words == f"In QuickBooks as customer:3: {words[:1].lower()}{words[1:]}"


def test_time_that_somebody_moved_or_a_write_in_doubt_says_so_on_both_places() -> None:
    booked = Booked("7", THERE, HOUR)

    by_hand = sent_lines(Worked(HERE, HOUR, "sent"), booked, Sent(HERE, HOUR), lambda place: place.customer)
    doubt = sent_lines(Worked(HERE, HOUR, "unknown"), booked, Sent(HERE, HOUR), lambda place: place.customer)

    assert [(line.causes[0].code, line.causes[0].words) for line in by_hand] == [
        ("CHANGED_IN_QUICKBOOKS", "In QuickBooks as customer:3: changed by hand in QuickBooks"),
        ("CHANGED_IN_QUICKBOOKS", "In Clockify as customer:2: changed by hand in QuickBooks"),
    ]
    assert doubt[0].causes[0].words == "In QuickBooks as customer:3: a write is in doubt"
    assert doubt[1].causes[0].code == "OUTCOME_UNKNOWN"


def test_an_activity_that_is_gone_or_cannot_be_read_explains_all_of_its_entry() -> None:
    entry = Worked(HERE, HOUR, "sent")

    [odd] = sent_lines(entry, Booked("7", HERE, None), Sent(HERE, HOUR), str)
    gone = deleted_by_hand(entry)

    assert [(cause.code, cause.words, cause.seconds) for cause in (*odd.causes, *gone.causes)] == [
        ("UNREADABLE", "Activity 7 can't be read in QuickBooks", HOUR),
        ("CHANGED_IN_QUICKBOOKS", "Deleted by hand in QuickBooks", HOUR),
    ]
    unknown_length = only_in_quickbooks(Booked("7", HERE, None), NOT_OURS, "Not ours")
    assert (unknown_length.quickbooks, unknown_length.causes, unknown_length.activity) == (0, (), None)


def test_time_that_waits_has_its_state_as_its_cause() -> None:
    [cause] = only_in_clockify(Worked(HERE, HOUR, "ready")).causes

    assert (cause.code, cause.words, cause.known) == ("READY", "Pending the next sync", True)
    [other] = only_in_clockify(Worked(HERE, HOUR, "ready", words="Before the start date")).causes
    assert other.words == "Before the start date"


def test_a_row_knows_whose_it_is_and_which_invoices_took_its_time() -> None:
    form = {"transaction": "Invoice", "transaction_id": "145"}
    nobody = HERE._replace(customer="")
    lines = [
        only_in_quickbooks(Booked("7", HERE, HOUR, form=form), NOT_OURS, "Not ours"),
        only_in_quickbooks(Booked("8", THERE, HOUR, form=form), NOT_OURS, "Not ours"),
        only_in_clockify(Worked(nobody, HOUR, "ready")),
    ]

    [row] = rows_of(lines, lambda place: ("Ada", "Acme"))

    assert row.keys == {"people": ["employee:1"], "customers": ["customer:2", "customer:3"]}
    assert [(dict(facts), seconds) for facts, seconds in row.forms.items()] == [(form, 2 * HOUR)]
    assert (row.clockify, row.quickbooks, row.difference) == (HOUR, 2 * HOUR, -HOUR)


@pytest.mark.parametrize(
    ("lefts", "cut", "proven", "summary"),
    [
        ([], "", True, "Both sides reconcile: they are equal."),
        (["READY"], "", True, "Both sides reconcile: every difference is explained."),
        ([""], "", False, "Both sides do not reconcile: −60.00 min in all not explained."),
        ([], "Cut.", False, "Whether both sides reconcile is not known: not everything could be read."),
    ],
)
def test_a_comparison_says_whether_both_sides_add_up(lefts: list[str], cut: str, proven: bool, summary: str) -> None:
    lines = [only_in_quickbooks(Booked("7", HERE, HOUR), code, "Some", known=bool(code)) for code in lefts]

    found = Reconciliation(HERE.day, HERE.day, rows_of(lines, lambda place: ("Ada", "")), cut_message=cut)

    assert (found.is_proven, found.summary) == (proven, summary)
    assert found.difference == found.explained + found.unexplained == -HOUR * len(lefts)


def test_a_row_names_each_cause_and_what_is_left() -> None:
    lines = [
        only_in_clockify(Worked(HERE, 450, "ready")),
        only_in_quickbooks(Booked("7", HERE, 60), "", "Nobody knows", known=False),
        *sent_lines(Worked(HERE, 5 * HOUR, "sent"), Booked("8", HERE, HOUR), Sent(HERE, HOUR), str),
    ]

    [row] = rows_of(lines, lambda place: ("Ada", ""))

    assert row.explanation == "Pending the next sync +7.50 min; Nobody knows −1.00 min; Not explained +240.00 min"
    assert (row.explained, row.unexplained) == (450, 4 * HOUR - 60)
    assert [(one.id, one.seconds, one.code) for one in row.activities] == [("7", -60, ""), ("8", 4 * HOUR, "")]


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


def test_what_is_left_beside_a_known_cause_asks_with_its_activity() -> None:
    [line] = sent_lines(Worked(HERE, 5 * HOUR, "sent"), Booked("7", HERE, 2 * HOUR), Sent(HERE, HOUR), str)

    assert [(cause.code, cause.seconds) for cause in line.causes] == [("CHANGED_IN_QUICKBOOKS", -HOUR)]
    assert line.activity == OpenActivity("7", 4 * HOUR, "", asks=True)


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
