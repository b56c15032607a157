"""Clockify to mirror: people, clients and projects, and the time entries of a window."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from integrations import mirror
from integrations.clockify import payloads
from integrations.clockify.client import ClockifyClient
from integrations.clockify.models import ClockifyClient as ClientRow
from integrations.clockify.models import ClockifyProject, ClockifyUser, TimeEntry
from integrations.clockify.row_buffer import RowBuffer
from integrations.errors import Unexpected
from integrations.models import Workspace

# On which day each of some entries lies, by id.
DayOf = Callable[[Collection[payloads.EntryPayload]], Mapping[str, date]]
# Rows updated by one statement.
UPDATE_BATCH = 50
ENTRY_COLUMNS = tuple(field.name for field in fields(payloads.EntryPayload) if field.name != "id")


def client_for(workspace: Workspace, *, run_id: int | None = None) -> ClockifyClient:
    return ClockifyClient(
        api_key=workspace.api_key,
        api_url=workspace.api_url,
        reports_url=workspace.reports_url,
        account_id=workspace.clockify_id,
        run_id=run_id,
    )


def pull_lists(workspace: Workspace, client: ClockifyClient, *, now: datetime) -> dict[str, mirror.Counts]:
    """Read users, clients and projects whole, then write each list in one transaction."""
    wid = workspace.clockify_id
    users = dict(_user(raw, wid) for raw in client.users(wid))
    clients = dict(map(_client, client.clients(wid)))
    projects = dict(map(_project, client.projects(wid)))
    owner = {"workspace": workspace}
    counts = {
        "users": mirror.store(
            ClockifyUser,
            owner=owner,
            key="clockify_id",
            rows=users,
            watched=("name", "active", "email"),
            now=now,
        ),
        "clients": mirror.store(
            ClientRow,
            owner=owner,
            key="clockify_id",
            rows=clients,
            watched=("name", "archived", "currency"),
            now=now,
        ),
        "projects": mirror.store(
            ClockifyProject,
            owner=owner,
            key="clockify_id",
            rows=projects,
            watched=("name", "archived", "client_id"),
            now=now,
        ),
    }
    Workspace.objects.filter(pk=workspace.pk).update(pulled_at=now)
    return counts


def pull_workspace(workspace: Workspace, client: ClockifyClient, *, now: datetime) -> dict[str, mirror.Counts]:
    """Pull users, clients and projects, and Clockify's rounding where the workspace goes by it."""
    counts = pull_lists(workspace, client, now=now)
    if workspace.rounding == Workspace.Rounding.CLOCKIFY:
        details = client.workspace(workspace.clockify_id)
        rounding = payloads.rounding(details.get("workspaceSettings"))
        Workspace.objects.filter(pk=workspace.pk).update(report_rounding=rounding)
    workspace.refresh_from_db()
    return counts


def keep_record(workspace: Workspace, collection: str, raw: Mapping[str, Any], *, now: datetime) -> str:
    """Write one client or project into the mirror as Clockify answered it, new or known; gives its id."""
    model: Any = ClientRow if collection == "clients" else ClockifyProject
    record_id, columns = _client(raw) if collection == "clients" else _project(raw)
    values = {**columns, "last_seen_at": now, "gone_at": None}
    model.objects.update_or_create(
        workspace=workspace,
        clockify_id=record_id,
        defaults=values,
        create_defaults={**values, "first_seen_at": now},
    )
    if collection == "clients":
        ClockifyProject.objects.filter(workspace=workspace, client_id=record_id).update(client_name=columns["name"])
    return record_id


def _user(raw: Mapping[str, Any], workspace_id: str) -> tuple[str, dict[str, Any]]:
    user = payloads.user(raw, workspace_id=workspace_id)
    columns = {"name": user.name, "email": user.email, "active": user.active, "time_zone": user.time_zone}
    return user.id, {**columns, "raw": dict(raw)}


