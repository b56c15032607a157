"""A tab of the desk as a CSV file: every section, a line for each record."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from integrations.models import Workspace
from mapping.desk import rows
from mapping.desk.index import IGNORED, KINDS, LINKED, QUICKBOOKS, TODO, DeskIndex
from mapping.desk.rows import Row
from syncjobs.display.csv_file import CHUNK, Cells, csv_response
from syncjobs.pages import access
from syncjobs.pages.desk import changed

# The first four are what an upload reads; see docs/desk.md.
HEADERS = (
    "kind",
    "clockify_id",
    "quickbooks_kind",
    "quickbooks_id",
    "decision",
    "note",
    "state",
    "clockify_name",
    "client",
    "email",
    "quickbooks_name",
    "suggested_kind",
    "suggested_id",
    "suggested_name",
    "likeness",
    "likeness_why",
    "reason",
    "reason_words",
    "held_hours",
    "held_entries",
    "oldest",
)
CHANGED = "changed"
CHANGED_FIELDS = tuple(f"{word.lower().replace(' ', '_')}_{side}" for word in changed.WORDS for side in ("now", "sent"))
CHANGED_HEADERS = ("entry", "date", "activity", "state", "reasons", *CHANGED_FIELDS)
STATES = {TODO: "to do", LINKED: "linked", IGNORED: "ignored", QUICKBOOKS: "only in QuickBooks"}


def page(request: HttpRequest, pk: int, tab: str) -> HttpResponse:
    workspace = access.workspace_at(pk)
    if tab not in {*KINDS, CHANGED}:
        raise Http404
    if workspace.company is None:
        return redirect("hourbridge:people", workspace.pk)
    name = f"{tab}-{workspace.clockify_id}"
    if tab == CHANGED:
        return csv_response(CHANGED_HEADERS, _changed_cells(workspace), name=name)
    return csv_response(HEADERS, _tab_cells(workspace, tab), name=name)


def _tab_cells(workspace: Workspace, tab: str) -> Iterator[Cells]:
    """Yield a line for each record of the tab's sections."""
    for section in STATES:
        for refs in DeskIndex(workspace, tab, section).chunks():
            for group in rows.groups(workspace, refs, tab=tab):
                for row in group.rows:
                    yield _cells(row, group.client_name, section)


def _changed_cells(workspace: Workspace) -> Iterator[Cells]:
    """Yield entries that changed after they were sent, with each field now and as sent."""
    entries = changed.rows_of(workspace)
    start = 0
    while chunk := list(entries[start : start + CHUNK]):
        start += CHUNK
        for row in changed.shown(workspace, chunk):
            sides = [text for line in row.lines for text in (line.ours, line.sent)]
            yield {
                "entry": row.entry.clockify_id,
                "date": row.entry.txn_date,
                "activity": row.receipt.quickbooks_id if row.receipt else "",
                "state": row.badge.word,
                "reasons": " ".join(row.sentences),
                **dict(zip(CHANGED_FIELDS, sides, strict=False)),
            }


def _cells(row: Row, client_name: str, section: str) -> Cells:
    suggested = row.suggestions[0] if row.suggestions and row.link is None else None
    cells: Cells = {
        "kind": row.ref.kind,
        "clockify_id": row.ref.clockify_id,
        "state": STATES[section],
        "clockify_name": row.name,
        "client": client_name if row.ref.kind == "project" else "",
        "email": row.email,
    }
    if row.link is not None or not row.ref.clockify_id:
        there = row.partner
        cells |= {
            "quickbooks_kind": there.kind if there else "",
            "quickbooks_id": there.id if there else "",
            "quickbooks_name": there.full_name if there else "",
        }
    if suggested is not None:
        cells |= {
            "suggested_kind": suggested.kind,
            "suggested_id": suggested.id,
            "suggested_name": suggested.full_name,
            "likeness": f"{suggested.percent}%",
            "likeness_why": suggested.why,
        }
    if row.mismatch is not None:
        cells |= {
            "reason": row.mismatch.reason,
            "reason_words": row.words.sentence if row.words else "",
            "held_hours": f"{row.mismatch.blocked_minutes / 60:.2f}",
            "held_entries": row.mismatch.blocked_entries,
            "oldest": row.mismatch.oldest_date or "",
        }
    return cells
