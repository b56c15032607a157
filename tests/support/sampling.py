"""Which cases of a test `make test` plays (--quick); `make test-all` plays all of them, on both databases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest


def left_out(items: Sequence[pytest.Item], *, on_second_database: bool) -> set[pytest.Item]:
    """Return the cases that a quick run leaves out.

    Of a test marked `sample(n)`, all but n cases, spread over the whole. On the second database, all but one case of
    each test, unless it is marked `each_case` since its cases differ in what the database has to hold.
    """
    cases: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        cases[item.nodeid.partition("[")[0]].append(item)
    skipped: set[pytest.Item] = set()
    for group in cases.values():
        # By name: the order of items is random, and all workers have to choose the same.
        group.sort(key=lambda item: item.nodeid)
        skipped |= set(group) - set(_spread(group, _count(group[0], on_second_database=on_second_database)))
    return skipped


def _count(item: pytest.Item, *, on_second_database: bool) -> int | None:
    """Return how many cases are played; None: all."""
    mark = item.get_closest_marker("sample")
    if on_second_database and not item.get_closest_marker("each_case"):
        return 1
    return mark.args[0] if mark else None


def _spread(group: list[pytest.Item], count: int | None) -> list[pytest.Item]:
    if count is None or count >= len(group):
        return group
    return [group[number * len(group) // count] for number in range(count)]
