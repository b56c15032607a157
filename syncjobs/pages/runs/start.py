"""The three buttons of a workspace: check for new users and customers, preview a sync, sync now."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from integrations.roles import SEND_RIGHT
from syncjobs.models import Run
from syncjobs.pages import access, run_requests
from syncjobs.runs import lifecycle as runs

# Kind of run, whether it is a preview, and the run's name in the message.
BUTTONS: dict[str, tuple[str, bool, str]] = {
    "check": (Run.Kind.CHECK, False, "Check for new users and customers"),
    "preview": (Run.Kind.SYNC, True, "Preview"),
    "sync": (Run.Kind.SYNC, False, "Time sync"),
}


def start(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Request the button's run; while another is under way, the message names it instead."""
    workspace = get_object_or_404(access.workspaces(), pk=pk)
    kind, dry_run, run_name = BUTTONS[what]
    # A check reads both sides and writes to neither.
    if kind != Run.Kind.CHECK:
        access.require(request, SEND_RIGHT)
    try:
        run = run_requests.request_run(workspace, kind, dry_run=dry_run, person=request.user)
    except runs.AlreadyRunning as busy:
        run_requests.tell(request, messages.WARNING, str(busy), busy.run)
    else:
        run_requests.tell_requested(request, f"{run_name} of {workspace}", run)
    return redirect("admin:index")
