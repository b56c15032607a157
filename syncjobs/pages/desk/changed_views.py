"""The desk's tab of time that changed after it was sent: both sides beside each other, and what a person may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from integrations.errors import ApiError
from integrations.fields import SecretUnreadable
from integrations.models import TimeEntry, Workspace
from mapping.errors import Refused
from syncjobs import decisions
from syncjobs.models import Run
from syncjobs.pages import access, run_requests
from syncjobs.pages.desk import changed, page_context
from syncjobs.rules import corrections
from syncjobs.runs import correction
from syncjobs.runs import lifecycle as runs

ROWS_A_PAGE = 20
SECTIONS = (("todo", "To do"), ("left", "Left as it is"))


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The entries with both sides; posted to it: leave one as it is, take that back, or preview sending it."""
    workspace = access.workspace_at(pk)
    if workspace.company is None:
        return redirect("hourbridge:people", workspace.pk)
    if request.method == "POST":
        return _decide(request, workspace)
    left = request.GET.get("show") == "left"
    found = Paginator(changed.rows_of(workspace, left=left), ROWS_A_PAGE).get_page(request.GET.get("page", 1))
    wanted, problem_text = list(found.object_list), ""
    ask_quickbooks = bool(request.GET.get("look")) and bool(wanted)
    try:
        rows = changed.shown(workspace, wanted, ask_quickbooks=ask_quickbooks)
    except (ApiError, SecretUnreadable) as problem:
        problem_text, ask_quickbooks = _words(problem), False
        rows = changed.shown(workspace, wanted)
    counts = {"todo": changed.open_count(workspace), "left": changed.rows_of(workspace, left=True).count()}
    context = {
        "workspace": workspace,
        "tab": "changed",
        "zone": workspace.time_zone,
        "company": workspace.company,
        "section": "left" if left else "todo",
        "sections": [(name, word, counts[name]) for name, word in SECTIONS],
        "page": found,
        "rows": rows,
        "looked": ask_quickbooks,
        "read_at": timezone.now(),
        "problem": problem_text,
        "return_to": request.get_full_path(),
        **{key: value for key, value in page_context.head(workspace, "changed").items() if key != "sections"},
    }
    return access.show(request, "desk/changed.html", context, title=f"Changed after sending, {workspace.name}")


def _words(problem: Exception) -> str:
    return f"{problem.message} {problem.fix}".strip() if isinstance(problem, ApiError) else str(problem)


# --- deciding ------------------------------------------------------------------------------------------------
def _decide(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    key = request.POST.get("entry", "")
    entry = TimeEntry.objects.filter(workspace=workspace, pk=int(key)).first() if key.isdigit() else None
    verb = VERBS.get(request.POST.get("verb", ""))
    try:
        if entry is None or verb is None:
            raise Refused("Nothing was chosen.")
        answer = verb(request, workspace, entry)
    except Refused as refusal:
        messages.error(request, str(refusal))
        answer = None
    return answer or redirect(request.get_full_path())


def _leave(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> None:
    note = request.POST.get("note", "")[:500]
    decisions.keep_quickbooks(workspace, entry, person=request.user, now=timezone.now(), note=note)
    messages.success(request, "Left as it is: QuickBooks keeps what was sent, and nothing is written for this entry.")


def _take_up(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> None:
    decisions.stop_ignoring(workspace, entry, person=request.user, now=timezone.now())
    messages.success(request, "Back on the list.")


def _preview(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> HttpResponse | None:
    """A preview of sending Clockify's version; its page has the button that does it."""
    details = {"first": entry.txn_date, "last": entry.txn_date, "options": {"entries": [entry.clockify_id]}}
    return _ask_for_preview(request, workspace, details)


def _amend(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> HttpResponse | None:
    """A preview of writing over what people did, or of adding what is missing beside it."""
    return _ask_for_preview(request, workspace, correction.run_options(workspace, entry, request.POST["verb"]))


def _ask_for_preview(request: HttpRequest, workspace: Workspace, details: dict[str, Any]) -> HttpResponse | None:
    try:
        run = run_requests.request_run(workspace, Run.Kind.SYNC, person=request.user, dry_run=True, **details)
    except runs.AlreadyRunning as busy:
        run_requests.tell(request, messages.WARNING, str(busy), busy.run)
        return None
    run_requests.tell(request, messages.SUCCESS, "The preview of this entry was asked for and begins by itself.", run)
    return redirect("admin:syncjobs_run_change", run.pk)


VERBS: dict[str, Callable[[HttpRequest, Workspace, TimeEntry], HttpResponse | None]] = {
    "leave": _leave,
    "take_up": _take_up,
    "preview": _preview,
    corrections.OVERRIDE: _amend,
    corrections.CORRECT: _amend,
}
