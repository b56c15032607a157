"""The table of pages, buttons and roles. A new page without a line in it fails here."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from integrations import roles
from integrations.models import Company, TimeEntry, Workspace
from mapping.models import PartnerWrite
from syncjobs.models import Reconciliation, Run, SignOff, SupportBundle
from tests.support.people import MAY_ACT, MAY_CONNECT, MAY_LOOK, MAY_MAP, MAY_SEND, MAY_SIGN, RIGHTS, ROLES, person

pytestmark = pytest.mark.django_db
LOOK, MAP, SEND, CONNECT, RULES, ACT, NOBODY = "look", "map", "send", "connect", "a rule's", "any", "nobody"
# To sign periods, and to have both sides compared.
SIGN, COMPARE = "sign", "compare"
ALLOWED = {
    LOOK: MAY_LOOK,
    MAP: MAY_MAP,
    SEND: MAY_SEND,
    CONNECT: MAY_CONNECT,
    RULES: MAY_ACT - {"Connector"},
    ACT: MAY_ACT,
    SIGN: MAY_SIGN,
    COMPARE: MAY_ACT | MAY_SIGN,
}
# Permissions do not depend on the database. One role that may do everything here requests every page on it.
EVERYBODY = [
    role if role == roles.MAPPING_ADMINS else pytest.param(role, marks=pytest.mark.any_database) for role in ROLES
]


@dataclass(frozen=True)
class Line:
    """The role that opening a page and posting to it needs, and the row its address names."""

    get: str
    post: str
    row: str = "workspace"


TABLE = {
    "hourbridge:any-people": Line(LOOK, NOBODY),
    "hourbridge:any-desk": Line(LOOK, NOBODY),
    "hourbridge:any-customers": Line(LOOK, NOBODY),
    "hourbridge:any-rules": Line(LOOK, NOBODY),
    "hourbridge:people": Line(LOOK, MAP),
    "hourbridge:customers": Line(LOOK, NOBODY),
    "hourbridge:clients": Line(LOOK, MAP),
    "hourbridge:projects": Line(LOOK, MAP),
    "hourbridge:changed": Line(LOOK, SEND),
    "hourbridge:desk-write": Line(LOOK, MAP),
    "hourbridge:desk-what-if": Line(LOOK, NOBODY),
    "hourbridge:desk-options": Line(LOOK, NOBODY),
    "hourbridge:desk-safe": Line(LOOK, MAP),
    "hourbridge:desk-safe-count": Line(LOOK, NOBODY),
    "hourbridge:desk-history": Line(LOOK, MAP),
    "hourbridge:desk-upload": Line(LOOK, MAP),
    "hourbridge:desk-create": Line(LOOK, MAP),
    "hourbridge:desk-created": Line(LOOK, NOBODY),
    "hourbridge:desk-ignore": Line(LOOK, MAP),
    "hourbridge:desk-template": Line(LOOK, NOBODY),
    "hourbridge:desk-csv": Line(LOOK, NOBODY),
    "hourbridge:rules": Line(LOOK, RULES),
    "hourbridge:any-schedules": Line(LOOK, NOBODY),
    "hourbridge:schedules": Line(LOOK, SEND),
    "hourbridge:line-rules": Line(LOOK, NOBODY),
    "hourbridge:line-rules-csv": Line(LOOK, NOBODY),
    "hourbridge:line-rules-upload": Line(LOOK, MAP),
    "hourbridge:line-rule-add": Line(LOOK, MAP),
    "hourbridge:line-rule": Line(LOOK, MAP),
    "hourbridge:line-rule-remove": Line(LOOK, MAP),
    "hourbridge:start": Line(NOBODY, ACT),
    "hourbridge:decide-entry": Line(NOBODY, SEND, row="entry"),
    "hourbridge:connect-clockify": Line(LOOK, CONNECT),
    "hourbridge:connect-quickbooks": Line(LOOK, CONNECT),
    "hourbridge:archive-quickbooks": Line(LOOK, CONNECT),
    "hourbridge:entries-csv": Line(LOOK, NOBODY),
    "hourbridge:run-csv": Line(LOOK, NOBODY, row="run"),
    "hourbridge:sync-part": Line(NOBODY, SEND),
    "hourbridge:sync-entry": Line(NOBODY, SEND, row="entry"),
    "hourbridge:run-again": Line(NOBODY, SEND, row="run"),
    "hourbridge:undo-run": Line(LOOK, SEND, row="run"),
    "hourbridge:uncertain-writes": Line(LOOK, SEND),
    "hourbridge:missing": Line(LOOK, SEND),
    "hourbridge:since-sent": Line(LOOK, SEND),
    "hourbridge:diagnose": Line(LOOK, LOOK),
    "hourbridge:any-sync-log": Line(LOOK, NOBODY),
    "hourbridge:sync-log": Line(LOOK, NOBODY),
    "hourbridge:search": Line(LOOK, LOOK),
    "hourbridge:any-proof": Line(LOOK, NOBODY),
    "hourbridge:support-bundle": Line(NOBODY, LOOK),
    "hourbridge:bundle-file": Line(NOBODY, LOOK, row="bundle"),
    "hourbridge:proof": Line(LOOK, NOBODY),
    "hourbridge:proof-compare": Line(NOBODY, COMPARE),
    "hourbridge:proof-note": Line(NOBODY, SIGN),
    "hourbridge:proof-sign": Line(NOBODY, SIGN),
    "hourbridge:sign-off": Line(LOOK, NOBODY, row="sign_off"),
    "hourbridge:sign-off-decide": Line(NOBODY, SIGN, row="sign_off"),
    "hourbridge:sign-off-document": Line(LOOK, NOBODY, row="sign_off"),
    "hourbridge:list-is-right": Line(NOBODY, MAP),
    "quickbooks:callback": Line(CONNECT, NOBODY),
    "quickbooks:connect": Line(NOBODY, CONNECT),
    "quickbooks:disconnect": Line(NOBODY, CONNECT),
    "quickbooks:read-plan": Line(NOBODY, CONNECT),
}
# Values for parameters that name no row.
BATCH = UUID(int=1)
EXAMPLES: dict[str, Any] = {"what": "check", "tab": "people", "rule_id": 1, "batch": BATCH}
START = date(2026, 3, 1)
# The admin's own five pages per model are tested further down.
STANDARD = re.compile(r"admin:\w+_(changelist|add|change|delete|history)")


def our_patterns(resolver: Any = None, namespaces: tuple[str, ...] = ()) -> Iterator[tuple[str, URLPattern]]:
    """Yield every address that one of our own views answers, wherever it is included."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inside = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from our_patterns(pattern, inside)
        elif is_ours(pattern):
            yield ":".join((*namespaces, pattern.name or str(pattern.pattern))), pattern


