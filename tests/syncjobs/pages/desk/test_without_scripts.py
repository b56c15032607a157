"""The desk's sheets in a browser without scripts: select rows, count again, and press."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations.models import Workspace
from mapping.models import Link, MappingOverride, PartnerWrite
from syncjobs.planning import evaluate
from tests.support.factories import NOW, ClientFactory, CustomerFactory, LinkFactory, ProjectFactory
from tests.support.forms import press
from tests.support.page_text import main_text

ALPHA, BRAVO, SHOP = "project-p0", "project-p1", "project-p2"


@pytest.fixture
def desk(workspace: Workspace) -> str:
    """Return the address of a desk with two projects that QuickBooks lacks, and one that is spelled otherwise."""
    ClientFactory(workspace=workspace, clockify_id="acme", name="Acme")
    acme = CustomerFactory(company=workspace.company, quickbooks_id="84", name="Acme", full_name="Acme")
    LinkFactory(workspace=workspace, kind="client", clockify_id="acme", quickbooks_id=acme.quickbooks_id)
    CustomerFactory(
        company=workspace.company, quickbooks_id="85", name="Web shop", full_name="Acme:Web shop", parent_id="84"
    )
    for number, name in enumerate(("Alpha", "Bravo", "web  shop")):
        ProjectFactory(workspace=workspace, clockify_id=f"p{number}", name=name, client_id="acme", client_name="Acme")
    evaluate.refresh(workspace, now=NOW)
    return f"/admin/workspaces/{workspace.pk}/projects/"


def test_selected_rows_are_ignored(dana: Client, desk: str) -> None:
    sheet = press(dana, dana.get(desk), "Ignore selected…", ticks={ALPHA, BRAVO})
    assert "Ignore 2 records" in main_text(sheet)
    sheet = press(dana, sheet, "Check again", ticks={BRAVO}, note="internal")
    assert "Ignore 1 record" in main_text(sheet) and not MappingOverride.objects.exists()

    page = press(dana, sheet, "Ignore 1 record")

    assert "Ignored 1 record; their time is left out." in page.content.decode()
    assert MappingOverride.objects.values_list("clockify_id", "note").get() == ("p1", "internal")


def test_selected_rows_are_accepted(dana: Client, desk: str) -> None:
    sheet = press(dana, dana.get(desk), "Accept selected…", ticks={ALPHA, SHOP})
    assert "Accept 1 pair" in main_text(sheet) and "Alpha" in main_text(sheet)
    sheet = press(dana, sheet, "Check again", ticks=set())
    assert "Accept 0 pairs" in main_text(sheet)
    sheet = press(dana, sheet, "Check again", ticks={SHOP})

    press(dana, sheet, "Accept 1 pair")

    assert Link.objects.filter(clockify_id="p2", quickbooks_id="85").exists()


def test_selected_rows_are_created(dana: Client, desk: str) -> None:
    sheet = press(dana, dana.get(desk), "Create selected in QuickBooks…", ticks={ALPHA, BRAVO, SHOP})
    assert "Create 2 records in QuickBooks" in main_text(sheet)
    sheet = press(dana, sheet, "Check again", ticks={ALPHA}, note="new year")
    assert 'value="new year"' in sheet.content.decode()

    page = press(dana, sheet, "Create 1 record in QuickBooks and link")

    assert "0 of 1 created, 1 to go" in main_text(page)
    assert PartnerWrite.objects.values_list("name", "target").get() == ("Alpha", "project:p0")
