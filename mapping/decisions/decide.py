"""Decisions of people about one record: link, confirm, unlink, ignore. Each is written into the history.

Every function raises Refused with a message when the decision cannot be taken. None calls a vendor. `version` is that
of the row on which a person decided (`versions`), "" where no page was shown; Moved is raised if it moved since.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from integrations.models import Vendor, Workspace
from mapping.decisions.history import write_history
from mapping.decisions.versions import NOTHING_DONE, Taking
from mapping.errors import Moved, Refused
from mapping.matching import billing
from mapping.matching.names import strip_deleted
from mapping.models import Link, MappingOverride
from mapping.queries import (
    CLOCKIFY_MODELS,
    QUICKBOOKS_MODELS,
    all_mapping_overrides_of,
    company_of,
    customers_with_parents,
    links_of,
    lock_decisions,
    mapping_overrides_of,
    state_of,
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
    version: str = "",
) -> list[str]:
    """Link by hand, which also confirms a suspended or renamed link. Returns warnings in sentences."""
    _check_kind(kind)
    quickbooks_kind = ("vendor" if vendor else "employee") if kind == "user" else "customer"
    if vendor and kind != "user":
        raise Refused("Only a user can be linked to a vendor.")
    company = company_of(workspace)
    if vendor and not may_be_vendor(workspace, clockify_id, quickbooks_id):
        raise Refused(
            "People are not linked to vendors here; the rule Match people to vendors (people_to_vendors) says so."
        )
    taking = Taking(workspace, kind, clockify_id, (quickbooks_kind, quickbooks_id), person, batch)
    with _unmoved(taking, version) as before:
        record = _clockify_row(workspace, kind, clockify_id)
        partner = _quickbooks_row(workspace, quickbooks_kind, quickbooks_id)
        # Several records may share a partner by hand, so this is a warning and not a refusal.
        shared = links_of(workspace).filter(kind=kind, quickbooks_kind=quickbooks_kind, quickbooks_id=quickbooks_id)
        other_links = list(shared.exclude(clockify_id=clockify_id))
        # A link ends an earlier unlinking or ignoring.
        mapping_overrides_of(workspace).filter(kind=kind, clockify_id=clockify_id).delete()
        Link.objects.update_or_create(
            workspace=workspace,
            company=company,
            kind=kind,
            clockify_id=clockify_id,
            given_back_at=None,
            defaults={
                "quickbooks_kind": quickbooks_kind,
                "quickbooks_id": quickbooks_id,
                "by": "person",
                "person": person,
                "why": note or "Linked by hand.",
                "made_at": now,
                "clockify_name": record.name,
                "client_id": getattr(record, "client_id", ""),
                "quickbooks_name": partner.name,
                "parent_id": getattr(partner, "parent_id", ""),
                "suspended": "",
                "suspended_at": None,
            },
        )
        write_history(workspace, kind, clockify_id, "link", before, now=now, person=person, note=note, batch=batch)
    shared_by = ", ".join(other_link.clockify_name or other_link.clockify_id for other_link in other_links)
    warnings = [f"{_full_name(partner)} is linked to {shared_by} as well."] if other_links else []
    return [*warnings, *_billing_warnings(workspace, kind, record, quickbooks_id)]


def may_be_vendor(workspace: Workspace, user_id: str, vendor_id: str) -> bool:
    """Return whether this user may be linked to that vendor: by the rule, or to confirm an existing link."""
    existing_link = {"kind": "user", "clockify_id": user_id, "quickbooks_kind": "vendor", "quickbooks_id": vendor_id}
    return workspace.people_to_vendors or links_of(workspace).filter(**existing_link).exists()


def _billing_warnings(workspace: Workspace, kind: str, record: Any, customer_id: str) -> list[str]:
    """Return a warning where another than the record's own client is billed, which is allowed but often a mistake."""
    if kind == "user":
        return []
    clients = links_of(workspace).filter(kind="client")
    if kind == "client":
        customers = customers_with_parents(company_of(workspace), [customer_id])
        others = clients.filter(quickbooks_id=customer_id).exclude(clockify_id=record.clockify_id)
        bill = billing.of_client(
            billing.chain(customers, customer_id), other_clients=list(others.values_list("clockify_name", flat=True))
        )
    else:
        client = clients.filter(clockify_id=record.client_id, suspended="").first() if record.client_id else None
        client_customer = client.quickbooks_id if client else ""
        customers = customers_with_parents(company_of(workspace), [customer_id, client_customer])
        bill = billing.of_project(
            billing.chain(customers, customer_id),
            client=record.client_name or record.client_id,
            client_partner=billing.chain(customers, client_customer),
        )
    return [bill.sentence] if bill is not None and bill.differs else []


