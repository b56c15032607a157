"""The time entries of a window as Clockify has them now, and which of those we knew are gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from integrations import mirror
from integrations.clockify import payloads, pull
from integrations.clockify.client import ClockifyClient
from integrations.errors import Gone
from integrations.models import ClockifyProject, TimeEntry, Workspace
from mapping.queries import unknown_ids
from syncjobs.models import Receipt
from syncjobs.planning import inputs

T = TypeVar("T")

# Entries planned at once: memory stays the same however many a window has.
CHUNK = 1000
WEEK = timedelta(days=7)
# More missing entries than both of these at once look like a lost right or a wrong filter, not like deletions.
MANY = 20
LARGE_SHARE = 0.1


@dataclass
class Window:
    """`ids`: entries to decide on, `moved` those of them that may lie on other days now. `gone`: known ones whose own
    address says that they were deleted.
    """

    first: date
    last: date
    ids: set[str]
    moved: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    many_missing: bool = False


@dataclass(frozen=True)
class ReportRows:
    """Rows of the report, not yet written. They can be gone through more than once."""

    rows: Iterable[Mapping[str, Any]]
    approved: set[str] | None


def read(workspace: Workspace, client: ClockifyClient, first: date, last: date) -> ReportRows:
    return ReportRows(*pull.read_entries(workspace, client, first=first, last=last))


def names_unknown_records(workspace: Workspace, reading: ReportRows) -> bool:
    """Whether a row names a user or project that the mirror has not seen, or a project under another client."""
    users, projects, clients = set(), set(), {}
    for raw in reading.rows:
        entry = payloads.entry(raw)
        users.add(entry.user_id)
        if entry.project_id:
            projects.add(entry.project_id)
            if "clientId" in raw:
                clients[entry.project_id] = entry.client_id
    if unknown_ids(workspace, "user", users) or unknown_ids(workspace, "project", projects):
        return True
    known = ClockifyProject.objects.filter(workspace=workspace, clockify_id__in=list(clients))
    return any(clients[key] != client_id for key, client_id in known.values_list("clockify_id", "client_id"))


def store(
    workspace: Workspace,
    client: ClockifyClient,
    reading: ReportRows,
    first: date,
    last: date,
    *,
    now: datetime,
    believe_deletions: bool = False,
) -> Window:
    """Write the rows, then ask after every known entry of the window that is not among them.

    `believe_deletions`: a person has looked, and many missing entries are really gone.
    """
    day_of = inputs.DayOf(workspace)
    window = Window(first, last, set())
    elsewhere: set[str] = set()
    # Others may write between two chunks, and memory stays small.
    for rows in _chunked(reading.rows, mirror.BATCH):
        days = pull.store_entries(workspace, rows, day_of=day_of, approved=reading.approved, now=now)
        for key, day in days.items():
            (window.ids if first <= day <= last else elsewhere).add(key)
    missing = {key for key in _known_ids(workspace, first, last) if key not in window.ids and key not in elsewhere}
    believable = len(missing) if believe_deletions else MANY
    _ask_after(workspace, client, window, missing, day_of=day_of, believable=believable, now=now)
    return window


def narrow(workspace: Workspace, window: Window, options: Mapping[str, Any]) -> None:
    """Keep only the entries that a run was asked for: of some users, of some projects, or single ones."""
    wanted = {name: options[name] for name in ("users", "projects", "entries") if options.get(name)}
    if not wanted:
        return
    columns = {"users": "user_id__in", "projects": "project_id__in", "entries": "clockify_id__in"}
    rows = TimeEntry.objects.filter(workspace=workspace)
    for name, ids in wanted.items():
        rows = rows.filter(**{columns[name]: ids})
    kept = set(rows.values_list("clockify_id", flat=True))
    window.ids &= kept
    window.gone &= kept


def _known_ids(workspace: Workspace, first: date, last: date) -> Iterator[str]:
    """Entries that we have seen on these days, and entries whose time was sent for them; some may come twice."""
    while first <= last:
        days = (first, min(last, first + WEEK - timedelta(days=1)))
        mirrored = TimeEntry.objects.filter(workspace=workspace, deleted_at=None, txn_date__range=days)
        yield from mirrored.values_list("clockify_id", flat=True)
        yield from (
            Receipt.objects.own_activities(workspace).filter(txn_date__range=days).values_list("entry_id", flat=True)
        )
        first += WEEK


def _ask_after(
    workspace: Workspace,
    client: ClockifyClient,
    window: Window,
    missing: Iterable[str],
    *,
    day_of: inputs.DayOf,
    believable: int,
    now: datetime,
) -> None:
    """Only an entry's own address says that it was deleted. Stops asking once too many are gone to be believed.

    An entry that is there after all was moved out of the window; time that was sent for it is followed.
    """
    wanted = sorted(missing)
    size = len(window.ids) + len(wanted)
    # Deletions that were believed before (their time is billed, say) are no news and don't count.
    old_news = set(
        TimeEntry.objects.filter(workspace=workspace, clockify_id__in=wanted)
        .exclude(deleted_at=None)
        .values_list("clockify_id", flat=True)
    )
    moved: list[Mapping[str, Any]] = []
    for entry_id in wanted:
        try:
            moved.append(client.entry(workspace.clockify_id, entry_id))
        except Gone:
            window.gone.add(entry_id)
            fresh = len(window.gone - old_news)
            if fresh > believable and fresh > size * LARGE_SHARE:
                window.many_missing = True
                window.gone.clear()
                break
    pull.store_entries(workspace, moved, day_of=day_of, approved=None, now=now)
    receipts = Receipt.objects.own_activities(workspace).filter(
        entry_id__in=[payloads.identifier(raw) for raw in moved]
    )
    window.moved.update(receipts.values_list("entry_id", flat=True))
    window.ids.update(window.moved)


def ordered_ids(workspace: Workspace, window: Window, *, last: set[str]) -> Iterator[list[str]]:
    """Yield the ids of a window's entries in lists of at most CHUNK, oldest day first, those in `last` at the end."""
    early = (key for key in _ids_by_day(workspace, window) if key not in last)
    yield from _chunked(early, CHUNK)
    yield from _chunked(sorted(key for key in last if key in window.ids), CHUNK)


def _ids_by_day(workspace: Workspace, window: Window) -> Iterator[str]:
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


def _chunked(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of at most `size`."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
