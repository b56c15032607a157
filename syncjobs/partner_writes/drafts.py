"""The write that a person requests, and the exact draft of it. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from integrations.clockify.payloads import decoded
from integrations.kinds import Kind
from mapping.matching.names import strip_deleted
from syncjobs.partner_writes.rules import RuleCheck

CREATE, REACTIVATE, RENAME = "create", "reactivate", "rename"
QUICKBOOKS, CLOCKIFY = "quickbooks", "clockify"
ENTITIES = {"employee": "Employee", "vendor": "Vendor", "customer": "Customer"}
COLLECTIONS = {"client": "clients", "project": "projects"}


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """A requested write. `entity` is what to write: employee, vendor, customer, client or project.

    Create in QuickBooks: for `kind` and `clockify_id`. Create in Clockify: for customer `quickbooks_id`. Reactivate:
    `quickbooks_id`, for the Clockify record if one is named. Rename: `clockify_id`. A field of None takes the proposal.
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

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> WriteRequest:
        """Return what `as_row` stored as `PartnerWrite.asked`; what older rows lack is left at its default."""
        stored = {field.name: row[field.name] for field in fields(cls) if field.name in row}
        return cls(**{"verb": "", "side": "", "entity": "", **stored})

    def as_row(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def record(self) -> tuple[str, str] | None:
        """Kind and id of the record whose row on the desk led here; None for a record that has none."""
        if self.kind and self.clockify_id:
            return self.kind, self.clockify_id
        return ("customer", self.quickbooks_id) if (self.side, self.verb) == (CLOCKIFY, CREATE) else None

    @property
    def target(self) -> str:
        """The record it is for; only one write per record may be open, whatever name was typed."""
        for_clockify = (self.side == QUICKBOOKS and self.verb == CREATE) or self.verb == RENAME
        return f"{self.kind}:{self.clockify_id}" if for_clockify else f"{self.entity}:{self.quickbooks_id}"


@dataclass(frozen=True)
class Wanted:
    """A requested write as a person saw it: the fingerprint of the draft that was shown, and its record's version then.

    `version`: "" for a record that has no row.
    """

    request: WriteRequest
    confirmed: str
    version: str = ""


@dataclass(frozen=True)
class PartnerDraft:
    """An exact draft. `changes` are the fields that we set; `body` is the whole request, with the fields as read."""

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
    def text(self) -> str:
        """The exact request body."""
        return json.dumps(self.body, ensure_ascii=False)

    @property
    def shown(self) -> str:
        """The request as people read it."""
        return f"{self.http_request}\n{json.dumps(self.body, ensure_ascii=False, indent=2)}"

    @property
    def fingerprint(self) -> str:
        """A hash of what a person confirms: the endpoint and the fields that we set.

        Fields that are only sent back may change before the write and are no part of the confirmation.
        """
        confirmed = json.dumps([self.http_request, self.changes], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(confirmed.encode()).hexdigest()


def customer_fields(name: str, *, parent_id: str) -> dict[str, Any]:
    """Return a customer's fields. ParentRef needs Job (Intuit: Customer page); the rest is QuickBooks' default."""
    parent_fields = {"Job": True, "ParentRef": {"value": parent_id}} if parent_id else {}
    return {"DisplayName": name, **parent_fields}


def person_fields(name: str, *, given: str, family: str) -> dict[str, Any]:
    name_parts = {"GivenName": given.strip(), "FamilyName": family.strip()}
    return {"DisplayName": name, **{field: value for field, value in name_parts.items() if value}}


def reactivation_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that reactivate a record under its old name.

    Whether QuickBooks removes the suffix of inactive records by itself is not documented, so the name is sent.
    """
    return {"Active": True, "DisplayName": strip_deleted(str(record.get("DisplayName") or ""))}


def reactivation_body(record: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a sparse update, which leaves all other fields as they are."""
    identification = {
        "Id": str(record.get("Id") or ""),
        "SyncToken": str(record.get("SyncToken") or ""),
        "sparse": True,
    }
    return {**identification, **changes}


def project_fields(name: str, *, client_id: str, billable: bool, public: bool) -> dict[str, Any]:
    """Return a project's fields; `isPublic` is explicit, since a private project without members is unusable."""
    client_fields = {"clientId": client_id} if client_id else {}
    return {"name": name, **client_fields, "billable": billable, "isPublic": public}


def renaming_body(entity: str, record: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record as read with our changes: Clockify's PUT resets the fields it does not get."""
    return {**(_client_as_read(record) if entity == Kind.CLIENT else _project_as_read(record)), **changes}


def _client_as_read(record: Mapping[str, Any]) -> dict[str, Any]:
    names = ("name", "email", "address", "note", "archived", "ccEmails", "currencyId")
    return {name: _typed(record[name]) for name in names if record.get(name) is not None}


def _typed(value: Any) -> Any:
    """Return a text as a person typed it: sent back with Clockify's entities, these would be its text."""
    return decoded(value) if isinstance(value, str) else value


def _project_as_read(record: Mapping[str, Any]) -> dict[str, Any]:
    names = ("name", "clientId", "billable", "color", "note", "archived")
    fields = {name: _typed(record[name]) for name in names if record.get(name) not in (None, "")}
    rates = {
        name: {"amount": record[name]["amount"]}
        for name in ("hourlyRate", "costRate")
        if isinstance(record.get(name), Mapping) and record[name].get("amount") is not None
    }
    # Clockify's responses say `public`, its requests `isPublic`.
    return {**fields, **rates, "isPublic": bool(record.get("public"))}


def lost_by_renaming(entity: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the fields, except the name, that differ between the record before and the answer."""
    old, new = renaming_body(entity, before, {}), renaming_body(entity, after, {})
    return sorted(name for name in {*old, *new} - {"name"} if old.get(name) != new.get(name))