def is_ours(pattern: URLPattern) -> bool:
    view = getattr(pattern.callback, "view_class", None) or inspect.unwrap(pattern.callback)
    # `coming` is the placeholder of a page that does not exist yet; it shows nothing.
    return view.__module__.split(".")[0] in roles.OUR_APPS and view.__name__ != "coming"


PAGES = {name: pattern for name, pattern in our_patterns() if not STANDARD.fullmatch(name)}
KNOWN = sorted(set(PAGES) & set(TABLE))


@pytest.fixture
def rows() -> dict[str, Any]:
    workspace = Workspace.objects.create(clockify_id="64a687e2", name="Northlight Studio", start_date=START)
    moment = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    entry = TimeEntry.objects.create(
        workspace=workspace,
        clockify_id="64c777dd",
        user_id="64a6",
        user_name="Dana Marsh",
        start_at=moment,
        end_at=moment + timedelta(hours=1),
        txn_date=moment.date(),
        billable=True,
        content_hash="1",
        first_seen_at=moment,
        last_seen_at=moment,
    )
    run = Run.objects.create(kind="sync", workspace=workspace, trigger="button", created_at=moment)
    company = Company.objects.create(realm_id="9130", name="Northlight")
    days = {"from_date": START, "to_date": START}
    compared = Reconciliation.objects.create(
        workspace=workspace, company=company, compared_at=moment, clockify_seconds=0, quickbooks_seconds=0, **days
    )
    document = {"figures": {}, "document": '{"rows":[]}', "sha256": "", "person_name": "Beth", "at": moment}
    sign_off = SignOff.objects.create(workspace=workspace, company=company, reconciliation=compared, **days, **document)
    bundle = SupportBundle.objects.create(workspace=workspace, state="ready", requested_at=moment)
    PartnerWrite.objects.create(
        workspace=workspace,
        company=company,
        side="quickbooks",
        verb="create",
        entity="customer",
        name="Acme",
        asked={"kind": "project"},
        state="done",
        batch=BATCH,
        created_at=moment,
    )
    return {"workspace": workspace, "entry": entry, "run": run, "sign_off": sign_off, "bundle": bundle}


