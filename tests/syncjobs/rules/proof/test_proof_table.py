"""A stored comparison as a table: its columns, its causes, and what a person's note explains."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from syncjobs.rules.proof.proof_table import (
    KEYS,
    Note,
    StoredRow,
    columns,
    explanation,
    explanations,
    label_of,
    open_seconds,
    table,
)

DAY = date(2026, 3, 17)
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 22)
BY_HAND = ["1611", -2700, "NOT_OURS", True]
NOT_OURS = ["NOT_OURS", "Not ours (activity 1611)", -2700, True]


def row(user: str = "Ada", customer: str = "Acme", day: date = DAY, **values: Any) -> StoredRow:
    columns = {"clockify": 0, "quickbooks": 0, "causes": [], "amounts": {}, "activities": [], "forms": []}
    return StoredRow(user, customer, day, **(columns | values))


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        (FIRST, LAST, ["Mar 2 to 8", "Mar 9 to 15", "Mar 16 to 22"]),
        (FIRST, date(2026, 3, 8), []),
        (date(2026, 3, 4), date(2026, 3, 17), ["Mar 4 to 8", "Mar 9 to 15", "Mar 16 to 17"]),
        (date(2026, 3, 30), date(2026, 4, 6), ["Mar 30 to Apr 5", "Apr 6"]),
        (date(2026, 2, 15), date(2026, 4, 2), ["Feb 15 to 28", "Mar 1 to 31", "Apr 1 to 2"]),
    ],
)
def test_columns_follow_the_length_of_the_period(first: date, last: date, labels: list[str]) -> None:
    assert [column.label for column in columns(first, last)] == labels


@pytest.mark.parametrize("view", KEYS)
def test_causes_and_what_is_left_add_up_to_the_difference(view: str) -> None:
    rows = [
        row(clockify=7200, quickbooks=3600, causes=[["EDITED", "Edited since", 3600, True]]),
        row(clockify=3600, day=FIRST, causes=[["READY", "Before the start date", 3600, True]]),
        row("Ben", quickbooks=2700, causes=[NOT_OURS], activities=[BY_HAND]),
    ]

    total = table(rows, {}, view=view, first=FIRST, last=LAST).total

    assert (total.clockify, total.quickbooks, total.difference, total.left) == (10800, 6300, 4500, -2700)
    assert total.causes == {"Pending edits": 3600, "Before the start date": 3600}
    for sums in (total, *total.children.values()):
        assert sum(sums.causes.values()) + sums.left == sums.difference
        assert not sums.cells or [sum(side) for side in zip(*sums.cells, strict=True)] == [
            sums.clockify,
            sums.quickbooks,
        ]


def test_time_that_was_not_sent_from_here_is_open_until_a_person_says_what_it_is() -> None:
    by_hand = row(quickbooks=2700, causes=[NOT_OURS], activities=[BY_HAND])

    asked = explanations(by_hand, {})
    noted = explanations(by_hand, {"1611": Note(-2700, "Phone support", "Dana")})
    grown = explanations(by_hand, {"1611": Note(-1800, "Phone support", "Dana")})

    assert ([one.activity for one in asked[1]], asked[2]) == (["1611"], -2700)
    assert ([one.words for one in noted[0]], noted[1:]) == (["Explained by Dana: Phone support"], ([], 0))
    assert grown == asked


def test_time_of_somebody_who_does_not_track_time_is_explained_by_its_name() -> None:
    office = row(quickbooks=2700, causes=[NOT_OURS], activities=[[*BY_HAND[:3], False]])

    found, asked, left = explanations(office, {})

    assert ([(one.label, one.words) for one in found], asked, left) == (
        [("Not sent from here", "Not ours (activity 1611)")],
        [],
        0,
    )


def test_a_note_explains_what_no_rule_does() -> None:
    odd = row(clockify=3600, causes=[], activities=[["7", 3600, "", True]])

    assert explanations(odd, {})[2] == 3600
    assert explanations(odd, {"7": Note(3600, "Known", "Dana")})[2] == 0


def test_groups_that_are_not_explained_come_first_and_days_in_order() -> None:
    rows = [row("Ada", day=DAY), row("Ben", day=FIRST, quickbooks=2700, causes=[NOT_OURS], activities=[BY_HAND])]

    people = table(rows, {}, view="people", first=FIRST, last=LAST).groups(by_name=False)
    days = table(rows, {}, view="days", first=FIRST, last=LAST).groups(by_name=True)

    assert [group.name for group in people] == ["Ben", "Ada"]
    assert [group.name for group in days] == ["2026-03-02", "2026-03-17"]


def test_amounts_stand_by_currency() -> None:
    rows = [row(amounts={"USD": ["150.00", "100.00"]}), row(amounts={"USD": ["0.50", "0"], "EUR": ["0", "20.00"]})]

    lines = table(rows, {}, view="people", first=FIRST, last=LAST).total.amount_lines

    assert lines == [
        ("EUR", Decimal(), Decimal("20.00"), Decimal("-20.00")),
        ("USD", Decimal("150.50"), Decimal("100.00"), Decimal("50.50")),
    ]


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("ROUNDING", "Rounding"),
        ("EDITED", "Pending edits"),
        ("DELETED", "Pending deletions"),
        ("KEPT", "Kept in QuickBooks by a person"),
        ("ADOPTED", "Adopted as it is in QuickBooks"),
        ("LINK_CHANGED", "Link changed after sending"),
        ("CORRECTION", "Corrections"),
        ("OTHER_WORKSPACE", "From another workspace"),
        ("NOT_OURS", "Not sent from here"),
        ("NO_PROJECT", "No project"),
        ("READY", "Its own words"),
    ],
)
def test_causes_are_added_up_under_one_label(code: str, label: str) -> None:
    assert label_of(code, "Its own words") == label


def test_a_row_is_explained_in_words_cause_by_cause_and_what_is_left() -> None:
    mixed = row(
        clockify=7200,
        quickbooks=2700,
        causes=[["READY", "Pending the next sync", 3600, True], ["", "Nobody knows", 60, False], NOT_OURS],
        activities=[["1611", -2700, "NOT_OURS", False], ["7", 1800, "", True]],
    )

    asked = "Pending the next sync +60.00 min; Not ours (activity 1611) −45.00 min"
    assert explanation(mixed, {}) == f"{asked}; Not explained +60.00 min"
    noted = {"7": Note(1800, "Phone support", "Dana")}
    assert (
        explanation(mixed, noted) == f"{asked}; Explained by Dana: Phone support +30.00 min; Not explained +30.00 min"
    )
    assert explanation(row(), {}) == ""
    # Opposite ones do not cancel out.
    assert open_seconds([mixed, row(quickbooks=60)], {}) == 3660


def test_sums_have_both_sides_by_column_and_the_largest_cause_first() -> None:
    form = {"transaction": "Invoice", "transaction_id": "145"}
    rows = [
        row(clockify=3600, day=FIRST, causes=[["EDITED", "Edited since", 600, True], ["READY", "Ready", 3000, True]]),
        row(clockify=60, quickbooks=7200, causes=[["EDITED", "Edited again", 60, True]], forms=[form, form]),
    ]

    found = table(rows, {}, view="people", first=FIRST, last=LAST)

    total, ada = found.total, found.total.children["Ada"]
    assert total.cells == ada.cells == ada.children["Acme"].cells == [(3600, 0), (0, 0), (60, 7200)]
    assert total.shown_causes == [("Ready", 3000), ("Pending edits", 660)]
    assert total.words == {"Edited since": 600, "Ready": 3000, "Edited again": 60}
    assert (total.left, total.explained, total.is_open, total.forms) == (-7200, 3660, True, {"Invoice:145": form})
    assert found.is_dense is False
    assert table(rows, {}, view="people", first=date(2026, 2, 20), last=LAST).is_dense is True
    days = table(rows, {}, view="days", first=FIRST, last=LAST)
    assert (days.columns, days.total.children["2026-03-02"].children["Ada"].clockify) == ([], 3600)


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [(date(2026, 3, 2), date(2026, 4, 12), 6), (date(2026, 3, 2), date(2026, 4, 13), 2)],
    ids=["six weeks", "a day more"],
)
def test_up_to_six_weeks_are_weeks(first: date, last: date, count: int) -> None:
    found = columns(first, last)

    assert (len(found), found[0].first, found[-1].last) == (count, first, last)
