"""Machines on one database whose own clocks are minutes apart: only the database's clock decides between them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from integrations.database import DatabaseNow, database_now
from integrations.models import Company
from integrations.quickbooks import tokens
from syncjobs.ledger import lease
from syncjobs.models import Run, Schedule, WriterLease
from syncjobs.runs import queue
from syncjobs.worker import schedules
from tests.support.commands import CLOCKS_APART, Command, other_machine, until
from tests.support.factories import RunFactory, WorkspaceFactory
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene
from tests.syncjobs.ledger.conftest import COUNT

pytestmark = pytest.mark.each_case


def mostly_slow(fast: int) -> list[Any]:
    """Return all differences of clocks as parameters; whole processes take seconds each, so only one is fast."""
    return [pytest.param(ahead, marks=[] if ahead == fast else [pytest.mark.slow]) for ahead in CLOCKS_APART]


# --- whole processes ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("ahead", mostly_slow(180))
def test_another_machine_takes_no_live_lease_and_ends_no_live_sync(
    large_month: Scene, start: Callable[..., Command], ahead: float
) -> None:
    large_month.fault("hang_before", skip=4, times=0, seconds=3)
    first = start()
    until(lambda: len(large_month.activities()) >= 4)

    second = start(**other_machine(clock_ahead=ahead)).result()

    assert (second.code, second["error"]["code"], second["sent"]) == (3, "ANOTHER_RUN", 0), second.stderr
    large_month.clear_faults()
    run = first.result()
    assert (run.code, run.counts) == (0, {"sent": COUNT}), run.stderr
    assert len(large_month.activities()) == COUNT
    assert_books_agree(large_month)


@pytest.mark.parametrize("ahead", mostly_slow(-180))
def test_the_run_of_a_machine_with_a_wrong_clock_is_left_alone(
    large_month: Scene, start: Callable[..., Command], ahead: float
) -> None:
    large_month.fault("hang_before", skip=4, times=0, seconds=3)
    first = start(**other_machine(clock_ahead=ahead))
    until(lambda: len(large_month.activities()) >= 4)

    second = large_month.sync()
    queue.sweep()

    assert (second.code, second["error"]["code"]) == (3, "ANOTHER_RUN")
    large_month.clear_faults()
    run = first.result()
    assert (run.code, run.counts) == (0, {"sent": COUNT}), run.stderr
    assert_books_agree(large_month)


@pytest.mark.parametrize("ahead", mostly_slow(180))
def test_a_machine_with_a_wrong_clock_uses_up_nobodys_limit(
    large_month: Scene, start: Callable[..., Command], settings: Any, ahead: float
) -> None:
    limits = {"QUICKBOOKS_MAX_PER_SECOND": "50", "CLOCKIFY_MAX_PER_SECOND": "50"}
    for name, value in limits.items():
        setattr(settings, name, int(value))
    first = start(**other_machine(clock_ahead=ahead), **limits).result()
    assert (first.code, first.counts) == (0, {"sent": COUNT}), first.stderr

    assert large_month.sync().counts == {"unchanged": COUNT}
    third = start(**other_machine(clock_ahead=ahead), **limits).result()
    assert (third.code, third.counts) == (0, {"unchanged": COUNT}), third.stderr


# --- single decisions --------------------------------------------------------------------------------------
@pytest.fixture(params=CLOCKS_APART)
def wrong_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Return a call from which on this process's own clock is wrong."""
    plain_time, plain_now, ahead = time.time, timezone.now, request.param

    def shift() -> None:
        monkeypatch.setattr(time, "time", lambda: plain_time() + ahead)
        monkeypatch.setattr(timezone, "now", lambda: plain_now() + timedelta(seconds=ahead))

    yield shift


@pytest.fixture
def run(transactional_db: None) -> Run:
    workspace = WorkspaceFactory()
    queued: Run = RunFactory(
        workspace=workspace, company=workspace.company, status=Run.Status.QUEUED, trigger="command", started_at=None
    )
    return queued


