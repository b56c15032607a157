"""A large backlog goes by the batch beside single creates, each entry once, whatever happens to a batch."""

from __future__ import annotations

import time
from typing import Any

import pytest

from syncjobs.models import Action
from syncjobs.sending.batches import LARGEST, SMALLEST, Size
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene

COUNT = 100


@pytest.fixture(autouse=True)
def early_batches(settings: Any) -> None:
    """Use batches for small numbers, and do not wait for a lost one."""
    settings.BATCHES_FROM, settings.SETTLE_SECONDS = 40, 0


@pytest.fixture
def many(scene: Scene, ada: str, site: str) -> list[str]:
    entries = scene.entries(ada, site, COUNT)
    read_both_sides(scene)
    return entries


def read_both_sides(scene: Scene) -> None:
    """Check for news first: its lists come in a batch as well, which is not one of those meant here."""
    assert scene.check().code == 0
    scene.zero_calls()


def batch_calls(scene: Scene) -> int:
    return sum(count for route, count in scene.calls().items() if "batch" in route)


def test_a_large_backlog_goes_partly_in_batches(scene: Scene, many: list[str]) -> None:
    run = scene.sync()

    assert run.counts == {"sent": COUNT}
    assert_books_agree(scene)
    by_batch = Action.objects.filter(batch_id__isnull=False)
    assert 0 < by_batch.count() < COUNT
    assert 0 < batch_calls(scene) <= COUNT / LARGEST


def test_a_small_run_sends_one_by_one(scene: Scene, ada: str, site: str) -> None:
    scene.entries(ada, site, 39)
    read_both_sides(scene)

    assert scene.sync().counts == {"sent": 39}
    assert batch_calls(scene) == 0


def test_batches_can_be_switched_off(scene: Scene, many: list[str], settings: Any) -> None:
    settings.BATCHES_FROM = 0

    assert scene.sync().counts == {"sent": COUNT}
    assert batch_calls(scene) == 0


KINDS = ["cut_before", "cut_after_commit", "cut_mid_batch", "500_html", "500_html_after_commit"]
MEMORIES: list[dict[str, Any]] = [{}, {"batch_requestid_replays": False}]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "memory",
    [{"requestid_memory_seconds": 0}, *(pytest.param(memory, marks=pytest.mark.slow) for memory in MEMORIES)],
)
def test_a_batch_without_an_answer_is_settled_by_reading(
    scene: Scene, many: list[str], kind: str, memory: dict[str, Any]
) -> None:
    scene.switch(**memory)
    scene.fault(kind, path="/batch", items=7)

    run = scene.sync()

    assert run.counts == {"sent": COUNT}
    assert_books_agree(scene)
    assert scene.open_actions() == 0


def test_what_a_lost_batch_held_waits_until_the_batch_cannot_arrive_any_more(
    scene: Scene, many: list[str], settings: Any
) -> None:
    settings.SETTLE_SECONDS = 3
    scene.switch(requestid_memory_seconds=0)
    scene.fault("cut_before", path="/batch")
    began = time.monotonic()

    run = scene.sync()

    assert run.counts == {"sent": COUNT}
    lost = Action.objects.filter(batch_id__isnull=False, state=Action.State.MISSING)
    assert lost.count() == LARGEST
    for action in lost:
        second_action = Action.objects.get(entry_id=action.entry_id, state=Action.State.DONE)
        assert (second_action.tried_at - action.tried_at).total_seconds() > 3  # type: ignore[operator]
    assert time.monotonic() - began > 3
    assert_books_agree(scene)


def test_one_refused_item_does_not_touch_the_others_of_its_batch(scene: Scene, many: list[str], site: str) -> None:
    barn = scene.project("Barn")
    held = [scene.entry(next(iter(scene.people)), barn, f"2026-03-01 {hour:02d}:00") for hour in (9, 10, 11)]
    scene.check()
    scene.deactivate("Customer", scene.customers[barn])

    run = scene.sync()

    assert run.counts == {"sent": COUNT, "blocked": len(held)}
    assert run["blocked_reasons"] == {"CUSTOMER_INACTIVE": len(held)}
    assert len(scene.activities()) == COUNT


