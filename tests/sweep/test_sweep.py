"""Every kind of write meets every odd answer; afterwards each time is in QuickBooks once, as if nothing had been."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.scene import Scene
from tests.sweep.cells import Cell, all_cells, play, sample

pytestmark = pytest.mark.each_case

SEED, PER_WRITE = 11, 2
SAMPLE = sample(SEED, PER_WRITE)
REST = [cell for cell in all_cells() if cell not in SAMPLE]


@pytest.mark.parametrize("cell", [*SAMPLE, *(pytest.param(cell, marks=pytest.mark.slow) for cell in REST)], ids=str)
def test_one_odd_answer_loses_doubles_and_freezes_nothing(
    cell: Cell,
    scene: Scene,
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
) -> None:
    record_property("sweep", [cell.write, cell.answer.name])

    play(cell, scene, caplog)
