"""The share of Intuit's limits that is reached with realistic latency, and the processor time for it."""

from __future__ import annotations

import sqlite3
from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime

from tests.bench.stage import Measured, Stage
from tests.bench.table import Row

LATENCY = {"latency_median_ms": 150, "latency_tail_ms": 2000}
SINGLES_A_MINUTE, MIXED_A_MINUTE = 500, 1660
SHARE = 0.95


def measure(details: Namespace) -> Iterator[Row]:
    """Measure with limits on both sides. `--speed` speeds up limits and latency by the same factor."""
    for name, entries, ceiling in (
        ("singles", details.singles, SINGLES_A_MINUTE),
        ("mixed", details.mixed, MIXED_A_MINUTE),
    ):
        speed = details.speed
        with Stage(entries=entries, people=max(25, entries // 200), speed=speed) as stage:
            stage.manage("check_for_new")
            stage.switch(**LATENCY, latency_per_item_ms=20, speed=speed, enforce_limits=True)
            stage.zero_calls()
            # 0: no batches, whatever the backlog.
            stage.env |= {"BATCHES_FROM": "0"} if name == "singles" else {}
            result = stage.sync()
            yield from _rows(stage, result, name, ceiling, speed)


def _rows(stage: Stage, result: Measured, name: str, ceiling: int, speed: float) -> Iterator[Row]:
    calls = stage.calls()["quickbooks"]
    throttled, batches = calls["by_status"].get("429", 0), calls["batch"]
    seconds, sent = _sending(stage)
    rate = sent / seconds * 60 / speed
    sent_all = result.json["sent"]
    note = f"{sent_all} entries in {seconds:.0f} s at {speed:g}x speed, {batches} batches, {throttled} answers 429"
    if name == "mixed" and not batches:
        note += "; no batches were used"
    yield Row(f"entries a minute, {name}", rate, "/min", ceiling, least=SHARE, note=note)
    # The whole command's processor time over the time these entries take at the limit.
    core = result.cpu / (sent_all / ceiling * 60)
    yield Row(
        f"core used at that limit, {name}", core, "core", most=0.1, note="the whole command: start, reading, plan"
    )


def _sending(stage: Stage) -> tuple[float, int]:
    """Return the seconds from the first receipt to the last, and the number of entries sent meanwhile."""
    path = stage.env["DATABASE_URL"].removeprefix("sqlite:///")
    with sqlite3.connect(path) as database:
        rows = [at for (at,) in database.execute("SELECT sent_at FROM syncjobs_receipt ORDER BY sent_at")]
    first, last = (datetime.fromisoformat(rows[index]) for index in (0, -1))
    # Entries of the first answer were sent before the first receipt, so they would inflate the rate.
    return (last - first).total_seconds(), len([at for at in rows if at > rows[0]])
