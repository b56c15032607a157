"""Undo of a run, a nearly equal activity and a mass deletion, each decided by a person in the browser."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from sandbox.server import Running
from syncjobs.models import Action, Receipt, Run, RunItem
from syncjobs.rules import timetable
from syncjobs.runs.execution import RunExecution
from syncjobs.worker import schedules
from tests.browser.person import Person
from tests.support import people
from tests.support.scene import Scene

pytestmark = pytest.mark.slow
LogIn = Callable[[str], None]


@pytest.fixture
def scene(person: Person, sandbox: Running) -> Scene:
    return Scene(sandbox).connect()


def work() -> Run:
    """Execute the queued run as a worker would."""
    return RunExecution(Run.objects.get(status="queued")).work()


def picture(person: Person, name: str) -> None:
    """Check accessibility, and save pictures where PICTURES names a folder."""
    folder = os.environ.get("PICTURES")
    person.checks_accessibility()
    if folder:
        for width in (1400, 390):
            person.page.set_viewport_size({"width": width, "height": 900})
            person.page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        person.page.set_viewport_size({"width": 1280, "height": 900})


def test_a_run_is_undone_after_its_preview(person: Person, scene: Scene, log_in: LogIn) -> None:
    site = scene.project("Site", client=scene.client("Acme"), hourlyRate=8000)
    billed, *_ = scene.entries(scene.user("Ada"), site, 6)
    sent = scene.sync()["run"]
    scene.bill(scene.receipt(billed).quickbooks_id)
    schedules.change(scene.workspace, "sync", timetable.parse("every 2 hours"), now=timezone.now())
    log_in(people.ADMINISTRATOR)

    person.opens(f"/admin/syncjobs/run/{sent}/change/")
    person.follows("Undo this run…")
    person.sees("the next sync sends them again, once each", "The schedule (every 2 hours) does that by itself")
    picture(person, "undo-before")
    person.presses("Preview the undo")
    work()
    person.sees("Delete 5 activities in QuickBooks", "It is billed in QuickBooks; the invoice is left as it is.")
    picture(person, "undo-preview")
    person.page.get_by_label("and leave these entries out until I say otherwise").check()
    person.presses("Delete 5 activities in QuickBooks")
    work()
    person.sees(f"Undo of run {sent}", "billed, changed or closed")
    picture(person, "undo-run")

    assert len(scene.activities()) == 1
    assert scene.sync().counts == {"unchanged": 1, "blocked": 5}


def test_a_nearly_equal_activity_is_adopted(person: Person, scene: Scene, log_in: LogIn) -> None:
    entry = scene.entry(scene.user("Ada"), scene.project("Site"), description="Design review")
    run = scene.sync()
    Receipt.objects.all().delete()
    Action.objects.update(state=Action.State.SENDING, quickbooks_id="", ended_at=None)
    RunItem.objects.filter(run_id=run["run"]).update(outcome="unknown", quickbooks_id="")
    scene.put("TimeActivity", {"Id": scene.activities()[0]["Id"], "Minutes": 7})
    scene.sync()
    log_in(people.ADMINISTRATOR)

    person.opens("/admin/")
    picture(person, "doubts-front")
    person.follows("Decide what became of writes")
    person.sees("What was sent", "1:07")
    picture(person, "doubts")
    person.presses("This is it")
    person.sees("is this entry's own now", "Nothing needs a person.")
    picture(person, "doubts-none")

    assert scene.receipt(entry).quickbooks_id == scene.activities()[0]["Id"]


def test_a_mass_deletion_is_carried_out_after_its_preview(person: Person, scene: Scene, log_in: LogIn) -> None:
    entries = scene.entries(scene.user("Ada"), scene.project("Site"), 30)
    scene.sync()
    scene.delete_entry(*entries[:25])
    scene.sync()
    log_in(people.ADMINISTRATOR)

    person.opens("/admin/")
    person.follows("Decide about what is missing")
    person.sees("25 entries were not in Clockify any more")
    picture(person, "missing")
    person.presses("Preview what would be deleted")
    work()
    person.sees("25 activities would be deleted in QuickBooks.")
    picture(person, "missing-preview")
    person.presses("They are meant: delete 25 in QuickBooks")
    work()

    assert len(scene.activities()) == 5
    person.opens(f"/admin/workspaces/{scene.workspace.pk}/missing/")
    person.sees("Nothing is missing")
    picture(person, "missing-none")
