"""QuickBooks' records, found by id, and by name at the place a Clockify record needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from mapping.matching.names import FORGIVING, forgiving_form, identity, name_key, strip_deleted
from mapping.matching.records import QuickBooksRecord

# Which kind of record, and under which parent: ("employee", ""), ("customer", "") or ("customer", "58").
Place = tuple[str, str]
Key = tuple[str, str]  # (kind, id): the vendors' ids are only unique within one kind
Index = dict[tuple[str, str, str], list[QuickBooksRecord]]

TOP_LEVEL: Place = ("customer", "")
EMPLOYEES: Place = ("employee", "")
VENDORS: Place = ("vendor", "")


def is_usable(record: QuickBooksRecord) -> bool:
    """May new time be booked on it: still listed and active."""
    return record.active and not record.gone


def shown_name(record: QuickBooksRecord) -> str:
    """The name people know it by."""
    return record.name if is_usable(record) else strip_deleted(record.name)


class PartnerIndex:
    """One company's records; the answers come in the order of their ids, whatever order they came in."""

    def __init__(self, records: Iterable[QuickBooksRecord], *, mode: str) -> None:
        self.mode = mode
        self._by_key = {(record.kind, record.id): record for record in records}
        self._exact: Index = defaultdict(list)
        self._loose: Index = defaultdict(list)
        self._inactive: Index = defaultdict(list)
        self._anywhere: Index = defaultdict(list)
        self._parents: set[str] = set()
        self.usable: list[QuickBooksRecord] = []
        for key in sorted(self._by_key):
            self._file(self._by_key[key])

    def _file(self, record: QuickBooksRecord) -> None:
        name = shown_name(record)
        place = (record.kind, record.parent_id)
        if not is_usable(record):
            # What is gone was merged away or removed: nobody can make it active again.
            if not record.gone:
                self._inactive[(*place, name_key(name, mode=self.mode))].append(record)
            return
        self.usable.append(record)
        self._exact[(*place, identity(name))].append(record)
        self._loose[(*place, forgiving_form(name))].append(record)
        level = "sub" if record.parent_id else "top"
        self._anywhere[(record.kind, level, name_key(name, mode=self.mode))].append(record)
        if record.parent_id:
            self._parents.add(record.parent_id)

    def get(self, kind: str, record_id: str) -> QuickBooksRecord | None:
        return self._by_key.get((kind, record_id))

    def customer_name(self, customer_id: str) -> str:
        """The customer's name, or "" where there is none."""
        record = self.get("customer", customer_id)
        return shown_name(record) if record else ""

    def has_active_children(self, customer_id: str) -> bool:
        return customer_id in self._parents

    def exact(self, place: Place, *, name: str) -> list[QuickBooksRecord]:
        """Active records at that place with an identical name."""
        return _found(self._exact, place, key=identity(name))

    def loose(self, place: Place, *, name: str) -> list[QuickBooksRecord]:
        """Active records at that place whose name is equal when forgiving (identical ones included)."""
        return _found(self._loose, place, key=forgiving_form(name))

    def name_matches(self, place: Place, *, name: str) -> list[QuickBooksRecord]:
        """The records a name claims under the mode: identical ones, or else forgiving-equal ones."""
        exact = self.exact(place, name=name)
        if exact or self.mode != FORGIVING:
            return exact
        return self.loose(place, name=name)

    def inactive(self, place: Place, *, name: str) -> list[QuickBooksRecord]:
        """Inactive, but still listed records of that name at that place."""
        return _found(self._inactive, place, key=name_key(name, mode=self.mode))

    def sub_customers(self, *, name: str) -> list[QuickBooksRecord]:
        """Active sub-customers of that name, under any parent and at any depth."""
        return _found(self._anywhere, ("customer", "sub"), key=name_key(name, mode=self.mode))

    def top_customers(self, *, name: str) -> list[QuickBooksRecord]:
        """Active top-level customers of that name."""
        return _found(self._anywhere, ("customer", "top"), key=name_key(name, mode=self.mode))


def _found(index: Index, place: Place, *, key: str) -> list[QuickBooksRecord]:
    # A missing name claims nothing, even where QuickBooks has nameless records too.
    return index.get((*place, key), []) if key else []
