"""What an answer of QuickBooks means for the next step."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.errors import QUOTED_LENGTH, AccessRefused, ApiError, Gone, NoAnswer, Rejected, TryLater, Unexpected
from integrations.quickbooks import faults

JSON = {"Content-Type": "application/json", "intuit_tid": "1-abc"}


HTML = b"<html>no</html>"
DEEP = pytest.param(b"[" * 100_000, id="deep")


def fault(
    code: Any, *, message: Any = "Bad", detail: Any = "", envelope: str = "Fault", errors: str = "Error", kind: str = ""
) -> bytes:
    error = {"code": code, "Message": message, "Detail": detail}
    return json.dumps({envelope: {errors: [error], "type": kind}}).encode()


def read(status: int, content: bytes = b"{}", headers: dict[str, str] = JSON, after: float | None = None) -> Any:
    return faults.read_answer(status, headers, content, after=after)


# The table: each row is a status, and what counts under it.
CODES = [
    ("3001", TryLater),
    ("003001", TryLater),
    ("100", NoAnswer),
    ("110", NoAnswer),
    ("120", NoAnswer),
    ("3100", NoAnswer),
    ("3200", NoAnswer),
    ("130", NoAnswer),
    ("140", NoAnswer),
    ("150", NoAnswer),
    ("4002", NoAnswer),
    ("10000", NoAnswer),
    ("10100", NoAnswer),
    ("10200", NoAnswer),
    ("610", Gone),
    ("5010", Rejected),
    ("6000", Rejected),
    ("6240", Rejected),
    ("a code of next year", Rejected),
    ("", Unexpected),
    (None, Unexpected),
]


@pytest.mark.parametrize("status", [200, 201, 400])
@pytest.mark.parametrize(("code", "error"), CODES)
def test_under_400_and_2xx_the_code_of_the_fault_decides(status: int, code: str, error: type[ApiError]) -> None:
    read_error = read(status, fault(code))

    assert type(read_error) is error
    assert (read_error.code, read_error.tid, read_error.status) == (code or "", "1-abc", status)


@pytest.mark.parametrize(("code", "error"), CODES)
def test_an_item_of_a_batch_is_read_by_its_code(code: str, error: type[ApiError]) -> None:
    read_error = faults.read_item({"bId": "1", **json.loads(fault(code))}, tid="t")

    assert (type(read_error), read_error.tid if read_error else "") == (error, "t")


BODIES = [
    b"",
    b"text",
    HTML,
    b"null",
    b"[]",
    b"{}",
    DEEP,
    b"\xff\xfe\xfa",
    b'{"message": "Forbidden"}',
    *(fault(code) for code in ("3100", "120", "3200", "3001", "610", "6240", "")),
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (300, Unexpected),
        (301, Unexpected),
        (307, Unexpected),
        (401, AccessRefused),
        (403, AccessRefused),
        (404, Unexpected),
        (405, Unexpected),
        (409, Unexpected),
        (410, Unexpected),
        (413, Unexpected),
        (415, Unexpected),
        (418, Unexpected),
        (422, Unexpected),
        (429, TryLater),
        (500, NoAnswer),
        (502, NoAnswer),
        (503, NoAnswer),
        (504, NoAnswer),
        (599, NoAnswer),
    ],
)
def test_under_any_other_status_no_body_and_no_code_count(status: int, error: type[ApiError], body: bytes) -> None:
    assert type(read(status, body)) is error


@pytest.mark.parametrize("status", [200, 201, 400])
@pytest.mark.parametrize("body", [b"", b"text", HTML, b"null", b"[]", b"7", DEEP])
def test_what_is_no_json_object_is_not_understood(status: int, body: bytes) -> None:
    assert type(read(status, body)) is Unexpected


@pytest.mark.parametrize("odd", [{}, [], "text", 7, True, {"Error": None}, {"Error": {}}, {"Error": ["text", None]}])
@pytest.mark.parametrize("envelope", ["Fault", "fault"])
def test_an_odd_fault_is_one_without_a_code(odd: Any, envelope: str) -> None:
    body = json.dumps({envelope: odd}).encode()

    assert [type(read(status, body)) for status in (200, 400)] == [Unexpected, Unexpected]
    assert type(faults.read_item({"bId": "1", envelope: odd}, tid="")) is Unexpected


def test_an_error_alone_or_with_a_number_for_its_code_is_read_too() -> None:
    assert type(read(400, b'{"Fault": {"Error": {"code": 610}}}')) is Gone
    assert read(400, b'{"Fault": {"Error": [{"code": 6240, "Message": {}, "Detail": 7}]}}').code == "6240"


def test_a_fault_of_the_system_says_nothing_about_the_record() -> None:
    assert type(read(400, fault("9999", kind="SystemFault"))) is NoAnswer


def test_a_good_answer_is_a_json_object_without_a_fault() -> None:
    assert read(200, b'{"QueryResponse": {}}') is None
    assert read(200, b'{"QueryResponse": {}, "fault": null}', {"Content-Type": "text/plain"}) is None


@pytest.mark.parametrize(
    ("status", "body", "by_vendor"), [(401, fault("3200"), True), (403, fault("3100"), True), (403, HTML, False)]
)
def test_a_gateways_page_is_told_from_quickbooks_own_refusal(status: int, body: bytes, by_vendor: bool) -> None:
    error = read(status, body)

    assert error.by_vendor is by_vendor
    assert error.lost.fix.startswith("Connect QuickBooks again")


def test_words_of_the_vendor_are_one_line_and_cut() -> None:
    text = read(400, fault("2050", message="Too long", detail="line\n" * 500)).message

    assert "\n" not in text
    assert len(text) == QUOTED_LENGTH


@pytest.mark.parametrize("after", [None, 0.0, 12.0])
def test_the_pause_that_the_vendor_asks_for_is_passed_on(after: float | None) -> None:
    assert read(429, fault("3001"), after=after).after == after
    assert read(429, b"", {}, after=after).after == after


@pytest.mark.parametrize("status", [400, 401, 500])
def test_the_gateways_words_are_not_shown_where_they_may_quote_the_token(status: int) -> None:
    gateway = json.dumps({"fault": {"error": [{"code": "3200", "message": "m", "detail": "token ey.secret"}]}}).encode()

    error = read(status, gateway)

    assert error.code == "3200"
    assert "secret" not in error.message
    assert not isinstance(error, AccessRefused) or "secret" not in error.lost.message


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
