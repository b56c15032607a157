"""Wrong words on the command line or in the settings: one clear line on stderr, exit code 2, nothing on stdout."""

from __future__ import annotations

import json

import pytest

from tests.contract.conftest import Shell, lines


@pytest.mark.parametrize(
    "args",
    [
        ("sync_time", "--from", "2026-13-01"),
        ("sync_time", "--to", "20260301"),
        ("sync_time", "--fast"),
        ("sync_time", "--believe-deletions", "--keep-deletions"),
        ("link", "tag", "64b000000000000000000001", "58"),
        ("explain", "--json"),
        ("policy", "matching"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(shell: Shell, args: tuple[str, ...]) -> None:
    done = shell(*args)

    assert (done.returncode, done.stdout) == (2, "")
    assert len(lines(done.stderr)) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "nonsense"),
        ("CLOCKIFY_API_URL", "http://clockify.example.test/api/v1"),
        ("ENCRYPTION_KEYS", "too short"),
        ("QUICKBOOKS_MAX_PER_SECOND", "fast"),
    ],
)
def test_a_nonsense_setting_is_named_in_one_line(shell: Shell, name: str, value: str) -> None:
    done = shell("mapping", "--json", **{name: value})

    assert (done.returncode, done.stdout) == (2, "")
    [line] = lines(done.stderr)
    assert name in line


def test_outside_debug_encryption_keys_are_required(shell: Shell) -> None:
    done = shell("mapping", DEBUG="0", SECRET_KEY="long enough for a test of a missing key")

    assert done.returncode == 2
    [line] = lines(done.stderr)
    assert line.startswith("ENCRYPTION_KEYS")


def test_a_database_that_is_away_is_one_line_without_its_password(shell: Shell) -> None:
    done = shell("mapping", "--json", DATABASE_URL="postgres://hourbridge:the-password@127.0.0.1:9/hourbridge")

    assert done.returncode == 3
    assert len(lines(done.stderr)) == 1
    assert "the-password" not in done.stderr + done.stdout


@pytest.mark.parametrize("command", ["sync_time", "check_for_new"])
def test_a_database_without_tables_says_what_to_run(shell: Shell, tmp_path: object, command: str) -> None:
    done = shell(command, "--json", DATABASE_URL=f"sqlite:///{tmp_path}/new.sqlite3")

    assert done.returncode == 3
    [line] = lines(done.stderr)
    assert "migrate" in line
    assert json.loads(done.stdout)["error"]["code"] == "NOT_MIGRATED"
