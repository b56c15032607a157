"""Clockify's detailed report: its windows, its pages, and where it ends (Clockify: detailed report)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from integrations.clockify import payloads
from integrations.clockify.answers import check_end, listed, unexpected, unseen

PAGE_SIZE = 1000
# FREE workspaces refuse reports over more than 31 days.
MAX_WINDOW = timedelta(days=31)
# Of a report over at most 31 days, whatever its total says: 400,000 entries.
MAX_PAGES = 400


def windows(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield the days in windows that every plan allows."""
    while first <= last:
        window_end = min(last, first + MAX_WINDOW - timedelta(days=1))
        yield first, window_end
        first = window_end + timedelta(days=1)


def rows(ask: Callable[[int], Mapping[str, Any]], *, on_short: Callable[[int], None]) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of all pages of one window, asked for by number; the report has a total instead of `Last-Page`.

    Without a total, up to the first page without new rows: the server may return shorter pages than requested, so
    a short page proves nothing. Raises Unexpected for more rows or pages than the report's own total allows.
    """
    seen: set[str] = set()
    last_rows: Sequence[Mapping[str, Any]] = ()
    page, max_pages, without_id = 1, MAX_PAGES, 0
    while page <= max_pages:
        answer = ask(page)
        page_rows = listed(answer.get("timeentries", answer.get("timeEntries")))
        new_rows = unseen(page_rows, seen)
        without_id += sum(not payloads.identifier(row) for row in page_rows)
        total = _entries_count(answer)
        if total is not None and len(page_rows) > total:
            raise unexpected(f"The detailed report has more entries than its own total, {total}.")
        yield from new_rows
        if total is not None and len(seen) + without_id >= total:
            return
        if not any(map(payloads.identifier, new_rows)):
            # A short last page may hold nothing but entries that were moved there after we read them.
            repeated = page_rows == last_rows and total is not None
            must_go_on = repeated or len(page_rows) == PAGE_SIZE
            check_end(page_rows, must_go_on=must_go_on, what="The detailed report")
            if total is not None:
                on_short(total - len(seen) - without_id)
            return
        if page == 1 and total is not None:
            # By the first answer, since a total that grows with each page would never be reached; twice as many,
            # since entries may be added while we read.
            max_pages = min(MAX_PAGES, 2 + 2 * (total // len(page_rows)))
        page, last_rows = page + 1, page_rows
    raise unexpected(f"The detailed report has more than {max_pages} pages.")


def request_body(first: date, last: date, *, page: int, page_size: int = PAGE_SIZE, approved: bool) -> bytes:
    """Return the body that asks for one page of entries that start on these UTC days."""
    body = {
        "dateRangeStart": f"{first.isoformat()}T00:00:00.000",
        "dateRangeEnd": f"{last.isoformat()}T23:59:59.999",
        "dateRangeType": "ABSOLUTE",
        # Days are read in this zone whatever the times say; without it, in the zone of the key's owner.
        "timeZone": "UTC",
        "detailedFilter": {
            "page": page,
            "pageSize": page_size,
            "sortColumn": "DATE",
            "options": {"totals": "CALCULATE"},
        },
        # Entries that are added while we read then usually come last and do not shift the pages.
        "sortOrder": "ASCENDING",
        "exportType": "JSON",
        "amountShown": "EARNED",
        "approvalState": "APPROVED" if approved else "ALL",
        "invoicingState": "ALL",
        # Exact times: rounding is ours to decide.
        "rounding": False,
        # Without `ids`: whether an empty list means "nobody" or "everybody" is not documented.
        "users": {"contains": "CONTAINS", "status": "ALL"},
    }
    return json.dumps(body).encode()


def _entries_count(answer: Mapping[str, Any]) -> int | None:
    """Return the total of the report, or None: `totals` may be missing, [] or [null]."""
    totals = answer.get("totals") or []
    first = totals[0] if isinstance(totals, list) and totals else None
    count = first.get("entriesCount") if isinstance(first, Mapping) else None
    return count if isinstance(count, int) and not isinstance(count, bool) else None
