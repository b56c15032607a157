"""The companies of the local QuickBooks and their records."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sandbox.quickbooks.company_file import set_up
from sandbox.quickbooks.names import children_of, completed_name, full_name, parent_of, place
from sandbox.quickbooks.requests import RequestMemory
from sandbox.quickbooks.stamps import stamp, today
from sandbox.quickbooks.tokens import Tokens

if TYPE_CHECKING:
    from sandbox.world import World

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"
LISTS = ("Customer", "Vendor", "Employee", "Item", "Class", "Department", "Account")
ENTITIES = (*LISTS, "TimeActivity")
# Customers, vendors and employees draw their ids from one sequence (Intuit: recorded answers).
SEQUENCES = {"Customer": "Name", "Vendor": "Name", "Employee": "Name"}
Record = dict[str, Any]


class Company:
    """One realm. Records are never changed in place: a change stores a new dict, so snapshots are cheap."""

    def __init__(self, world: World, realm: str) -> None:
        self.world = world
        self.realm = realm
        self.info: Record = {}
        self.preferences: Record = {}
        self.records: dict[str, dict[str, Record]] = {entity: {} for entity in ENTITIES}
        self.by_date: dict[str, dict[str, None]] = defaultdict(dict)
        self.last_ids: dict[str, int] = {}
        self.requests = RequestMemory()
        self.removed: dict[str, dict[str, Record]] = {}

    def currency_ref(self) -> Record:
        return dict(self.preferences["CurrencyPrefs"]["HomeCurrency"])

    def next_id(self, entity: str) -> str:
        sequence = SEQUENCES.get(entity, entity)
        self.last_ids[sequence] = self.last_ids.get(sequence, 0) + 1
        return str(self.last_ids[sequence])

    def store(self, entity: str, record: Record) -> Record:
        """Keep a finished record under its Id, replacing what was there."""
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
        self.world.changed.set()
        return record

    def remove(self, entity: str, key: str) -> Record | None:
        """Take a record out for good."""
        record = self.records[entity].pop(key, None)
        if record is not None and entity == "TimeActivity":
            self.by_date[record["TxnDate"]].pop(key, None)
        elif record is not None:
            marker = {"domain": "QBO", "status": "Deleted", "Id": key}
            marker["MetaData"] = {"LastUpdatedTime": stamp(self.world.now())}
            self.removed.setdefault(entity, {})[key] = marker
        self.world.changed.set()
        return record

    def put(self, entity: str, fields: Record, *, keep_token: bool = False) -> Record:
        """As a person in the product: create, or change the fields of the record with that Id; no API rules."""
        old = self.records[entity].get(str(fields.get("Id", "")))
        record = {**(old or _defaults(entity, self)), **fields}
        record["Id"] = str(record.get("Id") or self.next_id(entity))
        if old is None:
            record.setdefault("SyncToken", "0")
        elif not keep_token and "SyncToken" not in fields:
            record["SyncToken"] = str(int(old["SyncToken"]) + 1)
        return self.finish(entity, record, old=old, given=fields, keep_stamp=keep_token)

    def replace(self, entity: str, old: Record, record: Record) -> Record:
        """Store a checked update; one that changes nothing leaves SyncToken and stamps alone."""
        record = {name: value for name, value in record.items() if value is not None}
        if entity in LISTS:
            record = completed_name(self, entity, record, old=old)
        if _content(record) == _content(old):
            return old
        token = str(int(old["SyncToken"]) + 1)
        return self.finish(entity, {**record, "Id": old["Id"], "SyncToken": token}, old=old, given={})

    def finish(
        self, entity: str, record: Record, *, old: Record | None, given: Record, keep_stamp: bool = False
    ) -> Record:
        """Work out names, put the service fields last, stamp and store."""
        if entity in LISTS:
            record = completed_name(self, entity, record, old=old)
        meta = given.get("MetaData") or (old or {}).get("MetaData") or {}
        now = stamp(self.world.now())
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
            self._tell_family(entity, stored, old=old)
        return stored

    def _tell_family(self, entity: str, record: Record, *, old: Record | None) -> None:
        """A new child moves its parent's stamp; a new name works its way down to the children."""
        parent = parent_of(self, entity, record)
        if parent is not None and old is None:
            self._touch(entity, parent, {})
        if old is not None and full_name(old) != full_name(record):
            for child in children_of(self, entity, record["Id"]):
                self._rename_child(entity, child)

    def _rename_child(self, entity: str, child: Record) -> None:
        moved = self._touch(entity, child, place(self, entity, child))
        for grandchild in children_of(self, entity, moved["Id"]):
            self._rename_child(entity, grandchild)

    def _touch(self, entity: str, record: Record, changes: Record) -> Record:
        """Change server-owned fields; SyncToken stays, LastUpdatedTime moves."""
        meta = {**record["MetaData"], "LastUpdatedTime": stamp(self.world.now())}
        if changes and not self.world.switches["parent_rename_moves_children"]:
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
        }

    def from_json(self, data: dict[str, Any]) -> None:
        self.info, self.preferences = data["info"], data["preferences"]
        for entity, records in data["records"].items():
            for record in records.values():
                self.store(entity, record)
        self.last_ids = data["last_ids"]
        self.removed = data["removed"]
        self.requests.from_json(data["requests"])


