"""What one batch does with its answer, item by item: by number, receipts first."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import NoAnswer, Rejected, TryLater
from integrations.limits import retry
from integrations.models import Workspace
from syncjobs.ledger import journal
from syncjobs.ledger.lease import Lost
from syncjobs.models import Receipt
from syncjobs.sending.batches import LARGEST, Batches
from syncjobs.sending.work_queue import SendContext
from tests.support.scene import Scene
from tests.support.sending import DAY, Plan
from tests.syncjobs.sending.test_responses import sign

# What a vendor answers, whatever the database.
pytestmark = pytest.mark.any_database

COUNT = 50
THROTTLED = {"Error": [{"Message": "ThrottleExceeded", "Detail": "Too many", "code": "3001"}], "type": "SERVICE"}
REFUSED = {"Error": [{"Message": "Refused", "Detail": "Not this one", "code": "6330"}], "type": "ValidationFault"}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BATCH_ITEM_PAUSE", 0.05)


@pytest.fixture
def shared(scene: Scene, plan: Plan) -> SendContext:
    """Return what sends fifty creates: a batch, one of half its size, and a few more."""
    plan.creates(COUNT)
    scene.zero_calls()
    return plan.context()


@pytest.fixture
def batches(shared: SendContext) -> Batches:
    return Batches(shared)


def posts(scene: Scene) -> int:
    return scene.calls().get("POST batch", 0)


def answered_with(scene: Scene, fault: dict[str, Any]) -> None:
    """Let all items of the next batch be answered with this fault."""
    items = [{"bId": str(number), "Fault": fault} for number in range(1, LARGEST + 1)]
    scene.fault("status_before", path="/batch", status=200, body={"BatchItemResponse": items})


def test_a_batch_has_thirty_creates_and_one_request(
    scene: Scene, plan: Plan, shared: SendContext, batches: Batches
) -> None:
    assert batches.send_next() is True
    assert batches.send_next() is False, "too few are left for another one"

    assert (plan.outcomes(), plan.actions()) == ({"planned": 20, "sent": 30}, ["done"] * 30)
    assert (posts(scene), len(shared.queue), len(scene.activities())) == (1, 20, 30)
    for receipt in Receipt.objects.all():
        assert scene.activity(receipt.entry_id)["Description"] == receipt.draft["description"]


@pytest.mark.sample(2)
@pytest.mark.parametrize("active", [0, 1])
def test_items_whose_partner_was_found_inactive_go_in_no_batch(
    scene: Scene, plan: Plan, site: str, active: int
) -> None:
    hall = scene.project("Hall")
    scene.check()
    scene.deactivate("Customer", scene.partner_of(site))
    refused = plan.create()
    for _ in range(active):
        plan.create(draft={"customer_id": scene.partner_of(hall)})
    plan.creates(COUNT - active)
    shared = plan.context()
    item = shared.queue.next_item()
    assert item is not None and item == refused
    error = Rejected("Made inactive.", vendor="quickbooks", code="2500")
    shared.outcomes.refused(item, journal.open_action(item, run=plan.run), error)
    scene.zero_calls()

    assert Batches(shared).send_next() is True

    counts = {"blocked": 1 + LARGEST - active, "planned": COUNT - LARGEST, "sent": active}
    assert plan.outcomes() == {outcome: count for outcome, count in counts.items() if count}
    assert (posts(scene), plan.actions()) == (active, ["done"] * active + ["refused"])


def test_a_batch_whose_period_was_signed_meanwhile_is_not_sent(scene: Scene, plan: Plan, batches: Batches) -> None:
    Workspace.objects.update(keep_signed=True)
    sign(plan.run, DAY, DAY)

    assert batches.send_next() is True

    assert (posts(scene), plan.outcomes()) == (0, {"blocked": 30, "planned": 20})


def test_a_process_that_slept_until_its_lease_was_over_sends_no_batch(
    scene: Scene, plan: Plan, batches: Batches, settings: Any
) -> None:
    settings.LEASE_SECONDS = 0

    with pytest.raises(Lost):
        batches.send_next()

    assert (posts(scene), plan.actions()) == (0, ["sending"] * 30)


# --- batches as a whole ------------------------------------------------------------------------------------
def test_where_a_batch_is_refused_its_items_go_back_and_no_other_is_tried(
    scene: Scene, plan: Plan, shared: SendContext, batches: Batches, caplog: pytest.LogCaptureFixture
) -> None:
    scene.fault("answer_before", path="/batch", status=400, preset="fault")

    assert batches.send_next() is True

    assert (plan.outcomes(), len(shared.queue)) == ({"planned": COUNT}, COUNT)
    assert plan.actions() == ["abandoned"] * 30
    [record] = [record for record in caplog.records if record.name == "hourbridge.batches"]
    assert "takes no batches (Refused on demand)" in record.getMessage()
    assert batches.send_next() is False


def test_after_silence_its_items_are_in_doubt_and_the_next_batch_is_smaller(
    scene: Scene, plan: Plan, batches: Batches
) -> None:
    scene.fault("cut_before", path="/batch")

    assert batches.send_next() is True

    assert (plan.outcomes(), plan.actions()) == ({"planned": 20, "unknown": 30}, ["sending"] * 30)
    assert batches.send_next() is True
    assert plan.outcomes() == {"planned": 5, "sent": 15, "unknown": 30}


def test_a_long_silence_stops_the_run(scene: Scene, plan: Plan, batches: Batches, settings: Any) -> None:
    settings.GIVE_UP_SECONDS = 0.2
    scene.fault("hang_before", path="/batch", seconds=1)

    batches.send_next()

    assert isinstance(plan.breaker.cause, NoAnswer)


@pytest.mark.usefixtures("short_patience")
def test_a_throttled_batch_goes_back_and_the_run_waits(
    scene: Scene, plan: Plan, shared: SendContext, batches: Batches
) -> None:
    scene.fault("429", path="/batch", times=0)

    with pytest.raises(TryLater):
        batches.send_next()

    assert (plan.outcomes(), len(shared.queue)) == ({"planned": COUNT}, COUNT)
    assert plan.actions() == ["abandoned"] * 30


def test_batches_that_are_answered_grow_again(scene: Scene, plan: Plan, shared: SendContext) -> None:
    plan.creates(60)
    batches = Batches(plan.context())
    scene.fault("cut_before", path="/batch")

    for _ in range(7):
        batches.send_next()

    # 30 without an answer, five times 15, and 20 are more than what is left.
    assert plan.outcomes() == {"planned": COUNT + 60 - 30 - 75, "unknown": 30, "sent": 75}


# --- items of a batch --------------------------------------------------------------------------------------
def test_refusals_among_accepted_items_are_told_and_count_for_nothing(
    scene: Scene, plan: Plan, batches: Batches
) -> None:
    # More of them than stop a run, and a few others.
    scene.fault("answer_before", path="/batch", match='Task ([5-9]"|[12][0-9])', item="fault", code="6330")

    assert batches.send_next() is True

    assert plan.outcomes() == {"failed": 25, "planned": 20, "sent": 5}
    assert plan.actions() == ["done"] * 5 + ["refused"] * 25
    assert not plan.breaker.is_set()


def test_a_batch_of_which_nothing_is_accepted_counts_toward_stopping(
    scene: Scene, plan: Plan, batches: Batches
) -> None:
    answered_with(scene, REFUSED)

    assert batches.send_next() is True

    assert plan.outcomes() == {"failed": 30, "planned": 20}
    assert plan.breaker.is_set()


def test_an_item_that_the_answer_leaves_out_is_in_doubt(scene: Scene, plan: Plan, batches: Batches) -> None:
    scene.fault("answer_after_commit", path="/batch", match='Task 7"', item="missing")

    assert batches.send_next() is True

    assert plan.outcomes() == {"planned": 20, "sent": 29, "unknown": 1}
    assert plan.actions() == ["done"] * 29 + ["sending"]


def test_throttled_items_go_back_and_the_next_batch_is_smaller(
    scene: Scene, plan: Plan, shared: SendContext, batches: Batches
) -> None:
    answered_with(scene, THROTTLED)

    assert batches.send_next() is True

    assert (plan.outcomes(), len(shared.queue)) == ({"planned": COUNT}, COUNT)
    assert not plan.breaker.is_set()
    assert batches.send_next() is True
    assert plan.outcomes() == {"planned": 35, "sent": 15}
