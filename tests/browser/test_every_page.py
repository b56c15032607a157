"""Every page of the product once: no serious finding of axe, no icon's name read out, no title cut off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from integrations import roles
from integrations.models import TimeEntry, Workspace
from sandbox.clockify.state import ADMIN_KEY
from sandbox.data.datasets import REALM
from sandbox.server import Running
from syncjobs import sign_offs
from syncjobs.models import Reconciliation, Run, SignOff
from tests.browser import axe, pictures
from tests.browser.person import Person
from tests.integrations.accounts.test_second_factor import code_of
from tests.support import people
from tests.support.scene import run_command

LogIn = Callable[[str], None]
LOGIN_PATHS = ("login", "password/reset", "password/reset/done", "password/reset/key/done", "inactive", "signup")
ACCOUNT_PATHS = ("2fa", "password/change", "logout", "2fa/totp/activate")
# An icon font's text is a name; a screen reader would read out "chevron underscore right".
ICONS_READ_OUT = """[...document.querySelectorAll('.material-symbols-outlined')]
  .filter(icon => icon.checkVisibility() && !icon.closest('[aria-hidden=true]'))
  .map(icon => icon.parentElement.outerHTML.replace(/\\s+/g, ' ').slice(0, 200))"""
HEAD_CUT = "(title => title ? title.scrollWidth > title.clientWidth + 1 : false)(document.querySelector('h1'))"


class Inspection:
    """Opens page after page and collects the findings, so that one run of the test shows all of them."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.findings: list[str] = []
        self.count = 0

    def opens(self, path: str) -> None:
        self.person.opens(path)
        self.inspect(path)

    def inspect(self, name: str) -> None:
        page = self.person.page
        self.count += 1
        pictures.take(page, f"page-{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}")
        self.findings += [f"{name}: {line}" for line in axe.findings(page)]
        self.findings += [f"{name}: read out: {line}" for line in page.evaluate(ICONS_READ_OUT)]
        axe.look_at(page, width=axe.NARROW, scheme="light")
        self.findings += [f"{name}: the title is cut off"] if page.evaluate(HEAD_CUT) else []
        axe.look_at(page, width=axe.WIDE, scheme="light")


@pytest.fixture
def inspection(person: Person) -> Inspection:
    return Inspection(person)


@pytest.mark.slow
@pytest.mark.sandbox(dataset="agency", entries=60)
def test_every_page_is_accessible(inspection: Inspection, sandbox: Running, log_in: LogIn) -> None:
    for path in LOGIN_PATHS:
        inspection.opens(f"/accounts/{path}/")
    log_in(people.ADMINISTRATOR)
    first_run(inspection, sandbox)
    for path in [*own_pages(), *pages_of_models()]:
        inspection.opens(path)
    for path in ("/admin/connect/clockify/", "/admin/rules/"):
        sent_back(inspection, path)
    decided_and_refused(inspection)
    assert inspection.count > 70
    assert not inspection.findings, f"{inspection.count} pages\n" + "\n".join(inspection.findings)


@pytest.mark.slow
def test_every_page_of_the_second_factor_is_accessible(inspection: Inspection, log_in: LogIn, page: Page) -> None:
    people.person("erin", role=roles.SUPPORT)
    inspection.person.logs_in("erin", people.PASSWORD)
    for path in ACCOUNT_PATHS:
        inspection.opens(f"/accounts/{path}/")
    inspection.person.opens("/accounts/2fa/totp/activate/")
    if "reauthenticate" in page.url:
        inspection.inspect("reauthenticate")
        page.get_by_label("Password").fill(people.PASSWORD)
        page.locator("main form button").first.click()
    secret = page.locator("#authenticator_secret, [name=secret], code").first.inner_text().replace(" ", "")
    page.locator("main input[name=code]").fill(code_of(secret))
    page.locator("main form button").first.click()
    for path in ("2fa", "2fa/recovery-codes", "2fa/recovery-codes/generate", "2fa/totp/deactivate"):
        inspection.opens(f"/accounts/{path}/")
    page.context.clear_cookies()
    inspection.person.opens("/accounts/login/")
    inspection.person.fills("Username or e-mail", "erin")
    inspection.person.fills("Password", people.PASSWORD)
    inspection.person.presses("Log in")
    inspection.inspect("code")
    assert not inspection.findings, "\n".join(inspection.findings)


