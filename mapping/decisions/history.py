"""The state of one record on the desk, written into the history and restored from it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model

from integrations.models import Workspace
from mapping.decisions.new_decision import NewDecision
from mapping.models import Decision, Link, MappingOverride
from mapping.queries import LINK_COLUMNS, LINK_KEYS, all_mapping_overrides_of, company_of, links_of, state_of


def restore(workspace: Workspace, kind: str, clockify_id: str, state: dict[str, Any]) -> None:
    """Restore the record's link and override. Call inside a transaction, with a state that `is_complete`."""
    key = {"workspace": workspace, "company": company_of(workspace), "kind": kind, "clockify_id": clockify_id}
    links_of(workspace).filter(kind=kind, clockify_id=clockify_id).delete()
    all_mapping_overrides_of(workspace).filter(kind=kind, clockify_id=clockify_id).delete()
    link, override = state.get("link"), state.get("stance_facts")
    if link:
        Link.objects.create(
            **key,
            **{column: link[key] for key, column in LINK_KEYS.items()},
            **{column: link[column] for column in LINK_COLUMNS},
            person_id=_known_person(link["person"]),
            made_at=datetime.fromisoformat(link["made_at"]),
            suspended_at=datetime.fromisoformat(link["suspended_at"]) if link["suspended_at"] else None,
        )
    if override:
        MappingOverride.objects.create(
            **key,
            choice=state["stance"],
            note=override["note"],
            person_id=_known_person(override["person"]),
            at=datetime.fromisoformat(override["at"]),
        )


def is_complete(state: dict[str, Any]) -> bool:
    """Return whether a stored state has everything that restoring needs; those of older versions do not."""
    link_kept = "link" not in state or "made_at" in state["link"]
    return link_kept and (not state.get("stance") or "stance_facts" in state)


def write_history(
    decision: NewDecision, verb: str, before: dict[str, Any], *, undoes: Decision | None = None
) -> Decision:
    """Write one line of history: the record's state before, and as it is now."""
    return Decision.objects.create(
        workspace=decision.workspace,
        company=decision.workspace.company,
        **decision.record,
        verb=verb,
        batch=decision.batch,
        undoes=undoes,
        person=decision.person,
        at=decision.at,
        before=before,
        after=state_of(decision.workspace, decision.kind, decision.clockify_id),
        note=decision.note,
    )


def _known_person(person_id: int | None) -> int | None:
    # The person may have been deleted since; a foreign key to a deleted user would make the restore fail.
    known = person_id is not None and get_user_model()._default_manager.filter(pk=person_id).exists()
    return person_id if known else None
