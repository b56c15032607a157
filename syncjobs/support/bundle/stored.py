"""Bundles that a worker makes, and that wait in the database for a day to be downloaded."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from config.scrubber import scrub
from integrations.models import Workspace
from syncjobs.models import SupportBundle, SupportBundlePart
from syncjobs.support import doctor
from syncjobs.support.bundle import make, size

log = logging.getLogger("hourbridge.bundle")

State = SupportBundle.State
# A page makes smaller ones itself.
LARGE_FROM = 20_000
PART = 1_000_000
KEPT_FOR = timedelta(days=1)
LOST = "Its process ended before it was ready. Ask for another one."


def is_large(workspace: Workspace) -> bool:
    return size.entries_of(workspace).count() > LARGE_FROM


def open_bundle(*, now: datetime) -> SupportBundle | None:
    """Return the bundle that waits or is being made, of whatever workspace: one at a time leaves a worker for runs."""
    open_ones = SupportBundle.objects.filter(
        state__in=[State.QUEUED, State.MAKING], requested_at__gt=now - SupportBundle.LOST_AFTER
    )
    return open_ones.order_by("-pk").first()


def tidy(*, now: datetime) -> None:
    """Delete what was kept for a day, and end what a process that is gone was making."""
    SupportBundle.objects.filter(requested_at__lte=now - KEPT_FOR).delete()
    lost = SupportBundle.objects.filter(state=State.MAKING, requested_at__lte=now - SupportBundle.LOST_AFTER)
    lost.update(state=State.FAILED, problem=LOST, finished_at=now)


def work(bundle: SupportBundle, *, heartbeat: doctor.Heartbeat, now: datetime) -> None:
    """Make a bundle that waits, and store it; one that another process has taken is left alone."""
    tidy(now=now)
    waiting = SupportBundle.objects.filter(pk=bundle.pk, state=State.QUEUED)
    if waiting.update(state=State.MAKING) != 1:
        return
    try:
        length = _make(bundle, heartbeat=heartbeat, now=now)
    except Exception as problem:
        log.exception("Support bundle %s ended on an error.", bundle.pk)
        words = scrub(" ".join(f"{type(problem).__name__}: {problem}".split()))[:300]
        _end(bundle, State.FAILED, now=now, problem=f"It could not be made: {words}")
        return
    _end(bundle, State.READY, now=now, size=length)


def _make(bundle: SupportBundle, *, heartbeat: doctor.Heartbeat, now: datetime) -> int:
    with tempfile.TemporaryFile() as file:
        make.write(bundle.workspace, file, replace_names=bundle.replaces_names, heartbeat=heartbeat, now=now)
        length = file.tell()
        file.seek(0)
        parts = iter(lambda: file.read(PART), b"")
        with transaction.atomic():
            for number, data in enumerate(parts):
                SupportBundlePart.objects.create(bundle=bundle, number=number, data=data)
    return length


def _end(bundle: SupportBundle, state: str, *, now: datetime, problem: str = "", size: int = 0) -> None:
    SupportBundle.objects.filter(pk=bundle.pk).update(state=state, problem=scrub(problem), size=size, finished_at=now)


def pieces(bundle: SupportBundle) -> Iterator[bytes]:
    """Yield the zip of a bundle that is ready, part by part."""
    numbers = list(bundle.parts.order_by("number").values_list("number", flat=True))
    for number in numbers:
        yield bytes(bundle.parts.values_list("data", flat=True).get(number=number))
