"""The state of the local Clockify: accounts, keys and workspaces."""

from __future__ import annotations

from typing import Any

from sandbox.clockify.budget import Budgets
from sandbox.clockify.records import Member, User
from sandbox.clockify.shapes import dumped_workspace
from sandbox.clockify.switches import SWITCHES
from sandbox.clockify.workspace import Workspace
from sandbox.shared.core import Core

ADMIN_KEY = "sandbox-clockify-key"
MEMBER_KEY = "sandbox-member-key"
WORKSPACE_ID = "64e5a0db0c10c5f1e0000001"
MACHINE = "5a0db0c10c"  # the middle of every id, as a database host would leave it


class Clockify:
    """Workspaces with their users, clients, projects and entries."""

    def __init__(self, core: Core) -> None:
        self.core = core
        core.switches.declare(SWITCHES)
        self.empty()

    def empty(self) -> None:
        """Delete every record and key, and count ids from the start again."""
        self.users: dict[str, User] = {}
        self.keys: dict[str, str] = {}
        self.workspaces: dict[str, Workspace] = {}
        # What a data set's author knows about it: pairs, mismatches, special entries (GET /control/expected).
        self.expected: dict[str, Any] = {}
        self.budgets = Budgets(self.core.switches)
        self._last_number = 0
        self.changes = 0
        self.last_report: dict[str, Any] = {}

    def touched(self) -> None:
        self.changes += 1
        self.core.changed.set()

    def new_id(self, at: float | None = None) -> str:
        """Return 24 lower-case hex digits, the first 8 the second of creation (default: now)."""
        self._last_number += 1
        second = int(self.core.now().timestamp() if at is None else at)
        return f"{second & 0xFFFFFFFF:08x}{MACHINE}{self._last_number & 0xFFFFFF:06x}"

    def add_workspace(self, name: str, *, id: str | None = None, plan: str = "STANDARD") -> Workspace:
        workspace = Workspace(id or self.new_id(), name, plan=plan)
        return self._keep(workspace)

    def _keep(self, workspace: Workspace) -> Workspace:
        workspace.touched = self.touched
        self.workspaces[workspace.id] = workspace
        self.touched()
        return workspace

    def put_user(self, user: User) -> User:
        self.users[user.id] = user
        self.touched()
        return user

    def put_key(self, key: str, user_id: str) -> None:
        self.keys[key] = user_id
        self.touched()

    def revoke_key(self, key: str) -> bool:
        self.touched()
        return self.keys.pop(key, None) is not None

    def user_of_key(self, key: str) -> User | None:
        return self.users.get(self.keys.get(key, ""))

    def is_free(self, email: str) -> bool:
        """Return whether no account has the e-mail address; addresses are unique over all accounts."""
        return all(user.email.lower() != email.lower() for user in self.users.values())

    def admin_key(self, workspace: Workspace) -> str:
        """Return a key that may see everything in the workspace; empty when there is none."""
        admins = {member.user_id for member in workspace.members.values() if _administers(member)}
        return next((key for key, user_id in self.keys.items() if user_id in admins), "")

    def info(self, url: str) -> dict[str, Any]:
        """Return Clockify's part of GET /control/info; the first workspace is the main one."""
        rows = [
            {"id": workspace.id, "name": workspace.name, "api_key": self.admin_key(workspace)}
            for workspace in self.workspaces.values()
        ]
        main = rows[0] if rows else {"id": "", "api_key": ""}
        addresses = {"api_url": f"{url}/api/v1", "reports_url": f"{url}/report/v1"}
        return {**addresses, "api_key": main["api_key"], "workspace_id": main["id"], "workspaces": rows}

    def dump(self) -> dict[str, Any]:
        """Return Clockify's part of GET /control/state: each workspace's records as lists."""
        return {key: dumped_workspace(workspace, self.users) for key, workspace in self.workspaces.items()}

    def to_json(self) -> dict[str, Any]:
        return {
            "users": [vars(user) for user in self.users.values()],
            "keys": dict(self.keys),
            "workspaces": [workspace.to_json() for workspace in self.workspaces.values()],
            "expected": self.expected,
            "last_number": self._last_number,
        }

    def from_json(self, data: dict[str, Any]) -> None:
        self.users = {fields["id"]: User(**fields) for fields in data["users"]}
        self.keys = dict(data["keys"])
        self.workspaces = {}
        for fields in data["workspaces"]:
            self._keep(Workspace.from_json(fields))
        self.expected = data["expected"]
        self._last_number = data["last_number"]


def _administers(member: Member) -> bool:
    return member.is_admin and member.status == "ACTIVE"
