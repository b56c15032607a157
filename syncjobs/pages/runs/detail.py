"""One run: how far it is, what it did, what it could not do, and each item with its reasons."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from integrations.reading import shrunk_lists
from mapping.queries import mirrored_names
from syncjobs import run_counters
from syncjobs.display import badges, run_summary, warnings
from syncjobs.models import Action, Run, RunItem
from syncjobs.pages import access, links, paging
from syncjobs.pages.runs import preview, result, throughput
from syncjobs.pages.runs.contexts import OUTCOMES, Cause, ItemsContext, ResultContext, RunContext, WarningLine
from syncjobs.planning import service_item
from syncjobs.rules.codes import Code
from syncjobs.rules.reasons import UNDONE, WORDINGS
from syncjobs.rules.stages import OF_PREVIEW, OF_SYNC, Stage
from syncjobs.rules.steps import differences, many_deletions
from syncjobs.rules.steps.many_deletions import MANY_DELETIONS, MANY_MISSING
from syncjobs.run_counters import SyncFigures
from syncjobs.run_options import RunOptions
from syncjobs.runs import undo
from syncjobs.runs.figures import api_calls, check_json, figures_from, sync_figures, undo_figures
from syncjobs.runs.lifecycle import former_company_text


def page_context(run: Run, request: HttpRequest) -> RunContext:
    """Return the context of the run page; `outcome`, `q` and `page` of the address choose its items."""
    workspace = run.workspace = access.workspaces().get(pk=run.workspace_id)
    former_company = run.former_company
    outcomes = _by_outcome(run)
    run_causes = causes(run)
    return {
        "interruptions": run_summary.interruptions(run),
        "run": run,
        "workspace": workspace,
        "zone": workspace.time_zone,
        "took": took(run),
        "throughput": throughput.throughput(run, now=timezone.now()) if run.is_open else "",
        "stages": stages(run),
        # A live worker takes a run within a second or two.
        "idle": run.status == Run.Status.QUEUED and (timezone.now() - run.created_at).total_seconds() > 30,
        "narrowed": result.narrowed(run, _names(run)),
        "preview": preview.preview(run) if preview.is_shown(run) else None,
        "taken_back": undo_figures(run) if run.kind == Run.Kind.UNDO else None,
        "undo_link": undo_link(run) if former_company is None else None,
        "check": check_json(run) if run.kind == Run.Kind.CHECK else None,
        "shrunk_lists": shrunk_lists.of_workspace(workspace) if shrunk_lists.WARNING in run.warnings else [],
        "read": _read(run),
        "calls": api_calls(run),
        **_result_context(run, outcomes, run_causes),
        **_items_context(run, outcomes, request),
        "causes": run_causes,
        "held": held(run) if run.kind == Run.Kind.SYNC else [],
        "company": former_company or workspace.company,
        "former_company_text": former_company_text(former_company) if former_company else "",
        "uncertain_writes": Action.objects.uncertain().filter(run=run).order_by("pk")[: paging.ROWS_A_PAGE],
    }


def _result_context(run: Run, outcomes: Mapping[str, int], run_causes: list[Cause]) -> ResultContext:
    """Return a sync's figures, and its items by outcome: what was refused apart from what was left undone."""
    run_figures = figures(run, outcomes) if run.kind == Run.Kind.SYNC else None
    # An item still planned after the end means the run was cut short; in a preview that is every item.
    not_reached = outcomes.get(OUTCOMES.PLANNED, 0) if not (run.is_open or run.dry_run) else 0
    waiting = sum(cause.entries for cause in run_causes if cause.code in UNDONE)
    refused = outcomes.get(OUTCOMES.FAILED, 0) - waiting
    return {
        "figures": run_figures,
        "warning_lines": _warning_lines(run, run_figures),
        "in_doubt": many_deletions.in_doubt(run_figures) if run_figures else 0,
        "waiting": many_deletions.waiting(run_figures) if run_figures else 0,
        "result": result.result(run, run_figures, refused=refused, not_reached=not_reached, waiting=waiting)
        if run_figures
        else None,
        "outcomes": [
            (badges.of_failed(refused, waiting) if name == OUTCOMES.FAILED else badges.of_item(name), name, count)
            for name, count in outcomes.items()
        ],
        "all_items": sum(outcomes.values()),
        "not_reached": not_reached,
        "refused": refused,
        "not_known": waiting,
        "to_retry": refused + waiting + not_reached + outcomes.get(OUTCOMES.UNKNOWN, 0),
    }


