"""The speed at which a run writes, and the time it has left."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from syncjobs.pages.runs.throughput import throughput
from tests.support.factories import ActionFactory, RunFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.mark.parametrize(
    ("writes", "apart", "total", "sentence"),
    [
        (10, 2.0, 100, "30 writes a minute, about 3 min left"),
        (40, 0.5, 60, "2.0 writes a second, about 10 s left"),
        (40, 0.5, 4040, "2.0 writes a second, about 34 min left"),
        (40, 0.5, 9040, "2.0 writes a second, about 1 h 15 min left"),
        (40, 0.5, 40, "2.0 writes a second"),
        (2, 1.0, 100, ""),
    ],
)
def test_the_last_minute_tells_rate_and_time_left(writes: int, apart: float, total: int, sentence: str) -> None:
    run = RunFactory(status="running", total=total, done=writes, finished_at=None)
    for place in range(1, writes + 1):
        ActionFactory(run=run, workspace=run.workspace, state="done", ended_at=NOW - timedelta(seconds=place * apart))
    ActionFactory(run=run, workspace=run.workspace, state="done", ended_at=NOW - timedelta(minutes=5))

    assert throughput(run, now=NOW) == sentence


def test_a_run_that_does_not_go_on_has_no_throughput() -> None:
    run = RunFactory(status="waiting", total=9, done=5, finished_at=None)
    for place in range(5):
        ActionFactory(run=run, workspace=run.workspace, state="done", ended_at=NOW - timedelta(seconds=place))

    assert throughput(run, now=NOW) == ""
