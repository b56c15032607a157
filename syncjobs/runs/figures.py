"""A run's figures, from its items and the call journal: the JSON that commands print and pages show."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from integrations.models import ApiCall
from syncjobs.models import Run, RunItem

Outcome = RunItem.Outcome
VERB_COUNTS = {"create": "sent", "update": "updated", "delete": "deleted"}
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


def api_calls(run: Run) -> dict[str, int]:
    """Every HTTP request of this run, retries included."""
    rows = ApiCall.objects.filter(run_id=run.pk).values_list("vendor").annotate(Count("pk"))
    return {"clockify": 0, "quickbooks": 0} | dict(rows)


def sync_figures(run: Run) -> dict[str, Any]:
    """Counts of a time sync. In a dry run `sent`, `updated` and `deleted` say what would happen."""
    figures: dict[str, Any] = dict.fromkeys(SYNC_FIGURES, 0)
    figures["seen"] = run.counters.get("seen", 0)
    figures["unchanged"] = run.counters.get("unchanged", 0)
    reasons: Counter[str] = Counter()
    warnings: Counter[str] = Counter()
    kinds = run.items.values_list("verb", "outcome", "gone").annotate(Count("pk"), Sum("minutes"))
    for verb, outcome, gone, count, minutes in kinds:
        figure = _figure(run, verb, outcome)
        if gone and figure != "deleted":
            # Where time of entries that are gone from Clockify can't be deleted, that shows among the reasons only:
            # `seen` counts what Clockify has, and the other figures add up to it.
            continue
        figures[figure] += count
        if figure == "sent":
            figures["minutes_sent"] += minutes
    for why in _held(run).values_list("reasons", flat=True).iterator(chunk_size=2000):
        reasons.update({reason["code"] for reason in why})
    warned = run.items.exclude(warnings=[]).values_list("verb", "outcome", "warnings")
    for verb, outcome, said in warned.iterator(chunk_size=2000):
        if _figure(run, verb, outcome) in {"sent", "updated"}:
            warnings.update(said)
    for code, count in run.warnings.items():
        warnings[code] += count
    return {
        **figures,
        "blocked_reasons": dict(sorted(reasons.items())),
        "warnings": dict(sorted(warnings.items())),
    }


def _held(run: Run) -> QuerySet[RunItem]:
    """What is blocked, and what is gone from Clockify and has not been deleted."""
    not_deleted = ~Q(outcome=Outcome.DELETED)
    if run.dry_run:
        not_deleted &= ~Q(outcome=Outcome.PLANNED, verb="delete")
    return run.items.filter(Q(outcome=Outcome.BLOCKED) | (Q(gone=True) & not_deleted))


def _figure(run: Run, verb: str, outcome: str) -> str:
    if outcome != Outcome.PLANNED:
        return str(outcome)
    # What a run did not reach has not been sent: it is tried again by the next one.
    return VERB_COUNTS[verb] if run.dry_run else "failed"


def sync_json(run: Run) -> dict[str, Any]:
    return {
        "run": run.pk,
        "status": run.status,
        "dry_run": run.dry_run,
        "from": run.from_date.isoformat() if run.from_date else None,
        "to": run.to_date.isoformat() if run.to_date else None,
        **sync_figures(run),
        "api_calls": api_calls(run),
        **_error(run),
    }


UNDO_FIGURES = ("seen", "deleted", "minutes_deleted", "already_gone", "left_alone", "blocked", "failed", "unknown")


def undo_figures(run: Run) -> dict[str, Any]:
    """Counts of an undo: `seen`, what the undone run created, is the sum of the others but `left_alone`.

    In a dry run `deleted` and `minutes_deleted` say what would happen.
    """
    found = sync_figures(run)
    wanted = [Outcome.DELETED, *([Outcome.PLANNED] if run.dry_run else [])]
    taken_back = run.items.filter(verb="delete", outcome__in=wanted)
    own = {
        "minutes_deleted": taken_back.aggregate(minutes=Sum("minutes"))["minutes"] or 0,
        "already_gone": found["unchanged"],
        "left_alone": run.counters.get("left_alone", 0),
    }
    figures = {name: own[name] if name in own else found[name] for name in UNDO_FIGURES}
    return {**figures, "blocked_reasons": found["blocked_reasons"], "warnings": found["warnings"]}


def undo_json(run: Run) -> dict[str, Any]:
    return {
        "run": run.pk,
        "status": run.status,
        "dry_run": run.dry_run,
        "undone_run": run.options.get("undo"),
        "ignore": bool(run.options.get("ignore")),
        **undo_figures(run),
        "api_calls": api_calls(run),
        **_error(run),
    }


def check_json(run: Run) -> dict[str, Any]:
    """The figures of a check are kept on the run when it ends; an unfinished one shows zeros."""
    nothing = {"seen": 0, "new": 0, "changed": 0, "gone": 0}
    shown = {
        "clockify": {name: dict(nothing) for name in ("users", "clients", "projects")},
        "quickbooks": {name: dict(nothing) for name in ("employees", "customers")},
        "mapping": {name: {"mapped": 0, "unmapped": 0} for name in ("users", "clients", "projects")},
        "plan": {"sku": "", "payroll": None, "supported": False, "reason": ""},
    }
    return {
        "run": run.pk,
        "status": run.status,
        **{name: run.counters.get(name, empty) for name, empty in shown.items()},
        "api_calls": api_calls(run),
        **_error(run),
    }


def _error(run: Run) -> dict[str, Any]:
    if not run.error_code:
        return {}
    return {"error": {"code": run.error_code, "message": run.error_message, "fix": run.error_fix}}


def attempted(run: Run) -> bool:
    """Whether anything was sent, or may have been."""
    return run.items.exclude(outcome__in=[Outcome.PLANNED, Outcome.BLOCKED]).exists()


def exit_code(run: Run) -> int:
    """0 done, 3 nothing attempted, 4 attempted and something failed, is in doubt or was cut short."""
    if run.status == Run.Status.SUCCEEDED:
        return 0
    if run.status == Run.Status.BLOCKED or (run.status == Run.Status.FAILED and not attempted(run)):
        return 3
    return 4