def _full_name(partner: Any) -> str:
    return getattr(partner, "full_name", "") or str(partner.name)


def confirm(
    workspace: Workspace,
    kind: str,
    clockify_id: str,
    *,
    now: datetime,
    person: Any = None,
    note: str = "",
    batch: UUID | None = None,
    version: str = "",
) -> list[str]:
    """Confirm a suspended or renamed link with names and parents as they are now."""
    with _unmoved(Taking(workspace, kind, clockify_id, person=person, batch=batch), version):
        current = links_of(workspace).filter(kind=kind, clockify_id=clockify_id).first()
        if current is None:
            raise Refused(f"This {kind} has no link to confirm.")
        # Linking again stores today's names and parents, against which the next change is noticed.
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
    version: str = "",
) -> None:
    """Remove the link. The rule does not make it again, and time already sent stays where it is."""
    _check_kind(kind)
    with _unmoved(Taking(workspace, kind, clockify_id, person=person, batch=batch), version) as before:
        removed, _ = links_of(workspace).filter(kind=kind, clockify_id=clockify_id).delete()
        if not removed:
            _clockify_row(workspace, kind, clockify_id)
            raise Refused(f"This {kind} is not linked.")
        # Without the override the next matching would make the same link again.
        record_override(
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
    version: str = "",
) -> None:
    """Leave the record and its time out, linked or not, until a person links it.

    `kind` may also be employee or customer: then the QuickBooks record of that id needs no partner in Clockify.
    """
    if kind in LEFT_OUT_THERE:
        _quickbooks_row(workspace, kind, clockify_id)
    else:
        _check_kind(kind)
        _clockify_row(workspace, kind, clockify_id)
    with _unmoved(Taking(workspace, kind, clockify_id, person=person, batch=batch), version) as before:
        record_override(workspace, kind, clockify_id, MappingOverride.Choice.IGNORED, now=now, person=person, note=note)
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
    version: str = "",
) -> None:
    """Put the record back on the list. Its link works again; without one it is unlinked, not matched by the rule."""
    if kind not in LEFT_OUT_THERE:
        _check_kind(kind)
    with _unmoved(Taking(workspace, kind, clockify_id, person=person, batch=batch), version) as before:
        ignored = all_mapping_overrides_of(workspace).filter(
            kind=kind, clockify_id=clockify_id, choice=MappingOverride.Choice.IGNORED
        )
        if not ignored.exists():
            raise Refused(f"This {kind} is not ignored.")
        linked = links_of(workspace).filter(kind=kind, clockify_id=clockify_id).exists()
        # Without a link the record becomes unlinked: the rule must not link by itself what a person had set aside.
        if linked or kind in LEFT_OUT_THERE:
            ignored.delete()
        else:
            ignored.update(choice=MappingOverride.Choice.UNLINKED, at=now, person=person)
        write_history(
            workspace, kind, clockify_id, "stop ignoring", before, now=now, person=person, note=note, batch=batch
        )


@contextmanager
def _unmoved(taking: Taking, version: str) -> Iterator[dict[str, Any]]:
    """Hold everybody else's decisions for the block, in one transaction; gives the record's state before it.

    Raises Moved if the record is not as the person saw it.
    """
    with transaction.atomic():
        lock_decisions(taking.workspace)
        if not Workspace.objects.filter(pk=taking.workspace.pk, company=taking.workspace.company_id).exists():
            raise Moved(f"The QuickBooks company of {taking.workspace} was changed just now. {NOTHING_DONE}")
        if version:
            taking.refuse_if_moved(version)
        yield state_of(taking.workspace, taking.kind, taking.clockify_id)


def _check_kind(kind: str) -> None:
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
    # QuickBooks refuses time that refers to an inactive record (610, 2500).
    if not row.active or row.gone_at is not None:
        name = strip_deleted(row.name)
        raise Refused(f"The {kind} {name} is inactive in QuickBooks. Reactivate it there and check again.")
    return row


def record_override(
    workspace: Workspace, kind: str, clockify_id: str, choice: str, *, now: datetime, person: Any, note: str
) -> None:
    MappingOverride.objects.update_or_create(
        workspace=workspace,
        company=company_of(workspace),
        kind=kind,
        clockify_id=clockify_id,
        defaults={"choice": choice, "at": now, "person": person, "note": note},
    )
