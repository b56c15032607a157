"""Support gets a bundle by one press: at once, or from a real worker where there is much."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page

from integrations import roles
from integrations.models import Workspace
from sandbox.server import Running
from syncjobs.models import SupportBundle
from syncjobs.support.bundle import stored
from tests.browser import pictures
from tests.browser.person import Person
from tests.support import people
from tests.support.scene import Scene
from tests.worker.conftest import WorkerProcess

LogIn = Callable[[str], None]


@pytest.fixture
def diagnose(sandbox: Running, person: Person) -> str:
    """Return the address of *Diagnose* of a connected workspace with a little time."""
    scene = Scene(sandbox).connect()
    scene.entries(scene.user("Quentin Xavier"), scene.project("Site", client=scene.client("Acme")), 5)
    scene.policy(start_date="2026-03-01")
    scene.check()
    return f"/admin/workspaces/{Workspace.objects.get().pk}/diagnose/"


def text_of(path: Path) -> str:
    with ZipFile(path) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist())


def press(page: Page, button: str) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).first.click()
    return Path(download.value.path())


def test_support_downloads_a_bundle_without_names(person: Person, page: Page, diagnose: str, log_in: LogIn) -> None:
    log_in(roles.SUPPORT)
    person.opens(diagnose)

    person.sees("Support bundle", re.compile(r"About \d"))
    person.checks_accessibility()
    assert page.get_by_label("Replace names").is_disabled()
    text = text_of(press(page, "Download bundle"))

    assert "Hourbridge support bundle" in text and "Quentin" not in text


def test_an_administrator_can_have_true_names(person: Person, page: Page, diagnose: str, log_in: LogIn) -> None:
    log_in(people.ADMINISTRATOR)
    person.opens(diagnose)

    page.get_by_label("Replace names").uncheck()

    assert "Quentin Xavier" in text_of(press(page, "Download bundle"))


@pytest.mark.slow
def test_the_worker_makes_a_large_bundle(
    person: Person,
    page: Page,
    diagnose: str,
    log_in: LogIn,
    worker: WorkerProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stored, "LARGE_FROM", 3)
    log_in(roles.SUPPORT)
    person.opens(diagnose)

    person.presses("Make bundle")
    person.sees("The worker makes the bundle")
    while SupportBundle.objects.get().state in {"queued", "making"}:
        page.wait_for_timeout(200)
    page.reload()
    person.sees("by dana, names replaced: ready")
    person.checks_accessibility()
    pictures.take(page, "bundle-ready")

    assert "Hourbridge support bundle" in text_of(press(page, "Download the bundle of"))
