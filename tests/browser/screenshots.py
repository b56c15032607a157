"""Pictures of every page: `make screenshots`. Four of them, smaller, are those of the README and the docs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.contrib.auth.models import User
from django.test import override_settings
from django.utils import timezone

from integrations.limits.retry import MAX_TRIED_RUNS
from integrations.models import ClockifyProject, ClockifyUser, ShrunkList, TimeEntry, UnreadableRecord, Workspace
from sandbox.clockify.state import ADMIN_KEY
from sandbox.data.datasets import REALM
from sandbox.server import Running
from syncjobs import sign_offs
from syncjobs.models import Action, Receipt, Reconciliation, Run
from syncjobs.runs.execution import RunExecution
from tests.browser import pictures
from tests.browser.person import Person
from tests.support import people
from tests.support.scene import Scene, run_command

LISTS = {
    "entries": "integrations/timeentry",
    "runs": "syncjobs/run",
    "workspaces": "integrations/workspace",
    "companies": "integrations/company",
    "links": "mapping/link",
    "mismatches": "mapping/mismatch",
    "decisions": "mapping/decision",
    "receipts": "syncjobs/receipt",
    "writes": "syncjobs/action",
    "api-calls": "integrations/apicall",
    "connection-events": "integrations/connectionevent",
    "archived-connections": "integrations/archivedconnection",
    "employees": "integrations/employee",
    "users": "auth/user",
    "groups": "auth/group",
    "clockify-projects": "integrations/clockifyproject",
    "customers": "integrations/customer",
    "queue-failures": "django_q/failure",
}
RECORDS = {
    "link": "mapping/link",
    "mismatch": "mapping/mismatch",
    "receipt": "syncjobs/receipt",
    "write": "syncjobs/action",
    "api-call": "integrations/apicall",
    "connection-event": "integrations/connectionevent",
    "customer": "integrations/customer",
    "clockify-user": "integrations/clockifyuser",
    "user": "auth/user",
}
TOO_MANY_LOGINS = 12
LogIn = Callable[[str], None]


@pytest.mark.sandbox(dataset="agency")
def test_pictures_of_every_page(person: Person, sandbox: Running, log_in: LogIn) -> None:
    pictures.forget_old()
    take(person, "login", "/accounts/login/")
    log_in(people.ADMINISTRATOR)
    first_run(person, sandbox)
    daily_pages(person)
    for name, address in LISTS.items():
        take(person, f"list-{name}", f"/admin/{address}/")
    for name, address in RECORDS.items():
        row = apps.get_model(address.replace("/", "."))._default_manager.latest("pk")
        take(person, f"record-{name}", f"/admin/{address}/{row.pk}/change/")
    set_up_pages(person)
    item_that_cannot_be_used(person, sandbox)
    under_way(person)
    changed_after_sending(person, sandbox)
    only_in_quickbooks(person)
    given_up(person, sandbox)
    could_not_be_read(person, sandbox)
    lost_and_healed(person, sandbox)
    disconnected(person)
    archived(person)
    problems(person)


def first_run(person: Person, sandbox: Running) -> None:
    """Take pictures from an empty database to sent time, as the demo does it."""
    take(person, "first-run-1-empty", "/admin/")
    command("connect_clockify", "--api-key", ADMIN_KEY)
    take(person, "first-run-2-clockify", "/admin/")
    take(person, "people-without-company", "/admin/people/")
    token = sandbox.world.quickbooks.issue_refresh_token(REALM)
    command("connect_quickbooks", "--realm", REALM, "--refresh-token", token)
    take(person, "first-run-3-connected", "/admin/")
    command("policy", f"start_date={date.today() - timedelta(days=40)}", "sync_schedule=daily at 18:00")
    command("check_for_new")
    take(person, "first-run-4-checked", "/admin/")
    command("sync_time", "--dry-run")
    command("sync_time")


def daily_pages(person: Person) -> None:
    take(person, "overview", "/admin/")
    desk_pages(person)
    take(person, "search", "/admin/find/?q=redesign")
    take(person, "sync-log", f"/admin/workspaces/{Workspace.objects.get().pk}/log/?cause=PROJECT_NOT_MAPPED")
    for kind, run in {
        "run-check": Run.objects.filter(kind="check"),
        "run-preview": Run.objects.filter(kind="sync", dry_run=True),
        "run": Run.objects.filter(kind="sync", dry_run=False),
    }.items():
        take(person, kind, f"/admin/syncjobs/run/{run.latest('pk').pk}/change/")
    proof_pages(person)
    entries = TimeEntry.objects.order_by("txn_date", "pk")
    for name, state in (("entry", "blocked"), ("entry-sent", "sent")):
        entry = entries.filter(status__state=state, status__held=state == "blocked", project_id__gt="").last()
        assert entry is not None
        take(person, name, f"/admin/integrations/timeentry/{entry.pk}/change/")


def proof_pages(person: Person) -> None:
    """Take pictures of a compared period: by people, by days, and signed."""
    workspace = Workspace.objects.get()
    # Yesterday is not over everywhere yet.
    first, last = date.today() - timedelta(days=40), date.today() - timedelta(days=2)
    run_command("reconcile", "--from", str(first), "--to", str(last))
    proof = f"/admin/workspaces/{workspace.pk}/proof/?from={first}&to={last}"
    take(person, "proof", proof)
    take(person, "proof-days", f"{proof}&by=days")
    shown, dana = str(Reconciliation.objects.latest("pk").pk), User.objects.get()
    signed = {"shown": shown, "reason": "Agreed by phone", "person": dana, "now": timezone.now()}
    sign_off = sign_offs.sign(workspace, (first, last), **signed)
    take(person, "sign-off", f"/admin/sign-offs/{sign_off.pk}/")


def desk_pages(person: Person) -> None:
    """Take pictures of the review desk: every tab, an open row with its forecast, and the sheets behind its buttons."""
    workspace = Workspace.objects.get()
    choices = {"people": "Choose for Siobhán O'Connor", "clients": "Choose for", "projects": "Choose for Loyalty app"}
    for tab, choice in choices.items():
        take(person, tab, f"/admin/workspaces/{workspace.pk}/{tab}/")
        person.follows(choice)
        person.page.locator("[data-panel]").wait_for()
        person.page.wait_for_load_state("networkidle")
        take(person, f"{tab}-open-row")
        take(person, f"{tab}-linked", f"/admin/workspaces/{workspace.pk}/{tab}/?show=linked")
    person.opens(f"/admin/workspaces/{workspace.pk}/projects/")
    person.follows("Create… for Loyalty app")
    take(person, "create-in-quickbooks")
    for page in ("desk/safe", "desk/history", "desk/upload", "changed"):
        take(person, page.replace("/", "-"), f"/admin/workspaces/{workspace.pk}/{page}/")


def set_up_pages(person: Person) -> None:
    workspace = Workspace.objects.get()
    take(person, "rules", "/admin/rules/")
    take(person, "schedules", "/admin/schedules/")
    take(person, "connect-clockify", "/admin/connect/clockify/")
    take(person, "workspace", f"/admin/integrations/workspace/{workspace.pk}/change/")
    take(person, "company", f"/admin/integrations/company/{workspace.company_id}/change/")
    take(person, "your-login", "/accounts/2fa/")
    take(person, "change-password", "/accounts/password/change/")


def item_that_cannot_be_used(person: Person, sandbox: Running) -> None:
    """Take pictures of the default service item made inactive: overview, Rules, and an entry that waits for it."""
    scene, workspace = Scene(sandbox), Workspace.objects.get()
    item = scene.put("Item", {"Name": "Field work", "Type": "Service"})["Id"]
    command("check_for_new")
    command("policy", "service_item=Field work")
    scene.deactivate("Item", item)
    command("check_for_new")
    take(person, "overview-item", "/admin/")
    take(person, "rules-item", f"/admin/workspaces/{workspace.pk}/rules/")
    entry = TimeEntry.objects.filter(status__state="blocked", status__held=True).latest("pk")
    take(person, "entry-item", f"/admin/integrations/timeentry/{entry.pk}/change/")
    command("policy", "service_item=none")


def archived(person: Person) -> None:
    """Take pictures of an archived connection: the page before, the overview after, and what stays readable."""
    workspace, run = Workspace.objects.get(), Run.objects.filter(kind="sync", dry_run=False).latest("pk")
    take(person, "archive", f"/admin/workspaces/{workspace.pk}/archive/quickbooks/")
    person.page.get_by_label("Start date").fill(str(date.today()))
    person.presses("Archive the connection to")
    take(person, "overview-archived")
    take(person, "run-archived", f"/admin/syncjobs/run/{run.pk}/change/")
    entry = TimeEntry.objects.get(clockify_id=Receipt.objects.filter(state="sent").latest("pk").entry_id)
    take(person, "entry-archived", f"/admin/integrations/timeentry/{entry.pk}/change/")
    take(person, "connect-after-archive", f"/admin/workspaces/{workspace.pk}/connect/quickbooks/")


def under_way(person: Person) -> None:
    """Take pictures of the sync as it was when two thirds were sent."""
    run = Run.objects.filter(kind="sync", dry_run=False).latest("pk")
    later = run.items.filter(outcome="sent").order_by("-pk").values("pk")[: run.total // 3]
    run.items.filter(pk__in=list(later.values_list("pk", flat=True))).update(outcome="planned")
    done = run.total - run.items.filter(outcome="planned").count()
    now = timezone.now()
    times = {"created_at": now - timedelta(seconds=43), "started_at": now - timedelta(seconds=42), "beat_at": now}
    Run.objects.filter(pk=run.pk).update(status="running", stage="Sending", done=done, finished_at=None, **times)
    Action.objects.filter(run=run).update(ended_at=now - timedelta(seconds=30))
    take(person, "run-live", f"/admin/syncjobs/run/{run.pk}/change/")
    take(person, "overview-live", "/admin/")
    Run.objects.filter(pk=run.pk).update(status="cancelled", finished_at=now)


def changed_after_sending(person: Person, sandbox: Running) -> None:
    """Take pictures of a billed and a manually changed entry, both edited since: compared, previewed and corrected."""
    scene, workspace = Scene(sandbox), Workspace.objects.get()
    scene.sync(str(workspace.start_date), str(date.today()))
    billed, changed = Receipt.objects.filter(workspace=workspace, state="sent").order_by("-txn_date", "pk")[:2]
    scene.bill(billed.quickbooks_id)
    scene.put("TimeActivity", {"Id": changed.quickbooks_id, "Hours": 5, "Minutes": 0})
    for receipt in (billed, changed):
        scene.stretch(receipt.entry_id, receipt.minutes + 30)
    scene.sync(str(workspace.start_date), str(date.today()))
    desk = f"/admin/workspaces/{workspace.pk}/changed/"
    take(person, "changed-two", f"{desk}?look=1")
    for button, receipt in (("Send Clockify's…", changed), ("Add the difference…", billed)):
        person.opens(desk)
        entry = TimeEntry.objects.get(clockify_id=receipt.entry_id)
        person.presses(button, within=person.page.locator(f"#entry-{entry.pk}"))
        shown = RunExecution(Run.objects.latest("pk")).work()
        take(person, f"amend-{button.split()[0].lower()}", f"/admin/syncjobs/run/{shown.pk}/change/")
    person.presses("Add this in QuickBooks")
    RunExecution(Run.objects.latest("pk")).work()
    take(person, "entry-corrected", f"/admin/integrations/timeentry/{entry.pk}/change/")


def only_in_quickbooks(person: Person) -> None:
    """Take pictures of records that only QuickBooks has, with one of them ignored."""
    workspace = Workspace.objects.get()
    for tab in ("people", "projects"):
        take(person, f"{tab}-quickbooks", f"/admin/workspaces/{workspace.pk}/{tab}/?show=quickbooks")
    person.page.locator("[data-row] summary").first.click()
    person.page.locator("[data-row] [data-do=ignore]").first.click()
    person.sees("Ignored; no longer listed as missing in Clockify.")
    take(person, "projects-ignored", f"/admin/workspaces/{workspace.pk}/projects/?show=ignored")


def given_up(person: Person, sandbox: Running) -> None:
    """Take pictures of a write that five runs tried without a clear answer, with its buttons."""
    scene, workspace = Scene(sandbox), Workspace.objects.get()
    receipt = Receipt.objects.filter(workspace=workspace, state="sent", conflict="").order_by("-txn_date", "-pk")[2]
    scene.stretch(receipt.entry_id, receipt.minutes + 45)
    scene.fault("500_html", times=0)
    for _ in range(MAX_TRIED_RUNS):
        scene.sync(str(workspace.start_date), str(date.today()))
    scene.clear_faults()
    entry = TimeEntry.objects.get(clockify_id=receipt.entry_id)
    take(person, "entry-given-up", f"/admin/integrations/timeentry/{entry.pk}/change/")


def could_not_be_read(person: Person, sandbox: Running) -> None:
    """Take pictures of records that can't be read, of one of them with its entry, and of a list that was cut."""
    scene, workspace = Scene(sandbox), Workspace.objects.get()
    entries = TimeEntry.objects.filter(workspace=workspace, status__state="blocked").order_by("-txn_date", "pk")
    project = ClockifyProject.objects.filter(workspace=workspace).latest("pk").clockify_id
    user = ClockifyUser.objects.filter(workspace=workspace).latest("pk").clockify_id
    spoiled: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("/reports/", entries[0].clockify_id, {"rate": "much"}),
        ("/projects", project, {"name": "Site " * 2000}),
        ("/users", user, {"memberships": None, "settings": 7}),
    )
    for path, key, change in spoiled:
        options = {"vendor": "clockify", "method": "", "times": 0}
        scene.fault("answer_after_commit", path, record=key, change=change, **options)
    with scene.world.lock:
        names = [key for key in scene.books.records["Customer"]][-60:]
        cut = {key: scene.books.records["Customer"].pop(key) for key in names}
    command("check_for_new")
    take(person, "overview-list-cut", "/admin/")
    take(person, "run-check-unreadable", f"/admin/syncjobs/run/{Run.objects.latest('pk').pk}/change/")
    take(person, "list-unreadable", "/admin/integrations/unreadablerecord/")
    row = UnreadableRecord.objects.get(vendor_id=entries[0].clockify_id)
    take(person, "record-unreadable", f"/admin/integrations/unreadablerecord/{row.pk}/change/")
    take(person, "entry-unreadable", f"/admin/integrations/timeentry/{entries[0].pk}/change/")
    take(person, "list-not-believed", "/admin/integrations/shrunklist/")
    shrunk = ShrunkList.objects.get()
    take(person, "record-not-believed", f"/admin/integrations/shrunklist/{shrunk.pk}/change/")
    with scene.world.lock:
        scene.books.records["Customer"] |= cut
    scene.clear_faults()
    command("check_for_new")


