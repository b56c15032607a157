"""Mismatches of records that only QuickBooks has: the list's other half. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from mapping.matching.index import Key, PartnerIndex
from mapping.matching.records import MismatchFound, QuickBooksRecord, partner_kind


def unmatched_in_quickbooks(index: PartnerIndex, *, linked: Collection[Key]) -> tuple[MismatchFound, ...]:
    """Return a mismatch for every active employee and customer that no Clockify record is linked to."""
    return tuple(
        MismatchFound(record.kind, _reason(record, index=index), quickbooks_id=record.id)
        for record in index.usable
        # Vendors are left out: most of them are suppliers, not people who track time.
        if record.kind != "vendor" and (record.kind, record.id) not in linked
    )


def not_named_in_others(rows: Iterable[MismatchFound], *, beside: Iterable[MismatchFound]) -> tuple[MismatchFound, ...]:
    """Return the rows whose record is neither partner nor suggestion in a Clockify record's row."""
    named = {key for row in beside for key in _partner_keys(row)}
    return tuple(row for row in rows if (row.kind, row.quickbooks_id) not in named)


def _partner_keys(row: MismatchFound) -> list[Key]:
    return [
        (partner_kind(row.kind, row.detail), row.quickbooks_id),
        *((suggestion.kind, suggestion.id) for suggestion in row.suggestions),
    ]


def _reason(record: QuickBooksRecord, *, index: PartnerIndex) -> str:
    if record.kind == "employee":
        return "NO_CLOCKIFY_USER"
    # A customer with sub-customers is what a client with projects looks like in QuickBooks.
    if not record.parent_id and index.has_active_children(record.id):
        return "NO_CLOCKIFY_CLIENT"
    return "NO_CLOCKIFY_PROJECT"
