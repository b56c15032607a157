"""Tasks and tags: lists, what time entries and report rows say of them, and deletion."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox.clockify_client import ClockifyCaller, refusal


@pytest.fixture
def project(clockify: ClockifyCaller) -> str:
    key: str = clockify.put("projects", name="Website")["id"]
    return key


def test_tasks_are_listed_by_project_done_ones_included(clockify: ClockifyCaller, project: str) -> None:
    other = clockify.put("projects", name="Intranet")["id"]
    for name, place, status in (("UX", project, "ACTIVE"), ("Copy", project, "DONE"), ("Copy", other, "ACTIVE")):
        clockify.put("tasks", name=name, projectId=place, status=status)

    rows = clockify.rows(f"/projects/{project}/tasks")

    assert [(row["name"], row["status"], row["projectId"]) for row in rows] == [
        ("Copy", "DONE", project),
        ("UX", "ACTIVE", project),
    ]
    assert [row["name"] for row in clockify.rows(f"/projects/{project}/tasks", is_active="true")] == ["UX"]
    hydrated = clockify.rows("/projects", hydrated="true", name="Website")[0]
    assert [task["name"] for task in hydrated["tasks"]] == ["UX", "Copy"]
    assert refusal(clockify.get("/projects/64b0000000000000000000ff/tasks")) == (400, 501)


def test_tags_come_in_pages_archived_ones_included(clockify: ClockifyCaller) -> None:
    for number in range(3):
        clockify.put("tags", name=f"Tag {number}", archived=number == 1)

    first = clockify.get("/tags", page=1, page_size=2)

    assert (len(first.json()), first.headers["Last-Page"]) == (2, "false")
    assert [row["name"] for row in clockify.rows("/tags", page=2, page_size=2)] == ["Tag 2"]
    assert [row["name"] for row in clockify.rows("/tags", archived="false")] == ["Tag 0", "Tag 2"]


def test_entries_and_report_rows_name_task_and_tags(clockify: ClockifyCaller, project: str) -> None:
    task = clockify.put("tasks", name="Design: UX", projectId=project)["id"]
    tag = clockify.put("tags", name="rush")["id"]
    entry = clockify.entry(projectId=project, taskId=task, tagIds=[tag])

    row = clockify.reported()[0]
    plain = clockify.get(f"/time-entries/{entry}").json()

    assert (row["taskId"], row["taskName"], row["tags"]) == (task, "Design: UX", [{"_id": tag, "name": "rush"}])
    assert (plain["taskId"], plain["tagIds"]) == (task, [tag])
    for kind, key in (("tasks", task), ("tags", tag)):
        address = f"{clockify.url}/control/clockify/{clockify.workspace_id}/{kind}/{key}"
        assert requests.delete(address, timeout=10).status_code == 200
    row = clockify.reported()[0]
    assert (row["taskId"], row["taskName"], row["tags"]) == (None, None, [])


def test_an_entry_takes_only_a_task_of_its_project(clockify: ClockifyCaller, project: str) -> None:
    other = clockify.put("projects", name="Intranet")["id"]
    task = clockify.put("tasks", name="UX", projectId=other)["id"]
    body = {"start": "2026-03-02T09:00:00Z", "end": "2026-03-02T10:00:00Z", "projectId": project, "taskId": task}

    assert refusal(clockify.write("POST", "/time-entries", body)) == (400, 501)
    assert clockify.write("POST", "/time-entries", {**body, "projectId": other}).status_code == 201
