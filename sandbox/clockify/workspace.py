"""One workspace of the local Clockify: its members, clients, projects and time entries."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from sandbox.clockify.entry_index import EntryIndex
from sandbox.clockify.records import Client, Entry, Member, Project, Tag, Task

FREE = ("ONE_MONTH_RANGE_REPORTS",)
STANDARD = (
    "ONE_YEAR_RANGE_REPORTS",
    "APPROVAL",
    "WORKSPACE_TIME_ROUNDING",
    "INVOICING",
    "QUICKBOOKS_INTEGRATION",
)
FEATURES = {
    "FREE": FREE,
    "BASIC": ("ONE_YEAR_RANGE_REPORTS", "ADD_TIME_FOR_OTHERS"),
    "STANDARD": (*STANDARD, "ADD_TIME_FOR_OTHERS"),
    "PRO": (*STANDARD, "UNLIMITED_REPORTS", "ADD_TIME_FOR_OTHERS", "CUSTOM_FIELDS"),
    "ENTERPRISE": (*STANDARD, "UNLIMITED_REPORTS", "ADD_TIME_FOR_OTHERS", "CUSTOM_FIELDS", "AUDIT_LOG"),
}
SETTINGS: dict[str, Any] = {
    "timeRoundingInReports": False,
    "round": {"round": "Round to nearest", "minutes": "15"},
    "lockTimeEntries": None,
    "lockTimeZone": None,
    "automaticLock": None,
    "timeTrackingMode": "DEFAULT",
    "forceProjects": False,
    "forceTasks": False,
    "forceTags": False,
    "forceDescription": False,
    "defaultBillableProjects": True,
    "activeBillableHours": True,
    "onlyAdminsCanChangeBillableStatus": False,
    "isProjectPublicByDefault": True,
    "projectLabel": "Project",
    "taskLabel": "Task",
    "projectGroupingLabel": "client",
    "durationFormat": "FULL",
    "timeApprovalEnabled": True,
    "invoicingEnabled": True,
    "onlyAdminsSeeAllTimeEntries": True,
    "adminOnlyPages": ["PROJECT", "TEAM", "REPORTS"],
    "workingDays": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"],
    "numberFormat": "COMMA_PERIOD",
    "currencyFormat": "CURRENCY_SPACE_VALUE",
}


class Workspace:
    """Records by id. `touched` is called after every change."""

    def __init__(self, id: str, name: str, *, plan: str = "STANDARD", currency: str = "USD") -> None:
        self.id, self.name, self.plan, self.currency = id, name, plan, currency
        self.settings: dict[str, Any] = dict(SETTINGS)
        self.hourly_rate: int | None = None
        self.members: dict[str, Member] = {}
        self.clients: dict[str, Client] = {}
        self.projects: dict[str, Project] = {}
        self.entries: dict[str, Entry] = {}
        self.tasks: dict[str, Task] = {}
        self.tags: dict[str, Tag] = {}
        # By id: rows of a bundle, as JSON text, that are answered as they came until the record is changed.
        self._rows: dict[str, str] = {}
        self.touched: Callable[[], None] = lambda: None
        self._order = EntryIndex()
        self._order_by_user: dict[str, EntryIndex] = defaultdict(EntryIndex)

    @property
    def features(self) -> tuple[str, ...]:
        return FEATURES.get(self.plan.partition("_")[0], FREE)

    def keep_row(self, key: str, row: Any) -> None:
        """Answer a stored record with this row, whatever it is."""
        self._rows[key] = json.dumps(row)

    def row(self, key: str) -> Any:
        """Return the row that a record is answered with; None where its form is ours."""
        text = self._rows.get(key)
        return None if text is None else json.loads(text)

    def put_member(self, member: Member) -> Member:
        self._rows.pop(member.user_id, None)
        self.members[member.user_id] = member
        self.touched()
        return member

    def put_client(self, client: Client) -> Client:
        self._rows.pop(client.id, None)
        self.clients[client.id] = client
        self.touched()
        return client

    def put_project(self, project: Project) -> Project:
        self._rows.pop(project.id, None)
        self.projects[project.id] = project
        self.touched()
        return project

    def put_task(self, task: Task) -> Task:
        self.tasks[task.id] = task
        self.touched()
        return task

    def put_tag(self, tag: Tag) -> Tag:
        self.tags[tag.id] = tag
        self.touched()
        return tag

    def put_entry(self, entry: Entry) -> Entry:
        old = self.entries.get(entry.id)
        if old is not None:
            self._unindex(old)
        self._rows.pop(entry.id, None)
        self.entries[entry.id] = entry
        key = (entry.start, entry.id)
        self._order.add(key)
        self._order_by_user[entry.user_id].add(key)
        self.touched()
        return entry

    def remove_client(self, client_id: str) -> Client | None:
        """Delete a client; its projects stay, without a client."""
        client = self.clients.pop(client_id, None)
        for project in [project for project in self.projects.values() if project.client_id == client_id]:
            self.put_project(replace(project, client_id=None))
        self.touched()
        return client

    def remove_project(self, project_id: str) -> Project | None:
        """Delete a project; its time stays, without a project."""
        project = self.projects.pop(project_id, None)
        for entry in [entry for entry in self.entries.values() if entry.project_id == project_id]:
            self.put_entry(replace(entry, project_id=None, task_id=None))
        for task in [task for task in self.tasks.values() if task.project_id == project_id]:
            self.tasks.pop(task.id)
        self.touched()
        return project

    def remove_task(self, task_id: str) -> Task | None:
        """Delete a task; its time stays, without a task."""
        task = self.tasks.pop(task_id, None)
        for entry in [entry for entry in self.entries.values() if entry.task_id == task_id]:
            self.put_entry(replace(entry, task_id=None))
        self.touched()
        return task

    def remove_tag(self, tag_id: str) -> Tag | None:
        """Delete a tag; its time stays, without it."""
        tag = self.tags.pop(tag_id, None)
        for entry in [entry for entry in self.entries.values() if tag_id in (entry.tag_ids or ())]:
            self.put_entry(replace(entry, tag_ids=[key for key in entry.tag_ids or () if key != tag_id]))
        self.touched()
        return tag

    def remove_entry(self, entry_id: str) -> Entry | None:
        entry = self.entries.pop(entry_id, None)
        if entry is not None:
            self._unindex(entry)
            self.touched()
        return entry

    def entries_between(
        self, first: float | None, last: float | None, *, newest_first: bool, user_id: str | None = None
    ) -> Iterator[Entry]:
        """Return entries that start in the window, in order of their start."""
        order = self._order if user_id is None else self._order_by_user[user_id]
        return (self.entries[key] for key in order.ids(first, last, newest_first=newest_first))

    def client_of(self, project: Project | None) -> Client | None:
        return self.clients.get(project.client_id) if project and project.client_id else None

    def currency_of(self, project: Project | None) -> str:
        """Return the client's currency, or the workspace's."""
        client = self.client_of(project)
        return (client.currency if client else None) or self.currency

    def rate_of(self, entry: Entry) -> int | None:
        """Return the rate: project member, then project, then member, then workspace (Clockify: hourly rates page)."""
        if entry.rate is not None:
            return entry.rate
        project = self.projects.get(entry.project_id or "")
        member = self.members.get(entry.user_id)
        rates = (
            project.member_rates.get(entry.user_id) if project else None,
            project.hourly_rate if project else None,
            member.hourly_rate if member else None,
            self.hourly_rate,
        )
        return next((rate for rate in rates if rate is not None), None)

    def cost_rate_of(self, entry: Entry) -> int | None:
        """Return the cost rate: that of the project, then of the member."""
        project = self.projects.get(entry.project_id or "")
        member = self.members.get(entry.user_id)
        rates = (project.cost_rate if project else None, member.cost_rate if member else None)
        return next((rate for rate in rates if rate is not None), None)

    def _unindex(self, entry: Entry) -> None:
        self._order.remove(entry)
        self._order_by_user[entry.user_id].remove(entry)

    def to_json(self) -> dict[str, Any]:
        kinds = {kind: [_plain(record) for record in getattr(self, kind).values()] for kind in RECORDS}
        plain = ("id", "name", "plan", "currency", "hourly_rate")
        return {
            **{key: getattr(self, key) for key in plain},
            "settings": self.settings,
            "rows": dict(self._rows),
            **kinds,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Workspace:
        workspace = cls(data["id"], data["name"], plan=data["plan"], currency=data["currency"])
        workspace.settings, workspace.hourly_rate = data["settings"], data["hourly_rate"]
        # Worlds saved before tasks and tags were records have their names alone.
        for key, name in data.get("names", {}).items():
            workspace.put_tag(Tag(key, name))
        for kind, (record, put) in RECORDS.items():
            for values in data.get(kind, ()):
                getattr(workspace, put)(record(**values))
        workspace._rows = data.get("rows", {})
        return workspace


def _plain(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


RECORDS = {
    "members": (Member, "put_member"),
    "clients": (Client, "put_client"),
    "projects": (Project, "put_project"),
    "tasks": (Task, "put_task"),
    "tags": (Tag, "put_tag"),
    "entries": (Entry, "put_entry"),
}
