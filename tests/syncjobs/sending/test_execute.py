"""A plan is sent by threads, each item once, until nothing is left or something stops them."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db.backends.signals import connection_created

from integrations.errors import NoAnswer, TryLater
from integrations.limits import retry
from syncjobs.ledger import journal
from syncjobs.ledger.lease import Lost
from syncjobs.models import Action, Receipt
from syncjobs.sending import execute
from tests.support.scene import Scene
from tests.support.sending import Plan

# What a vendor answers, whatever the database.
pytestmark = pytest.mark.any_database

STALE = {"Fault": {"Error": [{"Message": "Stale Object Error", "Detail": "Stale", "code": "5010"}]}}


def posts(scene: Scene, route: str = "POST timeactivity") -> int:
    return scene.calls().get(route, 0)


def test_every_item_is_sent_once_and_each_step_told(scene: Scene, plan: Plan) -> None:
    plan.creates(9)
    scene.zero_calls()

    assert plan.carry_out() == {"sent": 9}

    assert (posts(scene), len(scene.activities()), Receipt.objects.count(), plan.steps) == (9, 9, 9, 9)
    assert not plan.breaker.is_set()


def test_updates_change_and_deletes_remove_what_was_sent(scene: Scene, plan: Plan) -> None:
    kept, removed = plan.change("update"), plan.change("delete")

    assert plan.carry_out() == {"deleted": 1, "updated": 1}

    [activity] = scene.activities()
    assert (activity["Id"], activity["Hours"], activity["Minutes"]) == (kept.quickbooks_id, 1, 15)
    assert Receipt.objects.get(quickbooks_id=removed.quickbooks_id).state == "deleted"


def test_an_empty_plan_needs_no_thread(plan: Plan) -> None:
    assert plan.carry_out() == {}
    assert plan.steps == 0


@pytest.mark.parametrize(("least", "batches"), [(40, 1), (41, 0), (0, 0)], ids=["enough", "too few", "switched off"])
@pytest.mark.sample(3)
def test_creates_go_in_batches_from_a_number_on(
    scene: Scene, plan: Plan, settings: Any, least: int, batches: int
) -> None:
    settings.BATCHES_FROM = least
    plan.creates(40)
    # The first singles take a while, so that enough is left for a batch.
    scene.fault("hang_before", seconds=0.5, times=4)
    scene.zero_calls()

    assert plan.carry_out() == {"sent": 40}

    assert posts(scene, "POST batch") == batches


def test_what_a_refused_batch_puts_back_is_sent_though_all_else_is_done(
    scene: Scene, plan: Plan, settings: Any
) -> None:
    settings.BATCHES_FROM = 1
    plan.creates(33)
    # Long after the last of the others.
    scene.fault("answer_before", path="/batch", status=400, preset="fault", seconds=1.5)

    assert plan.carry_out() == {"sent": 33}
    assert len(scene.activities()) == 33


# --- items of their own kind -------------------------------------------------------------------------------
def test_an_item_whose_partner_was_found_inactive_is_not_sent(
    scene: Scene, plan: Plan, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute, "THREADS", 1)
    scene.check()
    scene.deactivate("Customer", scene.partner_of(site))
    plan.creates(3)
    scene.zero_calls()

    assert plan.carry_out() == {"blocked": 3}
    assert (posts(scene), plan.actions()) == (1, ["refused"])


def test_a_write_without_an_answer_goes_again_under_its_own_request_id(scene: Scene, plan: Plan) -> None:
    item = plan.create()
    action = plan.sent_before(item)

    assert plan.carry_out() == {"sent": 1}

    sent = Action.objects.get()
    assert (sent.pk, sent.request_id, sent.attempts, sent.state) == (action.pk, action.request_id, 2, "done")


@pytest.mark.sample(2)
@pytest.mark.parametrize("by", ["settled", "taken up"])
def test_a_write_that_another_process_has_settled_or_taken_up_is_not_sent(
    scene: Scene, plan: Plan, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    action = plan.sent_before(plan.create())
    mark_tried = journal.mark_tried

    def too_late(*args: Any) -> bool:
        """Another process takes it up after it was read here."""
        Action.objects.update(attempts=2)
        return mark_tried(*args)

    if by == "settled":
        Action.objects.update(state=Action.State.MISSING)
    else:
        monkeypatch.setattr(journal, "mark_tried", too_late)
    scene.zero_calls()

    assert plan.carry_out() == {"planned": 1}

    assert posts(scene) == 0
    assert Action.objects.get(pk=action.pk).attempts == (1 if by == "settled" else 2)


def test_of_equal_entries_each_gets_an_activity_of_its_own(scene: Scene, plan: Plan) -> None:
    """What arrived of the first attempt was taken for an equal entry's: a new request makes a new activity."""
    plan.sent_before(plan.create(), arrives=True)

    assert plan.carry_out() == {"sent": 1}

    assert (len(scene.activities()), plan.actions()) == (2, ["abandoned", "done"])
    assert len({receipt.quickbooks_id for receipt in Receipt.objects.all()}) == 2


# --- refusals and silence ----------------------------------------------------------------------------------
def test_an_update_of_a_token_that_moved_is_sent_once_more(scene: Scene, plan: Plan) -> None:
    item = plan.change("update")
    scene.annotate(item.quickbooks_id, cost_rate=12)
    scene.zero_calls()

    assert plan.carry_out() == {"updated": 1}
    assert posts(scene) == 2


def test_an_update_whose_token_is_refused_again_fails(scene: Scene, plan: Plan) -> None:
    plan.change("update")
    scene.fault("status_before", status=400, body=STALE, times=0)
    scene.zero_calls()

    assert plan.carry_out() == {"failed": 1}
    assert (posts(scene), plan.breaker.is_set()) == (2, False)


