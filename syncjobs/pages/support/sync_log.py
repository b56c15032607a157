"""The page *Sync log*: what kept time from QuickBooks in a period, by cause, with the latest events, and as CSV."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from integrations.models import TimeEntry, Workspace
from integrations.typed_numbers import typed_day
from integrations.unnamed import named
from syncjobs import policy
from syncjobs.display import badges, named_ids, run_summary
from syncjobs.display.badges import StatusBadge
from syncjobs.display.csv_file import Cells, csv_response
from syncjobs.models import EntryStatus, Run, RunItem
from syncjobs.pages import access, links
from syncjobs.pages.support import bundle
from syncjobs.rules import reasons
from syncjobs.rules.codes import Code
from syncjobs.rules.reasons import CONFLICTS, RECORD_KINDS
from syncjobs.support.history import events, sync_log
from syncjobs.support.history.sync_log import Cause, EntryProblem, Problem, SharedProblem

MAX_DAYS = 366
NUMBER = re.compile(r"[0-9]{1,18}")
MAX_SHOWN, MAX_EVENTS, MAX_RUNS = 50, 20, 8
State = EntryStatus.State
# Who can fix it, as filters and lines name it.
WHO = {
    "here": "Here",
    "quickbooks": "QuickBooks",
    "clockify": "Clockify",
    "wait": "No one: resolves automatically",
    "support": "Support",
}
CHANGED = StatusBadge("Changed since", "edit", "waiting")
# The states of the filter, and those of the list of entries that the others lead to.
STATES: dict[str, tuple[StatusBadge, str]] = {
    "sent": (badges.SENT, "sent"),
    "ready": (badges.WAITING, "ready"),
    "changed": (CHANGED, ""),
    "held": (badges.HELD, ""),
    "refused": (badges.REFUSED, ""),
    "doubt": (badges.IN_DOUBT, ""),
    "locked": (badges.LOCKED, ""),
    "out": (StatusBadge("Excluded by rule", "remove", "out"), "out"),
}
# Keys of STATES by an entry's own state.
PROBLEM_STATES: dict[str, str] = {State.BLOCKED: "held", State.FAILED: "refused"}
HEADERS = (
    "date",
    "user",
    "client",
    "project",
    "minutes",
    "open",
    "state",
    "cause",
    "code",
    "explained",
    "quickbooks_words",
    "since",
    "fixed_in",
    "fix",
    "intuit_tid",
    "run",
    "entry",
)


@dataclass(frozen=True)
class Filters:
    """What narrows the log; all of it lives in the address."""

    first: date
    last: date
    state: str = ""
    who: str = ""
    run: str = ""
    cause: str = ""

    @property
    def run_id(self) -> int | None:
        return int(self.run) if self.run else None

    def fit(self, problem: Problem) -> bool:
        """Return whether a problem has the chosen state and is fixed in the chosen place."""
        return self.state in {"", state_of(problem)} and self.who in {"", problem.fix_in}

    def query(self, **changes: str) -> str:
        """Return the query of an address with these changes."""
        values = {"from": self.first.isoformat(), "to": self.last.isoformat(), "state": self.state, "who": self.who}
        values |= {"run": self.run, "cause": self.cause} | changes
        return "?" + urlencode({name: value for name, value in values.items() if value})


@dataclass(frozen=True)
class CauseLine:
    """One cause as a row: `fix_link` is the page that fixes it, `rows` its entries while it is open."""

    cause: Cause
    badge: StatusBadge
    about: str
    who: str
    fix_link: str
    toggle: str
    is_shown: bool
    rows: list[tuple[EntryProblem, str, SafeString]]
    more: int


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the log of a period, narrowed by state, by who can fix it, by run; or return it as CSV."""
    workspace = access.workspace_at(pk)
    if request.session.get(access.LAST_WORKSPACE) != pk:
        request.session[access.LAST_WORKSPACE] = pk
    filters, problem = _filters(request, workspace)
    is_whole = not (filters.state or filters.who or filters.run)
    settled = sync_log.settled_causes(workspace, filters.first, filters.last) if is_whole else []
    if request.GET.get("format") == "csv":
        name = f"sync-log-{filters.first}-{filters.last}"
        return csv_response(HEADERS, _cells(workspace, _entries(workspace, filters), settled), name=name)
    found = sync_log.problems(workspace, filters.first, filters.last)
    chosen = sync_log.problems(workspace, filters.first, filters.last, run=filters.run_id) if filters.run else found
    causes = sync_log.open_causes(problem for problem in chosen if filters.fit(problem))
    begin, end = sync_log.bounds(workspace, filters.first, filters.last)
    entries, runs, calls = sync_log.totals(workspace, filters.first, filters.last)
    context = {
        "workspace": workspace,
        "others": access.workspaces().exclude(pk=workspace.pk),
        "zone": workspace.time_zone,
        "filters": filters,
        "problem": problem,
        "states": _states(workspace, found, filters),
        "who": _who(found, filters),
        "runs": list(_runs(workspace, filters)),
        "causes": [_line(workspace, cause, filters) for cause in causes],
        "settled": settled,
        "events": [
            (replace(event, text=policy.with_label(event.text)), links.page_of(event.row))
            for event in events.latest(workspace, begin, end, count=MAX_EVENTS)
            if access.may_list(request, event.row._meta.label_lower)
        ],
        "totals": (entries, runs, calls),
        "csv": filters.query(cause="", format="csv"),
        "everything": filters.query(state="", who="", run="", cause=""),
        "is_whole": is_whole,
        "bundle": bundle.card(request, workspace, now=timezone.now()),
        "all_time": f"?from={workspace.start_date.isoformat()}",
    }
    return access.show(request, "support/sync_log.html", context, title="Sync log")


