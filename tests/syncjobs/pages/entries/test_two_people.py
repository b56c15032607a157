"""Two people before the page of one entry: the second is told what happened, and nothing of it is changed."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from integrations import roles
from integrations.models import TimeEntry
from syncjobs.models import EntryOverride
from tests.support.factories import UserFactory
from tests.support.page_text import text
from tests.support.scene import FIRST, Scene
from tests.syncjobs.pages.conftest import LOOK


@pytest.fixture
def scene(sandbox: Any, transactional_db: None) -> Scene:
    scene = Scene(sandbox).connect()
    scene.policy(start_date=FIRST)
    return scene


@pytest.fixture
def maria(db: None) -> Client:
    maria = Client()
    maria.force_login(UserFactory.allowed(*LOOK, *roles.ACT_RIGHTS, username="Maria"))
    return maria


def opened(client: Client, entry: TimeEntry) -> dict[str, str]:
    """Open the entry's page; return the hidden fields of its forms."""
    page = client.get(f"/admin/integrations/timeentry/{entry.pk}/change/").content.decode()
    return {"version": unescape(re.findall(r'name="version" value="([^"]+)"', page)[0])}


def decide(client: Client, entry: TimeEntry, verb: str, **form: str) -> str:
    return text(client.post(f"/admin/entries/{entry.pk}/decide/", {"verb": verb, **form}, follow=True))


def test_an_older_page_of_an_ignored_entry_sends_nothing_anyway(dana: Client, maria: Client, scene: Scene) -> None:
    entry_id = scene.entry(scene.user("Ada"), scene.project("Site"), minutes=25 * 60)
    scene.check()
    entry = scene.mirrored(entry_id)
    first, second = opened(maria, entry), opened(dana, entry)
    assert "Ignored; it is left out." in decide(maria, entry, "ignore", note="a forgotten timer", **first)

    for verb, values in (("send_anyway", {"code": "TOO_LONG"}), ("ignore", {}), ("adopt", {"quickbooks_id": "1"})):
        answer = decide(dana, entry, verb, **values, **second)
        assert re.search(r"Maria ignored this entry at \d\d:\d\d\. Nothing was changed\.", answer), verb

    override = EntryOverride.objects.get()
    assert (override.ignored, override.send_anyway, override.note) == (True, [], "a forgotten timer")
    assert scene.sync().counts == {"blocked": 1}
    # The page as it is now decides again.
    assert "No longer ignored." in decide(dana, entry, "stop_ignoring", **opened(dana, entry))


def test_an_entry_that_a_sync_sent_meanwhile_is_not_ignored_as_if_it_had_not_been(dana: Client, scene: Scene) -> None:
    entry_id = scene.entry(scene.user("Ada"), scene.project("Site"))
    scene.check()
    entry = scene.mirrored(entry_id)
    old = opened(dana, entry)
    scene.sync()

    answer = decide(dana, entry, "ignore", **old)

    key = scene.receipt(entry_id).quickbooks_id
    assert re.search(rf"A sync sent this entry as activity {key} at \d\d:\d\d\. Nothing was changed\.", answer)
    assert not EntryOverride.objects.exists()


def test_an_entry_that_was_edited_meanwhile_is_looked_at_again(dana: Client, scene: Scene) -> None:
    entry_id = scene.entry(scene.user("Ada"), scene.project("Site"), minutes=25 * 60)
    scene.check()
    entry = scene.mirrored(entry_id)
    old = opened(dana, entry)
    scene.edit_entry(entry_id, description="Another one")
    scene.check()

    assert "this entry is different now. Nothing was changed." in decide(
        dana, entry, "send_anyway", code="TOO_LONG", **old
    )
    assert "The page did not say what it showed" in decide(dana, entry, "send_anyway", code="TOO_LONG")
    assert not EntryOverride.objects.exists()
