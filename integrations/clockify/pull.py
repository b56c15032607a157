"""Pull of users, clients, projects, and the time entries of a window into the mirror."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Model

from integrations.clockify import entry_payloads, payloads
from integrations.clockify.client import ClockifyApiClient
from integrations.clockify.models import ClockifyClient as ClientRow
from integrations.clockify.models import ClockifyProject, ClockifyUser, EntryMove, TimeEntry
from integrations.clockify.row_buffer import RowBuffer
from integrations.models import Workspace
from integrations.reading import mirror, unreadable
from integrations.reading.mirror import MirroredList
from integrations.reading.unreadable import Reading
from integrations.reading.values import Columns, Raw

# Returns the day of each entry, by entry id.
DayOf = Callable[[Collection[entry_payloads.EntryPayload]], Mapping[str, date]]
# Rows updated by one statement: Django takes seconds to build a long one, and PostgreSQL ends a transaction that is
# idle for long.
UPDATE_BATCH = 50
ENTRY_COLUMNS = tuple(column.name for column in fields(entry_payloads.EntryPayload) if column.name != "id")
# Each kind of record in a list, its rows, and the columns whose changes are counted.
MIRRORED: tuple[tuple[str, type[Model], tuple[str, ...]], ...] = (
    ("user", ClockifyUser, ("name", "active", "email")),
    ("client", ClientRow, ("name", "archived", "currency")),
    ("project", ClockifyProject, ("name", "archived", "client_id")),
)
UPDATED_COLUMNS = (
    *ENTRY_COLUMNS,
    "txn_date",
    "approved",
    "content_hash",
    "raw",
    "deleted_at",
    "edited_at",
    "last_seen_at",
)


def pull_lists(
    workspace: Workspace, client: ClockifyApiClient, *, reading: Reading, now: datetime
) -> dict[str, mirror.Counts]:
    """Read users, clients and projects whole, then store each list in one transaction. Raises ApiError.

    Records that can't be read are noted in `reading` and listed for people; they are not gone.
    """
    workspace_id = workspace.clockify_id
    rows = {
        "user": _columns_by_id(
            reading, "user", client.users(workspace_id), partial(_user_columns, workspace_id=workspace_id)
        ),
        "client": _columns_by_id(reading, "client", client.clients(workspace_id), _client_columns),
        "project": _columns_by_id(reading, "project", client.projects(workspace_id), _project_columns),
    }
    unreadable.keep(reading, workspace, tuple(rows), now=now)
    counts = {
        f"{kind}s": mirror.store(
            MirroredList(model, {"workspace": workspace}, "clockify_id", watched),
            rows[kind],
            now=now,
            listed=reading.ids(kind),
            is_whole=reading.is_whole(kind),
        )
        for kind, model, watched in MIRRORED
    }
    Workspace.objects.filter(pk=workspace.pk).update(pulled_at=now)
    return counts


def _columns_by_id(
    reading: Reading, kind: str, rows: Iterable[Any], columns: Callable[[Any], tuple[str, Columns]]
) -> dict[str, Columns]:
    return dict(read for read, _ in reading.each(kind, rows, columns, id_of=payloads.identifier))


def pull_workspace(
    workspace: Workspace, client: ClockifyApiClient, *, reading: Reading, now: datetime
) -> dict[str, mirror.Counts]:
    """Pull users, clients and projects, and Clockify's rounding if the workspace uses it. Raises ApiError."""
    counts = pull_lists(workspace, client, reading=reading, now=now)
    if workspace.rounds_as_clockify:
        details = client.workspace(workspace.clockify_id)
        rounding = payloads.rounding(details.get("workspaceSettings"))
        Workspace.objects.filter(pk=workspace.pk).update(report_rounding=rounding)
    workspace.refresh_from_db()
    return counts


