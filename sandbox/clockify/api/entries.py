"""Single time entries: read, list, create, replace, stop, mark as invoiced, delete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.clockify.api.entry_writing import new_entry, refuse_if_closed, replaced_entry, stop_running
from sandbox.clockify.api.lists import flag, many, paged
from sandbox.clockify.call import WorkspaceCall
from sandbox.clockify.clocktime import NoSuchTime, parse_window_edge
from sandbox.clockify.errors import (
    ClockifyError,
    access_denied,
    bad_body,
    bad_parameter,
    missing_parameter,
    not_in_workspace,
    plan_limit,
)
from sandbox.clockify.records import Entry
from sandbox.clockify.shapes import entry_json, hydrated_entry_json
from sandbox.shared.http import Response


def get_entry(call: WorkspaceCall, key: str) -> Response:
    """Answer GET /time-entries/{id}; deleted and unknown are both 400/501, and a hydrated `user` is null."""
    entry = _entry(call, key)
    if flag(call, "hydrated"):
        return Response(body=hydrated_entry_json(call.workspace, entry, user=None))
    return Response(body=entry_json(call.workspace, entry))


def list_user_entries(call: WorkspaceCall, user: str) -> Response:
    """Answer GET /user/{u}/time-entries, newest start first; the window is wall clock of the key owner's zone."""
    _own_or_admin(call, user)
    first, last = (_edge(call, name) for name in ("start", "end"))
    rows = call.workspace.entries_between(first, last, newest_first=True, user_id=user)
    passing = (entry for entry in rows if _passes(call, entry))
    return paged(call, passing, lambda entry: _listed(call, entry))


def _edge(call: WorkspaceCall, name: str) -> float | None:
    value = call.request.query.get(name)
    if not value:
        return None
    literal = call.switch("window") == "literal"
    try:
        return parse_window_edge(value, zone_name=call.user.time_zone or "UTC", literal=literal)
    except NoSuchTime as error:
        raise bad_parameter(name, value) from error


def _passes(call: WorkspaceCall, entry: Entry) -> bool:
    query = call.request.query
    tags, running = set(many(call, "tags")), flag(call, "in-progress")
    return (
        query.get("description", "").lower() in entry.description.lower()
        and query.get("project") in (None, entry.project_id)
        and query.get("task") in (None, entry.task_id)
        and (not tags or bool(tags & set(entry.tag_ids or ())))
        and not (flag(call, "project-required") and entry.project_id is None)
        and not (flag(call, "task-required") and entry.task_id is None)
        and running in (None, entry.end is None)
    )


def _listed(call: WorkspaceCall, entry: Entry) -> dict[str, Any]:
    if flag(call, "hydrated"):
        return hydrated_entry_json(call.workspace, entry, user=call.clockify.users.get(entry.user_id))
    return entry_json(call.workspace, entry)


def list_running(call: WorkspaceCall) -> Response:
    """Answer GET /time-entries/status/in-progress with running timers; page-size 10, at most 1000."""
    call.only_admins()
    rows = call.workspace.entries_between(None, None, newest_first=True)
    running = (entry for entry in rows if entry.end is None)
    return paged(call, running, lambda entry: _listed(call, entry), size=10, largest=1000)


def create_entry(call: WorkspaceCall) -> Response:
    """Answer POST /time-entries; the entry is the key owner's, whatever the body says."""
    return _created(call, call.user.id)


def create_entry_for(call: WorkspaceCall, user: str) -> Response:
    """Answer POST /user/{u}/time-entries; time for another user is a paid feature."""
    _own_or_admin(call, user)
    if user != call.user.id and "ADD_TIME_FOR_OTHERS" not in call.workspace.features:
        raise plan_limit("Adding time for others")
    return _created(call, user)


def _created(call: WorkspaceCall, user_id: str) -> Response:
    entry = new_entry(call, user_id)
    if entry.end is None:
        stop_running(call, user_id, at=entry.start)
    call.workspace.put_entry(entry)
    return Response(201, entry_json(call.workspace, entry, with_rates=False))


def replace_entry(call: WorkspaceCall, key: str) -> Response:
    """Answer PUT /time-entries/{id}, which empties every field that is left out."""
    entry = replaced_entry(call, _entry(call, key))
    call.workspace.put_entry(entry)
    return Response(body=entry_json(call.workspace, entry, with_rates=False))


def stop_timer(call: WorkspaceCall, user: str) -> Response:
    """Answer PATCH /user/{u}/time-entries {end}."""
    _own_or_admin(call, user)
    entry = stop_running(call, user, at=call.body().get("end"))
    if entry is None:
        raise ClockifyError(404, 404, "Currently running time entry doesn't exist on workspace")
    return Response(body=entry_json(call.workspace, entry, with_rates=False))


def mark_invoiced(call: WorkspaceCall) -> Response:
    """Answer PATCH /time-entries/invoiced {timeEntryIds, invoiced}: 200, no body; 403 below the Standard plan."""
    call.only_admins()
    if "INVOICING" not in call.workspace.features:
        raise access_denied()
    body = call.body()
    ids, invoiced = body.get("timeEntryIds"), body.get("invoiced")
    if not isinstance(ids, list) or not isinstance(invoiced, bool):
        raise bad_body("timeEntryIds and invoiced are required")
    entries = [_entry(call, key) for key in ids]
    for entry in entries:
        call.workspace.put_entry(replace(entry, invoice="manual" if invoiced else None))
    return Response(200)


def delete_entry(call: WorkspaceCall, key: str) -> Response:
    """Answer DELETE /time-entries/{id} with 204; invoiced time can be deleted, approved time cannot."""
    entry = _entry(call, key)
    refuse_if_closed(call, entry)
    call.workspace.remove_entry(key)
    if call.switch("delete_answers_body"):
        return Response(200, entry_json(call.workspace, entry))
    return Response(204)


def delete_entries(call: WorkspaceCall, user: str) -> Response:
    """Answer DELETE /user/{u}/time-entries?time-entry-ids=a&time-entry-ids=b with 200 and the entries."""
    _own_or_admin(call, user)
    ids = many(call, "time-entry-ids")
    if not ids:
        raise missing_parameter("time-entry-ids")
    entries = [_entry(call, key) for key in ids]
    for entry in entries:
        refuse_if_closed(call, entry)
    for entry in entries:
        call.workspace.remove_entry(entry.id)
    return Response(body=[entry_json(call.workspace, entry) for entry in entries])


def _entry(call: WorkspaceCall, key: str) -> Entry:
    entry = call.workspace.entries.get(key)
    if entry is None:
        raise not_in_workspace("Time entry")
    if entry.user_id != call.user.id and not call.is_admin:
        raise access_denied()
    return entry


def _own_or_admin(call: WorkspaceCall, user_id: str) -> None:
    if user_id != call.user.id and not call.is_admin:
        raise access_denied()
    if user_id not in call.workspace.members:
        raise not_in_workspace("User")
