"""One cell of the sweep of reads: a call that only reads meets an odd answer, and then the vendors behave again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from integrations.models import (
    ClockifyClient,
    ClockifyProject,
    ClockifyUser,
    Company,
    Customer,
    Employee,
    TimeEntry,
    UnreadableRecord,
    Workspace,
)
from syncjobs.models import Run
from tests.support.oracle import assert_books_agree
from tests.support.scene import Result, Scene
from tests.sweep.answers import ANSWERS, Answer
from tests.sweep.cells import ALWAYS, CLEAN_RUNS, LONGEST_RUN, ONCE


@dataclass(frozen=True)
class Read:
    """A call of a check or a sync: whose it is, and the pattern of its address."""

    vendor: str
    path: str
    # What the company or the workspace says of itself, or the token service: it may say that the connection is lost.
    is_own_address: bool = False
    # Whether it matters if the vendor did its work before it answered oddly.
    changes_something: bool = False
    # Whether an empty list is an answer like any other: so few records are gone while it says so, and come back.
    may_be_empty: bool = False


READS = {
    "Clockify's users": Read("clockify", r"/users\?"),
    "Clockify's clients": Read("clockify", r"/clients\?", may_be_empty=True),
    "Clockify's projects": Read("clockify", r"/projects\?", may_be_empty=True),
    "Clockify's report": Read("clockify", "/reports/detailed"),
    "a missing entry": Read("clockify", "/time-entries/"),
    "everything of Clockify": Read("clockify", "", is_own_address=True, may_be_empty=True),
    "QuickBooks' lists": Read("quickbooks", "/batch"),
    "the company": Read("quickbooks", "/companyinfo/", is_own_address=True),
    "the preferences": Read("quickbooks", "/preferences"),
    "activities by id": Read("quickbooks", r"/query.*TimeActivity.*Id\+in"),
    "activities of days": Read("quickbooks", r"/query.*TimeActivity.*TxnDate"),
    "a token": Read("quickbooks", "/oauth2/token", is_own_address=True, changes_something=True),
}
EMPTY_LIST = "200 list"
# The answers that are about any call, not about the record of a write.
READ_ANSWERS = [
    answer
    for answer in ANSWERS
    if not answer.only_batches and not {"change", "drop"} & set(answer.options) and answer.name != "wrong content type"
]


@dataclass(frozen=True)
class ReadCell:
    read: str
    answer: Answer
    moment: str
    often: str

    def __str__(self) -> str:
        return f"{self.read}: {self.answer.name}, {self.moment}, {self.often}"


def all_read_cells() -> list[ReadCell]:
    return [
        ReadCell(name, answer, moment, often)
        for name, read in READS.items()
        for answer in READ_ANSWERS
        for moment in (answer.moments if read.changes_something else answer.moments[:1])
        for often in (ONCE, ALWAYS)
    ]


def read_sample(seed: int, cells: int) -> list[ReadCell]:
    """Return as many cells, each of another read, chosen by the seed."""
    draw, all_cells = random.Random(seed), all_read_cells()
    names = draw.sample(list(READS), cells)
    return [draw.choice([cell for cell in all_cells if cell.read == name]) for name in names]


class World:
    """Time that was sent, and afterwards one entry of each kind: new, edited, unbillable, deleted."""

    def __init__(self, scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
        self.scene, self._caplog = scene, caplog
        ada, site = scene.user("Ada"), scene.project("Site", client=scene.client("Acme"), hourlyRate=8000)
        scene.policy(start_date="2026-03-01")
        _, edited, unbillable, self.deleted = scene.entries(ada, site, 4)
        assert (scene.check().code, scene.sync().code) == (0, 0)
        scene.stretch(edited, 90)
        scene.edit_entry(unbillable, billable=False)
        scene.delete_entry(self.deleted)
        scene.entry(ada, site, "2026-03-20 09:00", description="New")
        # Both are asked for again by the next run.
        now = timezone.now()
        Company.objects.update(access_expires_at=now, plan_read_at=now - timedelta(hours=2))

    def runs(self, *, connected: bool, longest: float = LONGEST_RUN, may_be_gone: bool = False) -> list[int]:
        """Sync and check, in this order since a check reads the plan anew; return their exit codes.

        What must hold after any run is asserted.
        """
        return [self._watched(run, connected, longest, may_be_gone) for run in (self.scene.sync, self.scene.check)]

    def _watched(self, run: Callable[[], Result], connected: bool, longest: float, may_be_gone: bool) -> int:
        self._caplog.clear()
        began = time.monotonic()
        result = run()
        assert time.monotonic() - began < longest, "the run took too long"
        assert result.code in (0, 3, 4), result.stderr
        assert "Traceback" not in result.stderr
        assert [record for record in self._caplog.records if record.exc_info] == []
        assert not Run.objects.filter(error_code="INTERNAL_ERROR").exists()
        assert not Run.objects.filter(status=Run.Status.RUNNING).exists()
        if connected:
            assert Company.objects.get().state == Company.State.CONNECTED, "QuickBooks counts as lost"
            assert Workspace.objects.get().state == Workspace.State.CONNECTED, "Clockify counts as lost"
        if not may_be_gone:
            self.assert_nothing_is_gone()
        return result.code

    def assert_nothing_is_gone(self) -> None:
        for model in (ClockifyUser, ClockifyClient, ClockifyProject, Employee, Customer):
            assert not model._default_manager.exclude(gone_at=None).exists(), f"{model.__name__} marked as gone"
        deleted = TimeEntry.objects.exclude(deleted_at=None).exclude(clockify_id=self.deleted)
        assert not deleted.exists(), "entries marked as deleted"


def play_read(cell: ReadCell, scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Play a cell and assert that nothing is lost, doubled, marked gone, frozen or said in a traceback."""
    read, world = READS[cell.read], World(scene, caplog)
    times = 1 if cell.often == ONCE else 0
    kind = cell.answer.kinds[cell.moment]
    scene.fault(kind, read.path, vendor=read.vendor, method="", times=times, **cell.answer.options)
    # A vendor that asks for short waits again and again is obeyed for two minutes.
    longest = LONGEST_RUN * (4 if cell.answer.throttles else 1)
    is_clear = read.may_be_empty and cell.answer.name == EMPTY_LIST
    world.runs(connected=not read.is_own_address, longest=longest, may_be_gone=is_clear)
    assert scene.hits(), "the fault never struck"
    if cell.often == ALWAYS:
        world.runs(connected=not read.is_own_address, longest=longest, may_be_gone=is_clear)
    scene.clear_faults()

    codes = []
    while len(codes) < CLEAN_RUNS and (not codes or any(codes[-1]) or scene.open_actions()):
        time.sleep(settings.SETTLE_SECONDS + 0.1)
        # A sync may come before the check that reads the list again.
        codes.append(world.runs(connected=True, may_be_gone=is_clear))
    assert codes[-1] == [0, 0], f"not done after {CLEAN_RUNS} clean runs: {codes}"
    world.assert_nothing_is_gone()
    assert not UnreadableRecord.objects.exists()
    assert_books_agree(scene)
