"""One writer per company, and one process per run: leases taken and renewed by single updates.

A lease whose holder died runs out by itself; whoever meets one whose heartbeat stopped waits for that and takes over.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psutil
from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from integrations.models import Company
from syncjobs.models import Run, WriterLease

log = logging.getLogger("hourbridge.lease")


class Busy(Exception):
    """Another live run writes to this company."""

    def __init__(self, run: Run | None, since: datetime | None) -> None:
        self.run = run
        self.since = since
        who = describe(run) if run else "Another process"
        at = f" since {since:%H:%M:%S} UTC" if since else ""
        super().__init__(f"{who} is at work on this company{at}.")


class Lost(Exception):
    """The lease ran out while we held it: another process may be writing, so we must not."""


def describe(run: Run) -> str:
    """Who runs what: `Time sync 8, started by a command`."""
    who = run.person.get_username() if run.person else f"a {run.trigger}"
    return f"{run.get_kind_display()} {run.pk}, started by {who},"


def new_owner() -> str:
    return f"{_host()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"


def _host() -> str:
    return socket.gethostname()[:30]


def _length() -> timedelta:
    return timedelta(seconds=settings.LEASE_SECONDS)


def try_to_write(company: Company, run: Run | None, owner: str) -> bool:
    """Take the company's writer lease if it is free or has run out."""
    WriterLease.objects.get_or_create(company=company)
    now = timezone.now()
    free = WriterLease.objects.filter(company=company).filter(Q(owner="") | Q(owner=owner) | Q(until__lt=now))
    return free.update(owner=owner, run=run, since=now, beat_at=now, until=now + _length()) == 1


def wait_to_write(company: Company, run: Run, owner: str) -> None:
    """Take the lease; waits only for a holder whose heartbeat stopped. Raises Busy when the holder lives."""
    give_up_at = time.monotonic() + settings.LEASE_SECONDS + 2 * settings.HEARTBEAT_SECONDS
    first_beat: datetime | None = None
    while not try_to_write(company, run, owner):
        held = WriterLease.objects.select_related("run__person").get(company=company)
        if _lives_here(held):
            raise Busy(held.run, held.since)
        first_beat = first_beat or held.beat_at
        moved = held.beat_at is not None and held.beat_at != first_beat
        if moved or time.monotonic() > give_up_at:
            raise Busy(held.run, held.since)
        time.sleep(min(0.5, settings.HEARTBEAT_SECONDS / 4))


def _lives_here(held: WriterLease) -> bool:
    """Whether the holder is seen to be at work on this machine. Not seeing it proves nothing: it may be elsewhere."""
    host, _, number = held.owner.rpartition(":")[0].rpartition(":")
    fresh = timezone.now() - timedelta(seconds=2 * settings.HEARTBEAT_SECONDS)
    if host != _host() or not number.isdigit() or held.since is None or held.beat_at is None or held.beat_at < fresh:
        return False
    try:
        process = psutil.Process(int(number))
        same = process.create_time() <= held.since.timestamp()
        return same and process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_STOPPED}
    except psutil.Error:
        return False


def release(company: Company, owner: str) -> None:
    WriterLease.objects.filter(company=company, owner=owner).update(owner="", run=None, until=None, beat_at=None)


def end_dead_commands(*, now: datetime) -> int:
    """Commands whose process is gone are over: nobody takes them up again, the next run goes on where they stopped."""
    dead = Run.objects.filter(status=Run.Status.RUNNING, lease_until__lt=now, trigger="command")
    return dead.update(
        **process_gone(now, "Its process was ended before it was done. The next run goes on where it stopped.")
    )


def process_gone(now: datetime, message: str) -> dict[str, Any]:
    """What the end of a run writes that its own process could not write."""
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
    """Make this process the one that works on the run: compare-and-swap, true for exactly one caller."""
    now = timezone.now()
    claimable = (
        Q(status=Run.Status.QUEUED)
        | Q(status=Run.Status.WAITING, not_before=None)
        | Q(status=Run.Status.WAITING, not_before__lte=now)
        | Q(status=Run.Status.RUNNING, lease_until__lt=now)
    )
    taken = Run.objects.filter(Q(pk=run.pk) & claimable).update(
        status=Run.Status.RUNNING,
        owner=owner,
        beat_at=now,
        lease_until=now + _length(),
        not_before=None,
        attempts=run.attempts + 1,
        started_at=run.started_at or now,
    )
    run.refresh_from_db()
    return taken == 1


class Heartbeat:
    """Renews a run's lease and its company's writer lease from a thread of its own while a `with` block works.

    `check()` raises Lost as soon as the leases can't be trusted any more; call it before every write to a vendor.
    """

    def __init__(
        self, run: Run, company: Company | None, owner: str, *, on_cancel: Callable[[], None] = lambda: None
    ) -> None:
        self._run_id, self._company, self._owner = run.pk, company, owner
        self._on_cancel = on_cancel
        self._stop = threading.Event()
        self._lost = ""
        self._renewed = time.monotonic()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat of run {run.pk}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        # A process that was suspended wakes up with an old lease: the clock tells before the thread can.
        if time.monotonic() - self._renewed > settings.LEASE_SECONDS * 0.8:
            self._lost = self._lost or "it was not renewed in time"
        if self._lost:
            raise Lost(f"This run lost its lease ({self._lost}); another process may go on with it.")

    def _beat(self) -> None:
        try:
            while not self._stop.wait(settings.HEARTBEAT_SECONDS):
                began = time.monotonic()
                try:
                    if not self._renew():
                        self._lost = "another process took it over, or the run was ended"
                        return
                    self._renewed = began
                except Exception:  # a database that is away for a moment must not end the run
                    log.warning("The lease of run %s could not be renewed; trying again.", self._run_id, exc_info=True)
        finally:
            connection.close()

    def _renew(self) -> bool:
        now = timezone.now()
        until = now + _length()
        runs = Run.objects.filter(pk=self._run_id, owner=self._owner, status=Run.Status.RUNNING)
        kept = runs.update(beat_at=now, lease_until=until) == 1
        if runs.filter(cancel_asked_at__isnull=False).exists():
            self._on_cancel()
        if self._company is not None:
            leases = WriterLease.objects.filter(company=self._company, owner=self._owner)
            kept = leases.update(beat_at=now, until=until) == 1 and kept
        return kept
