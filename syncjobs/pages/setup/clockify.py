"""Connecting a Clockify workspace by pasting a key."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from integrations.clockify import connection
from integrations.errors import ApiError
from integrations.models import Workspace
from syncjobs import policy
from syncjobs.pages import access
from syncjobs.pages.setup import who_connected

IN_SETTINGS = "settings"


def regions() -> dict[str, tuple[str, str, str]]:
    """What may be chosen: title, regular and reports address. Nobody types an address into a page."""
    configured = (settings.CLOCKIFY_API_URL, settings.CLOCKIFY_REPORTS_URL)
    found = {name: (name, *addresses) for name, addresses in connection.REGIONS.items()}
    if configured in connection.REGIONS.values():
        return found
    host = urlsplit(configured[0]).netloc
    return {IN_SETTINGS: (f"As in this installation's settings ({host})", *configured), **found}


def _region_choices() -> list[tuple[str, str]]:
    return [(key, title) for key, (title, _, _) in regions().items()]


class ConnectClockify(forms.Form):
    api_key = forms.CharField(
        label="API key",
        max_length=200,
        help_text="In Clockify: your picture, Preferences, Advanced, Manage API keys.",
        # The key is not sent back into the page when something is wrong with it.
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    region = forms.ChoiceField(label="Region", choices=_region_choices)
    workspace = forms.CharField(
        label="Workspace",
        max_length=250,
        required=False,
        help_text="Id or name; needed only when the key sees several.",
    )
    start_date = forms.DateField(
        label="Send time from",
        required=False,
        help_text="Time before this day is never sent. For a workspace that is connected already it stays as it is.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


def connect_clockify(request: HttpRequest) -> HttpResponse:
    """The form by itself, for another workspace or a new key; what Clockify says against a key is shown in it."""
    first = timezone.now().date().replace(day=1)
    form = ConnectClockify(request.POST or None, initial={"start_date": first})
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
    _, api_url, reports_url = regions()[wanted["region"]]
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
