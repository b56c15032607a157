"""The state of one record on the desk, as `Decision.before` and `Decision.after` keep it: read, compared, restored.

The keys are those of stored rows, which must not change; those of earlier versions may lack what restoring needs.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from django.contrib.auth import get_user_model

from integrations.models import Workspace
from mapping.models import Link, MappingOverride
from mapping.queries import all_mapping_overrides_of, company_of, links_of


class LinkState(TypedDict):
    """A link: kind, id and name of the partner, and all else that restoring needs. Times in ISO format, "" for none."""

    kind: str
    id: str
    name: str
    by: str
    suspended: str
    why: str
    clockify_name: str
    client_id: str
    parent_id: str
    person: int | None
    made_at: str
    suspended_at: str


class OverrideState(TypedDict):
    """Who unlinked or ignored the record, when, and with which note."""

    note: str
    person: int | None
    at: str


class RecordState(TypedDict, total=False):
    """Whether the record is linked, and whether a person unlinked or ignored it (`stance`, "" for neither).

    The names are the keys of stored history, which must not change.
    """

    stance: str
    stance_facts: OverrideState
    link: LinkState


def state_of(workspace: Workspace, kind: str, clockify_id: str) -> RecordState:
    """Return the record's link and override, complete enough to be restored."""
    link = links_of(workspace).filter(kind=kind, clockify_id=clockify_id).first()
    override = all_mapping_overrides_of(workspace).filter(kind=kind, clockify_id=clockify_id).first()
    state: RecordState = {"stance": override.choice if override else ""}
    if override is not None:
        state["stance_facts"] = {
            "note": override.note,
            "person": override.person_id,
            "at": _isoformat(override.at),
        }
    if link is not None:
        state["link"] = {
            "kind": link.quickbooks_kind,
            "id": link.quickbooks_id,
            "name": link.quickbooks_name,
            "by": link.by,
            "suspended": link.suspended,
            "why": link.why,
            "clockify_name": link.clockify_name,
            "client_id": link.client_id,
            "parent_id": link.parent_id,
            "person": link.person_id,
            "made_at": _isoformat(link.made_at),
            "suspended_at": _isoformat(link.suspended_at),
        }
    return state


def is_complete(state: RecordState) -> bool:
    """Return whether a stored state has everything that restoring needs; those of older versions do not."""
    link_kept = "link" not in state or "made_at" in state["link"]
    return link_kept and (not state.get("stance") or "stance_facts" in state)


def restore(workspace: Workspace, kind: str, clockify_id: str, state: RecordState) -> None:
    """Restore the record's link and override. Call inside a transaction, with a state that `is_complete`."""
    company = company_of(workspace)
    links_of(workspace).filter(kind=kind, clockify_id=clockify_id).delete()
    all_mapping_overrides_of(workspace).filter(kind=kind, clockify_id=clockify_id).delete()
    link, override = state.get("link"), state.get("stance_facts")
    if link:
        Link.objects.create(
            workspace=workspace,
            company=company,
            kind=kind,
            clockify_id=clockify_id,
            quickbooks_kind=link["kind"],
            quickbooks_id=link["id"],
            quickbooks_name=link["name"],
            by=link["by"],
            suspended=link["suspended"],
            why=link["why"],
            clockify_name=link["clockify_name"],
            client_id=link["client_id"],
            parent_id=link["parent_id"],
            person_id=_known_person(link["person"]),
            made_at=datetime.fromisoformat(link["made_at"]),
            suspended_at=datetime.fromisoformat(link["suspended_at"]) if link["suspended_at"] else None,
        )
    if override:
        MappingOverride.objects.create(
            workspace=workspace,
            company=company,
            kind=kind,
            clockify_id=clockify_id,
            choice=state["stance"],
            note=override["note"],
            person_id=_known_person(override["person"]),
            at=datetime.fromisoformat(override["at"]),
        )


def _known_person(person_id: int | None) -> int | None:
    # The person may have been deleted since; a foreign key to a deleted user would make the restore fail.
    known = person_id is not None and get_user_model()._default_manager.filter(pk=person_id).exists()
    return person_id if known else None


def _isoformat(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
