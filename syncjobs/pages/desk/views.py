"""The review desk: Clockify's records beside QuickBooks', and the decisions that a person takes about them.

Everything works as plain forms. A script requests the same pages with the header X-Desk and gets their inner part.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from integrations.models import Workspace
from mapping.decisions.new_decision import NewDecision
from mapping.decisions.versions import refuse_if_moved
from mapping.desk.index import CLIENTS, KINDS, PEOPLE, PROJECTS, TODO
from mapping.errors import Moved, Refused
from mapping.queries import Key
from syncjobs.display.formatting import in_hours, number
from syncjobs.pages import access, navigation
from syncjobs.pages.desk import actions, fragments, page_context
from syncjobs.pages.desk.actions import Decided
from syncjobs.pages.desk.contexts import AnswerContext
from syncjobs.pages.desk.page_context import DeskParams
from syncjobs.planning import evaluate

TITLES = {PEOPLE: "People", CLIENTS: "Clients", PROJECTS: "Projects"}


def any_workspace(page: str) -> Callable[[HttpRequest], HttpResponse]:
    """Return a view that redirects to this page of the workspace last viewed, or of the first one."""

    def view(request: HttpRequest) -> HttpResponse:
        workspace_ids = list(access.workspaces().values_list("pk", flat=True))
        if not workspace_ids:
            messages.info(request, "Connect a Clockify workspace first.")
            return redirect("admin:index")
        last_id = request.session.get(access.LAST_WORKSPACE)
        return redirect(f"hourbridge:{page}", last_id if last_id in workspace_ids else workspace_ids[0])

    return view


def people(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk, PEOPLE)


def clients(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk, CLIENTS)


def projects(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk, PROJECTS)


def customers(request: HttpRequest, pk: int) -> HttpResponse:
    """Redirect the address of the former page of clients and projects, so that old links keep working."""
    tab = CLIENTS if request.GET.get("open", "").startswith("client-") else PROJECTS
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(reverse(f"hourbridge:{tab}", args=[pk]) + query)


def _page(request: HttpRequest, pk: int, tab: str) -> HttpResponse:
    """Show a tab; on POST, preview or take the posted decision. A refused one is shown with status 422."""
    workspace = access.workspace_at(pk)
    # Compared first: every assignment saves the session.
    if request.session.get(access.LAST_WORKSPACE) != pk:
        request.session[access.LAST_WORKSPACE] = pk
    params = DeskParams.of(request, tab)
    if workspace.company is None:
        return _render(request, workspace, params)
    try:
        if request.method != "POST":
            _refuse_to_open_moved(request, workspace, params)
            return _render(request, workspace, params)
        if request.POST.get("preview"):
            return _preview(request, workspace, params)
        return _decide(request, workspace, params)
    except Refused as refusal:
        if request.method == "POST":
            params.opened = _posted_key(request)
        answer: AnswerContext = {"refused": str(refusal), "open_decisions": navigation.open_decisions()}
        if isinstance(refusal, Moved):
            # It may have left this list; its row stays where the person looks, with its present state.
            params.section = params.section or TODO
            params.kept = _record_of(params)
        elif request.POST.get("verb") == "link":
            other = request.POST.get("other", "").strip()
            answer["chosen"] = "other" if other else request.POST.get("partner", "")
        return _render(request, workspace, params, answer, status=422 if request.method == "POST" else 200)


def _posted_key(request: HttpRequest) -> str:
    return f"{request.POST.get('kind', '')}-{request.POST.get('id', '')}"


def _record_of(params: DeskParams) -> Key | None:
    kind, _, record_id = params.opened.partition("-")
    return (kind, record_id) if kind == KINDS[params.tab] else None


def _refuse_to_open_moved(request: HttpRequest, workspace: Workspace, params: DeskParams) -> None:
    """Raise Moved if a row is opened from a list that showed it otherwise, so that the person reads it first."""
    record, seen = _record_of(params), request.GET.get("seen", "")
    if record is not None and seen:
        refuse_if_moved(NewDecision(workspace, *record, at=timezone.now(), person=request.user, version=seen))


def _preview(request: HttpRequest, workspace: Workspace, params: DeskParams) -> HttpResponse:
    """Show the same page with the row open and the forecast of the choice, for browsers without scripts."""
    chosen = actions.chosen(request)
    kind, clockify_id = request.POST.get("kind", ""), request.POST.get("id", "")
    forecast = fragments.forecast_of_choice(workspace, "link", kind, clockify_id, chosen)
    params.opened = _posted_key(request)
    return _render(request, workspace, params, {"forecast": forecast, "chosen": chosen})


def _decide(request: HttpRequest, workspace: Workspace, params: DeskParams) -> HttpResponse:
    """Take the decision, evaluate what it affects, and go on to the next row."""
    now = timezone.now()
    before = page_context.ready(workspace)
    # Read before the decision: afterwards the decided row is gone, and with it the position of the next one.
    keys_before = page_context.listed_keys(workspace, params)
    # Its end matches the records again and evaluates the entries, so the counts below are those after the decision.
    with evaluate.deciding(workspace, now=now):
        decided = actions.decide(request, workspace, now=now)
    after = page_context.ready(workspace)
    unblocked_text = _unblocked_text(after[0] - before[0], after[1] - before[1])
    next_key = _next_key(decided.key, keys_before, page_context.listed_keys(workspace, params))
    return _render_decided(request, workspace, params, decided, unblocked_text=unblocked_text, next_key=next_key)


def _render_decided(
    request: HttpRequest,
    workspace: Workspace,
    params: DeskParams,
    decided: Decided,
    *,
    unblocked_text: str,
    next_key: str,
) -> HttpResponse:
    """Return the list with a message for the script, or a redirect that shows the message on the next page."""
    message = f"{decided.message} {unblocked_text}{page_context.to_do(workspace, params.tab)} to do."
    if params.is_script:
        params.opened = ""
        answer: AnswerContext = {
            "announcement": " ".join([message, *decided.warnings]),
            "next_key": next_key,
            "warnings": decided.warnings,
            "open_decisions": navigation.open_decisions(),
        }
        return _render(request, workspace, params, answer)
    messages.success(request, message)
    for warning in decided.warnings:
        messages.warning(request, warning)
    query = params.query
    return redirect(f"{request.path}{'?' + query if query else ''}#{next_key}")


def _next_key(key: str, before: list[str], after: list[str]) -> str:
    """Return the key of the first row below the decided one that is still listed, else the id of the whole desk."""
    keys_below = before[before.index(key) + 1 :] if key in before else []
    # More rows than the decided one may be gone: with a client, the rule links projects of the same name.
    still_listed = set(after)
    return next((row_key for row_key in keys_below if row_key in still_listed), "desk")


def _unblocked_text(entries: int, minutes: int) -> str:
    return f"{number(entries, 'entry,entries')}, {in_hours(minutes)}, can now be sent. " if entries > 0 else ""


def _render(
    request: HttpRequest,
    workspace: Workspace,
    params: DeskParams,
    answer: AnswerContext | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Return the inner part of the page that the script requests, or the whole page.

    The inner part is rendered first: inside the page's nested templates the same rows take twice as long (decision 9).
    """
    context = {**page_context.context(request, workspace, params), **(answer or {}), **access.rights(request)}
    body = render_to_string("hourbridge/desk/body.html", context, request)
    if params.is_script:
        return HttpResponse(body, status=status)
    title = f"{TITLES[params.tab]}, {workspace.name}"
    return access.show(request, "desk/page.html", {**context, "body": body}, title=title, status=status)
