"""One run: how far it is, what it did, what it could not do, and each item with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone

from syncjobs.models import Action, Run, RunItem
from syncjobs.pages import access
from syncjobs.pages.runs import result, throughput
from syncjobs.rules import refusals
from syncjobs.rules.reasons import WORDINGS
from syncjobs.runs import undo
from syncjobs.runs.figures import api_calls, check_json, sync_figures, undo_figures

ITEMS_A_PAGE = 50
OUTCOMES = RunItem.Outcome
# The way of a sync, as its stages are called while they last.
STAGES = (
    "Checking the plan",
    "Looking for what became of earlier writes",
    "Reading time entries from Clockify",
    "Planning",
    "Sending",
    "Looking for what stayed in doubt",
)


@dataclass(frozen=True)
class Cause:
    """Why items were not sent: one line for all that share it."""

    title: str
    words: str
    entries: int
    minutes: int
    outcome: str
    code: str = ""

    @property
    def resolution(self) -> str:
        """In other words, and what to do about it."""
        if self.outcome == OUTCOMES.UNKNOWN:
            return WORDINGS["OUTCOME_UNKNOWN"].fix
        known = refusals.meaning(self.code)
        return f"In other words: {known.words} {known.fix}" if known.words else known.fix


def page_context(run: Run, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Everything the page shows. An open run's figures are counted; a finished one's were saved with it."""
    workspace = access.workspaces().get(pk=run.workspace_id)
    outcomes = _by_outcome(run)
    chosen = asked.get("outcome", "")
    chosen = chosen if chosen in OUTCOMES.values else ""
    found = asked.get("q", "").strip()
    pages = Paginator(items(run, outcome=chosen, search=found), ITEMS_A_PAGE)
    said = figures(run) if run.kind == Run.Kind.SYNC else None
    not_reached = outcomes.get(OUTCOMES.PLANNED, 0) if not (run.is_open or run.dry_run) else 0
    refused = outcomes.get(OUTCOMES.FAILED, 0)
    return {
        "run": run,
        "workspace": workspace,
        "zone": workspace.time_zone,
        "took": took(run),
        "throughput": throughput.throughput(run, now=timezone.now()) if run.is_open else "",
        "figures": said,
        "result": result.result(run, said, refused=refused, not_reached=not_reached) if said else None,
        "narrowed": result.narrowed(run),
        "taken_back": undo_figures(run) if run.kind == Run.Kind.UNDO else None,
        "undo_link": undo_link(run),
        "check": check_json(run) if run.kind == Run.Kind.CHECK else None,
        "read": _read(run),
        "calls": api_calls(run),
        "outcomes": [(name, OUTCOMES(name).value, count) for name, count in outcomes.items()],
        "all_items": sum(outcomes.values()),
        "chosen": chosen,
        "search": found,
        "page": pages.get_page(asked.get("page", 1)),
        "causes": causes(run),
        "held": held(run) if run.kind == Run.Kind.SYNC else [],
        "not_reached": not_reached,
        "refused": refused,
        "to_retry": refused + not_reached + outcomes.get(OUTCOMES.UNKNOWN, 0),
        "doubtful": Action.objects.filter(run=run, state=Action.State.SENDING).order_by("pk")[:ITEMS_A_PAGE],
        "stages": stages(run),
        "idle": run.status == Run.Status.QUEUED and (timezone.now() - run.created_at).total_seconds() > 30,
    }


def undo_link(run: Run) -> tuple[str, str] | None:
    """Address and words of the way from a run to its undo, or from an undo to what it is about."""
    if run.kind == Run.Kind.UNDO and "undo" in run.options:
        return reverse("hourbridge:undo-run", args=[run.options["undo"]]), f"Undo of run {run.options['undo']}"
    if run.kind == Run.Kind.SYNC and not run.dry_run and not run.is_open and undo.created(run).exists():
        return reverse("hourbridge:undo-run", args=[run.pk]), "Undo this run…"
    return None


