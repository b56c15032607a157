"""*Compare again*: has a worker read both sides of a period."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from syncjobs.models import Run
from syncjobs.pages import access, run_requests
from syncjobs.pages.proof.period import requested
from syncjobs.planning.inputs import connection_reasons
from syncjobs.rules.codes import Code
from syncjobs.rules.reasons import sentence
from syncjobs.run_options import RunDetails
from syncjobs.runs import lifecycle


def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Request the comparison of the posted days; while another run is under way, the message names it instead."""
    workspace = access.workspace_at(pk)
    period = requested(workspace, request.POST)
    lost = next((reason for reason in connection_reasons(workspace) if reason.code == Code.NOT_CONNECTED), None)
    if period.problem or lost:
        messages.error(request, period.problem or sentence(lost.as_row()))  # type: ignore[union-attr]
        return redirect(period.address(workspace))
    details: RunDetails = {"first": period.first, "last": period.last, "person": request.user}
    try:
        run_requests.request_run(workspace, Run.Kind.RECONCILE, **details)
    except lifecycle.AlreadyRunning as busy:
        run_requests.tell(request, messages.WARNING, str(busy), busy.run)
    return redirect(period.address(workspace))
