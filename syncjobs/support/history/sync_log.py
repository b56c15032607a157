"""The sync log: what kept time of a period from QuickBooks, by its cause, and what happened meanwhile. Reads only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Min, Q, QuerySet, TextField
from django.db.models.functions import Cast

from integrations.models import ApiCall, TimeEntry, Workspace
from integrations.unnamed import named
from syncjobs.display import named_ids
from syncjobs.models import EntryOverride, EntryStatus, Receipt, Run, RunItem
from syncjobs.rules import reasons, refusals
from syncjobs.rules.codes import ByHand, Code
from syncjobs.rules.reasons import CONFLICTS, RECORD_KINDS

State = EntryStatus.State
Outcome = RunItem.Outcome
FAILED = (Outcome.FAILED, Outcome.UNKNOWN)
# Rows of runs that settled since are history: the newest of them are enough.
MAX_SETTLED = 5000
CHUNK = 500


class Entry(NamedTuple):
    """What the log shows of a time entry."""

    pk: int
    clockify_id: str
    txn_date: date
    user_name: str
    client_name: str
    project_name: str


@dataclass(slots=True)
class Problem:
    """One entry that waits, was refused, or is in doubt, by its first reason; `item` is its last attempt.

    `fix_in`: who can fix it (`rules.reasons`).
    """

    entry: Entry
    state: str
    row: Mapping[str, Any]
    fix_in: str
    minutes: int
    since: datetime | None
    item: RunItem | None = None

    @property
    def code(self) -> str:
        return str(self.row.get("code") or "")

    @property
    def error(self) -> str:
        """QuickBooks' own code, "" where it refused nothing."""
        return str(self.row.get("error") or "") if self.code == Code.QUICKBOOKS_REFUSED else ""

    @property
    def key(self) -> str:
        return self.error or self.code

    @property
    def words(self) -> str:
        """QuickBooks' own words."""
        return str(self.row.get("words") or "") or (self.item.error_message if self.item else "")


@dataclass
class Cause:
    """One cause in words. `fix_in`: who fixes it (`rules.reasons`); `calls`: of a vendor, where no entry is known.

    `items`: of a settled cause, the attempts that failed once.
    """

    key: str
    title: str
    fix_in: str
    fix: str
    code: str = ""
    entries: int = 0
    minutes: int = 0
    calls: int = 0
    since: datetime | None = None
    settled_at: datetime | None = None
    state: str = ""
    problems: list[Problem] = field(default_factory=list)
    items: list[RunItem] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.settled_at is None

    @property
    def names(self) -> list[str]:
        """Whom or what it is about, those with the most time first."""
        minutes: dict[str, int] = {}
        for problem in self.problems:
            name = _subject(problem)
            minutes[name] = minutes.get(name, 0) + problem.minutes
        return sorted(minutes, key=lambda name: (-minutes[name], name))


def _subject(problem: Problem) -> str:
    entry, kind = problem.entry, str(problem.row.get("kind") or "")
    if kind in RECORD_KINDS:
        return str(getattr(entry, f"{kind}_name")) or f"{kind} {problem.row.get('id')}"
    return ", ".join(name for name in (named(entry.user_name), entry.project_name) if name)


# --- open ----------------------------------------------------------------------------------------------------
def problems(workspace: Workspace, first: date, last: date) -> list[Problem]:
    """Return the period's entries that need somebody, or the next run; each once, by its first reason."""
    statuses = EntryStatus.objects.filter(workspace=workspace, entry__txn_date__range=(first, last))
    waiting = statuses.filter(state__in=(State.BLOCKED, State.FAILED, State.UNKNOWN, State.CHANGED)).exclude(cause="")
    explained: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}
    found = []
    for entry, state, minutes, since, cause, text in _read(waiting):
        # Most entries wait for one of a few causes, in the very same words.
        if (cause, text) not in explained:
            row = _row(cause, json.loads(text))
            explained[cause, text] = row, reasons.explain(row)["fix_in"]
        found.append(Problem(entry, state, *explained[cause, text], minutes, since))
    found += _changed_there(workspace, statuses)
    return _with_attempts(workspace, found)


