"""What an answer of QuickBooks means for the next step."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.errors import ApiError, Gone, NoAnswer, ReconnectNeeded, Rejected, TryLater, Unexpected
from integrations.quickbooks import faults

JSON = {"Content-Type": "application/json", "intuit_tid": "1-abc"}


def fault(
    code: str, *, message: str = "Bad", detail: str = "", envelope: str = "Fault", errors: str = "Error"
) -> bytes:
    return json.dumps({envelope: {errors: [{"code": code, "Message": message, "Detail": detail}]}}).encode()


def read(status: int, content: bytes = b"{}", headers: dict[str, str] = JSON, after: float | None = None) -> Any:
    return faults.read_answer(status, headers, content, after=after)


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("3001", 200, TryLater),
        ("003001", 400, TryLater),
        ("100", 400, ReconnectNeeded),
        ("3200", 401, ReconnectNeeded),
        ("3100", 400, ReconnectNeeded),
        ("130", 400, NoAnswer),
        ("10000", 400, NoAnswer),
        ("4002", 400, NoAnswer),
        ("610", 400, Gone),
        ("5010", 400, Rejected),
        ("6000", 400, Rejected),
        ("a code of next year", 400, Rejected),
        ("", 400, Rejected),
    ],
)
def test_the_code_decides_before_the_status(code: str, status: int, error: type[ApiError]) -> None:
    read_error = read(status, fault(code))

    assert type(read_error) is error
    assert (read_error.code, read_error.tid) == (code, "1-abc")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, Unexpected),
        (401, ReconnectNeeded),
        (403, ReconnectNeeded),
        (404, Unexpected),
        (429, TryLater),
        (500, NoAnswer),
        (503, NoAnswer),
    ],
)
def test_without_a_fault_the_status_decides(status: int, error: type[ApiError]) -> None:
    assert type(read(status, b"<html>no</html>", {"Content-Type": "text/html"})) is error


def test_a_good_answer_is_no_error_and_html_under_200_is_one() -> None:
    assert read(200, b'{"QueryResponse": {}}') is None
    assert type(read(200, b"<html>maintenance</html>", {"Content-Type": "text/html"})) is Unexpected


def test_a_fault_under_200_is_an_error() -> None:
    assert type(read(200, fault("5010"))) is Rejected


@pytest.mark.parametrize("after", [None, 0.0, 12.0])
def test_the_pause_that_the_vendor_asks_for_is_passed_on(after: float | None) -> None:
    assert read(429, fault("3001"), after=after).after == after
    assert read(429, b"", {}, after=after).after == after


def test_the_gateways_envelope_is_read_as_well() -> None:
    gateway = json.dumps({"fault": {"error": [{"code": "3200", "message": "m", "detail": "token ey.secret"}]}}).encode()

    error = read(401, gateway)

    assert type(error) is ReconnectNeeded
    assert "secret" not in error.message


@pytest.mark.parametrize(
    ("message", "detail", "shown"),
    [
        ("Stale Object Error", "You and Ada were working", "Stale Object Error: You and Ada were working"),
        ("Stale", "Stale object", "Stale object"),
        ("Stale", "", "Stale"),
        ("", "", "no reason given"),
    ],
)
def test_message_and_detail_are_shown_once(message: str, detail: str, shown: str) -> None:
    assert read(400, fault("5010", message=message, detail=detail)).message == shown


def test_an_item_of_a_batch_is_read_like_an_answer() -> None:
    assert faults.read_item({"bId": "1", "TimeActivity": {"Id": "7"}}, tid="t") is None
    assert type(faults.read_item({"bId": "1", "Fault": {"Error": [{"code": "610"}]}}, tid="t")) is Gone


def test_every_code_with_words_is_decided_or_a_refusal() -> None:
    for code in faults.TIME_MEANINGS:
        assert isinstance(read(400, fault(code)), ApiError)
        assert faults.TIME_MEANINGS[code].resolve_in in {"clockify", "quickbooks", "here", "wait", "support"}
