"""The sheet that creates many records in QuickBooks at once, and the page that follows how far that is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from integrations.database import database_now
from integrations.kinds import Kind
from integrations.models import Workspace
from mapping.decisions.versions import Version
from mapping.desk.index import TABS
from mapping.desk.rows import Row
from mapping.errors import Refused
from mapping.models import PartnerWrite
from syncjobs.display.formatting import number
from syncjobs.pages import access
from syncjobs.pages.desk import actions
from syncjobs.pages.desk.bulk import ticked
from syncjobs.pages.desk.bulk.ticked import Ticked, TickedContext
from syncjobs.partner_writes import journal, many, submit
from syncjobs.partner_writes.drafts import CREATE, QUICKBOOKS, PartnerDraft, Wanted, WriteRequest
from syncjobs.partner_writes.offers import offers
from syncjobs.partner_writes.prepare_quickbooks import names_read_once
from syncjobs.runs import queue

# Reasons that say that QuickBooks has no record of the name, neither at another place nor inactive.
REASONS = ("NO_EMPLOYEE", "NO_CUSTOMER")
OPEN_STATES = (PartnerWrite.State.WAITING, PartnerWrite.State.SENDING)
NOT_CREATED = (PartnerWrite.State.REFUSED, PartnerWrite.State.ABANDONED)


@dataclass(frozen=True)
class Line:
    """One record that would be created: its row, the draft with its checks, or why there is none."""

    row: Row
    draft: PartnerDraft | None
    refused: str = ""

    @property
    def key(self) -> str:
        return self.row.key

    @property
    def problem(self) -> str:
        """Why it can't be created, in sentences; "" where every check passed."""
        if self.draft is None:
            return self.refused
        return " ".join(f"{check.title}: {check.value}" for check in self.draft.failed)

    @property
    def person_names(self) -> list[tuple[str, str]]:
        """Label and value of the first and last name that would be written."""
        lines = self.draft.lines if self.draft else []
        return [(label.lower(), value) for label, value in lines if value and label in {"First name", "Last name"}]

    @property
    def shown_as(self) -> str:
        """The record as a person sees and confirms it: its row as it is now, and exactly what would be written."""
        return f"{self.key}={self.row.version}={self.draft.fingerprint if self.draft else ''}"


class CreateContext(TickedContext):
    """The sheet. `count`: how many of the ticked can be created; `others`: rows that lack nothing in QuickBooks.

    `entities`: the kinds of person that may be chosen, `entity` the one that is.
    """

    listed: Sequence[Line]
    others: int
    entity: str
    entities: Sequence[str]
    keys: Collection[str]
    note: str
    count: int
    read_at: datetime | None
    zone: str


class CreatedContext(TypedDict):
    """What became of a batch. `states`: its writes, each with what pages call its state; `done`, `open_count` of them.

    `again`: address of the sheet that tries the rest again, "" where there is none.
    """

    workspace: Workspace
    zone: str
    states: Sequence[tuple[PartnerWrite, str]]
    done: int
    open_count: int
    asked_by: User | None
    asked_at: datetime
    no_worker: bool
    back: str
    again: str


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what would be created; on POST, have it written by the worker."""
    workspace = access.workspace_at(pk)
    chosen = ticked.of(request, workspace)
    if workspace.company is None:
        return redirect(chosen.back(workspace))
    if nothing := ticked.nothing(request, workspace, chosen):
        return nothing
    params = request.POST if request.method == "POST" else request.GET
    entity = "vendor" if params.get("entity") == Kind.VENDOR and workspace.people_to_vendors else "employee"
    lines, others = _lines(workspace, chosen, entity)
    if ticked.is_confirmed(request):
        return _create(request, workspace, chosen, lines)
    possible = [line for line in lines if not line.problem]
    # What has a clear suggestion would probably be there twice.
    keys = ticked.chosen_keys(request, at_first=(line.key for line in possible if line.row.clear is None))
    context: CreateContext = {
        **ticked.context_of(workspace, chosen),
        "listed": lines,
        "others": others,
        "entity": entity,
        "entities": ("employee", "vendor") if chosen.tab == "people" and workspace.people_to_vendors else (),
        "keys": keys,
        "note": actions.note_of(params),
        "count": sum(line.key in keys for line in possible),
        "read_at": workspace.company.pulled_at,
        "zone": workspace.time_zone,
    }
    return access.show(request, "desk/bulk_create.html", context, title="Create selected records in QuickBooks")


def _lines(workspace: Workspace, chosen: Ticked, entity: str) -> tuple[list[Line], int]:
    """Return the ticked rows with their drafts, and how many of them lack nothing that could be created."""
    rows = ticked.rows_of(workspace, chosen.tab, chosen.keys)
    lacking = [row for row in rows if row.ref.reason in REASONS and row.mismatch is not None]
    with names_read_once(workspace):
        return [_line(workspace, row, entity) for row in lacking], len(rows) - len(lacking)


def _line(workspace: Workspace, row: Row, entity: str) -> Line:
    try:
        return Line(row, submit.draft(workspace, _request_of(row, entity)))
    except Refused as refusal:
        return Line(row, None, str(refusal))


def _request_of(row: Row, entity: str) -> WriteRequest:
    """Return the request that the row's own button leads to."""
    requests = (
        [offer for offer in offers(row.mismatch) if (offer.verb, offer.side) == (CREATE, QUICKBOOKS)]
        if row.mismatch
        else []
    )
    found = next((request for request in requests if request.entity in {entity, Kind.CUSTOMER}), None)
    if found is None:
        raise Refused("Nothing can be created for it.")
    return found


