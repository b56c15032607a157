"""Two tabs before one row, and a project that moved to another client."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from mapping.models import Decision, Link, MappingOverride
from sandbox.server import Running
from tests.browser import pictures
from tests.browser.person import PATIENCE_MS, Person
from tests.support import people
from tests.support.factories import UserFactory
from tests.support.scene import FIRST, Scene

LogIn = Callable[[str], None]


@pytest.fixture
def scene(sandbox: Running, site: str) -> Scene:
    """Create three projects of Acme & Sons with one suggestion each, and one that moved there from Tidewater."""
    scene = Scene(sandbox).connect()
    scene.policy(start_date=FIRST)
    acme, tidewater = scene.client("Acme & Sons"), scene.client("Tidewater Credit Union")
    ada = scene.user("Ada")
    for number, name in enumerate(("Brand refresh", "Loyalty app", "Website")):
        project = scene.project(name, client=acme, customer=False)
        parent = {"Job": True, "ParentRef": {"value": scene.customers[acme]}}
        scene.put("Customer", {"DisplayName": f"{name} 2026", **parent})
        scene.entry(ada, project, "2026-03-04 09:00", minutes=180 - 60 * number)
    scene.moved = scene.project("Redesign", client=tidewater)
    scene.entry(ada, scene.moved, "2026-03-05 09:00")
    scene.check()
    scene.edit_project(scene.moved, clientId=acme)
    scene.check()
    return scene


@pytest.mark.sample(1)
@pytest.mark.parametrize("key", ["a", "i", "c"])
def test_a_second_tab_is_told_and_the_keys_go_on_from_its_row(
    person: Person, scene: Scene, log_in: LogIn, key: str
) -> None:
    """A accepts, I and C only open the row: whoever does that reads what happened before going on."""
    log_in(people.ADMINISTRATOR)
    page, address = person.page, f"/admin/workspaces/{scene.workspace.pk}/projects/"
    person.opens(address)
    keys = [row.get_attribute("id") for row in page.locator("[data-row]").all()]
    middle = page.locator("[data-row]").filter(has_text="Loyalty app").get_attribute("id")
    other = Person(page.context.new_page(), site=person.site)
    other.opens(address)
    other.presses("Accept Loyalty app 2026 for Loyalty app")
    expect(other.page.locator("[data-news]")).to_contain_text("Linked.", timeout=PATIENCE_MS)
    maria = UserFactory(username="Maria")
    Decision.objects.update(person=maria)
    Link.objects.filter(by="person").update(person=maria)

    page.evaluate("window.neverReloaded = true")
    page.locator(f"[id='{middle}']").focus()
    page.keyboard.press(key)

    told = page.locator("[data-refused]")
    expect(told).to_contain_text(
        re.compile(r"Maria linked this project to Acme & Sons:Loyalty app 2026 at \d\d:\d\d\. Nothing was")
    )
    expect(told).to_be_focused()
    assert [row.get_attribute("id") for row in page.locator("[data-row]").all()] == keys
    expect(page.locator(f"[id='{middle}']")).to_contain_text("Linked")
    person.checks_accessibility()
    pictures.take(page, "second-tab")
    told.focus()
    page.keyboard.press("j")
    expect(page.locator("[data-row]:focus")).to_have_id(keys[keys.index(middle) + 1] or "")
    assert page.evaluate("window.neverReloaded === true")
    assert not MappingOverride.objects.exists() and Link.objects.filter(by="person").count() == 1


def test_who_would_pay_is_read_before_a_moved_project_is_confirmed(person: Person, scene: Scene, log_in: LogIn) -> None:
    log_in(people.ADMINISTRATOR)
    page = person.page
    person.opens(f"/admin/workspaces/{scene.workspace.pk}/projects/")
    row = page.locator(f"[id='project-{scene.moved}']")
    expect(row).to_contain_text("This time will be billed to Tidewater Credit Union, not Acme & Sons.")
    expect(row.get_by_role("link", name="Create under Acme & Sons…")).to_be_visible()
    person.checks_accessibility()
    pictures.take(page, "moved")
    row.focus()
    # A opens it: nothing here is clearly right.
    page.keyboard.press("a")
    page.get_by_label("Id or name in QuickBooks").fill("redesign")
    page.get_by_role("option").first.click()
    figures = page.locator("[data-figures]")
    expect(figures).to_contain_text("This time will be billed to Tidewater Credit Union, not Acme & Sons.")
    link = page.locator("[data-panel] [data-do=link]")
    expect(link).not_to_have_class(re.compile("hb-filled"))
    person.checks_accessibility()
    pictures.take(page, "moved-open")
    page.get_by_label("Id or name in QuickBooks").fill("acme")
    page.get_by_role("option").filter(has_text="Acme & Sons").first.click()
    expect(figures).to_contain_text("This time will be billed to Acme & Sons.")
    expect(link).to_have_class(re.compile("hb-filled"))
    assert not Decision.objects.exists()
