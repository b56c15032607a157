"""The order of open rows on the desk, which of them one click accepts, and the text by which they are found."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from mapping.desk.ordering import Around, arrange
from mapping.matching.acceptance import is_clear
from mapping.matching.row_json import suggestions_in


def row(key: str, minutes: int = 0, **values: Any) -> Any:
    facts = {
        "kind": "project",
        "reason": "NO_CUSTOMER",
        "clockify_id": key,
        "clockify_name": key,
        "clockify_client": "",
        "quickbooks_id": "",
        "quickbooks_name": "",
        "quickbooks_parent": "",
        "suggestions": [],
        "blocked_minutes": minutes,
        "oldest_date": None,
    }
    return SimpleNamespace(**{**facts, **values})


def order(*rows: Any, around: Around | None = None) -> list[str]:
    arrange(list(rows), around or Around())
    return [desk_row.clockify_id for desk_row in sorted(rows, key=lambda desk_row: desk_row.order_key)]


def test_groups_and_the_rows_within_them_are_ordered_by_what_they_hold_back() -> None:
    acme = [row("site", 30, clockify_client="Acme"), row("shop", 80, clockify_client="Acme")]

    assert order(row("alone", 100), *acme, row("little", 5)) == ["shop", "site", "alone", "little"]
    assert {desk_row.group_minutes for desk_row in acme} == {110}


def test_equal_hours_go_by_the_oldest_entry_and_then_by_name() -> None:
    early, late = date(2026, 3, 2), date(2026, 3, 20)

    assert order(row("b", 60, oldest_date=late), row("c", 60, oldest_date=early), row("a", 60, oldest_date=late)) == [
        "c",
        "a",
        "b",
    ]
    assert order(row("never", 60), row("once", 60, oldest_date=late)) == ["once", "never"]


def test_groups_of_one_weight_do_not_mix_however_alike_their_names() -> None:
    long = "A unusually long name of a client that goes on and on for more than sixty letters"
    rows = [row(f"{n}", 10, clockify_client=f"{long} {n % 2}") for n in range(6)]

    parities = [int(key) % 2 for key in order(*rows)]

    assert parities in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])


def test_a_decision_about_one_row_leaves_the_keys_of_other_groups_alone() -> None:
    first = [row("a", 90), row("b", 50), row("c", 40)]
    order(*first)
    before = {desk_row.clockify_id: desk_row.order_key for desk_row in first}

    remaining = [row("b", 50), row("c", 40)]
    order(*remaining)

    assert {desk_row.clockify_id: desk_row.order_key for desk_row in remaining} == {
        key: before[key] for key in ("b", "c")
    }


def test_ignored_rows_weigh_nothing_in_their_group() -> None:
    acme = [row("site", 30, clockify_client="Acme"), row("shop", 80, clockify_client="Acme")]

    order(*acme, around=Around(ignored={("project", "shop")}))

    assert {desk_row.group_minutes for desk_row in acme} == {30}


@pytest.mark.parametrize(
    ("scores", "clear"), [([], False), ([0.79], False), ([0.8], True), ([0.9, 0.89], False), ([0.97, 0.9], True)]
)
def test_one_click_accepts_what_is_likely_and_well_ahead(scores: list[float], clear: bool) -> None:
    assert is_clear(suggestions_in([{"score": score, "why": "similar name"} for score in scores])) is clear


def test_nobody_accepts_in_one_click_what_is_linked_or_taken_or_another_persons() -> None:
    sure = {"id": "59", "kind": "employee", "name": "Chris", "score": 1.0, "why": "same name"}
    same_name: dict[str, Any] = {"kind": "user", "reason": "AMBIGUOUS_NAME", "suggestions": [sure]}
    rows = [
        row("free", suggestions=[sure]),
        row("linked", suggestions=[sure]),
        row("taken", suggestions=[sure | {"why": "same name, but already linked"}]),
        row("same mail", **same_name),
        row("other mail", **same_name),
    ]
    emails = {("user", "same mail"): "C@x.org", ("user", "other mail"): "d@x.org", ("employee", "59"): " c@x.org"}

    arrange(rows, Around(linked={("project", "linked")}, emails=emails))

    assert [desk_row.clockify_id for desk_row in rows if desk_row.suggested] == ["free", "same mail"]
    assert [desk_row.clockify_id for desk_row in rows if desk_row.has_link] == ["linked"]


def test_two_records_that_are_suggested_one_partner_are_both_left_to_a_person() -> None:
    likely = {"id": "59", "kind": "employee", "name": "Chris", "score": 0.97, "why": "same name apart from case"}
    rows = [row(key, kind="user", suggestions=[likely]) for key in ("CHRIS", "chris")]

    arrange(rows, Around())
    assert not any(desk_row.suggested for desk_row in rows)

    arrange(rows, Around(ignored={("user", "CHRIS")}))
    assert all(desk_row.suggested for desk_row in rows)


def test_filters_look_through_names_parents_mails_and_the_first_suggestions_in_any_case() -> None:
    likely = [{"id": f"{n}", "kind": "customer", "name": f"ÉCOLE {n}"} for n in range(4)]
    project_row = row(
        "p", clockify_name="Straße", clockify_client="ŁÓDKA", quickbooks_parent="Bluebird", suggestions=likely
    )

    arrange([project_row], Around())

    assert "strasse" in project_row.search_left and "łódka" in project_row.search_left
    assert (
        "bluebird" in project_row.search_right
        and "école 2" in project_row.search_right
        and "école 3" not in project_row.search_right
    )
