"""The history of decisions about one record or the whole workspace, with the undo of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, Max, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from integrations.models import Workspace
from integrations.unnamed import named
from mapping.decisions.undo import history
from mapping.errors import Refused
from mapping.models import Decision
from mapping.queries import mirrored_names
from syncjobs.pages import access, paging
from syncjobs.pages.desk import actions
from syncjobs.pages.links import desk
from syncjobs.planning import evaluate
from syncjobs.rules import reasons

OVERRIDE_LABELS = {"ignored": "ignored", "unlinked": "unlinked by hand"}


@dataclass(frozen=True)
class HistoryLine:
    """One decision as the page shows it; `row_url` leads to the record on the desk."""

    decision: Decision
    name: str
    before: str
    after: str
    row_url: str
    may_undo: bool
    batch_size: int


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the decisions, newest first; on POST, undo one of them or all of one batch."""
    workspace = access.workspace_at(pk)
    if request.method == "POST":
        return _undo(request, workspace)
    kind, clockify_id = request.GET.get("kind", ""), request.GET.get("id", "")[:80]
    rows = _annotate_latest(workspace, history(workspace, kind=kind, clockify_id=clockify_id))
    current_page = paging.page_of(request, rows)
    lines = _lines(workspace, list(current_page.object_list))
    context = {
        "workspace": workspace,
        "zone": workspace.time_zone,
        "page": current_page,
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
        messages.success(request, decided.message)
        for warning in decided.warnings:
            messages.warning(request, warning)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(request.get_full_path())


def _annotate_latest(workspace: Workspace, rows: Any) -> Any:
    """Return the decisions with `latest`, the id of the last decision about the same record.

    Only that one can be undone.
    """
    same_record = Decision.objects.filter(
        workspace=workspace, kind=OuterRef("kind"), clockify_id=OuterRef("clockify_id")
    )
    latest = same_record.order_by().values("clockify_id").annotate(last=Max("pk")).values("last")
    return rows.annotate(latest=Subquery(latest[:1]))


def _lines(workspace: Workspace, decisions: list[Decision]) -> list[HistoryLine]:
    names, batch_sizes = _names(workspace, decisions), _batch_sizes(workspace, decisions)
    return [
        HistoryLine(
            decision=decision,
            name=named(
                names.get((decision.kind, decision.clockify_id), ""), decision.kind, record_id=decision.clockify_id
            ),
            before=describe_state(decision.before),
            after=describe_state(decision.after),
            row_url=desk(workspace.pk, decision.kind, decision.clockify_id),
            # Partners of a former company do not exist in the present one, so those decisions stay as they are.
            may_undo=getattr(decision, "latest", None) == decision.pk and decision.company_id == workspace.company_id,
            batch_size=batch_sizes.get(decision.batch, 1) if decision.batch else 1,
        )
        for decision in decisions
    ]


def _names(workspace: Workspace, decisions: Iterable[Decision]) -> dict[tuple[str, str], str]:
    """Return the mirrored names by kind and id."""
    ids: dict[str, set[str]] = defaultdict(set)
    for decision in decisions:
        ids[decision.kind].add(decision.clockify_id)
    return {(kind, key): name for kind in ids for key, name in mirrored_names(workspace, kind, ids[kind]).items()}


def _batch_sizes(workspace: Workspace, decisions: Iterable[Decision]) -> dict[Any, int]:
    """Return how many decisions each batch has in all, on this page or not."""
    batches = {decision.batch for decision in decisions if decision.batch}
    rows = Decision.objects.filter(workspace=workspace, batch__in=batches)
    return dict(rows.values_list("batch").annotate(size=Count("pk")))


def describe_state(state: Mapping[str, Any]) -> str:
    """Return a record's state as text: `linked to Acme (customer 58), by rule`."""
    parts = []
    link = state.get("link")
    if link:
        parts.append(f"linked to {link.get('name') or link['id']} ({link['kind']} {link['id']}), by {link.get('by')}")
        if link.get("suspended"):
            parts.append(f"suspended: {reasons.title(link['suspended'])}")
    if state.get("stance"):
        # The stored key keeps its former name: recorded decisions are compared and restored by it.
        parts.append(OVERRIDE_LABELS.get(state["stance"], state["stance"]))
    return ", ".join(parts) or "not linked"
