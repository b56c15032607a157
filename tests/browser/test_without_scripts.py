"""A browser without JavaScript: lists are filtered, forms saved, ticked entries decided, and people log out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from integrations.models import Workspace
from syncjobs.models import EntryOverride
from tests.browser import axe
from tests.browser.person import Person
from tests.support import people
from tests.support.factories import EntryStatusFactory, TimeEntryFactory, WorkspaceFactory

LogIn = Callable[[str], None]


@pytest.fixture
def plain(browser: Browser, person: Person, log_in: LogIn) -> Iterator[Page]:
    """Return a page of a browser without JavaScript, with an administrator logged in."""
    log_in(people.ADMINISTRATOR)
    login = person.page.context.storage_state()
    context = browser.new_context(java_script_enabled=False, storage_state=login, base_url=person.site)
    yield context.new_page()
    context.close()


@pytest.fixture
def connected(site: str) -> Workspace:
    workspace: Workspace = WorkspaceFactory()
    for name, state in (("Ada Held", "blocked"), ("Bob Ready", "ready")):
        entry = TimeEntryFactory(workspace=workspace, user_name=name)
        EntryStatusFactory(entry=entry, state=state, held=state == "blocked")
    return workspace


def test_a_form_is_saved(plain: Page) -> None:
    user = User.objects.get()
    plain.goto(f"/admin/auth/user/{user.pk}/change/")

    plain.get_by_label("First name").fill("Dana")
    plain.get_by_role("button", name="Save", exact=True).click()

    expect(plain.get_by_text("was changed successfully")).to_be_visible()
    assert User.objects.get().first_name == "Dana"


def test_a_list_is_filtered_and_what_is_ticked_is_ignored(plain: Page, connected: Workspace) -> None:
    plain.set_viewport_size({"width": axe.WIDE, "height": axe.HEIGHT})
    plain.goto("/admin/integrations/timeentry/")
    expect(plain.get_by_label("All of this page")).to_be_hidden()
    expect(plain.get_by_role("link", name="Close the menu")).to_be_hidden()
    plain.get_by_role("link", name="Filters").click()
    plain.locator("#changelist-filter select[name=state]").select_option(label="Held")
    plain.get_by_role("button", name="Apply Filters").click()
    expect(plain.get_by_text("Bob Ready")).to_have_count(0)

    plain.locator("input.action-select").check()
    plain.locator("select[name=action]").select_option(label="Ignore…")
    plain.get_by_role("button", name="Run").click()
    plain.get_by_label("Note").fill("Trial")
    plain.get_by_role("button", name="Ignore 1 entry").click()

    expect(plain.get_by_text("ignored").first).to_be_visible()
    assert EntryOverride.objects.get().note == "Trial"


def test_the_menu_opens_on_a_phone_and_logs_out(plain: Page, connected: Workspace) -> None:
    plain.set_viewport_size({"width": axe.NARROW, "height": axe.HEIGHT})
    plain.goto("/admin/")
    plain.get_by_role("link", name="Menu").click()
    plain.locator("#nav-sidebar").get_by_role("link", name="Rules").first.click()
    expect(plain.get_by_role("heading", name="Rules").first).to_be_visible()

    plain.get_by_role("link", name="Menu").click()
    plain.get_by_role("button", name="Log out").click()

    expect(plain.get_by_role("button", name="Log in")).to_be_visible()
