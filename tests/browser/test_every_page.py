"""Every page of the product once: axe finds nothing grave, no icon's name is read out, nothing is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from integrations import roles
from integrations.models import TimeEntry, Workspace
from sandbox.clockify.state import ADMIN_KEY
from sandbox.datasets import REALM
from sandbox.server import Running
from syncjobs.models import Run
from tests.browser import axe
from tests.browser.person import Person
from tests.integrations.accounts.test_second_factor import code_of
from tests.support import people
from tests.support.scene import run_command

LogIn = Callable[[str], None]
BEFORE_LOGIN = ("login", "password/reset", "password/reset/done", "password/reset/key/done", "inactive", "signup")
OF_ONES_LOGIN = ("2fa", "password/change", "logout", "2fa/totp/activate")
# The words of an icon are its picture; whoever listens to a page would hear "chevron underscore right".
ICONS_READ_OUT = """[...document.querySelectorAll('.material-symbols-outlined')]
  .filter(icon => icon.checkVisibility() && !icon.closest('[aria-hidden=true]'))
  .map(icon => icon.parentElement.outerHTML.replace(/\\s+/g, ' ').slice(0, 200))"""
HEAD_CUT = "(title => title ? title.scrollWidth > title.clientWidth + 1 : false)(document.querySelector('h1'))"


class Rounds:
    """Goes from page to page and writes down what it finds, so that one look shows all of it."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.found: list[str] = []
        self.seen = 0

    def look(self, path: str) -> None:
        self.person.opens(path)
        self.look_around(path)

    def look_around(self, name: str) -> None:
        page = self.person.page
        self.seen += 1
        self.found += [f"{name}: {line}" for line in axe.findings(page)]
        self.found += [f"{name}: read out: {line}" for line in page.evaluate(ICONS_READ_OUT)]
        axe.look_at(page, width=axe.NARROW, scheme="light")
        self.found += [f"{name}: the title is cut off"] if page.evaluate(HEAD_CUT) else []
        axe.look_at(page, width=axe.WIDE, scheme="light")


@pytest.fixture
def rounds(person: Person) -> Rounds:
    return Rounds(person)


@pytest.mark.slow
@pytest.mark.sandbox(dataset="agency", entries=60)
def test_no_page_shuts_anybody_out(rounds: Rounds, sandbox: Running, log_in: LogIn) -> None:
    for path in BEFORE_LOGIN:
        rounds.look(f"/accounts/{path}/")
    log_in(people.ADMINISTRATOR)
    first_run(rounds, sandbox)
    for path in [*own_pages(), *pages_of_models()]:
        rounds.look(path)
    for path in ("/admin/connect/clockify/", "/admin/rules/"):
        sent_back(rounds, path)
    decided_and_refused(rounds)
    assert rounds.seen > 70
    assert not rounds.found, f"{rounds.seen} pages\n" + "\n".join(rounds.found)


@pytest.mark.slow
def test_no_page_of_the_second_factor_shuts_anybody_out(rounds: Rounds, log_in: LogIn, page: Page) -> None:
    people.person("erin", role=roles.SUPPORT)
    rounds.person.logs_in("erin", people.PASSWORD)
    for path in OF_ONES_LOGIN:
        rounds.look(f"/accounts/{path}/")
    rounds.person.opens("/accounts/2fa/totp/activate/")
    if "reauthenticate" in page.url:
        rounds.look_around("reauthenticate")
        page.get_by_label("Password").fill(people.PASSWORD)
        page.locator("main form button").first.click()
    secret = page.locator("#authenticator_secret, [name=secret], code").first.inner_text().replace(" ", "")
    page.locator("main input[name=code]").fill(code_of(secret))
    page.locator("main form button").first.click()
    for path in ("2fa", "2fa/recovery-codes", "2fa/recovery-codes/generate", "2fa/totp/deactivate"):
        rounds.look(f"/accounts/{path}/")
    page.context.clear_cookies()
    rounds.person.opens("/accounts/login/")
    rounds.person.fills("Username or e-mail", "erin")
    rounds.person.fills("Password", people.PASSWORD)
    rounds.person.presses("Log in")
    rounds.look_around("code")
    assert not rounds.found, "\n".join(rounds.found)


