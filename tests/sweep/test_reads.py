"""Every call that only reads meets every odd answer; afterwards each time is in QuickBooks once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.scene import Scene
from tests.sweep.reads import ReadCell, all_read_cells, play_read, read_sample

SAMPLE = read_sample(seed=9, cells=3)
REST = [cell for cell in all_read_cells() if cell not in SAMPLE]


@pytest.mark.parametrize("cell", [*SAMPLE, *(pytest.param(cell, marks=pytest.mark.slow) for cell in REST)], ids=str)
def test_one_odd_answer_to_a_reading_loses_doubles_and_freezes_nothing(
    cell: ReadCell,
    scene: Scene,
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
) -> None:
    record_property("sweep", [f"read {cell.read}", cell.answer.name])

    play_read(cell, scene, caplog)
