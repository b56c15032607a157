"""One writer per company, and one process per run: leases taken and renewed by single updates.

A lease whose holder died expires. A process that meets one whose heartbeat stopped waits for that and then takes it.
All their times are the database's, taken in the statement that takes or tests a lease: clocks of machines differ.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Self

import psutil
from django.conf import settings
from django.db import connection
from django.db.models import Case, F, Q, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from integrations import elapsed
from integrations.database import DatabaseNow, database_now
from integrations.models import Company
from syncjobs.models import Run, WriterLease

log = logging.getLogger("hourbridge.lease")

# The start of a process is known to about a second.
AGE_TOLERANCE_SECONDS = 2
# After a renewal that failed.
RETRY_SECONDS = 1.0
# A point in time for a query: normally the database's own.
Moment = datetime | Combinable


class Busy(Exception):
    """Another run that is alive holds the company's writer lease."""

    def __init__(self, run: Run | None, since: datetime | None) -> None:
        self.run = run
        self.since = since
        holder = describe(run) if run else "Another process"
        since_text = f" since {since:%H:%M:%S} UTC" if since else ""
        super().__init__(f"{holder} is working on this company{since_text}.")


class Lost(Exception):
    """This process lost its lease: another one may be writing, so this one must not."""


def describe(run: Run) -> str:
    """Return a run and who started it: `Time sync 8, started by a command,`."""
    starter = run.person.get_username() if run.person else f"a {run.trigger}"
    return f"{run.get_kind_display()} {run.pk}, started by {starter},"


def new_owner() -> str:
    """Return a unique name for a lease holder: host, process id and a random part (see `_is_alive_on_this_host`)."""
    return f"{_host()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"


def _host() -> str:
    return socket.gethostname()[:30]


def lease_time() -> timedelta:
    """Return how long a lease lasts without being renewed."""
    return timedelta(seconds=settings.LEASE_SECONDS)


def try_take_writer_lease(company: Company, run: Run | None, owner: str) -> bool:
    """Take the company's writer lease if it is free, expired or the owner's already; return True if taken."""
    WriterLease.objects.get_or_create(company=company)
    now = DatabaseNow()
    available = WriterLease.objects.filter(company=company).filter(Q(owner="") | Q(owner=owner) | Q(until__lt=now))
    # Condition and update are one statement, so two processes can't both take a free lease.
    return available.update(owner=owner, run=run, since=now, beat_at=now, until=now + lease_time()) == 1


def renew_writer_lease(company: Company, owner: str, *, only_if_valid: bool = False) -> bool:
    """Renew the lease by one update; return False if it is no longer the owner's, or expired with `only_if_valid`."""
    leases = WriterLease.objects.filter(company=company, owner=owner)
    if only_if_valid:
        leases = leases.filter(until__gt=DatabaseNow())
    return leases.update(beat_at=DatabaseNow(), until=DatabaseNow() + lease_time()) == 1


def take_writer_lease(company: Company, run: Run, owner: str) -> None:
    """Take the lease, waiting only for a holder whose heartbeat stopped. Raises Busy if the holder is alive."""
    # Longer than a lease: one whose holder died expires within the wait.
    deadline = time.monotonic() + settings.LEASE_SECONDS + 2 * settings.HEARTBEAT_SECONDS
    first_beat: datetime | None = None
    while not try_take_writer_lease(company, run, owner):
        lease = WriterLease.objects.select_related("run__person").get(company=company)
        if _is_alive_on_this_host(lease):
            raise Busy(lease.run, lease.since)
        first_beat = first_beat or lease.beat_at
        # A heartbeat that moves is the only sign of life from a holder on another machine.
        is_beating = lease.beat_at is not None and lease.beat_at != first_beat
        if is_beating or time.monotonic() > deadline:
            raise Busy(lease.run, lease.since)
        time.sleep(min(0.5, settings.HEARTBEAT_SECONDS / 4))


@contextmanager
def writer_lease(company: Company) -> Iterator[str]:
    """Hold the company's writer lease for the block, without a run; gives its owner. Raises Busy if it is not free."""
    owner = new_owner()
    if not try_take_writer_lease(company, None, owner):
        held = WriterLease.objects.select_related("run__person").get(company=company)
        raise Busy(held.run, held.since)
    try:
        yield owner
    finally:
        release(company, owner)


def _is_alive_on_this_host(lease: WriterLease) -> bool:
    """Return True if the holder's process runs on this machine. False proves nothing: it may run elsewhere."""
    host, _, pid = lease.owner.rpartition(":")[0].rpartition(":")
    if host != _host() or not pid.isdigit() or lease.since is None or lease.beat_at is None:
        return False
    now = database_now()
    if now - lease.beat_at > timedelta(seconds=2 * settings.HEARTBEAT_SECONDS):
        return False
    try:
        process = psutil.Process(int(pid))
        # A process started after the lease was taken only reuses the dead holder's process id. Ages are compared, each
        # by one clock: the start is known by this machine's clock, the lease by the database's.
        process_age = time.time() - process.create_time()
        is_same_process = process_age + AGE_TOLERANCE_SECONDS >= (now - lease.since).total_seconds()
        # Neither kind does any work, so its lease may be waited out.
        return is_same_process and process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_STOPPED}
    except psutil.Error:
        return False


