"""Pre-commit hooks: the Makefile's own checks, run by tools of the virtual environment only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pre_commit.clientlib import load_config

HOME = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def hooks() -> list[dict[str, Any]]:
    """Return all hooks, read by pre-commit itself, which refuses an invalid file."""
    repositories = load_config(HOME / ".pre-commit-config.yaml")["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    return repositories[0]["hooks"]


def test_each_hook_runs_a_tool_of_the_virtual_environment(hooks: list[dict[str, Any]]) -> None:
    for hook in hooks:
        assert hook["language"] in {"system", "unsupported"}, hook["id"]
        assert re.match(r"(env ([A-Z_]+=\S+ )+)?\.venv/bin/", hook["entry"]), hook["id"]


def test_migrations_are_looked_for_as_the_makefile_does(hooks: list[dict[str, Any]]) -> None:
    [plain] = re.findall(r"^PLAIN = (.+)$", (HOME / "Makefile").read_text(), re.MULTILINE)
    [entry] = [hook["entry"] for hook in hooks if hook["id"] == "migrations"]

    assert entry == f"env {plain} .venv/bin/python manage.py makemigrations --check --dry-run"
