"""The review desk: both sides beside each other, and what a person decides about them.

Everything works as plain forms. A script asks for the same pages with the header X-Desk and gets their inner part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from integrations.models import Workspace
from mapping.desk.index import CLIENTS, PEOPLE, PROJECTS
from mapping.errors import Refused
from syncjobs.display.formatting import in_hours, number
from syncjobs.pages import access, navigation
from syncjobs.pages.desk import actions, fragments, page_context
from syncjobs.pages.desk.actions import Decided
from syncjobs.pages.desk.page_context import DeskParams
from syncjobs.planning import evaluate

TITLES = {PEOPLE: "People", CLIENTS: "Clients", PROJECTS: "Projects"}


def any_workspace(page: str) -> Callable[[HttpRequest], HttpResponse]:
    """The menu's way to a page that each workspace has: the one last looked at, or the first."""

    def view(request: HttpRequest) -> HttpResponse:
        known = list(access.workspaces().values_list("pk", flat=True))
        if not known:
            messages.info(request, "Connect a Clockify workspace first.")
            return redirect("admin:index")
        last = request.session.get(access.LAST_WORKSPACE)
        return redirect(f"hourbridge:{page}", last if last in known else known[0])

    return view


def people(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk, PEOPLE)


def clients(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk, CLIENTS)


def projects(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk, PROJECTS)


def customers(request: HttpRequest, pk: int) -> HttpResponse:
    """Where clients and projects were one page: links to it go on working."""
    tab = CLIENTS if request.GET.get("open", "").startswith("client-") else PROJECTS
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(reverse(f"hourbridge:{tab}", args=[pk]) + query)


def _page(request: HttpRequest, pk: int, tab: str) -> HttpResponse:
    workspace = access.workspace_at(pk)
    if request.session.get(access.LAST_WORKSPACE) != pk:
        request.session[access.LAST_WORKSPACE] = pk
    params = DeskParams.of(request, tab)
    if request.method != "POST" or workspace.company is None:
        return _answer(request, workspace, params)
    try:
        if request.POST.get("preview"):
            return _preview(request, workspace, params)
        return _decide(request, workspace, params)
    except Refused as refusal:
        params.opened = _about(request)
        return _answer(request, workspace, params, {"refused": str(refusal)}, status=422)


def _about(request: HttpRequest) -> str:
    return f"{request.POST.get('kind', '')}-{request.POST.get('id', '')}"


def _preview(request: HttpRequest, workspace: Workspace, params: DeskParams) -> HttpResponse:
    """What the choice would do, where no script shows it: the same page with the row open."""
    chosen = actions.chosen(request)
    kind, clockify_id = request.POST.get("kind", ""), request.POST.get("id", "")
    found = fragments.forecast_of_choice(workspace, "link", kind, clockify_id, chosen)
    params.opened = _about(request)
    return _answer(request, workspace, params, {"forecast": found, "chosen": chosen})


def _decide(request: HttpRequest, workspace: Workspace, params: DeskParams) -> HttpResponse:
    """Take the decision, judge everything anew, and go on to the next row."""
    now = timezone.now()
    before = page_context.ready(workspace)
    listed = page_context.listed_keys(workspace, params)
    with evaluate.deciding(workspace, now=now):
        decided = actions.decide(request, workspace, now=now)
    after = page_context.ready(workspace)
    freed = _freed(after[0] - before[0], after[1] - before[1])
    following = _next(decided.key, listed, page_context.listed_keys(workspace, params))
    return _told(request, workspace, params, decided, freed=freed, following=following)


def _told(
    request: HttpRequest, workspace: Workspace, params: DeskParams, decided: Decided, *, freed: str, following: str
) -> HttpResponse:
    said = f"{decided.said} {freed}{page_context.to_do(workspace, params.tab)} to do."
    if params.is_script:
        params.opened = ""
        told: dict[str, Any] = {
            "said": " ".join([said, *decided.warnings]),
            "next": following,
            "warnings": decided.warnings,
        }
        told["waiting"] = navigation.open_decisions()
        return _answer(request, workspace, params, told)
    messages.success(request, said)
    for warning in decided.warnings:
        messages.warning(request, warning)
    query = params.query
    return redirect(f"{request.path}{'?' + query if query else ''}#{following}")


def _next(key: str, before: list[str], after: list[str]) -> str:
    """The row below the decided one, provided that it is still there: others may have followed by themselves."""
    below = before[before.index(key) + 1 :] if key in before else []
    still = set(after)
    return next((one for one in below if one in still), "desk")


def _freed(entries: int, minutes: int) -> str:
    return f"Frees {number(entries, 'entry,entries')}, {in_hours(minutes)}. " if entries > 0 else ""


def _answer(
    request: HttpRequest,
    workspace: Workspace,
    params: DeskParams,
    more: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """The part that scripts ask for, or the page around it.

    The part is made first: inside the page's nested templates the same rows take twice as long.
    """
    context = page_context.context(request, workspace, params) | (more or {}) | {"may_act": access.may_act(request)}
    body = render_to_string("hourbridge/desk/body.html", context, request)
    if params.is_script:
        return HttpResponse(body, status=status)
    title = f"{TITLES[params.tab]}, {workspace.name}"
    return access.show(request, "desk/page.html", context | {"body": body}, title=title, status=status)
