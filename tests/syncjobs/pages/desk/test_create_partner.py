"""The form that creates a partner: it shows every check first, and its button writes exactly that, once."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from integrations.database import database_now
from integrations.models import Workspace
from mapping.models import Link, PartnerWrite
from sandbox.server import Running
from syncjobs.models import EntryStatus
from syncjobs.pages.desk import create_partner
from syncjobs.partner_writes import journal
from syncjobs.partner_writes import submit as partner_writes
from syncjobs.partner_writes.drafts import CLOCKIFY, CREATE, WriteRequest
from syncjobs.support.checklist import check_entries
from tests.support.factories import ClockifyUserFactory, EmployeeFactory, MismatchFactory
from tests.support.page_text import main_text
from tests.support.scene import FIRST, Scene


@pytest.fixture
def scene(sandbox: Running, transactional_db: None) -> Scene:
    scene = Scene(sandbox).connect()
    scene.policy(start_date=FIRST)
    return scene


def offered(page: Any, label: str, of: str = "") -> str:
    """Return the address of the button with this label, about the record of that id."""
    link = re.search(rf'href="([^"]*{of}[^"]*)"[^>]*>\s*{re.escape(label)}', page.content.decode())
    assert link, main_text(page)
    return unescape(link[1])


def submit(client: Client, page: Any, **typed: str) -> Any:
    """Post the confirmation as it is shown."""
    form = {name: unescape(value) for name, value in fields(page)}
    return client.post(page.wsgi_request.path, form | typed)


def fields(page: Any) -> list[tuple[str, str]]:
    html = page.content.decode()
    sheet = html[html.index('id="desk-write"') :]
    return re.findall(r'<input type="(?:hidden|text)"[^>]*name="(?!csrf)([^"]+)"[^>]*value="([^"]*)"', sheet)


def test_a_missing_sub_customer_is_created_as_shown_and_linked(dana: Client, scene: Scene) -> None:
    site = scene.project("Loyalty: app", client=scene.client("Bluebird"), customer=False)
    scene.entry(scene.user("Ada"), site)
    scene.check()
    desk = f"/admin/workspaces/{scene.workspace.pk}/projects/"

    page = dana.get(offered(dana.get(desk), "Create in QuickBooks…"))
    assert "There is a colon after “Loyalty”." in main_text(page)
    assert "Fix what failed to go on." in main_text(page)
    page = dana.get(offered(page, "Use a hyphen instead"))
    page_text = main_text(page)
    assert "7 of 7 passed" in page_text and '"DisplayName": "Loyalty - app"' in page_text and '"ParentRef"' in page_text
    assert "Links 1 project ; then 1 entry , 1 h can be sent" in page_text
    answer = submit(dana, page)

    assert answer["Location"].startswith(desk)
    assert EntryStatus.objects.filter(state="ready").count() == 1, "what was promised is free"
    assert Link.objects.get(kind="project").quickbooks_name == "Loyalty - app"
    write = PartnerWrite.objects.get()
    assert write.state == "done" and write.person is not None and write.person.username == "dana"


def test_a_typed_name_is_what_is_written_and_nothing_unseen(dana: Client, scene: Scene) -> None:
    ben = scene.user("Ben Okafor", partner=None)
    scene.check()
    page = dana.get(offered(dana.get(f"/admin/workspaces/{scene.workspace.pk}/people/"), "Create employee…", of=ben))
    assert ("given_name", "Ben") in fields(page) and ("family_name", "Okafor") in fields(page)

    unseen = submit(dana, page, family_name="Okafor-Lund")
    assert unseen.status_code == 422 and "no longer what you saw" in main_text(unseen)
    assert not PartnerWrite.objects.exists()
    assert submit(dana, unseen).status_code == 302

    assert PartnerWrite.objects.get().asked["family_name"] == "Okafor-Lund"


def test_an_uncertain_write_is_looked_for_before_anything_else(dana: Client, scene: Scene) -> None:
    ben = scene.user("Ben Okafor", partner=None)
    scene.check()
    page = dana.get(offered(dana.get(f"/admin/workspaces/{scene.workspace.pk}/people/"), "Create employee…", of=ben))
    scene.fault("cut_before", "employee", times=1)

    unknown = submit(dana, page)
    assert "Check now" in main_text(unknown) and "no clear answer" in main_text(unknown)
    assert main_text(unknown).count("Create in QuickBooks and link") == 0
    looked = dana.post(page.wsgi_request.path, dict(fields(unknown)) | {"look": str(PartnerWrite.objects.get().pk)})
    assert looked.status_code == 200 and "Check now" in main_text(looked)
    scene.put("Employee", {"DisplayName": "Ben Okafor", "GivenName": "Ben", "FamilyName": "Okafor"})
    answer = dana.post(page.wsgi_request.path, dict(fields(unknown)) | {"look": str(PartnerWrite.objects.get().pk)})

    assert answer.status_code == 302
    assert Link.objects.get(kind="user").quickbooks_name == "Ben Okafor"


def test_a_write_that_is_not_answered_yet_is_on_the_way_and_not_in_doubt(admin_client: Client, scene: Scene) -> None:
    ben = scene.user("Ben Okafor", partner=None)
    scene.check()
    address = offered(admin_client.get(f"/admin/workspaces/{scene.workspace.pk}/people/"), "Create employee…", of=ben)
    request = WriteRequest("create", "quickbooks", "employee", kind="user", clockify_id=ben)
    draft = partner_writes.draft(scene.workspace, request)
    journal.open_write(scene.workspace, draft, person=None, note="", now=database_now())

    assert "On the way Ben Okafor" in main_text(admin_client.get(address))
    assert "Check now" not in main_text(admin_client.get(address)) and "Wait for the answer" in main_text(
        admin_client.get(address)
    )
    assert "On the way" in main_text(admin_client.get("/admin/mapping/partnerwrite/"))
    assert check_entries.in_doubt(scene.workspace, database_now()).level == "ok"
    # No call lasts this long: its process is gone.
    PartnerWrite.objects.update(created_at=database_now() - timedelta(minutes=2))
    assert "In doubt Ben Okafor" in main_text(admin_client.get(address)) and "Check now" in main_text(
        admin_client.get(address)
    )
    assert "In doubt" in main_text(admin_client.get("/admin/mapping/partnerwrite/"))
    assert "1 write of a name got no clear answer" in check_entries.in_doubt(scene.workspace, database_now()).message


def test_an_inactive_partner_is_reactivated(dana: Client, scene: Scene) -> None:
    user = scene.user("Marcus Bell")
    scene.check()
    key = scene.partner_of(user)
    scene.put("Employee", {"Id": key, "GivenName": "Marcus", "FamilyName": "Bell", "Active": False})
    scene.check()
    page = dana.get(offered(dana.get(f"/admin/workspaces/{scene.workspace.pk}/people/"), "Reactivate…", of=user))
    assert "Reactivate an employee in QuickBooks" in main_text(page)

    submit(dana, page)

    assert Link.objects.get(clockify_id=user).suspended == ""


def test_who_may_only_look_writes_nothing(visitor: Client, dana: Client, scene: Scene) -> None:
    ben = scene.user("Ben Okafor", partner=None)
    scene.check()
    page = dana.get(offered(dana.get(f"/admin/workspaces/{scene.workspace.pk}/people/"), "Create employee…", of=ben))

    assert "A mapping admin can do this." in main_text(visitor.get(page.wsgi_request.get_full_path()))
    assert submit(visitor, page).status_code == 403


def test_a_sub_customer_without_a_client_in_clockify_offers_to_create_that_client_first(
    dana: Client, scene: Scene
) -> None:
    parent = scene.put("Customer", {"DisplayName": "Acme"})["Id"]
    child = scene.put("Customer", {"DisplayName": "Site", "Job": True, "ParentRef": {"value": parent}})["Id"]
    scene.check()
    for_child = WriteRequest(CREATE, CLOCKIFY, "project", quickbooks_id=child)
    page = dana.get(create_partner.address(scene.workspace.pk, for_child))

    offer = dana.get(offered(page, "Create a client for Acme first…"))

    assert "Create in Clockify and link" in main_text(offer)
    submit(dana, offer)
    assert [client.name for client in scene.place.clients.values()] == ["Acme"]


def test_a_taken_name_offers_to_link_its_holder(dana: Client, workspace: Workspace) -> None:
    ClockifyUserFactory(workspace=workspace, clockify_id="ben", name="Ben Okafor")
    MismatchFactory(workspace=workspace, clockify_id="ben", reason="NO_EMPLOYEE")
    EmployeeFactory(company=workspace.company, quickbooks_id="59", name="BEN OKAFOR")
    page = dana.get(offered(dana.get(f"/admin/workspaces/{workspace.pk}/people/"), "Create employee…"))

    html = page.content.decode()

    assert "The employee 59 has this name." in main_text(page) and "Link to it" in main_text(page)
    assert 'name="partner" value="employee:59"' in html


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/"])
def test_the_way_back_stays_on_this_site(dana: Client, workspace: Workspace, back: str) -> None:
    ClockifyUserFactory(workspace=workspace, clockify_id="ben", name="Ben Okafor")
    address = f"/admin/workspaces/{workspace.pk}/desk/write/"
    request = {"verb": "create", "side": "quickbooks", "entity": "employee", "kind": "user", "clockify_id": "ben"}

    assert "evil" not in dana.get(address, request | {"back": back}).content.decode()
