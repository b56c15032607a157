"""Every field of every kind of record is spoiled in every way; nobody else is held up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.scene import Scene
from tests.sweep.records import Spoiled, all_spoiled, play, sample

pytestmark = pytest.mark.each_case

SAMPLE = sample(seed=5, per_kind=1)
REST = [cell for cell in all_spoiled() if cell not in SAMPLE]


@pytest.mark.parametrize("cell", [*SAMPLE, *(pytest.param(cell, marks=pytest.mark.slow) for cell in REST)], ids=str)
def test_one_spoiled_field_holds_nobody_else(
    cell: Spoiled,
    scene: Scene,
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
) -> None:
    record_property("sweep", [f"reading {cell.kind}", cell.value])

    play(cell, scene, caplog)
