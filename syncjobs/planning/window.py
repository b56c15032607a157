"""The time entries of a window as Clockify has them now, and those of the mirror that it no longer has."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from integrations.clockify import entry_payloads, payloads, pull
from integrations.clockify.client import ClockifyApiClient
from integrations.models import ClockifyProject, TimeEntry, Workspace
from integrations.reading import mirror, shrunk_lists, unreadable
from integrations.reading.unreadable import Problem, Reading
from mapping.queries import unknown_ids
from syncjobs.models import EntryOverride, Receipt, Run
from syncjobs.planning import inputs, missing_entries
from syncjobs.planning.missing_entries import Missing
from syncjobs.run_options import RunOptions

log = logging.getLogger("hourbridge.window")

T = TypeVar("T")

# Entries planned at once, so that memory does not grow with the window.
CHUNK = 1000
WEEK = timedelta(days=7)
# Counts the entries that a report lacks of its own total.
REPORT_SHORT = "REPORT_SHORT"


@dataclass
class Window:
    """A range of days, both included, with the ids of its entries.

    `ids`: entries to decide on; `moved`: those of them that may lie on other days now. `gone`: mirrored entries for
    which Clockify says that they were deleted, or said so while a write of theirs is in doubt. `many_missing`: how many
    of them wait to be deleted in QuickBooks, where so many need a person. `unclear`: missing entries whose own address
    gave no clear answer; they stay as they are, seen and unchanged. `unreadable`: rows of these days that could not be
    read and that the mirror does not know. `lacking`: how many entries the report counts that it did not list;
    `is_cut`: nothing is taken for missing in it, since it may have been cut.
    """

    first: date
    last: date
    ids: set[str]
    moved: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    many_missing: int = 0
    unclear: set[str] = field(default_factory=set)
    unreadable: list[Problem] = field(default_factory=list)
    lacking: int = 0
    is_cut: bool = False

    @property
    def cut_message(self) -> str:
        """A sentence about a report that may have been cut; "" if it is whole."""
        words = f"Clockify's report counts {self.lacking:,} more time entries than it lists, so it may have been cut."
        return f"{words} Nothing missing from it was deleted." if self.is_cut else ""

    @property
    def warnings(self) -> dict[str, int]:
        """How many rows the report lacks, as a warning by its code; {} if it is whole."""
        return {REPORT_SHORT: self.lacking} if self.lacking else {}


@dataclass(frozen=True)
class ReportRows:
    """Rows of the report of these days, both included, not yet stored; they can be read more than once.

    `approved`: ids of approved entries. `lacking`: how many rows did not come although the report counts them.
    """

    first: date
    last: date
    rows: Iterable[Mapping[str, Any]]
    approved: set[str] | None
    lacking: int = 0


def read(workspace: Workspace, client: ClockifyApiClient, first: date, last: date) -> ReportRows:
    """Read the report rows of these days, both included. Raises ApiError."""
    return ReportRows(first, last, *pull.read_entries(workspace, client, first=first, last=last))


def names_unknown_records(workspace: Workspace, rows: Iterable[Mapping[str, Any]]) -> bool:
    """Return True if a row has a user or project that the mirror does not know, or a project under another client."""
    users, projects, clients = set(), set(), {}
    for entry, raw in Reading().each("entry", rows, entry_payloads.entry, id_of=payloads.identifier):
        users.add(entry.user_id)
        if entry.project_id:
            projects.add(entry.project_id)
            if "clientId" in raw:
                clients[entry.project_id] = entry.client_id
    # Asking for the lists again would not make these readable.
    unreadable_ids = {key for _, key in unreadable.table(workspace)}
    if unknown_ids(workspace, "user", users - unreadable_ids) or unknown_ids(
        workspace, "project", projects - unreadable_ids
    ):
        return True
    known = ClockifyProject.objects.filter(workspace=workspace, clockify_id__in=list(clients))
    return any(clients[key] != client_id for key, client_id in known.values_list("clockify_id", "client_id"))


def store(
    workspace: Workspace,
    client: ClockifyApiClient,
    report: ReportRows,
    *,
    reading: Reading,
    now: datetime,
    options: RunOptions | None = None,
) -> Window:
    """Store the rows, then look up in Clockify each known entry of the window that is missing. Raises ApiError.

    Rows that can't be read are noted in `reading` and listed for people. Where the run's options answer many missing
    entries, each is asked for; where they correct an entry, also deleted ones whose time a person keeps in QuickBooks.
    """
    first, last, options = report.first, report.last, options or RunOptions()
    day_of = inputs.DayOf(workspace)
    is_cut = report.lacking > 0 and not (options.answers_deletions or _lacked_the_same(workspace, report.lacking, now))
    window = Window(first, last, set(), lacking=report.lacking, is_cut=is_cut)
    ids_outside: set[str] = set()
    # Chunks keep transactions short, so that other processes can write in between, and memory small.
    for chunk in _chunked(report.rows, mirror.BATCH):
        days = pull.store_entries(workspace, chunk, reading=reading, day_of=day_of, approved=report.approved, now=now)
        for entry_id, day in days.items():
            (window.ids if first <= day <= last else ids_outside).add(entry_id)
    seen_ids = window.ids | ids_outside | reading.ids("entry")
    left_ids = set() if options.amend else _kept_ids(workspace)
    missing = set(_known_ids(workspace, first, last)) - seen_ids - left_ids
    if reading.is_whole("entry") and not window.is_cut:
        ask_all = options.answers_deletions
        found = missing_entries.look_up(workspace, client, missing, days=(first, last), ask_all=ask_all)
        _add_missing(workspace, window, found, day_of=day_of, now=now)
    else:
        # One of them may be a row that was cut or whose id could not be read; nothing is gone then (contract: one bad
        # record).
        window.unclear.update(missing)
    window.gone |= _deleted_in_doubt(workspace, first, last) - window.ids - ids_outside
    _add_unreadable(workspace, window, reading)
    read_ids = window.ids | ids_outside | window.gone
    unreadable.keep(reading, workspace, ("entry",), now=now, read_ids=read_ids - reading.ids("entry"))
    return window


def _deleted_in_doubt(workspace: Workspace, first: date, last: date) -> set[str]:
    """Return entries that were deleted in Clockify while a write for these days is without an answer."""
    in_doubt = [
        action.entry_id for action in inputs.open_actions(workspace).values() if first <= action.txn_date <= last
    ]
    deleted_ids: set[str] = set()
    # In chunks: SQLite limits the parameters of one query.
    for start in range(0, len(in_doubt), 500):
        rows = TimeEntry.objects.filter(workspace=workspace, clockify_id__in=in_doubt[start : start + 500])
        deleted_ids.update(rows.exclude(deleted_at=None).values_list("clockify_id", flat=True))
    return deleted_ids


def _lacked_the_same(workspace: Workspace, lacking: int, now: datetime) -> bool:
    """Return whether the latest reading that is old enough lacked as many: then the total is wrong, not the list."""
    earlier = Run.objects.filter(workspace=workspace, finished_at__lte=now - shrunk_lists.BELIEVED_AFTER)
    latest = earlier.filter(kind__in=[Run.Kind.CHECK, Run.Kind.SYNC]).order_by("-pk").first()
    return latest is not None and latest.warnings.get(REPORT_SHORT) == lacking


def _add_unreadable(workspace: Workspace, window: Window, reading: Reading) -> None:
    """Add the window's entries whose row could not be read: known ones by id, others as they came."""
    days = (window.first, window.last)
    known = TimeEntry.objects.current(workspace).filter(clockify_id__in=reading.ids("entry"))
    known_ids = set(known.values_list("clockify_id", flat=True))
    window.ids.update(known.filter(txn_date__range=days).values_list("clockify_id", flat=True))
    for problem in reading.of("entry"):
        day = unreadable.day_of(problem.raw)
        if problem.id not in known_ids and (day is None or window.first <= day <= window.last):
            window.unreadable.append(problem)


