"""What people say about a stored comparison: notes about time that nothing explains, and their signature.

Pages ask for the right to do so; here is what each does. Nothing is written to a vendor.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from integrations.models import Workspace
from mapping.errors import Refused
from syncjobs.models import ActivityNote, Reconciliation
from syncjobs.rules import proof_table
from syncjobs.rules.proof_table import OpenItem
from syncjobs.support import stored_comparison

Days = tuple[date, date]
NOT_COMPARED = "These days were not compared yet. Compare them first."


def explain(
    workspace: Workspace, days: Days, activities: Collection[str], text: str, *, person: Any, now: datetime
) -> int:
    """Keep a note for each of these activities that asks for one; returns their number. Raises Refused."""
    text = " ".join(text.split())
    if not text:
        raise Refused("Write what it is; a note without words explains nothing.")
    chosen = [one for one in _open_items(_compared(workspace, days), days) if one.activity in activities]
    if not chosen:
        raise Refused("Choose what the note is about; it may have been explained meanwhile.")
    ActivityNote.objects.bulk_create(
        ActivityNote(
            company=workspace.company,
            activity_id=one.activity,
            seconds=one.seconds,
            note=text,
            person=person,
            person_name=name_of(person),
            at=now,
        )
        for one in chosen
    )
    return len(chosen)


def name_of(person: Any) -> str:
    """Return the name that stays with what a person said."""
    return str(person.get_full_name() or person.get_username())


def _compared(workspace: Workspace, days: Days) -> Reconciliation:
    stored = stored_comparison.latest(workspace, *days)
    if stored is None:
        raise Refused(NOT_COMPARED)
    return stored


def _open_items(stored: Reconciliation, days: Days) -> list[OpenItem]:
    notes = stored_comparison.notes(stored.company)
    return [one for row in stored_comparison.rows(stored, *days) for one in proof_table.explanations(row, notes)[1]]
