"""The sweep's counts for the end of a test session: cells and failures, by kind of write and by answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any


def lines(reports: Iterable[Any]) -> Iterator[str]:
    """Yield nothing if no cell was played, else a table; `reports` are pytest's, of the tests that ran."""
    played, failed = (Counter[tuple[str, str]]() for _ in range(2))
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            if name == "sweep" and (report.when == "call" or report.failed):
                played[tuple(value)] += 1
                failed[tuple(value)] += report.failed
    if not played:
        return
    yield f"Sweep: {sum(played.values())} cells, {sum(failed.values())} failed"
    for place, title in ((0, "write"), (1, "answer")):
        yield from _table(title, _by(place, played), _by(place, failed))


def _by(place: int, counts: Counter[tuple[str, str]]) -> Counter[str]:
    summed: Counter[str] = Counter()
    for key, count in counts.items():
        summed[key[place]] += count
    return summed


def _table(title: str, played: Counter[str], failed: Counter[str]) -> Iterator[str]:
    yield f"  {'by ' + title:32} {'cells':>6} {'passed':>7} {'failed':>7}"
    for name, count in played.items():
        yield f"  {name:32} {count:6} {count - failed[name]:7} {failed[name] or '':>7}"
