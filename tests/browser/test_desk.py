"""The review desk in a real browser: by mouse, by keys, and without scripts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from integrations.models import Workspace
from mapping.desk.index import counted
from mapping.models import Decision, Link
from sandbox.clockify.state import ADMIN_KEY
from sandbox.data.datasets import REALM
from sandbox.server import Running
from tests.browser.person import PATIENCE_MS, Person
from tests.browser.screenshots import command
from tests.support import people

LogIn = Callable[[str], None]
pytestmark = pytest.mark.sandbox(dataset="agency", entries=60)


def connected(sandbox: Running) -> Workspace:
    """Connect both sides and check once. Return the workspace."""
    command("connect_clockify", "--api-key", ADMIN_KEY)
    token = sandbox.world.quickbooks.issue_refresh_token(REALM)
    command("connect_quickbooks", "--realm", REALM, "--refresh-token", token)
    command("policy", f"start_date={date.today() - timedelta(days=40)}")
    command("check_for_new")
    return Workspace.objects.get()


@pytest.fixture
def workspace(sandbox: Running, site: str) -> Workspace:
    return connected(sandbox)


class Desk:
    """A tab of the review desk in a person's browser."""

    def __init__(self, person: Person, workspace: Workspace) -> None:
        self.person, self.page, self.workspace = person, person.page, workspace

    def opens(self, tab: str, query: str = "") -> None:
        self.person.opens(f"/admin/workspaces/{self.workspace.pk}/{tab}/{query}")
        # A reload would drop this variable.
        self.page.evaluate("window.neverReloaded = true")

    def was_not_reloaded(self) -> None:
        assert self.page.evaluate("window.neverReloaded === true")

    def says(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.locator("[data-news]")).to_contain_text(text, timeout=PATIENCE_MS)

    def row(self, name: str) -> Any:
        return self.page.locator("[data-row]").filter(has_text=name).first

    def presses(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def focus_is_on(self, row: str | None) -> None:
        expect(self.page.locator("[data-row]:focus, [data-row]:has(:focus)")).to_have_id(row or "")


@pytest.fixture
def desk(person: Person, workspace: Workspace, log_in: LogIn) -> Desk:
    log_in(people.ADMINISTRATOR)
    return Desk(person, workspace)


def test_a_decision_takes_one_click_and_no_reload_and_can_be_undone(desk: Desk) -> None:
    page, person = desk.page, desk.person
    desk.opens("people")
    expect(page.get_by_text("Nothing safe to accept at once")).to_be_visible()
    person.presses("Accept Siobhan O'Connor for Siobhán O'Connor")
    desk.says(re.compile(r"Linked\. (\d+ entr.* can now be sent\. )?5 to do\."))
    expect(desk.row("Siobhán")).to_have_count(0)
    expect(page.locator(".hb-tabs .hb-chosen")).to_contain_text("5")
    expect(page.locator(".hb-menu-line.hb-here .hb-count")).to_contain_text(str(counted(desk.workspace).to_do))
    expect(page.locator("[data-row]:has(:focus), [data-row]:focus")).to_have_count(1)
    person.presses("Undo")
    desk.says("Undone")
    expect(desk.row("Siobhán")).to_have_count(1)
    person.presses("Redo")
    desk.says("Redone")
    expect(desk.row("Siobhán")).to_have_count(0)
    person.presses("Undo")
    desk.says("Undone")

    page.get_by_label("Clockify", exact=True).fill("chris")
    expect(page.locator("[data-part=found]")).to_contain_text("2 of 6")
    assert "left=chris" in page.url
    page.get_by_label("Clockify", exact=True).fill("")
    person.follows("Choose for Tomasz Wójcik")
    expect(page.locator("[data-figures]")).to_contain_text("Links 1 person")
    link = page.locator("[data-panel] [data-do=link]")
    page.get_by_label("Another record").check()
    expect(link).to_be_disabled()
    page.get_by_label("Id or name in QuickBooks").fill("marcus")
    expect(page.locator("[data-options]")).to_contain_text("Nothing active like “marcus”")
    page.get_by_label("Id or name in QuickBooks").fill("wójcik")
    expect(link).to_be_enabled()
    page.get_by_role("option").first.click()
    expect(page.get_by_label("Id or name in QuickBooks")).to_have_value(re.compile("Wójcik.* · vendor "))
    desk.says("Links 1 person")
    person.checks_accessibility()
    person.presses("Link", within=page.locator("[data-panel]"))
    desk.says("Linked.")
    desk.was_not_reloaded()

    assert Link.objects.get(kind="user", by="person").quickbooks_kind == "vendor"


@pytest.mark.slow
def test_everything_is_done_by_keys(desk: Desk) -> None:
    page = desk.page
    desk.opens("people")
    names = [row.get_attribute("id") for row in page.locator("[data-row]").all()]
    desk.presses("j")
    desk.focus_is_on(names[0])
    desk.presses("j", "j", "ArrowUp")
    desk.focus_is_on(names[1])
    page.locator("[data-row]:has([data-do=accept])").nth(1).focus()
    accepted = page.locator("[data-row]:focus").get_attribute("id")
    desk.presses("c")
    expect(page.locator("[data-panel]")).to_be_visible()
    desk.presses("Escape")
    expect(page.locator("[data-panel]")).to_have_count(0)
    desk.focus_is_on(accepted)
    desk.presses("a")
    desk.says("Linked.")
    desk.presses("u")
    desk.says("Undone")
    desk.presses("j", "i")
    expect(page.get_by_label("Note")).to_be_focused()
    expect(page.get_by_text("If you ignore it")).to_be_visible()
    expect(page.locator("[data-figures] [data-said]")).to_be_visible()
    page.keyboard.type("a jukebox, u and i")
    desk.presses("Enter")
    desk.says("Ignored")
    assert Decision.objects.latest("pk").note == "a jukebox, u and i"
    desk.presses("/")
    expect(page.get_by_label("Clockify", exact=True)).to_be_focused()
    page.keyboard.type("ja")
    expect(page.get_by_label("Clockify", exact=True)).to_have_value("ja")
    desk.presses("Tab")
    expect(page.get_by_label("QuickBooks Online", exact=True)).to_be_focused()
    page.locator("#desk-list").focus()
    desk.presses("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    desk.person.checks_accessibility()
    page.get_by_label("Single-key shortcuts are on").uncheck()
    desk.presses("Escape")
    page.locator("#desk-list").focus()
    desk.presses("?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    desk.was_not_reloaded()


def by_keys(desk: Desk, steps: Counter[str]) -> None:
    """Decide the first row by keys: accept it where it has a button for that, else ignore it with a note."""
    page = desk.page
    page.locator("#desk-list").focus()
    keys = ["j", "a"]
    if not page.locator("[data-row]").first.locator("[data-do=accept]").count():
        keys = ["j", "i"]
    desk.presses(*keys)
    if keys[-1] == "i":
        expect(page.get_by_label("Note")).to_be_focused()
        page.keyboard.type("not ours")
        desk.presses("Enter")
    steps["decisions"] += 1
    steps["keys"] += len(keys) + (1 if keys[-1] == "i" else 0)


def by_mouse(desk: Desk, steps: Counter[str]) -> None:
    """Decide the first row by clicks: accept it where it has a button for that, else ignore it."""
    row = desk.page.locator("[data-row]").first
    accept = row.locator("[data-do=accept]")
    controls = [accept] if accept.count() else [row.locator("summary"), row.locator("[data-do=ignore]")]
    for control in controls:
        control.click()
    if len(controls) > 1:
        desk.page.locator(".hb-ignore button").click()
    steps["decisions"] += 1
    steps["clicks"] += len(controls) + (1 if len(controls) > 1 else 0)


@pytest.mark.slow
@pytest.mark.parametrize("hand", [by_keys, by_mouse])
def test_a_busy_person_clears_the_agency_with_one_decision_for_each_record(
    desk: Desk, hand: Callable[[Desk, Counter[str]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Decide every record, tab by tab, and print the number of steps (docs/desk.md)."""
    page, workspace = desk.page, desk.workspace
    open_before, steps = counted(workspace).to_do, Counter[str]()
    for tab in ("people", "clients", "projects"):
        desk.opens(tab)
        while before := page.locator("[data-row]").count():
            hand(desk, steps)
            expect(page.locator("[data-row]")).not_to_have_count(before)
        desk.was_not_reloaded()
    with capsys.disabled():
        print(f"\n{open_before} records to decide: {dict(steps)} {hand.__name__}")

    assert counted(workspace).to_do == 0
    assert steps["decisions"] == Decision.objects.count() <= open_before
    # A click or two keys where a suggestion is accepted, three of either where a record is left out.
    assert steps["clicks"] + steps["keys"] <= 3 * open_before
    expect(page.get_by_text("Everything is decided.")).to_be_visible()


@pytest.mark.slow
def test_a_button_works_where_a_script_cannot_send_its_request(desk: Desk) -> None:
    desk.opens("people")
    desk.page.route("**/*", lambda route: route.abort() if "x-desk" in route.request.headers else route.continue_())
    desk.person.presses("Accept Siobhan O'Connor for Siobhán O'Connor")
    desk.person.sees(re.compile(r"Linked\..* to do\."))
    desk.person.troubles.clear()

    assert Link.objects.filter(kind="user", by="person").count() == 1


@pytest.mark.slow
def test_a_sheet_says_that_it_could_not_be_checked_and_keeps_what_was_typed(desk: Desk) -> None:
    page, note = desk.page, desk.page.locator("#sheet-unchecked")
    desk.opens("projects")
    desk.person.follows("Create… for Loyalty app")
    name, submit = page.get_by_label("Name", exact=True), page.locator("#sheet-foot .hb-filled")

    def is_not_checked(typed: str) -> None:
        name.fill(typed)
        expect(note).to_contain_text("could not check your last change")
        expect(submit).to_be_enabled()

    name.fill("Loyalty app, again")
    expect(page.locator("#sheet-sent")).to_contain_text("Loyalty app, again")
    expect(note).to_be_hidden()
    page.route("**/*", lambda route: route.fulfill(status=500))
    is_not_checked("Loyalty app, the server failed")
    page.unroute("**/*")
    name.fill("Loyalty app, it works")
    expect(note).to_be_hidden()
    page.context.set_offline(True)
    is_not_checked("Loyalty app, offline")
    submit.click()
    expect(name).to_have_value("Loyalty app, offline")
    page.context.set_offline(False)
    name.fill("Loyalty app, online")
    expect(note).to_be_hidden()
    page.context.clear_cookies(name="sessionid")
    is_not_checked("Loyalty app, logged out")
    desk.person.troubles.clear()


@pytest.mark.slow
def test_without_scripts_the_same_forms_do_the_same(
    desk: Desk, browser: Browser, client: Any, person: Person, workspace: Workspace
) -> None:
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": person.site}])
    page: Page = plain.new_page()
    page.goto(f"{person.site}/admin/workspaces/{workspace.pk}/people/")
    page.get_by_label("Clockify", exact=True).fill("siobh")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("1 of 6")).to_be_visible()
    page.get_by_role("link", name="Choose for Siobhán O'Connor").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text(re.compile("Links\\s+1 person"))).to_be_visible()
    page.locator("[data-panel]").get_by_role("button", name="Link", exact=False).first.click()
    expect(page.get_by_text(re.compile("Linked\\. .*to do"))).to_be_visible()
    page.goto(f"{person.site}/admin/workspaces/{workspace.pk}/projects/")
    page.get_by_role("link", name="Create… for Loyalty app").click()
    page.get_by_label("Name", exact=True).fill("Loyalty: app")
    page.get_by_role("button", name="Check what I wrote").click()
    expect(page.get_by_text("There is a colon after")).to_be_visible()
    page.get_by_role("link", name="Use a hyphen instead").click()
    page.get_by_role("button", name="Create in QuickBooks and link").click()
    expect(page.get_by_text("Created in QuickBooks. Linked.")).to_be_visible()
    plain.close()


@pytest.mark.slow
def test_another_record_is_found_in_a_combobox_by_keys(desk: Desk) -> None:
    page = desk.page
    desk.opens("people")
    desk.person.follows("Choose for Tomasz Wójcik")
    field = page.get_by_role("combobox", name="Id or name in QuickBooks")
    options, figures = page.get_by_role("option"), page.locator("[data-figures]")

    def is_open(yes: bool) -> None:
        expect(field).to_have_attribute("aria-expanded", str(yes).lower())

    field.fill("o")
    is_open(True)
    expect(figures).to_contain_text("Choose one")
    desk.person.checks_accessibility()
    desk.presses("ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    desk.presses("ArrowDown")
    first = options.first.get_attribute("data-value") or ""
    expect(field).to_have_attribute("aria-activedescendant", options.first.get_attribute("id") or "")
    desk.presses("Enter")
    expect(field).to_have_value(first)
    expect(figures).to_contain_text("Links 1 person")
    is_open(False)
    # Escape closes the list, then the row; what was typed is there until then.
    field.fill("wój")
    is_open(True)
    desk.presses("Escape")
    is_open(False)
    expect(field).to_have_value("wój")
    desk.presses("ArrowDown")
    is_open(True)
    desk.presses("ArrowDown", "Tab")
    expect(field).to_have_value(re.compile(" · vendor "))
    expect(field).not_to_be_focused()
    expect(figures).to_contain_text("Links 1 person")
    field.focus()
    desk.presses("Enter")
    desk.says("Linked.")
    assert Link.objects.get(kind="user", by="person").quickbooks_kind == "vendor"


@pytest.mark.slow
def test_many_rows_are_ticked_and_ignored_with_one_note(desk: Desk) -> None:
    page, person = desk.page, desk.person
    desk.opens("projects")
    rows, whole = page.locator("[data-row]").count(), page.get_by_label("Tick all rows of this page")
    expect(page.locator("[data-selected=ignore]")).to_be_hidden()
    whole.check()
    expect(page.locator("[data-selected=ignore]")).to_have_text(re.compile(f"Ignore {rows}…"))
    page.locator("[data-do=tick]").first.uncheck()
    page.get_by_label("Clockify", exact=True).fill("app")
    desk.says(" of ")
    expect(page.locator("[data-do=tick]:checked").first).to_be_visible()
    page.get_by_label("Clockify", exact=True).fill("")
    desk.says("")
    expect(page.locator("[data-row]")).to_have_count(rows)
    page.locator("[data-do=tick]").nth(0).check()
    page.locator("[data-do=tick]").nth(1).check()
    page.locator("[data-selected=ignore]").click()
    page.get_by_label("Note, kept with each of them").fill("our own work")
    page.locator("input[name=key]").nth(0).uncheck()
    left = page.locator("input[name=key]:checked").count()
    person.checks_accessibility()
    person.presses(f"Ignore {left} record")
    person.sees(re.compile(f"Ignored {left} record"))
    assert set(Decision.objects.values_list("verb", "note")) == {("ignore", "our own work")}
    assert Decision.objects.count() == left


@pytest.mark.slow
def test_every_page_of_the_desk_is_accessible(desk: Desk, workspace: Workspace) -> None:
    person, page = desk.person, desk.page
    for tab in ("people", "clients", "projects"):
        for section in ("todo", "linked", "quickbooks"):
            desk.opens(tab, f"?show={section}")
            person.checks_accessibility()
    desk.opens("projects")
    page.locator("[data-do=tick][data-clear]").first.check()
    page.get_by_label(re.compile("^More for")).first.click()
    person.checks_accessibility()
    page.keyboard.press("Escape")
    person.presses("Accept 1 selected…")
    person.sees("Accept 1 pair")
    person.checks_accessibility()
    desk.opens("people", "?show=todo")
    person.follows("Create… for") if page.get_by_role("link", name="Create… for").count() else person.follows(
        "Reactivate…"
    )
    person.sees("The exact request")
    person.checks_accessibility()
    for path in ("desk/upload", "desk/history", "desk/safe", "changed"):
        desk.opens(path)
        person.checks_accessibility()