def test_a_refused_create_is_sent_once(scene: Scene, plan: Plan) -> None:
    plan.creates(2)
    scene.fault("status_before", status=400, body=STALE)
    scene.zero_calls()

    assert plan.carry_out() == {"failed": 1, "sent": 1}
    assert posts(scene) == 2


def test_a_write_without_an_answer_does_not_keep_the_others(scene: Scene, plan: Plan) -> None:
    plan.creates(6)
    scene.fault("cut_before")

    assert plan.carry_out() == {"sent": 5, "unknown": 1}
    assert (plan.actions().count("sending"), plan.breaker.is_set()) == (1, False)


def test_silence_stops_the_sending(scene: Scene, plan: Plan) -> None:
    plan.creates(retry.MAX_UNANSWERED_CALLS + 8)
    scene.fault("cut_before", times=0)

    outcomes = plan.carry_out()

    assert isinstance(plan.breaker.cause, NoAnswer)
    assert outcomes["planned"] > 0 and outcomes["unknown"] >= retry.MAX_UNANSWERED_CALLS


@pytest.mark.usefixtures("short_patience")
def test_a_throttled_company_is_asked_later_for_what_stays_planned(scene: Scene, plan: Plan) -> None:
    plan.creates(6)
    scene.fault("429", times=0)

    assert plan.carry_out() == {"planned": 6}

    assert isinstance(plan.breaker.cause, TryLater)
    assert set(plan.actions()) == {"abandoned"}


# --- the lease ---------------------------------------------------------------------------------------------
def test_without_its_lease_a_run_writes_nothing_down(plan: Plan, settings: Any) -> None:
    plan.creates(3)
    settings.LEASE_SECONDS = 0

    assert plan.carry_out() == {"planned": 3}

    assert isinstance(plan.breaker.cause, Lost)
    assert not Action.objects.exists()


def test_a_process_that_slept_until_its_lease_was_over_sends_nothing(
    scene: Scene, plan: Plan, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_action = journal.open_action

    def slowly(*args: Any, **details: Any) -> Action:
        settings.LEASE_SECONDS = 0
        return open_action(*args, **details)

    monkeypatch.setattr(journal, "open_action", slowly)
    plan.create()
    scene.zero_calls()

    plan.carry_out()

    # It stays open: settling finds that it never arrived.
    assert (posts(scene), plan.actions()) == (0, ["sending"])
    assert isinstance(plan.breaker.cause, Lost)


# --- errors of ours, and Ctrl-C ----------------------------------------------------------------------------
@pytest.mark.sample(2)
@pytest.mark.parametrize("lease", ["held", "lost"])
def test_an_error_of_ours_stops_the_run_and_is_logged_unless_the_lease_is_lost(
    plan: Plan, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, lease: str
) -> None:
    failure = RuntimeError("the connection was closed")

    def fail(*_: Any, **__: Any) -> Action:
        if lease == "lost":
            settings.LEASE_SECONDS = 0
        raise failure

    monkeypatch.setattr(journal, "open_action", fail)
    plan.creates(9)

    assert plan.carry_out() == {"planned": 9}

    assert plan.breaker.cause is failure if lease == "held" else isinstance(plan.breaker.cause, Lost)
    logged = [record.exc_info for record in caplog.records if record.name == "hourbridge.execute"]
    assert [info[1] for info in logged if info] == [failure] * len(logged)
    assert bool(logged) is (lease == "held")


def test_each_thread_closes_its_connections(plan: Plan) -> None:
    opened: list[Any] = []

    def note(connection: Any, **_: Any) -> None:
        if threading.current_thread().name.startswith("sender"):
            opened.append(connection)

    connection_created.connect(note)
    plan.creates(4)

    plan.carry_out()

    connection_created.disconnect(note)
    assert opened and all(connection.connection is None for connection in opened)


def test_ctrl_c_lets_each_thread_finish_its_record_and_begin_no_other(
    scene: Scene, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan.creates(40)
    # All but the first are still on their way when it is pressed.
    scene.fault("hang_before", skip=1, seconds=1, times=3)
    pressed, wait = threading.Event(), execute._wait_for_all

    def press() -> None:
        if not pressed.is_set():
            pressed.set()
            time.sleep(0.5)

    def interrupted(senders: Any) -> None:
        # Not by a signal: one that comes late would end the tests.
        monkeypatch.setattr(execute, "_wait_for_all", wait)
        assert pressed.wait(20)
        raise KeyboardInterrupt

    plan.progress = press  # type: ignore[method-assign]
    monkeypatch.setattr(execute, "_wait_for_all", interrupted)

    with pytest.raises(KeyboardInterrupt):
        plan.carry_out()

    assert set(plan.actions()) == {"done"}
    outcomes = plan.outcomes()
    assert outcomes["sent"] >= 4 and outcomes["planned"] > 0
    assert len(scene.activities()) == outcomes["sent"]


def test_ctrl_c_while_threads_begin_waits_for_those_that_did(
    scene: Scene, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, started = threading.Thread.start, []

    def interrupted(thread: threading.Thread) -> None:
        if thread.name == "sender 1":
            raise KeyboardInterrupt
        start(thread)
        started.append(thread.name)

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    plan.creates(4)
    scene.fault("hang_before", seconds=0.5)

    with pytest.raises(KeyboardInterrupt):
        plan.carry_out()

    assert "sender 0" in started and "sender 2" not in started
    assert (plan.outcomes(), plan.actions()) == ({"planned": 3, "sent": 1}, ["done"])