def test_a_live_run_and_its_leases_stay_its_own(run: Run, wrong_clock: Callable[[], None]) -> None:
    owner, company = lease.new_owner(), run.company
    assert company is not None
    assert lease.claim(run, owner) and lease.try_take_writer_lease(company, run, owner)

    wrong_clock()

    assert not lease.claim(run, "another")
    assert not lease.try_take_writer_lease(company, None, "another")
    assert lease.end_dead_commands() == 0 and queue.sweep() == 0
    assert lease.Heartbeat(run, company, owner)._renew()
    assert lease.renew_writer_lease(company, owner, only_if_valid=True)
    run.refresh_from_db()
    assert (run.status, run.owner) == (Run.Status.RUNNING, owner)
    assert run.started_at is not None and run.lease_until is not None


def test_a_dead_runs_leases_are_taken(run: Run, wrong_clock: Callable[[], None]) -> None:
    owner, company = lease.new_owner(), run.company
    assert company is not None
    assert lease.claim(run, owner) and lease.try_take_writer_lease(company, run, owner)
    past = DatabaseNow() - timedelta(seconds=1)
    WriterLease.objects.update(until=past)
    Run.objects.update(lease_until=past)

    wrong_clock()

    assert not lease.renew_writer_lease(company, owner, only_if_valid=True)
    assert lease.try_take_writer_lease(company, None, "another")
    assert lease.end_dead_commands() == 1
    run.refresh_from_db()
    assert run.error_code == "PROCESS_GONE"


def test_what_is_not_due_begins_for_nobody(run: Run, wrong_clock: Callable[[], None]) -> None:
    Run.objects.update(status=Run.Status.WAITING, trigger="schedule", not_before=DatabaseNow() + timedelta(seconds=30))
    soon = DatabaseNow() + timedelta(seconds=30)
    Schedule.objects.create(workspace=run.workspace, kind="check", mode="hours", every=1, next_at=soon)

    wrong_clock()

    assert schedules.tick() == 0
    assert not lease.claim(run, "early")
    Run.objects.update(not_before=DatabaseNow() - timedelta(seconds=1))
    assert lease.claim(run, "in time")


def test_a_queued_run_is_neither_lost_nor_stuck_for_that(run: Run, wrong_clock: Callable[[], None]) -> None:
    Run.objects.update(trigger="button", created_at=DatabaseNow(), enqueued_at=DatabaseNow())

    wrong_clock()

    assert queue.stuck() == "" and queue.sweep() == 0
    Run.objects.update(enqueued_at=DatabaseNow() - timedelta(seconds=90), created_at=DatabaseNow() - timedelta(hours=1))
    assert queue.stuck() != "" and queue.sweep() == 1


def test_a_token_refresh_under_way_is_left_alone(run: Run, wrong_clock: Callable[[], None]) -> None:
    company = run.company
    assert company is not None
    assert tokens._take_lease(company, "one")

    wrong_clock()

    assert not tokens._take_lease(company, "another")
    Company.objects.update(token_until=DatabaseNow() - timedelta(seconds=1))
    assert tokens._take_lease(company, "another")


def test_a_token_is_as_old_for_every_machine(scene: Scene, wrong_clock: Callable[[], None]) -> None:
    """Also what one machine stored is evaluated by another, whose clock may be hours ahead."""
    token = tokens.access_token(scene.company)
    scene.zero_calls()

    wrong_clock()

    assert tokens.access_token(scene.company) == token
    assert tokens.access_token(scene.company, refused=token) != token
    expires_at = scene.company.access_expires_at
    assert expires_at is not None and 3500 < (expires_at - database_now()).total_seconds() <= 3600
    tokens.mark_refused(scene.company, "refused")
    assert scene.company.ask_again_at is not None
    assert 0 < (scene.company.ask_again_at - database_now()).total_seconds() <= 900


def test_our_code_reads_its_own_clock_by_these_two_calls_only() -> None:
    """A guard for these tests: they shift what `timezone.now` and `time.time` return, and nothing else."""
    others = re.compile(r"datetime\.now\(|utcnow\(|date\.today\(|time_ns\(|gmtime\(\)|localtime\(\)|localdate\(")
    found = [
        path
        for room in ("integrations", "mapping", "syncjobs")
        for path in Path(django_settings.BASE_DIR, room).rglob("*.py")
        if others.search(path.read_text())
    ]
    assert found == []
