"""The page about many deletions at once: what would be deleted and why, and a person's answer after a preview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Max, Min, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from integrations.models import TimeEntry, Workspace
from integrations.typed_numbers import whole_number
from mapping.errors import Refused
from syncjobs.display import vendor_links
from syncjobs.display.formatting import number
from syncjobs.models import Run, RunItem
from syncjobs.pages import access, paging, run_requests
from syncjobs.pages.runs.contexts import DeletionRow, DeletionsPreviewContext
from syncjobs.planning import inputs
from syncjobs.rules import reasons
from syncjobs.rules.steps.many_deletions import MANY_MISSING
from syncjobs.run_options import RunOptions
from syncjobs.runs import lifecycle as runs
from syncjobs.runs import many_deletions
from syncjobs.runs.figures import sync_figures

GONE = "Deleted in Clockify"


@dataclass(frozen=True)
class Question:
    """The deletions that wait for review, the last run that asked, and the days that it and those before it read."""

    run: Run
    first: date
    last: date
    items: QuerySet[RunItem]


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what waits; a POST asks for `check` or `preview`, or answers `delete` or `keep` to what was shown."""
    workspace = access.workspace_at(pk)
    if request.method != "POST":
        context = page_context(workspace, request)
        return access.show(request, "runs/mass_deletion.html", context, title="Many deletions at once")
    try:
        if request.POST.get("verb") == "keep":
            _keep(request, workspace)
            return redirect("hourbridge:missing", workspace.pk)
        run = _request_run(request, workspace)
    except Refused as refusal:
        messages.error(request, str(refusal))
    except runs.AlreadyRunning as busy:
        run_requests.tell(request, messages.WARNING, str(busy), busy.run)
    else:
        run_requests.tell_requested(request, str(run), run)
        if run.kind == Run.Kind.SYNC and not run.dry_run:
            return redirect("admin:syncjobs_run_change", run.pk)
    return redirect("hourbridge:missing", workspace.pk)


def _keep(request: HttpRequest, workspace: Workspace) -> None:
    """Keep in QuickBooks what was listed. Raises Refused."""
    asked_by = whole_number(request.POST.get("asked_by", ""))
    if asked_by is None:
        raise Refused("Nothing was chosen.")
    kept = many_deletions.keep_undecided(workspace, asked_by=asked_by, person=request.user, now=timezone.now())
    messages.success(request, f"The time of {number(kept, 'entry,entries')} stays in QuickBooks as it was sent.")


def _request_run(request: HttpRequest, workspace: Workspace) -> Run:
    """Request the run that was chosen. Raises Refused and AlreadyRunning."""
    verb = request.POST.get("verb", "")
    if verb == "check":
        return run_requests.request_run(workspace, Run.Kind.CHECK, person=request.user)
    asked = question(workspace)
    if asked is None or verb not in {"preview", "delete"}:
        raise Refused("Nothing is waiting to be deleted anymore, or nothing was chosen.")
    if verb == "preview":
        ids = sorted(asked.items.values_list("entry_id", flat=True))
        return run_requests.request_run(
            workspace,
            Run.Kind.SYNC,
            person=request.user,
            dry_run=True,
            first=asked.first,
            last=asked.last,
            options=RunOptions(entries=tuple(ids), believe_deletions=True, answers=asked.run.pk),
        )
    shown = preview(asked)
    # Another preview that was made meanwhile may list other entries than this person has seen.
    if shown is None or not is_shown(shown) or request.POST.get("preview") != str(shown.pk):
        raise Refused("Review a preview first: the list or the preview has changed since you opened this page.")
    # The very entries that the preview listed, not what came to wait since.
    return run_requests.request_run(
        workspace,
        Run.Kind.SYNC,
        person=request.user,
        first=shown.from_date,
        last=shown.to_date,
        options=RunOptions.of(shown),
    )


