"""Requests for runs by a button, and the message that links to the run."""

from __future__ import annotations

from typing import Unpack

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from integrations.database import database_now
from integrations.models import Workspace
from syncjobs.models import Run
from syncjobs.run_options import RunDetails
from syncjobs.runs import lifecycle, queue
from syncjobs.support.checklist import check_work

NO_WORKER = "It starts once a worker runs. None does now; start one with: python manage.py worker."


def request_run(workspace: Workspace, kind: str, **details: Unpack[RunDetails]) -> Run:
    """Request a run by button. Raises AlreadyRunning."""
    return lifecycle.request_run(kind, workspace, trigger=Run.Trigger.BUTTON, now=database_now(), **details)


def request_sync(
    request: HttpRequest,
    workspace: Workspace,
    run_name: str,
    **details: Unpack[RunDetails],
) -> HttpResponse:
    """Request a sync and lead to its page, or to the page of the run that is under way."""
    asked: RunDetails = {"person": request.user, **details}
    try:
        run = request_run(workspace, Run.Kind.SYNC, **asked)
    except lifecycle.AlreadyRunning as busy:
        tell(request, messages.WARNING, str(busy), busy.run)
        run = busy.run
    else:
        tell_requested(request, run_name, run)
    return redirect("admin:syncjobs_run_change", run.pk)


def has_worker() -> bool:
    """Return True if a worker gave a sign of life just now."""
    return check_work.is_alive(queue.last_heartbeat(), timezone.now())


def tell_requested(request: HttpRequest, what: str, run: Run) -> None:
    """Tell that `what` was requested, and that it starts in a moment, or else what it waits for."""
    if has_worker():
        tell(request, messages.SUCCESS, f"{what} requested. It starts in a moment.", run)
    else:
        tell(request, messages.WARNING, f"{what} requested. {NO_WORKER}", run)


def tell(request: HttpRequest, level: int, text: str, run: Run) -> None:
    """Show a message of this level with a link to the run."""
    link = reverse("admin:syncjobs_run_change", args=[run.pk])
    messages.add_message(
        request, level, format_html('{} <a class="hb-inline" href="{}">Open run {}</a>', text, link, run.pk)
    )
