"""After `migrate` on an empty database every command works, which means: it says what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from syncjobs.runs.figures import SYNC_FIGURES
from tests.contract.conftest import lines
from tests.support.scene import Scene, run_command

pytestmark = pytest.mark.django_db(transaction=True)
ERROR_KEYS = {"code", "message", "fix"}
NOTHING = {"seen": 0, "new": 0, "changed": 0, "gone": 0}


@pytest.mark.parametrize("command", ["mapping", "mismatches", "policy"])
def test_commands_without_counters_print_the_error_alone(command: str) -> None:
    result = run_command(command)

    assert result.code == 3
    assert set(result.json) == {"error"}
    assert set(result["error"]) == ERROR_KEYS
    assert len(lines(result.stderr)) == 1


def test_explain_without_a_workspace_is_not_connected() -> None:
    result = run_command("explain", "64a000000000000000000001")

    assert (result.code, set(result.json)) == (3, {"error"})


def test_sync_time_prints_zeros_beside_the_error() -> None:
    result = run_command("sync_time", "--dry-run", "--from", "2026-03-01")

    assert result.code == 3
    assert set(result["error"]) == ERROR_KEYS
    assert {result[name] for name in SYNC_FIGURES} == {0}
    assert (result["dry_run"], result["blocked_reasons"], result["warnings"]) == (True, {}, {})
    assert result["api_calls"] == {"clockify": 0, "quickbooks": 0}


def test_check_for_new_prints_zeros_beside_the_error() -> None:
    result = run_command("check_for_new")

    assert result.code == 3
    assert set(result["error"]) == ERROR_KEYS
    assert result["clockify"] == {name: NOTHING for name in ("users", "clients", "projects")}
    assert result["quickbooks"] == {name: NOTHING for name in ("employees", "customers")}
    assert set(result["plan"]) == {"sku", "payroll", "supported", "reason"}


@pytest.mark.parametrize("command", ["mapping", "sync_time", "check_for_new", "policy"])
def test_an_unknown_workspace_is_wrong_usage(command: str) -> None:
    result = run_command(command, "--workspace", "Nobody's")

    assert (result.code, result.json) == (2, None)
    assert len(lines(result.stderr)) == 1


@pytest.mark.parametrize("command", ["mapping", "mismatches", "check_for_new", "sync_time"])
def test_a_workspace_without_a_company_is_not_connected(stage: Scene, command: str) -> None:
    connected = run_command("connect_clockify", "--api-key", "sandbox-clockify-key")
    assert connected.code == 0

    result: Any = run_command(command)

    assert (result.code, result["error"]["code"]) == (3, "NOT_CONNECTED")
