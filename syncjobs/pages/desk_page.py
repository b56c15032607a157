"""People and customers side by side: who is who, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from integrations.models import Workspace
from mapping import desk, desk_choice, desk_rows
from mapping.desk_index import CUSTOMERS, KINDS, LINKED, PEOPLE, QUICKBOOKS, SECTIONS, TODO, DeskIndex, Ref
from mapping.models import Decision
from mapping.queries import mirrored_names
from syncjobs import evaluate
from syncjobs.pages import access, what_if
from syncjobs.templatetags.hourbridge import in_hours, number

ROWS_A_PAGE = 50
LAST_WORKSPACE = "workspace"
WORDS = {
    "": "All",
    TODO: "To do",
    LINKED: "Linked",
    "ignored": "Ignored",
    QUICKBOOKS: "Only in QuickBooks",
}
TITLES = {PEOPLE: "People", CUSTOMERS: "Customers"}
MOST_HISTORY = 5


def any_workspace(page: str) -> Callable[[HttpRequest], HttpResponse]:
    """The menu's way to a page that each workspace has: the one last looked at, or the first."""

    def view(request: HttpRequest) -> HttpResponse:
        known = list(access.workspaces().values_list("pk", flat=True))
        if not known:
            messages.info(request, "Connect a Clockify workspace first.")
            return redirect("admin:index")
        last = request.session.get(LAST_WORKSPACE)
        return redirect(f"hourbridge:{page}", last if last in known else known[0])

    return view


def people(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk, PEOPLE)


def customers(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk, CUSTOMERS)


def _page(request: HttpRequest, pk: int, side: str) -> HttpResponse:
    workspace = access.workspace_at(pk)
    request.session[LAST_WORKSPACE] = pk
    if workspace.company is None:
        return _show(request, workspace, side, {"sections": []})
    refused = ""
    if request.method == "POST":
        try:
            return _decide(request, workspace, side)
        except desk.Refused as refusal:
            refused = str(refusal)
    return _show(request, workspace, side, _listed(request, workspace, side), refused=refused)


# --- deciding ------------------------------------------------------------------------------------------------
def _decide(request: HttpRequest, workspace: Workspace, side: str) -> HttpResponse:
    """Take the decision, judge everything anew, and go back to the next row."""
    kind, clockify_id = request.POST.get("kind", ""), request.POST.get("id", "")
    if kind not in KINDS[side]:
        raise desk.Refused("This page decides about something else.")
    decide = VERBS.get(request.POST.get("verb", ""))
    if decide is None:
        raise desk.Refused("Nothing was chosen.")
    now = timezone.now()
    before, listed = what_if.ready(workspace), _refs(request, DeskIndex(workspace, side))
    said, warnings = decide(request, workspace, kind, clockify_id, now)
    evaluate.refresh(workspace, now=now)
    after = what_if.ready(workspace)
    index = DeskIndex(workspace, side)
    freed = _freed(after.entries - before.entries, after.minutes - before.minutes)
    messages.success(request, f"{said} {freed}{index.sections()[TODO]} to do.")
    for warning in warnings:
        messages.warning(request, warning)
    query = request.GET.copy()
    query.pop("open", None)
    kept = f"?{query.urlencode()}" if query else ""
    return redirect(f"{request.path}{kept}#{_next(f'{kind}-{clockify_id}', listed, _refs(request, index))}")


def _refs(request: HttpRequest, index: DeskIndex) -> list[Ref]:
    """The rows as the page lists them, with its tab and search."""
    section = request.GET.get("show", "")
    return index.ordered(section=section if section in SECTIONS else "", search=request.GET.get("q", ""))


def _next(key: str, before: list[Ref], after: list[Ref]) -> str:
    """The row below the decided one, provided that it is still where it was: others may have followed by themselves."""
    keys = [ref.key for ref in before]
    still = {(ref.key, ref.section) for ref in after}
    below = before[keys.index(key) + 1 :] if key in keys else []
    here = next((ref.section for ref in before if ref.key == key), "")
    return next((ref.key for ref in below if ref.section == here and (ref.key, ref.section) in still), "desk")


def _freed(entries: int, minutes: int) -> str:
    return f"Frees {number(entries, 'entry,entries')}, {in_hours(minutes)}. " if entries > 0 else ""


Decided = tuple[str, list[str]]


def _link(request: HttpRequest, workspace: Workspace, kind: str, clockify_id: str, now: datetime) -> Decided:
    quickbooks_kind, quickbooks_id = desk_choice.meant(workspace, kind, _chosen(request))
    warnings = desk.link(
        workspace,
        kind,
        clockify_id,
        quickbooks_id,
        vendor=quickbooks_kind == "vendor",
        now=now,
        person=request.user,
        note=request.POST.get("note", "")[:500],
    )
    return "Linked.", warnings