def _create(request: HttpRequest, workspace: Workspace, chosen: Ticked, lines: Sequence[Line]) -> HttpResponse:
    try:
        shown, keys = _shown(request), set(request.POST.getlist("key"))
        wanted = [
            Wanted(line.draft.request, confirmed=shown[line.key][1], version=shown[line.key][0])
            for line in lines
            if line.draft is not None and line.key in keys & shown.keys()
        ]
        if not wanted:
            raise Refused("Nothing is selected that can be created.")
        requested = many.request_all(
            workspace, wanted, person=request.user, note=request.POST.get("note", "")[:500], now=database_now()
        )
    except Refused as refusal:
        messages.error(request, f"{refusal} Nothing was written.")
        return redirect(chosen.back(workspace))
    names = {line.draft.request: line.draft.full_name for line in lines if line.draft is not None}
    for left, why in requested.left_out[:20]:
        messages.warning(request, f"{names[left]}: {why} It is not created.")
    if not requested.number:
        return redirect(chosen.back(workspace))
    queue.enqueue_writes(requested.batch)
    return redirect("hourbridge:desk-created", workspace.pk, requested.batch)


def _shown(request: HttpRequest) -> dict[str, tuple[str, str]]:
    """Return version and fingerprint of what the sheet showed, by key. Raises Refused for one without a version."""
    shown: dict[str, tuple[str, str]] = {}
    for text in request.POST.getlist("shown"):
        key, _, rest = text.partition("=")
        version, _, fingerprint = rest.partition("=")
        shown[key] = (str(Version.parse(version)), fingerprint)
    return shown


def created(request: HttpRequest, pk: int, batch: UUID) -> HttpResponse:
    """Show what became of each record of a batch."""
    workspace = access.workspace_at(pk)
    writes = list(many.writes_of(batch).filter(workspace=workspace).order_by("pk"))
    if not writes:
        raise Http404
    states = [(write, journal.shown_state(write)) for write in writes]
    open_count = sum(write.state in OPEN_STATES for write in writes)
    first = writes[0]
    tab = TABS[WriteRequest.from_row(first.asked).kind]
    context: CreatedContext = {
        "workspace": workspace,
        "zone": workspace.time_zone,
        "states": states,
        "done": sum(write.state == PartnerWrite.State.DONE for write in writes),
        "open_count": open_count,
        "asked_by": first.person,
        "asked_at": first.created_at,
        "no_worker": open_count > 0 and queue.last_heartbeat() is None,
        "back": reverse(f"hourbridge:{tab}", args=[workspace.pk]),
        "again": _sheet_of(workspace, tab, [write for write in writes if write.state in NOT_CREATED]),
    }
    title = f"Creating {number(len(writes), 'record,records')} in QuickBooks"
    return access.show(request, "desk/bulk_created.html", context, title=title)


def _sheet_of(workspace: Workspace, tab: str, writes: Sequence[PartnerWrite]) -> str:
    """Return the address of the sheet that would create what these writes did not; "" for none."""
    if not writes:
        return ""
    rows = [("row", write.target.replace(":", "-", 1)) for write in writes]
    query = urlencode([("tab", tab), ("entity", writes[0].entity), *rows])
    return f"{reverse('hourbridge:desk-create', args=[workspace.pk])}?{query}"
