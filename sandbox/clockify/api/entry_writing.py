"""The checks before Clockify stores a time entry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.clockify.api import fields
from sandbox.clockify.call import WorkspaceCall
from sandbox.clockify.clocktime import NoSuchTime, parse_instant
from sandbox.clockify.errors import ClockifyError, bad_body, refused
from sandbox.clockify.records import Entry

TYPES = ("REGULAR", "BREAK")
LONGEST_DESCRIPTION = 3000


def new_entry(call: WorkspaceCall, user_id: str) -> Entry:
    """Return the entry that a create asks for, or raise ClockifyError."""
    body = call.body()
    if body.get("end") and not body.get("start"):
        raise refused("Can't create time entry with end time only.")
    start = _instant(body, "start")
    if start is None:
        start = int(call.clockify.core.now().timestamp())
    entry = Entry(call.clockify.new_id(), user_id, start, _instant(body, "end"))
    return _filled(call, entry, body)


def replaced_entry(call: WorkspaceCall, old: Entry) -> Entry:
    """Return the entry after a full replace, which empties what is left out, or raise ClockifyError."""
    refuse_if_closed(call, old)
    body = call.body()
    start = _instant(body, "start")
    if start is None:
        raise refused("Start time is required")
    return _filled(call, replace(old, start=start, end=_instant(body, "end"), custom_fields=[]), body)


def _filled(call: WorkspaceCall, entry: Entry, body: dict[str, Any]) -> Entry:
    """Add the rest of the body to an entry with its times, and check it; a `userId` in the body is ignored."""
    project_id = fields.known_id(body, "projectId", call.workspace.projects, "Project")
    entry = replace(
        entry,
        description=fields.text(body, "description", longest=LONGEST_DESCRIPTION),
        billable=_billable(call, body, project_id),
        project_id=project_id,
        task_id=_task_id(call, body, project_id),
        tag_ids=_tag_ids(call, body),
        type=_type(body, entry.type),
    )
    _check_times(call, entry)
    _check_required_fields(call, entry)
    return entry


def _billable(call: WorkspaceCall, body: dict[str, Any], project_id: str | None) -> bool:
    project = call.workspace.projects.get(project_id or "")
    usual = project.billable if project else False
    # A regular user's choice is overridden silently (seen live).
    if call.workspace.settings["onlyAdminsCanChangeBillableStatus"] and not call.is_admin:
        return usual
    return fields.flag(body, "billable", False)


def _task_id(call: WorkspaceCall, body: dict[str, Any], project_id: str | None) -> str | None:
    task_id: str | None = body.get("taskId") or None
    task = call.workspace.tasks.get(task_id or "")
    if task_id is not None and (task is None or task.project_id != project_id):
        raise refused("Task doesn't belong to Project")
    return task_id


def _tag_ids(call: WorkspaceCall, body: dict[str, Any]) -> list[str] | None:
    tags = body.get("tagIds") or None
    if tags is not None and any(tag not in call.workspace.tags for tag in tags):
        raise refused("Tag doesn't belong to Workspace")
    return tags


def _type(body: dict[str, Any], default: str) -> str:
    wanted = body.get("type") or default
    if wanted not in (*TYPES, default):
        raise bad_body(f"{wanted} is not one of {', '.join(TYPES)}")
    return str(wanted)


def _check_times(call: WorkspaceCall, entry: Entry) -> None:
    if entry.end is not None and entry.end < entry.start:
        raise refused("End time can't be before start time")
    if entry.end is not None and call.workspace.settings["timeTrackingMode"] == "STOPWATCH_ONLY":
        raise ClockifyError(403, 4030, "Manual time tracking disabled on Workspace")
    _refuse_locked(call, entry)


def _check_required_fields(call: WorkspaceCall, entry: Entry) -> None:
    """Refuse a finished entry without a required field; a running timer may lack it (seen live)."""
    settings = call.workspace.settings
    lacking = (
        (settings["forceProjects"] and entry.project_id is None)
        or (settings["forceTasks"] and entry.task_id is None)
        or (settings["forceTags"] and not entry.tag_ids)
        or (settings["forceDescription"] and not entry.description)
    )
    if lacking and entry.end is not None:
        raise refused("Time entry couldn't be created. Project is either required field or not active.")


def refuse_if_closed(call: WorkspaceCall, entry: Entry) -> None:
    """Refuse approved time to everyone (403/4005), and a locked period to all but admins (403/1003)."""
    if entry.approval_state == "APPROVED":
        raise ClockifyError(403, 4005, "Can't edit approved time entry.")
    _refuse_locked(call, entry)


def _refuse_locked(call: WorkspaceCall, entry: Entry) -> None:
    locked_until = call.workspace.settings["lockTimeEntries"]
    in_lock = locked_until and entry.start < parse_instant(locked_until)
    if (in_lock or entry.locked) and not call.is_admin:
        raise ClockifyError(403, 1003, "Time entry is locked")


def stop_running(call: WorkspaceCall, user_id: str, *, at: object) -> Entry | None:
    """End and return the user's running timer, or return None; a person has at most one."""
    rows = call.workspace.entries_between(None, None, newest_first=True, user_id=user_id)
    running = next((entry for entry in rows if entry.end is None), None)
    if running is None:
        return None
    end = at if isinstance(at, int) else _instant({"end": at}, "end")
    if end is None:
        raise bad_body("end is required")
    return call.workspace.put_entry(replace(running, end=max(end, running.start)))


def _instant(body: dict[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    try:
        return parse_instant(value)
    except NoSuchTime as error:
        raise bad_body(str(error)) from error
