"""Clockify's users, clients, projects, tasks and tags, read tolerantly here and nowhere else. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from integrations.reading import values
from integrations.reading.values import Raw, Unreadable

# `get_id` is an artifact of the specification, but accepted.
ID_NAMES = ("id", "_id", "get_id")
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
        currency=currency_of(raw, "currencyCode"),
    )


def project(raw: Raw) -> ProjectPayload:
    """Return a project. Raises Unreadable."""
    raw = values.record(raw)
    # Hydrated projects have the client as an object, the others its id and name.
    nested = nested_object(raw, "client")
    return ProjectPayload(
        id=values.identifier(raw, *ID_NAMES),
        name=_short(name_of(raw, "name"), "name"),
        archived=values.flag(raw, "archived"),
        client_id=values.text(raw, "clientId", longest=values.ID_LENGTH) or identifier(nested),
        client_name=(display_name(raw, "clientName") or display_name(nested, "name")),
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


def nested_object(raw: Raw, name: str) -> Raw:
    """Return an object that is only a second source of a value; an empty one for anything else."""
    value = raw.get(name)
    return value if isinstance(value, Mapping) else {}


def display_name(raw: Raw, name: str) -> str:
    """Return a name that is only shown: of an entry's user, project and client, whose own records count."""
    value = raw.get(name)
    return decoded(value)[: values.NAME_LENGTH] if isinstance(value, str) else ""


def currency_of(raw: Raw, name: str) -> str:
    code = values.text(raw, name).strip().upper()
    if code and len(code) != 3:
        raise Unreadable(f"{name} is “{code[:10]}”, which is no currency")
    return code


def workspace_currency(raw: Raw) -> str:
    """Return the currency of a workspace's own rate, "" where it can't be read."""
    code = text(nested_object(raw, "hourlyRate").get("currency")).strip().upper()
    return code if len(code) == 3 else ""


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
