"""Time that somebody had entered in QuickBooks by hand, adopted as the entry's own."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from mapping.errors import Refused
from syncjobs.settling.adopt import adopt
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene
from tests.syncjobs.runs.test_sync_blocked import put_by_hand

CLOCK = {
    "Hours": None,
    "Minutes": None,
    "StartTime": "2026-03-04T09:00:00-08:00",
    "EndTime": "2026-03-04T10:00:00-08:00",
}


@pytest.fixture
def entry(scene: Scene, ada: str, site: str) -> str:
    return scene.entry(ada, site, "2026-03-04 09:00", minutes=60, description="Review")


def take(scene: Scene, entry: str, key: str) -> None:
    adopt(scene.workspace, scene.mirrored(entry), key, now=timezone.now())


@pytest.mark.parametrize("form", [{}, CLOCK], ids=["a duration", "start and end"])
def test_adopted_time_is_sent_and_follows_later_edits(
    scene: Scene, ada: str, site: str, entry: str, form: dict[str, Any]
) -> None:
    key = put_by_hand(scene, ada, site, **form)
    assert scene.sync()["blocked_reasons"] == {"ALREADY_IN_QUICKBOOKS": 1}

    take(scene, entry, key)

    assert scene.explain(entry)["state"] == "sent"
    assert scene.sync().counts == {"unchanged": 1}
    scene.stretch(entry, 90)
    assert scene.sync().counts == {"updated": 1}
    assert scene.activity(entry)["Id"] == key
    assert_books_agree(scene)


def test_adopted_time_that_was_billed_is_left_alone(scene: Scene, ada: str, site: str, entry: str) -> None:
    key = put_by_hand(scene, ada, site, BillableStatus="HasBeenBilled")
    scene.sync()
    take(scene, entry, key)
    scene.delete_entry(entry)

    run = scene.sync()

    assert (run.counts, run["blocked_reasons"]) == ({}, {"BILLED_IN_QUICKBOOKS": 1})
    assert len(scene.activities()) == 1


def test_time_is_adopted_by_one_entry_only(scene: Scene, ada: str, site: str, entry: str) -> None:
    second_entry = scene.entry(ada, site, "2026-03-04 13:00", minutes=60)
    key = put_by_hand(scene, ada, site)
    assert scene.sync().counts == {"blocked": 2}
    take(scene, entry, key)

    with pytest.raises(Refused):
        take(scene, second_entry, key)

    # The adopted activity is ours now, and no longer an unowned equal of the other entry.
    assert scene.sync().counts == {"sent": 1, "unchanged": 1}


@pytest.mark.parametrize(
    "difference", [{"Minutes": 5}, {"TxnDate": "2026-03-05"}, {"Hours": None, "Minutes": None}], ids=str
)
def test_time_that_is_another_is_not_adopted(
    scene: Scene, ada: str, site: str, entry: str, difference: dict[str, Any]
) -> None:
    key = put_by_hand(scene, ada, site, **difference)
    scene.sync(dry_run=True)

    with pytest.raises(Refused):
        take(scene, entry, key)
