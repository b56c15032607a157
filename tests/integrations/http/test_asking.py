"""Calls that leave no trace: one attempt each, no row of the journal or the throttle, and the pauses of others kept."""

from __future__ import annotations

import pytest

from integrations.clockify import connection as clockify_connection
from integrations.database import database_now
from integrations.errors import NoAnswer, TryLater
from integrations.http import asking
from integrations.models import ApiCall, RateBucket
from tests.support.scene import Scene


def rows() -> tuple[int, list[tuple[object, ...]]]:
    return ApiCall.objects.count(), list(RateBucket.objects.order_by("key").values_list())


def test_an_answer_is_noted_in_memory_alone(scene: Scene) -> None:
    before = rows()

    with asking.without_a_trace() as unrecorded:
        clockify_connection.client_for(scene.workspace).check_connection()

    assert [seen.vendor for seen in unrecorded.seen] == ["clockify", "clockify"]
    assert rows() == before
    assert asking.current() is None


def test_a_failure_is_not_tried_again(scene: Scene) -> None:
    scene.fault("503", "user", vendor="clockify", times=1)

    with asking.without_a_trace() as unrecorded, pytest.raises(NoAnswer):
        clockify_connection.client_for(scene.workspace).check_connection()

    assert len(unrecorded.seen) == 1


def test_a_pause_that_a_vendor_asked_for_is_kept(scene: Scene) -> None:
    later = database_now().timestamp() + 600
    RateBucket.objects.create(key=f"clockify:{scene.place.id}", blocked_until=later)
    before = rows()

    with asking.without_a_trace() as unrecorded, pytest.raises(TryLater, match="limit is used up"):
        clockify_connection.client_for(scene.workspace).check_connection()

    assert (unrecorded.seen, rows()) == ([], before)
