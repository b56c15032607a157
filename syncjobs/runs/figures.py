"""The figures of a run, from its items and the call journal: the JSON that commands print and pages show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import NotRequired, TypedDict, TypeVar, cast

from django.db.models import Count, Q, QuerySet, Sum

from integrations.models import ApiCall, Company
from syncjobs import run_counters
from syncjobs.models import Action, Run, RunItem
from syncjobs.rules.codes import Code
from syncjobs.rules.verbs import Verb
from syncjobs.run_counters import Counters, SubscriptionSeen, SyncFigures, UndoFigures
from syncjobs.run_options import RunOptions

T = TypeVar("T", bound="RunJson")
Outcome = RunItem.Outcome
VERB_COUNTS: dict[str, str] = {Verb.CREATE: "sent", Verb.UPDATE: "updated", Verb.DELETE: "deleted"}
SYNC_FIGURES = (
    "seen",
    "sent",
    "updated",
    "deleted",
    "unchanged",
    "blocked",
    "failed",
    "unknown",
    "minutes_sent",
)


class ErrorJson(TypedDict):
    """Why a run ended before its end, and what to do about it."""

    code: str
    message: str
    fix: str


class RunJson(TypedDict):
    """What commands print of any run. `api_calls`: HTTP requests by vendor."""

    run: int
    status: str
    api_calls: dict[str, int]
    error: NotRequired[ErrorJson]


# Its first and last day; a function, since `from` is no name in Python.
Days = TypedDict("Days", {"from": str | None, "to": str | None})


class SyncJson(RunJson, Days, SyncFigures):
    """What `sync_time` prints."""

    dry_run: bool


class UndoJson(RunJson, UndoFigures):
    """What `undo_run` prints."""

    dry_run: bool
    undone_run: int | None
    ignore: bool


class CheckJson(RunJson):
    """What `check_for_new` prints: records by list and by what changed, and by kind whether they are mapped."""

    clockify: dict[str, dict[str, int]]
    quickbooks: dict[str, dict[str, int]]
    mapping: dict[str, dict[str, int]]
    plan: SubscriptionSeen
    warnings: dict[str, int]


def api_calls(run: Run) -> dict[str, int]:
    """Return how many HTTP requests the run made to each vendor, retries included; none before it was saved."""
    if run.pk is None:
        return {"clockify": 0, "quickbooks": 0}
    rows = ApiCall.objects.filter(run_id=run.pk).values_list("vendor").annotate(Count("pk"))
    return {"clockify": 0, "quickbooks": 0} | dict(rows)


def sync_figures(run: Run) -> SyncFigures:
    """Return counts, minutes and codes of a sync. In a dry run `sent`, `updated`, `deleted` are what would happen."""
    counted = run_counters.of(run)
    figures = dict.fromkeys(SYNC_FIGURES, 0)
    figures |= {"seen": counted.get("seen", 0), "unchanged": counted.get("unchanged", 0)}
    reasons: Counter[str] = Counter()
    warnings: Counter[str] = Counter()
    groups = run.items.values_list("verb", "outcome", "gone").annotate(Count("pk"), Sum("minutes"))
    for verb, outcome, gone, count, minutes in groups:
        figure = _figure(run, verb, outcome)
        if gone and figure != "deleted":
            # Entries deleted in Clockify whose time can't be deleted appear in `blocked_reasons` only: `seen` counts
            # what Clockify has, and the other figures must add up to it.
            continue
        figures[figure] += count
        if figure == "sent":
            figures["minutes_sent"] += minutes
    in_doubt = _cut_short_in_flight(run)
    figures["failed"] -= in_doubt
    figures["unknown"] += in_doubt
    for item_reasons in _held(run).values_list("reasons", flat=True).iterator(chunk_size=2000):
        # A set, so that an item with two reasons of one code counts once.
        reasons.update({reason["code"] for reason in item_reasons})
    warned = run.items.exclude(warnings=[]).values_list("verb", "outcome", "warnings")
    for verb, outcome, codes in warned.iterator(chunk_size=2000):
        if _figure(run, verb, outcome) in {"sent", "updated"}:
            warnings.update(codes)
    for code, count in run.warnings.items():
        warnings[code] += count
    return figures_from(figures, dict(sorted(reasons.items())), dict(sorted(warnings.items())))


def figures_from(counts: Mapping[str, int], blocked_reasons: dict[str, int], warnings: dict[str, int]) -> SyncFigures:
    """Return the figures of a sync from its counts under the keys of SYNC_FIGURES, 0 for those that are not there."""
    figures = {name: counts.get(name, 0) for name in SYNC_FIGURES}
    return cast(SyncFigures, {**figures, "blocked_reasons": blocked_reasons, "warnings": warnings})


def _cut_short_in_flight(run: Run) -> int:
    """Return how many planned items have a write on its way that the run could not follow: the database was away."""
    if run.is_open or run.dry_run:
        return 0
    on_their_way = run.actions.open().values("entry_id")
    return run.items.filter(outcome=Outcome.PLANNED, gone=False, entry_id__in=on_their_way).count()


def _held(run: Run) -> QuerySet[RunItem]:
    """Return blocked items, and those of entries deleted in Clockify whose time is not deleted."""
    not_deleted = ~Q(outcome__in=[Outcome.DELETED, Outcome.WAITING])
    if run.dry_run:
        not_deleted &= ~Q(outcome=Outcome.PLANNED, verb=Verb.DELETE)
    return run.items.filter(Q(outcome=Outcome.BLOCKED) | (Q(gone=True) & not_deleted))


def _figure(run: Run, verb: str, outcome: str) -> str:
    if outcome == Outcome.WAITING:
        return str(Outcome.UNKNOWN)
    if outcome != Outcome.PLANNED:
        return str(outcome)
    # A record that the run did not reach was not sent; the next run tries it again.
    return VERB_COUNTS[verb] if run.dry_run else "failed"


def sync_json(run: Run) -> SyncJson:
    """Return a time sync as the JSON that `sync_time` prints."""
    values: SyncJson = {
        "run": run.pk,
        "status": run.status,
        "dry_run": run.dry_run,
        "from": run.from_date.isoformat() if run.from_date else None,
        "to": run.to_date.isoformat() if run.to_date else None,
        **sync_figures(run),
        "api_calls": api_calls(run),
    }
    return _with_error(values, run)


UNDO_FIGURES = ("seen", "deleted", "minutes_deleted", "already_gone", "left_alone", "blocked", "failed", "unknown")


def undo_figures(run: Run) -> UndoFigures:
    """Return the counts of an undo: `seen`, what the undone run created, is the sum of the others but `left_alone`.

    In a dry run `deleted` and `minutes_deleted` say what would happen.
    """
    figures_of_sync = sync_figures(run)
    outcomes = [Outcome.DELETED, *([Outcome.PLANNED] if run.dry_run else [])]
    deletions = run.items.filter(verb=Verb.DELETE, outcome__in=outcomes)
    return {
        "seen": figures_of_sync["seen"],
        "deleted": figures_of_sync["deleted"],
        "minutes_deleted": deletions.aggregate(minutes=Sum("minutes"))["minutes"] or 0,
        "already_gone": figures_of_sync["unchanged"],
        "left_alone": run_counters.of(run).get("left_alone", 0),
        "blocked": figures_of_sync["blocked"],
        "failed": figures_of_sync["failed"],
        "unknown": figures_of_sync["unknown"],
        "blocked_reasons": figures_of_sync["blocked_reasons"],
        "warnings": figures_of_sync["warnings"],
    }


def undo_json(run: Run) -> UndoJson:
    """Return an undo as the JSON that `undo_run` prints."""
    options = RunOptions.of(run)
    values: UndoJson = {
        "run": run.pk,
        "status": run.status,
        "dry_run": run.dry_run,
        "undone_run": options.undo,
        "ignore": options.ignore,
        **undo_figures(run),
        "api_calls": api_calls(run),
    }
    return _with_error(values, run)


def check_json(run: Run) -> CheckJson:
    """Return a check as JSON. Its figures are saved when it ends; an unfinished one shows zeros."""
    zero_counts = {"seen": 0, "new": 0, "changed": 0, "gone": 0}
    zeros: Counters = {
        "clockify": {name: dict(zero_counts) for name in ("users", "clients", "projects")},
        "quickbooks": {name: dict(zero_counts) for name in ("employees", "customers")},
        "mapping": {name: {"mapped": 0, "unmapped": 0} for name in ("users", "clients", "projects")},
        "plan": {"sku": "", "payroll": None, "supported": False, "reason": ""},
    }
    counted: Counters = {**zeros, **run_counters.of(run)}
    values: CheckJson = {
        "run": run.pk,
        "status": run.status,
        "clockify": counted["clockify"],
        "quickbooks": counted["quickbooks"],
        "mapping": counted["mapping"],
        "plan": counted["plan"],
        "warnings": {Code.UNREADABLE: 0, **run.warnings},
        "api_calls": api_calls(run),
    }
    return _with_error(values, run)


def _with_error(values: T, run: Run) -> T:
    """Add the run's error to its JSON, at its end, if it has one."""
    if run.error_code:
        values["error"] = {"code": run.error_code, "message": run.error_message, "fix": run.error_fix}
    return values


