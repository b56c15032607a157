"""The review desk with 450 open names, cleared in a real browser while clicks and keys are counted."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, expect

from mapping.desk.index import counted
from mapping.models import Decision
from sandbox.server import Running
from tests.bench import name_pairs
from tests.browser import pictures
from tests.browser.person import PATIENCE_MS, Person
from tests.browser.screenshots import LogIn, command
from tests.support import people
from tests.support.scene import Scene
from tests.worker.conftest import WorkerProcess

pytestmark = [pytest.mark.slow]
USERS, CLIENTS, PROJECTS = 45, 90, 315
# What becomes of each name: written in another case, with a slip of the pen, not in QuickBooks at all, and not for it.
SHARES = {"safe": 35, "slip": 15, "lacking": 40, "internal": 10}


def cast(scene: Scene) -> None:
    """Create the names of both sides; each project has an hour of somebody's time."""
    names = iter(name_pairs.make(USERS + CLIENTS + PROJECTS, 1, partnered=0, seed=3).left.values())
    kinds = [kind for kind, share in SHARES.items() for _ in range(share)]
    # A stride without a common divisor spreads the kinds evenly over people, clients and projects.
    spread = (kinds[number * 37 % len(kinds)] for number in range(USERS + CLIENTS + PROJECTS))
    users = [scene.user(_theirs(scene, "Employee", next(names), next(spread)), partner=None) for _ in range(USERS)]
    clients: list[str] = []
    parents: dict[str, str] = {}
    for _ in range(CLIENTS):
        name = next(names)
        clients.append(scene.client(_theirs(scene, "Customer", name, kind := next(spread)), customer=False))
        parents[clients[-1]] = name if kind in ("safe", "slip") else ""
    first = date.today() - timedelta(days=20)
    for number in range(PROJECTS):
        client, name, kind = clients[number % CLIENTS], next(names), next(spread)
        kind = kind if parents[client] or kind == "internal" else "lacking"
        project = scene.project(_theirs(scene, "Customer", name, kind, parents[client]), client=client, customer=False)
        day = first + timedelta(days=number % 15)
        scene.entry(users[number % USERS], project, f"{day} {9 + number // 45:02d}:00", hourlyRate=8000)


def _theirs(scene: Scene, entity: str, name: str, kind: str, parent: str = "") -> str:
    """Create what QuickBooks has of a name. Return the name in Clockify."""
    if kind == "internal":
        return f"Internal {name}"
    if kind != "lacking":
        below = {}
        if parent:
            rows = scene.books.records["Customer"].values()
            below = {
                "Job": True,
                "ParentRef": {"value": next(row["Id"] for row in rows if row["DisplayName"] == parent)},
            }
        scene.put(entity, {"DisplayName": name, **below})
    return {"safe": name.upper(), "slip": name[:3] + name[2:]}.get(kind, name)


