"""Links that the rule makes by itself: name matches between both sides, and the uncontested ones. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mapping.matching.index import Key, PartnerIndex, Place
from mapping.matching.names import difference, identical
from mapping.matching.records import ClockifyRecord, NewLink, QuickBooksRecord

MAX_NOTED = 20


@dataclass(frozen=True, slots=True)
class NameMatches:
    """Name matches of the unlinked Clockify records of one kind with QuickBooks' records.

    `partners`: each Clockify record with the records of its name; `by_partner`: the Clockify records that match a
    QuickBooks record by name.
    """

    partners: Sequence[tuple[ClockifyRecord, Sequence[QuickBooksRecord]]]
    by_partner: Mapping[Key, Sequence[ClockifyRecord]]


def match_names(records: Iterable[tuple[ClockifyRecord, Place]], index: PartnerIndex) -> NameMatches:
    """Return the name matches of these records, each with the place where its partner must be."""
    partners: list[tuple[ClockifyRecord, Sequence[QuickBooksRecord]]] = []
    by_partner: dict[Key, list[ClockifyRecord]] = defaultdict(list)
    for record, place in records:
        # A record that matches several partners gets none of them, so a few of its matches are enough to keep.
        partners.append((record, index.name_matches(place, name=record.name)[:MAX_NOTED]))
        for partner in partners[-1][1]:
            by_partner[partner.kind, partner.id].append(record)
    return NameMatches(partners, dict(by_partner))


def uncontested(matches: NameMatches, *, taken: Collection[Key]) -> list[NewLink]:
    """Return links for the matches with one partner that is not taken and has no equal rival.

    An identical name beats names that are equal only when forgiving; among equals no one wins. Retired records get no
    link, since they have no use for one, and are nobody's rivals.
    """
    winners: dict[Key, ClockifyRecord | None] = {}
    links = []
    for record, partners in matches.partners:
        if len(partners) != 1:
            continue
        partner = partners[0]
        key = (partner.kind, partner.id)
        # The partner must have one match too: of two records with its name, either may be the right one.
        if key not in winners:
            winners[key] = None if key in taken else _winner(matches.by_partner[key], partner)
        if winners[key] is record:
            links.append(NewLink(record.kind, record.id, *key, _why(record.name, partner.name)))
    return links


def _winner(records: Iterable[ClockifyRecord], partner: QuickBooksRecord) -> ClockifyRecord | None:
    rivals = [record for record in records if not record.retired]
    rivals = [record for record in rivals if identical(record.name, partner.name)] or rivals
    return rivals[0] if len(rivals) == 1 else None


def _why(clockify_name: str, quickbooks_name: str) -> str:
    if identical(clockify_name, quickbooks_name):
        return "same name"
    return f"same name apart from {difference(clockify_name, quickbooks_name)}"
