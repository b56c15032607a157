"""Which writes would mend a row of the desk, the likeliest first. Reads the row only."""

from __future__ import annotations

from mapping.models import Mismatch
from syncjobs.partner_writes.drafts import CLOCKIFY, CREATE, QUICKBOOKS, REACTIVATE, RENAME, WriteRequest

# Where QuickBooks has nobody who fits.
MISSING_PEOPLE = {"NO_EMPLOYEE"}
MISSING_CUSTOMERS = {"NO_CUSTOMER", "WRONG_PARENT", "WRONG_LEVEL"}
INACTIVE = {"EMPLOYEE_INACTIVE", "CUSTOMER_INACTIVE"}
MISSING_IN_CLOCKIFY = {"NO_CLOCKIFY_CLIENT": "client", "NO_CLOCKIFY_PROJECT": "project"}
NAMES_APART = {"NAME_DIFFERS", "RENAMED"}


def offers(row: Mismatch) -> list[WriteRequest]:
    """Wishes that a person may look at (`submit.draft`) and confirm (`submit.carry_out`)."""
    reason, kind = row.reason, row.kind
    if reason in MISSING_IN_CLOCKIFY:
        return [WriteRequest(CREATE, CLOCKIFY, MISSING_IN_CLOCKIFY[reason], quickbooks_id=row.quickbooks_id)]
    if reason in INACTIVE and row.quickbooks_id:
        return [WriteRequest(REACTIVATE, QUICKBOOKS, _entity(row), kind, row.clockify_id, row.quickbooks_id)]
    if kind == "user" and reason in MISSING_PEOPLE:
        return [WriteRequest(CREATE, QUICKBOOKS, entity, kind, row.clockify_id) for entity in ("employee", "vendor")]
    if kind in {"client", "project"} and reason in MISSING_CUSTOMERS and not row.detail.get("linked_by"):
        return [WriteRequest(CREATE, QUICKBOOKS, "customer", kind, row.clockify_id)]
    if kind in {"client", "project"} and reason in NAMES_APART:
        return [WriteRequest(RENAME, CLOCKIFY, kind, kind, row.clockify_id, _partner(row))]
    return []


def _entity(row: Mismatch) -> str:
    if row.kind != "user":
        return "customer"
    return str(row.detail.get("quickbooks_kind") or "employee")


def _partner(row: Mismatch) -> str:
    """The record whose name is to be matched: the row's own, or the one suggestion that differs in spelling only."""
    return row.quickbooks_id or str(row.suggestions[0]["id"] if row.suggestions else "")
