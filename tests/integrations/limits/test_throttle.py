"""How fast we may call: one row per account, shared by all processes."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connections

from integrations import elapsed
from integrations.errors import TryLater
from integrations.http import calls
from integrations.limits import throttle
from integrations.limits.throttle import MARGIN, RateBucket
from integrations.models import ApiCall


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        ({}, 0),
        ({"per_second": 10}, 0.1 * MARGIN),
        ({"per_minute": 500}, 0.12 * MARGIN),
        ({"per_second": 10, "per_minute": 500}, 0.12 * MARGIN),
    ],
)
def test_both_limits_are_kept(limits: dict[str, float], seconds: float) -> None:
    assert throttle.spacing(**limits) == pytest.approx(seconds)


def test_calls_are_given_moments_one_after_the_other(transactional_db: None) -> None:
    pauses = [throttle.reserve("clockify:w1", 2, now=1000) for _ in range(3)]

    assert pauses == [0, 2, 4]
    assert throttle.reserve("clockify:w2", 2, now=1000) == 0


def test_a_rest_is_not_saved_up_for_a_burst(transactional_db: None) -> None:
    throttle.reserve("clockify:w1", 2, now=1000)

    assert [throttle.reserve("clockify:w1", 2, now=5000) for _ in range(2)] == [0, 2]


def test_many_threads_get_as_many_moments(transactional_db: None) -> None:
    pauses: list[float] = []

    def reserve() -> None:
        pauses.append(throttle.reserve("quickbooks:1", 1, now=1000))
        connections.close_all()

    threads = [threading.Thread(target=reserve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(pauses) == list(range(8))


def test_a_vendors_wait_holds_all_calls_and_the_longer_one_counts(transactional_db: None) -> None:
    throttle.block_for("quickbooks:1", 50)
    throttle.block_for("quickbooks:1", 5)

    pause = throttle.wait_for_turn("quickbooks:1", 1, longest=10)

    assert 45 < pause <= 50
    assert RateBucket.objects.get(key="quickbooks:1").blocked_until > time.time() + 45


def test_pauses_go_by_the_databases_clock(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines whose clocks are minutes apart share one row, and neither waits for the other's clock."""
    plain = time.time
    for offset in (180, -180, 0):
        monkeypatch.setattr(time, "time", lambda offset=offset: plain() + offset)
        throttle.block_for(f"quickbooks:{offset}", 30)

        assert throttle.reserve("quickbooks:1", 0.01) < 1
        assert 28 < throttle.reserve(f"quickbooks:{offset}", 1) <= 30


@pytest.mark.parametrize("far", [9_999_999_999, 1e300, float("inf")])
@pytest.mark.parametrize("column", ["blocked_until", "next_at"])
def test_a_row_that_blocks_for_ages_blocks_for_an_hour_and_then_no_more(
    transactional_db: None, column: str, far: float
) -> None:
    RateBucket.objects.create(key="quickbooks:1", **{column: far})

    assert throttle.reserve("quickbooks:1", 1, now=1000) == 3600
    assert throttle.reserve("quickbooks:1", 1, now=1000) == 3600
    assert throttle.reserve("quickbooks:1", 1, now=1000 + 3610) == 0


def test_a_vendors_wait_is_an_hour_at_most(transactional_db: None) -> None:
    throttle.block_for("quickbooks:1", 1e12)

    assert 3590 < throttle.reserve("quickbooks:1", 0) <= 3600


def test_lifting_frees_one_account_and_its_batches(transactional_db: None) -> None:
    for key in ("quickbooks:1", "quickbooks:1:batch", "quickbooks:12", "clockify:1"):
        throttle.block_for(key, 600)

    throttle.lift("quickbooks:1")

    assert throttle.reserve("quickbooks:1", 0) == 0
    assert throttle.reserve("quickbooks:1:batch", 0) == 0
    assert throttle.reserve("quickbooks:12", 0) > 500
    assert throttle.reserve("clockify:1", 0) > 500


@pytest.mark.parametrize(
    ("blocked", "begin_before", "words"),
    [(30, 20, "its limit is used up"), (0, -0.1, "could not begin in time")],
    ids=["its turn comes too late", "the process was suspended"],
)
def test_a_write_that_would_begin_too_late_is_not_sent(
    transactional_db: None, blocked: float, begin_before: float, words: str
) -> None:
    account = calls.Account("quickbooks", "r1")
    throttle.block_for(account.key, blocked)
    # Nobody listens there: an attempt would be an error of another kind.
    latest = elapsed.seconds() + begin_before
    call = calls.Call("POST", "http://127.0.0.1:9/", {}, repeatable=False, begin_before=latest)

    with pytest.raises(TryLater, match=words):
        calls.send(account, call, classify=lambda answer: None)

    assert not ApiCall.objects.exists()
