"""Response times of the local QuickBooks, as long as real ones when requested."""

from __future__ import annotations

import random
from statistics import median, quantiles

from sandbox.quickbooks.gateway import latency
from sandbox.quickbooks.switches import SWITCHES
from sandbox.shared.http import Request
from sandbox.shared.limits import Limits
from sandbox.shared.switches import Switches

WRITE = Request("POST", "/v3/company/1/timeactivity")


def switched(**values: object) -> Switches:
    switches = Switches(SWITCHES)
    for name, value in values.items():
        switches.set(name, value)
    return switches


def drawn(switches: Switches, request: Request = WRITE, count: int = 20_000) -> list[float]:
    draw = random.Random(1)
    return [latency.seconds(switches, request, draw) for _ in range(count)]


def test_answers_come_at_once_unless_a_median_is_set() -> None:
    assert set(drawn(switched(), count=10)) == {0}


def test_half_take_longer_than_the_median_and_one_in_a_hundred_longer_than_the_tail() -> None:
    seconds = drawn(switched(latency_median_ms=150, latency_tail_ms=2000))

    assert 0.14 < median(seconds) < 0.16
    assert 1.7 < quantiles(seconds, n=100)[-1] < 2.3


def test_latency_and_limits_run_faster_together() -> None:
    slow, fast = (drawn(switched(latency_median_ms=150, speed=speed), count=50) for speed in (1, 4))
    limits = Limits(1e9)

    assert [round(seconds * 4, 9) for seconds in fast] == [round(seconds, 9) for seconds in slow]
    assert not any(limits.count(is_batch=False, enforced=True) for _ in range(1000))


def test_a_batch_takes_longer_with_each_item_and_tokens_come_at_once() -> None:
    switches = switched(latency_median_ms=150, latency_tail_ms=150, latency_per_item_ms=20)
    batch = Request("POST", "/v3/company/1/batch", body=b'[{"bId": 1}, {"bId": 2}]')

    assert drawn(switches, batch, 1) == [0.15 + 2 * 0.02]
    assert drawn(switches, Request("POST", "/oauth2/token"), 1) == [0]
