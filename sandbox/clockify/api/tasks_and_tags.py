"""Tasks of a project and tags of a workspace: lists."""

from __future__ import annotations

from typing import Any

from sandbox.clockify.api.lists import choice, flag, is_descending, paged
from sandbox.clockify.call import WorkspaceCall
from sandbox.clockify.errors import not_in_workspace
from sandbox.clockify.records import Tag, Task
from sandbox.clockify.shapes import tag_json, task_json
from sandbox.shared.http import Response


def list_tasks(call: WorkspaceCall, key: str) -> Response:
    """Answer GET /projects/{id}/tasks; without `is-active`, done ones as well."""
    if key not in call.workspace.projects:
        raise not_in_workspace("Project")
    is_active = flag(call, "is-active")
    rows = [
        task
        for task in call.workspace.tasks.values()
        if task.project_id == key and _is_named(call, task) and is_active in (None, task.status == "ACTIVE")
    ]
    return paged(call, _sorted(call, rows), task_json)


def list_tags(call: WorkspaceCall) -> Response:
    """Answer GET /tags; without `archived`, both kinds."""
    archived = flag(call, "archived")
    rows = [tag for tag in call.workspace.tags.values() if _is_named(call, tag) and archived in (None, tag.archived)]
    return paged(call, _sorted(call, rows), lambda tag: tag_json(call.workspace, tag))


def _is_named(call: WorkspaceCall, record: Task | Tag) -> bool:
    name = call.request.query.get("name", "")
    return record.name == name if flag(call, "strict-name-search") else name.lower() in record.name.lower()


def _sorted(call: WorkspaceCall, rows: list[Any]) -> list[Any]:
    column = choice(call, "sort-column", ("ID", "NAME"), "NAME")
    return sorted(rows, key=lambda row: row.id if column == "ID" else row.name.lower(), reverse=is_descending(call))
