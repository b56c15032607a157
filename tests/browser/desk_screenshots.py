"""Pictures of the review desk while people use it: uploads, refusals, unknown outcomes, help."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.models import Workspace
from mapping.models import Mismatch
from sandbox.server import Running
from tests.browser import axe, pictures
from tests.browser.person import Person
from tests.browser.test_desk import connected
from tests.support import people

LogIn = Callable[[str], None]


@pytest.mark.sandbox(dataset="agency")
def test_pictures_of_the_desk_in_use(person: Person, sandbox: Running, log_in: LogIn) -> None:
    workspace = connected(sandbox)
    log_in(people.ADMINISTRATOR)
    axe.look_at(person.page, width=1400, scheme="light")
    writes(person, workspace)
    person.opens(f"/admin/workspaces/{workspace.pk}/desk/upload/")
    ids = list(Mismatch.objects.filter(kind="user").exclude(clockify_id="").values_list("clockify_id", flat=True))
    lines = [
        "kind,clockify_id,quickbooks_id,decision",
        f"user,{ids[0]},8,",
        f"user,{ids[1]},777,",
        f"user,{ids[2]},,ignore",
    ]
    person.fills("Or paste its lines", "\n".join(lines))
    person.presses("Preview")
    person.sees("What the file would change")
    pictures.take(person.page, "desk-upload-preview")
    person.opens(f"/admin/workspaces/{workspace.pk}/desk/safe/?tab=projects")
    person.presses("Accept 4 pairs")
    person.sees("Linked 4 pairs.")
    pictures.take(person.page, "desk-accepted")
    unknown_and_refused(person, sandbox, workspace)
    person.opens(f"/admin/workspaces/{workspace.pk}/people/")
    person.page.locator("#user-none, [data-row]").first.focus()
    person.page.keyboard.press("?")
    pictures.take(person.page, "desk-help")


def unknown_and_refused(person: Person, sandbox: Running, workspace: Workspace) -> None:
    with sandbox.world.lock:
        sandbox.world.faults.add(vendor="quickbooks", method="POST", path="customer", kind="cut_before", times=1)
    person.opens(f"/admin/workspaces/{workspace.pk}/projects/")
    person.follows("Create… for Loyalty app")
    person.presses("Create in QuickBooks and link")
    person.sees("Check now")
    pictures.take(person.page, "desk-unknown-outcome")
    person.opens(f"/admin/workspaces/{workspace.pk}/projects/")
    person.follows("Choose for Café guide")
    person.page.get_by_label("Id or name in QuickBooks").fill("Nobody at all")
    person.presses("Link", within=person.page.locator("[data-panel]"))
    person.page.locator("[data-refused]").wait_for()
    pictures.take(person.page, "desk-refused")


def writes(person: Person, workspace: Workspace) -> None:
    for tab in ("people", "projects"):
        person.opens(f"/admin/workspaces/{workspace.pk}/{tab}/")
        link = person.page.locator("[data-do=write]").first
        if link.count():
            link.click()
            person.sees("The exact request")
            pictures.take(person.page, f"desk-write-{tab}")
            name = person.page.get_by_label("Name", exact=True)
            if name.count():
                name.fill(name.input_value() + ": microsite")
                person.page.locator(".hb-failed").first.wait_for()
                pictures.take(person.page, f"desk-write-{tab}-failed")