def _content(record: Record) -> Record:
    return {
        name: value
        for name, value in record.items()
        if name not in ("MetaData", "SyncToken", "sparse", "domain")
    }


def _defaults(entity: str, company: Company) -> Record:
    if entity == "TimeActivity":
        date = today(company.world.now())
        return {"TxnDate": date, "BillableStatus": "NotBillable", "Taxable": False, "HourlyRate": 0}
    if entity == "Customer":
        return {
            "Taxable": True,
            "Job": False,
            "BillWithParent": False,
            "Balance": 0,
            "BalanceWithJobs": 0,
            "CurrencyRef": company.currency_ref(),
            "PreferredDeliveryMethod": "Print",
            "IsProject": False,
            "DefaultTaxCodeRef": {"value": "2"},
            "Active": True,
        }
    if entity == "Vendor":
        return {"Balance": 0, "Vendor1099": False, "CurrencyRef": company.currency_ref(), "Active": True}
    if entity == "Employee":
        return {"BillableTime": False, "Active": True}
    if entity == "Item":
        return {"Type": "Service", "Taxable": False, "UnitPrice": 0, "Active": True}
    return {"Active": True}


class QuickBooks:
    """All companies, and the OAuth server in front of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.companies: dict[str, Company] = {}
        self.tokens = Tokens(world)
        self.client_id = CLIENT_ID
        self.client_secret = CLIENT_SECRET

    def add_company(
        self,
        *,
        realm: str,
        name: str,
        sku: str = "QuickBooks Online Plus",
        payroll: str | None = "false",
        subscription: str = "SUBSCRIBED",
        **settings: Any,
    ) -> Company:
        """A new company with its plan, preferences and the items Services and Hours, and one refresh token.

        `settings` as in POST /control/quickbooks/{realm}/company (TimeTrackingFeatureEnabled, BookCloseDate, ...).
        """
        company = Company(self.world, realm)
        self.companies[realm] = company
        stated = {"OfferingSku": sku, "PayrollFeature": payroll, "SubscriptionStatus": subscription}
        set_up(company, {"CompanyName": name, "LegalName": name, **stated, **settings})
        company.put("Account", {"Name": "Services", "AccountType": "Income", "Classification": "Revenue"})
        for item in ("Services", "Hours"):
            account = {"value": "1", "name": "Services"}
            company.put("Item", {"Name": item, "Type": "Service", "IncomeAccountRef": account})
        self.tokens.grant(realm)
        return company

    def issue_refresh_token(self, realm: str) -> str:
        """A refresh token of that company that works now."""
        return self.tokens.working_refresh(realm)

    def info(self, url: str) -> dict[str, Any]:
        """What GET /control/info says about QuickBooks; the first company is the main one."""
        companies = [
            {
                "realm": realm,
                "name": company.info["CompanyName"],
                "refresh_token": self.issue_refresh_token(realm),
            }
            for realm, company in self.companies.items()
        ]
        main = companies[0] if companies else {"realm": "", "refresh_token": ""}
        return {
            "api_url": url,
            "authorize_url": f"{url}/oauth2/authorize",
            "token_url": f"{url}/oauth2/token",
            "revoke_url": f"{url}/oauth2/revoke",
            "realm": main["realm"],
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": main["refresh_token"],
            "companies": companies,
        }

    def dump(self) -> dict[str, Any]:
        """What GET /control/state shows: each company's records as lists."""
        return {
            realm: {
                **{entity: list(records.values()) for entity, records in company.records.items()},
                "CompanyInfo": [company.info],
                "Preferences": [company.preferences],
            }
            for realm, company in self.companies.items()
        }

    def to_json(self) -> dict[str, Any]:
        companies = {realm: company.to_json() for realm, company in self.companies.items()}
        return {"tokens": self.tokens.to_json(), "companies": companies}

    def from_json(self, data: dict[str, Any]) -> None:
        self.tokens.from_json(data["tokens"])
        self.companies = {}
        for realm, saved in data["companies"].items():
            self.companies[realm] = company = Company(self.world, realm)
            company.from_json(saved)
