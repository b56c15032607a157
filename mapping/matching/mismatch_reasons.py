"""The reason why a Clockify record without a link has no partner: the first that applies. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from mapping.matching.index import EMPLOYEES, VENDORS, PartnerIndex, Place, shown_name
from mapping.matching.names import difference
from mapping.matching.pairing import Pairs
from mapping.matching.records import ClockifyRecord, MismatchFacts, MismatchFound, Obstacle, QuickBooksRecord
from mapping.matching.suggest import ELSEWHERE, same_name

MAX_NAMED = 20  # equal names listed in one row; more would not help anyone choose
MAX_SHOWN = 3  # rivals named in one row


def reason_of(record: ClockifyRecord, place: Place | None, pairs: Pairs, index: PartnerIndex) -> MismatchFound:
    """Return the mismatch of one unlinked record, given the pairs of its kind; `explain` adds who else is likely.

    `place` is None while its client has no customer.
    """
    if place is None:
        detail: MismatchFacts = {"client_id": record.client_id, "client": record.client_name}
        return MismatchFound(record.kind, "PARENT_NOT_MAPPED", record.id, detail=detail)
    partners = index.name_matches(place, name=record.name)
    if partners:
        return _ambiguous(record, partners, pairs) or _no_partner(record, place, pairs, index)
    return (
        _inactive(record, place, index)
        or _name_differs(record, place, pairs, index)
        or _wrong_parent(record, place, pairs, index)
        or _wrong_level(record, place, pairs, index)
        or _no_partner(record, place, pairs, index)
    )


def _ambiguous(record: ClockifyRecord, partners: Sequence[QuickBooksRecord], pairs: Pairs) -> MismatchFound | None:
    keys = [(partner.kind, partner.id) for partner in partners[:MAX_NAMED]]
    # Retired records give way, so they are no rivals except to each other.
    holders = [
        holder
        for key in keys
        for holder in pairs.holders.get(key, ())[:MAX_NAMED]
        if record.retired or not holder.retired
    ]
    # A record that was just linked by this name is a holder by now, not a rival.
    excluded_ids = {record.id, *(holder.id for holder in holders)}
    rivals = [
        rival
        for key in keys
        for rival in pairs.names.by_partner.get(key, ())[:MAX_NAMED]
        if rival.id not in excluded_ids and (record.retired or not rival.retired)
    ]
    if len(partners) == 1 and not holders and not rivals:
        return None
    detail: MismatchFacts = {"candidates": str(len(partners))}
    if holders:
        detail["linked_to"] = _names(holders)
    if rivals:
        detail["rivals"] = _names(rivals)
    gone = [other for other in (*holders, *rivals) if other.gone and not other.retired]
    if gone:
        detail["gone_with_time"] = _names(gone)
    return _of_that_name("AMBIGUOUS_NAME", record, partners, pairs, detail)


def _inactive(record: ClockifyRecord, place: Place, index: PartnerIndex) -> MismatchFound | None:
    partners = index.inactive(place, name=record.name)
    if not partners:
        return None
    code = "EMPLOYEE_INACTIVE" if place == EMPLOYEES else "CUSTOMER_INACTIVE"
    detail: MismatchFacts = {"quickbooks_name": shown_name(partners[0])}
    return MismatchFound(record.kind, code, record.id, partners[0].id, detail=detail)


def _name_differs(record: ClockifyRecord, place: Place, pairs: Pairs, index: PartnerIndex) -> MismatchFound | None:
    partners = index.equal_when_forgiving(place, name=record.name)
    if not partners:
        return None
    detail: MismatchFacts = {
        "quickbooks_name": partners[0].name,
        "differs": difference(record.name, partners[0].name),
    }
    return _of_that_name("NAME_DIFFERS", record, partners, pairs, detail)


def _wrong_parent(record: ClockifyRecord, place: Place, pairs: Pairs, index: PartnerIndex) -> MismatchFound | None:
    if not place[1]:
        return None
    # None of them is a child of the right parent, or the record would match it by name.
    partners = index.sub_customers(name=record.name)
    return _misplaced("WRONG_PARENT", record, partners, pairs, index, needed_parent=place[1])


def _wrong_level(record: ClockifyRecord, place: Place, pairs: Pairs, index: PartnerIndex) -> MismatchFound | None:
    if place == EMPLOYEES:
        return None
    partners = (index.top_customers if place[1] else index.sub_customers)(name=record.name)
    return _misplaced("WRONG_LEVEL", record, partners, pairs, index, needed_parent=place[1])


def _misplaced(
    code: str,
    record: ClockifyRecord,
    partners: Sequence[QuickBooksRecord],
    pairs: Pairs,
    index: PartnerIndex,
    *,
    needed_parent: str,
) -> MismatchFound | None:
    if not partners:
        return None
    detail: MismatchFacts = {
        "quickbooks_name": partners[0].name,
        "needed_parent": index.customer_name(needed_parent),
    }
    if len(partners) == 1:
        detail["parent"] = index.customer_name(partners[0].parent_id)
    elsewhere = tuple(
        same_name(record, partner, note=_place_note(partner, index), factor=ELSEWHERE)
        for partner in _available(partners, pairs)
    )
    return MismatchFound(record.kind, code, record.id, _only_id(partners), elsewhere, detail)


def _no_partner(record: ClockifyRecord, place: Place, pairs: Pairs, index: PartnerIndex) -> MismatchFound:
    """Return NO_EMPLOYEE or NO_CUSTOMER; a partner whose link a person undid comes first in the suggestions."""
    obstacle = None if record.retired else Obstacle.UNDONE
    first = [same_name(record, partner, obstacle=obstacle) for partner in index.name_matches(place, name=record.name)]
    if place == EMPLOYEES:
        vendors = _available(index.name_matches(VENDORS, name=record.name), pairs)
        first += [same_name(record, vendor, note="but a vendor") for vendor in vendors]
    code = "NO_EMPLOYEE" if place == EMPLOYEES else "NO_CUSTOMER"
    return MismatchFound(record.kind, code, record.id, suggestions=tuple(first))


def _of_that_name(
    code: str,
    record: ClockifyRecord,
    partners: Sequence[QuickBooksRecord],
    pairs: Pairs,
    detail: MismatchFacts,
) -> MismatchFound:
    """Return a mismatch that suggests all partners with the name at the right place, linked ones too."""
    named = tuple(
        same_name(record, partner, obstacle=Obstacle.TAKEN if _is_held(partner, pairs) else None)
        for partner in partners[:MAX_NAMED]
    )
    return MismatchFound(record.kind, code, record.id, _only_id(partners), named, detail)


def _available(partners: Sequence[QuickBooksRecord], pairs: Pairs) -> list[QuickBooksRecord]:
    return [partner for partner in islice(partners, MAX_NAMED) if not _is_held(partner, pairs)]


def _is_held(record: QuickBooksRecord, pairs: Pairs) -> bool:
    return any(not holder.retired for holder in pairs.holders.get((record.kind, record.id), ()))


def _place_note(record: QuickBooksRecord, index: PartnerIndex) -> str:
    if not record.parent_id:
        return "but a top-level customer"
    parent = index.customer_name(record.parent_id)
    return f"but under {parent}" if parent else "but under another parent"


def _only_id(partners: Sequence[QuickBooksRecord]) -> str:
    return partners[0].id if len(partners) == 1 else ""


def _names(records: Iterable[ClockifyRecord]) -> str:
    """Return the names of the first few, each with its client, which tells projects of one name apart."""
    # One rival may match several QuickBooks records.
    unique = list({record.id: record for record in records}.values())
    shown = [
        f"{record.name} ({record.client_name})" if record.client_name else record.name for record in unique[:MAX_SHOWN]
    ]
    return ", ".join(shown) + (" and others" if len(unique) > MAX_SHOWN else "")
