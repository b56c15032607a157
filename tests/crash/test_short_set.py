"""A few seeded kills at every point; `make crash` makes hundreds (docs/crash-laboratory.md)."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import reduce

import pytest
from django.db import connection

from tests.crash.adversary import UNDO
from tests.crash.decisions import LABELS
from tests.crash.experiment import Experiment
from tests.crash.hooks.sitecustomize import POINTS as PLACES
from tests.crash.outcome import Outcome
from tests.crash.points import COMMAND, MOST_WRITES, POINTS, WORKER

BY_NAME = {point.name: point for point in POINTS}
# Every point that matters most, on one of the two databases; the others are left to the slow tests and `make crash`.
ON_SQLITE = ("before the call", "after the answer, before the receipt", "during a refresh, after it", "in the planner")
ON_POSTGRESQL = ("after the vendor's commit", "within the receipt's transaction", "during a refresh, before it")


def assert_all_is_well(outcome: Outcome, kills: int) -> None:
    assert outcome.problems == []
    assert outcome.comparison is not None and outcome.comparison.found > 0
    assert outcome.killed == kills


def test_each_point_lies_at_functions_that_exist() -> None:
    for point, places in PLACES.items():
        functions = []
        for module, path, _ in places:
            try:
                functions.append(reduce(getattr, path.split("."), importlib.import_module(module)))
            except AttributeError:
                continue
        assert functions, point


def test_killed_at_several_points_it_leaves_each_time_once(experiment: Callable[..., Experiment]) -> None:
    """Kill commands, and on PostgreSQL a worker between slices; QuickBooks remembers no request id.

    Without odd answers, which leave so few good ones in so small a world that not every point would be met.
    """
    on_sqlite = connection.vendor == "sqlite"
    points = {COMMAND: ON_SQLITE} if on_sqlite else {COMMAND: ON_POSTGRESQL, WORKER: ("between slices",)}
    kills = {by: len(names) for by, names in points.items()}
    only = {by: [BY_NAME[name] for name in names] for by, names in points.items()}

    small = experiment(seed=5, slice_seconds=0.5, odd_answers=False, requestid_memory_seconds=0)
    outcome = small.perform(kills, only=only)

    assert_all_is_well(outcome, 4)
    assert set(outcome.kills) == {name for names in points.values() for name in names}


@pytest.mark.slow
@pytest.mark.parametrize(
    "switches",
    [{}, {"requestid_replay_answers_600": True}, {"billing_moves_sync_token": True}, {"clocks_apart": True}],
    ids=["remembers", "600", "billing moves SyncToken", "two machines"],
)
def test_commands_and_workers_killed_at_all_points_leave_each_time_once(
    experiment: Callable[..., Experiment], switches: dict[str, bool]
) -> None:
    kills = {COMMAND: len(POINTS), WORKER: len(POINTS)}

    outcome = experiment(seed=6, entries=150, busy=30, decisions=tuple(LABELS), **switches).perform(kills)

    assert_all_is_well(outcome, sum(kills.values()))


@pytest.mark.slow
def test_undos_killed_around_their_deletions_leave_each_time_once(experiment: Callable[..., Experiment]) -> None:
    """What an undo has deleted when it dies is sent again by the next sync, once, and nothing else was deleted."""
    around_writes = [point for point in POINTS if point.most == MOST_WRITES]
    kills = {COMMAND: len(around_writes), WORKER: len(around_writes)}
    only = dict.fromkeys(kills, around_writes)

    outcome = experiment(seed=8, entries=40, odd_answers=False, decisions=(UNDO,)).perform(kills, only=only)

    assert_all_is_well(outcome, sum(kills.values()))
    # Where nothing is left to undo, a sync is killed, which sends it again.
    assert outcome.decisions["Undo"] >= len(around_writes) // 2
