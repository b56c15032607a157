"""A tab of the desk as a CSV file: every section, a line for each record."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect

from integrations.models import Workspace
from mapping.desk import rows
from mapping.desk.index import AT_ONCE, IGNORED, KINDS, LINKED, QUICKBOOKS, TODO, DeskIndex
from mapping.desk.rows import Row
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
STATES = {TODO: "to do", LINKED: "linked", IGNORED: "ignored", QUICKBOOKS: "only in QuickBooks"}
# A cell that begins so is taken for a formula by spreadsheets.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file that gives back what is written to it, so that the answer goes out line by line."""

    def write(self, value: str) -> str:
        return value


def page(request: HttpRequest, pk: int, tab: str) -> HttpResponse:
    workspace = access.workspace_at(pk)
    if tab not in {*KINDS, CHANGED}:
        raise Http404
    if workspace.company is None:
        return redirect("hourbridge:people", workspace.pk)
    found = changed_lines(workspace) if tab == CHANGED else lines(workspace, tab)
    answer: Any = StreamingHttpResponse(found, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{tab}-{workspace.clockify_id}.csv"'
    sent: HttpResponse = answer
    return sent


def lines(workspace: Workspace, tab: str) -> Iterator[str]:
    """The file, so many records at a time."""
    writer = csv.DictWriter(_Echo(), HEADERS)
    # Spreadsheets take a file without this mark for another encoding.
    yield "\ufeff" + str(writer.writeheader())
    for section in STATES:
        for refs in DeskIndex(workspace, tab, section).chunks():
            for group in rows.groups(workspace, refs, tab=tab):
                for row in group.rows:
                    yield str(writer.writerow(harmless(_cells(row, group.client_name, section))))


def changed_lines(workspace: Workspace) -> Iterator[str]:
    """Entries that changed after they were sent, with each field now and as sent."""
    fields = [f"{word.lower().replace(' ', '_')}_{side}" for word in changed.WORDS for side in ("now", "sent")]
    writer = csv.DictWriter(_Echo(), ("entry", "date", "activity", "state", "reasons", *fields))
    yield "\ufeff" + str(writer.writeheader())
    entries = changed.rows_of(workspace)
    start = 0
    while some := list(entries[start : start + AT_ONCE]):
        start += AT_ONCE
        for row in changed.shown(workspace, some):
            sides = [text for line in row.lines for text in (line.ours, line.sent)]
            cells = {
                "entry": row.entry.clockify_id,
                "date": row.entry.txn_date,
                "activity": row.receipt.quickbooks_id if row.receipt else "",
                "state": row.look.word,
                "reasons": " ".join(row.sentences),
                **dict(zip(fields, sides, strict=False)),
            }
            yield str(writer.writerow(harmless(cells)))


def harmless(cells: dict[str, Any]) -> dict[str, Any]:
    """Names as text: nobody's spreadsheet is to run what somebody called a project."""
    return {
        name: f"'{value}" if isinstance(value, str) and value.startswith(FORMULAS) else value
        for name, value in cells.items()
    }


def _cells(row: Row, client_name: str, section: str) -> dict[str, Any]:
    suggested = row.suggestions[0] if row.suggestions and row.link is None else None
    cells: dict[str, Any] = {
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
