"""Requests for runs by a button, and the message that links to the run."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from integrations.database import database_now
from integrations.models import Workspace
from syncjobs.models import Run
from syncjobs.runs import lifecycle


def request_run(workspace: Workspace, kind: str, **details: Any) -> Run:
    """Request a run by button; `details` are those of `lifecycle.create_run`. Raises AlreadyRunning."""
    return lifecycle.request_run(kind, workspace, trigger="button", now=database_now(), **details)


def tell(request: HttpRequest, level: int, text: str, run: Run) -> None:
    """Show a message of this level with a link to the run."""
    link = reverse("admin:syncjobs_run_change", args=[run.pk])
    messages.add_message(
        request, level, format_html('{} <a class="hb-inline" href="{}">Open run {}</a>', text, link, run.pk)
    )
