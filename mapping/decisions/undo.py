"""Undo of decisions, one or a whole batch, redo of what was undone, and the history of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from integrations.models import Workspace
from mapping.decisions.decide import record_override
from mapping.decisions.history import write_history
from mapping.decisions.new_decision import NewDecision
from mapping.decisions.versions import NOTHING_DONE, decision_sentence
from mapping.errors import Refused
from mapping.models import Decision, Link, MappingOverride, PartnerWrite
from mapping.queries import links_of, lock_decisions, mirrored_names
from mapping.record_states import RecordState, is_complete, restore, state_of

UNDO, REDO = "undo", "redo"


@dataclass
class Undone:
    """Result of undoing a batch: a batch id of its own, decisions taken back, and those kept with the message why."""

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
    """Restore the record as it was before that decision; the caller evaluates entries again afterwards.

    Raises Refused where anything happened to the record since. An undo is a decision too; undoing it is a redo.
    Nothing is taken back in QuickBooks or Clockify.
    """
    with transaction.atomic():
        lock_decisions(workspace)
        decision = Decision.objects.filter(workspace=workspace, pk=decision_id).first()
        if decision is None:
            raise Refused(f"{workspace} has no decision {decision_id}.")
        problem = undo_problem(workspace, decision, viewer=person)
        if problem:
            raise Refused(problem)
        current = state_of(workspace, decision.kind, decision.clockify_id)
        redone = decision.undoes if decision.verb == UNDO else None
        restore(workspace, decision.kind, decision.clockify_id, decision.before)
        undoing = NewDecision(
            workspace, decision.kind, decision.clockify_id, at=now, person=person, note=note, batch=batch
        )
        if _created_and_linked(workspace, decision):
            # Both names are the same now: the rule would make the link again at once.
            record_override(undoing, MappingOverride.Choice.UNLINKED)
        undoing = replace(undoing, note=note or (f"Redone: {redone.verb}." if redone else f"Undone: {decision.verb}."))
        return write_history(undoing, UNDO if decision.verb != UNDO else REDO, current, undoes=decision)


def undo_batch(workspace: Workspace, batch: uuid.UUID, *, now: datetime, person: Any = None, note: str = "") -> Undone:
    """Undo every decision of a batch that can be undone, the last one first. Raises Refused where none can."""
    undone = Undone(uuid.uuid4())
    # The last first: a decision can only be undone once later ones about the same record are.
    decisions = list(Decision.objects.filter(workspace=workspace, batch=batch).order_by("-pk"))
    for decision in decisions:
        try:
            undoing = undo_decision(workspace, decision.pk, now=now, person=person, note=note, batch=undone.batch)
        except Refused as refusal:
            undone.kept.append((decision, str(refusal)))
        else:
            undone.taken_back.append(undoing)
    if not decisions:
        raise Refused(f"{workspace} has no such batch of decisions.")
    if not undone.taken_back:
        raise Refused(undone.kept[0][1])
    return undone


def undo_problem(workspace: Workspace, decision: Decision, *, viewer: Any = None) -> str:
    """Return why a decision can no longer be undone, in a sentence; "" where it can."""
    # In another company the ids of that time mean other records.
    if decision.company_id != workspace.company_id or not is_complete(decision.before):
        return "This decision is from before the present connection; decide again instead."
    current = state_of(workspace, decision.kind, decision.clockify_id)
    if current != decision.after:
        return _change_since(workspace, decision, current, viewer=viewer)
    return _partner_conflict(workspace, decision)


def history(workspace: Workspace, *, kind: str = "", clockify_id: str = "") -> QuerySet[Decision]:
    """Return decisions, the newest first; only those of one record where `clockify_id` is given."""
    rows = Decision.objects.filter(workspace=workspace).select_related("person", "undoes__person")
    if clockify_id:
        rows = rows.filter(kind=kind, clockify_id=clockify_id)
    return rows.order_by("-pk")


def _created_and_linked(workspace: Workspace, decision: Decision) -> bool:
    """Return whether the decision linked an open record to the one that was created for it in QuickBooks."""
    link = decision.after.get("link")
    if not link or decision.before.get("link") or decision.before.get("stance"):
        return False
    facts = {"side": PartnerWrite.Side.QUICKBOOKS, "verb": PartnerWrite.Verb.CREATE, "entity": link["kind"]}
    writes = PartnerWrite.objects.filter(workspace=workspace, company=workspace.company, **facts)
    return writes.filter(
        clockify_id=decision.clockify_id, quickbooks_id=link["id"], state=PartnerWrite.State.DONE
    ).exists()


def _change_since(workspace: Workspace, decision: Decision, current: RecordState, *, viewer: Any) -> str:
    later = (
        Decision.objects.filter(workspace=workspace, kind=decision.kind, clockify_id=decision.clockify_id)
        .filter(pk__gt=decision.pk)
        .select_related("person")
        .order_by("-pk")
        .first()
    )
    name = _name(workspace, decision)
    if later is not None:
        sentence = decision_sentence(later, viewer=viewer, workspace=workspace, about=name)
        hint = "" if later.undoes_id == decision.pk else " Take that back first, or decide again."
        return f"{sentence} {NOTHING_DONE}{hint}"
    link = current.get("link")
    suspended = link["suspended"] if link else ""
    what = (
        f"A check suspended the link of {name} since ({suspended})" if suspended else f"{name} was matched again since"
    )
    return f"{what}. {NOTHING_DONE} Decide about it as it is now."


def _partner_conflict(workspace: Workspace, decision: Decision) -> str:
    """Return why the earlier link cannot be restored: its partner is linked by now; "" where it can be restored."""
    # By rule a partner has one link; only links by hand may share it.
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
    names = mirrored_names(workspace, decision.kind, [decision.clockify_id])
    return names.get(decision.clockify_id) or f"This {decision.kind}"
