"""Decisions of people about one record: link, confirm, unlink, ignore. Each is written into the history.

Every function raises Refused with a message when the decision cannot be taken, and Moved if the record moved since the
person saw it. None calls a vendor.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.db import transaction

from integrations.kinds import Kind
from integrations.models import Vendor, Workspace
from mapping.decisions import partner_search
from mapping.decisions.history import write_history
from mapping.decisions.new_decision import NewDecision
from mapping.decisions.versions import NOTHING_DONE, refuse_if_moved
from mapping.errors import Moved, Refused
from mapping.matching import billing
from mapping.matching.names import strip_deleted
from mapping.models import Link, MappingOverride
from mapping.queries import (
    CLOCKIFY_MODELS,
    QUICKBOOKS_MODELS,
    Key,
    all_mapping_overrides_of,
    company_of,
    customers_with_parents,
    links_of,
    lock_decisions,
    mapping_overrides_of,
)
from mapping.record_states import RecordState, state_of

# Kinds of QuickBooks records that may be ignored where only QuickBooks has them; vendors are never listed.
LEFT_OUT_THERE = ("employee", "customer")


def link(decision: NewDecision) -> list[str]:
    """Link by hand, which also confirms a suspended or renamed link. Returns warnings in sentences."""
    _check_kind(decision.kind)
    workspace, (partner_kind, partner_id) = decision.workspace, _checked_partner(decision)
    with _unmoved(decision) as before:
        record = _clockify_row(decision)
        partner = _quickbooks_row(workspace, partner_kind, partner_id)
        # Several records may share a partner by hand, so this is a warning and not a refusal.
        holders = links_of(workspace).filter(kind=decision.kind, quickbooks_kind=partner_kind, quickbooks_id=partner_id)
        shared_with = [other.clockify_name or other.clockify_id for other in holders.exclude(**decision.record)]
        # A link ends an earlier unlinking or ignoring.
        mapping_overrides_of(workspace).filter(**decision.record).delete()
        _save_link(decision, record, partner)
        write_history(decision, "link", before)
    warnings = [f"{_full_name(partner)} is linked to {', '.join(shared_with)} as well."] if shared_with else []
    return [*warnings, *_billing_warnings(workspace, decision.kind, record, partner_id)]


def _checked_partner(decision: NewDecision) -> Key:
    """Return kind and id of the partner that was chosen. Raises Refused for one of a kind that can't be linked."""
    company_of(decision.workspace)
    if decision.partner is None:
        raise Refused("Nothing was chosen.")
    kind, quickbooks_id = decision.partner
    if kind == "vendor" and decision.kind != "user":
        raise Refused("Only a user can be linked to a vendor.")
    if kind not in partner_search.KINDS[decision.kind]:
        raise Refused(f"A {decision.kind} can't be linked to {'an' if kind == Kind.EMPLOYEE else 'a'} {kind}.")
    if kind == "vendor" and not may_be_vendor(decision.workspace, decision.clockify_id, quickbooks_id):
        raise Refused(
            "People are not linked to vendors here; the rule Match people to vendors (people_to_vendors) says so."
        )
    return kind, quickbooks_id


def _save_link(decision: NewDecision, record: Any, partner: Any) -> None:
    """Save the link to that partner, with names and parents as they are now."""
    quickbooks_kind, quickbooks_id = decision.partner or ("", "")
    Link.objects.update_or_create(
        workspace=decision.workspace,
        company=company_of(decision.workspace),
        kind=decision.kind,
        clockify_id=decision.clockify_id,
        given_back_at=None,
        defaults={
            "quickbooks_kind": quickbooks_kind,
            "quickbooks_id": quickbooks_id,
            "by": "person",
            "person": decision.person,
            "why": decision.note or "Linked by hand.",
            "made_at": decision.at,
            "clockify_name": record.name,
            "client_id": getattr(record, "client_id", ""),
            "quickbooks_name": partner.name,
            "parent_id": getattr(partner, "parent_id", ""),
            "suspended": "",
            "suspended_at": None,
        },
    )


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


