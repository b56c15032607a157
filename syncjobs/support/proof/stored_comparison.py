"""A stored comparison's rows, and what people said about activities in them. Asks no vendor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import Exists, F, Max, OuterRef, QuerySet

from integrations.models import Company, Workspace
from syncjobs.models import ActivityNote, Reconciliation, SignOff
from syncjobs.rules.proof import proof_table
from syncjobs.rules.proof.proof_table import Note, StoredRow

COLUMNS = ("user", "customer", "date", "clockify", "quickbooks", "causes", "amounts", "activities", "forms", "keys")


def latest(workspace: Workspace, first: date, last: date) -> Reconciliation | None:
    """Return the last comparison that has all of these days, of the company that is connected now."""
    stored = of_workspace(workspace).filter(from_date__lte=first, to_date__gte=last)
    return stored.select_related("person", "run").first()


def of_workspace(workspace: Workspace) -> QuerySet[Reconciliation]:
    """Return the workspace's comparisons with the company that is connected now, the last first."""
    rows = Reconciliation.objects.filter(workspace=workspace, company=workspace.company)
    return rows.order_by("-compared_at", "-pk")


def count_open(stored: Reconciliation) -> None:
    """Store how much of a comparison nothing explains, with the notes that there are now."""
    days = stored.from_date, stored.to_date
    stored.open_seconds = proof_table.open_seconds(rows(stored, *days), notes(stored.company))
    stored.save(update_fields=["open_seconds"])


def not_explained() -> dict[int, Reconciliation]:
    """Return by workspace id the last comparison where something in it is not explained and not signed all the same."""
    current = Reconciliation.objects.filter(company=F("workspace__company")).order_by()
    last = current.values("workspace").annotate(last=Max("pk")).values("last")
    signed = SignOff.objects.standing().filter(
        workspace=OuterRef("workspace"), from_date__lte=OuterRef("from_date"), to_date__gte=OuterRef("to_date")
    )
    found = Reconciliation.objects.filter(~Exists(signed), pk__in=last, open_seconds__gt=0)
    return {stored.workspace_id: stored for stored in found}


def rows(stored: Reconciliation, first: date, last: date) -> Iterator[StoredRow]:
    """Yield the rows of these days by person, customer and day, without keeping them."""
    found = stored.rows.filter(date__range=(first, last)).order_by("user", "customer", "date")
    for values in found.values_list(*COLUMNS).iterator(chunk_size=2000):
        yield StoredRow(*values)


def notes(company: Company | None) -> dict[str, Note]:
    """Return the last note of each activity, by QuickBooks' id."""
    found = ActivityNote.objects.filter(company=company).order_by("pk")
    values = found.values_list("activity_id", "seconds", "note", "person_name")
    return {key: Note(seconds, text, by) for key, seconds, text, by in values}
