"""Runs asked for where people look for them: on a run, an entry, a person, a project."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from integrations.models import TimeEntry, Workspace
from syncjobs.models import Run, RunItem
from syncjobs.pages import access, run_requests
from syncjobs.runs import correction
from syncjobs.runs import lifecycle as runs

# What a person or project is called in a run's options.
PARTS = {"user": "users", "project": "projects"}


def run_again(request: HttpRequest, pk: int) -> HttpResponse:
    """A button of the run page: cancel, retry what failed, send a preview's plan, resend."""
    run = get_object_or_404(Run.objects.select_related("workspace"), pk=pk)
    verb = RUN_VERBS.get(request.POST.get("verb", ""))
    if verb is None or (run.kind != Run.Kind.SYNC and verb is not _cancel):
        messages.error(request, "Nothing was chosen.")
        return redirect("admin:syncjobs_run_change", run.pk)
    return verb(request, run)


def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Sync one entry: its day, nothing else."""
    row = get_object_or_404(TimeEntry, pk=pk)
    workspace = access.workspace_at(row.workspace_id)
    return _begin(
        request, workspace, "The sync of this entry", row.txn_date, row.txn_date, {"entries": [row.clockify_id]}
    )


def part(request: HttpRequest, pk: int) -> HttpResponse:
    """Sync one person's or one project's time, from the start date to today."""
    workspace = access.workspace_at(pk)
    name, clockify_id = PARTS.get(request.POST.get("kind", "")), request.POST.get("clockify_id", "")
    if name is None or not clockify_id:
        messages.error(request, "Nothing was chosen.")
        return redirect("admin:index")
    words = f"The sync of this {request.POST['kind']}"
    return _begin(request, workspace, words, None, None, {name: [clockify_id]})


def _begin(
    request: HttpRequest,
    workspace: Workspace,
    words: str,
    first: date | None,
    last: date | None,
    options: dict[str, Any],
    *,
    dry_run: bool = False,
) -> HttpResponse:
    try:
        run = run_requests.request_run(
            workspace,
            Run.Kind.SYNC,
            person=request.user,
            first=first,
            last=last,
            options=options,
            dry_run=dry_run,
        )
    except runs.AlreadyRunning as busy:
        run_requests.tell(request, messages.WARNING, str(busy), busy.run)
        run = busy.run
    else:
        run_requests.tell(request, messages.SUCCESS, f"{words} was asked for and begins by itself.", run)
    return redirect("admin:syncjobs_run_change", run.pk)


# --- buttons of a run --------------------------------------------------------------------------------------
def _cancel(request: HttpRequest, run: Run) -> HttpResponse:
    if runs.cancel(run, now=timezone.now(), person=request.user):
        messages.success(request, "The run ends after the records at hand. What was sent stays.")
    else:
        messages.warning(request, "The run is over already.")
    return redirect("admin:syncjobs_run_change", run.pk)


def _retry(request: HttpRequest, run: Run) -> HttpResponse:
    """Only what failed, stayed in doubt or was not reached."""
    again = [RunItem.Outcome.FAILED, RunItem.Outcome.UNKNOWN, RunItem.Outcome.PLANNED]
    ids = sorted(run.items.filter(outcome__in=again).values_list("entry_id", flat=True))
    if not ids:
        messages.warning(request, "Nothing in this run failed.")
        return redirect("admin:syncjobs_run_change", run.pk)
    return _same_window(request, run, "Trying again", {"entries": ids})


def _send_plan(request: HttpRequest, run: Run) -> HttpResponse:
    """What a preview showed: planned anew from both sides as they are now, then sent."""
    options = correction.as_shown(run) if run.options.get("amend") else dict(run.options)
    return _same_window(request, run, "Sending what the preview showed", options)


def _preview_resend(request: HttpRequest, run: Run) -> HttpResponse:
    return _same_window(request, run, "The preview", {**run.options, "resend": True}, dry_run=True)


def _same_window(
    request: HttpRequest, run: Run, words: str, options: dict[str, Any], *, dry_run: bool = False
) -> HttpResponse:
    return _begin(request, run.workspace, words, run.from_date, run.to_date, options, dry_run=dry_run)


RUN_VERBS: dict[str, Callable[[HttpRequest, Run], HttpResponse]] = {
    "cancel": _cancel,
    "retry": _retry,
    "send": _send_plan,
    "preview_resend": _preview_resend,
}
