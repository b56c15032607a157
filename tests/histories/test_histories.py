"""After a clean run of any history QuickBooks, explanations and counters are what the contract's rules say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.histories.history import History
from tests.histories.machine import machine_of

FEW = settings(
    max_examples=5,
    stateful_step_count=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
MANY = settings(FEW, max_examples=300, stateful_step_count=50, derandomize=False)


def test_a_few_histories_end_as_the_contract_says(begin: Callable[[], History]) -> None:
    run_state_machine_as_test(machine_of(begin), settings=FEW)


@pytest.mark.slow
def test_any_history_ends_as_the_contract_says(begin: Callable[[], History]) -> None:
    run_state_machine_as_test(machine_of(begin), settings=MANY)
