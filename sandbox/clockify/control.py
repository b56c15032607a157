"""Manual changes in the local Clockify, as in the product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.clockify.product import NotUnderstood, Product
from sandbox.clockify.records import Member, User
from sandbox.clockify.shapes import workspace_json
from sandbox.clockify.state import Clockify
from sandbox.shared.http import Request, Response, Router

BASE = "/control/clockify"


def add_routes(router: Router, clockify: Clockify) -> None:
    """Register the controls of the local Clockify."""
    controls = ClockifyControls(clockify)
    router.add("POST", BASE, controls.add_workspace)
    router.add("POST", BASE + "/{workspace_id}", controls.change_workspace)
    router.add("POST", BASE + "/{workspace_id}/keys", controls.add_key)
    router.add("DELETE", BASE + "/{workspace_id}/keys/{key}", controls.revoke_key)
    router.add("POST", BASE + "/{workspace_id}/{kind}", controls.put)
    router.add("DELETE", BASE + "/{workspace_id}/{kind}/{key}", controls.remove)


class ClockifyControls:
    """Handlers of /control/clockify."""

    def __init__(self, clockify: Clockify) -> None:
        self.clockify = clockify

    def add_workspace(self, request: Request) -> Response:
        """Add a workspace with an owner and an administrator's key: {"name", "plan", "time_zone"}."""
        body, clockify = request.json(), self.clockify
        workspace = clockify.add_workspace(body["name"], plan=body.get("plan", "STANDARD"))
        owner = User(
            clockify.new_id(),
            f"owner-{workspace.id[-6:]}@example.test",
            body.get("owner", "Workspace Owner"),
            settings={"timeZone": body.get("time_zone", "UTC")},
            active_workspace=workspace.id,
        )
        clockify.put_user(owner)
        workspace.put_member(Member(owner.id, roles=("OWNER",)))
        key = body.get("api_key") or f"sandbox-key-{workspace.id[-6:]}"
        clockify.put_key(key, owner.id)
        return Response(body={"id": workspace.id, "name": workspace.name, "api_key": key})

    def change_workspace(self, request: Request, workspace_id: str) -> Response:
        """Change a workspace: {"name", "plan", "hourlyRate", "settings": {...}}; settings are merged."""
        workspace = self.clockify.workspaces.get(workspace_id)
        if workspace is None:
            return _not_found(workspace_id)
        body = request.json()
        workspace.name = body.get("name", workspace.name)
        workspace.plan = body.get("plan", workspace.plan)
        workspace.hourly_rate = body.get("hourlyRate", workspace.hourly_rate)
        workspace.settings = {**workspace.settings, **body.get("settings", {})}
        workspace.touched()
        return Response(body=workspace_json(workspace))

    def add_key(self, request: Request, workspace_id: str) -> Response:
        """Add a user's key: {"user_id", "api_key"}; without `api_key` one is created."""
        body, clockify = request.json(), self.clockify
        if workspace_id not in clockify.workspaces or body["user_id"] not in clockify.users:
            return _not_found(f"{workspace_id} or user {body['user_id']}")
        key = body.get("api_key") or f"sandbox-key-{clockify.new_id()[-6:]}"
        clockify.put_key(key, body["user_id"])
        return Response(body={"api_key": key})

    def revoke_key(self, request: Request, workspace_id: str, key: str) -> Response:
        if not self.clockify.revoke_key(key):
            return _not_found(key)
        return Response(body={"revoked": key})

    def put(self, request: Request, workspace_id: str, kind: str) -> Response:
        """Create (no id, or an unknown one) or change a user, client, project, task, tag or entry."""
        product = self._product(workspace_id)
        if product is None:
            return _not_found(workspace_id)
        puts: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "users": product.put_user,
            "clients": product.put_client,
            "projects": product.put_project,
            "tasks": product.put_task,
            "tags": product.put_tag,
            "entries": product.put_entry,
        }
        if kind not in puts:
            return _not_found(kind)
        try:
            return Response(body=puts[kind](request.json()))
        except NotUnderstood as error:
            return Response(400, {"error": str(error)})

    def remove(self, request: Request, workspace_id: str, kind: str, key: str) -> Response:
        product = self._product(workspace_id)
        try:
            if product is not None and product.remove(kind, key):
                return Response(body={"deleted": key})
        except NotUnderstood as error:
            return Response(400, {"error": str(error)})
        return _not_found(f"{workspace_id}/{kind}/{key}")

    def _product(self, workspace_id: str) -> Product | None:
        workspace = self.clockify.workspaces.get(workspace_id)
        return Product(self.clockify, workspace) if workspace else None


def _not_found(what: str) -> Response:
    return Response(404, {"error": f"no such record: {what}"})
