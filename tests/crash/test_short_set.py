"""A few seeded kills at every point; `make crash` makes hundreds (docs/crash-laboratory.md)."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import reduce

import pytest
from django.db import connection

from tests.crash.experiment import Experiment
from tests.crash.hooks.sitecustomize import POINTS as PLACES
from tests.crash.outcome import Outcome
from tests.crash.points import COMMAND, POINTS, WORKER

IN_A_COMMAND = [point for point in POINTS if COMMAND in point.by and not point.latest]


def assert_all_is_well(outcome: Outcome, kills: int) -> None:
    assert outcome.problems == []
    assert outcome.verdict is not None and outcome.verdict.found > 0
    assert outcome.killed == kills


def test_each_point_lies_at_functions_that_exist() -> None:
    for point, places in PLACES.items():
        found = []
        for module, path, _ in places:
            try:
                found.append(reduce(getattr, path.split("."), importlib.import_module(module)))
            except AttributeError:
                continue
        assert found, point


def test_commands_killed_at_many_points_leave_each_time_once(experiment: Callable[..., Experiment]) -> None:
    """Half of the points on SQLite, half on PostgreSQL, where QuickBooks remembers no request id."""
    place = 0 if connection.vendor == "sqlite" else 1
    half = IN_A_COMMAND[place::2]

    outcome = experiment(seed=5, requestid_memory_seconds=0).perform({COMMAND: len(half)}, only=half)

    assert_all_is_well(outcome, len(half))
    assert set(outcome.kills) == {point.name for point in half}


@pytest.mark.slow
@pytest.mark.parametrize(
    "switches",
    [{}, {"requestid_replay_answers_600": True}, {"billing_moves_sync_token": False}],
    ids=["remembers", "600", "billing leaves SyncToken"],
)
def test_workers_killed_at_many_points_leave_each_time_once(
    experiment: Callable[..., Experiment], switches: dict[str, bool]
) -> None:
    outcome = experiment(seed=6, entries=150, busy=30, **switches).perform({WORKER: len(POINTS)})

    assert_all_is_well(outcome, len(POINTS))
