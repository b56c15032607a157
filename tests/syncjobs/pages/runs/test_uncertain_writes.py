"""Unknown outcomes: what was sent beside what is there, and buttons for those who may decide."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from integrations import roles
from integrations.limits import retry
from syncjobs.models import Action, Receipt, Run, RunItem
from tests.support.factories import UserFactory
from tests.support.page_text import main_text, text
from tests.support.scene import Scene

LOOK = ("integrations.view_workspace", "integrations.view_timeentry", "syncjobs.view_run")


@pytest.fixture
def scene(sandbox: Any, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Create one similar activity: sent, the answer lost, and the time changed in QuickBooks since."""
    monkeypatch.setattr(retry, "THROTTLED_PAUSES", (0.1, 0.1, 0.1))
    scene = Scene(sandbox).connect()
    scene.entry(scene.user("Ada"), scene.project("Site"), description="Design")
    run = scene.sync()
    Receipt.objects.all().delete()
    Action.objects.update(state=Action.State.SENDING, quickbooks_id="", ended_at=None)
    RunItem.objects.filter(run_id=run["run"]).update(outcome="unknown", quickbooks_id="")
    scene.put("TimeActivity", {"Id": scene.activities()[0]["Id"], "Minutes": 7})
    assert scene.sync().counts == {"unknown": 1}
    return scene


def address(scene: Scene) -> str:
    return f"/admin/workspaces/{scene.workspace.pk}/doubts/"


def log_in(client: Client, *more: str) -> Client:
    client.force_login(UserFactory.allowed(*LOOK, *more, username="dana"))
    return client


def test_a_person_sees_both_and_says_which_it_is(client: Client, scene: Scene) -> None:
    log_in(client, *roles.ACT_RIGHTS)
    key, action = scene.activities()[0]["Id"], Action.objects.get(state="sending")

    page = client.get(address(scene))
    page_text = main_text(page)
    assert "Employee or vendor Ada Ada Customer Site Site" in page_text
    assert "Time 1:00 1:07 (differs)" in page_text
    assert page_text.count("(differs)") == 1
    for page_url in ("/admin/", f"/admin/integrations/timeentry/{scene.mirrored(action.entry_id).pk}/change/"):
        assert address(scene) in client.get(page_url).content.decode()

    token = scene.activities()[0]["SyncToken"]
    client.post(address(scene), {"action": action.pk, "seen": f"{key}:{token}", "take": key, "note": "Asked her."})

    assert scene.receipt(action.entry_id).quickbooks_id == key
    assert "Nothing needs a decision." in main_text(client.get(address(scene)))


def test_none_of_these_begins_the_run_that_sends_it(client: Client, scene: Scene) -> None:
    log_in(client, *roles.ACT_RIGHTS)
    action, activity = Action.objects.get(state="sending"), scene.activities()[0]

    stale = client.post(address(scene), {"action": action.pk, "verb": "send_again"}, follow=True)
    assert "is new or was changed in QuickBooks since you looked" in text(stale)
    seen_version = f"{activity['Id']}:{activity['SyncToken']}"
    client.post(address(scene), {"action": action.pk, "seen": seen_version, "verb": "send_again"})

    queued = Run.objects.get(status="queued")
    assert (queued.kind, queued.options) == ("sync", {"entries": [action.entry_id]})


def test_who_may_only_look_sees_both_and_no_button(client: Client, scene: Scene) -> None:
    page = log_in(client).get(address(scene))

    assert "1:07" in main_text(page)
    assert 'name="verb"' not in page.content.decode() and 'name="take"' not in page.content.decode()


def test_without_an_answer_the_page_says_so_and_nothing_can_be_decided(
    client: Client, scene: Scene, settings: Any
) -> None:
    settings.GIVE_UP_SECONDS = 1
    scene.fault("status_before", "query", method="GET", status=500, times=0)

    page = log_in(client, *roles.ACT_RIGHTS).get(address(scene))

    assert page.status_code == 200
    assert "Nothing can be decided until QuickBooks can be read." in main_text(page)
    assert 'name="take"' not in page.content.decode()