def _filters(request: HttpRequest, workspace: Workspace) -> tuple[Filters, str]:
    """Return the filters of the address, and what is wrong with its days."""
    today = workspace.today(timezone.now())
    month, problem = today.replace(day=1), ""
    try:
        first = typed_day(request.GET.get("from") or month.isoformat())
        last = typed_day(request.GET.get("to") or max(today, first).isoformat())
    except ValueError:
        first, last, problem = month, today, "That is no date; this month is shown."
    if first > last:
        first, last, problem = last, first, "The first day was after the last, so they were swapped."
    if last - first >= timedelta(days=MAX_DAYS):
        first, problem = (
            last - timedelta(days=MAX_DAYS - 1),
            f"At most {MAX_DAYS} days at once; the last of them are shown.",
        )
    values = {name: request.GET.get(name, "") for name in ("state", "who", "run", "cause")}
    values["state"] = values["state"] if values["state"] in STATES else ""
    values["who"] = values["who"] if values["who"] in WHO else ""
    values["run"] = values["run"] if NUMBER.fullmatch(values["run"]) else ""
    return Filters(first, last, **values), problem


def _entries(workspace: Workspace, filters: Filters, *, code: str = "") -> Iterator[EntryProblem]:
    """Yield the entries that the filters leave; `code`: only those with this reason."""
    found = sync_log.entry_problems(workspace, filters.first, filters.last, run=filters.run_id, code=code)
    return filter(filters.fit, found)


def state_of(problem: Problem) -> str:
    """Return the problem's state as a key of STATES."""
    # Of time that was sent before, a refused edit.
    if problem.code == Code.QUICKBOOKS_REFUSED:
        return "refused"
    if problem.state == State.CHANGED:
        return "locked" if problem.code in CONFLICTS else "changed"
    return PROBLEM_STATES.get(problem.state, "doubt")


def _states(
    workspace: Workspace, found: Iterable[SharedProblem], filters: Filters
) -> list[tuple[str, StatusBadge, int, str]]:
    """Return each state with its number of entries in the period, and where its line leads."""
    counted: Counter[str] = Counter()
    for problem in found:
        counted[state_of(problem)] += problem.entries
    for state, number in sync_log.counts(workspace, filters.first, filters.last).items():
        counted["out" if state in {State.IGNORED, State.BLOCKED} else str(state)] += number
    days = {"txn_date_from": filters.first.isoformat(), "txn_date_to": filters.last.isoformat()}
    lines = []
    for key, (badge, listed) in STATES.items():
        entries = links.list_of("integrations.timeentry", state=listed, workspace=workspace.pk, **days)
        lines.append((key, badge, counted[key], entries if listed else filters.query(state=key, cause="")))
    return lines


def _who(found: Iterable[SharedProblem], filters: Filters) -> list[tuple[str, str, int, str]]:
    counted: Counter[str] = Counter()
    for problem in found:
        counted[problem.fix_in] += problem.entries
    return [(key, label, counted[key], filters.query(who=key, cause="")) for key, label in WHO.items() if counted[key]]


def _runs(workspace: Workspace, filters: Filters) -> Iterator[tuple[Run, str, list[str]]]:
    """Yield the latest runs of the period, with what did not go straight."""
    for run in sync_log.runs(workspace, filters.first, filters.last)[:MAX_RUNS]:
        yield run, filters.query(run=str(run.pk), cause=""), run_summary.course(run)


# --- a cause -------------------------------------------------------------------------------------------------
def _line(workspace: Workspace, cause: Cause, filters: Filters) -> CauseLine:
    is_shown = filters.cause == cause.key
    shown = list(islice(_of_cause(workspace, cause, filters), MAX_SHOWN)) if is_shown else []
    sync_log.with_attempts(workspace, shown)
    names = sync_log.names_for(workspace, shown)
    badge = STATES[state_of(cause.problems[0])][0]
    subjects = cause.names
    about = "; ".join(subjects[:2]) + (f" and {len(subjects) - 2} more" if len(subjects) > 2 else "")
    rows = [(problem, links.page_of(TimeEntry(pk=problem.entry.pk)), _words(problem, names)) for problem in shown]
    toggle = filters.query(cause="" if is_shown else cause.key)
    link = _fix_link(workspace, cause, filters)
    return CauseLine(
        cause,
        badge,
        about,
        WHO.get(cause.fix_in, cause.fix_in),
        link,
        toggle,
        is_shown,
        rows,
        cause.entries - len(shown),
    )


