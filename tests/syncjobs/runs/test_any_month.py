"""Months in which anything may happen in any order, at whose end QuickBooks has exactly what it should."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from syncjobs.models import Receipt
from tests.support.oracle import assert_books_agree
from tests.support.scene import Result, Scene

SOME_SEEDS, MORE_SEEDS = range(3), range(3, 20)
FAULTS = ["cut_before", "cut_after_commit", "500_html", "500_html_after_commit", "503", "429"]
TEXTS = ["", "Stand-up", "Review", "Grüße 🛠", "two\nlines"]


class Month:
    """One seed's story. Short texts and round times, so that many pieces of work are equal to each other."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene, self.chance = scene, random.Random(seed)
        # All in one zone: time already sent keeps its day when another person becomes its owner, wherever they live.
        self.users = [scene.user(name, zone="Pacific/Auckland") for name in ("Ada", "Bea", "Cleo")]
        client = scene.client("Acme")
        self.projects = [
            scene.project("Site", client=client, hourlyRate=8000),
            scene.project("Hall", client=client, hourlyRate=9000),
            scene.project("Solo"),
        ]
        self.deleted: list[Any] = []

    def live(self, days: int) -> None:
        for _ in range(days):
            for _ in range(self.chance.randint(1, 8)):
                self.chance.choice([self.work, self.work, self.edit, self.delete, self.restore])()
            if self.chance.random() < 0.7:
                self.meet_trouble()
            run = self.scene.sync(dry_run=self.chance.random() < 0.15)
            assert run.code in {0, 3, 4}, run.stderr
            assert_adds_up(run)
            if self.chance.random() < 0.5:
                self.scene.clear_faults()

    def work(self) -> None:
        self.scene.entry(self.pick(self.users), self.pick(self.projects), self.moment(), **self.facts())

    def edit(self) -> None:
        if not self.scene.place.entries:
            return
        entry = self.pick(list(self.scene.place.entries))
        changes: list[Callable[[], None]] = [
            lambda: self.scene.stretch(entry, self.length()),
            lambda: self.scene.edit_entry(entry, description=self.pick(TEXTS)),
            lambda: self.scene.edit_entry(entry, start=self.moment(), minutes=self.length()),
            lambda: self.scene.edit_entry(entry, userId=self.pick(self.users)),
            lambda: self.scene.edit_entry(entry, projectId=self.pick([*self.projects, ""])),
            lambda: self.scene.edit_entry(entry, billable=self.chance.random() < 0.6),
            lambda: self.scene.edit_entry(entry, type=self.pick(["REGULAR", "REGULAR", "BREAK"])),
        ]
        self.pick(changes)()

    def delete(self) -> None:
        if self.scene.place.entries:
            self.deleted += self.scene.delete_entry(self.pick(list(self.scene.place.entries)))

    def restore(self) -> None:
        if self.deleted:
            self.scene.restore([self.deleted.pop()])

    def meet_trouble(self) -> None:
        path = self.pick(["timeactivity", "timeactivity", "query.*TimeActivity", "operation=delete"])
        how_often = {"skip": self.chance.randint(0, 3), "times": self.chance.randint(1, 4)}
        self.scene.fault(self.pick(FAULTS), path, method="", **how_often)

    def facts(self) -> dict[str, Any]:
        billable = self.chance.random() < 0.85
        return {"minutes": self.length(), "description": self.pick(TEXTS), "billable": billable}

    def length(self) -> float:
        return self.pick([0.2, 1, 60, 60, 60, 90])

    def moment(self) -> str:
        return f"2026-03-{self.pick([3, 4, 5, 31]):02d} {self.pick([0, 9, 23]):02d}:00"

    def pick(self, choices: list[Any]) -> Any:
        return self.chance.choice(choices)


def assert_adds_up(run: Result) -> None:
    """Check the run's figures; deletions of what is gone from Clockify count in `deleted` only."""
    kinds = ("sent", "updated", "unchanged", "blocked", "failed", "unknown")
    assert run.code == 3 or 0 <= run["seen"] - sum(run[kind] for kind in kinds) <= run["deleted"]


@pytest.mark.parametrize("memory", [{}, {"requestid_memory_seconds": 0}], ids=["ids remembered", "ids forgotten"])
@pytest.mark.parametrize("seed", [*SOME_SEEDS, *(pytest.param(seed, marks=pytest.mark.slow) for seed in MORE_SEEDS)])
def test_any_month_ends_with_each_piece_of_work_once(
    scene: Scene, settings: Any, seed: int, memory: dict[str, Any]
) -> None:
    settings.GIVE_UP_SECONDS, settings.SETTLE_SECONDS = 2, 0
    scene.switch(**memory)
    month = Month(scene, seed)

    month.live(days=8)

    scene.clear_faults()
    for _ in range(3):
        last = scene.sync("2026-02-01", "2026-04-30")
    assert (last.code, last["status"]) == (0, "succeeded"), last.stderr
    assert last["sent"] == last["updated"] == last["deleted"] == 0, "all had been done before"
    assert_books_agree(scene)
    assert Receipt.objects.exclude(conflict="").count() == 0
