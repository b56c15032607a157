"""*Open in Clockify* and *Open in QuickBooks* beside the ids of lists and of records' own pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.apps import apps
from django.test import Client
from django.utils.html import escape

from integrations.models import Workspace
from syncjobs.models import Receipt
from tests.support.factories import (
    NOW,
    ActionFactory,
    ClientFactory,
    ClockifyUserFactory,
    CompanyFactory,
    CustomerFactory,
    EmployeeFactory,
    EntryStatusFactory,
    LinkFactory,
    ProjectFactory,
    ReceiptFactory,
    TimeEntryFactory,
    VendorFactory,
)

BILLED = {"code": "BILLED_IN_QUICKBOOKS", "transaction": "Invoice", "transaction_id": "88"}


@pytest.fixture
def real_products(settings: Any) -> None:
    settings.CLOCKIFY_API_URL = "https://api.clockify.me/api/v1"
    settings.QUICKBOOKS_API_URL = "https://quickbooks.api.intuit.com"


def in_quickbooks(path: str, workspace: Workspace) -> str:
    """Return the login page's URL that opens a page in the workspace's company."""
    assert workspace.company is not None
    query = urlencode({"deeplinkcompanyid": workspace.company.realm_id, "pagereq": path})
    return f"https://qbo.intuit.com/login?{query}"


def opens(page: Any, url: str, product: str) -> bool:
    link = f'<a class="hb-open-in" href="{escape(url)}" rel="noreferrer" title="Open in {product}">'
    return f'{link}<span class="hb-hidden">Open in {product}</span>' in page.content.decode()


@pytest.mark.parametrize(
    ("factory", "product", "path"),
    [
        (ClockifyUserFactory, "Clockify", "/teams/members"),
        (ClientFactory, "Clockify", "/clients"),
        (ProjectFactory, "Clockify", "/projects/{id}/edit"),
        (EmployeeFactory, "QuickBooks", "employees"),
        (VendorFactory, "QuickBooks", "vendordetail?nameId={id}"),
        (CustomerFactory, "QuickBooks", "customerdetail?nameId={id}"),
        (ReceiptFactory, "QuickBooks", "timeactivity?txnId={id}"),
    ],
)
def test_lists_and_pages_of_records_open_them(
    admin_client: Client, workspace: Workspace, real_products: None, factory: Any, product: str, path: str
) -> None:
    in_clockify = product == "Clockify"
    is_workspaces = in_clockify or factory is ReceiptFactory
    row = factory(**({"workspace": workspace} if is_workspaces else {"company": workspace.company}))
    path = path.format(id=row.clockify_id if in_clockify else row.quickbooks_id)
    url = f"https://app.clockify.me{path}" if in_clockify else in_quickbooks(path, workspace)
    address = f"/admin/{row._meta.app_label}/{row._meta.model_name}/"

    for page in admin_client.get(address), admin_client.get(f"{address}{row.pk}/change/"):
        assert opens(page, url, product)


def test_what_is_gone_or_deleted_has_no_page(admin_client: Client, workspace: Workspace, real_products: None) -> None:
    CustomerFactory(company=workspace.company, gone_at=NOW)
    ReceiptFactory(workspace=workspace, state=Receipt.State.DELETED)

    for address in "/admin/integrations/customer/", "/admin/syncjobs/receipt/":
        assert "hb-open-in" not in admin_client.get(address).content.decode()


def test_a_link_opens_on_both_sides(admin_client: Client, workspace: Workspace, real_products: None) -> None:
    link = LinkFactory(workspace=workspace, kind="project", quickbooks_kind="customer")

    page = admin_client.get(f"/admin/mapping/link/{link.pk}/change/")

    assert opens(page, f"https://app.clockify.me/projects/{link.clockify_id}/edit", "Clockify")
    assert opens(page, in_quickbooks(f"customerdetail?nameId={link.quickbooks_id}", workspace), "QuickBooks")


def test_entries_open_in_both_and_at_the_invoice(
    admin_client: Client, workspace: Workspace, real_products: None
) -> None:
    sent, billed = TimeEntryFactory(workspace=workspace), TimeEntryFactory(workspace=workspace)
    receipt = ReceiptFactory(workspace=workspace, entry_id=sent.clockify_id)
    EntryStatusFactory(entry=sent, state="sent")
    EntryStatusFactory(entry=billed, state="changed", reasons=[BILLED])

    page = admin_client.get("/admin/integrations/timeentry/")

    assert opens(page, in_quickbooks(f"timeactivity?txnId={receipt.quickbooks_id}", workspace), "QuickBooks")
    assert opens(page, in_quickbooks("invoice?txnId=88", workspace), "QuickBooks")
    own = admin_client.get(f"/admin/integrations/timeentry/{sent.pk}/change/")
    url = urlsplit(own.context["clockify_url"])
    assert opens(page, url.geturl(), "Clockify")
    assert (url.netloc, url.path) == ("app.clockify.me", "/reports/detailed")
    assert parse_qs(url.query)["start"] == [f"{sent.txn_date}T00:00:00.000Z"]
    assert parse_qs(url.query)["filterValuesData"] == [f'{{"users":["{sent.user_id}"]}}']
    assert "Open in QuickBooks" in own.content.decode()


def test_a_sandbox_is_not_opened(admin_client: Client, workspace: Workspace, settings: Any) -> None:
    settings.QUICKBOOKS_API_URL = workspace.api_url = "http://127.0.0.1:8900"
    workspace.save()
    entry = TimeEntryFactory(workspace=workspace)
    EntryStatusFactory(entry=entry, state="changed", reasons=[BILLED])

    assert "hb-open-in" not in admin_client.get("/admin/integrations/timeentry/").content.decode()


def test_time_of_an_archived_connection_opens_in_its_own_company(
    admin_client: Client, workspace: Workspace, real_products: None
) -> None:
    former = CompanyFactory()
    receipt = ReceiptFactory(workspace=workspace, company=former)

    page = admin_client.get(f"/admin/syncjobs/receipt/{receipt.pk}/change/")

    query = urlencode({"deeplinkcompanyid": former.realm_id, "pagereq": f"timeactivity?txnId={receipt.quickbooks_id}"})
    assert opens(page, f"https://qbo.intuit.com/login?{query}", "QuickBooks")


def test_links_of_a_list_take_no_query_for_each_entry(
    admin_client: Client, workspace: Workspace, real_products: None, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        entry = TimeEntryFactory(workspace=workspace)
        EntryStatusFactory(entry=entry, state="changed", reasons=[BILLED])
        ReceiptFactory(workspace=workspace, entry_id=entry.clockify_id)

    with django_assert_max_num_queries(20):
        page = admin_client.get("/admin/integrations/timeentry/")

    assert page.content.decode().count("hb-open-in") == 24


def test_other_ids_of_sent_time_lead_nowhere(admin_client: Client, workspace: Workspace, real_products: None) -> None:
    ReceiptFactory(workspace=workspace, sync_token="3")
    ActionFactory(workspace=workspace, quickbooks_id="271", intuit_tid="1-5ab")

    for model in "receipt", "action":
        row = apps.get_model("syncjobs", model)._default_manager.get()
        for address in f"/admin/syncjobs/{model}/", f"/admin/syncjobs/{model}/{row.pk}/change/":
            page = admin_client.get(address).content.decode()
            assert page.count('class="hb-open-in"') == 1
            assert f"pagereq=timeactivity%3FtxnId%3D{row.quickbooks_id}" in page
