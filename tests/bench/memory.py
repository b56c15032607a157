"""Peak memory with ten times as many entries."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from tests.bench.stage import Stage
from tests.bench.table import Row


def measure(details: Namespace) -> Iterator[Row]:
    """Measure a check, a dry run and (`--send`) a sync, each in a process of its own, over 1x and 10x the entries."""
    few, many = _peaks(details, details.memory // 10), _peaks(details, details.memory)
    for name, peak in many.items():
        yield Row(f"peak memory of a {name}, {details.memory:,} entries", peak, "MB", few[name], most=1.3)


def _peaks(details: Namespace, entries: int) -> dict[str, float]:
    # As many people and customers in both, so that only entries differ.
    with Stage(entries=entries, people=100) as stage:
        peaks = {
            "first check": stage.manage("check_for_new").peak_mb,
            "check": stage.manage("check_for_new").peak_mb,
            "dry run": stage.sync("--dry-run").peak_mb,
        }
        if details.send:
            peaks["sync"] = stage.sync().peak_mb
    return peaks