def first_run(rounds: Rounds, sandbox: Running) -> None:
    """The front page on its way from nothing to sent time."""
    rounds.look("/admin/")
    command("connect_clockify", "--api-key", ADMIN_KEY)
    rounds.look("/admin/")
    rounds.look("/admin/people/")
    token = sandbox.world.quickbooks.issue_refresh_token(REALM)
    command("connect_quickbooks", "--realm", REALM, "--refresh-token", token)
    command("policy", f"start_date={date.today() - timedelta(days=40)}", "sync_schedule=daily at 18:00")
    command("check_for_new")
    rounds.look("/admin/")
    for words in ("--dry-run",), ():
        run_command("sync_time", *words)
    run_command("sync_time", "--resend", "--dry-run")
    ignored = TimeEntry.objects.latest("pk")
    run_command("ignore", "user", ignored.user_id)


def own_pages() -> Iterator[str]:
    yield "/admin/"
    workspace = Workspace.objects.get()
    for side, opened in (("people", "user"), ("clients", "client"), ("projects", "project")):
        for part in ("todo", "linked", "ignored", "quickbooks"):
            yield f"/admin/workspaces/{workspace.pk}/{side}/?show={part}"
        mismatch = workspace.mismatches.filter(kind=opened).exclude(clockify_id="").first()
        yield f"/admin/workspaces/{workspace.pk}/{side}/?open={opened}-{mismatch.clockify_id}"
    for page in ("changed", "desk/safe", "desk/history", "desk/upload"):
        yield f"/admin/workspaces/{workspace.pk}/{page}/"
    for run in Run.objects.all():
        yield reverse("admin:syncjobs_run_change", args=[run.pk])
    for state in ("blocked", "sent"):
        entry = TimeEntry.objects.filter(status__state=state).first()
        assert entry is not None
        yield reverse("admin:integrations_timeentry_change", args=[entry.pk])
    yield "/admin/rules/"
    yield "/admin/connect/clockify/"
    yield f"/admin/workspaces/{Workspace.objects.get().pk}/connect/quickbooks/"


def pages_of_models() -> Iterator[str]:
    """Each list, one row of each, the forms to add, and a list in which nothing is found."""
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        row = model._default_manager.values_list("pk", flat=True).first()
        if row is not None:
            yield reverse(f"{name}_change", args=[row])
    yield "/admin/syncjobs/receipt/?q=nothing-like-that"
    yield "/admin/auth/user/add/"
    yield "/admin/auth/group/add/"
    yield "/admin/django_q/schedule/add/"


def sent_back(rounds: Rounds, path: str) -> None:
    """The form with something in it that can't be taken."""
    person = rounds.person
    person.opens(path)
    if "connect" in path:
        person.fills("API key", "not-a-key")
        person.presses("Connect Clockify")
    else:
        person.fills("Longest entry, hours", "many")
        person.presses("Save the rules")
    rounds.look_around(f"{path} sent back")


def decided_and_refused(rounds: Rounds) -> None:
    """A decision with its message, and what those read who may not do something."""
    person = rounds.person
    person.opens("/admin/people/")
    person.page.get_by_role("button", name="Accept").first.click()
    person.sees("Linked.")
    rounds.look_around("people, decided")
    someone = Client()
    someone.force_login(people.person("erin", role=people.OUTSIDER))
    cookie = {"name": "sessionid", "value": someone.cookies["sessionid"].value, "url": person.site}
    person.page.context.add_cookies([cookie])  # type: ignore[list-item]
    rounds.look("/admin/people/")
    # The browser complains about the answer 403 as such, which was to be.
    person.troubles = [line for line in person.troubles if "403" not in line]


def command(name: str, *words: str) -> Any:
    done = run_command(name, *words)
    assert done.code == 0, done.stderr
    return done
