"""POST /report/v1/workspaces/{ws}/reports/detailed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sandbox.clockify.call import WorkspaceCall
from sandbox.clockify.clocktime import NoSuchTime, parse_window_edge, zone
from sandbox.clockify.errors import ClockifyError, access_denied, bad_body, refused
from sandbox.clockify.records import Entry
from sandbox.clockify.reports.report_filters import entry_tests, one_of
from sandbox.clockify.reports.report_rows import RowWriter, totals
from sandbox.shared.http import Response
from sandbox.shared.odd_answers import endless

DAY = 86_400
DST_SLACK = 2 * 3600  # a window of 31 calendar days may be an hour longer
FREE_DAYS = 31
LONGEST_ENTRY = 90 * DAY  # how far back an overlapping entry may have begun
EXPORTS = ("JSON", "JSON_V1")
AMOUNTS = ("EARNED", "COST", "PROFIT", "HIDE_AMOUNT", "EXPORT")
ORDERS = ("ASCENDING", "DESCENDING")
DATE_COLUMNS = ("DATE", "ZONED_DATE", "NATURAL")
COLUMNS = ("ID", "DESCRIPTION", "USER", "DURATION", *DATE_COLUMNS, "USER_DATE")


@dataclass(frozen=True)
class Window:
    """The time span of a report as instants, and the zone it is written in."""

    first: float
    last: float
    zone: str


def detailed(call: WorkspaceCall) -> Response:
    """Answer one page of the detailed report.

    The window is wall clock of the body's timeZone (else the key owner's), entries are in it by their start, and
    instants are written with that zone's offset. There is no Last-Page header.
    """
    body = call.body()
    window = _window(call, body)
    amount_shown = _amount_shown(call, body)
    _check_export(body)
    _check_span(call, window)
    detailed_filter = _detailed_filter(body)
    cache = _report_cache(call, body)
    if "entries" not in cache:
        cache["entries"] = list(_sorted(call, body, detailed_filter, window))
    page = _page(call, cache["entries"], detailed_filter)
    writer = RowWriter(call, window.zone, amount_shown=amount_shown, rounding=bool(body.get("rounding")))
    wants_totals = one_of(detailed_filter.get("options") or {}, "totals", ("CALCULATE", "EXCLUDE"), "CALCULATE")
    if wants_totals == "CALCULATE":
        if "totals" not in cache:
            cache["totals"] = totals(writer, cache["entries"])
        summary: list[dict[str, Any] | None] = cache["totals"]
    else:
        summary = [] if call.switch("report_totals_excluded") == "empty" else [None]
    how = call.request.notes.get("pages")
    rows = [writer.row(entry) for entry in (cache["entries"] if how else page)]
    if how:
        start, size = _place(call, detailed_filter)
        key = "_id" if call.switch("report_keys") == "live" else "id"
        rows = endless(rows, how, start=start, size=size, key=key)
    return Response(body={"totals": summary, "timeentries": rows})


def _report_cache(call: WorkspaceCall, body: dict[str, Any]) -> dict[str, Any]:
    """Return what an earlier page of the same report computed, so that not every page scans all entries.

    Any change of a record or switch clears them.
    """
    asked = {**body, "detailedFilter": {**body["detailedFilter"], "page": 0}}
    switches = call.clockify.core.switches.values()
    key = json.dumps([call.clockify.changes, switches, call.user.id, call.workspace.id, asked])
    if call.clockify.last_report.get("key") != key:
        call.clockify.last_report = {"key": key}
    return call.clockify.last_report


def _window(call: WorkspaceCall, body: dict[str, Any]) -> Window:
    zone_name = str(body.get("timeZone") or call.user.time_zone or "UTC")
    literal = call.switch("window") == "literal"
    for name in ("dateRangeStart", "dateRangeEnd"):
        if not body.get(name):
            raise refused(f"{name} must not be blank")
    try:
        zone(zone_name)
        first, last = (
            parse_window_edge(body[name], zone_name=zone_name, literal=literal)
            for name in ("dateRangeStart", "dateRangeEnd")
        )
    except NoSuchTime as error:
        raise bad_body(str(error)) from error
    if last < first:
        raise refused("Start date must be before end date")
    return Window(first, last, zone_name)


def _amount_shown(call: WorkspaceCall, body: dict[str, Any]) -> str:
    """Return the amount to show; users who may not see rates must hide amounts, else 403."""
    shown = one_of(body, "amountShown", AMOUNTS, "EARNED")
    asked = {shown, *(body.get("amounts") or ())}
    if not call.is_admin and asked != {"HIDE_AMOUNT"}:
        raise access_denied()
    return shown


def _check_export(body: dict[str, Any]) -> None:
    one_of(body, "dateRangeType", ("ABSOLUTE",), "ABSOLUTE")
    if one_of(body, "exportType", (*EXPORTS, "PDF", "CSV", "XLSX", "ZIP"), "JSON") not in EXPORTS:
        raise refused("The sandbox exports JSON only")


def _check_span(call: WorkspaceCall, window: Window) -> None:
    """Refuse over 31 days on free plans, over a year below Pro (the refusal's status is an assumption)."""
    features, span = call.workspace.features, window.last - window.first
    if "ONE_MONTH_RANGE_REPORTS" in features and span > FREE_DAYS * DAY + DST_SLACK:
        raise ClockifyError(call.switch("free_range_status"), 501, "Date range can't be longer than 31 days")
    longest = call.switch("paid_range_days")
    if "UNLIMITED_REPORTS" not in features and longest and span > longest * DAY + DST_SLACK:
        raise refused(f"Date range can't be longer than {longest} days")


def _detailed_filter(body: dict[str, Any]) -> dict[str, Any]:
    detailed_filter = body.get("detailedFilter")
    if not isinstance(detailed_filter, dict):
        raise refused("detailedFilter must not be null")
    for name in ("page", "pageSize"):
        value = detailed_filter.get(name, 1)
        if not isinstance(value, int) or isinstance(value, bool):
            raise bad_body(f"detailedFilter.{name} must be a number")
        if value < 1:
            raise refused(f"detailedFilter.{name} must be greater than or equal to 1")
    return detailed_filter


def _matching(call: WorkspaceCall, body: dict[str, Any], window: Window, *, newest_first: bool) -> Iterator[Entry]:
    """Return the window's entries that pass every filter, by start; the caller's own unless an admin."""
    overlap = call.switch("report_range_by") == "overlap"
    first = window.first - LONGEST_ENTRY if overlap else window.first
    only_user = None if call.is_admin else call.user.id
    rows = call.workspace.entries_between(first, window.last, newest_first=newest_first, user_id=only_user)
    if overlap:
        rows = (entry for entry in rows if (entry.end or window.last) >= window.first)
    tests = entry_tests(call, body)
    return (entry for entry in rows if all(test(entry) for test in tests))


def _sorted(
    call: WorkspaceCall, body: dict[str, Any], detailed_filter: dict[str, Any], window: Window
) -> Iterable[Entry]:
    """Return the entries in the requested order; by date it comes from the index and nothing is sorted."""
    column = one_of(detailed_filter, "sortColumn", COLUMNS, "DATE")
    descending = one_of(body, "sortOrder", ORDERS, "DESCENDING") == "DESCENDING"
    rows = _matching(call, body, window, newest_first=descending)
    if column in DATE_COLUMNS:
        return rows
    users = call.clockify.users
    keys: dict[str, Any] = {
        "ID": lambda entry: entry.id,
        "DESCRIPTION": lambda entry: entry.description.lower(),
        "USER": lambda entry: (users[entry.user_id].name or "").lower(),
        "USER_DATE": lambda entry: ((users[entry.user_id].name or "").lower(), entry.start),
        "DURATION": lambda entry: entry.seconds,
    }
    return sorted(rows, key=keys[column], reverse=descending)


def _page(call: WorkspaceCall, entries: Iterable[Entry], detailed_filter: dict[str, Any]) -> list[Entry]:
    start, size = _place(call, detailed_filter)
    shift = {"off": 0, "repeat": -1, "skip": 1}[call.switch("page_shift")]
    start += shift * (start > 0)
    return list(islice(entries, start, start + size))


def _place(call: WorkspaceCall, detailed_filter: dict[str, Any]) -> tuple[int, int]:
    """Return how many entries are before the page, and how many it has."""
    size = min(detailed_filter.get("pageSize", 50), call.switch("max_report_page_size"))
    return (detailed_filter.get("page", 1) - 1) * size, size
