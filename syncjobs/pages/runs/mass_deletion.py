"""Many entries missing from Clockify at once: which, why perhaps, and the way on when they are really gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from integrations.models import TimeEntry, Workspace
from mapping.errors import Refused
from syncjobs.models import Receipt, Run
from syncjobs.pages import access, run_requests
from syncjobs.pages.runs import detail
from syncjobs.planning import inputs
from syncjobs.rules import reasons
from syncjobs.runs import lifecycle as runs
from syncjobs.runs.figures import sync_figures

WARNING = "MANY_MISSING"


@dataclass(frozen=True)
class Finding:
    """The run that found it, the days it looked at, and what it did not find there."""

    run: Run
    first: date
    last: date
    missing: QuerySet[TimeEntry]


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """What is missing; posted to it: `check`, `preview`, or `delete` with the preview that was looked at."""
    workspace = access.workspace_at(pk)
    if request.method != "POST":
        context = page_context(workspace, request.GET)
        return access.show(request, "runs/mass_deletion.html", context, title="Missing from Clockify")
    try:
        asked = _ask(request, workspace)
    except Refused as refusal:
        messages.error(request, str(refusal))
    except runs.AlreadyRunning as busy:
        run_requests.tell(request, messages.WARNING, str(busy), busy.run)
    else:
        run_requests.tell(request, messages.SUCCESS, f"{asked} was asked for and begins by itself.", asked)
        if asked.kind == Run.Kind.SYNC and not asked.dry_run:
            return redirect("admin:syncjobs_run_change", asked.pk)
    return redirect("hourbridge:missing", workspace.pk)


def _ask(request: HttpRequest, workspace: Workspace) -> Run:
    verb = request.POST.get("verb", "")
    if verb == "check":
        return run_requests.request_run(workspace, Run.Kind.CHECK, person=request.user)
    found = finding(workspace)
    if found is None or verb not in {"preview", "delete"}:
        raise Refused("Nothing is missing any more, or nothing was chosen.")
    if verb == "preview":
        ids = sorted(found.missing.values_list("clockify_id", flat=True))
        options = {"believe_deletions": True, "entries": ids}
        dates = {"first": found.first, "last": found.last}
        return run_requests.request_run(
            workspace, Run.Kind.SYNC, person=request.user, dry_run=True, options=options, **dates
        )
    shown = preview(found)
    if shown is None or not is_shown(shown) or request.POST.get("preview") != str(shown.pk):
        raise Refused("Look at a preview first: another one was made since, or none yet.")
    # The very entries that the preview listed, not what went missing since.
    return run_requests.request_run(
        workspace,
        Run.Kind.SYNC,
        person=request.user,
        first=shown.from_date,
        last=shown.to_date,
        options=dict(shown.options),
    )


def finding(workspace: Workspace) -> Finding | None:
    """What the last run that warned did not find, and no later one either; None where nothing is missing."""
    warned = Run.objects.filter(workspace=workspace, warnings__has_key=WARNING).exclude(status__in=runs.OPEN)
    run = warned.exclude(started_at=None).order_by("-pk").first()
    if run is None:
        return None
    first = run.from_date or workspace.start_date
    last = run.to_date or workspace.today(run.created_at)
    days = Q(txn_date__range=(first, last))
    sent = Receipt.objects.own_activities(workspace).filter(days).values("entry_id")
    missing = TimeEntry.objects.filter(workspace=workspace, deleted_at=None, last_seen_at__lt=run.started_at)
    missing = missing.filter(days | Q(clockify_id__in=sent)).order_by("txn_date", "start_at", "pk").defer("raw")
    return Finding(run, first, last, missing) if missing.exists() else None


def preview(found: Finding) -> Run | None:
    """The last preview of their deletion that was made since they were found missing."""
    believing = Run.objects.filter(workspace=found.run.workspace, pk__gt=found.run.pk, kind=Run.Kind.SYNC, dry_run=True)
    narrowed = believing.filter(options__believe_deletions=True, options__has_key="entries")
    return narrowed.select_related("person").order_by("-pk").first()


def is_shown(shown: Run) -> bool:
    """Whether it came to its end, so that a person has seen what would happen."""
    return shown.status in {Run.Status.SUCCEEDED, Run.Status.PARTIAL}


def page_context(workspace: Workspace, asked: Any) -> dict[str, Any]:
    """Everything the page shows."""
    found = finding(workspace)
    context: dict[str, Any] = {"workspace": workspace, "zone": workspace.time_zone, "found": found}
    if found is None:
        return context
    pages = Paginator(found.missing, detail.ITEMS_A_PAGE)
    rows = pages.get_page(asked.get("page", 1))
    receipts = {one.entry_id: one for one in _receipts(workspace, found)}
    people = set(found.missing.order_by().values_list("user_name", flat=True))
    projects = set(found.missing.order_by().values_list("project_name", flat=True))
    known = inputs.entries_between(workspace, found.first, found.last).count()
    speaks_against = inputs.connection_reasons(workspace)
    return {
        **context,
        "page": rows,
        "rows": [(row, receipts.get(row.clockify_id), _minutes(row, receipts.get(row.clockify_id))) for row in rows],
        "all": pages.count,
        "known": known,
        "sent": len(receipts),
        "sent_minutes": sum(one.minutes for one in receipts.values()),
        "people": sorted(people),
        "projects": sorted(projects),
        "refused": reasons.sentence(speaks_against[0].as_row()) if speaks_against else "",
        **_previewed(found),
    }


def _receipts(workspace: Workspace, found: Finding) -> QuerySet[Receipt]:
    missing = found.missing.order_by().values("clockify_id")
    return Receipt.objects.own_activities(workspace).filter(entry_id__in=missing).defer("draft", "differences")


def _minutes(row: TimeEntry, receipt: Receipt | None) -> int:
    return receipt.minutes if receipt else (row.seconds or 0) // 60


def _previewed(found: Finding) -> dict[str, Any]:
    shown = preview(found)
    if shown is None:
        return {"preview": None}
    figures = sync_figures(shown) if not shown.is_open else None
    listed = set(shown.options["entries"])
    new = set(found.missing.values_list("clockify_id", flat=True)) - listed
    return {
        "preview": shown,
        "is_shown": is_shown(shown),
        "figures": figures,
        "listed": len(listed),
        "new": len(new),
        "stays": [
            (reasons.WORDINGS[code].title, count)
            for code, count in (figures["blocked_reasons"] if figures else {}).items()
            if code in reasons.WORDINGS
        ],
    }
