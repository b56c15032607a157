"""Errors that nobody foresaw: one line for people, details in the log, and an exit code that tells what was done."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError

from integrations import database
from integrations.database import DatabaseNow
from mapping import command_output
from syncjobs.ledger import journal
from syncjobs.management.commands import sync_time
from syncjobs.models import Run
from tests.contract.conftest import Shell, lines
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene, run_command


@pytest.fixture(autouse=True)
def log_file(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "log" / "commands.log"


@pytest.fixture
def month(scene: Scene) -> Scene:
    scene.entries(scene.user("Ada"), scene.project("Site"), 6)
    return scene


def failing(*_: Any, **__: Any) -> Any:
    raise ValueError("two\nlines of nonsense")


def test_a_command_without_a_run_ends_with_3(scene: Scene, monkeypatch: pytest.MonkeyPatch, log_file: Path) -> None:
    monkeypatch.setattr(command_output, "mapping_json", failing)

    result = run_command("mapping")

    assert (result.code, set(result.json), result["error"]["code"]) == (3, {"error"}, "INTERNAL_ERROR")
    [line] = lines(result.stderr)
    assert "ValueError: two lines of nonsense" in line and str(log_file) in line
    assert "Traceback" in log_file.read_text()


def test_a_sync_that_fails_before_its_run_ends_with_3_and_zeros(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_time, "request_run", failing)

    result = scene.sync()

    assert (result.code, result["sent"], result["error"]["code"]) == (3, 0, "INTERNAL_ERROR")


def test_a_sync_that_fails_after_sending_ends_with_4(month: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_time.Command, "partial_message", failing)
    month.fault("status_before", status=400, body={"Fault": {"Error": [{"Message": "No", "code": "6000"}]}})

    result = month.sync()

    assert (result.code, result["error"]["code"]) == (4, "INTERNAL_ERROR")
    assert result.counts == {"sent": 5, "failed": 1}
    assert "Traceback" not in result.stderr


def test_an_error_of_ours_while_sending_leaves_the_write_to_be_looked_for(
    month: Scene, monkeypatch: pytest.MonkeyPatch, log_file: Path
) -> None:
    plain_accept, calls, lock = journal.accept, [], threading.Lock()

    def accept(*args: Any, **options: Any) -> str:
        with lock:
            calls.append(1)
            if len(calls) >= 3:
                raise TypeError("an error of ours")
        return plain_accept(*args, **options)

    monkeypatch.setattr(journal, "accept", accept)
    result = month.sync()
    monkeypatch.undo()

    assert (result.code, result["status"], result["error"]["code"]) == (4, "partial", "INTERNAL_ERROR")
    assert result["sent"] == 2 and result["unknown"] >= 1
    assert result["sent"] + result["unknown"] == len(month.activities())
    assert result["sent"] + result["unknown"] + result["failed"] == result["seen"] == 6
    assert "Traceback" not in result.stderr
    assert f"Run {result['run']}" in log_file.read_text()
    assert month.sync().code == 0
    assert_books_agree(month)


def test_a_result_that_can_not_be_saved_ends_with_4_and_the_figures(
    month: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "REFUSED_SECONDS", 0.2)

    plain_save = Run.save

    def save(run: Run, *args: Any, update_fields: Any = None, **options: Any) -> None:
        if "finished_at" in (update_fields or ()):
            raise OperationalError("database or disk is full")
        plain_save(run, *args, update_fields=update_fields, **options)

    monkeypatch.setattr(Run, "save", save)
    result = month.sync()
    monkeypatch.undo()

    assert (result.code, result["status"], result["error"]["code"]) == (4, "partial", "DATABASE")
    assert result.counts == {"sent": 6}
    assert "Traceback" not in result.stderr
    Run.objects.update(lease_until=DatabaseNow())
    assert month.sync().counts == {"unchanged": 6}
    assert Run.objects.get(pk=result["run"]).error_code == "PROCESS_GONE"


def test_unreadable_figures_are_zeros_with_4(month: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "REFUSED_SECONDS", 0.2)

    def gone(*_: Any, **__: Any) -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(sync_time, "sync_json", gone)
    result = month.sync()

    assert (result.code, result["error"]["code"], result["sent"]) == (4, "DATABASE", 0)
    assert result["run"] == Run.objects.get().pk
    assert len(month.activities()) == 6


def test_a_closed_stderr_ends_no_run(month: Scene) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    call_command("sync_time", "--from", "2026-03-01", "--to", "2026-03-31", stdout=io.StringIO(), stderr=Closed())

    assert len(month.activities()) == 6


def test_an_error_in_another_thread_goes_to_the_log(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, log_file: Path
) -> None:
    def mapping_json(workspace: Any) -> dict[str, Any]:
        thread = threading.Thread(target=failing)
        thread.start()
        thread.join()
        return {}

    monkeypatch.setattr(command_output, "mapping_json", mapping_json)
    result = run_command("mapping")

    assert (result.code, result.json, result.stderr) == (0, {}, "")
    assert "ended on an error of ours" in log_file.read_text()


def test_a_log_that_can_not_be_written_changes_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    settings.VAR_DIR = tmp_path / "file"
    monkeypatch.setattr(command_output, "mapping_json", failing)

    result = run_command("mapping")

    assert result.code == 3
    [line] = lines(result.stderr)
    assert "ValueError" in line


@pytest.mark.parametrize("command", ["mapping", "sync_time", "check_for_new", "policy"])
def test_a_server_that_is_not_there_is_one_line(shell: Shell, command: str) -> None:
    done = shell(command, DATABASE_URL="postgresql://postgres@127.0.0.1:9/none")

    assert done.returncode == 3
    assert len(lines(done.stderr)) == 1
