"""A month of time that keeps commands busy."""

from __future__ import annotations

import pytest

from tests.support.scene import Scene

COUNT = 24


@pytest.fixture
def large_month(scene: Scene, ada: str, site: str) -> Scene:
    """Create enough entries to interrupt a run midway: each write takes a while."""
    scene.entries(ada, site, COUNT)
    return scene
