"""Users, clients and projects that time entries name and no list of Clockify has, stored like listed ones.

People who were removed before the first check, and users of a kiosk, are in no list (Clockify: users of a workspace).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from integrations.clockify.models import ClockifyClient, ClockifyProject, ClockifyUser, TimeEntry
from integrations.models import UnreadableRecord, Workspace
from integrations.reading import mirror

# By kind of record: the entries' column with its id, the record's columns by the entries' columns, and the column that
# says that nobody works with it any more.
KINDS: tuple[tuple[str, Any, str, dict[str, str], dict[str, bool]], ...] = (
    ("user", ClockifyUser, "user_id", {"name": "user_name"}, {"active": False}),
    ("client", ClockifyClient, "client_id", {"name": "client_name"}, {"archived": True}),
    (
        "project",
        ClockifyProject,
        "project_id",
        {"name": "project_name", "client_id": "client_id", "client_name": "client_name"},
        {"archived": True},
    ),
)


def store(workspace: Workspace, *, now: datetime) -> None:
    """Make the rows of records known from entries only equal to what the mirrored entries say.

    A record that no entry names any more is gone; a list that has it takes the row over (`mirror.store`).
    """
    for kind, model, id_column, columns, inactive in KINDS:
        entries = TimeEntry.objects.filter(workspace=workspace, deleted_at=None).exclude(**{id_column: ""}).order_by()
        named = set(entries.values_list(id_column, flat=True).distinct())
        rows = model.objects.filter(workspace=workspace)
        known = dict(rows.values_list("clockify_id", "from_entries"))
        ids = {record_id for record_id in named if known.get(record_id, True)}
        values = _values(workspace, id_column, columns, ids)
        # Listed, but unreadable: its name is to come from the list.
        unreadable = set(_unreadable(workspace, kind))
        missing = [
            model(
                workspace=workspace,
                clockify_id=record_id,
                from_entries=True,
                first_seen_at=now,
                last_seen_at=now,
                **inactive,
                **values[record_id],
            )
            for record_id in sorted(ids - set(known) - unreadable)
        ]
        with transaction.atomic():
            model.objects.bulk_create(missing, batch_size=mirror.BATCH, ignore_conflicts=True)
            for row in rows.filter(from_entries=True):
                _update(row, values.get(row.clockify_id), now=now)


def _unreadable(workspace: Workspace, kind: str) -> Iterable[str]:
    return UnreadableRecord.objects.filter(workspace=workspace, kind=kind).values_list("vendor_id", flat=True)


def _values(
    workspace: Workspace, id_column: str, columns: Mapping[str, str], ids: Collection[str]
) -> dict[str, dict[str, str]]:
    """Return the columns of these records, each by the latest entry that has a name for it."""
    values: dict[str, dict[str, str]] = {}
    id_list = sorted(ids)
    for start in range(0, len(id_list), mirror.BATCH):
        chunk = id_list[start : start + mirror.BATCH]
        entries = TimeEntry.objects.filter(workspace=workspace, deleted_at=None, **{f"{id_column}__in": chunk})
        for record_id, *texts in entries.order_by("start_at", "pk").values_list(id_column, *columns.values()):
            said = dict(zip(columns, texts, strict=True))
            if said["name"] or record_id not in values:
                values[record_id] = said
    return values


def _update(row: Any, values: Mapping[str, str] | None, *, now: datetime) -> None:
    """Save what differs; `values` is None where no entry names the record any more."""
    changes: dict[str, Any] = {name: value for name, value in (values or {}).items() if getattr(row, name) != value}
    if values is None and row.gone_at is None:
        changes["gone_at"] = now
    elif values is not None and row.gone_at is not None:
        changes["gone_at"] = None
    if values is not None:
        changes["last_seen_at"] = now
    if changes:
        type(row).objects.filter(pk=row.pk, from_entries=True).update(**changes)
