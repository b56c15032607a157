"""Pages end: by the last-page mark, by the report's own total, and where a server never stops, by a limit."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import unquote_plus

import pytest
from django.utils import timezone

from integrations.clockify import client as clockify
from integrations.clockify import detailed_report
from integrations.clockify.client import ClockifyApiClient
from integrations.errors import ApiError, Unexpected
from integrations.models import Company
from integrations.quickbooks import client as quickbooks
from integrations.quickbooks.client import QuickBooksApiClient
from tests.support.raw_server import computed, plain, serving

DAY = date(2026, 3, 4)
Rows = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def no_limits(transactional_db: None, settings: Any) -> None:
    settings.CLOCKIFY_MAX_PER_SECOND = settings.QUICKBOOKS_MAX_PER_SECOND = settings.QUICKBOOKS_MAX_PER_MINUTE = 0


def rows_of(page: int, size: int, name: str = "id") -> Rows:
    return [{name: f"{page}-{number}"} for number in range(size)]


def read_users(page: Callable[[int], Rows], **headers: str) -> tuple[Rows, int]:
    """Return the users that a Clockify with these pages has, and the number of requests."""

    def answer(line: str, body: bytes) -> Rows:
        found = re.search(r"[?&]page=(\d+)", line)
        assert found
        return page(int(found[1]))

    with serving(computed(answer, **headers)) as server:
        client = ClockifyApiClient("key", server.url, server.url, "w1")
        try:
            return list(client.users("w1")), len(server.requests)
        except Unexpected as error:
            error.requests = len(server.requests)  # type: ignore[attr-defined]
            raise


def test_a_list_ends_at_an_empty_page() -> None:
    rows, requests = read_users(lambda page: rows_of(page, 3) if page < 4 else [])

    assert (len(rows), requests) == (9, 4)


def test_a_list_that_ignores_pages_is_whole() -> None:
    assert read_users(lambda page: rows_of(1, 3)) == (rows_of(1, 3), 2)


@pytest.mark.parametrize(
    ("size", "headers"), [(clockify.PAGE_SIZE, {}), (3, {"Last_Page": "false"})], ids=["full", "says there is more"]
)
def test_a_list_that_repeats_itself_is_not_taken_for_whole(size: int, headers: dict[str, str]) -> None:
    with pytest.raises(Unexpected, match="same page") as caught:
        read_users(lambda page: rows_of(1, size), **headers)

    assert caught.value.requests == 2  # type: ignore[attr-defined]


def test_a_list_without_an_end_is_left_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clockify, "MAX_PAGES", 5)

    with pytest.raises(Unexpected, match="more than 5 pages") as caught:
        read_users(lambda page: rows_of(page, 2), Last_Page="false")

    assert caught.value.requests == 5  # type: ignore[attr-defined]


def read_report(page: Callable[[int], Any]) -> tuple[Rows, int]:
    def answer(line: str, body: bytes) -> Any:
        return page(json.loads(body)["detailedFilter"]["page"])

    with serving(computed(answer)) as server:
        client = ClockifyApiClient("key", server.url, server.url, "w1")
        try:
            return list(client.report("w1", first=DAY, last=DAY + timedelta(days=1))), len(server.requests)
        except Unexpected as error:
            error.requests = len(server.requests)  # type: ignore[attr-defined]
            raise


def report(rows: Rows, total: int | None) -> dict[str, Any]:
    return {"timeentries": rows, "totals": [] if total is None else [{"entriesCount": total}]}


def test_a_report_ends_at_its_total_and_without_one_at_an_empty_page() -> None:
    assert read_report(lambda page: report(rows_of(page, 3, "_id"), 8))[1] == 3
    assert read_report(lambda page: report(rows_of(page, 3, "_id") if page < 3 else [], None))[1] == 3


@pytest.mark.parametrize(
    ("page", "limit"),
    [
        (lambda page: report(rows_of(page, 3, "_id"), 3 * page + 3), 2 + 2 * 2),
        (lambda page: report(rows_of(page, 3, "_id"), 10**9), 9),
        (lambda page: report(rows_of(page, 3, "_id"), None), 9),
        (lambda page: report(rows_of(1, 3, "_id"), 9), 2),
        (lambda page: report(rows_of(page, 3, "_id"), 2), 1),
    ],
    ids=["total grows", "total is huge", "no total", "same page", "more than the total"],
)
def test_a_report_without_an_end_is_left(page: Callable[[int], Any], limit: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(detailed_report, "MAX_PAGES", 9)

    with pytest.raises(Unexpected) as caught:
        read_report(page)

    assert caught.value.requests == limit  # type: ignore[attr-defined]


def test_an_entry_moved_to_the_last_page_while_we_read_is_no_repetition() -> None:
    pages = [rows_of(1, 3, "_id"), rows_of(1, 3, "_id")[:1], []]

    assert read_report(lambda page: report(pages[page - 1], 4)) == (rows_of(1, 3, "_id"), 2)


def connected() -> Company:
    tomorrow = timezone.now() + timedelta(days=1)
    return Company.objects.create(realm_id="1", access_token="a", refresh_token="r", access_expires_at=tomorrow)


def read_customers(page: Callable[[int], Rows], **options: Any) -> tuple[Rows, int]:
    def answer(line: str, body: bytes) -> Any:
        start = re.search(r"startposition (\d+)", unquote_plus(line))
        assert start
        return {"QueryResponse": {"Customer": page(int(start[1]) // quickbooks.PAGE_SIZE + 1)}}

    with serving(computed(answer)) as server:
        options["settings"].QUICKBOOKS_API_URL = server.url
        client = QuickBooksApiClient(connected())
        ids = options.get("ids")
        try:
            rows = client.by_ids("Customer", ids) if ids else client.query("Customer")
            return list(rows), len(server.requests)
        except Unexpected as error:
            error.requests = len(server.requests)  # type: ignore[attr-defined]
            raise


def test_a_query_ends_at_a_short_page(settings: Any) -> None:
    size = quickbooks.PAGE_SIZE
    rows, requests = read_customers(lambda page: rows_of(page, size if page < 3 else 7, "Id"), settings=settings)

    assert (len(rows), requests) == (2 * size + 7, 3)


@pytest.mark.parametrize(
    ("page", "limit", "words"),
    [
        (lambda page: rows_of(page, quickbooks.PAGE_SIZE, "Id"), 4, "more than 4 pages"),
        (lambda page: rows_of(1, quickbooks.PAGE_SIZE, "Id"), 2, "same page"),
    ],
    ids=["endless", "the same"],
)
def test_a_query_without_an_end_is_left(
    page: Callable[[int], Rows], limit: int, words: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quickbooks, "MAX_PAGES", 4)

    with pytest.raises(Unexpected, match=words) as caught:
        read_customers(page, settings=settings)

    assert caught.value.requests == limit  # type: ignore[attr-defined]


def test_a_query_for_some_ids_has_no_more_records_than_ids(settings: Any) -> None:
    with pytest.raises(Unexpected, match="2 Customer with more"):
        read_customers(lambda page: rows_of(page, 3, "Id"), ids=["1", "2"], settings=settings)


@pytest.mark.parametrize(
    ("said", "is_cut"), [(3, True), (2, False), (1, False), (None, False), ("3", False), (True, False)]
)
def test_an_answer_with_fewer_rows_than_it_says_is_not_taken_for_whole(said: Any, is_cut: bool, settings: Any) -> None:
    rows = rows_of(1, 2, "Id")
    answer = {"QueryResponse": {"Customer": rows, "startPosition": 1, "maxResults": said}}
    with serving(computed(lambda line, body: answer)) as server:
        settings.QUICKBOOKS_API_URL = server.url
        reading = QuickBooksApiClient(connected()).query("Customer")
        if not is_cut:
            assert list(reading) == rows
            return
        with pytest.raises(Unexpected, match="2 of 3 Customer records"):
            list(reading)


@pytest.mark.parametrize("rows", [{}, "x", 7])
def test_an_answer_that_is_no_list_is_unexpected(rows: Any, settings: Any) -> None:
    with pytest.raises(Unexpected, match="list of records"):
        read_customers(lambda page: rows, settings=settings)


@pytest.mark.parametrize("row", [None, [], "x", 7, {}])
def test_a_row_that_is_no_record_is_left_to_whoever_reads_the_list(row: Any, settings: Any) -> None:
    rows, _ = read_customers(lambda page: [row, {"Id": "1"}], settings=settings)

    assert rows == [row, {"Id": "1"}]


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b"<html>", b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000],
    ids=["empty", "null", "list", "html", "tower", "tower of objects", "closed tower"],
)
@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "500 Error"])
def test_no_body_makes_reading_fail_with_an_error_of_ours(content: bytes, status: str, settings: Any) -> None:
    settings.GIVE_UP_SECONDS = 1
    with serving(plain(content, status)) as server:
        settings.QUICKBOOKS_API_URL = server.url
        company = connected()
        with pytest.raises(ApiError):
            QuickBooksApiClient(company).company_info()
        with pytest.raises(ApiError):
            ClockifyApiClient("key", server.url, server.url, "w1").me()
