"""A fresh world for every history, and no long pauses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.limits import retry
from sandbox.data.datasets import build
from sandbox.server import Running
from syncjobs.rules.steps import many_deletions
from syncjobs.sending import execute
from tests.histories import backups
from tests.histories.books import MANY
from tests.histories.history import History
from tests.support.scene import Scene


@pytest.fixture
def begin(
    sandbox: Running, transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], History]:
    """Return a function that starts a history: both vendors and our tables empty, both connected, partners linked."""
    monkeypatch.setattr(retry, "THROTTLED_PAUSES", (0.05, 0.05, 0.05))
    # The record that a fault hits must not depend on which thread is faster: a history must be reproducible.
    monkeypatch.setattr(execute, "THREADS", 1)
    # A history has few entries, and some of them should ask.
    monkeypatch.setattr(many_deletions, "MAX_DELETIONS", MANY)
    settings.GIVE_UP_SECONDS, settings.SETTLE_SECONDS = 1, 0

    def new() -> History:
        backups.empty_tables()
        with sandbox.world.lock:
            sandbox.world.empty()
            build(sandbox.world, "empty", today=sandbox.world.now().date(), entries=0, seed=1)
        return History(Scene(sandbox).connect())

    return new