class Hand:
    """A person's hand: each press, and each word typed, counts."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page
        self.steps: Counter[str] = Counter()

    def clicks(self, what: Locator) -> None:
        # A sheet of 200 names takes its time on a busy machine.
        what.click(timeout=2 * PATIENCE_MS)
        self.steps["clicks"] += 1

    def types(self, field: Locator, text: str) -> None:
        field.fill(text)
        self.steps["keys"] += len(text)

    def key(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.steps["keys"] += len(keys)


class Clearing:
    """The desk's job, list by list, with as few presses as its pages allow."""

    def __init__(self, hand: Hand, workspace_id: int) -> None:
        self.hand, self.page, self.workspace_id = hand, hand.page, workspace_id
        self.by_step: dict[str, Counter[str]] = {}

    def opens(self, tab: str, query: str = "") -> None:
        self.hand.person.opens(f"/admin/workspaces/{self.workspace_id}/{tab}/{query}")
        self.page.wait_for_load_state("networkidle")

    def clears(self, tab: str) -> None:
        for step in (self.ignores, self.accepts_safe, self.accepts_one_by_one, self.creates):
            self.opens(tab)
            before, rows = Counter(self.hand.steps), self.to_do()
            step()
            self.opens(tab)
            spent = self.hand.steps - before
            spent["names"] = rows - self.to_do()
            self.by_step.setdefault(step.__name__, Counter()).update(spent)

    def to_do(self) -> int:
        return int(self.page.locator("[data-part=states] .hb-chosen .hb-count").inner_text())

    def ignores(self) -> None:
        self.hand.types(self.page.get_by_label("Clockify", exact=True), "internal")
        expect(self.page.locator("[data-part=found]")).to_contain_text(" of ")
        if not self.page.locator("[data-do=tick]").count():
            return
        self.ticks_all()
        self.hand.clicks(self.page.locator("[data-selected=ignore]"))
        self.hand.types(self.page.get_by_label("Note, kept with each of them"), "our own work")
        self.presses_and_waits()

    def accepts_safe(self) -> None:
        safe = self.page.get_by_role("link", name=re.compile(r"Accept all safe \("))
        # The number comes after the page.
        while safe.or_(self.page.get_by_text("Nothing safe to accept at once")).first.wait_for() or safe.count():
            self.hand.clicks(safe)
            self.presses_and_waits()

    def accepts_one_by_one(self) -> None:
        self.hand.clicks(self.page.locator("[data-part=states] a", has_text="Suggested"))
        self.page.wait_for_load_state("networkidle")
        self.page.locator("#desk-list").focus()
        while count := self.page.locator("[data-row]").count():
            self.hand.key(*(["a"] if self.page.locator("[data-row] [data-do=accept]:focus").count() else ["j", "a"]))
            expect(self.page.locator("[data-row]")).not_to_have_count(count, timeout=PATIENCE_MS)

    def creates(self) -> None:
        while self.to_do():
            # A list of one reason has nothing to narrow.
            chip = self.page.locator(".hb-reasons a", has_text=re.compile("No (customer|employee) of"))
            if chip.count():
                self.hand.clicks(chip)
                self.page.wait_for_load_state("networkidle")
            self.ticks_all()
            self.hand.clicks(self.page.locator("[data-selected=create]"))
            self.presses_and_waits()
            expect(self.page.locator("#created")).to_contain_text(re.compile(r"(\d+) of \1 created"), timeout=600_000)
            self.hand.clicks(self.page.get_by_role("link", name="Back to the desk"))
            self.page.wait_for_load_state("networkidle")

    def ticks_all(self) -> None:
        """Tick the whole list where it goes over several pages, else its page."""
        whole = self.page.get_by_label(re.compile(r"all \d+ in this list"))
        self.hand.clicks(whole if whole.count() else self.page.get_by_label("Tick all rows of this page"))

    def presses_and_waits(self) -> None:
        self.hand.clicks(self.page.locator("#sheet-foot .hb-filled"))
        self.page.wait_for_load_state("networkidle")


@pytest.mark.sandbox(dataset="empty")
def test_the_desk_is_cleared_at_450_open_names(
    person: Person,
    sandbox: Running,
    worker: WorkerProcess,
    log_in: LogIn,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Print the number of clicks and keys of each step (docs/desk.md)."""
    scene = Scene(sandbox)
    cast(scene)
    scene.connect()
    command("policy", f"start_date={date.today() - timedelta(days=40)}")
    command("check_for_new")
    open_before = counted(scene.workspace).to_do
    log_in(people.ADMINISTRATOR)
    hand = Hand(person)
    clearing = Clearing(hand, scene.workspace.pk)

    for tab in ("people", "clients", "projects"):
        person.opens(f"/admin/workspaces/{scene.workspace.pk}/{tab}/")
        pictures.take(person.page, f"many-{tab}")
        clearing.clears(tab)

    with capsys.disabled():
        print(f"\n{open_before} names, {Decision.objects.count()} decisions: {dict(hand.steps)}")
        for step, spent in clearing.by_step.items():
            print(f"  {step}: {dict(spent)}")
    assert counted(scene.workspace).to_do == 0
    # One key for each suggestion that is looked at; everything else goes by the hundred.
    assert hand.steps["clicks"] <= 60 and hand.steps["keys"] <= open_before / 2
