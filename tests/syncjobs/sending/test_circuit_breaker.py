"""When a run stops sending since QuickBooks seems to be down, and when only one record is slow."""

from __future__ import annotations

import time
from typing import Any

import pytest

from integrations.errors import NoAnswer
from syncjobs.sending.circuit_breaker import CircuitBreaker

SILENCE = NoAnswer("It did not answer.", vendor="quickbooks")


@pytest.fixture
def breaker(settings: Any) -> CircuitBreaker:
    settings.GIVE_UP_SECONDS = 0.1
    return CircuitBreaker()


def test_one_silent_call_stops_it_where_nothing_else_was_answered(breaker: CircuitBreaker) -> None:
    with breaker.calling() as began:
        time.sleep(0.1)
    breaker.no_response(SILENCE, since=began)

    assert breaker.is_set() and breaker.cause is SILENCE


def test_the_last_call_alone_does_not_while_others_were_answered(breaker: CircuitBreaker) -> None:
    with breaker.calling() as began:
        breaker.answered()
        time.sleep(0.1)
    breaker.no_response(SILENCE, since=began)

    assert not breaker.is_set()


def test_two_silent_calls_do_though_others_were_answered(breaker: CircuitBreaker) -> None:
    first, second = breaker.calling(), breaker.calling()
    began = first.__enter__()
    breaker.answered()
    with second:
        time.sleep(0.1)
        first.__exit__(None, None, None)
        breaker.no_response(SILENCE, since=began)

    assert breaker.is_set()


def test_a_second_silent_call_after_the_first_does(breaker: CircuitBreaker) -> None:
    with breaker.calling() as first:
        breaker.answered()
        time.sleep(0.1)
    breaker.no_response(SILENCE, since=first)
    with breaker.calling() as second:
        time.sleep(0.1)
    breaker.no_response(SILENCE, since=second)

    assert breaker.is_set()
