"""The three buttons: check for new users and customers, preview a sync, sync now."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from integrations.models import Workspace
from syncjobs.models import Run
from syncjobs.pages import access
from syncjobs.runs import lifecycle as runs
from syncjobs.worker import queue

# What each button asks for, and how its run is called in the message.
BUTTONS: dict[str, tuple[str, bool, str]] = {
    "check": (Run.Kind.CHECK, False, "The check for new users and customers"),
    "preview": (Run.Kind.SYNC, True, "The preview"),
    "sync": (Run.Kind.SYNC, False, "The time sync"),
}


def start(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Ask for a run and tell the queue, in one transaction; a second press says who runs what since when."""
    workspace = get_object_or_404(access.workspaces(), pk=pk)
    kind, dry_run, words = BUTTONS[what]
    try:
        run = ask(workspace, kind, dry_run=dry_run, person=request.user)
    except runs.AlreadyRunning as busy:
        say(request, messages.WARNING, str(busy), busy.run)
    else:
        say(request, messages.SUCCESS, f"{words} of {workspace} was asked for and begins by itself.", run)
    return redirect("admin:index")


def ask(workspace: Workspace, kind: str, **wishes: Any) -> Run:
    """A run by button: its row and its message in one transaction. `wishes` are those of `run.ask_for`.

    Raises AlreadyRunning.
    """
    with transaction.atomic():
        # Two presses at the same moment meet here, and the second finds the first one's run.
        Workspace.objects.select_for_update().only("pk").get(pk=workspace.pk)
        runs.refuse_second_press(workspace)
        run = runs.ask_for(kind, workspace, trigger="button", now=timezone.now(), **wishes)
        queue.enqueue(run)
    return run


def say(request: HttpRequest, level: int, text: str, run: Run) -> None:
    link = reverse("admin:syncjobs_run_change", args=[run.pk])
    messages.add_message(
        request, level, format_html('{} <a class="hb-inline" href="{}">Open run {}</a>', text, link, run.pk)
    )
