"""A process that falls asleep inside a transaction delays the others for no longer than a lease."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from integrations.models import RateBucket


@pytest.fixture
def short_lease(transactional_db: None, settings: Any) -> Iterator[None]:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no way to end another process' transaction")
    settings.LEASE_SECONDS = 1
    connection.close()
    yield
    connection.close()


def test_a_sleepers_locks_are_taken_from_it(short_lease: None) -> None:
    RateBucket.objects.create(key="one")
    holds, wakes = threading.Event(), threading.Event()
    errors_on_waking: list[Exception] = []

    def sleeper() -> None:
        try:
            with transaction.atomic():
                RateBucket.objects.filter(key="one").update(next_at=1)
                holds.set()
                wakes.wait()
                RateBucket.objects.filter(key="one").update(next_at=2)
        except DatabaseError as error:
            errors_on_waking.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=sleeper)
    thread.start()
    holds.wait()

    # Would wait forever if the sleeper kept its lock.
    RateBucket.objects.filter(key="one").update(next_at=3)

    wakes.set()
    thread.join()
    assert errors_on_waking
    assert RateBucket.objects.get(key="one").next_at == 3
