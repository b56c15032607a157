"""Many rows left out at once, with one note and one undo."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from integrations.models import Workspace
from mapping.decisions.versions import versions_of
from mapping.models import Decision, MappingOverride
from syncjobs.planning import evaluate
from tests.support.desk_forms import shown_now
from tests.support.factories import NOW, ClientFactory, CustomerFactory, LinkFactory, ProjectFactory
from tests.support.page_text import main_text


@pytest.fixture
def projects(workspace: Workspace) -> Workspace:
    """Create a linked client with three projects that QuickBooks does not have, and one that is spelled otherwise."""
    ClientFactory(workspace=workspace, clockify_id="acme", name="Acme")
    acme = CustomerFactory(company=workspace.company, quickbooks_id="84", name="Acme", full_name="Acme")
    LinkFactory(workspace=workspace, kind="client", clockify_id="acme", quickbooks_id=acme.quickbooks_id)
    CustomerFactory(
        company=workspace.company, quickbooks_id="85", name="Web shop", full_name="Acme:Web shop", parent_id="84"
    )
    for number, name in enumerate(("Alpha", "Bravo", "Charlie", "web  shop")):
        ProjectFactory(workspace=workspace, clockify_id=f"p{number}", name=name, client_id="acme", client_name="Acme")
    evaluate.refresh(workspace, now=NOW)
    return workspace


def at(workspace: Workspace, page: str) -> str:
    return f"/admin/workspaces/{workspace.pk}/{page}/"


def press(client: Client, workspace: Workspace, ids: list[str], **values: Any) -> Any:
    versions = versions_of(workspace, [("project", one) for one in ids])
    shown = [f"project-{one}={versions['project', one]}" for one in ids]
    keys = [f"project-{one}" for one in ids]
    form = {"asked": "1", "tab": "projects", "row": keys, "key": keys, "shown": shown, **values}
    return client.post(at(workspace, "desk/ignore"), form, follow=True)


def test_any_open_row_can_be_ticked(dana: Client, projects: Workspace) -> None:
    content = dana.get(at(projects, "projects")).content.decode()

    assert content.count('data-do="tick"') == 4
    assert content.count('data-do="tick" data-clear') == 1


def test_ticked_rows_are_ignored_with_one_note_and_taken_back_together(dana: Client, projects: Workspace) -> None:
    sheet = main_text(dana.get(at(projects, "desk/ignore"), {"tab": "projects", "row": ["project-p0", "project-p1"]}))
    assert "Alpha project under Acme No customer of this name none under Acme" in sheet
    assert "Ignore 2 records" in sheet and "Charlie" not in sheet

    page = press(dana, projects, ["p0", "p1"], note="internal", reason="NO_CUSTOMER")

    assert page.redirect_chain[-1][0] == f"{at(projects, 'projects')}?reason=NO_CUSTOMER"
    assert "Ignored 2 records; their time is left out." in page.content.decode()
    assert "Undo these 2" in main_text(page)
    overrides = set(MappingOverride.objects.values_list("clockify_id", "choice", "note"))
    assert overrides == {("p0", "ignored", "internal"), ("p1", "ignored", "internal")}
    dana.post(at(projects, "projects"), {"verb": "undo", "batch": str(Decision.objects.latest("pk").batch)})
    assert not MappingOverride.objects.exists()


def test_unticked_rows_stay_and_the_sheet_counts_again(dana: Client, projects: Workspace) -> None:
    form = {"asked": "1", "tab": "projects", "row": ["project-p0", "project-p1"], "key": "project-p1", "recheck": "1"}

    sheet = dana.post(at(projects, "desk/ignore"), form | {"note": "internal"})

    assert "Ignore 1 record" in main_text(sheet) and 'value="internal"' in sheet.content.decode()
    assert not MappingOverride.objects.exists()


def test_all_of_a_narrowed_list_can_be_meant(dana: Client, projects: Workspace) -> None:
    sheet = dana.get(at(projects, "desk/ignore"), {"tab": "projects", "all": "1", "reason": "NO_CUSTOMER"})

    assert [row.name for row in sheet.context["listed"]] == ["Alpha", "Bravo", "Charlie"]
    assert sheet.context["more"] == 0


def test_what_moved_since_is_named_and_stays(dana: Client, projects: Workspace) -> None:
    versions = versions_of(projects, [("project", "p0"), ("project", "p1")])
    shown = [f"project-{one}={versions['project', one]}" for one in ("p0", "p1")]
    form = shown_now(projects, {"verb": "link", "kind": "project", "id": "p0", "partner": "customer:84"})
    dana.post(at(projects, "projects"), form)
    dana.post(at(projects, "projects"), shown_now(projects, {"verb": "unlink", "kind": "project", "id": "p0"}))

    page = press(dana, projects, ["p0", "p1"], shown=shown)

    assert "Alpha: You unlinked this project at" in page.content.decode()
    assert MappingOverride.objects.get(choice="ignored").clockify_id == "p1"


def test_accepting_ticked_rows_takes_the_clear_ones_and_names_the_others(dana: Client, projects: Workspace) -> None:
    rows = [f"project-p{number}" for number in range(4)]

    sheet = dana.get(at(projects, "desk/safe"), {"tab": "projects", "row": rows})

    page_text = main_text(sheet)
    assert "Accept 1 pair" in page_text and "Alpha has no clear suggestion." in page_text
    shown = sheet.context["listed"][0].shown_as
    form = {"asked": "1", "tab": "projects", "row": rows, "key": "project-p3", "shown": shown}
    page = dana.post(at(projects, "desk/safe"), form, follow=True)
    assert "Linked 1 pair." in page.content.decode()


def test_who_may_only_look_ignores_nothing(visitor: Client, projects: Workspace) -> None:
    assert 'data-do="tick"' not in visitor.get(at(projects, "projects")).content.decode()

    assert press(visitor, projects, ["p0"]).status_code == 403
    assert not MappingOverride.objects.exists()
