"""The sync log: what kept time of a period from QuickBooks, by its cause, and what happened meanwhile. Reads only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Min, Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast

from integrations.models import ApiCall, TimeEntry, Workspace
from integrations.unnamed import named
from syncjobs.display import named_ids
from syncjobs.models import EntryOverride, EntryStatus, Receipt, Run, RunItem, has_reason
from syncjobs.rules import reasons, refusals
from syncjobs.rules.codes import ByHand, Code
from syncjobs.rules.reasons import RECORD_KINDS

State = EntryStatus.State
Outcome = RunItem.Outcome
FAILED = (Outcome.FAILED, Outcome.UNKNOWN)
# Rows of runs that settled since are history: the newest of them are enough.
MAX_SETTLED = 5000
CHUNK = 500
CHANGED_THERE = {"code": Code.CHANGED_IN_QUICKBOOKS, "how": ByHand.CHANGED}


class Entry(NamedTuple):
    """What the log shows of a time entry."""

    pk: int
    clockify_id: str
    txn_date: date
    user_name: str
    client_name: str
    project_name: str


@dataclass(slots=True, kw_only=True)
class Problem:
    """Time that waits, was refused, or is in doubt, by its first reason. `fix_in`: who can fix it (`rules.reasons`)."""

    state: str
    row: Mapping[str, Any]
    fix_in: str
    minutes: int
    since: datetime | None

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


@dataclass(slots=True, kw_only=True)
class EntryProblem(Problem):
    """The problem of one entry; `item` is its last failed attempt."""

    entry: Entry
    item: RunItem | None = None

    @property
    def words(self) -> str:
        """QuickBooks' own words."""
        return str(self.row.get("words") or "") or (self.item.error_message if self.item else "")


@dataclass(slots=True, kw_only=True)
class SharedProblem(Problem):
    """What entries of one user, client and project share: `entries` is their number, `since` the earliest of theirs."""

    entries: int
    user_name: str
    client_name: str
    project_name: str

    @property
    def subject(self) -> str:
        """Return whom or what it is about."""
        kind = str(self.row.get("kind") or "")
        if kind in RECORD_KINDS:
            return str(getattr(self, f"{kind}_name")) or f"{kind} {self.row.get('id')}"
        return ", ".join(name for name in (named(self.user_name), self.project_name) if name)


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
    problems: list[SharedProblem] = field(default_factory=list)
    items: list[RunItem] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.settled_at is None

    @property
    def names(self) -> list[str]:
        """Whom or what it is about, those with the most time first."""
        minutes: dict[str, int] = {}
        for problem in self.problems:
            minutes[problem.subject] = minutes.get(problem.subject, 0) + problem.minutes
        return sorted(minutes, key=lambda name: (-minutes[name], name))


# --- open ----------------------------------------------------------------------------------------------------
def problems(workspace: Workspace, first: date, last: date, *, run: int | None = None) -> list[SharedProblem]:
    """Return what keeps the period's entries waiting, for somebody or for the next run; each entry in one of them.

    `run`: only entries that the run of this id did not send. Grouped in the database, since many thousands may wait.
    """
    names = ("user_name", "client_name", "project_name")
    common = ("state", "cause", "text", *(f"entry__{name}" for name in names))
    found = []
    for rows in _open(workspace, first, last, run):
        explained = _Explained()
        of_all = (Count("pk"), Sum("minutes"), Min("since"))
        for state, cause, text, *of_entry, entries, minutes, since in (
            rows.order_by().values_list(*common).annotate(*of_all)
        ):
            first_reason = explained(state, cause, text)
            of_names = dict(zip(names, of_entry, strict=True))
            found.append(SharedProblem(**first_reason, minutes=minutes, since=since, entries=entries, **of_names))
    return found


def entry_problems(
    workspace: Workspace, first: date, last: date, *, run: int | None = None, code: str = ""
) -> Iterator[EntryProblem]:
    """Yield the same entry by entry, by day, without their attempts; `code`: only those with this reason.

    As plain values: of thousands of rows, model instances take most of the time.
    """
    entry = tuple(f"entry__{name}" for name in Entry._fields)
    waiting, changed_there = _open(workspace, first, last, run)
    if code:
        waiting = waiting.filter(Q(cause=code) | Q(has_reason(code)))
    for rows in (waiting, changed_there if code in {"", CHANGED_THERE["code"]} else changed_there.none()):
        explained = _Explained()
        for state, cause, text, minutes, since, *of_entry in rows.order_by("entry__txn_date", "entry_id").values_list(
            "state", "cause", "text", "minutes", "since", *entry
        ):
            yield EntryProblem(**explained(state, cause, text), minutes=minutes, since=since, entry=Entry(*of_entry))


