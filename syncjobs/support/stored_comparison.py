"""A stored comparison's rows, and what people said about activities in them. Asks no vendor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import QuerySet

from integrations.models import Company, Workspace
from syncjobs.models import ActivityNote, Reconciliation
from syncjobs.rules.proof_table import Note, StoredRow

COLUMNS = ("user", "customer", "date", "clockify", "quickbooks", "causes", "amounts", "activities", "forms")


def latest(workspace: Workspace, first: date, last: date) -> Reconciliation | None:
    """Return the last comparison that has all of these days, of the company that is connected now."""
    stored = of_workspace(workspace).filter(from_date__lte=first, to_date__gte=last)
    return stored.select_related("person", "run").first()


def of_workspace(workspace: Workspace) -> QuerySet[Reconciliation]:
    """Return the workspace's comparisons with the company that is connected now, the last first."""
    rows = Reconciliation.objects.filter(workspace=workspace, company=workspace.company)
    return rows.order_by("-compared_at", "-pk")


def rows(stored: Reconciliation, first: date, last: date) -> Iterator[StoredRow]:
    """Yield the rows of these days by person, customer and day, without keeping them."""
    found = stored.rows.filter(date__range=(first, last)).order_by("user", "customer", "date")
    for values in found.values_list(*COLUMNS).iterator(chunk_size=2000):
        yield StoredRow(*values)


def notes(company: Company | None) -> dict[str, Note]:
    """Return the last note of each activity."""
    found = ActivityNote.objects.filter(company=company).order_by("pk")
    values = found.values_list("activity_id", "seconds", "note", "person_name")
    return {key: Note(seconds, text, by) for key, seconds, text, by in values}
