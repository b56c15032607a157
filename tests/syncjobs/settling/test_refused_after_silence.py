"""A create without an answer that is sent again and refused, while its first attempt is still on its way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syncjobs.models import Action
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene

# What a vendor answers, whatever the database.
pytestmark = pytest.mark.any_database


@pytest.fixture
def refused(scene: Scene, ada: str, site: str) -> Action:
    """Create an entry whose first attempt got no answer, and whose second one was refused."""
    scene.entry(ada, site)
    scene.fault("cut_before")
    scene.fault("answer_before", preset="fault", status=400, code="2020")
    assert scene.sync().counts == {"failed": 1}
    action = Action.objects.get()
    assert (action.state, action.attempts) == ("refused", 2)
    return action


def test_a_first_attempt_that_arrives_after_all_is_taken_back(scene: Scene, refused: Action) -> None:
    late = scene.put("TimeActivity", json.loads(refused.body))

    run = scene.sync()

    assert (run.code, run.counts, run["warnings"]["LATE_DOUBLE"]) == (0, {"sent": 1}, 1)
    assert late["Id"] not in {activity["Id"] for activity in scene.activities()}
    assert_books_agree(scene)


def test_the_watch_ends(scene: Scene, refused: Action, settings: Any) -> None:
    settings.SETTLE_SECONDS = 0
    Action.objects.update(watch_until=refused.created_at)

    scene.sync()

    assert not Action.objects.filter(watch_until__isnull=False).exists()
