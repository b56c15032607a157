"""What people decide about one record: link, confirm, unlink, ignore. Each is written into the history.

Every function raises Refused with a sentence when the decision can't be taken. None talks to a vendor.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from integrations.models import Vendor, Workspace
from mapping.decisions.history import state_of, write_history
from mapping.errors import Refused
from mapping.models import Link, MappingOverride
from mapping.queries import (
    CLOCKIFY_MODELS,
    QUICKBOOKS_MODELS,
    all_mapping_overrides_of,
    company_of,
    links_of,
    mapping_overrides_of,
)

# Kinds of QuickBooks records that may be ignored where only QuickBooks has them; vendors are never listed.
LEFT_OUT_THERE = ("employee", "customer")


def link(
    workspace: Workspace,
    kind: str,
    clockify_id: str,
    quickbooks_id: str,
    *,
    vendor: bool = False,
    now: datetime,
    person: Any = None,
    note: str = "",
    batch: UUID | None = None,
) -> list[str]:
    """Link by hand, which also confirms a suspended or renamed link. Gives warnings in sentences."""
    _known_kind(kind)
    left = _clockify_row(workspace, kind, clockify_id)
    quickbooks_kind = ("vendor" if vendor else "employee") if kind == "user" else "customer"
    if vendor and kind != "user":
        raise Refused("Only a user can be linked to a vendor.")
    company = company_of(workspace)
    right = _quickbooks_row(workspace, quickbooks_kind, quickbooks_id)
    if vendor and not may_be_vendor(workspace, clockify_id, quickbooks_id):
        raise Refused("People are not linked to vendors here; the rule People to vendors (people_to_vendors) says so.")
    shared = links_of(workspace).filter(kind=kind, quickbooks_kind=quickbooks_kind, quickbooks_id=quickbooks_id)
    others = list(shared.exclude(clockify_id=clockify_id))
    with transaction.atomic():
        before = state_of(workspace, kind, clockify_id)
        mapping_overrides_of(workspace).filter(kind=kind, clockify_id=clockify_id).delete()
        Link.objects.update_or_create(
            workspace=workspace,
            company=company,
            kind=kind,
            clockify_id=clockify_id,
            defaults={
                "quickbooks_kind": quickbooks_kind,
                "quickbooks_id": quickbooks_id,
                "by": "person",
                "person": person,
                "why": note or "Linked by hand.",
                "made_at": now,
                "clockify_name": left.name,
                "client_id": getattr(left, "client_id", ""),
                "quickbooks_name": right.name,
                "parent_id": getattr(right, "parent_id", ""),
                "suspended": "",
                "suspended_at": None,
            },
        )
        write_history(workspace, kind, clockify_id, "link", before, now=now, person=person, note=note, batch=batch)
    shared_by = ", ".join(other.clockify_name or other.clockify_id for other in others)
    warnings = [f"{_full_name(right)} is linked to {shared_by} as well."] if others else []
    return [*warnings, *_another_clients(workspace, left, right)]


def may_be_vendor(workspace: Workspace, user_id: str, vendor_id: str) -> bool:
    """Whether this user may be linked to that vendor: where the rule allows it, or to confirm a link there is."""
    this = {"kind": "user", "clockify_id": user_id, "quickbooks_kind": "vendor", "quickbooks_id": vendor_id}
    return workspace.people_to_vendors or links_of(workspace).filter(**this).exists()


def _another_clients(workspace: Workspace, left: Any, right: Any) -> list[str]:
    """A project may be linked to any customer, but one below another client's is worth a second look."""
    client = links_of(workspace).filter(kind="client", clockify_id=getattr(left, "client_id", "")).first()
    if client is None or client.quickbooks_id in {right.quickbooks_id, getattr(right, "parent_id", "")}:
        return []
    return [f"{_full_name(right)} does not belong to {left.client_name}, whose customer is {client.quickbooks_name}."]


def _full_name(right: Any) -> str:
    return getattr(right, "full_name", "") or str(right.name)


def confirm(
    workspace: Workspace,
    kind: str,
    clockify_id: str,
    *,
    now: datetime,
    person: Any = None,
    note: str = "",
    batch: UUID | None = None,
) -> list[str]:
    """Take a suspended or renamed link as it is now."""
    current = links_of(workspace).filter(kind=kind, clockify_id=clockify_id).first()
    if current is None:
        raise Refused(f"This {kind} has no link to confirm.")
    return link(
        workspace,
        kind,
        clockify_id,
        current.quickbooks_id,
        vendor=current.quickbooks_kind == "vendor",
        now=now,
        person=person,
        note=note or "Confirmed.",
        batch=batch,
    )


