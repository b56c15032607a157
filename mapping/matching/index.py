"""Index of QuickBooks' records by id, and by name at the place a Clockify record needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from mapping.matching.names import FORGIVING, forgiving_form, identity, name_key, strip_deleted
from mapping.matching.records import QuickBooksRecord

# The kind of record and the id of its parent: ("employee", ""), ("customer", "") or ("customer", "58").
Place = tuple[str, str]
Key = tuple[str, str]  # (kind, id): the vendors' ids are only unique within one kind
Index = dict[tuple[str, str, str], list[QuickBooksRecord]]

TOP_LEVEL: Place = ("customer", "")
EMPLOYEES: Place = ("employee", "")
VENDORS: Place = ("vendor", "")


def is_usable(record: QuickBooksRecord) -> bool:
    """Return whether new time may be booked on the record: still listed and active."""
    return record.active and not record.gone


def shown_name(record: QuickBooksRecord) -> str:
    """Return the name as people know it."""
    # Only the suffix of an inactive record is QuickBooks' own; an active one may really end in "(deleted)".
    return record.name if is_usable(record) else strip_deleted(record.name)


class PartnerIndex:
    """One company's records; lists are in the order of their ids, so that the order of reading changes no link."""

    def __init__(self, records: Iterable[QuickBooksRecord], *, mode: str) -> None:
        self.mode = mode
        self._by_key = {(record.kind, record.id): record for record in records}
        self._exact: Index = defaultdict(list)
        self._forgiving: Index = defaultdict(list)
        self._inactive: Index = defaultdict(list)
        self._anywhere: Index = defaultdict(list)
        self._parents: set[str] = set()
        self.usable: list[QuickBooksRecord] = []
        for key in sorted(self._by_key):
            self._add(self._by_key[key])

    def _add(self, record: QuickBooksRecord) -> None:
        name = shown_name(record)
        place = (record.kind, record.parent_id)
        if not is_usable(record):
            # A gone record was merged or deleted, so no one can make it active again.
            if not record.gone:
                self._inactive[(*place, name_key(name, mode=self.mode))].append(record)
            return
        self.usable.append(record)
        self._exact[(*place, identity(name))].append(record)
        self._forgiving[(*place, forgiving_form(name))].append(record)
        level = "sub" if record.parent_id else "top"
        self._anywhere[(record.kind, level, name_key(name, mode=self.mode))].append(record)
        if record.parent_id:
            self._parents.add(record.parent_id)

    def get(self, kind: str, record_id: str) -> QuickBooksRecord | None:
        return self._by_key.get((kind, record_id))

    def customer_name(self, customer_id: str) -> str:
        """Return the customer's name, or "" where there is no such customer."""
        record = self.get("customer", customer_id)
        return shown_name(record) if record else ""

    def has_active_children(self, customer_id: str) -> bool:
        return customer_id in self._parents

    def exact(self, place: Place, *, name: str) -> list[QuickBooksRecord]:
        """Return active records at that place with an identical name."""
        return _look_up(self._exact, place, key=identity(name))

    def equal_when_forgiving(self, place: Place, *, name: str) -> list[QuickBooksRecord]:
        """Return active records at that place whose name is equal when forgiving, identical ones included."""
        return _look_up(self._forgiving, place, key=forgiving_form(name))

    def name_matches(self, place: Place, *, name: str) -> list[QuickBooksRecord]:
        """Return the records that match a name under the mode: identical ones, or else those equal when forgiving."""
        exact = self.exact(place, name=name)
        if exact or self.mode != FORGIVING:
            return exact
        return self.equal_when_forgiving(place, name=name)

    def inactive(self, place: Place, *, name: str) -> list[QuickBooksRecord]:
        """Return inactive records of that name at that place that are still listed."""
        return _look_up(self._inactive, place, key=name_key(name, mode=self.mode))

    def sub_customers(self, *, name: str) -> list[QuickBooksRecord]:
        """Return active sub-customers of that name, under any parent and at any depth."""
        return _look_up(self._anywhere, ("customer", "sub"), key=name_key(name, mode=self.mode))

    def top_customers(self, *, name: str) -> list[QuickBooksRecord]:
        """Return active top-level customers of that name."""
        return _look_up(self._anywhere, ("customer", "top"), key=name_key(name, mode=self.mode))


def _look_up(index: Index, place: Place, *, key: str) -> list[QuickBooksRecord]:
    # A missing name matches nothing, even where QuickBooks has records without a name too.
    return index.get((*place, key), []) if key else []
