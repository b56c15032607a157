"""The addresses of the local Clockify: the regular API below /api/v1, reports below /report/v1."""

from __future__ import annotations

from sandbox.clockify.api import clients, entries, projects, tasks_and_tags, users, webhooks
from sandbox.clockify.call import Operation, account_route, workspace_route
from sandbox.clockify.errors import wrong_method
from sandbox.clockify.reports import report
from sandbox.clockify.state import Clockify
from sandbox.shared.http import Request, Response, Router

API = "/api/v1"
WORKSPACE = "/api/v1/workspaces/{ws}"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ACCOUNT_ROUTES: dict[str, dict[str, Operation]] = {
    f"{API}/user": {"GET": users.get_user},
    f"{API}/workspaces": {"GET": users.list_workspaces},
}
WORKSPACE_ROUTES: dict[str, dict[str, Operation]] = {
    WORKSPACE: {"GET": users.get_workspace},
    WORKSPACE + "/users": {"GET": users.list_users},
    WORKSPACE + "/clients": {"GET": clients.list_clients, "POST": clients.create_client},
    WORKSPACE + "/clients/{key}": {
        "GET": clients.get_client,
        "PUT": clients.replace_client,
        "DELETE": clients.delete_client,
    },
    WORKSPACE + "/projects": {"GET": projects.list_projects, "POST": projects.create_project},
    WORKSPACE + "/projects/{key}": {
        "GET": projects.get_project,
        "PUT": projects.change_project,
        "DELETE": projects.delete_project,
    },
    WORKSPACE + "/projects/{key}/tasks": {"GET": tasks_and_tags.list_tasks},
    WORKSPACE + "/tags": {"GET": tasks_and_tags.list_tags},
    WORKSPACE + "/time-entries": {"POST": entries.create_entry},
    WORKSPACE + "/time-entries/invoiced": {"PATCH": entries.mark_invoiced},
    WORKSPACE + "/time-entries/status/in-progress": {"GET": entries.list_running},
    WORKSPACE + "/time-entries/{key}": {
        "GET": entries.get_entry,
        "PUT": entries.replace_entry,
        "DELETE": entries.delete_entry,
    },
    WORKSPACE + "/user/{user}/time-entries": {
        "GET": entries.list_user_entries,
        "POST": entries.create_entry_for,
        "PATCH": entries.stop_timer,
        "DELETE": entries.delete_entries,
    },
    WORKSPACE + "/webhooks": {"GET": webhooks.list_webhooks},
    "/report/v1/workspaces/{ws}/reports/detailed": {"POST": report.detailed},
}


def add_routes(router: Router, clockify: Clockify) -> None:
    """Register Clockify's addresses; methods that an address does not know answer 405."""
    for kind, routes in ((account_route, ACCOUNT_ROUTES), (workspace_route, WORKSPACE_ROUTES)):
        for template, operations in routes.items():
            label = _label(template)
            for method, operation in operations.items():
                router.add(method, template, kind(clockify, operation), label=label)
            refuse = _refusal(sorted(operations))
            for method in set(METHODS) - set(operations):
                router.add(method, template, refuse, label=label)


def _refusal(allowed: list[str]) -> Operation:
    def handle(request: Request, **params: str) -> Response:
        return wrong_method(request.method, allowed)

    return handle


def _label(template: str) -> str:
    """Return an address's name for the counters: what follows the workspace, ids as {id}."""
    rest = template.partition("{ws}/")[2] or template.partition("/v1/")[2]
    return rest.replace("{ws}", "{id}").replace("{key}", "{id}").replace("{user}", "{id}")
