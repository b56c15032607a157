"""*Proof*: a period's time on both sides, as `reconcile` compares it, and as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from integrations.errors import ApiError
from integrations.fields import SecretUnreadable
from integrations.models import Workspace
from syncjobs.display.csv_file import Cells, csv_response
from syncjobs.pages import access
from syncjobs.planning.inputs import connection_reasons
from syncjobs.rules.reasons import sentence
from syncjobs.rules.reconciliation_rows import Reconciliation, minutes
from syncjobs.support import reconcile

# Longer periods would keep a web process busy; the command takes any.
MAX_DAYS = 62
HEADERS = ("date", "user", "customer", "clockify_minutes", "quickbooks_minutes", "explanation", "unexplained")


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a period; with one, read both sides and list the rows, or return them as CSV."""
    workspace = access.workspace_at(pk)
    today = workspace.today(timezone.now())
    asked = "from" in request.GET or "to" in request.GET
    month = today.replace(day=1)
    first, last = _day(request, "from", month), _day(request, "to", today)
    problem = _problem(workspace, first, last) if asked else ""
    found = None
    if asked and not problem:
        found, problem = _read(workspace, first, last)
    if found is not None and request.GET.get("format") == "csv":
        return csv_response(HEADERS, _cells(found), name=f"proof-{first}-{last}")
    details = {"workspace": workspace, "first": first or month, "last": last or today, "problem": problem}
    return access.show(request, "proof/page.html", details | {"found": found}, title="Proof")


def _day(request: HttpRequest, name: str, default: date) -> date | None:
    """Return the requested day, None for what is no date."""
    try:
        return date.fromisoformat(request.GET.get(name) or default.isoformat())
    except ValueError:
        return None


def _problem(workspace: Workspace, first: date | None, last: date | None) -> str:
    """Return why the period can't be compared; "" if it can."""
    if first is None or last is None:
        return "That is no date."
    if first > last:
        return "The first day lies after the last."
    if last - first >= timedelta(days=MAX_DAYS):
        return f"At most {MAX_DAYS} days at once; the command reconcile takes longer periods."
    reasons = [reason for reason in connection_reasons(workspace) if reason.code == "NOT_CONNECTED"]
    return sentence(reasons[0].as_row()) if reasons else ""


def _read(workspace: Workspace, first: date | None, last: date | None) -> tuple[Reconciliation | None, str]:
    """Return both sides, or None and why they could not be read."""
    assert first is not None and last is not None
    try:
        return reconcile.reconcile(workspace, first, last, now=timezone.now()), ""
    except ApiError as error:
        return None, f"{error.message} {error.fix}".strip()
    except SecretUnreadable as error:
        return None, str(error)


def _cells(found: Reconciliation) -> Iterator[Cells]:
    for row in found.rows:
        values: dict[str, Any] = {"date": row.day, "user": row.user, "customer": row.customer}
        yield values | {
            "clockify_minutes": minutes(row.clockify),
            "quickbooks_minutes": minutes(row.quickbooks),
            "explanation": row.explanation,
            "unexplained": minutes(row.unexplained),
        }
