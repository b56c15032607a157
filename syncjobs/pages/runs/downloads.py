"""The items of a run as a CSV file."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from integrations.unnamed import named
from syncjobs.display import badges
from syncjobs.display.csv_file import CHUNK, Cells, csv_response
from syncjobs.models import Run, RunItem
from syncjobs.pages import access
from syncjobs.pages.runs import detail
from syncjobs.rules import reasons

HEADERS = (
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


@require_safe
def run_items(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a run's items as CSV, filtered as on its page by `outcome` and `q`."""
    if not access.may_list(request, "syncjobs.run"):
        raise PermissionDenied
    run = get_object_or_404(Run.objects.defer("counters"), pk=pk)
    requested = request.GET.get("outcome", "")
    outcome = requested if requested in RunItem.Outcome.values else ""
    items = detail.items(run, outcome=outcome, search=request.GET.get("q", "").strip())
    # No cell needs these two JSON columns.
    rows = (_cells(run, item) for item in items.defer("draft", "source_snapshot").iterator(chunk_size=CHUNK))
    return csv_response(HEADERS, rows, name=f"run-{run.pk}")


def _cells(run: Run, item: RunItem) -> Cells:
    outcome_label = badges.ITEM_OUTCOMES[item.outcome].word
    if item.outcome == RunItem.Outcome.BLOCKED:
        outcome_label = "Left there" if run.kind == Run.Kind.UNDO else "Not sent"
    return {
        "date": item.txn_date or "",
        "outcome": outcome_label,
        "verb": item.verb,
        "user": named(item.user_name),
        "project": item.project_name,
        "minutes": item.minutes,
        "why": reasons.sentences(item.reasons) or item.why,
        "quickbooks_id": item.quickbooks_id,
        "error_code": item.error_code,
        "error_message": item.error_message,
        "intuit_tid": item.intuit_tid,
        "entry": item.entry_id,
    }
