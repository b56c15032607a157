"""When a run stops sending since QuickBooks seems to be down, and when only one record is slow."""

from __future__ import annotations

import time
from typing import Any

import pytest

from integrations.errors import NoAnswer, Rejected
from integrations.limits import retry
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


def refusal(code: str) -> Rejected:
    return Rejected("Not this one.", vendor="quickbooks", code=code)


@pytest.mark.parametrize("code", ["5020", ""], ids=["a code", "no code"])
@pytest.mark.parametrize("starts", ["first", "after an answer"])
def test_one_refusal_of_everything_stops_it(breaker: CircuitBreaker, starts: str, code: str) -> None:
    if starts == "after an answer":
        breaker.refused(refusal(code))
        breaker.answered()
    errors = [refusal(code) for _ in range(retry.MAX_EQUAL_REFUSALS)]
    for error in errors[:-1]:
        breaker.refused(error)
    assert not breaker.is_set()

    breaker.refused(errors[-1])

    assert breaker.is_set() and breaker.cause is errors[-1] and not breaker.out_of_time


@pytest.mark.parametrize("between", [refusal("2050"), None], ids=["another refusal", "an answer"])
def test_refusals_count_in_a_row_alone(breaker: CircuitBreaker, between: Rejected | None) -> None:
    for _ in range(2):
        for _ in range(retry.MAX_EQUAL_REFUSALS - 1):
            breaker.refused(refusal("5020"))
        breaker.refused(between) if between else breaker.answered()

    assert not breaker.is_set()


@pytest.mark.parametrize("how", ["answered", "refused", "not at all"])
def test_many_calls_without_an_answer_stop_it(settings: Any, how: str) -> None:
    settings.GIVE_UP_SECONDS = 60
    breaker = CircuitBreaker()
    for number in range(retry.MAX_UNANSWERED_CALLS):
        assert not breaker.is_set()
        if number == 5 and how != "not at all":
            breaker.answered() if how == "answered" else breaker.refused(refusal("1"))
        breaker.no_response(SILENCE, since=time.monotonic())

    assert breaker.is_set() is (how == "not at all")
    # The first of them stays the cause.
    breaker.trip(refusal("1"))
    assert (breaker.cause is SILENCE) is (how == "not at all")


def test_a_slice_that_is_over_or_a_process_that_ends_stops_it_in_time(settings: Any) -> None:
    over = CircuitBreaker(deadline=time.monotonic() - 1)
    on = CircuitBreaker(deadline=time.monotonic() + 60)
    ends = CircuitBreaker(leaving=lambda: True)

    assert [(one.is_set(), one.out_of_time, one.cause) for one in (over, on, ends)] == [
        (True, True, None),
        (False, False, None),
        (True, True, None),
    ]
    on.request_stop()
    assert (on.is_set(), on.out_of_time, on.cause) == (True, False, None)
