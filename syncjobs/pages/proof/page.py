"""*Proof*: a stored comparison of both sides, by people, customers or days, and as CSV. Asks no vendor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from integrations.admin_lists.readonly_admin import rows_a_page
from integrations.models import Workspace
from syncjobs import sign_offs
from syncjobs.display.csv_file import Cells, csv_response
from syncjobs.models import Reconciliation, Run, RunQuerySet, Schedule
from syncjobs.pages import access
from syncjobs.pages.proof import shown, signing
from syncjobs.pages.proof.period import Period, offered, requested
from syncjobs.rules.proof import proof_table
from syncjobs.rules.proof.proof_table import Notes, Sums, Table
from syncjobs.rules.proof.reconciliation_rows import minutes
from syncjobs.rules.reasons import form_text
from syncjobs.support.proof import stored_comparison

HEADERS = (
    *("date", "user", "customer", "clockify_minutes", "quickbooks_minutes", "explanation", "unexplained"),
    *("currency", "clockify_amount", "quickbooks_amount", "invoices"),
)
GROUPS_A_PAGE = 100
# A live worker takes a run within a second or two.
IDLE_AFTER_SECONDS = 30


class ComparingContext(TypedDict):
    """The comparison under way, and the one of these days that came to nothing since the stored one."""

    schedule: Schedule | None
    open_run: Run | None
    idle: bool
    failed_run: Run | None


class TableContext(TypedDict):
    """The stored comparison as one view shows it: its table, its sums, and what is not explained."""

    view: str
    tabs: Mapping[str, str]
    rows_are: str
    table: Table
    total: Sums
    causes: Sequence[shown.ShownCause]
    explained: int
    amounts: Sequence[Mapping[str, str]]
    page: Page[shown.ShownRow]
    group_count: int
    open_items: Sequence[shown.ShownItem]
    asks_reason: bool
    opens_all: bool


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the last comparison that has the period's days, or return its rows as CSV."""
    workspace = access.workspace_at(pk)
    request.session[access.LAST_WORKSPACE] = pk
    period = requested(workspace, request.GET)
    # First, since a comparison may end at any moment: the page of one under way is read again, with what it found.
    open_run = _runs(workspace).open().first()
    stored = None if period.problem else stored_comparison.latest(workspace, period.first, period.last)
    notes = stored_comparison.notes(workspace.company)
    if stored is not None and request.GET.get("format") == "csv":
        cells = _cells(stored, period, notes)
        return csv_response(HEADERS, cells, name=f"proof-{period.first}-{period.last}")
    signed = signing.standing(workspace, period)
    context = {
        "workspace": workspace,
        "others": access.workspaces().exclude(pk=pk),
        "zone": workspace.time_zone,
        "period": period,
        "offered": offered(workspace),
        "stored": stored,
        "signed": signed,
        "is_signed": any(standing.period.params == period.params for standing in signed),
        "is_over": sign_offs.is_over(workspace, period.last, timezone.now()),
        "withdrawn": signing.withdrawn(workspace, period),
        "of_archived": signing.of_archived_companies(workspace),
        **_run_context(workspace, period, stored, open_run),
        **(_table_context(request, workspace, stored, period, notes) if stored else {}),
    }
    return access.show(request, "proof/page.html", context, title="Proof of period")


def _runs(workspace: Workspace) -> RunQuerySet:
    return Run.objects.filter(workspace=workspace, kind=Run.Kind.RECONCILE).order_by("-pk")


def _run_context(
    workspace: Workspace, period: Period, stored: Reconciliation | None, open_run: Run | None
) -> ComparingContext:
    """Return the comparison under way, and the one of these days that came to nothing since the stored one."""
    waited = (timezone.now() - open_run.created_at).total_seconds() if open_run else 0
    # A scheduled one has other days each night.
    these = Q(from_date=period.first, to_date=period.last) | Q(trigger=Run.Trigger.SCHEDULE)
    last = _runs(workspace).over().filter(these).first()
    schedule = Schedule.objects.filter(workspace=workspace, kind=Run.Kind.RECONCILE).exclude(next_at=None).first()
    return {
        "schedule": schedule,
        "open_run": open_run,
        "idle": open_run is not None and open_run.status == Run.Status.QUEUED and waited > IDLE_AFTER_SECONDS,
        "failed_run": last if last is not None and _failed_since(last, stored) else None,
    }


def _failed_since(run: Run, stored: Reconciliation | None) -> bool:
    """Return whether the comparison came to nothing, and the stored one is older."""
    if not run.error_message or (stored is not None and stored.run_id == run.pk):
        return False
    return stored is None or run.created_at > stored.compared_at


def _table_context(
    request: HttpRequest, workspace: Workspace, stored: Reconciliation, period: Period, notes: Notes
) -> TableContext:
    view = request.GET.get("by", "people")
    view = view if view in shown.VIEWS else "people"
    rows = stored_comparison.rows(stored, period.first, period.last)
    table = proof_table.table(rows, notes, view=view, first=period.first, last=period.last)
    groups = shown.groups(table, workspace.company, view=view, opened=request.GET.get("open", ""))
    # All of it is for printing.
    size = len(groups) or 1 if request.GET.get("open") == "all" else rows_a_page(request, GROUPS_A_PAGE)
    return {
        "view": view,
        "tabs": shown.TABS,
        "rows_are": shown.VIEWS[view],
        "table": table,
        "total": table.total,
        "causes": shown.total_causes(table.total),
        "explained": shown.explained(table.total),
        "amounts": shown.amounts(table.total),
        "page": Paginator(groups, size).get_page(request.GET.get("page", 1)),
        "group_count": len(groups),
        "open_items": shown.items(workspace, table.open_items),
        "asks_reason": sign_offs.needs_reason(stored, table.total),
        "opens_all": request.GET.get("open") == "all",
    }


def _cells(stored: Reconciliation, period: Period, notes: Notes) -> Iterator[Cells]:
    for row in stored_comparison.rows(stored, period.first, period.last):
        left = proof_table.explanations(row, notes)[2]
        values: Cells = {
            "date": row.day,
            "user": row.user,
            "customer": row.customer,
            "clockify_minutes": minutes(row.clockify),
            "quickbooks_minutes": minutes(row.quickbooks),
            "explanation": proof_table.explanation(row, notes),
            "unexplained": minutes(left),
            "invoices": ", ".join(form_text(form) for form in row.forms),
        }
        # One line a row: with several currencies their values stand in the same order.
        currencies = sorted(row.amounts)
        values["currency"] = " ".join(currencies)
        values["clockify_amount"] = " ".join(row.amounts[key][0] for key in currencies)
        values["quickbooks_amount"] = " ".join(row.amounts[key][1] for key in currencies)
        yield values
