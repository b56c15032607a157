"""A plan to send."""

from __future__ import annotations

import pytest

from tests.support.scene import Scene
from tests.support.sending import Plan


@pytest.fixture
def plan(scene: Scene, ada: str, site: str) -> Plan:
    return Plan(scene, ada, site)
