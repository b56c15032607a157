"""Clockify's records, read tolerantly here and nowhere else. Pure.

The regular API and the reports API differ: `id` or `_id`, ISO text or seconds, `hourlyRate` or `rate`, null or "".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

Raw = Mapping[str, Any]
# Of the membership in the workspace; the account's status stays ACTIVE for people who were deactivated there.
INACTIVE_STATUSES = {"INACTIVE", "DECLINED", "DELETED", "LIMITED_DELETED"}


@dataclass(frozen=True, slots=True)
class UserPayload:
    id: str
    name: str
    email: str
    active: bool
    time_zone: str


@dataclass(frozen=True, slots=True)
class ClientPayload:
    id: str
    name: str
    archived: bool
    currency: str


@dataclass(frozen=True, slots=True)
class ProjectPayload:
    id: str
    name: str
    archived: bool
    client_id: str
    client_name: str
    billable: bool


@dataclass(frozen=True, slots=True)
class EntryPayload:
    """One time entry. `rate` is per hour, in major units; None where Clockify has none."""

    id: str
    user_id: str
    user_name: str
    project_id: str
    project_name: str
    client_id: str
    client_name: str
    start_at: datetime
    end_at: datetime | None
    billable: bool
    type: str
    description: str
    rate: Decimal | None
    currency: str
    invoiced: bool

    @property
    def content_hash(self) -> str:
        """Fingerprint of person, project, start, end, billable, description and type; an edit is a change of these."""
        content = [
            self.user_id,
            self.project_id,
            self.start_at.isoformat(),
            self.end_at.isoformat() if self.end_at else None,
            self.billable,
            self.description,
            self.type,
        ]
        return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()


def text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def identifier(raw: Raw) -> str:
    """Return `id` or `_id`, or "" (`get_id` is an artifact of the specification, but accepted)."""
    return text(raw.get("id") or raw.get("_id") or raw.get("get_id"))


def instant(value: Any) -> datetime | None:
    """Return an instant in UTC, without fractions of a second; None for null. Raises ValueError for anything else."""
    if value in (None, ""):
        return None
    parsed = datetime.fromisoformat(text(value))
    # Clockify's times are UTC, with or without an offset.
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return parsed.astimezone(UTC).replace(microsecond=0)


def known_zone(name: Any) -> str:
    """Return the zone's name if this machine knows it, else ""."""
    if not isinstance(name, str) or not name:
        return ""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return ""
    return name


def user(raw: Raw, *, workspace_id: str) -> UserPayload:
    """Return a user; `active` is the user's status in that workspace."""
    settings = raw.get("settings") or {}
    return UserPayload(
        id=identifier(raw),
        name=text(raw.get("name")),
        email=text(raw.get("email")),
        active=_membership_status(raw, workspace_id) not in INACTIVE_STATUSES,
        time_zone=known_zone(settings.get("timeZone") if isinstance(settings, Mapping) else None),
    )


def _membership_status(raw: Raw, workspace_id: str) -> str:
    for membership in raw.get("memberships") or []:
        if membership.get("membershipType") == "WORKSPACE" and membership.get("targetId") in (
            workspace_id,
            None,
            "",
        ):
            return text(membership.get("membershipStatus"))
    return text(raw.get("status"))


def client(raw: Raw) -> ClientPayload:
    return ClientPayload(
        id=identifier(raw),
        name=text(raw.get("name")),
        archived=bool(raw.get("archived")),
        currency=text(raw.get("currencyCode")).upper()[:3],
    )


def project(raw: Raw) -> ProjectPayload:
    # Hydrated projects have the client as an object, the others its id and name.
    nested = raw.get("client") if isinstance(raw.get("client"), Mapping) else {}
    return ProjectPayload(
        id=identifier(raw),
        name=text(raw.get("name")),
        archived=bool(raw.get("archived")),
        client_id=text(raw.get("clientId")) or identifier(nested or {}),
        client_name=text(raw.get("clientName")) or text((nested or {}).get("name")),
        billable=bool(raw.get("billable")),
    )


def entry(raw: Raw) -> EntryPayload:
    """Return a time entry in either API's form. Raises ValueError for one without id, user or start."""
    interval = raw.get("timeInterval") or {}
    start_at = instant(interval.get("start"))
    user_raw, project_raw = raw.get("user") or {}, raw.get("project") or {}
    entry_id, user_id = identifier(raw), text(raw.get("userId")) or identifier(user_raw)
    if not entry_id or not user_id or start_at is None:
        raise ValueError(f"time entry {entry_id or 'without an id'} has no {'start' if user_id else 'user'}")
    rate, currency = _rate(raw)
    return EntryPayload(
        id=entry_id,
        user_id=user_id,
        user_name=text(raw.get("userName")) or text(user_raw.get("name")),
        project_id=text(raw.get("projectId")) or identifier(project_raw),
        project_name=text(raw.get("projectName")) or text(project_raw.get("name")),
        client_id=text(raw.get("clientId")) or text(project_raw.get("clientId")),
        client_name=text(raw.get("clientName")) or text(project_raw.get("clientName")),
        start_at=start_at,
        end_at=instant(interval.get("end")),
        billable=bool(raw.get("billable")),
        type=text(raw.get("type")) or "REGULAR",
        description=text(raw.get("description")),
        rate=rate,
        currency=currency,
        invoiced=_invoiced(raw.get("invoicingInfo")),
    )


def _rate(raw: Raw) -> tuple[Decimal | None, str]:
    """Return rate, in major units, and currency. The report has `rate`, the regular API `hourlyRate`."""
    nested = raw.get("hourlyRate")
    if isinstance(nested, Mapping):
        amount, currency = nested.get("amount"), text(nested.get("currency"))
    else:
        # A rate of 0 counts; only a missing one falls back to the earned rate.
        amount = raw.get("rate") if raw.get("rate") is not None else raw.get("earnedRate")
        currency = ""
    currency = (text(raw.get("currency")) or currency).upper()[:3]
    if amount is None or isinstance(amount, bool):
        return None, currency
    try:
        # Both APIs send minor units: 12500 is 125.00.
        return Decimal(str(amount)) / 100, currency
    except InvalidOperation:
        return None, currency


def _invoiced(info: Any) -> bool:
    """Return whether an entry is invoiced: by an invoice id or `manuallyInvoiced`; not by null, [] or {}."""
    if isinstance(info, list):
        return any(_invoiced(part) for part in info)
    if not isinstance(info, Mapping):
        return bool(info)
    return bool(info.get("manuallyInvoiced")) or bool(info.get("invoiceId"))


def rounding(settings: Any) -> dict[str, Any]:
    """Return the workspace's report rounding: {"on", "direction": near|up|down|"" (not understood), "minutes"}."""
    settings = settings if isinstance(settings, Mapping) else {}
    rule = settings.get("round") if isinstance(settings.get("round"), Mapping) else {}
    # A phrase such as "Round to nearest"; the exact ones are not documented.
    phrase = text((rule or {}).get("round")).lower()
    direction = next((word for word in ("near", "up", "down") if word in phrase), "")
    try:
        minutes = int(text((rule or {}).get("minutes")) or 0)
    except ValueError:
        minutes = 0
    return {"on": bool(settings.get("timeRoundingInReports")), "direction": direction, "minutes": minutes}