def address(name: str, rows: dict[str, Any]) -> str:
    known = EXAMPLES | {"pk": rows[TABLE[name].row].pk, "workspace_id": rows["workspace"].pk}
    known["bundle_id"] = rows["bundle"].pk
    return reverse(name, kwargs={parameter: known[parameter] for parameter in PAGES[name].pattern.converters})


def test_every_page_of_ours_has_a_line_in_the_table() -> None:
    assert set(PAGES) - set(TABLE) == set()
    assert {"hourbridge:people", "hourbridge:start", "quickbooks:connect"} <= set(PAGES)


@pytest.mark.any_database
@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_not_logged_in_is_sent_to_the_login_page(
    client: Client, rows: dict[str, Any], name: str, method: str
) -> None:
    response = getattr(client, method)(address(name, rows), follow=True)

    if getattr(TABLE[name], method) == NOBODY and response.status_code == 405:
        return
    assert response.request["PATH_INFO"] == "/accounts/login/"


@pytest.mark.sample(100)
@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_table_holds(client: Client, rows: dict[str, Any], name: str, role: str, method: str) -> None:
    client.force_login(person(role=role))

    response = getattr(client, method)(address(name, rows))
    if response.streaming:
        # Read to its end, which closes the file that it may be read from.
        b"".join(response.streaming_content)
    status = response.status_code
    if status == 302 and response["Location"].startswith("/admin/login/"):
        status = client.get(response["Location"]).status_code

    needed = getattr(TABLE[name], method)
    if needed == NOBODY:
        assert status in {403, 405}
    elif role in ALLOWED[needed]:
        assert status in ({200, 302} if method == "get" else {200, 302, 400})
    else:
        assert status == 403


OUR_ADMINS = sorted(
    f"{model._meta.app_label}_{model._meta.model_name}"
    for model in admin.site._registry
    if model._meta.app_label in roles.OUR_APPS
)


@pytest.mark.sample(60)
@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize("model", OUR_ADMINS)
def test_lists_are_open_to_all_groups_and_nothing_is_added_there(client: Client, model: str, role: str) -> None:
    client.force_login(person(role=role))

    listed = client.get(reverse(f"admin:{model}_changelist"), follow=True).status_code
    added = client.get(reverse(f"admin:{model}_add"), follow=True).status_code

    assert listed == (200 if role in MAY_LOOK else 403)
    assert added == 403


@pytest.mark.sample(60)
@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize(
    ("model", "row"), [("integrations_workspace", "workspace"), ("integrations_timeentry", "entry")]
)
def test_a_row_s_page_is_open_to_all_groups(
    client: Client, rows: dict[str, Any], role: str, model: str, row: str
) -> None:
    client.force_login(person(role=role))

    opened = client.get(reverse(f"admin:{model}_change", args=[rows[row].pk]), follow=True)

    assert opened.status_code == (200 if role in MAY_LOOK else 403)


@pytest.mark.parametrize("role", [*roles.GROUP_RIGHTS, *RIGHTS])
@pytest.mark.parametrize("act", ["change", "delete"])
def test_no_group_changes_or_deletes_a_row_in_the_admin(
    client: Client, rows: dict[str, Any], role: str, act: str
) -> None:
    client.force_login(person(role=role))
    page = reverse(f"admin:integrations_workspace_{act}", args=[rows["workspace"].pk])

    response = client.post(page, {"name": "Other", "post": "yes"})

    assert response.status_code == 403
    assert Workspace.objects.get().name == "Northlight Studio"


@pytest.mark.parametrize("role", [*roles.GROUP_RIGHTS, *RIGHTS])
@pytest.mark.parametrize("model", ["auth_user", "auth_group", "mfa_authenticator", "django_q_ormq"])
def test_no_group_sees_accounts_or_the_queue(client: Client, role: str, model: str) -> None:
    client.force_login(person(role=role))

    assert client.get(reverse(f"admin:{model}_changelist")).status_code == 403
