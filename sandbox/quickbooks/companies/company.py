"""One company of the local QuickBooks and its records."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sandbox.quickbooks.companies.defaults import defaults
from sandbox.quickbooks.companies.names import (
    Records,
    bare_refs,
    children_of,
    completed_name,
    full_name,
    parent_of,
    place,
)
from sandbox.quickbooks.companies.request_memory import RequestMemory
from sandbox.quickbooks.stamps import stamp, today
from sandbox.shared.core import Core

LISTS = ("Customer", "Vendor", "Employee", "Item", "Class", "Department", "Account")
FORMS = ("Invoice", "SalesReceipt")
ENTITIES = (*LISTS, "TimeActivity", *FORMS)
# Customers, vendors and employees draw their ids from one sequence, transactions from another (Intuit: recorded
# answers). Time has its own, so that an invoice and an activity may have the same number.
SEQUENCES = {"Customer": "Name", "Vendor": "Name", "Employee": "Name", "Invoice": "Txn", "SalesReceipt": "Txn"}
Record = dict[str, Any]


class Company:
    """One realm. Records are never changed in place: a change stores a new dict, so snapshots are cheap."""

    def __init__(self, core: Core, realm: str) -> None:
        self.core = core
        self.realm = realm
        self.info: Record = {}
        self.preferences: Record = {}
        self.records: Records = {entity: {} for entity in ENTITIES}
        self.by_date: dict[str, dict[str, None]] = defaultdict(dict)
        self.last_ids: dict[str, int] = {}
        self.requests = RequestMemory()
        self.removed: dict[str, dict[str, Record]] = {}
        # By entity and id: records of a bundle that are answered as they came, until they are changed.
        self.answers: dict[tuple[str, str], Any] = {}

    def currency_ref(self) -> Record:
        return dict(self.preferences["CurrencyPrefs"].get("HomeCurrency") or {"value": "USD"})

    def keep_answer(self, entity: str, key: str, answer: Any) -> None:
        """Answer a stored record in this form, whatever it is."""
        self.answers[entity, key] = answer

    def next_id(self, entity: str) -> str:
        sequence = SEQUENCES.get(entity, entity)
        self.last_ids[sequence] = self.last_ids.get(sequence, 0) + 1
        return str(self.last_ids[sequence])

    def store(self, entity: str, record: Record) -> Record:
        """Store a finished record under its Id, in place of the old one."""
        key = record["Id"]
        sequence = SEQUENCES.get(entity, entity)
        if key.isdigit() and int(key) > self.last_ids.get(sequence, 0):
            self.last_ids[sequence] = int(key)
        if entity == "TimeActivity":
            old = self.records[entity].get(key)
            if old is not None:
                self.by_date[old["TxnDate"]].pop(key, None)
            self.by_date[record["TxnDate"]][key] = None
        self.records[entity][key] = record
        self.answers.pop((entity, key), None)
        self.core.changed.set()
        return record

    def remove(self, entity: str, key: str) -> Record | None:
        """Delete a record for good."""
        record = self.records[entity].pop(key, None)
        if record is not None and entity == "TimeActivity":
            self.by_date[record["TxnDate"]].pop(key, None)
        elif record is not None:
            marker: Record = {"domain": "QBO", "status": "Deleted", "Id": key}
            marker["MetaData"] = {"LastUpdatedTime": stamp(self.core.now())}
            self.removed.setdefault(entity, {})[key] = marker
        self.core.changed.set()
        return record

    def put(self, entity: str, fields: Record, *, keep_token: bool = False) -> Record:
        """Create, or change the record with that Id, as a person in the product; no API rules apply."""
        old = self.records[entity].get(str(fields.get("Id", "")))
        record = {**(old or self._defaults(entity)), **bare_refs(fields)}
        record["Id"] = str(record.get("Id") or self.next_id(entity))
        if old is None:
            record.setdefault("SyncToken", "0")
        elif not keep_token and "SyncToken" not in fields:
            record["SyncToken"] = str(int(old["SyncToken"]) + 1)
        return self.finish(entity, record, old=old, given=fields, keep_stamp=keep_token)

    def _defaults(self, entity: str) -> Record:
        return defaults(entity, date=today(self.core.now()), currency=self.currency_ref())

    def replace(self, entity: str, old: Record, record: Record) -> Record:
        """Store a checked update; one that changes nothing leaves SyncToken and stamps alone."""
        record = {name: value for name, value in record.items() if value is not None}
        if entity in LISTS:
            record = completed_name(self.records, entity, record, old=old)
        if _content(record) == _content(old):
            return old
        token = str(int(old["SyncToken"]) + 1)
        return self.finish(entity, {**record, "Id": old["Id"], "SyncToken": token}, old=old, given={})

    def finish(
        self, entity: str, record: Record, *, old: Record | None, given: Record, keep_stamp: bool = False
    ) -> Record:
        """Work out names, put the service fields last, stamp and store."""
        if entity in LISTS:
            record = completed_name(self.records, entity, record, old=old)
        meta = given.get("MetaData") or (old or {}).get("MetaData") or {}
        now = stamp(self.core.now())
        meta = {
            "CreateTime": meta.get("CreateTime", now),
            "LastUpdatedTime": meta.get("LastUpdatedTime", now),
        }
        if old is not None and not keep_stamp and "MetaData" not in given:
            meta["LastUpdatedTime"] = now
        record = {name: value for name, value in record.items() if value is not None}
        tail = {"domain": "QBO", "sparse": False, "Id": record["Id"], "SyncToken": record["SyncToken"]}
        body = {name: value for name, value in record.items() if name not in tail and name != "MetaData"}
        stored = self.store(entity, {**body, **tail, "MetaData": meta})
        if entity in LISTS:
            self._update_relatives(entity, stored, old=old)
        return stored

    def _update_relatives(self, entity: str, record: Record, *, old: Record | None) -> None:
        """Move the stamp of a new child's parent; pass a new name down to the children."""
        parent = parent_of(self.records, entity, record)
        if parent is not None and old is None:
            self._touch(entity, parent, {})
        if old is not None and full_name(old) != full_name(record):
            for child in children_of(self.records, entity, record["Id"]):
                self._rename_child(entity, child)

    def _rename_child(self, entity: str, child: Record) -> None:
        moved = self._touch(entity, child, place(self.records, entity, child))
        for grandchild in children_of(self.records, entity, moved["Id"]):
            self._rename_child(entity, grandchild)

    def _touch(self, entity: str, record: Record, changes: Record) -> Record:
        """Change server-owned fields; SyncToken stays, LastUpdatedTime moves."""
        meta = {**record["MetaData"], "LastUpdatedTime": stamp(self.core.now())}
        if changes and not self.core.switches["parent_rename_moves_children"]:
            meta = record["MetaData"]
        return self.store(entity, {**record, **changes, "MetaData": meta})

    def to_json(self) -> dict[str, Any]:
        return {
            "info": self.info,
            "preferences": self.preferences,
            "records": {entity: dict(records) for entity, records in self.records.items()},
            "last_ids": dict(self.last_ids),
            "removed": {entity: dict(markers) for entity, markers in self.removed.items()},
            "requests": self.requests.to_json(),
            "answers": [[entity, key, answer] for (entity, key), answer in self.answers.items()],
        }

    def from_json(self, data: dict[str, Any]) -> None:
        self.info, self.preferences = data["info"], data["preferences"]
        for entity, records in data["records"].items():
            for record in records.values():
                self.store(entity, record)
        self.last_ids = data["last_ids"]
        self.removed = data["removed"]
        self.requests.from_json(data["requests"])
        self.answers = {(entity, key): answer for entity, key, answer in data.get("answers", [])}


def _content(record: Record) -> Record:
    return {name: value for name, value in record.items() if name not in ("MetaData", "SyncToken", "sparse", "domain")}
