"""What the rule links by itself: who claims whom by name, and which claims stand alone. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from mapping.matching.index import Key, PartnerIndex, Place
from mapping.matching.names import difference, identical
from mapping.matching.records import ClockifyRecord, NewLink

MAX_NOTED = 20


class NameMatches:
    """The claims that unlinked Clockify records of one kind lay on QuickBooks' records."""

    def __init__(
        self,
        candidates: Iterable[ClockifyRecord],
        *,
        places: Mapping[str, Place],
        index: PartnerIndex,
    ) -> None:
        self._claimants = list(candidates)
        self._places = places
        self._index = index
        self._on: dict[Key, list[ClockifyRecord]] = defaultdict(list)
        self._identical: dict[Key, list[ClockifyRecord]] = defaultdict(list)
        for record in self._claimants:
            # Whoever claims many gets none of them: noting a few of such claims is enough.
            for found in index.name_matches(places[record.id], name=record.name)[:MAX_NOTED]:
                self._on[found.kind, found.id].append(record)
                if identical(record.name, found.name):
                    self._identical[found.kind, found.id].append(record)

    def on(self, key: Key) -> list[ClockifyRecord]:
        """Everybody who claims that record by name."""
        return self._on.get(key, [])

    def uncontested(self, *, taken: Collection[Key]) -> list[NewLink]:
        """The claims nobody contests: one record claimed, free, and no equal rival.

        An identical name beats names that are equal only when forgiving; among equals nobody wins.
        """
        links = []
        for record in self._claimants:
            found = self._index.name_matches(self._places[record.id], name=record.name)
            if len(found) != 1:
                continue
            partner = found[0]
            key = (partner.kind, partner.id)
            if key not in taken and self._winner(key) is record:
                links.append(NewLink(record.kind, record.id, *key, _why(record.name, partner.name)))
        return links

    def _winner(self, key: Key) -> ClockifyRecord | None:
        candidates = self._identical.get(key) or self.on(key)
        return candidates[0] if len(candidates) == 1 else None


def _why(one: str, other: str) -> str:
    if identical(one, other):
        return "same name"
    return f"same name apart from {difference(one, other)}"
