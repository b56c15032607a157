"""What a person does in the local Clockify by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.clockify.product import NotUnderstood, Product
from sandbox.clockify.records import Member, User
from sandbox.clockify.shapes import workspace_json
from sandbox.clockify.state import Clockify
from sandbox.http import Request, Response, Router

BASE = "/control/clockify"


def add_routes(router: Router, clockify: Clockify) -> None:
    """Register the controls of the local Clockify."""
    controls = ClockifyControls(clockify)
    router.add("POST", BASE, controls.add_workspace)
    router.add("POST", BASE + "/{workspace}", controls.change_workspace)
    router.add("POST", BASE + "/{workspace}/keys", controls.add_key)
    router.add("DELETE", BASE + "/{workspace}/keys/{key}", controls.revoke_key)
    router.add("POST", BASE + "/{workspace}/{kind}", controls.put)
    router.add("DELETE", BASE + "/{workspace}/{kind}/{key}", controls.remove)


class ClockifyControls:
    """Handlers of /control/clockify."""

    def __init__(self, clockify: Clockify) -> None:
        self.clockify = clockify

    def add_workspace(self, request: Request) -> Response:
        """{"name", "plan", "time_zone"}: a further workspace with an owner and an administrator's key."""
        wishes, clockify = request.json(), self.clockify
        workspace = clockify.add_workspace(wishes["name"], plan=wishes.get("plan", "STANDARD"))
        owner = User(
            clockify.new_id(),
            f"owner-{workspace.id[-6:]}@example.test",
            wishes.get("owner", "Workspace Owner"),
            settings={"timeZone": wishes.get("time_zone", "UTC")},
            active_workspace=workspace.id,
        )
        clockify.put_user(owner)
        workspace.put_member(Member(owner.id, roles=("OWNER",)))
        key = wishes.get("api_key") or f"sandbox-key-{workspace.id[-6:]}"
        clockify.put_key(key, owner.id)
        return Response(body={"id": workspace.id, "name": workspace.name, "api_key": key})

    def change_workspace(self, request: Request, workspace: str) -> Response:
        """{"name", "plan", "hourlyRate", "settings": {...}}; settings are merged."""
        place = self.clockify.workspaces.get(workspace)
        if place is None:
            return _not_found(workspace)
        wishes = request.json()
        place.name = wishes.get("name", place.name)
        place.plan = wishes.get("plan", place.plan)
        place.hourly_rate = wishes.get("hourlyRate", place.hourly_rate)
        place.settings = {**place.settings, **wishes.get("settings", {})}
        place.touched()
        return Response(body=workspace_json(place))

    def add_key(self, request: Request, workspace: str) -> Response:
        """{"user_id", "api_key"}: a key of that user; without one it is made up."""
        wishes, clockify = request.json(), self.clockify
        if workspace not in clockify.workspaces or wishes["user_id"] not in clockify.users:
            return _not_found(f"{workspace} or user {wishes['user_id']}")
        key = wishes.get("api_key") or f"sandbox-key-{clockify.new_id()[-6:]}"
        clockify.put_key(key, wishes["user_id"])
        return Response(body={"api_key": key})

    def revoke_key(self, request: Request, workspace: str, key: str) -> Response:
        if not self.clockify.revoke_key(key):
            return _not_found(key)
        return Response(body={"revoked": key})

    def put(self, request: Request, workspace: str, kind: str) -> Response:
        """Create (no id, or an unknown one) or change a user, client, project or entry."""
        product = self._product(workspace)
        if product is None:
            return _not_found(workspace)
        puts: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "users": product.put_user,
            "clients": product.put_client,
            "projects": product.put_project,
            "entries": product.put_entry,
        }
        if kind not in puts:
            return _not_found(kind)
        try:
            return Response(body=puts[kind](request.json()))
        except NotUnderstood as error:
            return Response(400, {"error": str(error)})

    def remove(self, request: Request, workspace: str, kind: str, key: str) -> Response:
        product = self._product(workspace)
        try:
            if product is not None and product.remove(kind, key):
                return Response(body={"deleted": key})
        except NotUnderstood as error:
            return Response(400, {"error": str(error)})
        return _not_found(f"{workspace}/{kind}/{key}")

    def _product(self, workspace: str) -> Product | None:
        place = self.clockify.workspaces.get(workspace)
        return Product(self.clockify, place) if place else None


def _not_found(what: str) -> Response:
    return Response(404, {"error": f"no such record: {what}"})
