"""The measure on a module of its own: which tests try a mutant, and what counts as noticed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from integrations.models import Company
from tests.mutate.__main__ import own_tests, sampled
from tests.mutate.trials import Trials, _use_own_databases
from tests.support.factories import CompanyFactory

pytestmark = pytest.mark.slow
HOME = Path(__file__).parents[2]
TOY = """from functools import cached_property

MOST = 3


class Order:
    def __init__(self, hours):
        self.hours = hours

    @cached_property
    def is_long(self):
        return self.hours > MOST


def price(order, rate=5):
    return 100 if order.is_long else order.hours * rate


def nobody_asks():
    return MOST
"""
CONFTEST = """def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true")
"""
TESTS = """import toy

ORDER = toy.Order(2)


def test_price():
    assert toy.price(ORDER) == 10
    assert toy.price(toy.Order(4)) == 100
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "tests").mkdir()
    (tmp_path / "toy.py").write_text(TOY)
    (tmp_path / "tests/test_toy.py").write_text(TESTS)
    return tmp_path


def mutate(toy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.mutate", "--module", "toy.py", *arguments]
    env = os.environ | {"PYTHONPATH": str(HOME)}
    return subprocess.run(command, cwd=toy, env=env, capture_output=True, text=True)


def test_what_no_test_notices_is_listed(toy: Path) -> None:
    result = mutate(toy)

    survivors = [line for line in result.stdout.splitlines() if line.startswith("SURVIVED")]
    assert survivors == [
        "SURVIVED toy.py:3  : MOST = [3 -> 2]",
        "SURVIVED toy.py:12  Order.is_long: return self.hours [> -> >=] MOST",
        "SURVIVED toy.py:20  nobody_asks: return [MOST -> None]",
    ]
    assert "toy.py       9         3        0           0   75.0%" in result.stdout
    assert result.returncode == 1, result.stderr
    assert (toy / "toy.py").read_text() == TOY


def test_answers_that_were_cached_before_hide_no_mistake(toy: Path) -> None:
    cached = "\n\nfrom functools import cache\n\n\n@cache\ndef double(hours):\n    return hours * 2\n"
    (toy / "toy.py").write_text(TOY + cached)
    (toy / "tests/test_toy.py").write_text(TESTS + "\n\ndef test_double():\n    assert toy.double(3) == 6\n")

    result = mutate(toy)

    assert "double: " not in result.stdout


def test_nine_of_ten_are_enough(toy: Path) -> None:
    (toy / "tests/test_toy.py").write_text(f"{TESTS}    assert not toy.Order(3).is_long\n")

    result = mutate(toy)

    assert ("91.7% of 12" in result.stdout, result.returncode) == (True, 0), result.stdout + result.stderr


def test_a_sample_is_the_same_for_the_same_seed() -> None:
    first, again, other = (sampled(list(range(100)), 10, seed) for seed in (1, 1, 2))

    assert first == again == sorted(first) != other
    assert sampled([1, 2], 10, 1) == sampled([1, 2], None, 1) == [1, 2]


def test_all_rooms_of_a_package_are_tried_by_the_tests_of_all() -> None:
    """What `steps` do with a draft is tested there."""
    assert own_tests(HOME, "syncjobs/rules/drafts/draft.py") == "tests/syncjobs/rules"
    assert own_tests(HOME, "syncjobs/pages/desk/bulk/ticked.py") == "tests/syncjobs/pages/desk/bulk"


def test_tests_that_fail_by_themselves_measure_nothing(toy: Path) -> None:
    (toy / "tests/test_toy.py").write_text(TESTS.replace("10\n", "11\n"))

    result = mutate(toy)

    assert (result.returncode, "SURVIVED" in result.stdout) == (2, False)
    assert "test_toy.py::test_price" in result.stderr


def test_tests_are_those_that_run_the_line_fastest_first() -> None:
    trials = Trials(HOME, [])
    trials._lines = {"toy.py": {3: [""], 8: ["t.py::a", "t.py::b"], 9: ["", "t.py::b"]}}
    trials._seconds = {"t.py::a": 2, "t.py::b": 1, "t.py::c": 3, "other.py::d": 1}

    assert trials.tests_of("toy.py", [8, 9]) == ["t.py::b", "t.py::a"]
    assert trials.tests_of("toy.py", [9]) == ["t.py::b"]
    # Runs while the module is imported: any test of the file may be about it.
    assert trials.tests_of("toy.py", [3]) == ["t.py::b", "t.py::a", "t.py::c"]
    assert trials.tests_of("toy.py", [16]) == []


def test_tests_that_noticed_other_mutants_come_first() -> None:
    trials = Trials(HOME, [])
    trials._lines = {"toy.py": {8: ["t.py::a", "t.py::b"]}}
    trials._seconds = {"t.py::a": 2, "t.py::b": 1}

    trials._kills["other.py", "t.py::b"] = 2
    trials._kills["toy.py", "t.py::a"] = 1

    assert trials.tests_of("toy.py", [8]) == ["t.py::a", "t.py::b"]


def test_a_test_that_fails_once_notices_nothing(toy: Path) -> None:
    flaky = "\n\nTRIES = []\n\n\ndef test_flaky():\n    TRIES.append(toy.nobody_asks())\n    assert TRIES != [None]\n"
    (toy / "tests/test_toy.py").write_text(TESTS + flaky)

    result = mutate(toy, "--line", "20")

    assert "SURVIVED toy.py:20  nobody_asks: return [MOST -> None]" in result.stdout, result.stderr


def test_a_mutant_without_end_is_a_timeout(toy: Path) -> None:
    (toy / "toy.py").write_text(
        f"{TOY}\n\ndef countdown(number):\n    while number != 0:\n        number = number - 1\n"
    )
    more = "\n\ndef test_countdown():\n    toy.countdown(2)\n"
    (toy / "tests/test_toy.py").write_text(TESTS + more)

    result = mutate(toy, "--line", "25")

    assert "TIMEOUT toy.py:25  countdown: number = number [- -> +] 1" in result.stdout, result.stderr


def test_a_copy_of_the_database_has_what_was_committed_last(transactional_db: None) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite is copied")
    name = connection.settings_dict["NAME"]
    # Another connection keeps the log beside the file.
    with closing(sqlite3.connect(name)) as other:
        other.execute("SELECT count(*) FROM integrations_company").fetchall()
        CompanyFactory()
        try:
            (copy,) = _use_own_databases()

            assert (connection.settings_dict["NAME"], Company.objects.count()) == (str(copy), 1)
        finally:
            connection.close()
            connection.settings_dict["NAME"] = name
    copy.unlink()
