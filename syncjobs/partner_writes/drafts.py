"""What a person asks to have written, and what exactly that would be. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mapping.matching.names import strip_deleted
from syncjobs.partner_writes.rules import RuleCheck

CREATE, REACTIVATE, RENAME = "create", "reactivate", "rename"
QUICKBOOKS, CLOCKIFY = "quickbooks", "clockify"
ENTITIES = {"employee": "Employee", "vendor": "Vendor", "customer": "Customer"}
COLLECTIONS = {"client": "clients", "project": "projects"}


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One wish. `entity` is what is to be written: employee, vendor, customer, client or project.

    Created in QuickBooks: for `kind` and `clockify_id`. Created in Clockify: for customer `quickbooks_id`. Reactivated:
    `quickbooks_id`, for the Clockify record if one is named. Renamed: `clockify_id`. None: the proposal is taken.
    """

    verb: str
    side: str
    entity: str
    kind: str = ""
    clockify_id: str = ""
    quickbooks_id: str = ""
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    parent_id: str | None = None
    client_id: str | None = None
    billable: bool = True
    public: bool = True

    def as_row(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def target(self) -> str:
        """The record that it is for: two presses for one are one wish, whatever name they give."""
        for_clockify = (self.side == QUICKBOOKS and self.verb == CREATE) or self.verb == RENAME
        return f"{self.kind}:{self.clockify_id}" if for_clockify else f"{self.entity}:{self.quickbooks_id}"


@dataclass(frozen=True)
class PartnerDraft:
    """`changes` are the fields that we set; `body` is the whole request, with what was read around them."""

    request: WriteRequest
    title: str
    subject: str
    http_request: str
    name: str
    full_name: str
    changes: Mapping[str, Any]
    body: Mapping[str, Any]
    lines: tuple[tuple[str, str], ...]
    checks: tuple[RuleCheck, ...]
    notes: tuple[str, ...] = ()
    parent_id: str = ""

    @property
    def failed(self) -> tuple[RuleCheck, ...]:
        return tuple(check for check in self.checks if not check.passed)

    @property
    def may_be_written(self) -> bool:
        return not self.failed

    @property
    def text(self) -> str:
        """The request's body to the letter."""
        return json.dumps(self.body, ensure_ascii=False)

    @property
    def shown(self) -> str:
        """The same for people."""
        return f"{self.http_request}\n{json.dumps(self.body, ensure_ascii=False, indent=2)}"

    @property
    def fingerprint(self) -> str:
        """Of what a person confirms: where it goes and every field that is set, not what is only sent back."""
        confirmed = json.dumps([self.http_request, self.changes], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(confirmed.encode()).hexdigest()


def customer_fields(name: str, *, parent_id: str) -> dict[str, Any]:
    """ParentRef needs Job (Intuit: Customer page); all else is QuickBooks' default."""
    below = {"Job": True, "ParentRef": {"value": parent_id}} if parent_id else {}
    return {"DisplayName": name, **below}


def person_fields(name: str, *, given: str, family: str) -> dict[str, Any]:
    parts = {"GivenName": given.strip(), "FamilyName": family.strip()}
    return {"DisplayName": name, **{field: value for field, value in parts.items() if value}}


def reactivation_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """Active again under its old name: whether QuickBooks takes its suffix away by itself is not documented."""
    return {"Active": True, "DisplayName": strip_deleted(str(record.get("DisplayName") or ""))}


def reactivation_body(record: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A sparse update leaves everything else as it is."""
    key = {"Id": str(record.get("Id") or ""), "SyncToken": str(record.get("SyncToken") or ""), "sparse": True}
    return {**key, **changes}


def project_fields(name: str, *, client_id: str, billable: bool, public: bool) -> dict[str, Any]:
    """A private project without members could be used by nobody, so `isPublic` is said."""
    below = {"clientId": client_id} if client_id else {}
    return {"name": name, **below, "billable": billable, "isPublic": public}


def renaming_body(entity: str, record: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The record as read, with our changes: Clockify's PUT resets what it is not told."""
    return {**(_client_as_read(record) if entity == "client" else _project_as_read(record)), **changes}


def _client_as_read(record: Mapping[str, Any]) -> dict[str, Any]:
    names = ("name", "email", "address", "note", "archived", "ccEmails", "currencyId")
    return {name: record[name] for name in names if record.get(name) is not None}


def _project_as_read(record: Mapping[str, Any]) -> dict[str, Any]:
    names = ("name", "clientId", "billable", "color", "note", "archived")
    kept = {name: record[name] for name in names if record.get(name) not in (None, "")}
    rates = {
        name: {"amount": record[name]["amount"]}
        for name in ("hourlyRate", "costRate")
        if isinstance(record.get(name), Mapping) and record[name].get("amount") is not None
    }
    # What the answers call `public`, requests call `isPublic`.
    return {**kept, **rates, "isPublic": bool(record.get("public"))}


def lost_by_renaming(entity: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Fields, the name aside, that an answer shows otherwise than they were read before."""
    old, new = renaming_body(entity, before, {}), renaming_body(entity, after, {})
    return sorted(name for name in {*old, *new} - {"name"} if old.get(name) != new.get(name))
