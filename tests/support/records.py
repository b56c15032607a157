"""Builders of people, customers and links for the mapping tests."""

from __future__ import annotations

from dataclasses import replace

from mapping.matching.match import ClockifyRecord, KnownLink, MatchResult, MismatchFound, QuickBooksRecord


def user(record_id: str, name: str, *, email: str = "", archived: bool = False) -> ClockifyRecord:
    return ClockifyRecord("user", record_id, name, email=email, archived=archived)


def client(record_id: str, name: str, *, archived: bool = False) -> ClockifyRecord:
    return ClockifyRecord("client", record_id, name, archived=archived)


def project(record_id: str, name: str, *, of: ClockifyRecord | None = None, archived: bool = False) -> ClockifyRecord:
    if of is None:
        return ClockifyRecord("project", record_id, name, archived=archived)
    return ClockifyRecord("project", record_id, name, of.id, of.name, archived=archived)


def employee(record_id: str, name: str, *, email: str = "", active: bool = True) -> QuickBooksRecord:
    return QuickBooksRecord("employee", record_id, name, active=active, email=email)


def vendor(record_id: str, name: str, *, active: bool = True) -> QuickBooksRecord:
    return QuickBooksRecord("vendor", record_id, name, active=active)


def customer(record_id: str, name: str, *, under: str = "", active: bool = True) -> QuickBooksRecord:
    return QuickBooksRecord("customer", record_id, name, parent_id=under, active=active)


def gone(record: QuickBooksRecord) -> QuickBooksRecord:
    return replace(record, gone=True)


def linked(clockify: ClockifyRecord, quickbooks: QuickBooksRecord, *, by: str = "rule") -> KnownLink:
    """Return the link of two records as they are now."""
    return KnownLink(
        clockify.kind,
        clockify.id,
        quickbooks.kind,
        quickbooks.id,
        by,
        clockify.name,
        clockify.client_id,
        quickbooks.name,
        quickbooks.parent_id,
    )


def pairs(outcome: MatchResult) -> dict[str, str]:
    """Return the new links: QuickBooks id by Clockify id."""
    return {link.clockify_id: link.quickbooks_id for link in outcome.links}


def reasons(outcome: MatchResult) -> dict[str, str]:
    """Return the reasons of Clockify's mismatches by id."""
    return {row.clockify_id: row.reason for row in outcome.mismatches if row.clockify_id}


def only_in_quickbooks(outcome: MatchResult) -> dict[str, str]:
    return {row.quickbooks_id: row.reason for row in outcome.mismatches if not row.clockify_id}


def row(outcome: MatchResult, clockify_id: str) -> MismatchFound:
    (mismatch,) = [row for row in outcome.mismatches if row.clockify_id == clockify_id]
    return mismatch