def _items_context(run: Run, outcomes: Mapping[str, int], request: HttpRequest) -> ItemsContext:
    """Return the page of items that the address asks for."""
    params = request.GET
    search = params.get("q", "").strip()
    chosen = _chosen(run, outcomes, "" if search and "outcome" not in params else params.get("outcome"))
    page = paging.page_of(request, items(run, outcome=chosen, search=search))
    return {"chosen": chosen, "search": search, "page": page}


def _chosen(run: Run, outcomes: Mapping[str, int], asked: str | None) -> str:
    """Return the outcome that is listed: once a run ended, what needs a person, unless another was asked for."""
    if asked is None and not run.is_open and not run.dry_run:
        return next((name for name in (OUTCOMES.FAILED, OUTCOMES.UNKNOWN) if outcomes.get(name)), "")
    return asked if asked in OUTCOMES.values else ""


def _names(run: Run) -> dict[str, list[str]]:
    """Return the names of the people and projects that a run is narrowed to, by the option's key."""
    kinds = {"users": "user", "projects": "project"}
    return {
        key: sorted(mirrored_names(run.workspace, kinds[key], ids).values())
        for key, ids in RunOptions.of(run).narrowed_to.items()
        if key in kinds
    }


def undo_link(run: Run) -> tuple[str, str] | None:
    """Return address and text of the link between a run and its undo; None where there is nothing to undo."""
    undone = RunOptions.of(run).undo
    if run.kind == Run.Kind.UNDO and undone is not None:
        return reverse("hourbridge:undo-run", args=[undone]), f"Undo of run {undone}"
    if run.kind == Run.Kind.SYNC and not run.dry_run and not run.is_open and undo.created(run).exists():
        return reverse("hourbridge:undo-run", args=[run.pk]), "Undo this run…"
    return None


def _read(run: Run) -> list[tuple[str, dict[str, int]]]:
    """Return (side and kind of record, counts) for each list that a check read."""
    counted = run_counters.of(run)
    sides = (("Clockify", counted.get("clockify", {})), ("QuickBooks", counted.get("quickbooks", {})))
    return [(f"{side} {records}", counts) for side, lists in sides for records, counts in lists.items()]


def items(run: Run, *, outcome: str = "", search: str = "") -> QuerySet[RunItem]:
    """Return a run's items by day, filtered by outcome and search; while a sync writes, the latest write first."""
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


def _warning_lines(run: Run, run_figures: SyncFigures | None) -> list[WarningLine]:
    """Return a line for each warning; lists that lost many records have a part of the page of their own."""
    counts = run_figures.get("warnings", {}) if run_figures else {}
    shown = {code: n for code, n in counts.items() if code != shrunk_lists.WARNING}
    deletions = (reverse("hourbridge:missing", args=[run.workspace_id]), "See which, and decide")
    since_sent = (reverse("hourbridge:since-sent", args=[run.workspace_id]), "See which")
    unreadable = (reverse("admin:integrations_unreadablerecord_changelist"), "See what is wrong")
    pages: dict[str, tuple[str, str]] = {
        MANY_MISSING: deletions,
        MANY_DELETIONS: deletions,
        Code.UNREADABLE: unreadable,
        **dict.fromkeys(differences.CODES, since_sent),
    }
    lines = warnings.lines(shown, zone=run.workspace.time_zone)
    found = [WarningLine(code, sentence, *pages.get(code, ())) for code, sentence in lines]
    note = service_item.note(run)
    if note:
        found.append(WarningLine("", note, links.rule(run.workspace_id, "service_item"), "Choose one"))
    return found


