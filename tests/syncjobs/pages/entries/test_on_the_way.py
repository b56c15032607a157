"""A call that QuickBooks has not answered yet is on its way, not in doubt, while the run that makes it is at work."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client

from sandbox.server import Running
from syncjobs.models import Action, Run
from tests.support.page_text import main_text
from tests.support.scene import FIRST, Scene

DOUBT = "doubt"


@pytest.fixture
def scene(sandbox: Running, transactional_db: None) -> Scene:
    scene = Scene(sandbox).connect()
    scene.policy(start_date=FIRST)
    return scene


@pytest.fixture
def entry_on_its_way(scene: Scene) -> Iterator[str]:
    """Begin a sync whose only write takes a while, and return its entry once the write is on its way."""
    entry = scene.entry(scene.user("Ada"), scene.project("Site"))
    scene.check()
    scene.fault("hang_before", seconds=10)

    def sync() -> None:
        scene.sync()
        connection.close()

    thread = threading.Thread(target=sync)
    thread.start()
    while not scene.hits():
        assert thread.is_alive()
        time.sleep(0.02)
    yield entry
    thread.join()


def test_what_is_on_its_way_is_nowhere_in_doubt(dana: Client, scene: Scene, entry_on_its_way: str) -> None:
    entry, run = entry_on_its_way, Run.objects.get(kind="sync")
    explained = scene.explain(entry)
    pages = {
        "entry": f"/admin/integrations/timeentry/{scene.mirrored(entry).pk}/change/",
        "list": "/admin/integrations/timeentry/",
        "run": f"/admin/syncjobs/run/{run.pk}/change/",
        "overview": "/admin/",
    }
    texts = {name: main_text(dana.get(address)) for name, address in pages.items()}
    assert Action.objects.in_flight().count() == 1, "the pages were read while the call was on its way"

    assert (explained["state"], explained.codes) == ("unknown", {"OUTCOME_UNKNOWN"})
    (reason,) = explained["reasons"]
    assert "on its way to QuickBooks since" in reason["message"] and reason["fix_in"] == "wait"
    assert all("On the way" in texts[name] for name in ("entry", "list"))
    assert "It is on its way; QuickBooks has not answered yet." in texts["entry"]
    assert "1 on the way" in texts["overview"] and "0 refused, 0 not answered yet" in texts["overview"]
    for name in ("entry", "run", "overview"):
        text = texts[name].replace("Failed or in doubt", "").replace("Refused or in doubt", "")
        text = text.replace("Checking what is still in doubt", "").replace("In doubt 0 no answer came", "")
        assert DOUBT not in text.lower(), name


def test_a_call_whose_run_is_gone_is_in_doubt(dana: Client, scene: Scene) -> None:
    entry = scene.entry(scene.user("Ada"), scene.project("Site"))
    scene.fault("500_html", times=0)
    scene.sync()

    assert not Action.objects.in_flight().exists()
    text = main_text(dana.get(f"/admin/integrations/timeentry/{scene.mirrored(entry).pk}/change/"))
    assert "On the way" not in text and "In doubt" in text
