"""Pairs of records with the same name on both sides, for the stories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from unicodedata import normalize

from sandbox.clockify.records import Entry, Project, User
from sandbox.clockify.workspace import Workspace
from sandbox.quickbooks.companies.company import Company
from sandbox.world import World

Record = dict[str, Any]


class Pairs:
    """The first workspace, the first company, and the one-to-one pairs of their records."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.workspace: Workspace = next(iter(world.clockify.workspaces.values()))
        self.company: Company = next(iter(world.quickbooks.companies.values()))
        self.people = self._people()
        self.clients = self._clients()
        self.projects = self._projects()

    def sendable(self) -> Iterator[Entry]:
        """Yield finished billable work of paired people on paired projects, newest first."""
        for entry in self.workspace.entries_between(None, None, newest_first=True):
            fits = entry.user_id in self.people and entry.project_id in self.projects
            is_work = entry.billable and entry.type == "REGULAR" and 60 <= entry.seconds <= 86_400
            if fits and is_work and entry.invoice is None:
                yield entry

    def _people(self) -> dict[str, Record]:
        """Return the active employee by user id."""
        users = [self.world.clockify.users[key] for key in self.workspace.members]
        by_name = _unique((user.name or "", user) for user in users)
        employees = _unique((name, record) for name, record in self._active("Employee"))
        return {user.id: employees[name] for name, user in by_name.items() if name and name in employees}

    def _clients(self) -> dict[str, Record]:
        """Return the top-level customer by client id."""
        customers = self._children(None)
        names = _unique((client.name, client) for client in self.workspace.clients.values())
        return {client.id: customers[name] for name, client in names.items() if name in customers}

    def _projects(self) -> dict[str, Record]:
        """Return the customer by project id."""
        pairs: dict[str, Record] = {}
        groups: dict[str | None, list[Project]] = defaultdict(list)
        for project in self.workspace.projects.values():
            groups[project.client_id].append(project)
        for client_id, projects in groups.items():
            if client_id is not None and client_id not in self.clients:
                continue
            parent = None if client_id is None else self.clients[client_id]["Id"]
            customers = self._children(parent)
            names = _unique((project.name, project) for project in projects)
            pairs.update({project.id: customers[name] for name, project in names.items() if name in customers})
        return pairs

    def _active(self, entity: str) -> Iterator[tuple[str, Record]]:
        for record in self.company.records[entity].values():
            if record.get("Active", True):
                yield record["DisplayName"], record

    def _children(self, parent: str | None) -> dict[str, Record]:
        rows = self._active("Customer")
        return _unique((name, row) for name, row in rows if (row.get("ParentRef") or {}).get("value") == parent)


def _unique(rows: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the rows whose name occurs once, after NFC and without outer spaces."""
    groups: dict[str, list[Any]] = defaultdict(list)
    for name, row in rows:
        groups[normalize("NFC", name).strip()].append(row)
    return {name: group[0] for name, group in groups.items() if len(group) == 1}


def name_of(user: User) -> str:
    """Return a user's name, or the e-mail address when there is none."""
    return user.name or user.email