def _read(statuses: QuerySet[EntryStatus]) -> Iterator[tuple[Entry, str, int, datetime | None, str, str]]:
    """Yield entry, state, minutes, since when, cause, and the reasons as stored.

    As plain values: of thousands of rows, model instances take most of the page's time.
    """
    entry = tuple(f"entry__{name}" for name in Entry._fields)
    rows = statuses.annotate(text=Cast("reasons", TextField())).order_by("entry__txn_date", "entry_id")
    for state, minutes, since, cause, text, *of_entry in rows.values_list(
        "state", "minutes", "since", "cause", "text", *entry
    ):
        yield Entry(*of_entry), state, minutes, since, cause, text


def _row(cause: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the reason that a status' cause names."""
    kind, _, record_id = cause.partition(":")
    for row in rows:
        if record_id and (row.get("kind"), row.get("id")) == (kind, record_id):
            return dict(row)
    return dict(next((row for row in rows if row.get("code") == cause), {"code": cause}))


def _changed_there(workspace: Workspace, statuses: QuerySet[EntryStatus]) -> list[Problem]:
    """Return entries that are as they were sent, but were changed by hand in QuickBooks: only the receipt knows."""
    receipts = Receipt.objects.in_quickbooks(workspace).changed_by_hand()
    left = EntryOverride.objects.left_as_is().filter(workspace=workspace)
    found = statuses.filter(state=State.SENT, entry__clockify_id__in=receipts.values("entry_id"))
    found = found.exclude(entry__clockify_id__in=left.values("clockify_id"))
    row = {"code": Code.CHANGED_IN_QUICKBOOKS, "how": ByHand.CHANGED}
    fix_in = reasons.explain(row)["fix_in"]
    return [
        Problem(entry, State.CHANGED, row, fix_in, minutes, since) for entry, _, minutes, since, _, _ in _read(found)
    ]


def _with_attempts(workspace: Workspace, found: list[Problem]) -> list[Problem]:
    """Give the problems that were tried their last failed attempt."""
    tried = [problem.entry.clockify_id for problem in found if problem.state in {State.FAILED, State.UNKNOWN}]
    tried += [problem.entry.clockify_id for problem in found if problem.error]
    items: dict[str, RunItem] = {}
    for start in range(0, len(tried), CHUNK):
        rows = RunItem.objects.filter(entry_id__in=tried[start : start + CHUNK], outcome__in=FAILED)
        items.update({row.entry_id: row for row in rows.filter(run__workspace=workspace).order_by("run_id")})
    for problem in found if items else ():
        problem.item = items.get(problem.entry.clockify_id)
    return found


def open_causes(found: Iterable[Problem]) -> list[Cause]:
    """Return the causes of these problems, the most time first."""
    causes: dict[str, Cause] = {}
    for problem in found:
        cause = causes.get(problem.key)
        if cause is None:
            explained = reasons.explain(problem.row)
            cause = Cause(problem.key, title_of(problem), explained["fix_in"], explained["fix"], state=problem.state)
            cause.code = problem.error or problem.code
            causes[problem.key] = cause
        cause.entries += 1
        cause.minutes += problem.minutes
        cause.problems.append(problem)
    for cause in causes.values():
        known = [problem.since for problem in cause.problems if problem.since is not None]
        cause.since = min(known, default=None)
    return sorted(causes.values(), key=lambda cause: (-cause.minutes, -cause.entries, cause.key))


def title_of(problem: Problem) -> str:
    """Return a problem's cause in words: what QuickBooks' code means, where it refused the entry."""
    return _title(problem.code, problem.error)


def _title(code: str, error: str) -> str:
    words = refusals.meaning(error).words if error else ""
    return f"{words[0].upper()}{words[1:].rstrip('.')}" if words else reasons.title(code)


# --- settled -------------------------------------------------------------------------------------------------
def settled_causes(workspace: Workspace, first: date, last: date, still_open: Iterable[Problem]) -> list[Cause]:
    """Return what runs of the period met and is over: refusals that went through since, and calls asked again."""
    begin, end = bounds(workspace, first, last)
    open_ids = {problem.entry.clockify_id for problem in still_open}
    items = RunItem.objects.filter(run__workspace=workspace, run__dry_run=False, outcome__in=FAILED)
    items = items.filter(run__created_at__range=(begin, end)).order_by("-run_id", "-pk")
    causes: dict[str, Cause] = {}
    seen: set[tuple[str, str]] = set()
    for item in items.select_related("run").defer("reasons", "source_snapshot", "run__counters")[:MAX_SETTLED]:
        if item.entry_id in open_ids:
            continue
        code = Code.OUTCOME_UNKNOWN if item.outcome == Outcome.UNKNOWN else item.error_code or Code.QUICKBOOKS_REFUSED
        at = item.finished_at or item.run.created_at
        cause = causes.setdefault(code, Cause(code, _settled_title(code), "wait", "", code=code, settled_at=at))
        cause.since = min(cause.since or at, at)
        if (item.entry_id, code) not in seen:
            seen.add((item.entry_id, code))
            cause.entries += 1
            cause.minutes += max(item.minutes, 0)
            cause.items.append(item)
    return [*causes.values(), *_repeated_calls(workspace, begin, end)]


def _settled_title(code: str) -> str:
    return reasons.title(code) if code in reasons.WORDINGS else _title(code, code)


def _repeated_calls(workspace: Workspace, begin: datetime, end: datetime) -> Iterator[Cause]:
    """Yield calls without an answer, and those that a vendor was too busy or too broken for; they were repeated."""
    company = workspace.company
    accounts = [workspace.clockify_id, *([company.realm_id] if company else [])]
    calls = ApiCall.objects.filter(at__range=(begin, end), account__in=accounts)
    calls = calls.filter(Q(status=None) | Q(status=429) | Q(status__gte=500)).order_by()
    rows = calls.values_list("vendor", "status").annotate(Count("pk"), Min("at"), Max("at"))
    names = dict(ApiCall._meta.get_field("vendor").flatchoices)
    for vendor, status, count, since, until in rows:
        what = "did not answer" if status is None else "was busy" if status == 429 else "had an internal error"
        key = f"{vendor}-{status or 'none'}"
        cause = Cause(key, f"{names[vendor]} {what}", "wait", "Asked again automatically.", code=str(status or ""))
        cause.calls, cause.since, cause.settled_at = count, since, until
        yield cause


# --- counts and events ---------------------------------------------------------------------------------------
def counts(workspace: Workspace, first: date, last: date) -> dict[tuple[str, bool, bool], int]:
    """Return the period's entries by state, whether they are held, and whether QuickBooks' copy is in conflict."""
    statuses = EntryStatus.objects.filter(workspace=workspace, entry__txn_date__range=(first, last)).order_by()
    rows = statuses.values_list("state", "held", "cause").annotate(Count("pk"))
    found: dict[tuple[str, bool, bool], int] = {}
    for state, held, cause, count in rows:
        key = (state, held, cause in CONFLICTS)
        found[key] = found.get(key, 0) + count
    return found


def totals(workspace: Workspace, first: date, last: date) -> tuple[int, int, int]:
    """Return the numbers of the period's entries, of its runs, and of its calls."""
    begin, end = bounds(workspace, first, last)
    company = workspace.company
    accounts = [workspace.clockify_id, *([company.realm_id] if company else [])]
    return (
        TimeEntry.objects.filter(workspace=workspace, txn_date__range=(first, last)).count(),
        runs(workspace, first, last).count(),
        ApiCall.objects.filter(at__range=(begin, end), account__in=accounts).count(),
    )


def runs(workspace: Workspace, first: date, last: date) -> QuerySet[Run]:
    """Return the period's runs, newest first."""
    rows = Run.objects.filter(workspace=workspace, created_at__range=bounds(workspace, first, last))
    return rows.select_related("person").order_by("-pk")


def of_run(run: Run) -> Callable[[Problem], bool]:
    """Return whether a problem is of an entry that this run did not send."""
    outcomes = (*FAILED, Outcome.BLOCKED, Outcome.WAITING)
    ids = set(run.items.filter(outcome__in=outcomes).values_list("entry_id", flat=True))
    return lambda problem: problem.entry.clockify_id in ids


def bounds(workspace: Workspace, first: date, last: date) -> tuple[datetime, datetime]:
    """Return the moments at which the period begins and ends, on the workspace's clock."""
    zone = ZoneInfo(workspace.time_zone)
    begin = datetime.combine(first, time(), zone)
    return begin, datetime.combine(last + timedelta(days=1), time(), zone) - timedelta(microseconds=1)


def names_for(workspace: Workspace, found: Iterable[Problem]) -> dict[named_ids.Key, Any]:
    """Return the rows of the records whose ids QuickBooks' words may quote."""
    return names_of(workspace, (problem.item for problem in found if problem.item))


def names_of(workspace: Workspace, items: Iterable[RunItem]) -> dict[named_ids.Key, Any]:
    """Return the rows of the records that these attempts named."""
    keys = {key for item in items for key in named_ids.keys_of(item.draft)}
    return named_ids.rows_of(workspace.company, keys)
