"""A comparison of both sides of some days, read by a run or by the command, and stored for pages and sign-offs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Max

from integrations.models import Workspace
from mapping.queries import company_of
from syncjobs import run_counters
from syncjobs.models import Reconciliation, ReconciliationRow, Run, SignOff
from syncjobs.rules.proof.reconciliation_rows import Reconciliation as Found
from syncjobs.rules.proof.reconciliation_rows import Row, minutes
from syncjobs.runs.figures import api_calls
from syncjobs.support.proof import reconcile, stored_comparison

ROWS_AT_ONCE = 1000
# Comparisons of a workspace that nobody signed; each holds thousands of rows.
KEPT = 24
# Calendar months that a scheduled comparison goes back: its calls grow with its days.
OPEN_MONTHS = 3


def open_period(workspace: Workspace, now: datetime) -> tuple[date, date] | None:
    """Return the days that nobody signed: from the day after the last signed period to yesterday; None if none are.

    They begin no earlier than the start date, nor than the month before the last.
    """
    last = workspace.today(now) - timedelta(days=1)
    first = last.replace(day=1)
    for _ in range(OPEN_MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    standing = SignOff.objects.standing().filter(workspace=workspace, company=workspace.company)
    signed_until = standing.aggregate(day=Max("to_date"))["day"]
    first = max(first, workspace.start_date, signed_until + timedelta(days=1) if signed_until else first)
    return (first, last) if first <= last else None


def perform(run: Run, *, now: datetime, on_stage: Callable[[str], None]) -> Found:
    """Read both sides of the run's days and store them; the run's figures say what was found. Raises ApiError."""
    if run.from_date is None or run.to_date is None:
        raise ValueError(f"{run} has no days.")
    first, last = run.from_date, run.to_date
    found = reconcile.reconcile(
        run.workspace, first, last, now=now, on_stage=on_stage, run_id=run.pk, with_invoices=True
    )
    stored = save(run.workspace, found, compared_at=now, run=run)
    run_counters.count(
        run,
        clockify_minutes=minutes(found.clockify),
        quickbooks_minutes=minutes(found.quickbooks),
        difference=minutes(found.difference),
        # As *Proof* counts it, where time that was not sent from here may have to be explained as well.
        unexplained=minutes(stored.open_seconds or 0) if stored else 0,
        rows=len(found.rows),
    )
    return found


def save(workspace: Workspace, found: Found, *, compared_at: datetime, run: Run | None = None) -> Reconciliation | None:
    """Store the comparison in place of earlier ones of the same days that nobody signed; None for days without any."""
    if found.first > found.last:
        return None
    days = {"workspace": workspace, "company": company_of(workspace), "from_date": found.first, "to_date": found.last}
    with transaction.atomic():
        # Nobody may sign an earlier one while it is replaced.
        Workspace.objects.select_for_update().only("pk").get(pk=workspace.pk)
        # A process that died after storing it, and before the run's end, had the run made again.
        Reconciliation.objects.filter(run=run).exclude(run=None).update(run=None)
        stored = Reconciliation.objects.create(
            **days,
            run=run,
            person=run.person if run else None,
            compared_at=compared_at,
            clockify_seconds=found.clockify,
            quickbooks_seconds=found.quickbooks,
            unreadable=found.unreadable,
            cut_message=found.cut_message,
            api_calls=api_calls(run) if run else {},
        )
        rows = (_row(stored, row) for row in found.rows)
        for chunk in _chunked(rows):
            ReconciliationRow.objects.bulk_create(chunk)
        stored_comparison.count_open(stored)
        unsigned = Reconciliation.objects.filter(workspace=workspace, sign_offs=None)
        unsigned.filter(**days, pk__lt=stored.pk).delete()
        if run is not None and run.trigger == Run.Trigger.SCHEDULE:
            # Each night's has one day more; together they would push out those that people asked for.
            unsigned.filter(run__trigger=Run.Trigger.SCHEDULE, pk__lt=stored.pk).delete()
        kept = unsigned.order_by("-pk").values_list("pk", flat=True)[:KEPT]
        unsigned.exclude(pk__in=list(kept)).delete()
    return stored


def _row(stored: Reconciliation, row: Row) -> ReconciliationRow:
    activities = [[open_one.id, open_one.seconds, open_one.code, open_one.asks] for open_one in row.activities]
    return ReconciliationRow(
        reconciliation=stored,
        user=row.user,
        customer=row.customer,
        date=row.day,
        clockify=row.clockify,
        quickbooks=row.quickbooks,
        causes=[[code, words, seconds, known] for (code, words, known), seconds in row.causes.items()],
        amounts={currency: [str(amount) for amount in pair] for currency, pair in row.amounts.items()},
        activities=activities,
        forms=[{**dict(form), "seconds": seconds} for form, seconds in row.forms.items()],
        keys=row.keys,
    )


def _chunked(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        yield chunk
