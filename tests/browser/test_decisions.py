"""Undo of a run, a nearly equal activity and many deletions at once, each decided by a person in the browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.utils import timezone

from sandbox.server import Running
from syncjobs.models import Action, Receipt, Run, RunItem
from syncjobs.rules import timetable
from syncjobs.runs.execution import RunExecution
from syncjobs.worker import schedules
from tests.browser import pictures
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
    """Check accessibility, and take pictures where PICTURES names them."""
    person.checks_accessibility()
    pictures.take(person.page, name)


def test_a_run_is_undone_after_its_preview(person: Person, scene: Scene, log_in: LogIn) -> None:
    site = scene.project("Site", client=scene.client("Acme"), hourlyRate=8000)
    billed, *_ = scene.entries(scene.user("Ada"), site, 6)
    sent = scene.sync()["run"]
    scene.bill(scene.receipt(billed).quickbooks_id)
    schedules.change(scene.workspace, "sync", timetable.parse("every 2 hours"), now=timezone.now())
    log_in(people.ADMINISTRATOR)

    person.opens(f"/admin/syncjobs/run/{sent}/change/")
    person.follows("Undo this run…")
    person.sees("the next sync sends them again, once each", "The schedule (every 2 hours) does that automatically")
    picture(person, "undo-before")
    person.presses("Preview the undo")
    work()
    person.sees(
        "Delete 5 activities in QuickBooks", re.compile(r"It is billed on invoice .*; the invoice is left as is\.")
    )
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
    picture(person, "unknown-outcomes-front")
    person.follows("Decide about No answer, in doubt")
    person.sees("What was sent", "1:07")
    picture(person, "unknown-outcomes")
    person.presses("This is it")
    person.sees("is this entry's own now", "Nothing needs a decision.")
    picture(person, "unknown-outcomes-none")

    assert scene.receipt(entry).quickbooks_id == scene.activities()[0]["Id"]


@pytest.fixture
def many(scene: Scene) -> list[str]:
    """Send 40 entries, of which eleven are deleted in Clockify and fourteen made unbillable or a break."""
    site = scene.project("Site", client=scene.client("Acme"), hourlyRate=8000)
    entries = scene.entries(scene.user("Ada Lindqvist"), site, 20)
    entries += scene.entries(scene.user("Bea Martinsson"), scene.project("Hall"), 20, day=9)
    scene.sync()
    scene.delete_entry(*entries[:11])
    for number, entry in enumerate(entries[11:25]):
        scene.edit_entry(entry, **({"type": "BREAK"} if number % 5 == 4 else {"billable": False}))
    scene.bill(scene.receipt(entries[12]).quickbooks_id)
    assert scene.sync()["warnings"] == {"MANY_MISSING": 11, "MANY_DELETIONS": 13}
    return entries


def test_many_deletions_are_carried_out_after_their_preview(
    person: Person, scene: Scene, log_in: LogIn, many: list[str]
) -> None:
    log_in(people.ADMINISTRATOR)

    person.opens("/admin/")
    person.sees("24 deletions at once")
    picture(person, "deletions-front")
    person.follows("Decide about many deletions")
    person.sees("24 time activities would be deleted in QuickBooks at once", "11 deleted in Clockify")
    picture(person, "deletions")
    # Meanwhile one of them is billed.
    scene.bill(scene.receipt(many[13]).quickbooks_id)
    person.presses("Preview what would be deleted")
    work()
    person.sees("23 activities would be deleted in QuickBooks.", "1 would stay")
    picture(person, "deletions-preview")
    person.presses("Delete 23 in QuickBooks")
    work()

    assert len(scene.activities()) == 17
    person.opens(f"/admin/workspaces/{scene.workspace.pk}/missing/")
    person.sees("Nothing is waiting to be deleted")
    picture(person, "deletions-none")


def test_many_deletions_are_kept(person: Person, scene: Scene, log_in: LogIn, many: list[str]) -> None:
    log_in(people.ADMINISTRATOR)
    entry_page = f"/admin/integrations/timeentry/{scene.mirrored(many[0]).pk}/change/"
    asking_run = Run.objects.latest("pk")

    person.opens(f"/admin/syncjobs/run/{asking_run.pk}/change/")
    person.sees("and 24 waiting for review")
    picture(person, "deletions-run")
    person.opens(entry_page)
    person.sees("Its time in QuickBooks is waiting to be deleted")
    picture(person, "deletions-entry")
    person.follows("Decide on all of them")
    person.presses("Keep 24 in QuickBooks")
    person.sees("The time of 24 entries stays in QuickBooks", "Nothing is waiting to be deleted")
    person.opens(entry_page)
    person.sees("Kept in QuickBooks", "was deleted in Clockify")
    picture(person, "deletions-kept")

    run = scene.sync()
    assert (run.code, run["warnings"], len(scene.activities())) == (0, {}, 40)
