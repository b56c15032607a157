"""The key's owner, workspaces, and a workspace's users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.clockify.api.lists import choice, flag, is_descending, many, paged
from sandbox.clockify.call import Call, WorkspaceCall
from sandbox.clockify.errors import access_denied
from sandbox.clockify.records import Member, User
from sandbox.clockify.shapes import (
    membership_json,
    project_memberships,
    roles_json,
    user_json,
    workspace_json,
)
from sandbox.shared.http import Response

Row = tuple[Member, User]
MEMBER_STATUSES = ("PENDING", "ACTIVE", "DECLINED", "INACTIVE", "ALL")
LISTED_ACCOUNTS = ("ACTIVE", "PENDING_EMAIL_VERIFICATION", "NOT_REGISTERED")
KIOSK_ACCOUNTS = ("LIMITED", "LIMITED_DELETED")
MEMBERSHIPS = ("ALL", "NONE", "WORKSPACE", "PROJECT", "USERGROUP")
SORTS: dict[str, Callable[[Row], Any]] = {
    "ID": lambda row: row[1].id,
    "EMAIL": lambda row: row[1].email,
    "NAME": lambda row: row[1].name or "",
    "NAME_LOWERCASE": lambda row: (row[1].name or "").lower(),
    "ACCESS": lambda row: list(row[0].roles),
    "HOURLYRATE": lambda row: row[0].hourly_rate or 0,
    "COSTRATE": lambda row: row[0].cost_rate or 0,
}


def get_user(call: Call) -> Response:
    """Answer GET /user."""
    body = user_json(call.user)
    if flag(call, "include-memberships"):
        body["memberships"] = [
            membership_json(workspace, workspace.members[call.user.id])
            for workspace in call.clockify.workspaces.values()
            if call.user.id in workspace.members
        ]
    return Response(body=body)


def list_workspaces(call: Call) -> Response:
    """Answer GET /workspaces, without pages; `roles` keeps those where the user has one of them."""
    wanted = set(many(call, "roles"))
    bodies = []
    for workspace in call.clockify.workspaces.values():
        member = workspace.members.get(call.user.id)
        if member is None or member.status != "ACTIVE":
            continue
        if not wanted or wanted & set(member.roles):
            bodies.append(workspace_json(workspace))
    return Response(body=bodies)


def get_workspace(call: WorkspaceCall) -> Response:
    """Answer GET /workspaces/{ws}."""
    return Response(body=workspace_json(call.workspace))


def list_users(call: WorkspaceCall) -> Response:
    """Answer GET /workspaces/{ws}/users."""
    if not call.is_admin and not call.switch("members_see_team"):
        raise access_denied()
    rows = [row for row in _rows(call) if _passes(call, row)]
    rows.sort(key=SORTS[choice(call, "sort-column", tuple(SORTS), "EMAIL")], reverse=is_descending(call))
    wanted = choice(call, "memberships", MEMBERSHIPS, "NONE")
    with_roles = bool(flag(call, "include-roles"))
    return paged(call, rows, lambda row: _row_json(call, row, memberships=wanted, with_roles=with_roles))


def _rows(call: WorkspaceCall) -> list[Row]:
    users = call.clockify.users
    pairs = [(member, users[key]) for key, member in call.workspace.members.items()]
    return [(member, user) for member, user in pairs if user.status not in KIOSK_ACCOUNTS]


def _passes(call: WorkspaceCall, row: Row) -> bool:
    member, user = row
    query = call.request.query
    status = choice(call, "status", MEMBER_STATUSES, call.switch("users_without_status"))
    accounts = many(call, "account-statuses") or LISTED_ACCOUNTS
    return (
        (call.switch("users_listed") == "all" or user.id == call.user.id)
        and status in ("ALL", member.status)
        and user.status in accounts
        and query.get("email", "").lower() in user.email.lower()
        and query.get("name", "").lower() in (user.name or "").lower()
        and _may_see_project(call, user.id)
    )


def _may_see_project(call: WorkspaceCall, user_id: str) -> bool:
    wanted = call.request.query.get("project-id")
    if not wanted:
        return True
    project = call.workspace.projects.get(wanted)
    return project is not None and (project.public or user_id in project.member_rates)


def _row_json(call: WorkspaceCall, row: Row, *, memberships: str, with_roles: bool) -> Any:
    member, user = row
    if (kept := call.workspace.row(user.id)) is not None:
        return kept
    body = user_json(user)
    if call.switch("user_status") == "membership":
        body["status"] = member.status
    if memberships in ("ALL", "WORKSPACE"):
        body["memberships"].append(membership_json(call.workspace, member))
    if memberships in ("ALL", "PROJECT"):
        for project in call.workspace.projects.values():
            memberships_json = project_memberships(call.workspace, project)
            body["memberships"] += [row for row in memberships_json if row["userId"] == user.id]
    if with_roles:
        body["roles"] = roles_json(call.workspace, member)
    return body
