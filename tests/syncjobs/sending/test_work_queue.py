"""The order in which planned items are sent, one by one or in batches, each once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syncjobs.models import Run, RunItem
from syncjobs.sending import work_queue
from syncjobs.sending.work_queue import WorkQueue
from tests.support.factories import RunFactory, RunItemFactory


@pytest.fixture
def run(db: None) -> Run:
    made: Run = RunFactory()
    return made


def plan(run: Run, verb: str = "create", **values: Any) -> RunItem:
    item: RunItem = RunItemFactory(run=run, **{"verb": verb, "outcome": "planned", **values})
    return item


def one_by_one(queue: WorkQueue) -> list[int]:
    found = []
    while (item := queue.next_item()) is not None:
        found.append(item.pk)
    return found


def test_items_come_in_the_plans_order_and_only_those_that_are_to_be_written(run: Run) -> None:
    planned = [plan(run, verb).pk for verb in ("delete", "create", "update", "create", "delete")]
    plan(run, "keep")
    plan(run, "create", outcome="sent")
    plan(RunFactory(workspace=run.workspace), "create")
    queue = WorkQueue(run)
    assert (len(queue), queue.creates) == (5, 2)

    assert one_by_one(queue) == planned
    assert (len(queue), queue.creates, queue.next_item()) == (0, 0, None)


def test_a_batch_has_creates_that_were_never_tried(run: Run) -> None:
    tried = [plan(run, source_snapshot={key: {}}).pk for key in (RunItem.ACTION, RunItem.TRIED)]
    update, new = plan(run, "update").pk, [plan(run).pk for _ in range(4)]
    queue = WorkQueue(run)
    assert queue.creates == 4

    assert [item.pk for item in queue.batch(3)] == new[:3]
    # What is left goes one by one as quickly.
    assert queue.batch(1) == []
    assert one_by_one(queue) == [*tried, update, new[3]]


def test_what_a_batch_puts_back_comes_next_as_it_was_read(run: Run) -> None:
    first, second, third = (plan(run).pk for _ in range(3))
    queue = WorkQueue(run)
    batch = queue.batch(2)

    queue.requeue_items(batch)

    assert (len(queue), queue.creates) == (3, 3)
    assert queue.next_item() is batch[0]
    assert one_by_one(queue) == [second, third]
    assert first == batch[0].pk


def test_rows_are_read_many_at_a_time(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_queue, "CHUNK", 3)
    planned = [plan(run).pk for _ in range(7)]
    queue = WorkQueue(run)

    with CaptureQueriesContext(connection) as queries:
        assert one_by_one(queue) == planned

    assert len(queries) == 3
