"""Bundles that a worker makes, and that wait in the database for a day to be downloaded."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from config.scrubber import scrub
from integrations.database import DatabaseNow
from integrations.models import Workspace
from syncjobs.ledger import lease
from syncjobs.models import SupportBundle, SupportBundlePart
from syncjobs.support.bundle import make, size
from syncjobs.support.checklist import doctor

log = logging.getLogger("hourbridge.bundle")

State = SupportBundle.State
# A page makes smaller ones itself.
LARGE_FROM = 20_000
PART = 1_000_000
KEPT_FOR = timedelta(days=1)
LOST = "Its process ended before it was ready. Request another."


def is_large(workspace: Workspace) -> bool:
    return size.entries_of(workspace).count() > LARGE_FROM


def open_bundle() -> SupportBundle | None:
    """Return the bundle that waits or is being made, of whatever workspace: one at a time leaves a worker for runs."""
    at_work = Q(state=State.MAKING, lease_until__gte=DatabaseNow())
    return SupportBundle.objects.filter(Q(state=State.QUEUED) | at_work).order_by("-pk").first()


def tidy(*, now: datetime) -> None:
    """Delete what was kept for a day, and end what a process that is gone was making: its lease was not renewed."""
    SupportBundle.objects.filter(requested_at__lte=now - KEPT_FOR).delete()
    lost = SupportBundle.objects.filter(state=State.MAKING).exclude(lease_until__gte=DatabaseNow())
    lost.update(state=State.FAILED, problem=LOST, finished_at=now, owner="", lease_until=None)


class _Renewal(lease.Renewal):
    """Renews the lease of the process that makes a bundle, as long as the bundle is `ours`."""

    def __init__(self, bundle: SupportBundle, ours: QuerySet[SupportBundle]) -> None:
        super().__init__(f"Support bundle {bundle.pk}")
        self._ours = ours

    def _renew(self) -> bool:
        return self._ours.update(lease_until=DatabaseNow() + lease.lease_time()) == 1


def work(bundle: SupportBundle, *, heartbeat: doctor.Heartbeat, now: datetime) -> None:
    """Make a bundle that waits, and store it; one that another process has taken is left alone."""
    tidy(now=now)
    owner, waiting = lease.new_owner(), SupportBundle.objects.filter(pk=bundle.pk, state=State.QUEUED)
    if waiting.update(state=State.MAKING, owner=owner, lease_until=DatabaseNow() + lease.lease_time()) != 1:
        return
    ours = SupportBundle.objects.filter(pk=bundle.pk, state=State.MAKING, owner=owner)
    try:
        with _Renewal(bundle, ours) as renewal:
            length = _make(bundle, renewal, heartbeat=heartbeat, now=now)
    except Exception as problem:
        log.exception("Support bundle %s ended on an error.", bundle.pk)
        words = scrub(" ".join(f"{type(problem).__name__}: {problem}".split()))[:300]
        _end(ours, State.FAILED, problem=f"It could not be made: {words}")
        return
    _end(ours, State.READY, size=length)


def _make(bundle: SupportBundle, renewal: lease.Renewal, *, heartbeat: doctor.Heartbeat, now: datetime) -> int:
    with tempfile.TemporaryFile() as file:
        make.write(bundle.workspace, file, replace_names=bundle.replaces_names, heartbeat=heartbeat, now=now)
        length = file.tell()
        file.seek(0)
        parts = iter(lambda: file.read(PART), b"")
        with transaction.atomic():
            renewal.check()
            for number, data in enumerate(parts):
                SupportBundlePart.objects.create(bundle=bundle, number=number, data=data)
    return length


def _end(ours: QuerySet[SupportBundle], state: str, *, problem: str = "", size: int = 0) -> None:
    """Save what became of the bundle, unless its lease ran out and it was ended meanwhile."""
    values = {"state": state, "problem": scrub(problem), "size": size, "finished_at": DatabaseNow()}
    ours.update(**values, owner="", lease_until=None)


def pieces(bundle: SupportBundle) -> Iterator[bytes]:
    """Yield the zip of a bundle that is ready, part by part."""
    numbers = list(bundle.parts.order_by("number").values_list("number", flat=True))
    for number in numbers:
        yield bytes(bundle.parts.values_list("data", flat=True).get(number=number))
