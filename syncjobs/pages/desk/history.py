"""What was decided, by whom, when and why, before and after; of one record or of the workspace, with its undo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Max, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from integrations.models import Workspace
from mapping.decisions.undo import history
from mapping.errors import Refused
from mapping.models import Decision
from mapping.queries import mirrored_names
from syncjobs.pages import access
from syncjobs.pages.desk import actions
from syncjobs.pages.links import desk
from syncjobs.planning import evaluate
from syncjobs.rules import reasons

ROWS_A_PAGE = 50
OVERRIDE_WORDS = {"ignored": "ignored", "unlinked": "unlinked by hand"}


@dataclass(frozen=True)
class HistoryLine:
    """One decision in words."""

    decision: Decision
    name: str
    before: str
    after: str
    row: str
    may_undo: bool
    together: int


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The decisions, newest first; posted to it: take one back, or all of one press."""
    workspace = access.workspace_at(pk)
    if request.method == "POST":
        return _undo(request, workspace)
    kind, clockify_id = request.GET.get("kind", ""), request.GET.get("id", "")[:80]
    rows = _with_latest(workspace, history(workspace, kind=kind, clockify_id=clockify_id))
    found = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page", 1))
    lines = _lines(workspace, list(found.object_list))
    context = {
        "workspace": workspace,
        "zone": workspace.time_zone,
        "page": found,
        "lines": lines,
        "name": lines[0].name if lines and clockify_id else "",
        "back": desk(workspace.pk, kind, clockify_id),
        "tab": "history",
    }
    title = f"Decisions, {workspace.name}"
    return access.show(request, "desk/history.html", context, title=title)


def _undo(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    now = timezone.now()
    try:
        if request.POST.get("verb") != "undo" or workspace.company is None:
            raise Refused("Nothing was chosen.")
        with evaluate.deciding(workspace, now=now):
            decided = actions.decide(request, workspace, now=now)
        messages.success(request, decided.said)
        for warning in decided.warnings:
            messages.warning(request, warning)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(request.get_full_path())


def _with_latest(workspace: Workspace, rows: Any) -> Any:
    """Each with the last decision about its record, since only that one can be taken back."""
    same = Decision.objects.filter(workspace=workspace, kind=OuterRef("kind"), clockify_id=OuterRef("clockify_id"))
    latest = same.order_by().values("clockify_id").annotate(last=Max("pk")).values("last")
    return rows.annotate(latest=Subquery(latest[:1]))


def _lines(workspace: Workspace, decisions: list[Decision]) -> list[HistoryLine]:
    names, together = _names(workspace, decisions), _together(workspace, decisions)
    return [
        HistoryLine(
            decision=one,
            name=names.get((one.kind, one.clockify_id)) or f"without a name ({one.clockify_id})",
            before=stands(one.before),
            after=stands(one.after),
            row=desk(workspace.pk, one.kind, one.clockify_id),
            may_undo=getattr(one, "latest", None) == one.pk and one.company_id == workspace.company_id,
            together=together.get(one.batch, 1) if one.batch else 1,
        )
        for one in decisions
    ]


def _names(workspace: Workspace, decisions: Iterable[Decision]) -> dict[tuple[str, str], str]:
    ids: dict[str, set[str]] = defaultdict(set)
    for one in decisions:
        ids[one.kind].add(one.clockify_id)
    return {(kind, key): name for kind in ids for key, name in mirrored_names(workspace, kind, ids[kind]).items()}


def _together(workspace: Workspace, decisions: Iterable[Decision]) -> dict[Any, int]:
    batches = {one.batch for one in decisions if one.batch}
    rows = Decision.objects.filter(workspace=workspace, batch__in=batches)
    return dict(rows.values_list("batch").annotate(how_many=Count("pk")))


def stands(state: Mapping[str, Any]) -> str:
    """How a record stood, in words: `linked to Acme (customer 58), by rule`."""
    said = []
    link = state.get("link")
    if link:
        said.append(f"linked to {link.get('name') or link['id']} ({link['kind']} {link['id']}), by {link.get('by')}")
        if link.get("suspended"):
            said.append(f"suspended: {reasons.title(link['suspended'])}")
    if state.get("stance"):
        said.append(OVERRIDE_WORDS.get(state["stance"], state["stance"]))
    return ", ".join(said) or "not linked"
