"""Records as the regular API writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sandbox.clockify.clocktime import iso_duration, utc_text
from sandbox.clockify.records import Client, Entry, Member, Project, Tag, Task, User
from sandbox.clockify.workspace import Workspace

Json = dict[str, Any]
# The settings of a user that the OpenAPI file says are always there, beside the zone.
USER_SETTINGS = {"dateFormat": "MM/DD/YYYY", "timeFormat": "HOUR12"}
ROLE_LABELS = {
    "OWNER": (("WORKSPACE_ADMIN", "Admin"), ("WORKSPACE_OWN", "Owner")),
    "WORKSPACE_ADMIN": (("WORKSPACE_ADMIN", "Admin"),),
    "TEAM_MANAGER": (("TEAM_MANAGER", "Team manager"),),
    "PROJECT_MANAGER": (("PROJECT_MANAGER", "Project manager"),),
}


def money(amount: int | None, currency: str) -> Json | None:
    return None if amount is None else {"amount": amount, "currency": currency}


def user_json(user: User) -> Json:
    """Return the body of GET /user, also one row of a workspace's users."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "memberships": [],
        "profilePicture": f"https://img.example.test/{user.id}.png",
        "activeWorkspace": user.active_workspace,
        "defaultWorkspace": user.active_workspace,
        "settings": user.settings and {**USER_SETTINGS, **user.settings},
        "status": user.status,
        "customFields": [],
    }


def membership_json(workspace: Workspace, member: Member) -> Json:
    return {
        "userId": member.user_id,
        "hourlyRate": money(member.hourly_rate, workspace.currency),
        "costRate": money(member.cost_rate, workspace.currency),
        "targetId": workspace.id,
        "membershipType": "WORKSPACE",
        "membershipStatus": member.status,
    }


def project_memberships(workspace: Workspace, project: Project) -> list[Json]:
    currency = workspace.currency_of(project)
    return [
        {
            "userId": user_id,
            "hourlyRate": money(rate, currency),
            "costRate": None,
            "targetId": project.id,
            "membershipType": "PROJECT",
            "membershipStatus": "ACTIVE",
        }
        for user_id, rate in project.member_rates.items()
    ]


def roles_json(workspace: Workspace, member: Member) -> list[Json]:
    """Return roles as seen live: an owner is listed as administrator and owner."""
    scope = [{"id": workspace.id, "name": "", "membershipStatus": "", "source": None}]
    pairs = [pair for role in member.roles for pair in ROLE_LABELS.get(role, ())]
    return [{"role": role, "formatterRoleName": label, "entities": scope} for role, label in pairs]


def workspace_json(workspace: Workspace) -> Json:
    others = {client.currency for client in workspace.clients.values() if client.currency}
    currencies = [workspace.currency, *sorted(others - {workspace.currency})]
    return {
        "id": workspace.id,
        "name": workspace.name,
        "hourlyRate": money(workspace.hourly_rate or 0, workspace.currency),
        "costRate": money(0, workspace.currency),
        "memberships": [membership_json(workspace, member) for member in workspace.members.values()],
        "workspaceSettings": workspace.settings,
        "imageUrl": "",
        "featureSubscriptionType": workspace.plan,
        "features": list(workspace.features),
        "currencies": [
            {"id": currency_id(code), "code": code, "isDefault": code == workspace.currency} for code in currencies
        ],
        "subdomain": {"enabled": False, "name": None},
        "cakeOrganizationId": None,
    }


def currency_id(code: str) -> str:
    """Return a currency's id, derived from its code."""
    return code.encode().hex().rjust(24, "0")


def client_json(workspace: Workspace, client: Client) -> Any:
    if (row := workspace.row(client.id)) is not None:
        return row
    code = client.currency or workspace.currency
    return {
        "id": client.id,
        "name": client.name,
        "email": client.email,
        "workspaceId": workspace.id,
        "archived": client.archived,
        "address": client.address,
        "note": client.note,
        "currencyId": currency_id(code),
        "currencyCode": code,
        "ccEmails": list(client.cc_emails),
    }


def tracked_seconds(workspace: Workspace) -> Mapping[str | None, int]:
    """Return the time on every project, in one pass."""
    totals: Counter[str | None] = Counter()
    for entry in workspace.entries.values():
        totals[entry.project_id] += max(entry.seconds, 0)
    return totals


