"""Pages show nobody a button that would be refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import resolve, reverse

from integrations import roles
from integrations.models import TimeEntry
from syncjobs.models import Run
from tests.integrations.accounts.test_role_table import ALLOWED, TABLE
from tests.support import people
from tests.support.scene import Scene

FORM = re.compile(r'<form(?=[^>]*method="post")(?:[^>]* action="([^"]*)")?[^>]*>(.*?)</form>', re.S)
# The preview and the sync of `start`, and runs besides checks, need the right to send.
SENDS = re.compile(r"/start/(preview|sync)/$")


@pytest.fixture
def pages(scene: Scene) -> list[str]:
    """Return pages with buttons of every kind: something to decide, sent, held, running and undoable."""
    scene.user("Grace", partner=None)
    client_id = scene.client("Acme")
    scene.entry(scene.user("Ada"), scene.project("Site", client=client_id))
    scene.entry(scene.user("Ben"), scene.project("Shop", client=client_id, customer=False))
    scene.check()
    scene.sync()
    sync = Run.objects.get(kind="sync")
    workspace = scene.workspace
    named = [*("people", "clients", "projects", "changed", "desk-safe", "desk-history", "desk-upload", "rules")]
    named += [
        "schedules",
        "uncertain-writes",
        "missing",
        "since-sent",
        "diagnose",
        "connect-quickbooks",
        "archive-quickbooks",
    ]
    return [
        reverse("admin:index"),
        *(reverse(f"hourbridge:{name}", args=[workspace.pk]) for name in named),
        reverse("hourbridge:people", args=[workspace.pk]) + "?show=linked",
        reverse("hourbridge:connect-clockify"),
        reverse("hourbridge:undo-run", args=[sync.pk]),
        reverse("admin:syncjobs_run_change", args=[sync.pk]),
        *(reverse("admin:integrations_timeentry_change", args=[entry.pk]) for entry in TimeEntry.objects.all()),
    ]


def buttons(client: Client, page: str) -> Iterator[tuple[str, str]]:
    """Yield path and name of what each form with a button posts to; the theme's own forms aside."""
    html = client.get(page, follow=True).content.decode()
    for action, inside in FORM.findall(html):
        if "<button" not in inside:
            continue
        path = (action or page).partition("?")[0].partition("#")[0]
        match = resolve(path)
        if match.view_name in TABLE:
            yield path, match.view_name


def test_no_role_sees_a_button_that_it_may_not_press(client: Client, pages: list[str]) -> None:
    seen: dict[str, set[str]] = {}
    for number, role in enumerate((roles.SUPPORT, roles.BOOKKEEPERS, *people.RIGHTS, roles.MAPPING_ADMINS)):
        client.force_login(people.person(f"person{number}", role=role))
        for page in pages:
            for path, name in buttons(client, page):
                needed = "send" if SENDS.search(path) or name.endswith(":run-again") else TABLE[name].post
                assert role in ALLOWED[needed], f"{role} sees {path} on {page}"
                seen.setdefault(name, set()).add(role)

    # What the pages above show at all, so that the test would see a button too many.
    assert {"hourbridge:start", "hourbridge:people", "hourbridge:decide-entry", "hourbridge:undo-run"} <= set(seen)
    assert {"quickbooks:disconnect", "hourbridge:rules", "hourbridge:connect-clockify"} <= set(seen)
    assert "Mapper" in seen["hourbridge:people"] and "Connector" in seen["quickbooks:disconnect"]
