"""The commands as scripts meet them: against the sandbox over HTTP, in this process or in one of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings

from integrations.limits import retry
from tests.support.scene import Scene

Shell = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def stage(sandbox: Any, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Return an empty workspace and an empty company, not connected yet, without long pauses."""
    monkeypatch.setattr(retry, "THROTTLED_PAUSES", (0.1, 0.1, 0.1))
    return Scene(sandbox)


@pytest.fixture
def scene(stage: Scene) -> Scene:
    return stage.connect()


@pytest.fixture
def shell() -> Shell:
    """Return a function that runs `manage.py` in a process of its own; nothing listens where its settings point."""
    quiet = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DEBUG": "1",
        "DATABASE_URL": "sqlite:////nowhere/at/all.sqlite3",
        "CLOCKIFY_API_URL": "http://127.0.0.1:9/api/v1",
    }

    def run(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=django_settings.BASE_DIR,
            env={**quiet, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def lines(text: str) -> list[str]:
    """Return the lines a person sees."""
    return [line for line in text.splitlines() if line.strip()]
