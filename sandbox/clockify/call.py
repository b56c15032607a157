"""One request of a known user, and the checks before it: key, budget, workspace, role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.clockify.entities import with_entities
from sandbox.clockify.errors import ClockifyError, NoSuchWorkspace, access_denied, bad_body
from sandbox.clockify.records import Member, User
from sandbox.clockify.state import Clockify
from sandbox.clockify.workspace import Workspace
from sandbox.shared.http import BadJson, Request, Response


@dataclass(frozen=True)
class Call:
    """A request whose key is known."""

    clockify: Clockify
    request: Request
    user: User

    def switch(self, name: str) -> Any:
        return self.clockify.core.switches[f"clockify_{name}"]

    def body(self) -> dict[str, Any]:
        """Return the body as a JSON object, or raise ClockifyError 3002."""
        try:
            body = self.request.json()
        except BadJson as error:
            raise bad_body(str(error)) from error
        if not isinstance(body, dict):
            raise bad_body("expected an object")
        return body


@dataclass(frozen=True)
class WorkspaceCall(Call):
    """A request about one workspace its user belongs to."""

    workspace: Workspace
    member: Member

    @property
    def is_admin(self) -> bool:
        return self.member.is_admin

    def only_admins(self) -> None:
        """Raise 403/501 for everyone else."""
        if not self.is_admin:
            raise access_denied()


Operation = Callable[..., Response]


def account_route(clockify: Clockify, operation: Operation) -> Callable[..., Response]:
    """Return a handler for an address that belongs to no workspace."""

    def handle(request: Request, **params: str) -> Response:
        try:
            response = operation(_identified(clockify, request), **params)
            return with_entities(response, request, clockify.core.switches)
        except ClockifyError as error:
            return error.response()

    return handle


def workspace_route(clockify: Clockify, operation: Operation) -> Callable[..., Response]:
    """Return a handler for an address below /workspaces/{ws}; non-members get 404 with no body."""

    def handle(request: Request, ws: str, **params: str) -> Response:
        try:
            call = _identified(clockify, request)
            workspace = clockify.workspaces.get(ws)
            member = workspace.members.get(call.user.id) if workspace else None
            if workspace is None or member is None or member.status != "ACTIVE":
                raise NoSuchWorkspace
            response = operation(WorkspaceCall(clockify, request, call.user, workspace, member), **params)
            return with_entities(response, request, clockify.core.switches)
        except ClockifyError as error:
            return error.response()

    return handle


def _identified(clockify: Clockify, request: Request) -> Call:
    key, token = request.headers.get("X-Api-Key"), request.headers.get("X-Addon-Token")
    if (key is None) == (token is None):
        raise ClockifyError(401, 1000, "Multiple or none auth tokens present")
    if key is None:
        raise ClockifyError(401, 4017, "Token is not valid")
    user = clockify.user_of_key(key)
    if user is None:
        raise ClockifyError(401, 4003, "Api key does not exist")
    clockify.budgets.spend(user.active_workspace, at=clockify.core.now().timestamp())
    return Call(clockify, request, user)
