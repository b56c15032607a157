"""Connecting a Clockify workspace by pasting a key."""

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


def connect_clockify(request: HttpRequest) -> HttpResponse:
    """The form by itself, for another workspace or a new key; what Clockify says against a key is shown in it."""
    first = timezone.now().date().replace(day=1)
    form = forms.ConnectClockify(request.POST or None, initial={"start_date": first})
    if request.method == "POST" and form.is_valid():
        try:
            return _connect(request, form.cleaned_data)
        except ApiError as problem:
            form.add_error(None, f"{problem.message} {_fix(problem)}".strip())
    status = 422 if form.errors else 200
    context = {"form": form, "known": [who_connected.clockify(one) for one in access.workspaces()]}
    return access.show(request, "setup/connect_clockify.html", context, title="Connect Clockify", status=status)


def _connect(request: HttpRequest, wanted: dict[str, Any]) -> HttpResponse:
    now = timezone.now()
    _, api_url, reports_url = forms.regions()[wanted["region"]]
    before = {one.pk: who_connected.clockify(one) for one in access.workspaces()}
    workspace = connection.connect(
        wanted["api_key"],
        wanted=wanted["workspace"],
        api_url=api_url,
        reports_url=reports_url,
        now=now,
        person=request.user,
    )
    start: date | None = wanted["start_date"]
    if start is not None and workspace.pk not in before:
        policy.change(workspace, {"start_date": start.isoformat()}, now=now, person=request.user)
    messages.success(request, _said(workspace, before))
    return redirect("admin:index")


def _said(workspace: Workspace, before: dict[int, str]) -> str:
    """What the key did: a first workspace, one beside others, or a new key for one that was connected."""
    if workspace.pk in before:
        return (
            f"The key of {workspace.key_owner_name or workspace.key_owner_id} replaces the one before: "
            f"{before[workspace.pk]} Rules, links and history stay."
        )
    first = workspace.start_date
    beside = " It is a workspace of its own; the others stay as they are." if before else ""
    return f"Connected {workspace.name}. Time goes from {first.day} {first:%B %Y} on.{beside}"


def _fix(problem: ApiError) -> str:
    """Some advice is written for the command line."""
    if problem.code == "UNKNOWN_WORKSPACE":
        return "Write the id or the name of one of them into the field Workspace."
    return problem.fix
