"""A quick run plays the same sample of a test's cases each time."""

from __future__ import annotations

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.sampling import left_out


class Case(SimpleNamespace):
    __hash__ = object.__hash__


def cases(test: str, count: int, *, fixtures: tuple[str, ...] = (), **marks: Any) -> list[Any]:
    found = {name: SimpleNamespace(args=(value,)) for name, value in marks.items()}
    return [
        Case(nodeid=f"{test}[{number}]", fixturenames=fixtures, get_closest_marker=found.get) for number in range(count)
    ]


def played(items: list[Any], *, on_second_database: bool = False, shared: Collection[Any] = ()) -> list[str]:
    skipped = left_out(items, on_second_database=on_second_database, shared=shared)
    return [item.nodeid for item in items if item not in skipped]


def test_a_sample_is_spread_over_all_cases() -> None:
    assert played(cases("a.py::test_a", 9, sample=3)) == ["a.py::test_a[0]", "a.py::test_a[3]", "a.py::test_a[6]"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_has_few_cases_keeps_them(count: int) -> None:
    assert len(played(cases("a.py::test_a", count, sample=3))) == count
    assert len(played(cases("a.py::test_a", count))) == count


def test_the_second_database_plays_one_case_of_each_test() -> None:
    items = cases("a.py::test_a", 5) + cases("a.py::test_b", 4, sample=2) + cases("a.py::test_c", 2, each_case=True)

    assert played(items, on_second_database=True) == [
        "a.py::test_a[0]",
        "a.py::test_b[0]",
        "a.py::test_c[0]",
        "a.py::test_c[1]",
    ]


def test_what_talks_to_a_sandbox_plays_one_case_unless_marked() -> None:
    fixtures = ("scene", "sandbox")

    assert played(cases("a.py::test_a", 4, fixtures=fixtures)) == ["a.py::test_a[0]"]
    assert len(played(cases("a.py::test_a", 4, fixtures=fixtures, sample=3))) == 3
    assert len(played(cases("a.py::test_a", 4, fixtures=fixtures, each_case=True))) == 4


def test_the_second_database_plays_a_third_of_what_talks_to_a_sandbox_but_all_that_is_about_databases() -> None:
    names = [f"a.py::test_{number}" for number in range(200)]
    items = [item for name in names for item in cases(name, 1, fixtures=("sandbox",))]
    marked = [item for name in names for item in cases(name, 1, fixtures=("sandbox",), each_case=True)]

    assert 40 < len(played(items, on_second_database=True)) < 95
    assert len(played(marked, on_second_database=True)) == 200


def test_two_databases_share_what_talks_to_a_sandbox_unless_it_is_marked() -> None:
    names = [f"a.py::test_{number}" for number in range(200)]
    items = [item for name in names for item in cases(name, 3, fixtures=("sandbox",))]

    first, second = (set(played(items, on_second_database=on_second, shared=items)) for on_second in (False, True))

    assert not first & second
    assert len(first | second) == 200
    assert 40 < len(second) < 95


def test_two_databases_share_the_cases_of_what_both_have_to_play() -> None:
    items = cases("a.py::test_a", 9, fixtures=("sandbox",), each_case=True)

    assert len(played(items, shared=items)) == 1
    assert len(played(items, shared=items, on_second_database=True)) == 9


def test_of_what_talks_to_no_sandbox_the_first_database_plays_all_and_the_second_a_third() -> None:
    items = [item for number in range(200) for item in cases(f"a.py::test_{number}", 3)]

    assert len(played(items, shared=items)) == 600
    assert 40 < len(played(items, shared=items, on_second_database=True)) < 95


@pytest.mark.parametrize("mark", ["sample", "any_database", "browser"])
def test_what_is_marked_stays_on_the_first_database(mark: str) -> None:
    items = [
        item for number in range(20) for item in cases(f"a.py::test_{number}", 1, fixtures=("sandbox",), **{mark: 1})
    ]

    assert len(played(items, shared=items)) == 20


def test_what_does_not_use_the_database_stays_on_the_first_one() -> None:
    items = [item for number in range(20) for item in cases(f"a.py::test_{number}", 1, fixtures=("sandbox",))]

    assert len(played(items, shared=[])) == 20
