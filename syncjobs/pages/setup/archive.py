"""The page that archives a workspace's connection to its company: what that means, the start date, the button."""

from __future__ import annotations

from datetime import date

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from integrations.clockify.forms import DayField
from integrations.database import database_now
from integrations.models import Workspace
from mapping.errors import Refused
from syncjobs import archiving
from syncjobs.ledger import lease
from syncjobs.models import Run
from syncjobs.pages import access
from syncjobs.rules import timetable
from syncjobs.rules.reasons import full_date
from syncjobs.worker import schedules

NO_START_DATE = "Choose the start date: the first day whose time is sent to the next company."


class ArchiveForm(forms.Form):
    start_date = DayField(
        label="Start date",
        help_text="The first day whose time is sent to the next company. Time before it is never sent automatically.",
        error_messages={"invalid": NO_START_DATE, "required": NO_START_DATE},
    )


def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what archiving means; a POST with a start date, and with the company that was shown, does it."""
    workspace = access.workspace_at(pk)
    if workspace.company is None:
        messages.info(request, f"No QuickBooks company is connected to {workspace}.")
        return redirect("admin:index")
    form = ArchiveForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            if request.POST.get("company") != str(workspace.company_id):
                raise Refused("Another company has been connected since; check again.")
            return _archive(request, workspace, form.cleaned_data["start_date"])
        except lease.Busy as busy:
            form.add_error(None, f"{busy} {archiving.BUSY_FIX}")
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {
        "workspace": workspace,
        "outlook": archiving.outlook(workspace),
        "is_scheduled": schedules.shown(workspace, Run.Kind.SYNC) != timetable.OFF,
        "form": form,
    }
    title = f"Archive the connection, {workspace.name}"
    return access.show(request, "setup/archive.html", context, title=title, status=422 if form.errors else 200)


def _archive(request: HttpRequest, workspace: Workspace, start_date: date) -> HttpResponse:
    archived = archiving.archive(workspace, start_date=start_date, now=database_now(), person=request.user)
    company = archived.outlook.company
    messages.success(
        request,
        f"The connection to {company} is archived. {archived.message} Its history stays. Connect another company: "
        f"time from {full_date(start_date)} on goes to it.",
    )
    return redirect("admin:index")
