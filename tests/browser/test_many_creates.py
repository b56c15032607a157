"""Many names created in QuickBooks at once, by the real worker, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from mapping.models import Link, PartnerWrite
from sandbox.server import Running
from tests.browser.person import PATIENCE_MS, Person
from tests.browser.test_desk import connected
from tests.support import people
from tests.worker.conftest import WorkerProcess

pytestmark = [pytest.mark.slow, pytest.mark.sandbox(dataset="agency", entries=60)]


def test_ticked_names_are_created_one_after_the_other_and_unlinked_together(
    person: Person, sandbox: Running, site: str, worker: WorkerProcess, log_in: Callable[[str], None]
) -> None:
    page, workspace = person.page, connected(sandbox)
    log_in(people.ADMINISTRATOR)
    person.opens(f"/admin/workspaces/{workspace.pk}/projects/")
    for box in page.locator("[data-lacking]").all():
        box.check()
    lacking = page.locator("[data-lacking]").count()
    assert lacking > 1
    person.presses(f"Create {lacking} in QuickBooks…")
    person.sees("the records stay in QuickBooks")
    person.checks_accessibility()
    person.presses(f"Create {lacking} records in QuickBooks and link")
    expect(page.locator("#created")).to_contain_text(f"{lacking} of {lacking} created", timeout=PATIENCE_MS)
    person.checks_accessibility()

    assert set(PartnerWrite.objects.values_list("state", "attempts")) == {("done", 1)}
    before = Link.objects.count()
    person.follows("Back to the desk")
    person.presses(f"Undo these {lacking}")
    expect(page.locator("[data-news]")).to_contain_text(re.compile("Undid"), timeout=PATIENCE_MS)
    assert Link.objects.count() == before - lacking