def _open(
    workspace: Workspace, first: date, last: date, run: int | None = None
) -> tuple[QuerySet[EntryStatus], QuerySet[EntryStatus]]:
    """Return statuses of entries that wait, and of those that were changed by hand in QuickBooks after they were sent.

    Of the latter only the receipt knows: they are as they were sent. `text`: the reasons as stored.
    """
    statuses = EntryStatus.objects.filter(workspace=workspace, entry__txn_date__range=(first, last))
    statuses = statuses.annotate(text=Cast("reasons", TextField()))
    if run is not None:
        unsent = RunItem.objects.filter(run=run, run__workspace=workspace)
        unsent = unsent.filter(outcome__in=(*FAILED, Outcome.BLOCKED, Outcome.WAITING))
        statuses = statuses.filter(entry__clockify_id__in=unsent.values("entry_id"))
    waiting = statuses.filter(state__in=(State.BLOCKED, State.FAILED, State.UNKNOWN, State.CHANGED)).exclude(cause="")
    receipts = Receipt.objects.in_quickbooks(workspace).changed_by_hand()
    left = EntryOverride.objects.left_as_is().filter(workspace=workspace)
    changed_there = statuses.filter(state=State.SENT, entry__clockify_id__in=receipts.values("entry_id"))
    return waiting, changed_there.exclude(entry__clockify_id__in=left.values("clockify_id"))


class _Explained:
    """First reasons with who can fix them; most entries wait for one of a few causes, in the very same words."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], dict[str, Any]] = {}

    def __call__(self, state: str, cause: str, text: str) -> dict[str, Any]:
        key = (state, cause, text)
        if key not in self._known:
            row = CHANGED_THERE if state == State.SENT else _row(cause, json.loads(text))
            shown = State.CHANGED if state == State.SENT else state
            self._known[key] = {"state": shown, "row": row, "fix_in": reasons.explain(row)["fix_in"]}
        return self._known[key]


def _row(cause: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the reason that a status' cause names."""
    kind, _, record_id = cause.partition(":")
    for row in rows:
        if record_id and (row.get("kind"), row.get("id")) == (kind, record_id):
            return dict(row)
    return dict(next((row for row in rows if row.get("code") == cause), {"code": cause}))


def with_attempts(workspace: Workspace, found: list[EntryProblem]) -> list[EntryProblem]:
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


def open_causes(found: Iterable[SharedProblem]) -> list[Cause]:
    """Return the causes of these problems, the most time first."""
    causes: dict[str, Cause] = {}
    for problem in sorted(found, key=lambda problem: (-problem.minutes, problem.subject)):
        cause = causes.get(problem.key)
        if cause is None:
            explained = reasons.explain(problem.row)
            cause = Cause(problem.key, title_of(problem), explained["fix_in"], explained["fix"], state=problem.state)
            cause.code = problem.error or problem.code
            causes[problem.key] = cause
        cause.entries += problem.entries
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
def settled_causes(workspace: Workspace, first: date, last: date) -> list[Cause]:
    """Return what runs of the period met and is over: refusals that went through since, and calls asked again."""
    begin, end = bounds(workspace, first, last)
    items = RunItem.objects.filter(run__workspace=workspace, run__dry_run=False, outcome__in=FAILED)
    items = items.filter(run__created_at__range=(begin, end)).order_by("-run_id", "-pk")
    for still_open in _open(workspace, first, last):
        items = items.exclude(entry_id__in=still_open.values("entry__clockify_id"))
    causes: dict[str, Cause] = {}
    seen: set[tuple[str, str]] = set()
    for item in items.select_related("run").defer("reasons", "source_snapshot", "run__counters")[:MAX_SETTLED]:
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
def counts(workspace: Workspace, first: date, last: date) -> dict[str, int]:
    """Return the period's entries without problems by state: sent, ready, ignored, and blocked by a rule of ours."""
    statuses = EntryStatus.objects.filter(workspace=workspace, entry__txn_date__range=(first, last)).order_by()
    statuses = statuses.filter(state__in=(State.SENT, State.READY, State.IGNORED, State.BLOCKED), held=False)
    return dict(statuses.values_list("state").annotate(Count("pk")))


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


def bounds(workspace: Workspace, first: date, last: date) -> tuple[datetime, datetime]:
    """Return the moments at which the period begins and ends, on the workspace's clock."""
    zone = ZoneInfo(workspace.time_zone)
    begin = datetime.combine(first, time(), zone)
    return begin, datetime.combine(last + timedelta(days=1), time(), zone) - timedelta(microseconds=1)


def names_for(workspace: Workspace, found: Iterable[EntryProblem]) -> dict[named_ids.Key, Any]:
    """Return the rows of the records whose ids QuickBooks' words may quote."""
    return names_of(workspace, (problem.item for problem in found if problem.item))


def names_of(workspace: Workspace, items: Iterable[RunItem]) -> dict[named_ids.Key, Any]:
    """Return the rows of the records that these attempts named."""
    keys = {key for item in items for key in named_ids.keys_of(item.draft)}
    return named_ids.rows_of(workspace.company, keys)
