"""A window's entries piece by piece, so that memory stays the same however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

from integrations.models import TimeEntry, Workspace
from syncjobs.planning.window import Window

PIECE = 1000
WEEK = timedelta(days=7)


def in_turn(workspace: Workspace, window: Window, *, last: set[str]) -> Iterator[list[str]]:
    """The ids of a window's entries, oldest day first; those in `last` come after all others."""
    early = (key for key in _by_day(workspace, window) if key not in last)
    yield from _pieces(early)
    yield from _pieces(sorted(key for key in last if key in window.ids))


def _by_day(workspace: Workspace, window: Window) -> Iterator[str]:
    rows = TimeEntry.objects.filter(workspace=workspace)
    first = window.first
    while first <= window.last:
        days = (first, min(window.last, first + WEEK - timedelta(days=1)))
        found = rows.filter(txn_date__range=days).order_by("txn_date", "clockify_id")
        for key in found.values_list("clockify_id", flat=True):
            if key in window.ids and key not in window.moved:
                yield key
        first += WEEK
    yield from sorted(window.moved & window.ids)


def _pieces(ids: Iterable[str]) -> Iterator[list[str]]:
    left = iter(ids)
    while piece := list(islice(left, PIECE)):
        yield piece
