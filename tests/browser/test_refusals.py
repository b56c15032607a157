"""Messages of refusals, and pages for people who may only view."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from integrations import roles
from integrations.clockify import connection
from integrations.models import Workspace
from sandbox.clockify.state import ADMIN_KEY, MEMBER_KEY
from sandbox.data.datasets import REALM
from sandbox.server import Running
from syncjobs.models import Run
from syncjobs.runs import lifecycle as runs
from tests.browser.person import Person
from tests.support import people
from tests.support.scene import run_command

LogIn = Callable[[str], None]


@pytest.fixture
def workspace(site: str) -> Workspace:
    """Return a workspace with Clockify connected and QuickBooks not."""
    return connection.connect(ADMIN_KEY, now=timezone.now())


@pytest.fixture
def both_sides(sandbox: Running, workspace: Workspace) -> Workspace:
    token = sandbox.world.quickbooks.issue_refresh_token(REALM)
    assert run_command("connect_quickbooks", "--realm", REALM, "--refresh-token", token).code == 0
    assert run_command("check_for_new").code == 0
    return Workspace.objects.get()


def test_a_wrong_clockify_key_is_reported_in_the_form(person: Person, log_in: LogIn) -> None:
    log_in(people.ADMINISTRATOR)
    person.opens("/admin/connect/clockify/")

    person.fills("API key", "not-a-key")
    person.presses("Connect Clockify")

    person.sees("Clockify does not accept the API key. Make a new key in Clockify and connect again.")
    person.checks_accessibility()
    assert not Workspace.objects.exists()


@pytest.mark.sandbox(dataset="agency", entries=10)
def test_a_key_that_does_not_see_everyone_is_refused(person: Person, log_in: LogIn) -> None:
    log_in(people.ADMINISTRATOR)
    person.opens("/admin/connect/clockify/")

    person.fills("API key", MEMBER_KEY)
    person.presses("Connect Clockify")

    person.sees("The key's owner is no owner or admin of this workspace")


def test_a_declined_consent_is_reported_and_changes_nothing(
    person: Person, workspace: Workspace, log_in: LogIn
) -> None:
    log_in(people.ADMINISTRATOR)
    person.opens("/admin/")

    person.presses("Connect to QuickBooks")
    person.presses("Decline")

    person.sees("The connection was declined at Intuit; nothing was changed here. Connect again when ready.")
    person.checks_accessibility()
    assert Workspace.objects.get().company is None


def test_a_second_click_says_who_started_the_sync_and_when(
    person: Person, both_sides: Workspace, log_in: LogIn
) -> None:
    log_in(people.ADMINISTRATOR)
    person.opens("/admin/")
    erin = User.objects.create_user("erin")
    first = runs.create_run(Run.Kind.SYNC, both_sides, trigger="button", person=erin, now=timezone.now())

    person.presses("Sync now")

    person.sees(re.compile(rf"Time sync {first.pk}.*by erin.*since \d\d:\d\d"))
    person.checks_accessibility()
    assert Run.objects.filter(kind=Run.Kind.SYNC).count() == 1


@pytest.mark.sandbox(dataset="agency", entries=20)
def test_support_sees_every_page_and_no_button(person: Person, both_sides: Workspace, log_in: LogIn) -> None:
    log_in(roles.SUPPORT)
    for page in ("/admin/", "/admin/people/", "/admin/customers/", "/admin/rules/", "/admin/syncjobs/run/1/change/"):
        person.opens(page)
        person.sees("Northlight Studio")
        person.checks_accessibility()
        expect(person.page.locator("#main form[method=post] button")).to_have_count(0)

    person.opens("/admin/")
    person.sees("A mapping admin can start checks and syncs.")
    person.opens("/admin/customers/")
    person.sees("A mapping admin can decide this")