def attempted(run: Run) -> bool:
    """Return True if the run sent anything or may have: as saved at its end, else as its rows say."""
    saved = run_counters.of(run).get("attempted")
    return _has_own_writes(run) if saved is None else saved


def attempted_since(run: Run, leased_at: datetime | None) -> bool:
    """Return True if the run attempted anything, earlier slices included.

    `leased_at`: since when it has been the company's only writer; None if it never was.
    """
    return (
        run_counters.of(run).get("attempted", False) or _has_own_writes(run) or _was_tried_since(run.company, leased_at)
    )


def _was_tried_since(company: Company | None, leased_at: datetime | None) -> bool:
    # Without the lease, what is tried just now is another run's.
    if company is None or leased_at is None:
        return False
    # Settling sends writes that earlier runs began, which count as theirs.
    tried = Action.objects.filter(company=company, tried_at__gte=leased_at)
    return tried.exclude(state=Action.State.ABANDONED).exists()


def _has_own_writes(run: Run) -> bool:
    has_outcomes = run.items.exclude(outcome__in=[Outcome.PLANNED, Outcome.BLOCKED, Outcome.WAITING]).exists()
    # A write may have arrived although its receipt could not be saved. Abandoned ones are proven not to have happened.
    return has_outcomes or run.actions.exclude(state=Action.State.ABANDONED).exists()


def exit_code(run: Run) -> int:
    """Return 0 when done, 3 when nothing was attempted, 4 when something failed, is unknown or was cut short."""
    if run.status == Run.Status.SUCCEEDED:
        return 0
    if run.status == Run.Status.BLOCKED or (run.status == Run.Status.FAILED and not attempted(run)):
        return 3
    return 4