def confirm(decision: NewDecision) -> list[str]:
    """Confirm a suspended or renamed link with names and parents as they are now."""
    with _unmoved(decision):
        current = decision.link().first()
        if current is None:
            raise Refused(f"This {decision.kind} has no link to confirm.")
        # Linking again stores today's names and parents, against which the next change is noticed.
        partner = (current.quickbooks_kind, current.quickbooks_id)
        return link(replace(decision, partner=partner, note=decision.note or "Confirmed.", version=""))


def unlink(decision: NewDecision) -> None:
    """Remove the link. The rule does not make it again, and time already sent stays where it is."""
    _check_kind(decision.kind)
    with _unmoved(decision) as before:
        removed, _ = decision.link().delete()
        if not removed:
            _clockify_row(decision)
            raise Refused(f"This {decision.kind} is not linked.")
        # Without the override the next matching would make the same link again.
        record_override(decision, MappingOverride.Choice.UNLINKED)
        write_history(decision, "unlink", before)


def ignore(decision: NewDecision) -> None:
    """Leave the record and its time out, linked or not, until a person links it.

    Its kind may also be employee or customer: then the QuickBooks record of that id needs no partner in Clockify.
    """
    if decision.kind in LEFT_OUT_THERE:
        _quickbooks_row(decision.workspace, decision.kind, decision.clockify_id)
    else:
        _check_kind(decision.kind)
        _clockify_row(decision)
    with _unmoved(decision) as before:
        record_override(decision, MappingOverride.Choice.IGNORED)
        write_history(decision, "ignore", before)


def stop_ignoring(decision: NewDecision) -> None:
    """Put the record back on the list. Its link works again; without one it is unlinked, not matched by the rule."""
    if decision.kind not in LEFT_OUT_THERE:
        _check_kind(decision.kind)
    with _unmoved(decision) as before:
        overrides = all_mapping_overrides_of(decision.workspace).filter(**decision.record)
        ignored = overrides.filter(choice=MappingOverride.Choice.IGNORED)
        if not ignored.exists():
            raise Refused(f"This {decision.kind} is not ignored.")
        # Without a link the record becomes unlinked: the rule must not link by itself what a person had set aside.
        if decision.link().exists() or decision.kind in LEFT_OUT_THERE:
            ignored.delete()
        else:
            ignored.update(choice=MappingOverride.Choice.UNLINKED, at=decision.at, person=decision.person)
        write_history(decision, "stop ignoring", before)


@contextmanager
def _unmoved(decision: NewDecision) -> Iterator[RecordState]:
    """Hold everybody else's decisions for the block, in one transaction; gives the record's state before it.

    Raises Moved if the record is not as the person saw it.
    """
    workspace = decision.workspace
    with transaction.atomic():
        lock_decisions(workspace)
        if not Workspace.objects.filter(pk=workspace.pk, company=workspace.company_id).exists():
            raise Moved(f"The QuickBooks company of {workspace} was changed just now. {NOTHING_DONE}")
        if decision.version:
            refuse_if_moved(decision)
        yield state_of(workspace, decision.kind, decision.clockify_id)


def _check_kind(kind: str) -> None:
    if kind not in CLOCKIFY_MODELS:
        raise Refused(f"{kind!r} is no kind of record; it is user, client or project.")


def _clockify_row(decision: NewDecision) -> Any:
    workspace, kind, clockify_id = decision.workspace, decision.kind, decision.clockify_id
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


def record_override(decision: NewDecision, choice: MappingOverride.Choice) -> None:
    """Keep that a person unlinked or ignored the record."""
    MappingOverride.objects.update_or_create(
        workspace=decision.workspace,
        company=company_of(decision.workspace),
        kind=decision.kind,
        clockify_id=decision.clockify_id,
        defaults={"choice": choice, "at": decision.at, "person": decision.person, "note": decision.note},
    )
