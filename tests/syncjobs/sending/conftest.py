"""A plan to send."""

from __future__ import annotations

import pytest

from integrations.limits import retry
from tests.support.scene import Scene
from tests.support.sending import Plan


@pytest.fixture
def plan(scene: Scene, ada: str, site: str) -> Plan:
    return Plan(scene, ada, site)


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a call ask again three times at most where QuickBooks wants it to wait."""
    monkeypatch.setattr(retry, "MAX_PAUSE", 3)