def question(workspace: Workspace) -> Question | None:
    """Return what waits for review's answer; None where nothing does."""
    items = many_deletions.undecided().filter(run__workspace=workspace)
    found = items.aggregate(last_run=Max("run_id"), first=Min("run__from_date"), last=Max("run__to_date"))
    if found["last_run"] is None:
        return None
    run = Run.objects.get(pk=found["last_run"])
    return Question(run, found["first"], found["last"], items.order_by("txn_date", "user_name", "pk"))


def preview(asked: Question) -> Run | None:
    """Return the last preview of these deletions that this page asked for; None where there is none."""
    previews = Run.objects.filter(workspace=asked.run.workspace_id, kind=Run.Kind.SYNC, dry_run=True)
    previews = previews.filter(options__answers=asked.run.pk)
    return previews.select_related("person").order_by("-pk").first()


def is_shown(run: Run) -> bool:
    """Return whether a preview came to its end, so that a person could see what would happen."""
    return run.status in {Run.Status.SUCCEEDED, Run.Status.PARTIAL}


def page_context(workspace: Workspace, request: HttpRequest) -> dict[str, object]:
    """Return the context of the page of entries that was asked for."""
    asked = question(workspace)
    blocking_reasons = inputs.connection_reasons(workspace)
    refused = reasons.sentence(blocking_reasons[0].as_row()) if blocking_reasons else ""
    context = {"workspace": workspace, "zone": workspace.time_zone, "asked": asked, "refused": refused}
    if asked is None:
        return {**context, "check": _last_check(workspace)}
    shown_items = paging.page_of(request, asked.items)
    people = set(asked.items.order_by().values_list("user_name", flat=True))
    projects = set(asked.items.order_by().values_list("project_name", flat=True))
    return {
        **context,
        "page": shown_items,
        "rows": _rows(workspace, shown_items),
        "all": shown_items.paginator.count,
        "minutes": asked.items.aggregate(minutes=Sum("minutes"))["minutes"] or 0,
        "causes": _causes(asked),
        "people": sorted(people),
        "projects": sorted(projects),
        **_preview_context(asked),
    }


def _last_check(workspace: Workspace) -> Run | None:
    """Return the last run if it is a check that missed many entries, about which no sync has asked yet."""
    over = Run.objects.over().filter(workspace=workspace, dry_run=False)
    last = over.exclude(kind=Run.Kind.RECONCILE).order_by("-pk").first()
    return last if last is not None and last.kind == Run.Kind.CHECK and MANY_MISSING in last.warnings else None


def _rows(workspace: Workspace, items: Iterable[RunItem]) -> list[DeletionRow]:
    shown = list(items)
    entries = TimeEntry.objects.filter(workspace=workspace, clockify_id__in=[item.entry_id for item in shown])
    keys = dict(entries.values_list("clockify_id", "pk"))
    return [
        {
            "item": item,
            "entry": keys.get(item.entry_id),
            "cause": _cause(gone=item.gone, rows=item.reasons),
            "activity": vendor_links.record_url(workspace, "activity", item.quickbooks_id),
        }
        for item in shown
    ]


def _cause(*, gone: bool, rows: Iterable[Mapping[str, Any]]) -> str:
    return GONE if gone else ", ".join(reasons.title(str(row.get("code"))) for row in rows)


def _causes(asked: Question) -> list[tuple[str, int]]:
    """Return each cause, as in the middle of a sentence, with its number of entries, most first."""
    rows = asked.items.order_by().values_list("gone", "reasons")
    counts = Counter(_cause(gone=gone, rows=item_reasons) for gone, item_reasons in rows).most_common()
    return [(cause[:1].lower() + cause[1:], count) for cause, count in counts]


def _preview_context(asked: Question) -> DeletionsPreviewContext:
    shown = preview(asked)
    if shown is None:
        return {"preview": None}
    figures = sync_figures(shown) if not shown.is_open else None
    listed = set(RunOptions.of(shown).entries)
    return {
        "preview": shown,
        "is_shown": is_shown(shown),
        "figures": figures,
        "listed": len(listed),
        "stays": [
            (reasons.WORDINGS[code].title, count)
            for code, count in (figures["blocked_reasons"] if figures else {}).items()
            if code in reasons.WORDINGS
        ],
    }
