"""The page about many entries missing from Clockify at once: check again, preview, and delete what is really gone."""

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
    """Entries missing from Clockify, the run that reported them, and the days it read."""

    run: Run
    first: date
    last: date
    missing: QuerySet[TimeEntry]


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is missing; a POST asks for `check`, `preview`, or `delete` with the preview that was shown."""
    workspace = access.workspace_at(pk)
    if request.method != "POST":
        context = page_context(workspace, request.GET)
        return access.show(request, "runs/mass_deletion.html", context, title="Missing from Clockify")
    try:
        run = _request_run(request, workspace)
    except Refused as refusal:
        messages.error(request, str(refusal))
    except runs.AlreadyRunning as busy:
        run_requests.tell(request, messages.WARNING, str(busy), busy.run)
    else:
        run_requests.tell(request, messages.SUCCESS, f"{run} was asked for and begins by itself.", run)
        if run.kind == Run.Kind.SYNC and not run.dry_run:
            return redirect("admin:syncjobs_run_change", run.pk)
    return redirect("hourbridge:missing", workspace.pk)


def _request_run(request: HttpRequest, workspace: Workspace) -> Run:
    """Request the run that was chosen. Raises Refused and AlreadyRunning."""
    verb = request.POST.get("verb", "")
    if verb == "check":
        return run_requests.request_run(workspace, Run.Kind.CHECK, person=request.user)
    report = finding(workspace)
    if report is None or verb not in {"preview", "delete"}:
        raise Refused("Nothing is missing any more, or nothing was chosen.")
    if verb == "preview":
        ids = sorted(report.missing.values_list("clockify_id", flat=True))
        options = {"believe_deletions": True, "entries": ids}
        dates = {"first": report.first, "last": report.last}
        return run_requests.request_run(
            workspace, Run.Kind.SYNC, person=request.user, dry_run=True, options=options, **dates
        )
    shown = preview(report)
    # Another preview that was made meanwhile may list other entries than this person has seen.
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
    """Return the entries that the last warning run missed and no later run saw; None where nothing is missing."""
    warned = Run.objects.filter(workspace=workspace, warnings__has_key=WARNING).exclude(status__in=runs.OPEN)
    run = warned.exclude(started_at=None).order_by("-pk").first()
    if run is None:
        return None
    first = run.from_date or workspace.start_date
    last = run.to_date or workspace.today(run.created_at)
    days = Q(txn_date__range=(first, last))
    # An entry may have moved out of the window in Clockify while its activity is still on a day inside it.
    sent = Receipt.objects.own_activities(workspace).filter(days).values("entry_id")
    missing = TimeEntry.objects.filter(workspace=workspace, deleted_at=None, last_seen_at__lt=run.started_at)
    missing = missing.filter(days | Q(clockify_id__in=sent)).order_by("txn_date", "start_at", "pk").defer("raw")
    return Finding(run, first, last, missing) if missing.exists() else None


def preview(report: Finding) -> Run | None:
    """Return the last preview of the deletion that was made after the warning; None where there is none."""
    since = Run.objects.filter(workspace=report.run.workspace, pk__gt=report.run.pk, kind=Run.Kind.SYNC, dry_run=True)
    deletion_previews = since.filter(options__believe_deletions=True, options__has_key="entries")
    return deletion_previews.select_related("person").order_by("-pk").first()


def is_shown(run: Run) -> bool:
    """Return whether a preview came to its end, so that a person could see what would happen."""
    return run.status in {Run.Status.SUCCEEDED, Run.Status.PARTIAL}


def page_context(workspace: Workspace, params: Any) -> dict[str, Any]:
    """Return the context of the page; `params` has the number of the page of entries."""
    report = finding(workspace)
    context: dict[str, Any] = {"workspace": workspace, "zone": workspace.time_zone, "report": report}
    if report is None:
        return context
    pages = Paginator(report.missing, detail.ITEMS_A_PAGE)
    entries = pages.get_page(params.get("page", 1))
    receipts = {receipt.entry_id: receipt for receipt in _receipts(workspace, report)}
    people = set(report.missing.order_by().values_list("user_name", flat=True))
    projects = set(report.missing.order_by().values_list("project_name", flat=True))
    known = inputs.entries_between(workspace, report.first, report.last).count()
    blocking_reasons = inputs.connection_reasons(workspace)
    return {
        **context,
        "page": entries,
        "rows": [
            (entry, receipts.get(entry.clockify_id), _minutes(entry, receipts.get(entry.clockify_id)))
            for entry in entries
        ],
        "all": pages.count,
        "known": known,
        "sent": len(receipts),
        "sent_minutes": sum(receipt.minutes for receipt in receipts.values()),
        "people": sorted(people),
        "projects": sorted(projects),
        "refused": reasons.sentence(blocking_reasons[0].as_row()) if blocking_reasons else "",
        **_preview_context(report),
    }


def _receipts(workspace: Workspace, report: Finding) -> QuerySet[Receipt]:
    entry_ids = report.missing.order_by().values("clockify_id")
    return Receipt.objects.own_activities(workspace).filter(entry_id__in=entry_ids).defer("draft", "differences")


def _minutes(entry: TimeEntry, receipt: Receipt | None) -> int:
    # A running timer has no seconds yet.
    return receipt.minutes if receipt else (entry.seconds or 0) // 60


def _preview_context(report: Finding) -> dict[str, Any]:
    shown = preview(report)
    if shown is None:
        return {"preview": None}
    figures = sync_figures(shown) if not shown.is_open else None
    listed = set(shown.options["entries"])
    new = set(report.missing.values_list("clockify_id", flat=True)) - listed
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
