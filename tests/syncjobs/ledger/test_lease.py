"""The two leases of a run that works: its own, and the company's for writing."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connection

from integrations.models import Workspace
from syncjobs.ledger import lease
from syncjobs.models import Run, WriterLease
from tests.support.factories import RunFactory, WorkspaceFactory


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