def _chosen(request: HttpRequest) -> str:
    """The picked record, or the typed one; both at once could mean either, so neither is taken."""
    picked, typed = request.POST.get("partner", ""), request.POST.get("other", "").strip()
    if picked in {"", "other"}:
        return typed
    if typed:
        raise desk.Refused(f"You wrote “{typed}” and picked another record; leave one of them out.")
    return picked


def _confirm(request: HttpRequest, workspace: Workspace, kind: str, clockify_id: str, now: datetime) -> Decided:
    return "Confirmed.", desk.confirm(workspace, kind, clockify_id, now=now, person=request.user)


def _unlink(request: HttpRequest, workspace: Workspace, kind: str, clockify_id: str, now: datetime) -> Decided:
    note = request.POST.get("note", "")[:500]
    desk.unlink(workspace, kind, clockify_id, now=now, person=request.user, note=note)
    return "Unlinked; what was sent stays where it is.", []


def _ignore(request: HttpRequest, workspace: Workspace, kind: str, clockify_id: str, now: datetime) -> Decided:
    note = request.POST.get("note", "")[:500]
    desk.ignore(workspace, kind, clockify_id, now=now, person=request.user, note=note)
    return "Ignored; its time is left out.", []


def _stop_ignoring(request: HttpRequest, workspace: Workspace, kind: str, clockify_id: str, now: datetime) -> Decided:
    desk.stop_ignoring(workspace, kind, clockify_id, now=now, person=request.user)
    return "Not ignored any more.", []


VERBS: dict[str, Callable[[HttpRequest, Workspace, str, str, datetime], Decided]] = {
    "link": _link,
    "confirm": _confirm,
    "unlink": _unlink,
    "ignore": _ignore,
    "stop_ignoring": _stop_ignoring,
}


# --- showing -------------------------------------------------------------------------------------------------
def _listed(request: HttpRequest, workspace: Workspace, side: str) -> dict[str, Any]:
    index = DeskIndex(workspace, side)
    section, search = request.GET.get("show", ""), request.GET.get("q", "")
    counts = index.sections()
    refs = _refs(request, index)
    opened = _opened(request)
    page = Paginator(refs, ROWS_A_PAGE).get_page(_page_of(request, [ref.key for ref in refs], opened))
    groups = desk_rows.groups(workspace, index, list(page.object_list), side=side)
    row = next((row for group in groups for row in group.rows if row.key == opened), None)
    return {
        "sections": [(name, WORDS[name], sum(counts.values()) if not name else counts[name]) for name in WORDS],
        "words": WORDS,
        "counts": counts,
        "decided": counts[LINKED] + counts["ignored"],
        "all_ours": sum(counts.values()) - counts[QUICKBOOKS],
        "held_minutes": index.minutes(),
        "section": section,
        "search": search,
        "page": page,
        "groups": groups,
        "opened": opened if row else "",
        **(_panel(workspace, row) if row and row.ref.clockify_id else {}),
    }


def _opened(request: HttpRequest) -> str:
    """The row that is open: the one asked for, or the one whose decision was refused."""
    if request.method == "POST":
        return f"{request.POST.get('kind', '')}-{request.POST.get('id', '')}"
    return request.GET.get("open", "")


def _page_of(request: HttpRequest, keys: list[str], opened: str) -> Any:
    """A link to one row finds its page by itself."""
    if "page" not in request.GET and opened in keys:
        return keys.index(opened) // ROWS_A_PAGE + 1
    return request.GET.get("page", 1)


def _panel(workspace: Workspace, row: desk_rows.Row) -> dict[str, Any]:
    kind, clockify_id = row.ref.kind, row.ref.clockify_id
    past = Decision.objects.filter(workspace=workspace, kind=kind, clockify_id=clockify_id)
    return {
        "offered": desk_choice.offered(workspace, kind),
        "what_if": what_if.linking(workspace, kind, clockify_id) if row.ref.section == TODO else None,
        "history": past.select_related("person").order_by("-pk")[:MOST_HISTORY],
    }


def _name_of(workspace: Workspace, decision: Decision) -> str:
    names = mirrored_names(workspace, decision.kind, [decision.clockify_id])
    return names.get(decision.clockify_id) or decision.clockify_id


def _show(
    request: HttpRequest, workspace: Workspace, side: str, listed: dict[str, Any], *, refused: str = ""
) -> HttpResponse:
    kept = request.GET.copy()
    kept.pop("open", None)
    past = Decision.objects.filter(workspace=workspace, kind__in=KINDS[side]).select_related("person")
    last = past.order_by("-pk").first()
    context = {
        "workspace": workspace,
        "company": workspace.company,
        "others": access.workspaces().exclude(pk=workspace.pk),
        "side": side,
        "zone": workspace.time_zone,
        "refused": refused,
        "query": kept.urlencode(),
        "here": reverse(f"hourbridge:{side}", args=[workspace.pk]),
        "last": last,
        "last_name": _name_of(workspace, last) if last else "",
        **listed,
    }
    title = f"{TITLES[side]}, {workspace.name}"
    return access.show(request, "desk.html", context, title=title, status=422 if refused else 200)