def first_run(inspection: Inspection, sandbox: Running) -> None:
    """Inspect the front page at each step from an empty database to sent time."""
    inspection.opens("/admin/")
    command("connect_clockify", "--api-key", ADMIN_KEY)
    inspection.opens("/admin/")
    inspection.opens("/admin/people/")
    token = sandbox.world.quickbooks.issue_refresh_token(REALM)
    command("connect_quickbooks", "--realm", REALM, "--refresh-token", token)
    command("policy", f"start_date={date.today() - timedelta(days=40)}", "sync_schedule=daily at 18:00")
    command("check_for_new")
    inspection.opens("/admin/")
    for options in ("--dry-run",), ():
        run_command("sync_time", *options)
    run_command("sync_time", "--resend", "--dry-run")
    # Yesterday is not over everywhere yet.
    days = "--from", str(date.today() - timedelta(days=40)), "--to", str(date.today() - timedelta(days=2))
    run_command("reconcile", *days)
    signed = {"shown": str(Reconciliation.objects.get().pk), "reason": "Agreed", "person": User.objects.get()}
    period = date.fromisoformat(days[1]), date.fromisoformat(days[3])
    sign_offs.sign(Workspace.objects.get(), period, **signed, now=timezone.now())
    ignored = TimeEntry.objects.latest("pk")
    run_command("ignore", "user", ignored.user_id)


def own_pages() -> Iterator[str]:
    yield "/admin/"
    workspace = Workspace.objects.get()
    yield "/admin/find/?q=the"
    for query in ("", "?state=held", "?cause=PROJECT_NOT_MAPPED"):
        yield f"/admin/workspaces/{workspace.pk}/log/{query}"
    for side, opened in (("people", "user"), ("clients", "client"), ("projects", "project")):
        for part in ("todo", "linked", "ignored", "quickbooks"):
            yield f"/admin/workspaces/{workspace.pk}/{side}/?show={part}"
        mismatch = workspace.mismatches.filter(kind=opened).exclude(clockify_id="").first()
        yield f"/admin/workspaces/{workspace.pk}/{side}/?open={opened}-{mismatch.clockify_id}"
    for page in (
        "changed",
        "desk/safe",
        "desk/history",
        "desk/upload",
        "diagnose",
        "proof",
        "line-rules",
        "line-rules/add",
        "line-rules/upload",
    ):
        yield f"/admin/workspaces/{workspace.pk}/{page}/"
    for query in "by=customers&open=all", "by=days":
        yield f"/admin/workspaces/{workspace.pk}/proof/?{query}"
    yield reverse("hourbridge:sign-off", args=[SignOff.objects.get().pk])
    for run in Run.objects.all():
        yield reverse("admin:syncjobs_run_change", args=[run.pk])
    for state in ("blocked", "sent"):
        entry = TimeEntry.objects.filter(status__state=state).first()
        assert entry is not None
        yield reverse("admin:integrations_timeentry_change", args=[entry.pk])
    yield "/admin/rules/"
    yield "/admin/schedules/"
    yield "/admin/connect/clockify/"
    yield f"/admin/workspaces/{Workspace.objects.get().pk}/connect/quickbooks/"
    yield f"/admin/workspaces/{Workspace.objects.get().pk}/archive/quickbooks/"


def pages_of_models() -> Iterator[str]:
    """Yield the URLs of each list, one row of each, the forms to add, and a list without results."""
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        row = model._default_manager.values_list("pk", flat=True).first()
        if row is not None:
            yield reverse(f"{name}_change", args=[row])
    yield "/admin/syncjobs/receipt/?q=nothing-like-that"
    yield "/admin/auth/user/add/"
    yield "/admin/auth/group/add/"


def sent_back(inspection: Inspection, path: str) -> None:
    """Submit a form with an invalid value and inspect the page."""
    person = inspection.person
    person.opens(path)
    if "connect" in path:
        person.fills("API key", "not-a-key")
        person.presses("Connect Clockify")
    else:
        person.fills("Longest entry, hours", "many")
        person.presses("Save rules")
    inspection.inspect(f"{path} sent back")


def decided_and_refused(inspection: Inspection) -> None:
    """Inspect a decision's message, and the page for people without permission."""
    person = inspection.person
    person.opens("/admin/people/")
    person.page.get_by_role("button", name="Accept").first.click()
    person.sees("Linked.")
    inspection.inspect("people, decided")
    outsider = Client()
    outsider.force_login(people.person("erin", role=people.OUTSIDER))
    cookie = {"name": "sessionid", "value": outsider.cookies["sessionid"].value, "url": person.site}
    person.page.context.add_cookies([cookie])  # type: ignore[list-item]
    inspection.opens("/admin/people/")
    # The browser reports status 403 as an error, which is expected here.
    person.troubles = [line for line in person.troubles if "403" not in line]


def command(name: str, *args: str) -> Any:
    result = run_command(name, *args)
    assert result.code == 0, result.stderr
    return result
