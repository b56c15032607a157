"""The filters of a detailed report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.clockify.call import WorkspaceCall
from sandbox.clockify.errors import bad_body, refused
from sandbox.clockify.records import Entry

Test = Callable[[Entry], bool]
KeyOf = Callable[[Entry], str | None]
Body = dict[str, Any]
CONTAINS = ("CONTAINS", "DOES_NOT_CONTAIN", "CONTAINS_ONLY")
USER_STATUSES = ("ALL", "ACTIVE_WITH_PENDING", "ACTIVE", "PENDING", "INACTIVE")
UNSUPPORTED_FILTERS = ("tags", "tasks", "userGroups", "customFields", "userCustomFields")
RECORD_STATUSES = ("ALL", "ACTIVE", "ARCHIVED")


def one_of(body: Body, name: str, choices: tuple[str, ...], default: str) -> str:
    """Return one of the documented values, or raise 400/3002."""
    value = body.get(name)
    if value is None:
        return default
    if value not in choices:
        raise bad_body(f"Cannot deserialize value of {name}: {value!r} not one of {list(choices)}")
    return str(value)


def entry_tests(call: WorkspaceCall, body: Body) -> list[Test]:
    """Return the checks an entry must pass; only requested ones, so that a plain report checks next to nothing."""
    for name in UNSUPPORTED_FILTERS:
        if body.get(name):
            raise refused(f"The sandbox does not filter by {name}")
    tests: list[Test] = []
    if not call.switch("report_running"):
        tests.append(lambda entry: entry.end is not None)
    if body.get("billable") is not None:
        billable = bool(body["billable"])
        tests.append(lambda entry: entry.billable is billable)
    tests += _state_tests(body)
    tests += _user_tests(call, body)
    tests += _project_tests(call, body)
    tests += _text_tests(body)
    return tests


def _state_tests(body: Body) -> list[Test]:
    tests: list[Test] = []
    approval = one_of(body, "approvalState", ("APPROVED", "UNAPPROVED", "ALL"), "ALL")
    if approval != "ALL":
        tests.append(lambda entry: (entry.approval_state == "APPROVED") == (approval == "APPROVED"))
    invoicing = one_of(body, "invoicingState", ("INVOICED", "UNINVOICED", "ALL"), "ALL")
    if invoicing != "ALL":
        tests.append(lambda entry: (entry.invoice is not None) == (invoicing == "INVOICED"))
    return tests


def _user_tests(call: WorkspaceCall, body: Body) -> list[Test]:
    criteria = _filter(body, "users")
    status = one_of(criteria, "status", USER_STATUSES, call.switch("report_users_without_status"))
    tests: list[Test] = []
    if status != "ALL":
        kept = {"ACTIVE_WITH_PENDING": ("ACTIVE", "PENDING")}.get(status, (status,))
        left_out = {key for key, member in call.workspace.members.items() if member.status not in kept}
        if left_out:
            tests.append(lambda entry: entry.user_id not in left_out)
    ids = _id_test(call, criteria)
    if ids is not None:
        tests.append(lambda entry: ids(entry.user_id))
    return tests


def _project_tests(call: WorkspaceCall, body: Body) -> list[Test]:
    workspace = call.workspace

    def client_of(entry: Entry) -> str | None:
        project = workspace.projects.get(entry.project_id or "")
        return project.client_id if project else None

    def currency_of(entry: Entry) -> str:
        return workspace.currency_of(workspace.projects.get(entry.project_id or ""))

    return [
        *_record_tests(call, _filter(body, "projects"), lambda entry: entry.project_id, workspace.projects),
        *_record_tests(call, _filter(body, "clients"), client_of, workspace.clients),
        *_record_tests(call, _filter(body, "currency"), currency_of, {}),
    ]


def _record_tests(call: WorkspaceCall, criteria: Body, key_of: KeyOf, records: dict[str, Any]) -> list[Test]:
    tests: list[Test] = []
    ids = _id_test(call, criteria)
    if ids is not None:
        tests.append(lambda entry: ids(key_of(entry)))
    status = one_of(criteria, "status", RECORD_STATUSES, "ALL")
    if status != "ALL":
        wrong = {key for key, record in records.items() if record.archived != (status == "ARCHIVED")}
        tests.append(lambda entry: key_of(entry) not in wrong)
    return tests


def _text_tests(body: Body) -> list[Test]:
    tests: list[Test] = []
    part = str(body.get("description") or "").lower()
    if part:
        tests.append(lambda entry: part in entry.description.lower())
    if body.get("withoutDescription"):
        tests.append(lambda entry: not entry.description)
    audit = (body.get("detailedFilter") or {}).get("auditFilter") or {}
    if audit.get("withoutProject"):
        tests.append(lambda entry: entry.project_id is None)
    if audit.get("withoutTask"):
        tests.append(lambda entry: entry.task_id is None)
    return tests


def _filter(body: Body, name: str) -> Body:
    criteria = body.get(name) or {}
    if not isinstance(criteria, dict):
        raise bad_body(f"{name} must be an object")
    return criteria


def _id_test(call: WorkspaceCall, criteria: Body) -> Callable[[str | None], bool] | None:
    """Return the id part of a filter; an empty list is no filter, or lets nothing pass (switch)."""
    contains = one_of(criteria, "contains", CONTAINS, "CONTAINS") != "DOES_NOT_CONTAIN"
    ids = criteria.get("ids")
    if not ids:
        asks_for_none = ids is not None and call.switch("report_empty_ids") == "nothing"
        return (lambda key: not contains) if asks_for_none else None
    wanted = set(ids)
    return lambda key: (key in wanted) == contains
