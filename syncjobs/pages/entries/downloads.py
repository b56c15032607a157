"""Lists as CSV files: what a run did to each entry, and the time entries that a list shows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from integrations.models import TimeEntry
from syncjobs.display import badges
from syncjobs.display.formatting import hours
from syncjobs.models import Run, RunItem
from syncjobs.pages.desk.export import harmless
from syncjobs.pages.entries import entry_admin
from syncjobs.pages.runs import detail
from syncjobs.rules import reasons

# Rows that are read and written at once: memory stays the same however long the list is.
AT_ONCE = 500
# Spreadsheets take a file without this mark for another encoding.
MARK = "\ufeff"
OF_RUN = (
    "date",
    "outcome",
    "verb",
    "user",
    "project",
    "minutes",
    "why",
    "quickbooks_id",
    "error_code",
    "error_message",
    "intuit_tid",
    "entry",
)
OF_ENTRIES = (
    "date",
    "start_utc",
    "end_utc",
    "user",
    "client",
    "project",
    "description",
    "billable",
    "minutes",
    "hours",
    "rate",
    "currency",
    "state",
    "why",
    "mended",
    "quickbooks_id",
    "sent_utc",
    "workspace",
    "entry",
)
Cells = dict[str, Any]


@require_safe
def run_items(request: HttpRequest, pk: int) -> HttpResponse:
    """Every item of a run, narrowed as its page is: `outcome` and `q`."""
    _need(request, "syncjobs.view_run")
    run = get_object_or_404(Run.objects.defer("counters"), pk=pk)
    outcome = request.GET.get("outcome", "")
    narrowed = outcome if outcome in RunItem.Outcome.values else ""
    items = detail.items(run, outcome=narrowed, search=request.GET.get("q", "").strip())
    rows = (_item(run, item) for item in items.defer("draft", "basis").iterator(chunk_size=AT_ONCE))
    return _file(OF_RUN, rows, name=f"run-{run.pk}")


@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """The time entries that the list shows for the same address: its filters, search and order, all pages."""
    _need(request, "integrations.view_timeentry")
    try:
        listed = admin.site.get_model_admin(TimeEntry).get_changelist_instance(request).queryset
    except IncorrectLookupParameters:
        return redirect("admin:integrations_timeentry_changelist")
    rows = listed.select_related("verdict", "workspace").defer("raw", "workspace__api_key")
    cells = (_entry(entry) for entry in rows.iterator(chunk_size=AT_ONCE))
    return _file(OF_ENTRIES, cells, name="time-entries")


def _need(request: HttpRequest, permission: str) -> None:
    """Who may not read the list may not have it as a file either."""
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _file(headers: tuple[str, ...], rows: Iterable[Cells], *, name: str) -> HttpResponse:
    """The answer goes out while it is read."""
    answer: Any = StreamingHttpResponse(_lines(headers, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    sent: HttpResponse = answer
    return sent


def _lines(headers: tuple[str, ...], rows: Iterable[Cells]) -> Iterator[str]:
    left = iter(rows)
    start = MARK + ",".join(headers) + "\r\n"
    while some := list(islice(left, AT_ONCE)):
        text = io.StringIO()
        csv.DictWriter(text, headers).writerows(harmless(row) for row in some)
        yield start + text.getvalue()
        start = ""
    if start:
        yield start


def _item(run: Run, item: RunItem) -> Cells:
    word = badges.ITEM_OUTCOMES[item.outcome].word
    if item.outcome == RunItem.Outcome.BLOCKED:
        word = "Left there" if run.kind == Run.Kind.UNDO else "Not sent"
    return {
        "date": item.txn_date or "",
        "outcome": word,
        "verb": item.verb,
        "user": item.user_name,
        "project": item.project_name,
        "minutes": item.minutes,
        "why": _words(item.reasons) or item.why,
        "quickbooks_id": item.quickbooks_id,
        "error_code": item.error_code,
        "error_message": item.error_message,
        "intuit_tid": item.intuit_tid,
        "entry": item.entry_id,
    }


def _words(rows: Iterable[Mapping[str, Any]]) -> str:
    return " ".join(reasons.sentence(row) for row in rows)


def _entry(entry: TimeEntry) -> Cells:
    """`activity` and `sent_at` come with the list's own query."""
    there: Any = entry
    verdict = entry_admin.verdict_of(entry)
    why = verdict.reasons if verdict else []
    minutes = max(verdict.minutes, 0) if verdict else 0
    places = dict.fromkeys(entry_admin.where_mended(row) for row in why)
    return {
        "date": entry.txn_date,
        "start_utc": f"{entry.start_at:%Y-%m-%d %H:%M:%S}",
        "end_utc": f"{entry.end_at:%Y-%m-%d %H:%M:%S}" if entry.end_at else "",
        "user": entry.user_name,
        "client": entry.client_name,
        "project": entry.project_name,
        "description": entry.description,
        "billable": "yes" if entry.billable else "no",
        "minutes": minutes,
        "hours": hours(minutes),
        "rate": "" if entry.rate is None else f"{entry.rate:.2f}",
        "currency": entry.currency,
        "state": entry_admin.look_of(verdict).word,
        "why": _words(why),
        "mended": ", ".join(places),
        "quickbooks_id": there.activity or "",
        "sent_utc": f"{there.sent_at:%Y-%m-%d %H:%M:%S}" if there.sent_at else "",
        "workspace": entry.workspace.name,
        "entry": entry.clockify_id,
    }
