"""A database that is restarted, full or read-only in mid-run: the command says what was done, and the next goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from syncjobs.models import Receipt, Run
from tests.support.commands import HOOKS, SHORT_LEASE, Command, until
from tests.support.oracle import assert_books_agree
from tests.support.scene import Result, Scene
from tests.syncjobs.ledger.conftest import COUNT

pytestmark = pytest.mark.each_case

ON_SQLITE = "SQLite has no server that could be restarted, PostgreSQL's disk can't be filled here"


@pytest.fixture
def laboratory(tmp_path: Path) -> dict[str, str]:
    """Return the environment in which SQLite's disk is full or read-only while a file says so (tests/crash/hooks)."""
    return {"PYTHONPATH": str(HOOKS), "CRASH_FOLDER": str(tmp_path)}


def end_connections() -> None:
    """End all connections but ours, as a restart does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def disturb(folder: Path, kind: str) -> None:
    if kind == "restarted":
        end_connections()
    else:
        (folder / kind).touch()


def skip_elsewhere(kind: str) -> None:
    if (kind == "restarted") != (connection.vendor == "postgresql"):
        pytest.skip(ON_SQLITE)


def assert_said_plainly(result: Result, folder: Path) -> None:
    """Check stderr and the error log: people read one line, the log has the traceback with the run's number."""
    assert "Traceback" not in result.stderr and 'File "' not in result.stderr, result.stderr
    assert result["error"]["code"] == "DATABASE"
    assert result["error"]["message"] in result.stderr
    assert "\n" not in result["error"]["message"]
    details = (folder / "log" / "commands.log").read_text()
    assert f"Run {result['run']}" in details and "Traceback" in details


@pytest.mark.parametrize("kind", ["restarted", "full", pytest.param("read-only", marks=pytest.mark.slow)])
def test_a_sync_in_mid_sending_says_what_arrived(
    large_month: Scene, start: Callable[..., Command], laboratory: dict[str, str], tmp_path: Path, kind: str
) -> None:
    skip_elsewhere(kind)
    if kind == "full":
        # Rows would still fit into the pages that earlier tests left free.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
    large_month.fault("hang_after_commit", skip=6, times=0, seconds=1.5)
    command = start(**laboratory)
    until(lambda: large_month.hits() >= 4)
    disturb(tmp_path, kind)

    run = command.result()

    assert run.code == 4, run.stderr
    assert_said_plainly(run, tmp_path)
    assert 0 < run["sent"] == Receipt.objects.count() < COUNT
    assert run["seen"] == COUNT == run["sent"] + run["failed"] + run["unknown"]
    assert run["sent"] + run["unknown"] >= len(large_month.activities())
    assert run["status"] == "partial"
    large_month.clear_faults()
    (tmp_path / kind).unlink(missing_ok=True)
    later = large_month.sync()
    assert later.code == 0, later.stderr
    assert_books_agree(large_month)
    assert large_month.open_actions() == 0
    assert not Run.objects.filter(status=Run.Status.RUNNING).exists()


@pytest.mark.parametrize("kind", ["restarted", "read-only"])
def test_a_sync_that_had_sent_nothing_says_so(
    large_month: Scene, start: Callable[..., Command], laboratory: dict[str, str], tmp_path: Path, kind: str
) -> None:
    skip_elsewhere(kind)
    large_month.fault("hang_before", "reports/detailed", vendor="clockify", seconds=2)
    command = start(**laboratory, **SHORT_LEASE)
    until(large_month.hits)
    disturb(tmp_path, kind)

    run = command.result()

    assert (run.code, run["status"], run["sent"], run["seen"]) == (3, "failed", 0, 0), run.stderr
    assert_said_plainly(run, tmp_path)
    assert large_month.activities() == []
    large_month.clear_faults()
    (tmp_path / kind).unlink(missing_ok=True)
    assert large_month.sync().counts == {"sent": COUNT}


def test_a_database_without_writing_from_the_start_is_one_line(
    large_month: Scene, start: Callable[..., Command], laboratory: dict[str, str], tmp_path: Path
) -> None:
    skip_elsewhere("read-only")
    (tmp_path / "read-only").touch()

    run = start(**laboratory).result()

    assert (run.code, run["error"]["code"], run["sent"]) == (3, "DATABASE", 0)
    [line] = run.stderr.strip().splitlines()
    assert "readonly" in line
