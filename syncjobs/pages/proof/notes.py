"""*Explain with a note…*: a person says what time in QuickBooks is that nothing known explains."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from mapping.errors import Refused
from syncjobs import sign_offs
from syncjobs.display.formatting import number
from syncjobs.pages import access
from syncjobs.pages.proof.period import requested


def explain(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the note for the activities that were ticked, and return to the page."""
    workspace = access.workspace_at(pk)
    period = requested(workspace, request.POST)
    try:
        if period.problem:
            raise Refused(period.problem)
        noted = sign_offs.explain(
            workspace,
            (period.first, period.last),
            request.POST.getlist("activity"),
            request.POST.get("note", ""),
            person=request.user,
            now=timezone.now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Explained: {number(noted, 'activity counts,activities count')} as explained now.")
    return redirect(period.address(workspace))
