"""A bookkeeper's month: compare with a worker, find time entered by hand, explain it, sign, and see a later change."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from sandbox.server import Running
from tests.browser import axe
from tests.browser.person import Person
from tests.support import people
from tests.support.scene import FIRST, LAST, Scene
from tests.worker.conftest import WorkerProcess


@pytest.fixture
def scene(person: Person, sandbox: Running) -> Scene:
    """Return a scene with one sent entry, and time that somebody entered in QuickBooks by hand."""
    scene = Scene(sandbox).connect()
    ada, site = scene.user("Ada"), scene.project("Site", client=scene.client("Acme"), hourlyRate=8000)
    scene.entry(ada, site)
    scene.sync()
    scene.by_hand(ada, site)
    return scene


def test_a_month_is_compared_explained_and_signed(
    person: Person, scene: Scene, worker: WorkerProcess, log_in: Callable[[str], None]
) -> None:
    log_in(people.ADMINISTRATOR)
    person.opens("/admin/")
    person.chooses_in_menu("Proof")
    person.page.locator(".hb-period summary").click()
    person.fills("First day", FIRST)
    person.fills("Last day", LAST)
    person.presses("Show")
    person.sees("These days have not been compared yet.")
    person.checks_accessibility()
    person.presses("Compare")
    # The page follows the worker without reloading.
    person.sees("Not explained:", "was not sent from here")
    person.checks_accessibility()
    person.page.get_by_text("Explain with a note…").click()
    person.fills("What it is, and why it can stay", "Phone support, agreed with Ada")
    person.presses("Keep the note")
    person.sees("counts as explained now", "Explained by dana: Phone support, agreed with Ada")
    person.page.get_by_text("Sign Sun Mar 1 to Tue Mar 31, 2026…").click()
    person.presses("Sign")
    person.sees("Another person may countersign it.", "No changes since then are known.")
    scene.put("TimeActivity", {"Id": scene.activities()[0]["Id"], "Hours": 3})
    person.presses("Compare again")
    person.sees("Changed since", "QuickBooks has 3.00 h, signed were 1.00 h")
    person.follows("Sun Mar 1 to Tue Mar 31, 2026", within=person.page.locator("section[aria-labelledby=sign-off]"))
    person.sees("Changed since it was signed")
    expect(person.page.get_by_text("Another person may countersign it.")).to_be_visible()
    person.checks_accessibility()


# Figures as wide as those of a large agency.
WIDER = """() => {
  for (const cell of document.querySelectorAll('.hb-proof-table td.hb-number'))
    cell.innerHTML = cell.innerHTML.replace(/[0-9.]+/g, '1,234.56');
  const box = document.querySelector('.hb-scroll');
  return box.scrollWidth - box.clientWidth;
}"""


def test_six_weeks_fit_beside_what_explains_them_on_screen_and_on_paper(
    person: Person, scene: Scene, log_in: Callable[[str], None]
) -> None:
    scene.compare(FIRST, "2026-04-05")
    log_in(people.ADMINISTRATOR)
    person.opens(f"/admin/workspaces/{scene.workspace.pk}/proof/?from={FIRST}&to=2026-04-05&open=all")

    axe.look_at(person.page, width=1400, scheme="light")
    assert person.page.evaluate(WIDER) == 0
    person.page.emulate_media(media="print")
    paper = person.page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([0-9]+)[.0-9]* ([0-9]+)", paper)
    assert boxes and all(int(width) > int(height) for width, height in boxes)
