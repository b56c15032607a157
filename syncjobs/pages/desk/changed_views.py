"""The desk's "Changed after sending" tab: both sides of each entry, and the decisions about it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from integrations.errors import ApiError
from integrations.fields import SecretUnreadable
from integrations.models import TimeEntry, Workspace
from integrations.typed_numbers import whole_number
from mapping.decisions import notes
from mapping.errors import Refused
from syncjobs import decisions
from syncjobs.decisions import NewEntryDecision
from syncjobs.models import Run
from syncjobs.pages import access, paging, run_requests
from syncjobs.pages.desk import changed
from syncjobs.pages.desk.head import head
from syncjobs.rules.steps import corrections
from syncjobs.run_options import RunDetails, RunOptions
from syncjobs.runs import correction
from syncjobs.runs import lifecycle as runs

ROWS_PER_PAGE = 20
SECTIONS = (("todo", "To do"), ("needs", "Needs a decision"), ("left", "Left as it is"))


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the entries with both sides; on POST, take a decision about one or request its preview."""
    workspace = access.workspace_at(pk)
    if workspace.company is None:
        return redirect("hourbridge:people", workspace.pk)
    if request.method == "POST":
        return _decide(request, workspace)
    section = request.GET.get("show", "")
    section = section if section in dict(SECTIONS) else "todo"
    listed = changed.rows_of(workspace, left=section == "left", needs=section == "needs")
    current_page = paging.page_of(request, listed, at_most=ROWS_PER_PAGE)
    entries, error_text = list(current_page.object_list), ""
    ask_quickbooks = bool(request.GET.get("look")) and bool(entries)
    try:
        rows = changed.shown(workspace, entries, ask_quickbooks=ask_quickbooks)
    except (ApiError, SecretUnreadable) as error:
        # Without QuickBooks the page still compares Clockify with what was sent, and decisions stay possible.
        error_text, ask_quickbooks = _error_message(error), False
        rows = changed.shown(workspace, entries)
    counts = {
        "todo": changed.open_count(workspace),
        "needs": changed.rows_of(workspace, needs=True).count(),
        "left": changed.rows_of(workspace, left=True).count(),
    }
    context = {
        "workspace": workspace,
        "tab": "changed",
        "zone": workspace.time_zone,
        "company": workspace.company,
        "section": section,
        "sections": [(name, label, counts[name]) for name, label in SECTIONS],
        "page": current_page,
        "rows": rows,
        "quickbooks_was_read": ask_quickbooks,
        "read_at": timezone.now(),
        "error": error_text,
        "return_to": request.get_full_path(),
        # This tab has its own sections; the head's are those of the lists of records.
        **{key: value for key, value in head(workspace, "changed").items() if key != "sections"},
    }
    return access.show(request, "desk/changed.html", context, title=f"Changed after sending, {workspace.name}")


def _error_message(error: Exception) -> str:
    return f"{error.message} {error.fix}".strip() if isinstance(error, ApiError) else str(error)


# --- deciding ------------------------------------------------------------------------------------------------
def _decide(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    key = whole_number(request.POST.get("entry", ""))
    entry = TimeEntry.objects.filter(workspace=workspace, pk=key or 0).first()
    action = ACTIONS.get(request.POST.get("verb", ""))
    try:
        if entry is None or action is None:
            raise Refused("Nothing was chosen.")
        response = action(request, workspace, entry)
    except Refused as refusal:
        messages.error(request, str(refusal))
        response = None
    return response or redirect(request.get_full_path())


def _decision(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> NewEntryDecision:
    return NewEntryDecision(
        workspace,
        entry,
        at=timezone.now(),
        person=request.user,
        note=notes.cleaned(request.POST.get("note", "")),
        # One that the page did not say is refused as unknown.
        version=request.POST.get("version") or "unknown",
    )


def _leave(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> None:
    decisions.keep_quickbooks(_decision(request, workspace, entry))
    messages.success(request, "Left as it is: QuickBooks keeps what was sent, and nothing is written for this entry.")


def _put_back(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> None:
    decisions.stop_ignoring(_decision(request, workspace, entry))
    messages.success(request, "Back on the list.")


def _preview(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> HttpResponse | None:
    """Start a preview of sending Clockify's version; the page of that run has the button that sends it."""
    # The dates bound what is planned, the option narrows it to this entry.
    details: RunDetails = {
        "first": entry.txn_date,
        "last": entry.txn_date,
        "options": RunOptions(entries=(entry.clockify_id,)),
    }
    return _request_preview(request, workspace, details)


def _preview_correction(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> HttpResponse | None:
    """Start a preview of overwriting a change by hand, or of adding the missing time beside it."""
    return _request_preview(request, workspace, correction.run_details(workspace, entry, request.POST["verb"]))


def _request_preview(request: HttpRequest, workspace: Workspace, details: RunDetails) -> HttpResponse | None:
    """Start the run and return a redirect to it; None, with a warning shown, where another run is active."""
    asked: RunDetails = {**details, "person": request.user, "dry_run": True}
    try:
        run = run_requests.request_run(workspace, Run.Kind.SYNC, **asked)
    except runs.AlreadyRunning as busy:
        run_requests.tell(request, messages.WARNING, str(busy), busy.run)
        return None
    run_requests.tell_requested(request, "Preview of this entry", run)
    return redirect("admin:syncjobs_run_change", run.pk)


ACTIONS: dict[str, Callable[[HttpRequest, Workspace, TimeEntry], HttpResponse | None]] = {
    "leave": _leave,
    "take_up": _put_back,
    "preview": _preview,
    corrections.OVERRIDE: _preview_correction,
    corrections.CORRECT: _preview_correction,
}
