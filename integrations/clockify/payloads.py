"""Clockify's records, read tolerantly here and nowhere else. Pure.

The regular API and the reports API differ: `id` or `_id`, ISO text or seconds, `hourlyRate` or `rate`, null or "".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from integrations.reading import values
from integrations.reading.values import Unreadable

Raw = Mapping[str, Any]
# `get_id` is an artifact of the specification, but accepted.
ID_NAMES = ("id", "_id", "get_id")
TYPE_LENGTH = 20
# Of a rate in minor units; the column keeps ten digits before the point, also where it rounds up.
HIGHEST_AMOUNT = 10**12 - 1
# Whether Clockify sends what people type escaped is not settled (reference, clockify.md §13), so these are decoded.
ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&#x27;": "'", "&apos;": "'"}
ENTITY = re.compile("|".join(map(re.escape, ENTITIES)))
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
class TaskPayload:
    id: str
    name: str
    project_id: str
    active: bool


@dataclass(frozen=True, slots=True)
class TagPayload:
    id: str
    name: str
    archived: bool


@dataclass(frozen=True, slots=True)
class EntryPayload:
    """One time entry. `tags`: ids and names.

    `rate` and `cost_rate` are per hour, in major units; None where Clockify has none, or shows none to this key.
    """

    id: str
    user_id: str
    user_name: str
    project_id: str
    project_name: str
    client_id: str
    client_name: str
    task_id: str
    task_name: str
    tags: tuple[tuple[str, str], ...]
    start_at: datetime
    end_at: datetime | None
    billable: bool
    type: str
    description: str
    rate: Decimal | None
    currency: str
    invoiced: bool
    cost_rate: Decimal | None = None

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


def identifier(raw: Any) -> str:
    """Return a record's id as far as it can be read, else ""."""
    try:
        return values.identifier(values.record(raw), *ID_NAMES)
    except Unreadable:
        return ""


def known_zone(name: Any) -> str:
    """Return the zone's name if this machine knows it, else ""."""
    if not isinstance(name, str) or not name:
        return ""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return ""
    return name


def name_of(raw: Raw, name: str) -> str:
    """Return a name or description as the person typed it; Clockify may send signs as entities."""
    return decoded(values.text(raw, name))


def decoded(written: str) -> str:
    """Return the text with exactly these entities decoded, once and in one pass (contract: matching rules)."""
    return ENTITY.sub(lambda found: ENTITIES[found[0]], written)


def user(raw: Raw, *, workspace_id: str) -> UserPayload:
    """Return a user; `active` is the user's status in that workspace. Raises Unreadable."""
    raw = values.record(raw)
    return UserPayload(
        id=values.identifier(raw, *ID_NAMES),
        name=_short(name_of(raw, "name"), "name"),
        email=values.text(raw, "email", longest=values.EMAIL_LENGTH),
        active=_membership_status(raw, workspace_id) not in INACTIVE_STATUSES,
        time_zone=known_zone(values.text(values.nested(raw, "settings"), "timeZone")),
    )


def _short(name: str, field: str) -> str:
    if len(name) > values.NAME_LENGTH:
        raise Unreadable(f"{field} has {len(name):,} characters, {values.NAME_LENGTH} are the most")
    return name


def _membership_status(raw: Raw, workspace_id: str) -> str:
    """Return the status in the workspace, else that of the account; memberships that can't be read say nothing."""
    memberships = raw.get("memberships")
    for membership in memberships if isinstance(memberships, list) else []:
        if not isinstance(membership, Mapping) or membership.get("membershipType") != "WORKSPACE":
            continue
        if membership.get("targetId") in (workspace_id, None, ""):
            return text(membership.get("membershipStatus"))
    return text(raw.get("status"))


def client(raw: Raw) -> ClientPayload:
    """Return a client. Raises Unreadable."""
    raw = values.record(raw)
    return ClientPayload(
        id=values.identifier(raw, *ID_NAMES),
        name=_short(name_of(raw, "name"), "name"),
        archived=values.flag(raw, "archived"),
        currency=_currency(raw, "currencyCode"),
    )


def project(raw: Raw) -> ProjectPayload:
    """Return a project. Raises Unreadable."""
    raw = values.record(raw)
    # Hydrated projects have the client as an object, the others its id and name.
    nested = _object(raw, "client")
    return ProjectPayload(
        id=values.identifier(raw, *ID_NAMES),
        name=_short(name_of(raw, "name"), "name"),
        archived=values.flag(raw, "archived"),
        client_id=values.text(raw, "clientId", longest=values.ID_LENGTH) or identifier(nested),
        client_name=(_display_name(raw, "clientName") or _display_name(nested, "name")),
        billable=raw.get("billable") is True,
    )


def task(raw: Raw) -> TaskPayload:
    """Return a task. Raises Unreadable."""
    raw = values.record(raw)
    return TaskPayload(
        id=values.identifier(raw, *ID_NAMES),
        name=_short(name_of(raw, "name"), "name"),
        project_id=values.text(raw, "projectId", longest=values.ID_LENGTH),
        active=values.text(raw, "status").upper() != "DONE",
    )


def tag(raw: Raw) -> TagPayload:
    """Return a tag. Raises Unreadable."""
    raw = values.record(raw)
    return TagPayload(
        id=values.identifier(raw, *ID_NAMES),
        name=_short(name_of(raw, "name"), "name"),
        archived=values.flag(raw, "archived"),
    )


# What says whose time an entry is, and how long; not what it is worth.
OF_TIME = {
    *ID_NAMES,
    *("userId", "userName", "user", "projectId", "projectName", "project", "clientId", "clientName"),
    *("timeInterval", "type"),
}


