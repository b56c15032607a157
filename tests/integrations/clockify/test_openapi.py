"""Our requests to Clockify, and the sandbox's answers in its name, beside Clockify's own OpenAPI file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from integrations.clockify import entry_payloads, payloads
from integrations.clockify.connection import client_for
from sandbox.shared.http import Request, Response
from syncjobs.partner_writes import drafts
from tests.support import openapi
from tests.support.openapi import Finding
from tests.support.samples import samples_folder
from tests.support.scene import Scene

RECORDER = openapi.Recorder()
Exchanges = list[tuple[Request, Response]]

# What is known to differ, as a pattern of the finding, with the reason ("reference" is our notes on Clockify, §11).
OF_REQUESTS = {
    r"GET \S+/users \?include-roles: required": "The file says that it is required and has a default; it is not needed",
}
OF_ANSWERS = {
    r"GET \S*/(user|users) < (\[\]\.)?status: should be object": "AccountStatus is an object of texts in the file",
    r"GET \S+ < (\[\]\.)?features: (should be object|breaks oneOf)": "the same, and its names are incomplete",
    r"GET \S+ < (\[\]\.)?workspaceSettings\.adminOnlyPages: (should be string|breaks enum)": "the example is a list",
    r"GET \S+ < (\[\]\.)?workspaceSettings\.\w+(Approval|invoicing)?Enabled: not in the file": "seen live, §3",
    r"GET \S+/projects\S* < ?(\[\])?\.(clientId|clientName|estimateReset): not in the file": "in all answers seen live",
    r"GET \S+/time-entries/{id} <: status 400 is not in the file": "the file has no refusals at all",
    r"POST \S+/detailed < timeentries\[\]\.(_id|isLocked): not in the file": "called get_id and locked there, §11",
    r"POST \S+/detailed < timeentries\[\]\.\w+: not in the file": "recorded live and absent there, §11",
    r"POST \S+/detailed < totals\[\]\.\w+: not in the file": "recorded live; the file calls _id id",
}


@pytest.fixture(autouse=True)
def file() -> None:
    """Skip these tests where the file is not there."""
    samples_folder()


@pytest.fixture
def exchanges(scene: Scene, ada: str, site: str) -> Exchanges:
    """Have everything done that asks something of Clockify; return the calls with their answers."""
    entry = scene.entry(ada, site, description="Drawings")
    scene.entry(ada, site, "2026-03-05 09:00", minutes=None)
    assert scene.check().code == scene.sync().code == 0
    gone = scene.delete_entry(entry)
    assert scene.sync()["deleted"] == 1
    scene.restore(gone)
    assert scene.explain(entry).code == 0
    clockify, workspace_id = client_for(scene.workspace), scene.workspace.clockify_id
    client = clockify.create(workspace_id, "clients", json.dumps({"name": "Bolt"}))
    fields = drafts.project_fields("Site", client_id=client["id"], billable=True, public=True)
    project = clockify.create(workspace_id, "projects", json.dumps(fields))
    for entity, record in (("client", client), ("project", project)):
        collection = drafts.COLLECTIONS[entity]
        read = clockify.record(workspace_id, collection, record["id"])
        body = json.dumps(drafts.renaming_body(entity, read, {"name": "Renamed"}))
        clockify.replace(workspace_id, collection, record["id"], body)
    clockify.check_connection()
    return RECORDER.exchanges


def assert_known(findings: Iterable[Finding], exceptions: Mapping[str, str]) -> None:
    """Check that every finding is a known exception, and that each exception is still found."""
    written = {f"{finding.place}: {finding.problem}" for finding in findings}
    unknown = {text for text in written if not any(re.fullmatch(pattern, text) for pattern in exceptions)}
    assert not unknown
    assert {p for p in exceptions if not any(re.fullmatch(p, text) for text in written)} == set()


@pytest.mark.sandbox(between=RECORDER)
def test_requests_and_the_sandboxs_answers_are_as_clockify_describes_them(
    exchanges: Exchanges,
) -> None:
    operations = {openapi.operation_of(call.method, call.path)[0] for call, _ in exchanges}
    assert len(operations) == 14
    assert_known(set().union(*(openapi.request_findings(call) for call, _ in exchanges)), OF_REQUESTS)
    assert_known(set().union(*(openapi.answer_findings(call, answer) for call, answer in exchanges)), OF_ANSWERS)


def test_a_wrong_request_and_a_wrong_answer_are_found() -> None:
    address = "/report/v1/workspaces/w1/reports/detailed"
    body = {"dateRangeStart": "2026-03-01T00:00:00.000", "amountShown": "ALL", "users": {"status": 7}}

    found = openapi.request_findings(Request("POST", address, body=json.dumps(body).encode()))
    odd = openapi.answer_findings(Request("GET", "/api/v1/workspaces/w1/clients"), Response(body=[{"name": 7, "x": 1}]))
    lost = openapi.request_findings(Request("GET", "/api/v1/workspaces/w1/clients?pages=2"))

    assert {"breaks enum", "required", "should be string"} <= {finding.problem for finding in found}
    assert {f"{finding.place}: {finding.problem}" for finding in odd} == {
        "GET /v1/workspaces/{workspaceId}/clients < [].name: should be string",
        "GET /v1/workspaces/{workspaceId}/clients < [].x: not in the file",
    }
    assert lost == {Finding("GET /v1/workspaces/{workspaceId}/clients ?pages", "not in the file")}


@pytest.mark.parametrize(
    ("schema", "parse"),
    [
        ("UserDtoV1", lambda raw: payloads.user(raw, workspace_id="w1")),
        ("ClientWithCurrencyDtoV1", payloads.client),
        ("ClientDtoV1", payloads.client),
        ("ProjectDtoV1", payloads.project),
        ("ProjectDtoImplV1", payloads.project),
        ("TimeEntryWithRatesDtoV1", entry_payloads.entry),
        ("TimeEntryDto", entry_payloads.entry),
    ],
)
def test_the_examples_of_the_file_are_read(schema: str, parse: Callable[[Any], Any]) -> None:
    example = openapi.example(schema)

    record = parse(example)

    assert record.id == example.get("id", example.get("get_id"))
    assert getattr(record, "description", "") == example.get("description", "")
    assert getattr(record, "name", "") == example.get("name", "")