def lost_and_healed(person: Person, sandbox: Running) -> None:
    """Take pictures of a connection that QuickBooks' own address refuses, and of its history once it healed."""
    scene = Scene(sandbox)
    refusal = {"fault": {"error": [{"message": "ApplicationAuthorizationFailed", "code": "3100"}], "type": "SERVICE"}}
    scene.fault("status_before", "/v3/company/", method="", status=403, body=refusal, times=0)
    scene.check()
    take(person, "overview-lost", "/admin/")
    scene.clear_faults()
    command("check_for_new")
    take(person, "overview-healed", "/admin/")
    take(person, "connection-events", "/admin/integrations/connectionevent/")


def problems(person: Person) -> None:
    """Take pictures of a missing page, a secret that can't be read, an old token, and a login tried too often."""
    before = len(person.troubles)
    take(person, "problem-404", "/admin/nothing/")
    person.opens("/admin/connect/clockify/")
    person.page.locator("[name=csrfmiddlewaretoken]").evaluate_all("fields => fields.forEach(field => field.value = 7)")
    person.fills("API key", "any")
    person.presses("Connect Clockify")
    take(person, "problem-csrf")
    workspace = Workspace.objects.get()
    person.opens(f"/admin/workspaces/{workspace.pk}/connect/quickbooks/")
    with override_settings(ENCRYPTION_KEYS=[Fernet.generate_key().decode()]):
        take(person, "problem-key", f"/admin/workspaces/{workspace.pk}/diagnose/")
    person.page.context.clear_cookies()
    for _ in range(TOO_MANY_LOGINS):
        person.opens("/accounts/login/")
        person.fills("Username or e-mail", "nobody")
        person.fills("Password", "wrong")
        person.presses("Log in")
    take(person, "problem-login")
    # The browser reports these statuses as errors, which are expected here.
    del person.troubles[before:]


def disconnected(person: Person) -> None:
    command("disconnect_quickbooks")
    take(person, "overview-disconnected", "/admin/")


def command(name: str, *args: str) -> None:
    result = run_command(name, *args)
    assert result.code == 0, result.stderr


def take(person: Person, name: str, path: str = "") -> None:
    """Take pictures of the page at `path`, or of the open page."""
    if path:
        person.opens(path)
    pictures.take(person.page, name)
