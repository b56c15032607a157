"""Which cases of a test `make test` plays (--quick); `make test-all` plays all of them, on both databases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from zlib import crc32

import pytest

# A test that talks to a sandbox plays whole runs, a second for each case.
CASES_WITH_SANDBOX = 1
# Marks of tests that the second database does not play.
FOR_FIRST = ("any_database", "browser")


def left_out(
    items: Sequence[pytest.Item], *, on_second_database: bool, shared: Collection[pytest.Item] = ()
) -> set[pytest.Item]:
    """Return the cases that a quick run leaves out.

    Of a test marked `sample(n)`, all but n cases, spread over the whole; of one that talks to a sandbox, all but
    `CASES_WITH_SANDBOX`. On the second database, all but one case of each test, and two of three tests that talk to a
    sandbox. Tests marked `each_case` are played whole there, since their cases differ in what the database has to hold.

    `shared`: what both databases play, one after the other. Then each test that talks to a sandbox is played by one of
    them alone, unless it is marked `each_case`, and the second one plays a third of the others.
    """
    cases: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        cases[item.nodeid.partition("[")[0]].append(item)
    skipped: set[pytest.Item] = set()
    for name, group in cases.items():
        # By name: the order of items is random, and all workers have to choose the same.
        group.sort(key=lambda item: item.nodeid)
        count = _count_on_second(name, group[0]) if on_second_database else _count(group[0])
        if group[0] in shared:
            count = _count_of_shared(name, group[0], count, on_second_database=on_second_database)
        skipped |= set(group) - set(_spread(group, count))
    return skipped


def _count_of_shared(name: str, item: pytest.Item, count: int | None, *, on_second_database: bool) -> int | None:
    """Return how many cases are played where the other database plays this test too; `count`: where it does not."""
    if item.get_closest_marker("each_case"):
        return CASES_WITH_SANDBOX if _talks_to_sandbox(item) and not on_second_database else count
    if any(map(item.get_closest_marker, ("sample", *FOR_FIRST))):
        return count
    is_for_second = _is_among_third(name)
    if _talks_to_sandbox(item):
        return CASES_WITH_SANDBOX if is_for_second == on_second_database else 0
    return int(is_for_second) if on_second_database else count


def _is_among_third(name: str) -> bool:
    return crc32(name.encode()) % 3 == 0


def _count(item: pytest.Item) -> int | None:
    """Return how many cases are played; None: all."""
    mark = item.get_closest_marker("sample")
    if mark:
        return int(mark.args[0])
    return CASES_WITH_SANDBOX if _talks_to_sandbox(item) and not item.get_closest_marker("each_case") else None


def _count_on_second(name: str, item: pytest.Item) -> int | None:
    if item.get_closest_marker("each_case"):
        return _count(item)
    return int(_is_among_third(name)) if _talks_to_sandbox(item) else 1


def _talks_to_sandbox(item: pytest.Item) -> bool:
    return "sandbox" in getattr(item, "fixturenames", ())


def _spread(group: list[pytest.Item], count: int | None) -> list[pytest.Item]:
    if count is None or count >= len(group):
        return group
    return [group[number * len(group) // count] for number in range(count)]
