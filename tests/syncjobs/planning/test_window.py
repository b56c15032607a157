"""Large windows are read, stored and evaluated in chunks, and nothing is lost between two chunks."""

from __future__ import annotations

import pytest

from integrations.clockify import row_buffer
from integrations.clockify.row_buffer import RowBuffer
from integrations.reading import mirror
from syncjobs.models import EntryStatus
from syncjobs.planning import evaluate
from tests.support.scene import FIRST, Scene, run_command


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((row_buffer, "HELD"), (mirror, "BATCH"), (evaluate, "CHUNK")):
        monkeypatch.setattr(module, name, 7)


def test_rows_come_back_in_order_and_as_often_as_asked(small_chunks: None) -> None:
    rows = [{"id": str(number), "description": "Café\n🚀"} for number in range(30)]

    buffer = RowBuffer(iter(rows))

    assert list(buffer) == list(buffer) == rows
    assert [(first, second) for first, second in zip(buffer, buffer, strict=True) if first != second] == []


@pytest.mark.parametrize("count", [0, 1, 7, 8, 14])
def test_no_row_is_lost_where_chunks_end(small_chunks: None, count: int) -> None:
    rows = [{"id": str(number)} for number in range(count)]

    assert list(RowBuffer(rows)) == rows


def test_every_entry_of_many_chunks_is_evaluated_sent_and_missed(
    scene: Scene, ada: str, site: str, small_chunks: None
) -> None:
    scene.entries(ada, site, 30)
    held = scene.entries(scene.user("Ben", partner=None), site, 9)
    scene.policy(start_date=FIRST)

    scene.check()
    assert EntryStatus.objects.filter(state="ready").count() == 30
    assert max(row["blocked_entries"] for row in run_command("mismatches").json) == len(held)

    assert scene.sync().counts == {"sent": 30, "blocked": 9}
    scene.delete_entry(*held[:2])
    assert scene.sync()["seen"] == 37
    assert EntryStatus.objects.filter(state="deleted").count() == 2