def narrow(workspace: Workspace, window: Window, options: RunOptions) -> None:
    """Keep only the entries that the run's options ask for: of some users, of some projects, or single ones."""
    if not options.narrowed_to:
        return
    columns = {"users": "user_id__in", "projects": "project_id__in", "entries": "clockify_id__in"}
    rows = TimeEntry.objects.filter(workspace=workspace)
    for name, ids in options.narrowed_to.items():
        rows = rows.filter(**{columns[name]: ids})
    kept_ids = set(rows.values_list("clockify_id", flat=True))
    window.ids &= kept_ids
    window.gone &= kept_ids
    window.unclear &= kept_ids
    # Whose they are can't be told.
    window.unreadable.clear()


def _known_ids(workspace: Workspace, first: date, last: date) -> Iterator[str]:
    """Yield ids of mirrored entries of these days, and of entries whose time was sent for them; some come twice."""
    # Week by week, so that a long window does not fill the memory.
    while first <= last:
        days = (first, min(last, first + WEEK - timedelta(days=1)))
        mirrored = TimeEntry.objects.current(workspace, *days)
        yield from mirrored.values_list("clockify_id", flat=True)
        yield from (
            Receipt.objects.own_activities(workspace).filter(txn_date__range=days).values_list("entry_id", flat=True)
        )
        first += WEEK


