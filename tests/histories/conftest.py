"""A fresh world for every history, and no long pauses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction

from integrations import retry
from sandbox.datasets import build
from sandbox.server import Running
from syncjobs.sending import execute
from tests.histories.history import History
from tests.support.scene import Scene

OURS = ("integrations", "mapping", "syncjobs")


@pytest.fixture
def begin(
    sandbox: Running, transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], History]:
    """Starts a history: both vendors empty, our tables empty, both connected, partners linked."""
    monkeypatch.setattr(retry, "THROTTLED_PAUSES", (0.05, 0.05, 0.05))
    # Which record a fault meets shall not depend on which thread is faster: a history must repeat itself.
    monkeypatch.setattr(execute, "THREADS", 1)
    settings.GIVE_UP_SECONDS, settings.SETTLE_SECONDS = 1, 0

    def new() -> History:
        _forget_everything()
        with sandbox.world.lock:
            sandbox.world.empty()
            build(sandbox.world, "empty", today=sandbox.world.now().date(), entries=0, seed=1)
        return History(Scene(sandbox).connect())

    return new


def _forget_everything() -> None:
    tables = [
        connection.ops.quote_name(model._meta.db_table)
        for app in OURS
        for model in apps.get_app_config(app).get_models()
    ]
    with transaction.atomic(), connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")