def _client(raw: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    client = payloads.client(raw)
    return client.id, {
        "name": client.name,
        "archived": client.archived,
        "currency": client.currency,
        "raw": dict(raw),
    }


def _project(raw: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    project = payloads.project(raw)
    columns = {
        "name": project.name,
        "archived": project.archived,
        "client_id": project.client_id,
        "client_name": project.client_name,
        "billable": project.billable,
    }
    # `duration` grows with every entry; kept out, so that a busy project is not rewritten at each check.
    return project.id, {**columns, "raw": {name: value for name, value in raw.items() if name != "duration"}}


def read_entries(
    workspace: Workspace, client: ClockifyClient, *, first: date, last: date
) -> tuple[RowBuffer, set[str] | None]:
    """Clockify's rows around days `first` to `last`, and which of them are approved (None: nobody asked).

    Asks for one UTC day more on each side: an owner's day begins up to 14 hours before or after UTC's.
    """
    first, last = first - timedelta(days=1), last + timedelta(days=1)
    rows = RowBuffer(client.report(workspace.clockify_id, first=first, last=last))
    if not workspace.approved_only:
        return rows, None
    found = client.report(workspace.clockify_id, first=first, last=last, approved=True)
    return rows, {payloads.identifier(row) for row in found}


def store_entries(
    workspace: Workspace,
    rows: Iterable[Mapping[str, Any]],
    *,
    day_of: DayOf,
    approved: set[str] | None,
    now: datetime,
) -> dict[str, date]:
    """Write entries as Clockify has them now; says on which day each one lies.

    Raises Unexpected for one it can't read.
    """
    wanted: dict[str, tuple[payloads.EntryPayload, Mapping[str, Any]]] = {}
    for raw in rows:
        try:
            entry = payloads.entry(raw)
        except (ValueError, AttributeError) as problem:
            raise Unexpected(f"Clockify sent a time entry that can't be read: {problem}.", vendor="clockify") from None
        wanted[entry.id] = (entry, raw)
    ids = list(wanted)
    days: dict[str, date] = {}
    with transaction.atomic():
        for start in range(0, len(ids), mirror.BATCH):
            some = {key: wanted[key] for key in ids[start : start + mirror.BATCH]}
            days.update(_store_some(workspace, some, day_of=day_of, approved=approved, now=now))
    return days


def _store_some(
    workspace: Workspace,
    wanted: Mapping[str, tuple[payloads.EntryPayload, Mapping[str, Any]]],
    *,
    day_of: DayOf,
    approved: set[str] | None,
    now: datetime,
) -> Mapping[str, date]:
    known = {row.clockify_id: row for row in TimeEntry.objects.filter(workspace=workspace, clockify_id__in=wanted)}
    clients = _clients_of_projects(workspace, wanted)
    days = day_of([entry for entry, _ in wanted.values()])
    fresh, touched, seen_only = [], [], []
    for key, (entry, raw) in wanted.items():
        row = known.get(key)
        if entry.project_id in clients and not entry.client_id:
            client_id, client_name = clients[entry.project_id]
            entry = replace(entry, client_id=client_id, client_name=client_name)
        columns = _entry_columns(entry, raw, days[key], row, None if approved is None else key in approved)
        if row is None:
            made = TimeEntry(workspace=workspace, clockify_id=key, first_seen_at=now, last_seen_at=now, **columns)
            fresh.append(made)
        elif row.deleted_at is not None or any(getattr(row, name) != value for name, value in columns.items()):
            for name, value in columns.items():
                setattr(row, name, value)
            row.deleted_at, row.last_seen_at = None, now
            touched.append(row)
        else:
            seen_only.append(row.pk)
    TimeEntry.objects.bulk_create(fresh)
    if touched:
        written = [
            *ENTRY_COLUMNS,
            "txn_date",
            "approved",
            "content_hash",
            "raw",
            "deleted_at",
            "last_seen_at",
        ]
        # Django takes seconds to build a long one of these, and PostgreSQL ends a transaction that is silent for long.
        for start in range(0, len(touched), UPDATE_BATCH):
            TimeEntry.objects.bulk_update(touched[start : start + UPDATE_BATCH], written)
    TimeEntry.objects.filter(pk__in=seen_only).update(last_seen_at=now)
    return days


def _clients_of_projects(
    workspace: Workspace, wanted: Mapping[str, tuple[payloads.EntryPayload, Mapping[str, Any]]]
) -> dict[str, tuple[str, str]]:
    """Where an entry does not say whose project it is (the regular API never does), our list of projects does."""
    ids = {entry.project_id for entry, raw in wanted.values() if "clientId" not in raw and entry.project_id}
    rows = ClockifyProject.objects.filter(workspace=workspace, clockify_id__in=ids) if ids else ()
    return {row.clockify_id: (row.client_id, row.client_name) for row in rows}


def _entry_columns(
    entry: payloads.EntryPayload,
    raw: Mapping[str, Any],
    day: date,
    row: TimeEntry | None,
    approved: bool | None,
) -> dict[str, Any]:
    columns = {name: getattr(entry, name) for name in ENTRY_COLUMNS}
    if "invoicingInfo" not in raw and row is not None:
        # The regular API knows neither invoices nor names: what the report said before stays.
        columns["invoiced"] = row.invoiced
    if approved is None and row is not None:
        approved = row.approved
    for name in ("user_name", "project_name", "client_id", "client_name"):
        if not columns[name] and row is not None and row.project_id == entry.project_id:
            columns[name] = getattr(row, name)
    return {
        **columns,
        "txn_date": day,
        "approved": approved,
        "content_hash": entry.content_hash,
        "raw": dict(raw),
    }
