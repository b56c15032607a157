"""The time entries that a list shows, as a CSV file."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from integrations.models import TimeEntry
from integrations.unnamed import named
from syncjobs.display.csv_file import CHUNK, Cells, csv_response
from syncjobs.pages import access
from syncjobs.pages.entries import entry_admin
from syncjobs.rules import reasons
from syncjobs.rules.steps.differences import rate_text

HEADERS = (
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
    "fixed_in",
    "quickbooks_id",
    "sent_utc",
    "workspace",
    "entry",
)


@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Return a CSV of the entries that the list shows for the same URL: its filters, search and order, all pages."""
    if not access.may_list(request, "integrations.timeentry"):
        raise PermissionDenied
    try:
        queryset = admin.site.get_model_admin(TimeEntry).get_changelist_instance(request).queryset
    except IncorrectLookupParameters:
        return redirect("admin:integrations_timeentry_changelist")
    # `raw` and the API key are large or secret, and no column needs them.
    rows = entry_admin.with_what_was_sent(queryset).select_related("status", "workspace")
    rows = rows.defer("raw", "workspace__api_key")
    return csv_response(HEADERS, (_cells(entry) for entry in rows.iterator(chunk_size=CHUNK)), name="time-entries")


def _cells(entry: TimeEntry) -> Cells:
    """Return the cells of one entry."""
    # `activity` and `sent_at` are annotated, which mypy does not know of.
    annotated_entry: Any = entry
    status = entry_admin.status_of(entry)
    reason_rows = status.reasons if status else []
    minutes = max(status.minutes, 0) if status else 0
    places = dict.fromkeys(entry_admin.where_resolved(row) for row in reason_rows)
    return {
        "date": entry.txn_date,
        "start_utc": f"{entry.start_at:%Y-%m-%d %H:%M:%S}",
        "end_utc": f"{entry.end_at:%Y-%m-%d %H:%M:%S}" if entry.end_at else "",
        "user": named(entry.user_name),
        "client": entry.client_name,
        "project": entry.project_name,
        "description": entry.description,
        "billable": "yes" if entry.billable else "no",
        "minutes": minutes,
        "hours": f"{minutes / 60:.2f}",
        "rate": "" if entry.rate is None else rate_text(entry.rate),
        "currency": entry.currency,
        "state": entry_admin.badge_of(status).word,
        "why": reasons.sentences(reason_rows),
        "fixed_in": ", ".join(places),
        "quickbooks_id": annotated_entry.activity or "",
        "sent_utc": f"{annotated_entry.sent_at:%Y-%m-%d %H:%M:%S}" if annotated_entry.sent_at else "",
        "workspace": entry.workspace.name,
        "entry": entry.clockify_id,
    }
