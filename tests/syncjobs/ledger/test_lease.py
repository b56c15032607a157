"""The two leases of a run that works: its own, and the company's for writing."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from integrations.database import DatabaseNow, database_now
from integrations.models import Workspace
from syncjobs.ledger import lease
from syncjobs.models import Action, Run, WriterLease
from syncjobs.runs.figures import attempted, attempted_since
from tests.support.factories import ActionFactory, RunFactory, WorkspaceFactory


class Killed(Exception):
    """The process died here."""


def die_at_second_update() -> Any:
    """Return a wrapper of database calls that lets one UPDATE pass."""
    updates = 0

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal updates
        updates += sql.startswith("UPDATE")
        if updates > 1:
            raise Killed
        return execute(sql, params, many, context)

    return wrapper


def test_of_a_process_that_dies_while_renewing_the_runs_lease_ends_first(transactional_db: None) -> None:
    workspace: Workspace = WorkspaceFactory()
    run: Run = RunFactory(workspace=workspace, company=workspace.company, status=Run.Status.QUEUED)
    owner, company = lease.new_owner(), workspace.company
    assert company is not None
    assert lease.claim(run, owner) and lease.try_take_writer_lease(company, run, owner)

    with connection.execute_wrapper(die_at_second_update()), pytest.raises(Killed):
        lease.Heartbeat(run, company, owner)._renew()

    run.refresh_from_db()
    until = WriterLease.objects.get(company=company).until
    assert run.lease_until is not None and until is not None
    assert run.lease_until < until


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no clock that runs in its sleep")
def test_a_machine_that_slept_has_lost_its_lease(
    transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LEASE_SECONDS = 0.2
    before_sleep = time.monotonic()
    # As Linux does: this clock stands still in the sleep, that of the database's machine does not.
    monkeypatch.setattr(time, "monotonic", lambda: before_sleep)
    run: Run = RunFactory(workspace=WorkspaceFactory())
    heartbeat = lease.Heartbeat(run, None, lease.new_owner())
    heartbeat.check()

    time.sleep(0.3)

    with pytest.raises(lease.Lost, match="not renewed in time"):
        heartbeat.check()


def test_a_heartbeat_whose_connection_broke_goes_on_beating(transactional_db: None, settings: Any) -> None:
    settings.HEARTBEAT_SECONDS, settings.LEASE_SECONDS = 0.05, 30
    workspace: Workspace = WorkspaceFactory()
    run: Run = RunFactory(workspace=workspace, company=workspace.company, status=Run.Status.QUEUED)
    owner, company = lease.new_owner(), workspace.company
    assert company is not None
    assert lease.claim(run, owner) and lease.try_take_writer_lease(company, run, owner)
    heartbeat = lease.Heartbeat(run, company, owner)
    plain_renew, broken = heartbeat._renew, threading.Event()

    def renew() -> bool:
        if not broken.is_set():
            # As a restarted server does: everything else on this thread's connection fails from now on.
            connection.ensure_connection()
            connection.connection.close()
            broken.set()
        return plain_renew()

    heartbeat._renew = renew  # type: ignore[method-assign]
    with heartbeat:
        assert broken.wait(5)
        before = WriterLease.objects.get(company=company).beat_at
        deadline = time.monotonic() + 10
        while WriterLease.objects.get(company=company).beat_at == before:
            assert time.monotonic() < deadline, "it never beat again"
            time.sleep(0.02)
        heartbeat.check()


def test_a_write_of_an_earlier_run_that_settling_sent_again_counts_as_attempted(transactional_db: None) -> None:
    workspace: Workspace = WorkspaceFactory()
    earlier, run = RunFactory.create_batch(2, workspace=workspace, company=workspace.company)
    leased_at = database_now()
    action = ActionFactory(
        workspace=workspace, company=workspace.company, run=earlier, tried_at=leased_at - timedelta(seconds=1)
    )
    assert not attempted_since(run, leased_at) and not attempted(run)

    Action.objects.filter(pk=action.pk).update(tried_at=DatabaseNow() + timedelta(milliseconds=1))

    assert attempted_since(run, leased_at)
    Action.objects.update(state=Action.State.ABANDONED)
    assert not attempted_since(run, leased_at), "it is proven not to have happened"


def test_a_run_that_never_had_the_lease_does_not_count_what_another_run_sends_just_then(transactional_db: None) -> None:
    workspace: Workspace = WorkspaceFactory()
    writer, refused = RunFactory.create_batch(2, workspace=workspace, company=workspace.company)
    in_a_minute = database_now() + timedelta(minutes=1)
    ActionFactory(workspace=workspace, company=workspace.company, run=writer, tried_at=in_a_minute)

    assert not attempted_since(refused, None)
