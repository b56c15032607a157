"""Checks of existing links: reasons to suspend them, and notices about the others. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from mapping.matching.index import PartnerIndex, is_usable, shown_name
from mapping.matching.names import identical, same, strip_deleted
from mapping.matching.records import ClockifyRecord, KnownLink, MismatchFacts, MismatchFound, Suggestion
from mapping.matching.sides import Sides
from mapping.matching.suggest import LikelyPartners


@dataclass(frozen=True)
class LinkStatus:
    """Result of checking one link; `reason` is the code that its row shows."""

    link: KnownLink
    record: ClockifyRecord
    reason: str  # "" for a link that needs no row
    is_suspended: bool  # by this check or before
    newly_suspended: bool  # by this check


def check_links(sides: Sides, kind: str, customers: Mapping[str, str]) -> list[LinkStatus]:
    """Return whether each link of one kind still holds, and the reason to suspend it or to list it.

    `customers`: customer ids by client id, of clients whose link works.
    """
    return [
        _status(sides.index, customers, sides.links[key], sides.clockify[key])
        for key in sides.keys(kind)
        if key in sides.links
    ]


def _status(index: PartnerIndex, customers: Mapping[str, str], link: KnownLink, record: ClockifyRecord) -> LinkStatus:
    # A suspended link stays so until a person confirms it, even where its cause is gone: time must not go to the
    # partner again before someone has looked at what changed.
    if link.suspended:
        return LinkStatus(link, record, link.suspended, is_suspended=True, newly_suspended=False)
    reason = _suspension_reason(index, customers, link, record)
    if reason:
        return LinkStatus(link, record, reason, is_suspended=True, newly_suspended=True)
    return LinkStatus(link, record, _notice(index, customers, link, record), is_suspended=False, newly_suspended=False)


def _suspension_reason(
    index: PartnerIndex, customers: Mapping[str, str], link: KnownLink, record: ClockifyRecord
) -> str:
    partner = index.get(link.quickbooks_kind, link.quickbooks_id)
    if partner is None or not is_usable(partner):
        return "CUSTOMER_INACTIVE" if link.quickbooks_kind == "customer" else "EMPLOYEE_INACTIVE"
    if partner.parent_id != link.parent_id or _changed_client(link, record):
        return "WRONG_PARENT"
    needed_parent_id = customers.get(record.client_id, "")
    if _needs_its_client(link, record) and needed_parent_id and needed_parent_id != partner.parent_id:
        return "WRONG_PARENT"
    return ""


def _notice(index: PartnerIndex, customers: Mapping[str, str], link: KnownLink, record: ClockifyRecord) -> str:
    if _needs_its_client(link, record) and record.client_id not in customers:
        return "PARENT_NOT_MAPPED"
    quickbooks_name = _quickbooks_name(index, link)
    is_renamed = _changed(link.clockify_name, record.name) or _changed(link.quickbooks_name, quickbooks_name)
    if is_renamed and not same(record.name, quickbooks_name, mode=index.mode):
        return "RENAMED"
    return ""


def changed_link(
    sides: Sides, customers: Mapping[str, str], status: LinkStatus, *, likely: LikelyPartners
) -> MismatchFound:
    """Return the mismatch of a link that changed, with suggestions only where it needs another partner."""
    link, record = status.link, status.record
    suggestions: tuple[Suggestion, ...] = ()
    if status.is_suspended:
        # Without its client's customer there is no place where the partner of a project should be.
        needed_parent_id = customers.get(record.client_id, "") if record.client_id else ""
        suggestions = likely.of(record, parent_id=needed_parent_id) if needed_parent_id or not record.client_id else ()
    facts = _facts(sides, customers, link, record)
    return MismatchFound(record.kind, status.reason, record.id, link.quickbooks_id, suggestions, facts)


def _facts(sides: Sides, customers: Mapping[str, str], link: KnownLink, record: ClockifyRecord) -> MismatchFacts:
    index = sides.index
    partner = index.get(link.quickbooks_kind, link.quickbooks_id)
    facts: MismatchFacts = {
        "linked_by": link.by,
        "quickbooks_kind": link.quickbooks_kind,
        "quickbooks_name": _quickbooks_name(index, link),
        "quickbooks_name_was": strip_deleted(link.quickbooks_name),
        "clockify_name_was": link.clockify_name,
        "client": record.client_name,
        "client_was": sides.client_name(link.client_id),
        "parent": index.customer_name(partner.parent_id) if partner else "",
        "parent_was": index.customer_name(link.parent_id),
        "needed_parent": index.customer_name(customers.get(record.client_id, "")),
        "is_gone": "yes" if partner is None or partner.gone else "",
    }
    return cast(MismatchFacts, {fact: value for fact, value in facts.items() if value})


def _quickbooks_name(index: PartnerIndex, link: KnownLink) -> str:
    partner = index.get(link.quickbooks_kind, link.quickbooks_id)
    return shown_name(partner) if partner else strip_deleted(link.quickbooks_name)


def _needs_its_client(link: KnownLink, record: ClockifyRecord) -> bool:
    # A project linked by hand works without its client's link, because a person chose its customer.
    return record.kind == "project" and link.by == "rule" and record.client_id != ""


def _changed_client(link: KnownLink, record: ClockifyRecord) -> bool:
    return record.kind == "project" and record.client_id != link.client_id


def _changed(before: str, current: str) -> bool:
    return before.strip() != current.strip() and not identical(before, current)
