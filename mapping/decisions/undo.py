"""Taking decisions back: one, or all of one press; and the history that tells of both."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from integrations.models import Workspace
from mapping.decisions.history import is_complete, restore, state_of, write_history
from mapping.errors import Refused
from mapping.models import Decision, Link
from mapping.queries import links_of, mirrored_names

UNDO = "undo"


@dataclass
class Undone:
    """What an undo of a batch took back, under a batch id of its own; what stays, with the sentence that says why."""

    batch: uuid.UUID
    taken_back: list[Decision] = field(default_factory=list)
    kept: list[tuple[Decision, str]] = field(default_factory=list)


def undo_decision(
    workspace: Workspace,
    decision_id: int,
    *,
    now: datetime,
    person: Any = None,
    note: str = "",
    batch: uuid.UUID | None = None,
) -> Decision:
    """Make the record stand as it did before that decision; the caller judges the entries anew afterwards.

    Raises Refused where anything happened to the record since. An undo is a decision too and may be undone.
    Nothing is taken back in QuickBooks or Clockify.
    """
    with transaction.atomic():
        locked = Decision.objects.select_for_update(of=("self",)).filter(workspace=workspace, pk=decision_id)
        decision = locked.first()
        if decision is None:
            raise Refused(f"{workspace} has no decision {decision_id}.")
        problem = why_not(workspace, decision)
        if problem:
            raise Refused(problem)
        kind, clockify_id = decision.kind, decision.clockify_id
        current = state_of(workspace, kind, clockify_id)
        restore(workspace, kind, clockify_id, decision.before)
        return write_history(
            workspace,
            kind,
            clockify_id,
            UNDO,
            current,
            now=now,
            person=person,
            note=note or f"Took back: {decision.verb}.",
            batch=batch,
            undoes=decision,
        )


def undo_batch(workspace: Workspace, batch: uuid.UUID, *, now: datetime, person: Any = None, note: str = "") -> Undone:
    """Take back every decision of a batch that can be taken back, the last one first. Raises Refused where none can."""
    undone = Undone(uuid.uuid4())
    decisions = list(Decision.objects.filter(workspace=workspace, batch=batch).order_by("-pk"))
    for decision in decisions:
        try:
            made = undo_decision(workspace, decision.pk, now=now, person=person, note=note, batch=undone.batch)
        except Refused as refusal:
            undone.kept.append((decision, str(refusal)))
        else:
            undone.taken_back.append(made)
    if not decisions:
        raise Refused(f"{workspace} has no such batch of decisions.")
    if not undone.taken_back:
        raise Refused(undone.kept[0][1])
    return undone


def why_not(workspace: Workspace, decision: Decision) -> str:
    """Why a decision can't be taken back any more, in a sentence; "" where it can."""
    if decision.company_id != workspace.company_id or not is_complete(decision.before):
        return "This decision is from before the present connection; decide anew instead."
    current = state_of(workspace, decision.kind, decision.clockify_id)
    if current != decision.after:
        return _what_happened_since(workspace, decision, current)
    return _who_has_the_partner(workspace, decision)


def history(workspace: Workspace, *, kind: str = "", clockify_id: str = "") -> QuerySet[Decision]:
    """Decisions, the newest first: who, when, why, before and after; of one record where it is named."""
    rows = Decision.objects.filter(workspace=workspace).select_related("person", "undoes__person")
    if clockify_id:
        rows = rows.filter(kind=kind, clockify_id=clockify_id)
    return rows.order_by("-pk")


def _what_happened_since(workspace: Workspace, decision: Decision, current: dict[str, Any]) -> str:
    later = (
        Decision.objects.filter(workspace=workspace, kind=decision.kind, clockify_id=decision.clockify_id)
        .filter(pk__gt=decision.pk)
        .select_related("person")
        .order_by("-pk")
        .first()
    )
    name = _name(workspace, decision)
    if later is not None and later.undoes_id == decision.pk:
        return f"It was taken back already, {_by_whom(later)}."
    if later is not None:
        return f"{name} was decided anew since ({later.verb}, {_by_whom(later)}). Take that back first, or decide anew."
    suspended = (current.get("link") or {}).get("suspended")
    if suspended:
        return f"The link of {name} was suspended since ({suspended}). Decide about it as it is now."
    return f"{name} was matched anew since. Decide about it as it is now."


def _who_has_the_partner(workspace: Workspace, decision: Decision) -> str:
    """A link that the rule made has its partner for itself; somebody may have got it meanwhile."""
    link = decision.before.get("link")
    if not link or link["by"] != "rule":
        return ""
    holder: Link | None = (
        links_of(workspace)
        .filter(kind=decision.kind, quickbooks_kind=link["kind"], quickbooks_id=link["id"])
        .exclude(clockify_id=decision.clockify_id)
        .first()
    )
    if holder is None:
        return ""
    return f"{link['name']} is linked to {holder.clockify_name or holder.clockify_id} by now. Link it by hand instead."


def _name(workspace: Workspace, decision: Decision) -> str:
    found = mirrored_names(workspace, decision.kind, [decision.clockify_id])
    return found.get(decision.clockify_id) or f"This {decision.kind}"


def _by_whom(decision: Decision) -> str:
    who = decision.person.get_username() if decision.person else "a command"
    return f"{decision.at:%Y-%m-%d %H:%M} UTC by {who}"