def unlink(
    workspace: Workspace,
    kind: str,
    clockify_id: str,
    *,
    now: datetime,
    person: Any = None,
    note: str = "",
    batch: UUID | None = None,
) -> None:
    """Take the link away. The rule does not make it again, and time already sent stays where it is."""
    _known_kind(kind)
    with transaction.atomic():
        before = state_of(workspace, kind, clockify_id)
        removed, _ = links_of(workspace).filter(kind=kind, clockify_id=clockify_id).delete()
        if not removed:
            _clockify_row(workspace, kind, clockify_id)
            raise Refused(f"This {kind} is not linked.")
        _record_override(
            workspace, kind, clockify_id, MappingOverride.Choice.UNLINKED, now=now, person=person, note=note
        )
        write_history(workspace, kind, clockify_id, "unlink", before, now=now, person=person, note=note, batch=batch)


def ignore(
    workspace: Workspace,
    kind: str,
    clockify_id: str,
    *,
    now: datetime,
    person: Any = None,
    note: str = "",
    batch: UUID | None = None,
) -> None:
    """Leave the record and its time out, linked or not, until a person links it.

    `kind` may be employee or customer as well: the QuickBooks record of that id needs no partner in Clockify.
    """
    if kind in LEFT_OUT_THERE:
        _quickbooks_row(workspace, kind, clockify_id)
    else:
        _known_kind(kind)
        _clockify_row(workspace, kind, clockify_id)
    with transaction.atomic():
        before = state_of(workspace, kind, clockify_id)
        _record_override(
            workspace, kind, clockify_id, MappingOverride.Choice.IGNORED, now=now, person=person, note=note
        )
        write_history(workspace, kind, clockify_id, "ignore", before, now=now, person=person, note=note, batch=batch)


def stop_ignoring(
    workspace: Workspace,
    kind: str,
    clockify_id: str,
    *,
    now: datetime,
    person: Any = None,
    note: str = "",
    batch: UUID | None = None,
) -> None:
    """Back to the list. A link there was works again; without one, the rule still waits for a person to link."""
    if kind not in LEFT_OUT_THERE:
        _known_kind(kind)
    with transaction.atomic():
        before = state_of(workspace, kind, clockify_id)
        ignored = all_mapping_overrides_of(workspace).filter(
            kind=kind, clockify_id=clockify_id, choice=MappingOverride.Choice.IGNORED
        )
        if not ignored.exists():
            raise Refused(f"This {kind} is not ignored.")
        linked = links_of(workspace).filter(kind=kind, clockify_id=clockify_id).exists()
        if linked or kind in LEFT_OUT_THERE:
            ignored.delete()
        else:
            ignored.update(choice=MappingOverride.Choice.UNLINKED, at=now, person=person)
        write_history(
            workspace, kind, clockify_id, "stop ignoring", before, now=now, person=person, note=note, batch=batch
        )


def _known_kind(kind: str) -> None:
    if kind not in CLOCKIFY_MODELS:
        raise Refused(f"{kind!r} is no kind of record; it is user, client or project.")


def _clockify_row(workspace: Workspace, kind: str, clockify_id: str) -> Any:
    row = CLOCKIFY_MODELS[kind]._default_manager.filter(workspace=workspace, clockify_id=clockify_id).first()
    if row is None:
        raise Refused(f"{workspace} has no {kind} {clockify_id}. Check for new users and customers, then look again.")
    return row


def _quickbooks_row(workspace: Workspace, kind: str, quickbooks_id: str) -> Any:
    company = company_of(workspace)
    row = QUICKBOOKS_MODELS[kind]._default_manager.filter(company=company, quickbooks_id=quickbooks_id).first()
    vendor = Vendor.objects.filter(company=company, quickbooks_id=quickbooks_id).first()
    if row is None and kind == "employee" and vendor is not None:
        raise Refused(f"{quickbooks_id} is the vendor {vendor.name}; link it as a vendor (--vendor).")
    if row is None:
        raise Refused(f"{company} has no {kind} {quickbooks_id}. Check for new users and customers, then look again.")
    if not row.active or row.gone_at is not None:
        raise Refused(f"The {kind} {row.name} is inactive in QuickBooks. Reactivate it there and check again.")
    return row


def _record_override(
    workspace: Workspace, kind: str, clockify_id: str, choice: str, *, now: datetime, person: Any, note: str
) -> None:
    MappingOverride.objects.update_or_create(
        workspace=workspace,
        company=company_of(workspace),
        kind=kind,
        clockify_id=clockify_id,
        defaults={"choice": choice, "at": now, "person": person, "note": note},
    )
