"""A connected scene for every test that asks for it, and commands as processes of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections

from integrations.limits import retry
from tests.support.commands import SYNC, Command
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


@pytest.fixture
def start(scene: Scene) -> Iterator[Callable[..., Command]]:
    """Return a function that starts commands; end what the test left."""
    started: list[Command] = []

    def start_command(*arguments: str, **more: str) -> Command:
        connections.close_all()
        started.append(Command(scene, more, arguments or SYNC))
        return started[-1]

    yield start_command
    for command in started:
        if command.process.poll() is None:
            command.process.kill()
        command.process.communicate()
