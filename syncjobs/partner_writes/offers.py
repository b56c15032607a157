"""Writes that would resolve a row of the desk, the likeliest first. Reads the row only."""

from __future__ import annotations

from integrations.kinds import Kind
from mapping.matching.row_json import facts_in, first_in
from mapping.models import Mismatch
from syncjobs.partner_writes.drafts import CLOCKIFY, CREATE, QUICKBOOKS, REACTIVATE, RENAME, WriteRequest
from syncjobs.rules.codes import Code

# Reasons for which QuickBooks has no matching record.
MISSING_PERSON_REASONS = {"NO_EMPLOYEE"}
MISSING_CUSTOMER_REASONS = {"NO_CUSTOMER", "WRONG_PARENT", "WRONG_LEVEL"}
INACTIVE_REASONS = {Code.EMPLOYEE_INACTIVE, Code.CUSTOMER_INACTIVE}
MISSING_IN_CLOCKIFY = {"NO_CLOCKIFY_CLIENT": "client", "NO_CLOCKIFY_PROJECT": "project"}
NAME_DIFFERENCES = {"NAME_DIFFERS", "RENAMED"}


def offers(row: Mismatch) -> list[WriteRequest]:
    """Return the writes that a person may review (`submit.draft`) and confirm (`submit.carry_out`)."""
    reason, kind = row.reason, row.kind
    if reason in MISSING_IN_CLOCKIFY:
        return [WriteRequest(CREATE, CLOCKIFY, MISSING_IN_CLOCKIFY[reason], quickbooks_id=row.quickbooks_id)]
    if reason in INACTIVE_REASONS and row.quickbooks_id:
        return [WriteRequest(REACTIVATE, QUICKBOOKS, _quickbooks_entity(row), kind, row.clockify_id, row.quickbooks_id)]
    if kind == Kind.USER and reason in MISSING_PERSON_REASONS:
        return [WriteRequest(CREATE, QUICKBOOKS, entity, kind, row.clockify_id) for entity in ("employee", "vendor")]
    if kind in {Kind.CLIENT, Kind.PROJECT} and reason in MISSING_CUSTOMER_REASONS:
        # Also for a project that moved: confirming its link would bill the client that it had before.
        return [WriteRequest(CREATE, QUICKBOOKS, "customer", kind, row.clockify_id)]
    if kind in {Kind.CLIENT, Kind.PROJECT} and reason in NAME_DIFFERENCES:
        return [WriteRequest(RENAME, CLOCKIFY, kind, kind, row.clockify_id, _quickbooks_id(row))]
    return []


def parent_of(row: Mismatch) -> str:
    """Return the name of the customer under which a sub-customer would be created for this row; "" where unknown."""
    if row.kind != Kind.PROJECT:
        return ""
    facts = facts_in(row.detail)
    return facts.get("needed_parent") or facts.get("client") or row.clockify_client


def _quickbooks_entity(row: Mismatch) -> str:
    if row.kind != Kind.USER:
        return "customer"
    return facts_in(row.detail).get("quickbooks_kind") or "employee"


def _quickbooks_id(row: Mismatch) -> str:
    """Return the QuickBooks id whose name to take over: the row's own, else that of its first suggestion."""
    likeliest = first_in(row.suggestions)
    return row.quickbooks_id or (likeliest.id if likeliest else "")
