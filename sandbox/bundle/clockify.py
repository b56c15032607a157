"""The Clockify side of a bundle's world: its rows are answered as Clockify sent them."""

from __future__ import annotations

from typing import Any

from sandbox.clockify.clocktime import NoSuchTime, parse_instant
from sandbox.clockify.records import Client, Entry, Member, Project, User
from sandbox.clockify.state import ADMIN_KEY, Clockify
from sandbox.clockify.workspace import Workspace

Json = dict[str, Any]
OWNER_ID = "5a0db0c1000000000000face"
# In no list of a workspace's users, like the accounts of kiosks.
UNLISTED = "LIMITED"


def fill(clockify: Clockify, data: Json) -> None:
    """Add the workspace with its lists and entries, and an owner of its own with the usual key."""
    given = data["workspace"]
    workspace = clockify.add_workspace(
        _text(given.get("name")),
        id=_text(given.get("id")),
        plan=_text(given.get("featureSubscriptionType")) or "STANDARD",
    )
    workspace.currency = _text((given.get("hourlyRate") or {}).get("currency")) or workspace.currency
    workspace.settings = {**workspace.settings, **(given.get("workspaceSettings") or {})}
    _add_owner(clockify, workspace, _text(given.get("timeZone")) or "UTC")
    for number, row in enumerate(data.get("users", [])):
        _add_user(clockify, workspace, _id(row, f"user-{number}"), row)
    for number, row in enumerate(data.get("clients", [])):
        key = _id(row, f"client-{number}")
        currency = _text(_of(row, "currencyCode")) or None
        workspace.put_client(
            Client(key, _text(_of(row, "name")), archived=_of(row, "archived") is True, currency=currency)
        )
        workspace.keep_row(key, row)
    for number, row in enumerate(data.get("projects", [])):
        key = _id(row, f"project-{number}")
        workspace.put_project(
            Project(
                key,
                _text(_of(row, "name")),
                client_id=_text(_of(row, "clientId")) or None,
                billable=_of(row, "billable") is True,
                archived=_of(row, "archived") is True,
            )
        )
        workspace.keep_row(key, row)
    for number, row in enumerate(data.get("entries", [])):
        _add_entry(clockify, workspace, _id(row, f"entry-{number}"), row)


def _add_owner(clockify: Clockify, workspace: Workspace, time_zone: str) -> None:
    """Add the key's owner, whom no list has: the zone is the one that a connection takes as the workspace's."""
    settings = {"timeZone": time_zone}
    owner = User(OWNER_ID, "bundle@example.test", "Bundle", UNLISTED, settings, active_workspace=workspace.id)
    clockify.put_user(owner)
    workspace.put_member(Member(owner.id, roles=("OWNER",)))
    clockify.put_key(ADMIN_KEY, owner.id)


def _add_user(clockify: Clockify, workspace: Workspace, key: str, row: Any) -> None:
    settings = _of(row, "settings")
    name = _of(row, "name")
    clockify.put_user(
        User(
            key,
            _text(_of(row, "email")),
            name if isinstance(name, str) else None,
            _listed_status(row),
            settings if isinstance(settings, dict) else None,
            active_workspace=workspace.id,
        )
    )
    memberships = _of(row, "memberships")
    found = [m for m in memberships if isinstance(m, dict)] if isinstance(memberships, list) else []
    status = next((_text(m.get("membershipStatus")) for m in found if m.get("membershipType") == "WORKSPACE"), "ACTIVE")
    workspace.put_member(Member(key, status or "ACTIVE"))
    workspace.keep_row(key, row)


def _listed_status(row: Any) -> str:
    # The row is answered as it came; what is stored only says that the account is listed.
    status = _text(_of(row, "status"))
    return status if status in ("ACTIVE", "PENDING_EMAIL_VERIFICATION", "NOT_REGISTERED") else "ACTIVE"


def _add_entry(clockify: Clockify, workspace: Workspace, key: str, row: Any) -> None:
    """Add an entry; one whose start can't be read lies in no report, so it is answered at its own address alone."""
    interval = _of(row, "timeInterval")
    start = _instant(_of(interval, "start"))
    user_id = _text(_of(row, "userId")) or OWNER_ID
    if user_id not in clockify.users:
        clockify.put_user(User(user_id, f"{user_id}@example.test", None, UNLISTED, active_workspace=workspace.id))
        workspace.put_member(Member(user_id))
    tags = _of(row, "tagIds")
    workspace.put_entry(
        Entry(
            key,
            user_id,
            start or 0,
            _instant(_of(interval, "end")),
            description=_text(_of(row, "description")),
            billable=_of(row, "billable") is True,
            project_id=_text(_of(row, "projectId")) or None,
            task_id=_text(_of(row, "taskId")) or None,
            tag_ids=tags if isinstance(tags, list) else None,
            type=_text(_of(row, "type")) or "REGULAR",
            approval_id=_text(_of(row, "approvalRequestId")) or None,
            approval_state=_text(_of(row, "approvalState")) or None,
            invoice="manual" if _of(row, "invoicingInfo") else None,
        )
    )
    workspace.keep_row(key, row)


def _of(row: Any, name: str) -> Any:
    return row.get(name) if isinstance(row, dict) else None


def _id(row: Any, otherwise: str) -> str:
    """Return the row's id, or one that nobody is told: of a row without one, Clockify's answer has none either."""
    return next((value for name in ("id", "_id") if isinstance(value := _of(row, name), str) and value), otherwise)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _instant(value: Any) -> int | None:
    try:
        return parse_instant(value) if isinstance(value, str) else None
    except (NoSuchTime, OverflowError):
        return None
