"""Storing a vendor's records in our copy: new rows, changed rows, rows that are gone. No network here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction

from integrations.models import RecordChange
from integrations.reading import shrunk_lists
from integrations.reading.values import Columns

# Rows or ids per statement.
BATCH = 500


@dataclass
class Counts:
    """The number of records in one list, and of those that differ from our copy."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class MirroredList:
    """One list of a vendor as we keep it: the model of its rows, whose they are, and their column of the vendor's ids.

    `watched` are the columns whose difference counts as a change; time stamps of the vendor never do.
    """

    model: type[models.Model]
    owner: Mapping[str, Any]  # its workspace or company, by that name
    key: str
    watched: tuple[str, ...]

    @property
    def rows(self) -> models.QuerySet[Any]:
        return self.model._default_manager.filter(**self.owner)

    def id_of(self, row: Any) -> str:
        vendor_id: str = getattr(row, self.key)
        return vendor_id


def store(
    kept: MirroredList,
    rows: Mapping[str, Columns],
    *,
    now: datetime,
    listed: Collection[str] = (),
    is_whole: bool = True,
) -> Counts:
    """Make the kept rows equal to `rows` (vendor id to columns) in one transaction.

    `listed` are ids that came but could not be read: those are not gone, and nothing is unless the reading `is_whole`.
    Of a list that lost many records at once nothing is marked as gone until it is believed (`shrunk_lists`).
    """
    known = {kept.id_of(row): row for row in kept.rows}
    # A record that is known from time entries only was in no list, so no list can lose it.
    present = [row for row in known.values() if row.gone_at is None and not _is_from_entries(row)]
    missing_rows = [row for row in present if kept.id_of(row) not in rows and kept.id_of(row) not in listed]
    missing_ids = [kept.id_of(row) for row in missing_rows]
    is_believed = is_whole and shrunk_lists.believes(kept.model, kept.owner, missing_ids, known=len(present))
    missing = [row.pk for row in missing_rows] if is_believed else []
    counts = Counts(seen=len(rows), gone=len(missing))
    _write(kept, rows, known=known, missing=missing, counts=counts, now=now)
    return counts


def store_changes(kept: MirroredList, rows: Mapping[str, Columns], *, gone: Collection[str], now: datetime) -> Counts:
    """Store only what changed: `rows` are new or changed records, `gone` the ids that the vendor reports as deleted."""
    known: dict[str, Any] = {}
    ids = [*rows, *gone]
    for start in range(0, len(ids), BATCH):
        matching_rows = kept.rows.filter(**{f"{kept.key}__in": ids[start : start + BATCH]})
        known.update({kept.id_of(row): row for row in matching_rows})
    missing = [known[record_id].pk for record_id in gone if record_id in known and known[record_id].gone_at is None]
    counts = Counts(gone=len(missing))
    _write(kept, rows, known=known, missing=missing, counts=counts, now=now)
    # The vendor sent only changes, so all records are counted in our copy.
    counts.seen = kept.rows.filter(gone_at=None).count()
    return counts


def _write(
    kept: MirroredList,
    rows: Mapping[str, Columns],
    *,
    known: Mapping[str, Any],
    missing: Sequence[int],
    counts: Counts,
    now: datetime,
) -> None:
    model, manager = kept.model, kept.model._default_manager
    new_rows, updated_rows, unchanged_ids = [], [], []
    changes: list[RecordChange] = []
    for vendor_id, columns in rows.items():
        row = known.get(vendor_id)
        if row is None:
            counts.new += 1
            new_rows.append(
                model(**kept.owner, **{kept.key: vendor_id}, **columns, first_seen_at=now, last_seen_at=now)
            )
            continue
        changes += [
            RecordChange(**kept.owner, kind=model.__name__, vendor_id=vendor_id, at=now, **values)
            for values in _changed_values(row, columns, kept.watched)
        ]
        if _update(row, columns, kept.watched, counts):
            row.last_seen_at = now
            updated_rows.append(row)
        else:
            unchanged_ids.append(row.pk)
    with transaction.atomic():
        manager.bulk_create(new_rows, batch_size=BATCH)
        RecordChange.objects.bulk_create(changes, batch_size=BATCH)
        if updated_rows:
            columns_written = [*next(iter(rows.values())), "gone_at", "last_seen_at"]
            if hasattr(model, "from_entries"):
                columns_written.append("from_entries")
            # Django takes seconds to build a long statement, and PostgreSQL ends a transaction that is idle for long.
            manager.bulk_update(updated_rows, columns_written, batch_size=BATCH // 10)
        for start in range(0, len(missing), BATCH):
            manager.filter(pk__in=missing[start : start + BATCH]).update(gone_at=now)
        # Last, since these do not count as changes, and changes count before any row is held (`list_versions`).
        for start in range(0, len(unchanged_ids), BATCH):
            manager.filter(pk__in=unchanged_ids[start : start + BATCH]).update(last_seen_at=now)


def _changed_values(row: Any, columns: Columns, watched: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Yield column, value before and after of what changed; what time entries said of a record was no listed value."""
    if _is_from_entries(row):
        return
    for name in watched:
        if getattr(row, name) != columns[name]:
            yield {"column": name, "before": str(getattr(row, name))[:500], "after": str(columns[name])[:500]}


def _update(row: Any, columns: Columns, watched: tuple[str, ...], counts: Counts) -> bool:
    """Copy the columns that differ into the row and return whether it has to be saved."""
    changed = row.gone_at is not None or any(getattr(row, name) != columns[name] for name in watched)
    # In a list for the first time: what time entries said of it before does not count as seen.
    is_new = _is_from_entries(row)
    counts.new += is_new
    counts.changed += changed and not is_new
    # Columns that are not watched are saved as well, but do not count as a change.
    differs = changed or is_new or any(getattr(row, name) != value for name, value in columns.items())
    if differs:
        for name, value in columns.items():
            setattr(row, name, value)
        row.gone_at = None
        if is_new:
            row.from_entries = False
    return differs


def _is_from_entries(row: Any) -> bool:
    """Return whether a record was in no list so far, only in time entries (Clockify's records alone may be)."""
    return getattr(row, "from_entries", False)
