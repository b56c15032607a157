"""The one search, by keyboard: from any page to an entry's story in one search and one press."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from integrations import roles
from integrations.models import TimeEntry
from sandbox.clockify.state import ADMIN_KEY
from sandbox.data.datasets import REALM
from sandbox.server import Running
from tests.browser.person import Person
from tests.support.scene import run_command


@pytest.mark.sandbox(dataset="agency", entries=60)
def test_person_day_and_project_are_one_search_and_one_press(
    person: Person, sandbox: Running, log_in: Callable[[str], None]
) -> None:
    run_command("connect_clockify", "--api-key", ADMIN_KEY)
    token = sandbox.world.quickbooks.issue_refresh_token(REALM)
    run_command("connect_quickbooks", "--realm", REALM, "--refresh-token", token)
    run_command("sync_time", "--from", "2026-01-01")
    entry = TimeEntry.objects.exclude(project_name="").latest("txn_date", "pk")
    log_in(roles.SUPPORT)
    person.opens("/admin/")

    person.page.keyboard.press("/")
    person.page.keyboard.type(f"{entry.user_name} {entry.txn_date} {entry.project_name}")
    person.page.keyboard.press("Enter")

    person.sees("Time entries")
    person.checks_accessibility()
    link = person.page.locator(f'a[href="/admin/integrations/timeentry/{entry.pk}/change/"]')
    link.click()
    person.sees("Checks")
    person.page.keyboard.press("/")
    person.page.keyboard.type("nobody at all")
    person.page.keyboard.press("Enter")
    person.sees("read up to")
    person.page.keyboard.press("/")
    expect(person.page.locator("#search-text")).to_be_focused()
    person.checks_accessibility()
