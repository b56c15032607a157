"""Whole companies whose author says what belongs together and what has to stay behind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest

from tests.support.oracle import actual, expected
from tests.support.scene import Result, Scene, run_command

FIRST, LAST = "2026-01-01", "2026-03-31"
KINDS = ("user", "client", "project")
HELD = ("INVOICED_IN_CLOCKIFY", "ALREADY_IN_QUICKBOOKS", "TOO_LONG")


def link_known_pairs(scene: Scene) -> None:
    """Apply the pairs that the data set's author knows."""
    pairs = scene.clockify.expected["pairs"]
    scene.people = {user: ("Employee", employee) for user, employee in pairs["users"].items()}
    scene.customers = dict(pairs["projects"])


def linked() -> dict[str, dict[str, str]]:
    mapping = run_command("mapping").json
    return {kind: {row["clockify_id"]: row["quickbooks_id"] for row in rows} for kind, rows in mapping.items()}


def rows_of(mismatches: Iterable[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(row["kind"], row["reason"], row["clockify_id"] or row["quickbooks_id"]) for row in mismatches}


def listed() -> set[tuple[str, str, str]]:
    sides = [(row, row["clockify"] or row["quickbooks"]) for row in run_command("mismatches").json]
    return {(row["kind"], row["reason"], side["id"]) for row, side in sides}


def assert_adds_up(run: Result) -> None:
    kinds = ("sent", "updated", "unchanged", "blocked", "failed", "unknown")
    assert run["seen"] == sum(run[kind] for kind in kinds)


@pytest.mark.sandbox(dataset="agency", today=date(2026, 3, 20))
def test_an_agencys_quarter_goes_as_its_author_says(scene: Scene) -> None:
    known, before = scene.clockify.expected, actual(scene)
    link_known_pairs(scene)
    special: dict[str, list[str]] = known["entries"]
    scene.policy(start_date=FIRST)

    check, run = scene.check(), scene.sync(FIRST, LAST)

    assert (check.code, run.code, run["status"]) == (0, 0, "succeeded"), run.stderr
    assert linked() == known["pairs"]
    assert listed() >= rows_of(known["mismatches"])
    assert {row for row in listed() if row[0] in KINDS} == {
        row for row in rows_of(known["mismatches"]) if row[0] in KINDS
    }
    assert_adds_up(run)
    left_out = {entry for code in HELD for entry in special[code]}
    foreign = {scene.place.entries[entry].project_id for entry in special["CURRENCY_DIFFERS"]}
    left_out |= {entry.id for entry in scene.place.entries.values() if entry.project_id in foreign}
    closed = scene.books.preferences["AccountingInfoPrefs"]["BookCloseDate"]
    expected_totals = expected(scene, leave_out=left_out)
    assert actual(scene) - before == {fact: count for fact, count in expected_totals.items() if fact[3] > closed}
    for code in [name for name in special if name.isupper() and name != "NO_RATE"]:
        for entry in special[code]:
            assert code in scene.explain(entry).codes
    assert run["warnings"]["NO_RATE"] >= len(special["NO_RATE"])
    second_run = scene.sync(FIRST, LAST)
    assert (second_run.code, second_run["unchanged"], second_run["blocked"]) == (0, run["sent"], run["blocked"])


@pytest.mark.sandbox(dataset="generated", today=date(2026, 3, 20), entries=600, seed=7)
def test_a_generated_company_goes_as_its_author_says(scene: Scene) -> None:
    known, before = scene.clockify.expected, actual(scene)
    link_known_pairs(scene)

    scene.check()
    run = scene.sync("2020-01-01", LAST)

    assert (run.code, run["status"]) == (0, "succeeded"), run.stderr
    assert linked() == known["pairs"]
    assert_adds_up(run)
    assert run["seen"] == len([entry for entry in scene.place.entries.values() if entry.end is not None])
    assert actual(scene) - before == expected(scene)