def _read(run: Run) -> list[tuple[str, dict[str, int]]]:
    """What a check read of each side, in lines."""
    sides = (("Clockify", "clockify"), ("QuickBooks", "quickbooks"))
    return [
        (f"{side} {records}", counts) for side, name in sides for records, counts in run.counters.get(name, {}).items()
    ]


def items(run: Run, *, outcome: str = "", search: str = "") -> QuerySet[RunItem]:
    """By day, narrowed to an outcome and to what a search finds; while a sync writes, the latest write first."""
    rows = run.items.order_by("txn_date", "pk")
    if run.is_open and run.done:
        rows = run.items.order_by(F("finished_at").desc(nulls_last=True), "txn_date", "pk")
    if outcome:
        rows = rows.filter(outcome=outcome)
    if search:
        rows = rows.filter(
            Q(user_name__icontains=search)
            | Q(project_name__icontains=search)
            | Q(entry_id=search)
            | Q(quickbooks_id=search)
            | Q(intuit_tid=search)
            | Q(error_code=search)
        )
    return rows


def _by_outcome(run: Run) -> dict[str, int]:
    return dict(run.items.order_by().values_list("outcome").annotate(Count("pk")))


def figures(run: Run) -> dict[str, Any]:
    """As `sync_time` prints them; counting each item anew is left to runs that ended without saving theirs."""
    saved = run.counters.get("figures")
    if saved and not run.is_open:
        return dict(saved)
    if run.is_open:
        counted = _by_outcome(run)
        sent = run.items.filter(outcome=OUTCOMES.SENT).aggregate(minutes=Sum("minutes"))["minutes"]
        return {name: counted.get(name, 0) for name in OUTCOMES.values} | {
            "seen": run.counters.get("seen", 0),
            "unchanged": run.counters.get("unchanged", 0),
            "minutes_sent": sent or 0,
        }
    return sync_figures(run)


def causes(run: Run) -> list[Cause]:
    """Refused and doubtful items by QuickBooks' code and words, the most frequent first."""
    rows = run.items.filter(outcome__in=[OUTCOMES.FAILED, OUTCOMES.UNKNOWN]).order_by()
    grouped = rows.values_list("outcome", "error_code", "error_message").annotate(Count("pk"), Sum("minutes"))
    found = [
        Cause(
            title="No answer, in doubt" if outcome == OUTCOMES.UNKNOWN else "Refused by QuickBooks",
            words=message,
            entries=entries,
            minutes=minutes or 0,
            outcome=outcome,
            code=code,
        )
        for outcome, code, message, entries, minutes in grouped
    ]
    return sorted(found, key=lambda cause: (-cause.entries, cause.code, cause.words))


def held(run: Run) -> list[tuple[str, str, int, bool]]:
    """Reasons of what was not sent: code, title, how many entries, and whether such time is left out by rule."""
    counted = (run.counters.get("figures") or {}).get("blocked_reasons", {})
    found = [
        (code, WORDINGS[code].title if code in WORDINGS else code, count, _by_rule(code))
        for code, count in counted.items()
    ]
    return sorted(found, key=lambda row: (row[3], -row[2], row[1]))


def _by_rule(code: str) -> bool:
    return code in WORDINGS and WORDINGS[code].by_rule


def stages(run: Run) -> list[tuple[str, str]]:
    """A sync's stages with done, now or later; none for a check or a run that ended."""
    if run.kind != Run.Kind.SYNC or run.status != Run.Status.RUNNING or run.stage not in STAGES:
        return []
    current = STAGES.index(run.stage)
    way = STAGES[:4] if run.dry_run else STAGES
    return [
        (stage, "done" if place < current else "now" if place == current else "later")
        for place, stage in enumerate(way)
    ]


def took(run: Run) -> str:
    """`0:54`, to now while it goes on; empty before it starts."""
    if run.started_at is None:
        return ""
    seconds = int(((run.finished_at or timezone.now()) - run.started_at).total_seconds())
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
