"""The sheet that creates many records in QuickBooks, and the page that says what became of each."""

from __future__ import annotations

import pytest
from django.test import Client

from mapping.models import PartnerWrite
from syncjobs import tasks
from tests.support.page_text import main_text
from tests.support.scene import FIRST, Scene


@pytest.fixture
def projects(scene: Scene) -> list[str]:
    """Create three projects of a linked client that QuickBooks does not have."""
    scene.policy(start_date=FIRST)
    acme = scene.client("Acme")
    return [scene.project(name, client=acme, customer=False) for name in ("Alpha", "Bravo", "Charlie")]


def test_the_sheet_shows_each_with_its_checks_and_its_page_says_what_became_of_it(
    scene: Scene, projects: list[str], dana: Client
) -> None:
    orphan = scene.project("Orphan", client=scene.client("Newco", customer=False), customer=False)
    scene.check()
    pk, rows = scene.workspace.pk, [f"project-{one}" for one in [*projects, orphan]]
    address = f"/admin/workspaces/{pk}/desk/create/"
    sheet = dana.get(address, {"tab": "projects", "row": rows})
    page_text = main_text(sheet)
    assert "Acme:Alpha customer" in page_text and "1 selected row stays as it is" in page_text
    assert "Create 3 records in QuickBooks and link" in page_text
    shown = [line.shown_as for line in sheet.context["listed"]]
    form = {"asked": "1", "tab": "projects", "row": rows, "shown": shown, "key": rows[:2], "note": "new year"}
    assert "Create 2 records" in main_text(dana.post(address, form | {"recheck": "1"}))
    assert not PartnerWrite.objects.exists()

    answer = dana.post(address, form)

    assert "0 of 2 created, 2 to go" in main_text(dana.get(answer["Location"]))
    batch = PartnerWrite.objects.latest("pk").batch
    tasks.create_partners(str(batch))
    page_text = main_text(dana.get(answer["Location"]))
    assert "2 of 2 created." in page_text and "Created in QuickBooks. Linked." in page_text
    assert "Undo these 2" in main_text(dana.get(f"/admin/workspaces/{pk}/projects/"))
    # The same form once more: those rows are decided, so nothing is created again.
    again = dana.post(address, form, follow=True)
    assert "Nothing is selected that can be created." in again.content.decode()
    with scene.world.lock:
        names = [record["DisplayName"] for record in scene.books.records["Customer"].values()]
    assert sorted(names) == ["Acme", "Alpha", "Bravo"]


def test_what_was_not_created_is_tried_again_from_its_page(scene: Scene, projects: list[str], dana: Client) -> None:
    scene.check()
    address = f"/admin/workspaces/{scene.workspace.pk}/desk/create/"
    rows = [f"project-{one}" for one in projects]
    sheet = dana.get(address, {"tab": "projects", "row": rows})
    shown = [line.shown_as for line in sheet.context["listed"]]
    answer = dana.post(address, {"asked": "1", "tab": "projects", "row": rows, "shown": shown, "key": rows})
    assert "Try the rest again" not in main_text(dana.get(answer["Location"]))
    scene.fault("status_before", "query", method="", status=400, times=1)

    tasks.create_partners(str(PartnerWrite.objects.latest("pk").batch))

    page = dana.get(answer["Location"])
    assert "2 of 3 created." in main_text(page) and "Try the rest again…" in main_text(page)
    again = dana.get(page.context["again"])
    assert [line.key for line in again.context["listed"]] == rows[:1]
    assert "Create 1 record in QuickBooks and link" in main_text(again)


def test_who_may_only_look_creates_nothing(scene: Scene, projects: list[str], visitor: Client) -> None:
    scene.check()
    form = {"asked": "1", "tab": "projects", "row": f"project-{projects[0]}", "key": f"project-{projects[0]}"}

    assert visitor.post(f"/admin/workspaces/{scene.workspace.pk}/desk/create/", form).status_code == 403
    assert not PartnerWrite.objects.exists()
