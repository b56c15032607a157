"""Commands as processes of their own, and a month of time that keeps them busy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connections

from tests.support.commands import Command
from tests.support.scene import Scene

COUNT = 24


@pytest.fixture
def start(scene: Scene) -> Iterator[Callable[..., Command]]:
    """Return a function that starts commands; end what the test left."""
    started: list[Command] = []

    def start_command(**more: str) -> Command:
        connections.close_all()
        started.append(Command(scene, more))
        return started[-1]

    yield start_command
    for command in started:
        if command.process.poll() is None:
            command.process.kill()
        command.process.communicate()


@pytest.fixture
def large_month(scene: Scene, ada: str, site: str) -> Scene:
    """Create enough entries to interrupt a run midway: each write takes a while."""
    scene.entries(ada, site, COUNT)
    return scene
