"""Who will be billed stands in the what-if and at the button, wherever a decision may send time to another client."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from mapping.models import Link
from sandbox.server import Running
from tests.support.desk_forms import shown_now
from tests.support.page_text import main_text, text
from tests.support.scene import FIRST, Scene, run_command

TIDEWATER, ACME = "Tidewater Credit Union", "Acme & Sons"
NOT_ACME = f"This time will be billed to {TIDEWATER}, not {ACME}."


@pytest.fixture
def scene(sandbox: Running, transactional_db: None) -> Scene:
    """Create the project Website, linked under Tidewater with time sent, then moved to the client Acme & Sons."""
    scene = Scene(sandbox).connect()
    scene.policy(start_date=FIRST)
    scene.tidewater, scene.acme = scene.client(TIDEWATER), scene.client(ACME)
    scene.site = scene.project("Website", client=scene.tidewater)
    scene.ada = scene.user("Ada")
    scene.entry(scene.ada, scene.site)
    assert scene.sync().counts == {"sent": 1}
    scene.edit_project(scene.site, clientId=scene.acme)
    scene.entry(scene.ada, scene.site, "2026-03-05 09:00")
    scene.check()
    return scene


def desk(scene: Scene, query: str = "") -> str:
    return f"/admin/workspaces/{scene.workspace.pk}/projects/{query}"


def row_of(page: Any, key: str) -> str:
    match = re.search(rf'<tr id="{key}".*?</tr>', page.content.decode(), re.DOTALL)
    assert match is not None
    return unescape(match[0])


def what_if(client: Client, scene: Scene, record: str, partner: str, kind: str = "project") -> str:
    address = f"/admin/workspaces/{scene.workspace.pk}/desk/what-if/"
    return text(client.get(address, {"kind": kind, "id": record, "partner": partner}))


def test_a_project_that_moved_says_at_its_button_who_would_pay(dana: Client, scene: Scene) -> None:
    row = row_of(dana.get(desk(scene)), f"project-{scene.site}")

    assert NOT_ACME in row and f"Create under {ACME}…" in row
    confirm = re.search(r"<button[^>]*>Confirm", row)
    assert confirm is not None and "hb-tinted" not in confirm[0] and "data-do" not in confirm[0]
    opened = main_text(dana.get(desk(scene, f"?open=project-{scene.site}")))
    assert opened.count(NOT_ACME) >= 1 and f"Create under {ACME}…" in opened
    address = f"/admin/workspaces/{scene.workspace.pk}/desk/what-if/"
    assert NOT_ACME in text(dana.get(address, {"kind": "project", "id": scene.site, "verb": "confirm"}))

    # It is a person's word, and said once more.
    form = shown_now(scene.workspace, {"verb": "confirm", "kind": "project", "id": scene.site})
    assert NOT_ACME in text(dana.post(desk(scene), form, follow=True))
    assert Link.objects.get(kind="project").suspended == ""


def test_the_sub_customer_is_created_under_the_client_it_moved_to(dana: Client, scene: Scene) -> None:
    link = re.search(
        r'<a class="hb-button[^"]*" href="([^"]+)" data-do="write">',
        row_of(dana.get(desk(scene)), f"project-{scene.site}"),
    )
    assert link is not None
    page = dana.get(unescape(link[1]))
    assert f"{ACME}:Website" in main_text(page) and f"This time will be billed to {ACME}." in main_text(page)
    fields = dict(re.findall(r'<input type="(?:hidden|text)"[^>]*name="(\w+)" value="([^"]*)"', page.content.decode()))

    answer = dana.post(page.wsgi_request.path, {name: unescape(value) for name, value in fields.items()}, follow=True)

    assert "Created in QuickBooks. Linked." in text(answer)
    created = scene.books.records["Customer"][Link.objects.get(kind="project").quickbooks_id]
    assert created["ParentRef"]["value"] == scene.customers[scene.acme]
    assert scene.sync().counts == {"sent": 1, "unchanged": 1}


def test_choosing_another_clients_customer_is_said_before_it_is_done(dana: Client, scene: Scene) -> None:
    shop = scene.project("Shop", client=scene.acme, customer=False)
    general = scene.project("General", customer=False)
    scene.check()
    website = f"customer:{scene.customers[scene.site]}"

    assert NOT_ACME in what_if(dana, scene, shop, website)
    assert f"This time will be billed to {ACME}." in what_if(
        dana, scene, shop, f"customer:{scene.customers[scene.acme]}"
    )
    assert f"billed to {TIDEWATER}; the project has no client" in what_if(dana, scene, general, website)
    client_form = (scene.acme, f"customer:{scene.customers[scene.tidewater]}", "client")
    assert f"billed to {TIDEWATER}, the customer of the client {TIDEWATER}." in what_if(dana, scene, *client_form)
    opened = desk(scene, f"?open=project-{shop}")
    form = {"verb": "link", "kind": "project", "id": shop, "partner": website, "preview": "1"}
    page = dana.post(opened, shown_now(scene.workspace, form))
    link = re.search(r"<button[^>]*data-do=\"link\"", page.content.decode())
    assert NOT_ACME in main_text(page) and link is not None and "hb-filled" not in link[0]


def test_lists_and_commands_say_it_too(dana: Client, scene: Scene) -> None:
    shop = scene.project("Shop", client=scene.acme, customer=False)
    scene.check()
    website = scene.customers[scene.site]
    lines = f"kind,clockify_id,quickbooks_id\nproject,{shop},{website}"
    preview = dana.post(f"/admin/workspaces/{scene.workspace.pk}/desk/upload/", {"text": lines})
    assert NOT_ACME in main_text(preview)
    taken = {"text": lines, "confirmed": preview.context["confirmed"]}
    answer = dana.post(f"/admin/workspaces/{scene.workspace.pk}/desk/upload/", taken, follow=True)
    assert NOT_ACME in text(answer) and Link.objects.filter(clockify_id=shop, quickbooks_id=website).exists()

    result = run_command("link", "project", shop, website)
    assert result.code == 0 and f"Warning: {NOT_ACME}" in result.stderr
    assert NOT_ACME in result["warnings"] and result["quickbooks_id"] == website
    right = run_command("link", "project", shop, scene.customers[scene.acme])
    assert right["warnings"] == [] and "Warning" not in right.stderr


def test_an_unmoved_link_keeps_its_highlighted_button(dana: Client, scene: Scene) -> None:
    scene.deactivate("Customer", scene.customers[scene.site])
    scene.edit_project(scene.site, clientId=scene.tidewater)
    scene.decide("link", "project", scene.site, scene.customers[scene.tidewater])
    scene.put("Customer", {"Id": scene.customers[scene.tidewater], "Active": False})
    scene.check()
    row = row_of(dana.get(desk(scene)), f"project-{scene.site}")

    assert "will be billed" not in row and re.search(r"<button[^>]*hb-tinted[^>]*>Confirm", row)
