"""One cell of the sweep: a write meets an odd answer, once or until it passes, and then QuickBooks behaves again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings

from integrations.models import Company, Workspace
from syncjobs.models import Run
from tests.support.scene import Scene
from tests.sweep.answers import ANSWERS, OTHER_ID, Answer
from tests.sweep.writes import WRITES, Write

ONCE, ALWAYS = "once", "always"
DONE, SOME_FAILED = 0, 4
CLEAN_RUNS = 3
# A command gives up on a silent host within 30 seconds (contract); these tests tell it to do so after one.
LONGEST_RUN = 15


@dataclass(frozen=True)
class Cell:
    write: str
    answer: Answer
    moment: str
    often: str

    def __str__(self) -> str:
        return f"{self.write}: {self.answer.name}, {self.moment}, {self.often}"

    @property
    def forgets(self) -> bool:
        """Whether QuickBooks forgets request ids at once: nothing may rest on them. In half of the cells."""
        return random.Random(str(self)).random() < 0.5


def all_cells() -> list[Cell]:
    return [
        Cell(write, answer, moment, often)
        for write in WRITES
        for answer in ANSWERS
        if _can_meet(write, answer)
        for moment in answer.moments
        for often in (ONCE, ALWAYS)
    ]


def _can_meet(write: str, answer: Answer) -> bool:
    if answer.only_batches:
        return write == "create in a batch"
    return not (answer.not_deletes and write in ("delete", "undo"))


def sample(seed: int, per_write: int) -> list[Cell]:
    """Return as many cells of each kind of write, chosen by the seed."""
    draw, cells = random.Random(seed), all_cells()
    return [cell for write in WRITES for cell in draw.sample([c for c in cells if c.write == write], per_write)]


def play(cell: Cell, scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Play a cell and assert that nothing is lost, doubled, frozen or said in a traceback."""
    if cell.forgets:
        scene.switch(requestid_memory_seconds=0)
    write = WRITES[cell.write](scene)
    # What may arrive later than that is outside of what anybody could know.
    settings.SETTLE_SECONDS = max(settings.SETTLE_SECONDS, cell.answer.arrives_within)
    # An answer to a single write has no items to spoil: it would say that a write arrived that never did.
    path = write.first_path if cell.often == ONCE or cell.answer.only_batches else write.path
    scene.fault(cell.answer.kinds[cell.moment], path, **_options(cell, write))
    longest = LONGEST_RUN * (4 if cell.answer.throttles else 1)
    _watched_run(write, caplog, longest)
    assert scene.hits(), "the fault never struck"
    if not cell.answer.throttles:
        write.assert_others_are_done()
    if cell.often == ALWAYS:
        _watched_run(write, caplog, longest)
    scene.clear_faults()

    codes = [_later(lambda: _watched_run(write, caplog))]
    while len(codes) < CLEAN_RUNS and (codes[-1] != DONE or scene.open_actions()):
        codes.append(_later(lambda: _watched_run(write, caplog)))
    assert codes[-1] == DONE, f"not done after {CLEAN_RUNS} clean runs: {codes}"
    assert scene.open_actions() == 0
    write.assert_all_is_done()
    assert _watched_run(write, caplog) == DONE
    write.assert_all_is_done()


def _options(cell: Cell, write: Write) -> dict[str, Any]:
    options = {"match": write.match, "times": 1 if cell.often == ONCE else 0, **cell.answer.options}
    if OTHER_ID in options.get("change", {}).values():
        options["change"] = {path: write.other_id() for path in options["change"]}
    return options


def _watched_run(write: Write, caplog: pytest.LogCaptureFixture, longest: float = LONGEST_RUN) -> int:
    """Run, and return the exit code, once what must hold after any run was asserted.

    `longest`: in seconds; a vendor that asks for short waits again and again is obeyed for longer.
    """
    caplog.clear()
    began = time.monotonic()
    code, said = write.run()
    assert time.monotonic() - began < longest, "the run took too long"
    assert code in (DONE, SOME_FAILED), said
    assert "Traceback" not in said
    assert [record for record in caplog.records if record.exc_info] == []
    assert not Run.objects.filter(error_code="INTERNAL_ERROR").exists()
    assert not Run.objects.filter(status=Run.Status.RUNNING).exists()
    assert Company.objects.get().state == Company.State.CONNECTED, "QuickBooks counts as lost"
    assert Workspace.objects.get().state == Workspace.State.CONNECTED, "Clockify counts as lost"
    return code


def _later(run: Callable[[], int]) -> int:
    """Run once the time is over in which an earlier attempt may still arrive."""
    time.sleep(settings.SETTLE_SECONDS + 0.1)
    return run()
