"""Everything recorded or mirrored: to look at and to search, never to edit, and no secret ever."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.text import capfirst

from integrations.admin_lists.readonly_admin import ReadOnlyAdmin
from integrations.fields import EncryptedTextField
from integrations.models import ApiCall, ArchivedConnection, Company, ConnectionEvent, TimeEntry, Workspace
from mapping.models import PartnerWrite
from tests.support.factories import (
    NOW,
    ActionFactory,
    ClientFactory,
    ClockifyUserFactory,
    CustomerFactory,
    EmployeeFactory,
    EntryStatusFactory,
    LinkFactory,
    MappingOverrideFactory,
    MismatchFactory,
    ProjectFactory,
    ReceiptFactory,
    RunFactory,
    TimeEntryFactory,
    UserFactory,
    VendorFactory,
)
from tests.support.page_text import main_text

OURS = ("integrations", "mapping", "syncjobs")
REGISTERED = [model for model in admin.site._registry if model._meta.app_label in OURS]
# Rows that only the program itself reads, or that pages of their own show.
DECISIONS = {"sync_selected", "ignore_selected", "send_anyway_selected"}
NOT_SHOWN = {
    "ActivityNote",
    "EntryMove",
    "Reconciliation",
    "ReconciliationRow",
    "SignOff",
    "RateBucket",
    "RecordChange",
    "WriterLease",
    "EntryStatus",
    "RunItem",
    "Schedule",
    "SupportBundle",
    "SupportBundlePart",
    "LineRule",
    "ListVersion",
    "IndexTerm",
    "LikelyFound",
    "NameIndex",
}


def list_of(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.fixture
def everything(workspace: Workspace) -> Workspace:
    """Create a row of each kind."""
    company = workspace.company
    for factory in (ClockifyUserFactory, ClientFactory, ProjectFactory):
        factory(workspace=workspace)
    for factory in (EmployeeFactory, VendorFactory, CustomerFactory):
        factory(company=company)
    person = UserFactory()
    for factory in (LinkFactory, MappingOverrideFactory):
        factory(workspace=workspace, person=person)
    MismatchFactory(workspace=workspace)
    EntryStatusFactory(entry=TimeEntryFactory(workspace=workspace))
    run = RunFactory(workspace=workspace, person=person)
    ReceiptFactory(workspace=workspace, run=run)
    ActionFactory(workspace=workspace, run=run)
    PartnerWrite.objects.create(
        workspace=workspace,
        company=company,
        side="quickbooks",
        verb="create",
        entity="customer",
        target="project:p1",
        name="Loyalty app",
        body="{}",
        created_at=NOW,
        person=person,
        state="done",
    )
    sent = {"sent_entries": 3, "sent_minutes": 90, "in_doubt": 0}
    ArchivedConnection.objects.create(workspace=workspace, company=company, at=NOW, by=person, **sent)
    ConnectionEvent.objects.create(workspace=workspace, company=company, at=NOW, kind="test", message="A word.")
    ApiCall.objects.create(vendor="clockify", at=NOW, method="GET", path="/v1/user", milliseconds=20)
    return workspace


def test_every_table_of_ours_has_its_list() -> None:
    models = {model.__name__ for label in OURS for model in apps.get_app_config(label).get_models()}

    assert models - {model.__name__ for model in REGISTERED} == NOT_SHOWN


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_nothing_can_be_added_changed_or_deleted(model: Any, admin_user: User) -> None:
    request = RequestFactory().get("/")
    request.user = admin_user
    its_admin = admin.site._registry[model]

    assert isinstance(its_admin, ReadOnlyAdmin)
    assert not its_admin.has_add_permission(request)
    assert not its_admin.has_change_permission(request)
    assert not its_admin.has_delete_permission(request)
    # Those of time entries are decisions of ours, never Django's own deletion.
    assert set(its_admin.get_actions(request)) == (DECISIONS if model is TimeEntry else set())


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_lists_and_records_open_search_and_keep_secrets(
    admin_client: Client, everything: Workspace, model: Any
) -> None:
    addresses = [list_of(model), f"{list_of(model)}?q=x1%20y"]
    addresses += [f"{list_of(model)}{pk}/change/" for pk in model.objects.values_list("pk", flat=True)[:1]]

    for address in addresses:
        page = admin_client.get(address)
        assert page.status_code == 200
        assert "top-secret" not in page.content.decode()


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model.__name__)
def test_each_list_is_called_as_in_the_menu(admin_client: Client, workspace: Workspace, model: Any) -> None:
    page = admin_client.get(list_of(model))
    lines = [line for group in page.context["sidebar_navigation"] for line in group["items"]]
    in_menu = next((line["title"] for line in lines if line["link"] == list_of(model)), "")
    # Connections are of either side, and checks are listed with the syncs.
    title = {"Connections": "Workspaces", "Syncs": "Syncs and checks"}.get(in_menu, in_menu)

    html = page.content.decode()

    title = title or capfirst(model._meta.verbose_name_plural)
    assert re.search(rf"<title>\s*{title} \| Hourbridge\s*</title>", html)
    assert f"<h1>{title}</h1>" in html


def test_a_call_is_to_a_system_since_a_vendor_is_a_contractor(admin_client: Client, everything: Workspace) -> None:
    call = ApiCall.objects.get()

    pages = [admin_client.get(address) for address in (list_of(ApiCall), f"{list_of(ApiCall)}{call.pk}/change/")]

    for page in pages:
        assert "System" in main_text(page) and "Vendor" not in main_text(page)


def test_pages_do_not_even_read_secrets(
    admin_client: Client, everything: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> str:
        raise AssertionError("a secret was read")

    monkeypatch.setattr(EncryptedTextField, "from_db_value", refuse)
    pages = ["/admin/", f"/admin/workspaces/{everything.pk}/people/", f"/admin/workspaces/{everything.pk}/rules/"]
    pages += [list_of(model) for model in REGISTERED]
    for model in (Workspace, Company, ConnectionEvent):
        pages.append(f"{list_of(model)}{model.objects.values_list('pk', flat=True)[0]}/change/")

    for address in pages:
        assert admin_client.get(address).status_code == 200, address


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_a_list_asks_a_fixed_number_of_queries(
    admin_client: Client, everything: Workspace, model: Any, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(14):
        admin_client.get(list_of(model))


def test_the_head_of_a_column_carries_its_name(admin_client: Client, everything: Workspace) -> None:
    """Hours and money are aligned by it."""
    head = admin_client.get(list_of(TimeEntry)).content.decode().partition("<thead>")[2].partition("</thead>")[0]

    assert re.findall(r'<span class="(?:sortable )?column-(length|amount)">', head) == ["length", "amount"]


@pytest.mark.parametrize(
    "address",
    ["/admin/auth/user/add/", "/admin/auth/group/add/", "/admin/django_q/schedule/", "/admin/django_q/failure/"],
)
def test_accounts_and_the_queue_wear_the_theme(admin_client: Client, address: str) -> None:
    page = admin_client.get(address).content.decode()

    assert admin_client.get(address).status_code == 200
    # The theme's inputs have borders of their own; Django's come without.
    assert "vTextField" not in page or "border-base-200" in page


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_labels_spell_brands_as_their_owners_do(model: Any, admin_user: User) -> None:
    request = RequestFactory().get("/")
    request.user = admin_user
    names = admin.site._registry[model].get_fields(request)
    labels = [capfirst(str(model._meta.get_field(name).verbose_name)) for name in names]

    assert [label for label in labels if re.search("[Qq]uickbooks|.clockify|Api |Sku|tid$", label)] == []


def test_lists_and_records_show_the_workspaces_clock_and_name_it(admin_client: Client, everything: Workspace) -> None:
    """14:40 in universal time is 10:40 in New York."""
    for model in (Workspace, Company, ConnectionEvent, ApiCall):
        listed = main_text(admin_client.get(list_of(model)))
        assert "Times in America/New_York" in listed and "14:40" not in listed, model
    event = ConnectionEvent.objects.get()

    page = main_text(admin_client.get(f"{list_of(ConnectionEvent)}{event.pk}/change/"))

    assert "Fri Mar 27, 10:40:00" in page and "Times in America/New_York" in page
    assert "10:40" in main_text(admin_client.get(list_of(ConnectionEvent)))


def test_records_name_people_and_projects_and_lead_to_what_belongs_to_them(
    admin_client: Client, everything: Workspace
) -> None:
    entry = TimeEntryFactory(workspace=everything, clockify_id="e1")
    receipt = ReceiptFactory(workspace=everything, entry_id="e1", draft={"minutes": 90})

    assert "Ada Lindqvist" in main_text(admin_client.get(f"{list_of(type(receipt))}?q=e1"))
    page = admin_client.get(f"{list_of(type(receipt))}{receipt.pk}/change/").content.decode()

    assert f"/admin/integrations/timeentry/{entry.pk}/change/" in page
    # The request is there to the letter, collapsed.
    assert "<summary>What was last sent</summary>" in page


@pytest.mark.parametrize(("browser", "rows"), [("Mozilla/5.0 (Android 15; Mobile)", 20), ("Mozilla/5.0 (X11)", 23)])
def test_phone_gets_shorter_lists(admin_client: Client, workspace: Workspace, browser: str, rows: int) -> None:
    TimeEntryFactory.create_batch(23, workspace=workspace)
    page = admin_client.get(list_of(TimeEntry), headers={"User-Agent": browser})
    assert len(page.context["cl"].result_list) == rows