def project_json(workspace: Workspace, project: Project, *, tracked: int = 0, hydrated: bool = False) -> Any:
    if (row := workspace.row(project.id)) is not None:
        return row
    client, currency = workspace.client_of(project), workspace.currency_of(project)
    more: Json = {}
    if hydrated:
        code = {"id": currency_id(currency), "code": currency}
        more = {
            "client": client_json(workspace, client) if client else None,
            "tasks": [task_json(task) for task in workspace.tasks.values() if task.project_id == project.id],
            "customFields": [],
            "currency": code,
            "favorite": False,
        }
    return {
        "id": project.id,
        "name": project.name,
        "hourlyRate": money(project.hourly_rate, currency),
        "clientId": client.id if client else "",
        "workspaceId": workspace.id,
        "billable": project.billable,
        "memberships": project_memberships(workspace, project),
        "color": project.color,
        "estimate": {"estimate": "PT0S", "type": "AUTO"},
        "archived": project.archived,
        "duration": iso_duration(tracked),
        "clientName": client.name if client else "",
        "note": project.note,
        "costRate": money(project.cost_rate, currency),
        "timeEstimate": {
            "estimate": "PT0S",
            "type": "AUTO",
            "resetOption": None,
            "active": False,
            "includeNonBillable": True,
        },
        "budgetEstimate": None,
        "estimateReset": None,
        "template": project.template,
        "public": project.public,
        **more,
    }


def task_json(task: Task) -> Json:
    return {
        "id": task.id,
        "name": task.name,
        "projectId": task.project_id,
        "assigneeIds": [],
        "assigneeId": None,
        "userGroupIds": [],
        "estimate": "PT0S",
        "status": task.status,
        "budgetEstimate": 0,
        "duration": None,
        "billable": True,
        "hourlyRate": None,
        "costRate": None,
    }


def tag_json(workspace: Workspace, tag: Tag) -> Json:
    return {"id": tag.id, "name": tag.name, "workspaceId": workspace.id, "archived": tag.archived}


def entry_json(workspace: Workspace, entry: Entry, *, with_rates: bool = True) -> Any:
    """Return one time entry of the regular API; answers to a create or change carry no rates."""
    if (row := workspace.row(entry.id)) is not None:
        return row
    rates: Json = {}
    if with_rates:
        currency = workspace.currency_of(workspace.projects.get(entry.project_id or ""))
        cost_rate = money(workspace.cost_rate_of(entry) or 0, currency)
        rates = {"hourlyRate": money(workspace.rate_of(entry), currency), "costRate": cost_rate}
    return {
        "id": entry.id,
        "description": entry.description,
        "tagIds": entry.tag_ids,
        "userId": entry.user_id,
        "billable": entry.billable,
        "taskId": entry.task_id,
        "projectId": entry.project_id,
        "workspaceId": workspace.id,
        "timeInterval": {
            "start": utc_text(entry.start),
            "end": utc_text(entry.end),
            "duration": None if entry.end is None else iso_duration(entry.seconds),
        },
        "customFieldValues": entry.custom_fields,
        "type": entry.type,
        "kioskId": None,
        **rates,
        "isLocked": entry.locked,
    }


def hydrated_entry_json(workspace: Workspace, entry: Entry, *, user: User | None) -> Json:
    """Return an entry with project, task, tags and user as objects beside the ids."""
    project = workspace.projects.get(entry.project_id or "")
    tags = [tag_json(workspace, workspace.tags[key]) for key in entry.tag_ids or [] if key in workspace.tags]
    task = workspace.tasks.get(entry.task_id or "")
    return {
        **entry_json(workspace, entry),
        "project": project_json(workspace, project) if project else None,
        "task": task_json(task) if task else None,
        "tags": tags,
        "user": user_json(user) if user else None,
        "kiosk": None,
    }


def dumped_workspace(workspace: Workspace, users: Mapping[str, User]) -> Json:
    """Return everything in a workspace, with what the API does not show (approval, invoice, membership)."""
    tracked = tracked_seconds(workspace)
    return {
        **workspace_json(workspace),
        "users": [
            {**user_json(users[key]), "membershipStatus": member.status, "roles": list(member.roles)}
            for key, member in workspace.members.items()
        ],
        "clients": [client_json(workspace, client) for client in workspace.clients.values()],
        "projects": [
            project_json(workspace, project, tracked=tracked[key]) for key, project in workspace.projects.items()
        ],
        "entries": [dumped_entry(workspace, entry) for entry in workspace.entries.values()],
    }


def dumped_entry(workspace: Workspace, entry: Entry) -> Json:
    """Return one entry with its approval and invoice."""
    return {
        **entry_json(workspace, entry),
        "approvalRequestId": entry.approval_id,
        "approvalState": entry.approval_state,
        "invoiced": entry.invoice,
    }
