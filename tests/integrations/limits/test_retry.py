"""Pauses between attempts."""

from __future__ import annotations

import pytest

from integrations.limits import retry


@pytest.mark.parametrize(("attempt", "shortest"), [(1, 0.5), (2, 1), (3, 2), (4, 4), (5, 5), (40, 5)])
def test_pauses_grow_and_stay_between_their_bounds(attempt: int, shortest: float) -> None:
    for _ in range(20):
        assert shortest <= retry.backoff(attempt) <= shortest * 1.3
