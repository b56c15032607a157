"""What an answer of Clockify means for the next step."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from integrations.clockify import faults
from integrations.errors import AccessRefused, ApiError, Gone, NoAnswer, Rejected, TryLater, Unexpected

REPORT = faults.read_report_answer
ENTRY = faults.read_entry_answer
HTML = b"<html>no</html>"
DEEP = pytest.param(b"[" * 100_000, id="deep")


def answer(status: int, body: Any = b"") -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return response


BODIES = [b"", b"text", HTML, b"null", b"[]", b"{}", DEEP, b"\xff\xfe\xfa", b'{"code": 501, "message": "no"}']


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (300, Unexpected),
        (301, Unexpected),
        (307, Unexpected),
        (401, AccessRefused),
        (403, AccessRefused),
        (405, Unexpected),
        (409, Unexpected),
        (410, Unexpected),
        (413, Unexpected),
        (415, Unexpected),
        (422, Unexpected),
        (429, TryLater),
        (500, NoAnswer),
        (502, NoAnswer),
        (503, NoAnswer),
        (504, NoAnswer),
    ],
)
def test_under_most_statuses_no_body_counts(status: int, error: type[ApiError], body: bytes) -> None:
    assert type(faults.read_answer(answer(status, body))) is error


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"code": 501, "message": "no"}, Rejected),
        (400, {"code": "501"}, Rejected),
        (400, {"code": 3000}, Rejected),
        (400, {"message": "no"}, Unexpected),
        (400, {"code": None}, Unexpected),
        (400, {"code": {}}, Unexpected),
        (400, {"code": True}, Unexpected),
        (400, HTML, Unexpected),
        (400, b"", Unexpected),
        (404, b"", AccessRefused),
        (404, b" \n", AccessRefused),
        (404, {"code": 501}, Unexpected),
        (404, HTML, Unexpected),
        (200, HTML, type(None)),
    ],
)
def test_400_and_404_are_told_apart_by_their_body(status: int, body: Any, error: type) -> None:
    assert type(faults.read_answer(answer(status, body))) is error


@pytest.mark.parametrize("body", BODIES[:-1])
@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 410, 422, 429, 500])
def test_only_400_with_501_says_that_an_entry_is_deleted(status: int, body: bytes) -> None:
    assert type(ENTRY(answer(400, {"code": 501}))) is Gone
    assert not isinstance(ENTRY(answer(status, body)), Gone | Rejected)


@pytest.mark.parametrize(("status", "code"), [(400, 3000), (400, 1000), (404, 501), (410, 501), (403, 501)])
def test_no_other_code_and_no_other_status_does(status: int, code: int) -> None:
    assert isinstance(ENTRY(answer(status, {"code": code})), Unexpected)


def test_a_gateways_page_is_told_from_clockifys_own_refusal() -> None:
    own = faults.read_answer(answer(401, {"code": 4003, "message": "Api key does not exist"}))
    page = faults.read_answer(answer(403, HTML))

    assert isinstance(own, AccessRefused)
    assert isinstance(page, AccessRefused)
    assert (own.by_vendor, page.by_vendor) == (True, False)


def test_a_report_that_is_refused_says_which_key_is_needed() -> None:
    own = REPORT(answer(403, {"code": 501, "message": "Access Denied"}))
    page = REPORT(answer(403, HTML))

    assert own is not None
    assert page is not None
    assert (own.name, own.fix) == ("KEY_SEES_TOO_LITTLE", faults.KEY_FIX)
    assert (page.name, page.fix) == ("UNEXPECTED", "")