def release(company: Company, owner: str) -> None:
    WriterLease.objects.filter(company=company, owner=owner).update(owner="", run=None, until=None, beat_at=None)


def end_dead_commands(*, now: Moment | None = None) -> int:
    """Fail command runs whose process is gone; returns their number. `now`: another time than the database's."""
    now = now or DatabaseNow()
    # No worker resumes a command: the person who started it has seen it end (decision 3).
    dead = Run.objects.filter(status=Run.Status.RUNNING, lease_until__lt=now, trigger=Run.Trigger.COMMAND)
    return dead.update(
        **process_gone(now, "Its process ended before it was done. The next run continues where it stopped.")
    )


def process_gone(now: Moment, message: str) -> dict[str, Any]:
    """Return the fields of a failed run whose own process ended before it could save them."""
    return {
        "status": Run.Status.FAILED,
        "finished_at": now,
        "owner": "",
        "lease_until": None,
        "stage": "",
        "error_code": "PROCESS_GONE",
        "error_message": message,
        "error_fix": "Run it again.",
    }


def claim(run: Run, owner: str) -> bool:
    """Make this process the run's owner by compare-and-swap; return True for exactly one caller."""
    now = DatabaseNow()
    claimable = (
        Q(status=Run.Status.QUEUED)
        | Q(status=Run.Status.WAITING, not_before=None)
        | Q(status=Run.Status.WAITING, not_before__lte=now)
        | Q(status=Run.Status.RUNNING, lease_until__lt=now)
    )
    updated = Run.objects.filter(Q(pk=run.pk) & claimable).update(
        status=Run.Status.RUNNING,
        owner=owner,
        beat_at=now,
        lease_until=now + lease_time(),
        not_before=None,
        attempts=run.attempts + 1,
        takeovers=F("takeovers") + Case(When(status=Run.Status.RUNNING, then=1), default=0),
        started_at=Coalesce(F("started_at"), now),
    )
    run.refresh_from_db()
    return updated == 1


class Renewal:
    """Renews a lease from its own thread during a `with` block.

    `check()` raises Lost once the lease can no longer be trusted.
    """

    def __init__(self, holder: str) -> None:
        self._holder = holder
        self._stop = threading.Event()
        self._lost = ""
        self._renewed = elapsed.seconds()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat of {holder}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """Check that the lease was renewed recently; raises Lost otherwise."""
        # What was suspended, a process or its machine, may get here before the heartbeat thread notices its old lease.
        if elapsed.seconds() - self._renewed > settings.LEASE_SECONDS * 0.8:
            self._lost = self._lost or "it was not renewed in time"
        if self._lost:
            raise Lost(f"{self._holder} lost its lease ({self._lost}); another process may go on with it.")

    def _beat(self) -> None:
        pause = settings.HEARTBEAT_SECONDS
        try:
            while not self._stop.wait(pause):
                renewal_start, pause = elapsed.seconds(), settings.HEARTBEAT_SECONDS
                try:
                    if not self._renew():
                        self._lost = "another process took it over, or it was ended"
                        return
                    # Not the time after the update: a slow one has already used up a part of the new lease.
                    self._renewed = renewal_start
                except Exception:  # a database that is away for a moment must not end the work
                    log.warning("The lease of %s could not be renewed; trying again.", self._holder, exc_info=True)
                    # Only a new connection reaches a database that was restarted. Sooner than the next beat, since the
                    # lease runs out meanwhile.
                    connection.close()
                    pause = min(pause, RETRY_SECONDS)
        finally:
            # Django opens a connection for each thread and does not close it when the thread ends.
            connection.close()

    def _renew(self) -> bool:
        """Renew the lease; return False if it is no longer ours."""
        raise NotImplementedError


class Heartbeat(Renewal):
    """Renews a run's lease and its company's writer lease; call `check()` before every write to a vendor."""

    def __init__(
        self, run: Run, company: Company | None, owner: str, *, on_cancel: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(f"{run.get_kind_display()} {run.pk}")
        self._run_id, self._company, self._owner = run.pk, company, owner
        self._on_cancel = on_cancel

    def _renew(self) -> bool:
        """Renew both leases by one update each; return False if either is no longer ours."""
        is_renewed = True
        if self._company is not None:
            # The writer's first: of a process that dies between the two the run's lease ends first, so that whoever
            # takes the writer's lease over finds the dead run and ends it.
            is_renewed = renew_writer_lease(self._company, self._owner)
        runs = Run.objects.filter(pk=self._run_id, owner=self._owner, status=Run.Status.RUNNING)
        now = DatabaseNow()
        is_renewed = runs.update(beat_at=now, lease_until=now + lease_time()) == 1 and is_renewed
        # The heartbeat also tells a running process that a person canceled its run.
        if runs.filter(cancel_asked_at__isnull=False).exists():
            self._on_cancel()
        return is_renewed
