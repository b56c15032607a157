"""The Clockify product itself: people create or change anything, with none of the API's limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.clockify.clocktime import NoSuchTime, parse_instant
from sandbox.clockify.records import Client, Entry, Member, Project, Tag, Task, User
from sandbox.clockify.shapes import client_json, dumped_entry, project_json, tag_json, task_json, user_json
from sandbox.clockify.state import Clockify
from sandbox.clockify.workspace import Workspace

Json = dict[str, Any]


class NotUnderstood(ValueError):
    """A control request for a field, kind or record that does not exist."""


def _rate(value: Any) -> int | None:
    return value["amount"] if isinstance(value, dict) else value


def _instant(value: Any) -> int | None:
    try:
        return None if value is None else value if isinstance(value, int) else parse_instant(value)
    except NoSuchTime as error:
        raise NotUnderstood(str(error)) from error


def _invoice(value: Any) -> str | None:
    return "manual" if value is True else value or None


def _as_is(value: Any) -> Any:
    return value


Fields = dict[str, tuple[str, Callable[[Any], Any]]]
USER: Fields = {
    "email": ("email", _as_is),
    "name": ("name", _as_is),
    "accountStatus": ("status", _as_is),
    "settings": ("settings", _as_is),
}
MEMBER: Fields = {
    "status": ("status", _as_is),
    "roles": ("roles", tuple),
    "hourlyRate": ("hourly_rate", _rate),
    "costRate": ("cost_rate", _rate),
}
CLIENT: Fields = {
    "name": ("name", _as_is),
    "email": ("email", _as_is),
    "archived": ("archived", bool),
    "address": ("address", _as_is),
    "note": ("note", _as_is),
    "currencyCode": ("currency", _as_is),
}
PROJECT: Fields = {
    "name": ("name", _as_is),
    "clientId": ("client_id", lambda value: value or None),
    "billable": ("billable", bool),
    "archived": ("archived", bool),
    "public": ("public", bool),
    "color": ("color", _as_is),
    "note": ("note", _as_is),
    "hourlyRate": ("hourly_rate", _rate),
    "costRate": ("cost_rate", _rate),
    "memberRates": ("member_rates", dict),
}
TASK: Fields = {"name": ("name", _as_is), "projectId": ("project_id", _as_is), "status": ("status", _as_is)}
TAG: Fields = {"name": ("name", _as_is), "archived": ("archived", bool)}
ENTRY: Fields = {
    "userId": ("user_id", _as_is),
    "start": ("start", _instant),
    "end": ("end", _instant),
    "description": ("description", _as_is),
    "billable": ("billable", bool),
    "projectId": ("project_id", lambda value: value or None),
    "taskId": ("task_id", _as_is),
    "tagIds": ("tag_ids", _as_is),
    "type": ("type", _as_is),
    "approvalRequestId": ("approval_id", _as_is),
    "approvalState": ("approval_state", _as_is),
    "invoiced": ("invoice", _invoice),
    "isLocked": ("locked", bool),
    "hourlyRate": ("rate", _rate),
    "customFieldValues": ("custom_fields", list),
}


class Product:
    """The product's screens for one workspace; a put returns the stored record, or raises NotUnderstood."""

    def __init__(self, clockify: Clockify, workspace: Workspace) -> None:
        self.clockify, self.workspace = clockify, workspace

    def put_user(self, body: Json) -> Json:
        """Create or change a user; `status` is the membership's, `accountStatus` the account's.

        `timeZone` and `apiKey` are shortcuts for a setting of the account and a key.
        """
        body = dict(body)
        key, zone, api_key = body.pop("id", None), body.pop("timeZone", None), body.pop("apiKey", None)
        account = _values({name: value for name, value in body.items() if name in USER}, USER)
        membership = _values({name: value for name, value in body.items() if name not in USER}, MEMBER)
        user = self._account(key or self.clockify.new_id(), account)
        if zone:
            user = replace(user, settings={**(user.settings or {}), "timeZone": zone})
        self.clockify.put_user(user)
        member = replace(self.workspace.members.get(user.id) or Member(user.id), **membership)
        self.workspace.put_member(member)
        if api_key:
            self.clockify.put_key(api_key, user.id)
        return {**user_json(user), "membershipStatus": member.status, "roles": list(member.roles)}

    def _account(self, key: str, values: Json) -> User:
        user = self.clockify.users.get(key)
        if user is None:
            settings = {"timeZone": "UTC"}
            email = f"{key}@example.test"
            user = User(key, email, None, settings=settings, active_workspace=self.workspace.id)
        return replace(user, **values)

    def put_client(self, body: Json) -> Json:
        key, values = self._split(body, CLIENT)
        old = self.workspace.clients.get(key) or Client(key, key)
        return client_json(self.workspace, self.workspace.put_client(replace(old, **values)))

    def put_project(self, body: Json) -> Json:
        key, values = self._split(body, PROJECT)
        self._known(values.get("client_id"), self.workspace.clients, "client")
        old = self.workspace.projects.get(key) or Project(key, key)
        return project_json(self.workspace, self.workspace.put_project(replace(old, **values)))

    def put_task(self, body: Json) -> Json:
        key, values = self._split(body, TASK)
        self._known(values.get("project_id"), self.workspace.projects, "project")
        old = self.workspace.tasks.get(key) or Task(key, key)
        return task_json(self.workspace.put_task(replace(old, **values)))

    def put_tag(self, body: Json) -> Json:
        key, values = self._split(body, TAG)
        old = self.workspace.tags.get(key) or Tag(key, key)
        return tag_json(self.workspace, self.workspace.put_tag(replace(old, **values)))

    def put_entry(self, body: Json) -> Json:
        key, values = self._split(body, ENTRY)
        self._known(values.get("project_id"), self.workspace.projects, "project")
        self._known(values.get("user_id"), self.workspace.members, "user")
        old = self.workspace.entries.get(key)
        if old is None:
            if "user_id" not in values or "start" not in values:
                raise NotUnderstood("a new entry needs userId and start")
            old = Entry(key, values["user_id"], values["start"], None)
        entry = replace(old, **values)
        if entry.approval_state and not entry.approval_id:
            entry = replace(entry, approval_id=self.clockify.new_id())
        return dumped_entry(self.workspace, self.workspace.put_entry(entry))

    def remove(self, kind: str, key: str) -> bool:
        """Delete one record and return True, or return False when there is none."""
        removers: dict[str, Callable[[str], Any]] = {
            "users": self._remove_user,
            "clients": self.workspace.remove_client,
            "projects": self.workspace.remove_project,
            "tasks": self.workspace.remove_task,
            "tags": self.workspace.remove_tag,
            "entries": self.workspace.remove_entry,
        }
        if kind not in removers:
            raise NotUnderstood(f"no such kind: {kind}")
        return removers[kind](key) is not None

    def _remove_user(self, key: str) -> Member | None:
        """Remove a member and the member's time, so that no entry is left without its person."""
        member = self.workspace.members.pop(key, None)
        for entry in [entry for entry in self.workspace.entries.values() if entry.user_id == key]:
            self.workspace.remove_entry(entry.id)
        self.workspace.touched()
        return member

    def _split(self, body: Json, known: Fields) -> tuple[str, Json]:
        body = dict(body)
        key = body.pop("id", None) or self.clockify.new_id()
        return key, _values(body, known)

    def _known(self, key: str | None, records: Json, kind: str) -> None:
        if key is not None and key not in records:
            raise NotUnderstood(f"no such {kind}: {key}")


def _values(body: Json, known: Fields) -> Json:
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise NotUnderstood(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    return {known[name][0]: known[name][1](value) for name, value in body.items()}