def entry(raw: Raw) -> EntryPayload:
    """Return a time entry in either API's form. Raises Unreadable."""
    raw = values.record(raw)
    interval = values.nested(raw, "timeInterval")
    user_raw, project_raw = _object(raw, "user"), _object(raw, "project")
    entry_id = values.identifier(raw, *ID_NAMES)
    user_id = values.text(raw, "userId", longest=values.ID_LENGTH) or identifier(user_raw)
    if not user_id:
        raise Unreadable("it has no userId")
    start_at = values.instant(interval, "start")
    if start_at is None:
        raise Unreadable("it has no start")
    rate, currency = _rate(raw)
    task_raw = _object(raw, "task")
    return EntryPayload(
        id=entry_id,
        user_id=user_id,
        user_name=_display_name(raw, "userName") or _display_name(user_raw, "name"),
        project_id=values.text(raw, "projectId", longest=values.ID_LENGTH) or identifier(project_raw),
        project_name=_display_name(raw, "projectName") or _display_name(project_raw, "name"),
        client_id=values.text(raw, "clientId", longest=values.ID_LENGTH) or text(project_raw.get("clientId"))[:64],
        client_name=_display_name(raw, "clientName") or _display_name(project_raw, "clientName"),
        task_id=_plain_id(raw.get("taskId")) or identifier(task_raw),
        task_name=_display_name(raw, "taskName") or _display_name(task_raw, "name"),
        tags=_tags(raw),
        start_at=start_at,
        end_at=values.instant(interval, "end"),
        billable=values.flag(raw, "billable"),
        type=values.text(raw, "type", longest=TYPE_LENGTH) or "REGULAR",
        description=name_of(raw, "description"),
        rate=rate,
        currency=currency,
        invoiced=_invoiced(raw.get("invoicingInfo")),
        cost_rate=_cost_rate(raw, currency),
    )


def _plain_id(value: Any) -> str:
    """Return an id that only line rules look at; "" for what is none."""
    return value if isinstance(value, str) and len(value) <= values.ID_LENGTH else ""


def _tags(raw: Raw) -> tuple[tuple[str, str], ...]:
    """Return id and name of each tag; the regular API has ids alone, the report objects as well."""
    ids, objects = raw.get("tagIds"), raw.get("tags")
    tags = {_plain_id(key): "" for key in ids} if isinstance(ids, list) else {}
    for tag in objects if isinstance(objects, list) else []:
        if isinstance(tag, Mapping):
            tags[identifier(tag)] = _display_name(tag, "name")
    return tuple((key, name) for key, name in tags.items() if key)


def time_of(raw: Raw) -> EntryPayload:
    """Return an unreadable entry as far as its time goes: whose it is, for which project, from when to when.

    What else it has counts as empty. Raises Unreadable where that can't be read either.
    """
    return entry({name: value for name, value in values.record(raw).items() if name in OF_TIME})


def _object(raw: Raw, name: str) -> Raw:
    """Return an object that is only a second source of a value; an empty one for anything else."""
    value = raw.get(name)
    return value if isinstance(value, Mapping) else {}


def _display_name(raw: Raw, name: str) -> str:
    """Return a name that is only shown: of an entry's user, project and client, whose own records count."""
    value = raw.get(name)
    return decoded(value)[: values.NAME_LENGTH] if isinstance(value, str) else ""


def _currency(raw: Raw, name: str) -> str:
    code = values.text(raw, name).strip().upper()
    if code and len(code) != 3:
        raise Unreadable(f"{name} is “{code[:10]}”, which is no currency")
    return code


def workspace_currency(raw: Raw) -> str:
    """Return the currency of a workspace's own rate, "" where it can't be read."""
    code = text(_object(raw, "hourlyRate").get("currency")).strip().upper()
    return code if len(code) == 3 else ""


def _rate(raw: Raw) -> tuple[Decimal | None, str]:
    """Return rate, in major units, and currency. The report has `rate`, the regular API `hourlyRate`."""
    currency = _currency(raw, "currency")
    if raw.get("hourlyRate") is not None:
        nested = values.nested(raw, "hourlyRate")
        amount = values.number(nested, "amount", below=HIGHEST_AMOUNT)
        currency = currency or _currency(nested, "currency")
    else:
        # A rate of 0 counts; only a missing one falls back to the earned rate.
        name = "rate" if raw.get("rate") is not None else "earnedRate"
        amount = values.number(raw, name, below=HIGHEST_AMOUNT)
    # Both APIs send minor units: 12500 is 125.00.
    return (None if amount is None else amount / 100), currency


def _cost_rate(raw: Raw, currency: str) -> Decimal | None:
    """Return the cost rate in major units; None where it can't be read, or is of another currency than the entry.

    The report has a number, the regular API an object (reference, clockify.md §4 and §5); a key that may not see cost
    rates gets 0, null or nothing. Time goes without one, so nothing about it makes an entry unreadable.
    """
    try:
        if isinstance(raw.get("costRate"), Mapping):
            nested = values.nested(raw, "costRate")
            amount = values.number(nested, "amount", below=HIGHEST_AMOUNT)
            other = _currency(nested, "currency")
        else:
            amount, other = values.number(raw, "costRate", below=HIGHEST_AMOUNT), ""
    except Unreadable:
        return None
    is_known = amount and not (other and currency and other != currency)
    return amount / 100 if amount and is_known else None


def _invoiced(info: Any) -> bool:
    """Return whether an entry is invoiced: by an invoice id or `manuallyInvoiced`; not by null, [] or {}.

    Raises Unreadable for what nobody could read: it may have said that it is.
    """
    if isinstance(info, list):
        return any(_invoiced(part) for part in info)
    if not isinstance(info, Mapping):
        return bool(info)
    values.nested({"invoicingInfo": info}, "invoicingInfo")
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
