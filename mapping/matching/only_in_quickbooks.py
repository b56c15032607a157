"""What QuickBooks has and Clockify lacks: the list's other half. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from mapping.matching.index import Key, PartnerIndex
from mapping.matching.records import Mismatch, QuickBooksRecord

CLOCKIFY_KINDS = ("user", "client", "project")


def unmatched_in_quickbooks(index: PartnerIndex, *, linked: Collection[Key]) -> tuple[Mismatch, ...]:
    """A row for every active employee and customer that no Clockify record of any kind is linked to."""
    return tuple(
        Mismatch(
            record.kind,
            _reason(record, index=index),
            quickbooks_id=record.id,
            detail=_facts(record, index=index),
        )
        for record in index.usable
        if record.kind != "vendor" and (record.kind, record.id) not in linked
    )


def not_named_in_others(rows: Iterable[Mismatch], *, beside: Iterable[Mismatch]) -> tuple[Mismatch, ...]:
    """Those of the rows whose record no Clockify record's row names, as its partner or as a suggestion."""
    named = {key for row in beside for key in _named_in(row)}
    return tuple(row for row in rows if (row.kind, row.quickbooks_id) not in named)


def _named_in(row: Mismatch) -> list[Key]:
    kind = row.detail.get("quickbooks_kind") or ("employee" if row.kind == "user" else "customer")
    return [
        (kind, row.quickbooks_id),
        *((each.kind, each.id) for each in row.suggestions),
    ]


def _reason(record: QuickBooksRecord, *, index: PartnerIndex) -> str:
    if record.kind == "employee":
        return "NO_CLOCKIFY_USER"
    if not record.parent_id and index.has_active_children(record.id):
        return "NO_CLOCKIFY_CLIENT"
    return "NO_CLOCKIFY_PROJECT"


def _facts(record: QuickBooksRecord, *, index: PartnerIndex) -> dict[str, str]:
    facts = {
        "quickbooks_name": record.name,
        "parent": index.customer_name(record.parent_id),
    }
    return {fact: value for fact, value in facts.items() if value}
