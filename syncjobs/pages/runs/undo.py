"""The page that undoes a run: a preview of what would be deleted, and only then the button that does it."""

from __future__ import annotations

from dataclasses import replace

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from integrations.database import database_now
from integrations.models import Workspace
from mapping.errors import Refused
from syncjobs.models import Run, RunItem
from syncjobs.pages import access, paging, run_requests
from syncjobs.pages.runs import detail
from syncjobs.pages.runs.contexts import UndoContext
from syncjobs.planning import inputs
from syncjobs.rules import reasons
from syncjobs.run_options import RunOptions
from syncjobs.runs import lifecycle as runs
from syncjobs.runs import undo
from syncjobs.runs.figures import undo_figures
from syncjobs.worker import schedules


def undo_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the undo of a run; a POST asks for `preview`, or for `undo` with the preview that was shown."""
    run = get_object_or_404(Run.objects.select_related("person"), pk=pk)
    workspace = access.workspace_at(run.workspace_id)
    if request.method != "POST":
        return access.show(request, "runs/undo.html", page_context(run, workspace, request), title=f"Undo of {run}")
    try:
        undo.refuse(run, now=database_now())
        requested = _request_run(request, run, workspace)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("hourbridge:undo-run", run.pk)
    except runs.AlreadyRunning as busy:
        run_requests.tell(request, messages.WARNING, str(busy), busy.run)
        return redirect("hourbridge:undo-run", run.pk)
    if requested.dry_run:
        return redirect("hourbridge:undo-run", run.pk)
    run_requests.tell_requested(request, f"Undo of run {run.pk}", requested)
    return redirect("admin:syncjobs_run_change", requested.pk)


def _request_run(request: HttpRequest, run: Run, workspace: Workspace) -> Run:
    """Request a preview of the undo, or the undo itself. Raises Refused and AlreadyRunning."""
    options = RunOptions(undo=run.pk)
    dry_run = request.POST.get("verb") != "undo"
    if not dry_run:
        last = latest(run)
        if last is not None and not last.dry_run:
            _refuse_second(last)
        # Another preview that was made meanwhile may show something other than this person has seen.
        if last is None or not is_shown(last) or request.POST.get("preview") != str(last.pk):
            raise Refused("Review a preview first: a newer one was made, or none yet.")
        # Without it the entries are ready again, and the next sync sends them.
        options = replace(options, ignore=bool(request.POST.get("ignore")))
    return run_requests.request_run(workspace, Run.Kind.UNDO, person=request.user, dry_run=dry_run, options=options)


def _refuse_second(last: Run) -> None:
    """Tell of the undo that took place since the page was opened. Raises Refused and AlreadyRunning."""
    if last.is_open:
        raise runs.AlreadyRunning(last)
    raise Refused(f"{last} has been carried out since you opened this page. Preview again to see what is left.")


def latest(run: Run) -> Run | None:
    """Return the last undo of this run, preview or not."""
    return Run.objects.filter(kind=Run.Kind.UNDO, options__undo=run.pk).select_related("person").order_by("-pk").first()


def is_shown(last: Run) -> bool:
    """Return whether it is a preview that came to its end, so that a person could see what would happen."""
    return last.dry_run and last.status in {Run.Status.SUCCEEDED, Run.Status.PARTIAL}


def page_context(run: Run, workspace: Workspace, request: HttpRequest) -> UndoContext:
    """Return the context of the page of the undo's items that was asked for."""
    last = latest(run)
    figures = undo_figures(last) if last is not None and not last.is_open else None
    items = detail.items(last) if last else RunItem.objects.none()
    resent_by = undo.resent_by(workspace)
    return {
        "run": run,
        "workspace": workspace,
        "company": workspace.company,
        "zone": workspace.time_zone,
        "refused": _refusal(run, workspace),
        "created": undo.created(run).count(),
        "minutes": undo.created(run).aggregate(minutes=Sum("minutes"))["minutes"] or 0,
        "left_alone": undo.left_alone(run),
        "last": last,
        "is_shown": last is not None and is_shown(last),
        "figures": figures,
        "page": paging.page_of(request, items),
        "sends_again": undo.sends_again(run),
        "resent_by": resent_by,
        "table": str(schedules.table_of(resent_by)) if resent_by else "",
    }


def _refusal(run: Run, workspace: Workspace) -> str:
    """Return why the run can't be undone now, or an empty string."""
    try:
        undo.refuse(run, now=database_now())
    except Refused as refusal:
        return str(refusal)
    blocking_reasons = inputs.connection_reasons(workspace)
    return reasons.sentence(blocking_reasons[0].as_row()) if blocking_reasons else ""
