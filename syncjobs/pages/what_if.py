"""What linking one record would free, counted before anything is saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Sum, TextField
from django.db.models.functions import Cast

from integrations.models import Workspace
from syncjobs.models import EntryVerdict
from syncjobs.pages.figures import Figure


@dataclass
class WhatIf:
    """`frees`: entries that wait for nothing else. `waits`: entries that wait for another decision as well."""

    frees: Figure = field(default_factory=Figure)
    waits: Figure = field(default_factory=Figure)
    at_most: bool = False


def linking(workspace: Workspace, kind: str, clockify_id: str) -> WhatIf:
    """For a client the count is the most there can be: its projects are decided after it."""
    found = WhatIf(at_most=kind == "client")
    # Reasons name the record they are about; the text is looked at, since SQLite can't look into JSON lists.
    rows = EntryVerdict.objects.filter(workspace=workspace, held=True).annotate(said=Cast("reasons", TextField()))
    for reasons, minutes in rows.filter(said__contains=f'"{clockify_id}"').values_list("reasons", "minutes"):
        figure = found.frees if _goes_with(kind, clockify_id, reasons) else found.waits
        figure.add(1, minutes)
    return found


def _goes_with(kind: str, clockify_id: str, reasons: Iterable[Mapping[str, Any]]) -> bool:
    # A project linked by hand does not wait for its client; a client's projects may follow it by themselves.
    along = {"project": "CLIENT_NOT_MAPPED", "client": "PROJECT_NOT_MAPPED"}.get(kind)
    return all(row.get("id") == clockify_id or row.get("code") == along for row in reasons)


def ready(workspace: Workspace) -> Figure:
    """What would be sent now."""
    rows = EntryVerdict.objects.filter(workspace=workspace, state=EntryVerdict.State.READY)
    counted = rows.aggregate(entries=Count("pk"), minutes=Sum("minutes"))
    return Figure(counted["entries"], counted["minutes"] or 0)