REFUSAL = {"Fault": {"Error": [{"Message": "Batch", "Detail": "No batches here", "code": "1040"}]}}


def test_where_batches_are_refused_everything_goes_one_by_one(scene: Scene, many: list[str]) -> None:
    scene.fault("status_before", path="/batch", status=400, body=REFUSAL, times=0)

    assert scene.sync().counts == {"sent": COUNT}
    assert_books_agree(scene)


@pytest.mark.sample(3)
@pytest.mark.parametrize("body", [REFUSAL, {"message": "no such address"}, "<html>Not Found</html>"])
@pytest.mark.parametrize("kind", ["status_before", "status_after_commit"])
def test_a_page_that_says_not_found_proves_nothing_about_a_batch(
    scene: Scene, many: list[str], settings: Any, kind: str, body: Any
) -> None:
    settings.SETTLE_SECONDS = 1
    scene.fault(kind, path="/batch", status=404, body=body, times=0)

    assert scene.sync().counts == {"sent": COUNT}
    assert_books_agree(scene)


def test_a_throttled_batch_only_costs_time(scene: Scene, many: list[str]) -> None:
    scene.fault("429", path="/batch", times=2)

    assert scene.sync().counts == {"sent": COUNT}
    assert_books_agree(scene)


def test_throttled_items_are_sent_again(scene: Scene, many: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.limits.retry.BATCH_ITEM_PAUSE", 0.1)
    throttled = {"Error": [{"Message": "ThrottleExceeded", "Detail": "Too many", "code": "3001"}], "type": "SERVICE"}
    items = [{"bId": str(number), "Fault": throttled} for number in range(1, LARGEST + 1)]
    scene.fault("status_before", path="/batch", status=200, body={"BatchItemResponse": items}, times=2)

    assert scene.sync().counts == {"sent": COUNT}
    assert_books_agree(scene)


def test_an_item_that_the_answer_leaves_out_is_looked_for(scene: Scene, many: list[str]) -> None:
    scene.fault("status_after_commit", path="/batch", status=200, body={"BatchItemResponse": []})

    assert scene.sync().counts == {"sent": COUNT}
    assert_books_agree(scene)


def test_a_token_that_is_refused_in_the_middle_is_replaced(scene: Scene, many: list[str]) -> None:
    scene.at_the_next_write(lambda: scene.tokens(expire_access=True))

    assert scene.sync().counts == {"sent": COUNT}
    assert [route for route in scene.calls() if "token" in route]
    assert_books_agree(scene)


# --- the size of a batch ---------------------------------------------------------------------------------------
def answers(size: Size, count: int) -> int:
    """Count so many answered batches; return the size then."""
    for _ in range(count):
        size.answered()
    return size.now


def test_batches_shrink_when_no_answer_comes_and_grow_again() -> None:
    size = Size()
    assert size.now == 30
    size.no_response()
    assert size.now == 15
    assert (answers(size, 4), answers(size, 1)) == (15, 20)
    assert (answers(size, 4), answers(size, 1)) == (20, 25)
    answers(size, 4)
    size.no_response()
    # In a row alone.
    assert (size.now, answers(size, 4), answers(size, 1)) == (12, 12, 17)
    assert answers(size, 50) == LARGEST


def test_an_answer_at_the_smallest_size_starts_the_count_again() -> None:
    size = Size()
    while size.now > SMALLEST:
        size.no_response()
    size.no_response()
    size.answered()
    size.no_response()
    assert size.now == SMALLEST
    size.no_response()
    assert size.now == 0


def test_batches_that_are_refused_never_begin_again() -> None:
    size = Size()
    size.refused()
    assert size.now == 0
    # Of one that was on its way.
    size.no_response()
    assert size.now == 0
    assert answers(size, 50) == 0


def test_batches_end_when_even_the_smallest_get_no_answer() -> None:
    size = Size()
    while size.now > SMALLEST:
        size.no_response()
    size.no_response()
    assert size.now == SMALLEST
    size.no_response()
    assert size.now == 0
    size.answered()
    assert size.now == 0


def test_two_threads_never_get_the_same_entry(scene: Scene, many: list[str]) -> None:
    scene.sync()

    ids = [action.entry_id for action in Action.objects.all()]
    assert sorted(ids) == sorted(many)
