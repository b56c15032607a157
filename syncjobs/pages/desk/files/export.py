"""A tab of the desk as a CSV file: all sections, one line per record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from integrations.kinds import Kind
from integrations.models import Workspace
from mapping.desk import rows
from mapping.desk.index import IGNORED, KINDS, LINKED, QUICKBOOKS, TODO, DeskIndex
from mapping.desk.rows import Row
from syncjobs.display.csv_file import CHUNK, Cells, csv_response
from syncjobs.pages import access
from syncjobs.pages.desk import changed

# An upload reads the columns up to `note` by these names (docs/desk.md), so a downloaded file can be sent back.
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
# Of the file to fill in: what an upload reads, and enough to know each record and its likely partner by.
TEMPLATE_HEADERS = (
    *HEADERS[: HEADERS.index("state")],
    "clockify_name",
    "client",
    "email",
    "reason",
    "held_hours",
    "suggested_kind",
    "suggested_id",
    "suggested_name",
    "likeness",
)
CHANGED_TAB = "changed"
CHANGED_FIELDS = tuple(
    f"{label.lower().replace(' ', '_')}_{side}" for label in changed.FIELD_LABELS for side in ("now", "sent")
)
CHANGED_HEADERS = ("entry", "date", "activity", "state", "reasons", *CHANGED_FIELDS)
# "To do" contains the sections "decide" and "suggested"; listing those too would write their records twice.
STATE_LABELS = {TODO: "to do", LINKED: "linked", IGNORED: "ignored", QUICKBOOKS: "only in QuickBooks"}


def page(request: HttpRequest, pk: int, tab: str) -> HttpResponse:
    """Return the tab as a CSV download. Raises Http404 for an unknown tab."""
    workspace = access.workspace_at(pk)
    if tab not in {*KINDS, CHANGED_TAB}:
        raise Http404
    if workspace.company is None:
        return redirect("hourbridge:people", workspace.pk)
    name = f"{tab}-{workspace.clockify_id}"
    if tab == CHANGED_TAB:
        return csv_response(CHANGED_HEADERS, _changed_cells(workspace), name=name)
    return csv_response(HEADERS, _tab_cells(workspace, tab), name=name)


def template(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the open rows of all tabs as a file to fill in and upload."""
    workspace = access.workspace_at(pk)
    if workspace.company is None:
        return redirect("hourbridge:people", workspace.pk)
    cells = (line for tab in KINDS for line in _tab_cells(workspace, tab, [TODO]))
    lines = ({name: line.get(name, "") for name in TEMPLATE_HEADERS} for line in cells)
    return csv_response(TEMPLATE_HEADERS, lines, name=f"to-link-{workspace.clockify_id}")


def _tab_cells(workspace: Workspace, tab: str, tab_sections: Iterable[str] = tuple(STATE_LABELS)) -> Iterator[Cells]:
    """Yield a line for each record of the tab's sections."""
    for section in tab_sections:
        for refs in DeskIndex(workspace, tab, section).chunks():
            for group in rows.groups(workspace, refs, tab=tab):
                for row in group.rows:
                    yield _cells(row, group.client_name, section)


def _changed_cells(workspace: Workspace) -> Iterator[Cells]:
    """Yield a line for each entry that changed after it was sent: each field now and as sent."""
    entries = changed.rows_of(workspace)
    start = 0
    while chunk := list(entries[start : start + CHUNK]):
        start += CHUNK
        for row in changed.shown(workspace, chunk):
            values = [text for field in row.fields for text in (field.clockify, field.sent)]
            yield {
                "entry": row.entry.clockify_id,
                "date": row.entry.txn_date,
                "activity": row.receipt.quickbooks_id if row.receipt else "",
                "state": row.badge.word,
                "reasons": " ".join(row.sentences),
                **dict(zip(CHANGED_FIELDS, values, strict=False)),
            }


def _cells(row: Row, client_name: str, section: str) -> Cells:
    """Return the cells of one row; `client_name` is the client that its group stands under."""
    suggestion = row.suggestions[0] if row.suggestions and row.link is None else None
    cells: Cells = {
        "kind": row.ref.kind,
        "clockify_id": row.ref.clockify_id,
        "state": STATE_LABELS[section],
        "clockify_name": row.name,
        "client": client_name if row.ref.kind == Kind.PROJECT else "",
        "email": row.email,
    }
    if row.link is not None or not row.ref.clockify_id:
        partner = row.partner
        cells |= {
            "quickbooks_kind": partner.kind if partner else "",
            "quickbooks_id": partner.id if partner else "",
            "quickbooks_name": partner.full_name if partner else "",
        }
    # A suggestion goes into columns of its own: in `quickbooks_id` an upload would take it as a decision.
    if suggestion is not None:
        cells |= {
            "suggested_kind": suggestion.kind,
            "suggested_id": suggestion.id,
            "suggested_name": suggestion.full_name,
            "likeness": f"{suggestion.percent}%",
            "likeness_why": suggestion.why,
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
