"""A connected scene for every test that asks for it."""

from __future__ import annotations

from typing import Any

import pytest

from integrations import retry
from tests.support.scene import Scene


@pytest.fixture
def scene(sandbox: Any, transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Return an empty workspace and an empty company, connected with each other, without long pauses."""
    monkeypatch.setattr(retry, "THROTTLED_PAUSES", (0.1, 0.1, 0.1))
    return Scene(sandbox).connect()


@pytest.fixture
def ada(scene: Scene) -> str:
    """Return a user with an employee, in New York."""
    return scene.user("Ada")


@pytest.fixture
def site(scene: Scene) -> str:
    """Return project Site of client Acme, 80.00 an hour, with customers on both levels."""
    return scene.project("Site", client=scene.client("Acme"), hourlyRate=8000)
