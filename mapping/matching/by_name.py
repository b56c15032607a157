"""Links that the rule makes by itself: name matches between both sides, and the uncontested ones. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from mapping.matching.index import Key, PartnerIndex, Place
from mapping.matching.names import difference, identical
from mapping.matching.records import ClockifyRecord, NewLink

MAX_NOTED = 20


class NameMatches:
    """Name matches of the unlinked Clockify records of one kind with QuickBooks' records."""

    def __init__(
        self,
        candidates: Iterable[ClockifyRecord],
        *,
        places: Mapping[str, Place],
        index: PartnerIndex,
    ) -> None:
        self._records = list(candidates)
        self._places = places
        self._index = index
        self._by_partner: dict[Key, list[ClockifyRecord]] = defaultdict(list)
        self._identical: dict[Key, list[ClockifyRecord]] = defaultdict(list)
        for record in self._records:
            # A record that matches several partners gets none of them, so a few of its matches are enough to keep.
            for partner in index.name_matches(places[record.id], name=record.name)[:MAX_NOTED]:
                self._by_partner[partner.kind, partner.id].append(record)
                if identical(record.name, partner.name):
                    self._identical[partner.kind, partner.id].append(record)

    def candidates(self, key: Key) -> list[ClockifyRecord]:
        """Return the Clockify records that match this QuickBooks record by name."""
        return self._by_partner.get(key, [])

    def uncontested(self, *, taken: Collection[Key]) -> list[NewLink]:
        """Return links for the matches with one partner that is not taken and has no equal rival.

        An identical name beats names that are equal only when forgiving; among equals no one wins. Retired records
        get no link, since they have no use for one, and are nobody's rivals.
        """
        links = []
        for record in self._records:
            partners = self._index.name_matches(self._places[record.id], name=record.name)
            if len(partners) != 1:
                continue
            partner = partners[0]
            key = (partner.kind, partner.id)
            # The partner must have one match too: of two records with its name, either may be the right one.
            if key not in taken and self._winner(key) is record:
                links.append(NewLink(record.kind, record.id, *key, _why(record.name, partner.name)))
        return links

    def _winner(self, key: Key) -> ClockifyRecord | None:
        rivals = [record for record in self.candidates(key) if not record.retired]
        identical_ids = {record.id for record in self._identical.get(key, ())}
        rivals = [record for record in rivals if record.id in identical_ids] or rivals
        return rivals[0] if len(rivals) == 1 else None


def _why(clockify_name: str, quickbooks_name: str) -> str:
    if identical(clockify_name, quickbooks_name):
        return "same name"
    return f"same name apart from {difference(clockify_name, quickbooks_name)}"
