"""The page that archives a workspace's connection to its company: what that means, the start date, the button."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from integrations.database import database_now
from integrations.models import Workspace
from integrations.typed_numbers import typed_day
from mapping.errors import Refused
from syncjobs import archiving
from syncjobs.ledger import lease
from syncjobs.models import Run
from syncjobs.pages import access
from syncjobs.rules import timetable
from syncjobs.rules.reasons import full_date
from syncjobs.worker import schedules


def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what archiving means; a POST with a start date, and with the company that was shown, does it."""
    workspace = access.workspace_at(pk)
    if workspace.company is None:
        messages.info(request, f"No QuickBooks company is connected to {workspace}.")
        return redirect("admin:index")
    problem = ""
    if request.method == "POST":
        start_date, problem = _start_date(request.POST.get("start_date", "").strip())
        if request.POST.get("company") != str(workspace.company_id):
            problem = "Another company has been connected since; check again."
        if start_date is not None and not problem:
            try:
                return _archive(request, workspace, start_date)
            except lease.Busy as busy:
                problem = f"{busy} {archiving.BUSY_FIX}"
            except Refused as refusal:
                problem = str(refusal)
    context = {
        "workspace": workspace,
        "outlook": archiving.outlook(workspace),
        "is_scheduled": schedules.shown(workspace, Run.Kind.SYNC) != timetable.OFF,
        "problem": problem,
        "start_date": request.POST.get("start_date", ""),
    }
    title = f"Archive the connection, {workspace.name}"
    return access.show(request, "setup/archive.html", context, title=title, status=422 if problem else 200)


def _archive(request: HttpRequest, workspace: Workspace, start_date: date) -> HttpResponse:
    archived = archiving.archive(workspace, start_date=start_date, now=database_now(), person=request.user)
    company = archived.outlook.company
    messages.success(
        request,
        f"The connection to {company} is archived. {archived.message} Its history stays. Connect another company: "
        f"time from {full_date(start_date)} on goes to it.",
    )
    return redirect("admin:index")


def _start_date(text: str) -> tuple[date | None, str]:
    """Return the day, or what is wrong with it."""
    try:
        return typed_day(text), ""
    except ValueError:
        return None, "Choose the start date: the first day whose time is sent to the next company."
