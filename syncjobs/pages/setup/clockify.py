"""The page that connects a Clockify workspace by an API key."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from integrations.clockify import connection, forms
from integrations.errors import ApiError
from integrations.models import Workspace
from syncjobs import policy
from syncjobs.pages import access
from syncjobs.pages.setup import who_connected
from syncjobs.rules.reasons import full_date


def connect_clockify(request: HttpRequest) -> HttpResponse:
    """Show the form for another workspace or a new key; a key that Clockify refuses is an error of the form."""
    first = timezone.now().date().replace(day=1)
    form = forms.ConnectClockify(request.POST or None, initial={"start_date": first})
    if request.method == "POST" and form.is_valid():
        try:
            return _connect(request, form.cleaned_data)
        except ApiError as problem:
            form.add_error(None, f"{problem.message} {_fix(problem)}".strip())
    status = 422 if form.errors else 200
    context = {"form": form, "known": [who_connected.clockify(workspace) for workspace in access.workspaces()]}
    return access.show(request, "setup/connect_clockify.html", context, title="Connect Clockify", status=status)


def _connect(request: HttpRequest, form_data: dict[str, Any]) -> HttpResponse:
    now = timezone.now()
    _, api_url, reports_url = forms.regions()[form_data["region"]]
    # Read before the key is saved: the message names the connection that it replaces.
    before = {workspace.pk: who_connected.clockify(workspace) for workspace in access.workspaces()}
    workspace = connection.connect(
        form_data["api_key"],
        wanted=form_data["workspace"],
        api_url=api_url,
        reports_url=reports_url,
        now=now,
        person=request.user,
    )
    start: date | None = form_data["start_date"]
    # A new key for a connected workspace leaves its rules alone.
    if start is not None and workspace.pk not in before:
        policy.change(workspace, {"start_date": start.isoformat()}, now=now, person=request.user)
    messages.success(request, _message(workspace, before))
    if workspace.zone_warning:
        messages.warning(request, workspace.zone_warning)
    return redirect("admin:index")


def _message(workspace: Workspace, before: dict[int, str]) -> str:
    """Return what the key did: a first workspace, another one, or a new key for a connected one."""
    if workspace.pk in before:
        return (
            f"The key of {workspace.key_owner_name or workspace.key_owner_id} replaces the one before: "
            f"{before[workspace.pk]} Rules, links and history stay."
        )
    first = workspace.start_date
    others_text = " It is a separate workspace; the others are unchanged." if before else ""
    return f"Connected {workspace.name}. Time goes from {full_date(first)} on.{others_text}"


def _fix(problem: ApiError) -> str:
    """Return the advice for an error, in terms of the form where it was written for the command line."""
    if problem.code == "UNKNOWN_WORKSPACE":
        return "Enter the ID or name of one of them in the Workspace field."
    return problem.fix
