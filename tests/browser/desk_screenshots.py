"""Pictures of every state of the review desk, for a developer to look at: PICTURES=folder pytest -m slow …"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command

from integrations.models import Workspace
from mapping.desk.index import KINDS
from mapping.models import Mismatch
from sandbox.server import Running
from tests.browser import axe
from tests.browser.person import Person
from tests.browser.test_desk import connected
from tests.support import people
from tests.support.scene import Scene

pytestmark = [pytest.mark.slow, pytest.mark.skipif("PICTURES" not in os.environ, reason="PICTURES names no folder")]
LogIn = Callable[[str], None]


def take(person: Person, name: str) -> None:
    folder = Path(os.environ["PICTURES"])
    person.page.wait_for_load_state("networkidle")
    for width, scheme in ((1400, "light"), (1400, "dark"), (360, "light")):
        axe.look_at(person.page, width=width, scheme=scheme)
        person.page.evaluate("scrollTo(0, 0)")
        person.page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
    axe.look_at(person.page, width=1400, scheme="light")


@pytest.mark.sandbox(dataset="agency")
def test_pictures_of_the_desk(person: Person, sandbox: Running, log_in: LogIn) -> None:
    workspace = connected(sandbox)
    log_in(people.ADMINISTRATOR)
    axe.look_at(person.page, width=1400, scheme="light")
    for tab in ("people", "clients", "projects"):
        person.opens(f"/admin/workspaces/{workspace.pk}/{tab}/")
        person.page.wait_for_load_state("networkidle")
        take(person, tab)
        person.page.screenshot(path=Path(os.environ["PICTURES"]) / f"{tab}-for-docs.png")
        for section in ("linked", "quickbooks"):
            person.opens(f"/admin/workspaces/{workspace.pk}/{tab}/?show={section}")
            take(person, f"{tab}-{section}")
        rows = Mismatch.objects.filter(workspace=workspace, kind=KINDS[tab])
        first = rows.exclude(clockify_id="").exclude(reason="PARENT_NOT_MAPPED").order_by("-blocked_minutes").first()
        if first is not None:
            person.opens(f"/admin/workspaces/{workspace.pk}/{tab}/?open={first.kind}-{first.clockify_id}")
            take(person, f"{tab}-open")
    person.opens(f"/admin/workspaces/{workspace.pk}/desk/safe/")
    take(person, "safe")
    writes(person, workspace)
    person.opens(f"/admin/workspaces/{workspace.pk}/desk/upload/")
    take(person, "upload")
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
    take(person, "upload-preview")
    person.opens(f"/admin/workspaces/{workspace.pk}/desk/safe/?tab=projects")
    person.presses("Accept 4 pairs")
    person.sees("Linked 4 pairs.")
    take(person, "accepted")
    unknown_and_refused(person, sandbox, workspace)
    mismatch = Mismatch.objects.filter(workspace=workspace, kind="user").latest("pk")
    call_command("ignore", "user", mismatch.clockify_id)
    person.opens(f"/admin/workspaces/{workspace.pk}/desk/history/")
    take(person, "history")
    person.opens(f"/admin/workspaces/{workspace.pk}/people/")
    person.page.locator("#user-none, [data-row]").first.focus()
    person.page.keyboard.press("?")
    take(person, "help")


def test_pictures_of_what_changed_after_sending(person: Person, sandbox: Running, log_in: LogIn) -> None:
    scene = Scene(sandbox).connect()
    site = scene.project("Site", client=scene.client("Acme"), hourlyRate=8000)
    billed, changed, gone, waits, *_ = scene.entries(scene.user("Ada"), site, 6)
    scene.sync()
    scene.bill(scene.receipt(billed).quickbooks_id)
    scene.put("TimeActivity", {"Id": scene.receipt(changed).quickbooks_id, "Hours": 5, "Minutes": 0})
    scene.delete_activity(scene.receipt(gone).quickbooks_id)
    for entry in (billed, changed, gone):
        scene.stretch(entry, 90)
    scene.sync()
    scene.edit_entry(waits, description="Said otherwise")
    scene.check()
    log_in(people.ADMINISTRATOR)
    person.opens(f"/admin/workspaces/{scene.workspace.pk}/changed/")
    take(person, "changed")
    person.follows("Read QuickBooks now")
    person.sees("QuickBooks now")
    take(person, "changed-looked")


def unknown_and_refused(person: Person, sandbox: Running, workspace: Workspace) -> None:
    with sandbox.world.lock:
        sandbox.world.faults.add(vendor="quickbooks", method="POST", path="customer", kind="cut_before", times=1)
    person.opens(f"/admin/workspaces/{workspace.pk}/projects/")
    person.follows("Create… for Loyalty app")
    person.presses("Create in QuickBooks and link")
    person.sees("Look now")
    take(person, "write-doubt")
    person.opens(f"/admin/workspaces/{workspace.pk}/projects/")
    person.follows("Choose for Café guide")
    person.page.get_by_label("Id or name in QuickBooks").fill("Nobody at all")
    person.presses("Link", within=person.page.locator("[data-panel]"))
    person.page.locator("[data-refused]").wait_for()
    take(person, "refused")


def writes(person: Person, workspace: Workspace) -> None:
    for tab in ("people", "projects"):
        person.opens(f"/admin/workspaces/{workspace.pk}/{tab}/")
        link = person.page.locator("[data-do=write]").first
        if link.count():
            link.click()
            person.sees("The exact request")
            take(person, f"write-{tab}")
            name = person.page.get_by_label("Name", exact=True)
            if name.count():
                name.fill(name.input_value() + ": microsite")
                person.page.locator(".hb-failed").first.wait_for()
                take(person, f"write-{tab}-failed")
