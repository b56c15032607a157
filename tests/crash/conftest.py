"""A laboratory on the test's own database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from integrations.limits import retry
from tests.crash.database import POSTGRESQL, SQLITE, Database
from tests.crash.experiment import Experiment
from tests.crash.stage import Stage
from tests.worker.conftest import environment_of_processes

# No write arrives late in the short set, so runs need not wait long for one.
SHORT = {"LEASE_SECONDS": "2", "HEARTBEAT_SECONDS": "0.2", "SETTLE_SECONDS": "1"}


@pytest.fixture
def stage(
    transactional_db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Stage]]:
    """Return a function that starts a sandbox with the given switches and points this process at it, too."""
    monkeypatch.setattr(retry, "THROTTLED_PAUSES", (0.1, 0.1, 0.1))
    stages: list[Stage] = []

    def make(patience: dict[str, str] | None = None, **switches: Any) -> Stage:
        url = environment_of_processes()["DATABASE_URL"]
        stages.append(Stage(tmp_path, database_url=url, switches=switches, patience=SHORT | (patience or {})))
        for name, value in stages[-1].settings().items():
            setattr(settings, name, value)
        settings.LEASE_SECONDS, settings.HEARTBEAT_SECONDS = 2, 0.2
        return stages[-1]

    yield make
    for stage in stages:
        stage.interceptor.let_go()
        stage.stop()


@pytest.fixture
def experiment(stage: Callable[..., Stage]) -> Iterator[Callable[..., Experiment]]:
    """Return a function that makes a small experiment from a seed and the sandbox's switches."""
    experiments: list[Experiment] = []

    def make(
        seed: int,
        *,
        entries: int = 60,
        busy: int = 20,
        slice_seconds: float = 3,
        odd_answers: bool = True,
        clocks_apart: bool = False,
        decisions: Sequence[str] = (),
        **switches: Any,
    ) -> Experiment:
        small_stage = stage(patience={"CRASH_SLICE": str(slice_seconds)}, **switches)
        name = SQLITE if connection.vendor == "sqlite" else POSTGRESQL
        database = Database(name, small_stage.database_url, small_stage.folder)
        experiments.append(
            Experiment(
                small_stage,
                database,
                seed=seed,
                entries=entries,
                busy=busy,
                odd_answers=odd_answers,
                clocks_apart=clocks_apart,
                decisions=decisions,
            )
        )
        return experiments[-1]

    yield make
    for experiment in experiments:
        experiment.clear_away()
