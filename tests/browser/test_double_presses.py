"""Two quick presses of one button, and the same button in two tabs: one effect, and the second press is told why."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from integrations.models import ConnectionEvent
from mapping.models import Decision, Link
from sandbox.server import Running
from syncjobs.models import EntryOverride, Run
from tests.browser.person import PATIENCE_MS, Person
from tests.browser.test_decisions import many, work  # noqa: F401
from tests.support import people
from tests.support.scene import FIRST, Scene

pytestmark = pytest.mark.slow
LogIn = Callable[[str], None]


@pytest.fixture
def scene(person: Person, sandbox: Running, log_in: LogIn) -> Scene:
    log_in(people.ADMINISTRATOR)
    scene = Scene(sandbox).connect()
    scene.policy(start_date=FIRST)
    return scene


def other_tab(person: Person, path: str) -> Person:
    other = Person(person.page.context.new_page(), site=person.site)
    other.opens(path)
    return other


def told(person: Person, *sentences: str) -> None:
    """Wait for these messages of a page, in any order; there may be others."""
    for sentence in sentences:
        messages = person.page.locator(".hb-messages")
        expect(messages).to_contain_text(re.compile(sentence), timeout=PATIENCE_MS)


def queued() -> int:
    return Run.objects.filter(status=Run.Status.QUEUED).count()


def twice(person: Person, name: str | re.Pattern[str]) -> None:
    """Press a button twice at once. Which of the two answers the browser shows is up to it."""
    button(person.page, name).dblclick()
    person.page.wait_for_load_state("networkidle")


def button(page: Page, name: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("button", name=name).first


# --- the review desk -----------------------------------------------------------------------------------------
@pytest.fixture
def desk(person: Person, scene: Scene) -> str:
    """Return the address of a desk with three projects: each has a suggestion, two of them are safe."""
    acme, ada = scene.client("Acme & Sons"), scene.user("Ada")
    for number, (name, there) in enumerate(
        (("Brand refresh", "brand refresh"), ("Loyalty app", "loyalty app"), ("Website", "Website 2026"))
    ):
        project = scene.project(name, client=acme, customer=False)
        parent = {"Job": True, "ParentRef": {"value": scene.customers[acme]}}
        scene.put("Customer", {"DisplayName": there, **parent})
        scene.entry(ada, project, "2026-03-04 09:00", minutes=180 - 60 * number)
    scene.check()
    return f"/admin/workspaces/{scene.workspace.pk}/projects/"


def said(person: Person) -> Locator:
    return person.page.locator("[data-news]")


def test_a_suggestion_accepted_twice_links_one_project(person: Person, desk: str) -> None:
    person.opens(desk)
    other = other_tab(person, desk)
    button(person.page, re.compile("^Accept brand refresh")).dblclick()

    expect(said(person)).to_contain_text("Linked.", timeout=PATIENCE_MS)
    assert Decision.objects.count() == Link.objects.filter(by="person").count() == 1
    button(other.page, re.compile("^Accept brand refresh")).click()
    expect(other.page.locator("[data-refused]")).to_contain_text(re.compile("linked this project.*Nothing was"))
    assert Decision.objects.count() == 1


def test_what_is_ignored_and_undone_twice_is_so_once(person: Person, desk: str) -> None:
    person.opens(desk)
    other = other_tab(person, desk)
    for tab in (person, other):
        row = tab.page.locator("[data-row]").filter(has_text="Website")
        row.locator("summary").click()
        row.locator("[data-do=ignore]").click()
        expect(tab.page.locator(".hb-ignore button")).to_be_visible()

    person.page.locator(".hb-ignore button").dblclick()
    expect(said(person)).to_contain_text("Ignored", timeout=PATIENCE_MS)
    other.page.locator(".hb-ignore button").click()

    expect(other.page.locator("[data-refused]")).to_contain_text(re.compile("ignored this project.*Nothing was"))
    assert Decision.objects.count() == 1
    other.opens(desk)
    button(person.page, "Undo").dblclick()
    expect(said(person)).to_contain_text("Undone", timeout=PATIENCE_MS)
    button(other.page, "Undo").click()
    sentence = re.compile("You undid the decision about Website at .*Nothing was changed.")
    expect(other.page.locator("#desk-parts")).to_contain_text(sentence, timeout=PATIENCE_MS)
    assert list(Decision.objects.order_by("pk").values_list("verb", flat=True)) == ["ignore", "undo"]


def test_all_safe_ones_accepted_twice_are_accepted_once(person: Person, desk: str) -> None:
    safe = desk.replace("/projects/", "/desk/safe/?tab=projects")
    person.opens(safe)
    other = other_tab(person, safe)

    button(person.page, "Accept 2 pairs").dblclick()

    person.page.wait_for_url(re.compile("/projects/"))
    button(other.page, "Accept 2 pairs").click()
    told(other, "You linked this project to .*brand refresh at .*Nothing was changed.")
    assert Decision.objects.count() == Link.objects.filter(by="person", kind="project").count() == 2


# --- many deletions ------------------------------------------------------------------------------------------
def test_many_deletions_deleted_twice_are_deleted_by_one_run(
    person: Person,
    scene: Scene,
    many: list[str],  # noqa: F811
) -> None:
    page = f"/admin/workspaces/{scene.workspace.pk}/missing/"
    person.opens(page)
    twice(person, "Preview what would be deleted")
    assert queued() == 1
    work()
    person.opens(page)
    other, third = other_tab(person, page), other_tab(person, page)

    twice(person, "Delete 24 in QuickBooks")
    button(other.page, "Delete 24 in QuickBooks").click()
    told(other, "is waiting for a worker since")
    assert queued() == 1
    work()

    button(third.page, "Keep 24 in QuickBooks").click()
    told(third, "The list has changed since you opened this page")
    assert len(scene.activities()) == 16 and not EntryOverride.objects.filter(kept=True).exists()


def test_many_deletions_kept_twice_are_kept_once(
    person: Person,
    scene: Scene,
    many: list[str],  # noqa: F811
) -> None:
    page = f"/admin/workspaces/{scene.workspace.pk}/missing/"
    person.opens(page)
    other = other_tab(person, page)

    twice(person, "Keep 24 in QuickBooks")
    button(other.page, "Keep 24 in QuickBooks").click()

    told(other, "The list has changed since you opened this page")
    assert EntryOverride.objects.filter(kept=True).count() == 24
    assert ConnectionEvent.objects.filter(kind="deletions_kept").count() == 1
    assert len(scene.activities()) == 40


# --- what was billed or changed ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("way", "words", "times"),
    [("override", "Write this to QuickBooks", [(1, 30)]), ("correct", "Add this in QuickBooks", [(1, 0), (0, 30)])],
)
def test_a_correction_pressed_twice_is_written_once(
    person: Person, scene: Scene, way: str, words: str, times: list[tuple[int, int]]
) -> None:
    entry = scene.entry(scene.user("Ada"), scene.project("Site", client=scene.client("Acme")), description="Design")
    scene.sync()
    key = scene.receipt(entry).quickbooks_id
    scene.bill(key) if way == "correct" else scene.put("TimeActivity", {"Id": key, "Hours": 5})
    scene.stretch(entry, 90)
    scene.sync()
    person.opens(f"/admin/workspaces/{scene.workspace.pk}/changed/")
    twice(person, re.compile("Send Clockify's|Add the difference"))
    assert queued() == 1
    preview = work()
    path = f"/admin/syncjobs/run/{preview.pk}/change/"
    person.opens(path)
    other, third = other_tab(person, path), other_tab(person, path)

    twice(person, words)
    button(other.page, words).click()
    told(other, "is waiting for a worker since")
    assert queued() == 1
    work()
    assert [(activity["Hours"], activity["Minutes"]) for activity in scene.activities()] == times
    tokens = [activity["SyncToken"] for activity in scene.activities()]

    # The run of an old tab finds that nothing is left to write.
    button(third.page, words).click()
    told(third, "requested. It starts")
    later = work()
    whys = [item.why for item in later.items.all()]
    assert whys == [] or "nothing is missing" in whys[0], whys
    assert [activity["SyncToken"] for activity in scene.activities()] == tokens
    assert (scene.explain(entry)["state"], scene.explain(entry)["reasons"]) == ("sent", [])


# --- undo ----------------------------------------------------------------------------------------------------
def test_an_undo_pressed_twice_is_one_undo(person: Person, scene: Scene) -> None:
    scene.entries(scene.user("Ada"), scene.project("Site"), 3)
    path = f"/admin/runs/{scene.sync()['run']}/undo/"
    person.opens(path)
    twice(person, "Preview the undo")
    assert queued() == 1
    work()
    person.opens(path)
    other, third = other_tab(person, path), other_tab(person, path)

    twice(person, "Delete 3 activities in QuickBooks")
    button(other.page, "Delete 3 activities in QuickBooks").click()
    told(other, "Undo .* is waiting for a worker since")
    assert queued() == 1
    work()
    button(third.page, "Delete 3 activities in QuickBooks").click()

    told(third, "Undo .* has been carried out since you opened this page. Preview again")
    assert (queued(), scene.activities()) == (0, [])
