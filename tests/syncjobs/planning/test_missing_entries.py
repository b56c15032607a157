"""Entries missing from the report: only their own address, by 400 with code 501, says that they are gone."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import RateBucket
from syncjobs.planning import missing_entries
from tests.support.scene import FIRST, Scene

# What a vendor answers, whatever the database.
pytestmark = pytest.mark.any_database


@pytest.fixture
def sent(scene: Scene, ada: str, site: str) -> str:
    """Send an hour of Ada's on 4 March, from nine in New York."""
    entry = scene.entry(ada, site, "2026-03-04 09:00", description="Review")
    assert scene.sync().counts == {"sent": 1}
    return entry


PAGE = "<html>no</html>"
# Every odd answer at the address of one entry; only 400 with code 501 says that it is gone.
ODD_ANSWERS: list[tuple[int, Any]] = [
    (301, ""),
    (307, PAGE),
    (400, {"message": "no", "code": 3000}),
    (400, {"message": "no", "code": 4000}),
    (400, PAGE),
    (401, {"message": "no", "code": 4003}),
    (401, PAGE),
    (403, {"message": "no", "code": 501}),
    (403, ""),
    (404, ""),
    (404, {"message": "no", "code": 501}),
    (404, PAGE),
    (405, {"message": "no", "code": 3000}),
    (410, {"message": "no", "code": 501}),
    (422, PAGE),
    (500, {"message": "no", "code": 501}),
    (503, PAGE),
    (200, PAGE),
    (200, None),
    (200, []),
    (200, {}),
    (200, {"id": "another"}),
]


def answer_oddly(scene: Scene, entry_id: str, status: int, body: Any, **details: Any) -> None:
    address = f"time-entries/{entry_id}"
    scene.fault("status_before", address, vendor="clockify", status=status, body=body, times=0, **details)


@pytest.mark.sample(6)
@pytest.mark.parametrize(("status", "body"), ODD_ANSWERS)
def test_an_odd_answer_of_one_entrys_address_leaves_that_entry_as_it_is(
    scene: Scene, sent: str, ada: str, site: str, settings: Any, status: int, body: Any
) -> None:
    settings.GIVE_UP_SECONDS = 0.5
    scene.delete_entry(sent)
    scene.entry(ada, site, "2026-03-05 09:00")
    answer_oddly(scene, sent, status, body)

    run = scene.sync()

    assert (run.code, run["seen"], run.counts) == (0, 2, {"sent": 1, "unchanged": 1})
    assert len(scene.activities()) == 2
    assert (scene.workspace.state, scene.company.state) == ("connected", "connected")
    scene.clear_faults()
    assert scene.sync().counts == {"deleted": 1, "unchanged": 1}


def test_an_entry_whose_record_cannot_be_read_stays_as_it_is(scene: Scene, sent: str) -> None:
    scene.delete_entry(sent)
    answer_oddly(scene, sent, 200, {"id": sent, "userId": "u", "timeInterval": {"start": "yesterday"}})

    run = scene.sync()

    assert (run.code, run["seen"], run.counts) == (0, 1, {"unchanged": 1})


def test_an_entry_that_was_not_sent_and_is_not_clear_is_not_sent(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    scene.policy(start_date=FIRST)
    scene.check()
    scene.delete_entry(entry)
    answer_oddly(scene, entry, 403, PAGE)

    assert scene.sync().counts == {"unchanged": 1}
    assert scene.activities() == []
    assert scene.check()["status"] == "succeeded"


def test_after_a_few_entries_without_an_answer_the_rest_is_not_asked(
    scene: Scene, ada: str, site: str, settings: Any
) -> None:
    settings.GIVE_UP_SECONDS = 0.5
    entries = scene.entries(ada, site, 8)
    scene.sync()
    scene.delete_entry(*entries)
    answer_oddly(scene, "", 503, PAGE)

    run = scene.sync()

    assert scene.hits() == missing_entries.MAX_UNANSWERED, "half a second leaves no time for a second attempt"
    assert (run.code, run["seen"], run.counts) == (0, 8, {"unchanged": 8})


def test_being_throttled_at_an_entrys_address_makes_the_run_wait(scene: Scene, sent: str) -> None:
    scene.delete_entry(sent)
    answer_oddly(scene, sent, 429, {"message": "no"}, headers={"Retry-After": "600"})

    run = scene.sync()

    assert (run.code, run["deleted"], len(scene.activities())) == (4, 0, 1)
    scene.clear_faults()
    RateBucket.objects.all().delete()  # the ten minutes are over
    assert scene.sync().counts == {"deleted": 1}


def test_a_key_that_is_really_refused_ends_the_run_at_an_entrys_address(scene: Scene, sent: str) -> None:
    scene.delete_entry(sent)
    answer_oddly(scene, sent, 401, {"code": 4003})
    scene.fault("status_before", "/user$", vendor="clockify", status=401, body={"code": 4003}, times=0)

    run = scene.sync()

    assert (run.code, run["error"]["code"], scene.workspace.state) == (3, "NOT_CONNECTED", "refused")
    assert len(scene.activities()) == 1
    scene.clear_faults()
    assert scene.sync().counts == {"deleted": 1}, "a command asks at once"
