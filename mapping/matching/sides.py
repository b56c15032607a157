"""Both sides as matching looks at them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mapping.matching.index import EMPLOYEES, TOP_LEVEL, Key, PartnerIndex, Place
from mapping.matching.names import MODES
from mapping.matching.records import ClockifyRecord, KnownLink, KnownOverride, QuickBooksRecord

# In the order of matching: projects need the customers of their clients.
CLOCKIFY_KINDS = ("user", "client", "project")


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides, the links that there are, and what people chose: every step of matching reads it, none changes it.

    Clockify's records, links and choices are by kind and id of the Clockify record.
    """

    clockify: Mapping[Key, ClockifyRecord]
    index: PartnerIndex
    links: Mapping[Key, KnownLink]
    choices: Mapping[Key, str]

    @classmethod
    def of(
        cls,
        clockify: Sequence[ClockifyRecord],
        quickbooks: Sequence[QuickBooksRecord],
        links: Sequence[KnownLink],
        overrides: Sequence[KnownOverride],
        *,
        mode: str,
    ) -> Sides:
        """Return the sides of these records; `mode` is "strict" or "forgiving". Raises ValueError for another."""
        if mode not in MODES:
            raise ValueError(f"matching is {' or '.join(MODES)}, not {mode!r}")
        return cls(
            {(record.kind, record.id): record for record in clockify},
            PartnerIndex(quickbooks, mode=mode),
            {(link.kind, link.clockify_id): link for link in links},
            {(override.kind, override.clockify_id): override.choice for override in overrides},
        )

    def keys(self, kind: str) -> list[Key]:
        """Return the keys of Clockify's records of one kind, in the order of their ids."""
        return sorted(key for key in self.clockify if key[0] == kind)

    def is_ignored(self, key: Key) -> bool:
        return self.choices.get(key) == "ignored"

    def client_name(self, client_id: str) -> str:
        client = self.clockify.get(("client", client_id))
        return client.name if client else ""


def place_of(record: ClockifyRecord, customers: Mapping[str, str]) -> Place | None:
    """Return the place where its partner must be; None while that depends on a client without a customer.

    `customers`: customer ids by client id, of clients whose link works.
    """
    if record.kind == "user":
        return EMPLOYEES
    if record.kind == "client" or not record.client_id:
        return TOP_LEVEL
    parent_id = customers.get(record.client_id)
    return ("customer", parent_id) if parent_id else None