def keep_record(workspace: Workspace, collection: str, raw: Raw, *, now: datetime) -> str:
    """Store one client or project in the mirror as Clockify answered it, new or known; return its id."""
    model: Any = ClientRow if collection == "clients" else ClockifyProject
    record_id, columns = _client_columns(raw) if collection == "clients" else _project_columns(raw)
    if collection == "clients" and raw.get("currencyCode") is None:
        # The answer to a change has none (OpenAPI: ClientDtoV1), which says nothing about the client's currency.
        del columns["currency"]
    values = {**columns, "last_seen_at": now, "gone_at": None, "from_entries": False}
    model.objects.update_or_create(
        workspace=workspace,
        clockify_id=record_id,
        defaults=values,
        create_defaults={**values, "first_seen_at": now},
    )
    # Projects repeat the name of their client; a rename would otherwise show there only after the next pull.
    if collection == "clients":
        ClockifyProject.objects.filter(workspace=workspace, client_id=record_id).update(client_name=columns["name"])
    return record_id


def _user_columns(raw: Raw, workspace_id: str) -> tuple[str, Columns]:
    user = payloads.user(raw, workspace_id=workspace_id)
    columns = {"name": user.name, "email": user.email, "active": user.active, "time_zone": user.time_zone}
    return user.id, {**columns, "raw": dict(raw)}


def _client_columns(raw: Raw) -> tuple[str, Columns]:
    client = payloads.client(raw)
    return client.id, {
        "name": client.name,
        "archived": client.archived,
        "currency": client.currency,
        "raw": dict(raw),
    }


def _project_columns(raw: Raw) -> tuple[str, Columns]:
    project = payloads.project(raw)
    columns = {
        "name": project.name,
        "archived": project.archived,
        "client_id": project.client_id,
        "client_name": project.client_name,
        "billable": project.billable,
    }
    # Without `duration`, which grows with every entry: a busy project would be rewritten by each check.
    return project.id, {**columns, "raw": {name: value for name, value in raw.items() if name != "duration"}}


def read_entries(
    workspace: Workspace, client: ClockifyApiClient, *, first: date, last: date
) -> tuple[RowBuffer, set[str] | None, int]:
    """Return Clockify's rows around the days `first` to `last`, the ids of approved ones, and how many rows lack.

    The ids are None where they are not needed; rows lack that the report's own total counts and that never came.
    Reads one UTC day more on each side: a user's day begins up to 14 hours before or after UTC's. Raises ApiError.
    """
    first, last = first - timedelta(days=1), last + timedelta(days=1)
    lacking: list[int] = []
    rows = RowBuffer(client.report(workspace.clockify_id, first=first, last=last, on_short=lacking.append))
    if not workspace.approved_only:
        return rows, None, sum(lacking)
    # The rows do not contain the approval state, but the report can be filtered by it.
    approved_rows = client.report(workspace.clockify_id, first=first, last=last, approved=True)
    return rows, {payloads.identifier(row) for row in approved_rows}, sum(lacking)


def store_entries(
    workspace: Workspace,
    rows: Iterable[Any],
    *,
    reading: Reading,
    day_of: DayOf,
    approved: set[str] | None,
    now: datetime,
) -> dict[str, date]:
    """Store entries as Clockify has them now and return their days by id; those that can't be read are noted."""
    parsed = reading.each("entry", rows, entry_payloads.entry, id_of=payloads.identifier)
    entries_by_id = {entry.id: (entry, raw) for entry, raw in parsed}
    ids = list(entries_by_id)
    days: dict[str, date] = {}
    with transaction.atomic():
        for start in range(0, len(ids), mirror.BATCH):
            chunk = {entry_id: entries_by_id[entry_id] for entry_id in ids[start : start + mirror.BATCH]}
            days.update(_store_chunk(workspace, chunk, day_of=day_of, approved=approved, now=now))
    return days


def _store_chunk(
    workspace: Workspace,
    entries_by_id: Mapping[str, tuple[entry_payloads.EntryPayload, Mapping[str, Any]]],
    *,
    day_of: DayOf,
    approved: set[str] | None,
    now: datetime,
) -> Mapping[str, date]:
    known = {
        row.clockify_id: row for row in TimeEntry.objects.filter(workspace=workspace, clockify_id__in=entries_by_id)
    }
    clients = _clients_of_projects(workspace, entries_by_id)
    days = day_of([entry for entry, _ in entries_by_id.values()])
    writes = _ChunkWrites(workspace, now)
    for entry_id, (entry, raw) in entries_by_id.items():
        row = known.get(entry_id)
        if entry.project_id in clients and not entry.client_id:
            client_id, client_name = clients[entry.project_id]
            entry = replace(entry, client_id=client_id, client_name=client_name)
        # Whether it has a client is known then, and a project that lost its client has none.
        is_client_known = "clientId" in raw or entry.project_id in clients
        columns = _entry_columns(
            entry,
            raw,
            days[entry_id],
            row,
            None if approved is None else entry_id in approved,
            is_client_known=is_client_known,
        )
        if row is None:
            writes.add_new(entry_id, columns)
        elif row.deleted_at is not None or any(getattr(row, name) != value for name, value in columns.items()):
            writes.add_changed(row, columns)
        else:
            writes.unchanged_ids.append(row.pk)
    writes.save()
    return days