def _kept_ids(workspace: Workspace) -> set[str]:
    """Return the entries deleted in Clockify whose time a person keeps in QuickBooks."""
    kept = EntryOverride.objects.filter(workspace=workspace, kept=True).values("clockify_id")
    rows = TimeEntry.objects.filter(workspace=workspace, clockify_id__in=kept).exclude(deleted_at=None)
    return set(rows.values_list("clockify_id", flat=True))


def _add_missing(workspace: Workspace, window: Window, found: Missing, *, day_of: inputs.DayOf, now: datetime) -> None:
    """Note in the window which of the missing entries are gone and which moved.

    An entry that still exists was moved out of the window; it is planned if its time was sent.
    """
    window.gone |= found.gone
    window.unclear |= found.unclear
    window.many_missing = found.many
    pull.store_entries(workspace, found.moved_rows, reading=Reading(), day_of=day_of, approved=None, now=now)
    receipts = Receipt.objects.own_activities(workspace).filter(
        entry_id__in=[payloads.identifier(raw) for raw in found.moved_rows]
    )
    window.moved.update(receipts.values_list("entry_id", flat=True))
    window.ids.update(window.moved)


def ordered_ids(workspace: Workspace, window: Window, *, last: set[str]) -> Iterator[list[str]]:
    """Yield the ids of a window's entries in lists of at most CHUNK, oldest day first, those in `last` at the end."""
    earlier_ids = (key for key in _ids_by_day(workspace, window) if key not in last)
    yield from _chunked(earlier_ids, CHUNK)
    yield from _chunked(sorted(key for key in last if key in window.ids), CHUNK)


def _ids_by_day(workspace: Workspace, window: Window) -> Iterator[str]:
    """Yield the ids of the window's entries by day, and at the end those that moved out of its days."""
    rows = TimeEntry.objects.filter(workspace=workspace)
    first = window.first
    while first <= window.last:
        days = (first, min(window.last, first + WEEK - timedelta(days=1)))
        week_rows = rows.filter(txn_date__range=days).order_by("txn_date", "clockify_id")
        for key in week_rows.values_list("clockify_id", flat=True):
            if key in window.ids and key not in window.moved:
                yield key
        first += WEEK
    yield from sorted(window.moved & window.ids)


def _chunked(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
