"""A connected scene for each cell, without long pauses."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.limits import retry
from tests.support.scene import Scene


@pytest.fixture
def scene(sandbox: Any, transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Return an empty workspace and an empty company, connected with each other."""
    monkeypatch.setattr(retry, "THROTTLED_PAUSES", (0.05, 0.05, 0.05))
    monkeypatch.setattr(retry, "BATCH_ITEM_PAUSE", 0.05)
    settings.GIVE_UP_SECONDS, settings.SETTLE_SECONDS = 1, 0.3
    # So few that a batch is sent at all; the time limits are short, so that silence costs little.
    settings.BATCHES_FROM = 20
    return Scene(sandbox).connect()