def figures(run: Run, outcomes: Mapping[str, int] | None = None) -> SyncFigures:
    """Return a sync's figures under the keys that `sync_time --json` prints; minutes as whole numbers.

    `outcomes`: the items by outcome where they were counted already, so that a live page shows one moment.
    """
    counted = run_counters.of(run)
    saved = counted.get("figures")
    # Only runs that ended without saving their figures are counted again.
    if saved and not run.is_open:
        return saved
    if run.is_open:
        outcomes = _by_outcome(run) if outcomes is None else outcomes
        minutes_sent = run.items.filter(outcome=OUTCOMES.SENT).aggregate(minutes=Sum("minutes"))["minutes"]
        so_far = {"seen": counted.get("seen", 0), "unchanged": counted.get("unchanged", 0)}
        return figures_from({**outcomes, **so_far, "minutes_sent": minutes_sent or 0}, {}, {})
    return sync_figures(run)


def causes(run: Run) -> list[Cause]:
    """Return refused items and those with an unknown outcome by QuickBooks' code and message, most frequent first."""
    rows = run.items.filter(outcome__in=[OUTCOMES.FAILED, OUTCOMES.UNKNOWN]).order_by()
    grouped = rows.values_list("outcome", "error_code", "error_message").annotate(Count("pk"), Sum("minutes"))
    rows_by_cause = [
        Cause(
            title=_cause_title(outcome, code),
            message=message,
            entries=entries,
            minutes=minutes or 0,
            outcome=outcome,
            code=code,
        )
        for outcome, code, message, entries, minutes in grouped
    ]
    return sorted(rows_by_cause, key=lambda cause: (-cause.entries, cause.code, cause.message))


def _cause_title(outcome: str, code: str) -> str:
    if outcome == OUTCOMES.UNKNOWN:
        return WORDINGS[Code.OUTCOME_UNKNOWN].title
    return WORDINGS[code].title if code in WORDINGS else WORDINGS[Code.QUICKBOOKS_REFUSED].title


def held(run: Run) -> list[tuple[str, str, int, bool]]:
    """Return (code, title, entries, excluded by rule) for each reason why time was not sent, held ones first."""
    saved = run_counters.of(run).get("figures")
    count_by_code = saved.get("blocked_reasons", {}) if saved else {}
    reason_rows = [
        (code, WORDINGS[code].title if code in WORDINGS else code, count, _by_rule(code))
        for code, count in count_by_code.items()
    ]
    return sorted(reason_rows, key=lambda row: (row[3], -row[2], row[1]))


def _by_rule(code: str) -> bool:
    return code in WORDINGS and WORDINGS[code].by_rule


def stages(run: Run) -> list[tuple[str, str]]:
    """Return a sync's stages, each done, now or later; empty for a check or a run that ended."""
    expected = OF_PREVIEW if run.dry_run else OF_SYNC
    if run.kind != Run.Kind.SYNC or run.status != Run.Status.RUNNING or run.stage not in expected:
        return []
    current = expected.index(Stage(run.stage))
    return [
        (stage, "done" if index < current else "now" if index == current else "later")
        for index, stage in enumerate(expected)
    ]


def took(run: Run) -> str:
    """Return how long a run took, such as `0:54`, or has taken so far; empty before it starts."""
    if run.started_at is None:
        return ""
    seconds = int(((run.finished_at or timezone.now()) - run.started_at).total_seconds())
    hours, remainder = divmod(seconds, 3600)
    return f"{hours}:{remainder // 60:02d}:{remainder % 60:02d}" if hours else f"{remainder // 60}:{remainder % 60:02d}"
