"""Buttons that request a run from the page of a run, an entry, a person or a project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from integrations.database import database_now
from integrations.models import TimeEntry
from integrations.roles import SEND_RIGHT
from syncjobs.models import Run, RunItem
from syncjobs.pages import access, run_requests
from syncjobs.pages.runs import preview
from syncjobs.run_options import RunOptions
from syncjobs.runs import correction
from syncjobs.runs import lifecycle as runs

# The options of a run of one record's time, by its kind.
OF_RECORD: dict[str, Callable[[str], RunOptions]] = {
    "user": lambda clockify_id: RunOptions(users=(clockify_id,)),
    "project": lambda clockify_id: RunOptions(projects=(clockify_id,)),
}


def run_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what a button of the run page asks for: cancel, try now, retry, send a preview's plan, preview a resend."""
    run = get_object_or_404(Run.objects.select_related("workspace"), pk=pk)
    if not run.only_reads:
        access.require(request, SEND_RIGHT)
    handler = RUN_ACTIONS.get(request.POST.get("verb", ""))
    # Checks and undos can only be canceled or tried at once: the other buttons repeat a sync.
    if handler is None or (run.kind != Run.Kind.SYNC and handler not in {_cancel, _try_now}):
        messages.error(request, "Nothing was chosen.")
        return redirect("admin:syncjobs_run_change", run.pk)
    former_company = run.former_company
    if former_company is not None and handler is not _cancel:
        messages.error(request, runs.former_company_text(former_company))
        return redirect("admin:syncjobs_run_change", run.pk)
    return handler(request, run)


def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Request a sync of one entry, on its day alone."""
    row = get_object_or_404(TimeEntry, pk=pk)
    workspace = access.workspace_at(row.workspace_id)
    options = RunOptions(entries=(row.clockify_id,))
    return run_requests.request_sync(
        request, workspace, "Sync of this entry", first=row.txn_date, last=row.txn_date, options=options
    )


def part(request: HttpRequest, pk: int) -> HttpResponse:
    """Request a sync of one person's or one project's time, from the start date to today."""
    workspace = access.workspace_at(pk)
    options, clockify_id = OF_RECORD.get(request.POST.get("kind", "")), request.POST.get("clockify_id", "")
    if options is None or not clockify_id:
        messages.error(request, "Nothing was chosen.")
        return redirect("admin:index")
    run_name = f"Sync of this {request.POST['kind']}"
    return run_requests.request_sync(request, workspace, run_name, options=options(clockify_id))


# --- buttons of a run --------------------------------------------------------------------------------------
def _cancel(request: HttpRequest, run: Run) -> HttpResponse:
    if runs.cancel(run, now=database_now(), person=request.user):
        messages.success(request, "The run stops after the current records. What was sent stays.")
    else:
        messages.warning(request, "The run has already ended.")
    return redirect("admin:syncjobs_run_change", run.pk)


def _try_now(request: HttpRequest, run: Run) -> HttpResponse:
    """Start a run that waits for a vendor's limit at once."""
    if runs.try_now(run, now=database_now(), person=request.user):
        when = "now" if run_requests.has_worker() else "once a worker runs (python manage.py worker)"
        messages.success(request, f"The run is tried again {when}. If it is still asked to wait, it waits again.")
    else:
        messages.warning(request, "The run is no longer waiting.")
    return redirect("admin:syncjobs_run_change", run.pk)


def _retry(request: HttpRequest, run: Run) -> HttpResponse:
    """Request a sync of the items that failed, have an unknown outcome, or were not reached."""
    # An unknown outcome is looked for in QuickBooks before anything is sent again (decision 1).
    retried = [RunItem.Outcome.FAILED, RunItem.Outcome.UNKNOWN, RunItem.Outcome.PLANNED]
    ids = sorted(run.items.filter(outcome__in=retried).values_list("entry_id", flat=True))
    if not ids:
        messages.warning(request, "Nothing in this run failed.")
        return redirect("admin:syncjobs_run_change", run.pk)
    return _same_window(request, run, "Retry", RunOptions(entries=tuple(ids)))


def _send_plan(request: HttpRequest, run: Run) -> HttpResponse:
    """Request a sync with a preview's options while the preview is current; both sides are read again."""
    moved = preview.out_of_date(run)
    # A run under way is led to instead: a second press of this very button, as a rule.
    if moved and not Run.objects.open().filter(workspace=run.workspace).exists():
        messages.warning(request, f"{moved} Nothing was sent; make a new preview and look at that.")
        return redirect("admin:syncjobs_run_change", run.pk)
    # A correction is carried out exactly as it was shown, or not at all (decision 8).
    options = RunOptions.of(run)
    if options.amend:
        options = correction.as_shown(run)
    return _same_window(request, run, "Previewed sync", options)


def _preview_again(request: HttpRequest, run: Run) -> HttpResponse:
    return _same_window(request, run, "New preview", RunOptions.of(run), dry_run=True)


def _preview_resend(request: HttpRequest, run: Run) -> HttpResponse:
    return _same_window(request, run, "Preview", replace(RunOptions.of(run), resend=True), dry_run=True)


def _same_window(
    request: HttpRequest, run: Run, run_name: str, options: RunOptions, *, dry_run: bool = False
) -> HttpResponse:
    return run_requests.request_sync(
        request, run.workspace, run_name, first=run.from_date, last=run.to_date, options=options, dry_run=dry_run
    )


RUN_ACTIONS: dict[str, Callable[[HttpRequest, Run], HttpResponse]] = {
    "cancel": _cancel,
    "try_now": _try_now,
    "retry": _retry,
    "send": _send_plan,
    "preview_again": _preview_again,
    "preview_resend": _preview_resend,
}