@dataclass
class _ChunkWrites:
    """Rows of one chunk of entries to insert and to update, collected so that few statements write them."""

    workspace: Workspace
    now: datetime
    new_rows: list[TimeEntry] = field(default_factory=list)
    updated_rows: list[TimeEntry] = field(default_factory=list)
    unchanged_ids: list[int] = field(default_factory=list)
    moves: list[EntryMove] = field(default_factory=list)

    def add_new(self, entry_id: str, columns: Mapping[str, Any]) -> None:
        seen = {"first_seen_at": self.now, "last_seen_at": self.now}
        self.new_rows.append(TimeEntry(workspace=self.workspace, clockify_id=entry_id, **seen, **columns))

    def add_changed(self, row: TimeEntry, columns: Mapping[str, Any]) -> None:
        """Set the row's columns, and note an edit, or a move to another day."""
        if row.content_hash != columns["content_hash"]:
            row.edited_at = self.now
        if row.txn_date != columns["txn_date"]:
            self.moves.append(EntryMove(workspace=self.workspace, entry=row, txn_date=row.txn_date, at=self.now))
        for name, value in columns.items():
            setattr(row, name, value)
        # An entry that Clockify has again is no longer deleted.
        row.deleted_at, row.last_seen_at = None, self.now
        self.updated_rows.append(row)

    def save(self) -> None:
        TimeEntry.objects.bulk_create(self.new_rows)
        EntryMove.objects.bulk_create(self.moves)
        for start in range(0, len(self.updated_rows), UPDATE_BATCH):
            TimeEntry.objects.bulk_update(self.updated_rows[start : start + UPDATE_BATCH], UPDATED_COLUMNS)
        TimeEntry.objects.filter(pk__in=self.unchanged_ids).update(last_seen_at=self.now)


def _clients_of_projects(
    workspace: Workspace, entries_by_id: Mapping[str, tuple[entry_payloads.EntryPayload, Mapping[str, Any]]]
) -> dict[str, tuple[str, str]]:
    """Return client id and name by project id, for entries without a client (the regular API never sends it)."""
    ids = {entry.project_id for entry, raw in entries_by_id.values() if "clientId" not in raw and entry.project_id}
    rows = ClockifyProject.objects.filter(workspace=workspace, clockify_id__in=ids) if ids else ()
    return {row.clockify_id: (row.client_id, row.client_name) for row in rows}


def _entry_columns(
    entry: entry_payloads.EntryPayload,
    raw: Raw,
    day: date,
    row: TimeEntry | None,
    approved: bool | None,
    *,
    is_client_known: bool,
) -> Columns:
    columns = {name: getattr(entry, name) for name in ENTRY_COLUMNS}
    if "invoicingInfo" not in raw and row is not None:
        # The regular API sends neither invoices nor names: the values of the last report stay.
        columns["invoiced"] = row.invoiced
    # Not read this time, which must not erase what is known.
    if approved is None and row is not None:
        approved = row.approved
    if columns["task_id"] and not columns["task_name"] and row is not None and row.task_id == columns["task_id"]:
        columns["task_name"] = row.task_name
    known_tags = dict(row.tags) if row is not None else {}
    columns["tags"] = [[key, name or known_tags.get(key, "")] for key, name in entry.tags]
    for name in ("user_name", "project_name", *(() if is_client_known else ("client_id", "client_name"))):
        if not columns[name] and row is not None and row.project_id == entry.project_id:
            columns[name] = getattr(row, name)
    return {
        **columns,
        "txn_date": day,
        "approved": approved,
        "content_hash": entry.content_hash,
        "raw": dict(raw),
    }
