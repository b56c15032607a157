"""Hours and money of time entries as lists and rows show them: what a bill would say, by currency."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from integrations.models import TimeEntry
from syncjobs.planning.forecast import Tally


def tally_of(entries: QuerySet[TimeEntry]) -> Tally:
    """Return entries, minutes after rounding and money of a list, in one query."""
    # By the keys alone: the list's own columns and joins would split the groups.
    rows = TimeEntry.objects.filter(pk__in=entries.order_by().values("pk"))
    # Grouped by equal amounts in the database: thousands of entries come as a few lines.
    groups = rows.order_by().values_list("currency", "rate", "billable", "status__minutes").annotate(Count("pk"))
    totals = Tally()
    for currency, rate, billable, minutes, count in groups:
        totals.add_equal(currency, rate, max(minutes or 0, 0), billable=billable, count=count)
    return totals