def _of_cause(workspace: Workspace, cause: Cause, filters: Filters) -> Iterator[EntryProblem]:
    entries = _entries(workspace, filters, code=cause.problems[0].code)
    return (problem for problem in entries if problem.key == cause.key)


def _words(problem: EntryProblem, names: dict[named_ids.Key, Any]) -> SafeString:
    """Return QuickBooks' words, with the names of records instead of their ids, each leading to the record."""
    keys = named_ids.keys_of(problem.item.draft) if problem.item else set()
    pieces = named_ids.named(problem.words, keys, names)
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<a href="{}">{}</a>', links.page_of(row), text) if row is not None else text,)
            for text, row in pieces
        ),
    )


def _fix_link(workspace: Workspace, cause: Cause, filters: Filters) -> str:
    """Return the page of ours that fixes a cause; for the others its entries."""
    row = cause.problems[0].row
    kind, records = str(row.get("kind") or ""), {str(problem.row.get("id") or "") for problem in cause.problems}
    if kind in RECORD_KINDS:
        page = {"user": "people", "client": "clients", "project": "projects"}[kind]
        only = links.desk(workspace.pk, kind, next(iter(records))) if len(records) == 1 else ""
        return only or reverse(f"hourbridge:{page}", args=[workspace.pk])
    pages: dict[str, str] = {
        Code.OUTCOME_UNKNOWN: "uncertain-writes",
        Code.CHANGED_IN_QUICKBOOKS: "changed",
        Code.BILLED_IN_QUICKBOOKS: "changed",
        Code.MANY_MISSING: "missing",
    }
    if cause.code in pages:
        return reverse(f"hourbridge:{pages[cause.code]}", args=[workspace.pk])
    if cause.code == Code.LINE_RULE_BROKEN:
        places = {links.what_gives(workspace.pk, problem.row) for problem in cause.problems} - {""}
        if places:
            return places.pop() if len(places) == 1 else links.line_rules(workspace.pk)
    days = {"txn_date_from": filters.first.isoformat(), "txn_date_to": filters.last.isoformat()}
    return links.list_of("integrations.timeentry", workspace=workspace.pk, reason=cause.problems[0].code, **days)


# --- CSV -----------------------------------------------------------------------------------------------------
def _cells(workspace: Workspace, entries: Iterable[EntryProblem], settled: list[Cause]) -> Iterator[Cells]:
    """Yield a line for each entry of an open cause, then one for each that is settled."""
    found = sync_log.with_attempts(workspace, list(entries))
    names = sync_log.names_for(workspace, found)
    for problem in found:
        keys = named_ids.keys_of(problem.item.draft) if problem.item else set()
        explained, entry = reasons.explain(named_ids.in_reason(problem.row, keys, names)), problem.entry
        yield {
            "date": entry.txn_date,
            "user": named(entry.user_name),
            "client": entry.client_name,
            "project": entry.project_name,
            "minutes": problem.minutes,
            "open": "yes",
            "state": STATES[state_of(problem)][0].word,
            "cause": sync_log.title_of(problem),
            "code": problem.error or problem.code,
            "explained": explained["message"],
            "since": problem.since.isoformat(timespec="seconds") if problem.since else "",
            "fixed_in": WHO.get(explained["fix_in"], explained["fix_in"]),
            "fix": explained["fix"],
            "entry": entry.clockify_id,
            **_attempt_cells(problem.item, problem.words, names),
        }
    items = [(cause, item) for cause in settled for item in cause.items]
    names = sync_log.names_of(workspace, (item for _, item in items))
    for cause, item in items:
        yield {
            "date": item.txn_date or "",
            "user": named(item.user_name),
            "project": item.project_name,
            "minutes": item.minutes,
            "open": "no",
            "cause": cause.title,
            "code": cause.code,
            "since": item.finished_at.isoformat(timespec="seconds") if item.finished_at else "",
            "entry": item.entry_id,
            **_attempt_cells(item, item.error_message, names),
        }


def _attempt_cells(item: RunItem | None, words: str, names: dict[named_ids.Key, Any]) -> Cells:
    keys = named_ids.keys_of(item.draft) if item else set()
    return {
        "quickbooks_words": named_ids.text(words, keys, names),
        "intuit_tid": item.intuit_tid if item else "",
        "run": item.run_id if item else "",
    }
