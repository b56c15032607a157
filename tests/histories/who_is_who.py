"""The contract's matching rules for a world where names are unique. Independent of the product's own rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.support.scene import Scene

Key = tuple[str, str]  # kind and Clockify id
KINDS = ("user", "client", "project")


@dataclass
class Pair:
    """A link, with the structure it was made for. `suspension` is the code that suspends it."""

    entity: str  # Employee, Vendor or Customer
    id: str
    by_hand: bool
    client: str
    parent: str
    suspension: str = ""


class ExpectedMapping:
    """People's decisions and the results of checks. Changes count only from the next check on."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.pairs: dict[Key, Pair] = {}
        self.overrides: dict[Key, str] = {}

    # --- what people decide --------------------------------------------------------------------------------
    def link(self, key: Key, entity: str, partner: str) -> None:
        """Link by hand, which replaces any earlier decision and confirms a suspended link."""
        self.overrides.pop(key, None)
        self.pairs[key] = self._pair(key, entity, partner, by_hand=True)

    def unlink(self, key: Key) -> None:
        del self.pairs[key]
        self.overrides[key] = "unlinked"

    def ignore(self, key: Key) -> None:
        self.overrides[key] = "ignored"

    def is_ignored(self, key: Key) -> bool:
        return self.overrides.get(key) == "ignored"

    def active_pair(self, key: Key) -> Pair | None:
        pair = self.pairs.get(key)
        return pair if pair and not pair.suspension else None

    # --- what a check finds --------------------------------------------------------------------------------
    def check(self) -> None:
        """Suspend the links that no longer fit, then link undecided records of the same name."""
        for kind in KINDS:
            for key, pair in self.pairs.items():
                if key[0] == kind and not pair.suspension:
                    pair.suspension = self._suspension_code(key, pair)
            for id in self.names(kind):
                if (kind, id) not in self.pairs and (kind, id) not in self.overrides:
                    self._link_by_name((kind, id))

    def _suspension_code(self, key: Key, pair: Pair) -> str:
        record = self._records(pair.entity).get(pair.id)
        if record is None or not record.get("Active", True):
            return "CUSTOMER_INACTIVE" if pair.entity == "Customer" else "EMPLOYEE_INACTIVE"
        parent = _parent(record)
        if parent != pair.parent or self._client(key) != pair.client:
            return "WRONG_PARENT"
        client = self.active_pair(("client", pair.client)) if pair.client else None
        if client and not pair.by_hand and client.id != parent:
            return "WRONG_PARENT"
        return ""

    def _link_by_name(self, key: Key) -> None:
        """Link the record to the active partner of its name and parent. Names are unique, so there is at most one."""
        parent, entity = "", "Employee" if key[0] == "user" else "Customer"
        if self._client(key):
            client = self.active_pair(("client", self._client(key)))
            if client is None:
                return
            parent = client.id
        taken = {pair.id for other, pair in self.pairs.items() if other[0] == key[0] and pair.entity == entity}
        name = self.names(key[0])[key[1]]
        for record in self._records(entity).values():
            fits = record["DisplayName"] == name and _parent(record) == parent
            if fits and record.get("Active", True) and record["Id"] not in taken:
                self.pairs[key] = self._pair(key, entity, record["Id"], by_hand=False)
                return

    # --- the world -----------------------------------------------------------------------------------------
    def _pair(self, key: Key, entity: str, partner: str, *, by_hand: bool) -> Pair:
        record = self._records(entity)[partner]
        return Pair(entity, partner, by_hand, self._client(key), _parent(record))

    def _records(self, entity: str) -> dict[str, dict[str, Any]]:
        return self.scene.books.records[entity]

    def _client(self, key: Key) -> str:
        project = self.scene.place.projects.get(key[1]) if key[0] == "project" else None
        return (project.client_id or "") if project else ""

    def names(self, kind: str) -> dict[str, str]:
        place = self.scene.place
        if kind == "user":
            return {id: self.scene.clockify.users[id].name or "" for id in place.members}
        return {record.id: record.name for record in (place.clients if kind == "client" else place.projects).values()}


def _parent(record: dict[str, Any]) -> str:
    return str((record.get("ParentRef") or {}).get("value", ""))
