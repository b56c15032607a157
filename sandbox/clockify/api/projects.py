"""Projects: list, read, create, change (with Clockify's mixed PUT), delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.clockify.api import fields
from sandbox.clockify.api.lists import choice, flag, is_descending, many, paged
from sandbox.clockify.call import WorkspaceCall
from sandbox.clockify.errors import not_in_workspace, refused
from sandbox.clockify.records import Project
from sandbox.clockify.shapes import project_json, tracked_seconds
from sandbox.shared.http import Response

SORTS = ("ID", "NAME", "CLIENT_NAME", "DURATION", "BUDGET", "PROGRESS")


def list_projects(call: WorkspaceCall) -> Response:
    """Answer GET /projects; without `archived`, both kinds."""
    tests = _tests(call)
    rows = [project for project in call.workspace.projects.values() if all(test(project) for test in tests)]
    tracked = tracked_seconds(call.workspace)
    rows.sort(key=_sort_key(call, tracked), reverse=is_descending(call))
    hydrated = bool(flag(call, "hydrated"))
    return paged(
        call,
        rows,
        lambda project: project_json(call.workspace, project, tracked=tracked[project.id], hydrated=hydrated),
    )


def _sort_key(call: WorkspaceCall, tracked: Any) -> Callable[[Project], Any]:
    def client_name(project: Project) -> str:
        client = call.workspace.client_of(project)
        return client.name.lower() if client else ""

    column = choice(call, "sort-column", SORTS, "NAME")
    if column == "ID":
        return lambda project: project.id
    if column == "CLIENT_NAME":
        return client_name
    if column == "DURATION":
        return lambda project: tracked[project.id]
    return lambda project: (project.name.lower(), project.id)


def _tests(call: WorkspaceCall) -> list[Callable[[Project], bool]]:
    archived, billable, template = flag(call, "archived"), flag(call, "billable"), flag(call, "is-template")
    access = choice(call, "access", ("", "PUBLIC", "PRIVATE"), "")
    tests: list[Callable[[Project], bool]] = [
        lambda project: archived in (None, project.archived),
        lambda project: billable in (None, project.billable),
        lambda project: template in (None, project.template),
        lambda project: access in ("", "PUBLIC" if project.public else "PRIVATE"),
    ]
    name = call.request.query.get("name", "")
    if flag(call, "strict-name-search"):
        tests.append(lambda project: project.name == name)
    else:
        tests.append(lambda project: name.lower() in project.name.lower())
    return [*tests, *_client_tests(call), *_user_tests(call)]


def _client_tests(call: WorkspaceCall) -> list[Callable[[Project], bool]]:
    wanted, contains = set(many(call, "clients")), flag(call, "contains-client") is not False
    status = choice(call, "client-status", ("ALL", "ACTIVE", "ARCHIVED"), "ALL")

    def has_status(project: Project) -> bool:
        client = call.workspace.client_of(project)
        return client is not None and client.archived == (status == "ARCHIVED")

    tests: list[Callable[[Project], bool]] = []
    if wanted:
        tests.append(lambda project: (project.client_id in wanted) == contains)
    if status != "ALL":
        tests.append(has_status)
    return tests


def _user_tests(call: WorkspaceCall) -> list[Callable[[Project], bool]]:
    wanted, contains = set(many(call, "users")), flag(call, "contains-user") is not False
    if not wanted:
        return []
    return [lambda project: (project.public or bool(wanted & set(project.member_rates))) == contains]


def get_project(call: WorkspaceCall, key: str) -> Response:
    project = _project(call, key)
    tracked = tracked_seconds(call.workspace)[key]
    hydrated = bool(flag(call, "hydrated"))
    return Response(body=project_json(call.workspace, project, tracked=tracked, hydrated=hydrated))


def create_project(call: WorkspaceCall) -> Response:
    """Answer POST /projects, which takes `isPublic` and returns `public`."""
    call.only_admins()
    body = call.body()
    client_id = fields.known_id(body, "clientId", call.workspace.clients, "Client")
    project = Project(
        call.clockify.new_id(),
        _free_name(call, body, client_id),
        client_id=client_id,
        billable=fields.flag(body, "billable", call.workspace.settings["defaultBillableProjects"]),
        public=fields.flag(body, "isPublic", call.workspace.settings["isProjectPublicByDefault"]),
        color=fields.text(body, "color", longest=7) or "#03A9F4",
        note=fields.text(body, "note", longest=16384),
        hourly_rate=fields.amount(body, "hourlyRate", None),
        cost_rate=fields.amount(body, "costRate", None),
    )
    return Response(201, project_json(call.workspace, call.workspace.put_project(project)))


def change_project(call: WorkspaceCall, key: str) -> Response:
    """Answer PUT /projects/{id}: fields left out stay, but isPublic and billable become false (seen live)."""
    call.only_admins()
    old, body = _project(call, key), call.body()
    client_id = old.client_id
    if "clientId" in body:
        client_id = fields.known_id(body, "clientId", call.workspace.clients, "Client")
    project = replace(
        old,
        name=_free_name(call, body, client_id, but=key),
        client_id=client_id,
        billable=fields.flag(body, "billable", False),
        public=fields.flag(body, "isPublic", False),
        archived=fields.flag(body, "archived", old.archived),
        color=fields.text(body, "color", longest=7, default=old.color),
        note=fields.text(body, "note", longest=16384, default=old.note),
        hourly_rate=fields.amount(body, "hourlyRate", old.hourly_rate),
        cost_rate=fields.amount(body, "costRate", old.cost_rate),
    )
    call.workspace.put_project(project)
    return Response(body=project_json(call.workspace, project, tracked=tracked_seconds(call.workspace)[key]))


def delete_project(call: WorkspaceCall, key: str) -> Response:
    """Answer DELETE /projects/{id} with the project; only an archived one can be deleted."""
    call.only_admins()
    project = _project(call, key)
    if not project.archived:
        raise refused("Cannot delete an active project")
    body = project_json(call.workspace, project)
    call.workspace.remove_project(key)
    return Response(body=body)


def _project(call: WorkspaceCall, key: str) -> Project:
    try:
        return call.workspace.projects[key]
    except KeyError:
        raise not_in_workspace("Project") from None


def _free_name(call: WorkspaceCall, body: dict[str, Any], client_id: str | None, *, but: str = "") -> str:
    name = fields.required_name(body, shortest=2, longest=250)
    anywhere = call.switch("project_names") == "workspace"
    for project in call.workspace.projects.values():
        same_place = anywhere or project.client_id == client_id
        if project.id != but and project.name == name and same_place:
            raise refused(f"{name} project for client already exists.")
    return name
