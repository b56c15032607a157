"""The mirror that the bench fills has a status and a receipt for each entry, whatever columns they have by now."""

from __future__ import annotations

import sys

import pytest

from integrations.models import TimeEntry
from sandbox.server import Running
from syncjobs.models import EntryStatus, Receipt
from tests.bench import fill_mirror
from tests.support.scene import Scene


@pytest.mark.usefixtures("transactional_db")
def test_years_of_sent_time_are_there(sandbox: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(sandbox).connect()
    scene.entries(scene.user("Ada"), scene.project("Site", client=scene.client("Acme")), 3)
    scene.policy(start_date="2026-03-01")
    scene.sync()
    monkeypatch.setattr(sys, "argv", ["fill_mirror", "12"])

    fill_mirror.main()

    assert TimeEntry.objects.count() == EntryStatus.objects.filter(state="sent").count() == 12
    assert Receipt.objects.count() == 12
