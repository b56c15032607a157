"""Fill a mirror that holds one month with years of sent time before it: python -m tests.bench.fill_mirror TOTAL.

Copies the rows there are, day by day, with their statuses and receipts, until the mirror holds about TOTAL entries.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import django
from django.db import connection, models, transaction

django.setup()

from integrations.models import TimeEntry, Workspace  # noqa: E402
from syncjobs.models import EntryStatus, Receipt  # noqa: E402

SHIFT = timedelta(days=28)
OF_DAY = "source.workspace_id = %s AND source.txn_date = %s"


def main() -> None:
    """Print the resulting numbers of entries and receipts as JSON."""
    total, workspace = int(sys.argv[1]), Workspace.objects.get()
    days = sorted(set(TimeEntry.objects.values_list("txn_date", flat=True)))
    for copy in range(1, total // TimeEntry.objects.count()):
        with transaction.atomic():
            for day in days:
                _copy_day(workspace, day, copy)
    _add_statuses()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(json.dumps({"entries": TimeEntry.objects.count(), "receipts": Receipt.objects.count()}))


def _copy_day(workspace: Workspace, day: date, copy: int) -> None:
    copied_day = day - copy * SHIFT
    start = datetime.combine(copied_day, time(9), UTC)
    mark, now = f"-{copy}", datetime.now(UTC)
    _insert(
        TimeEntry,
        {"clockify_id": ("source.clockify_id || %s", mark), "txn_date": ("%s", copied_day), "start_at": ("%s", start)},
        OF_DAY,
        [workspace.pk, day],
    )
    values: dict[str, tuple[str, Any]] = {
        "company_id": ("%s", workspace.company_id),
        "workspace_id": ("source.workspace_id", None),
        "entry_id": ("source.clockify_id || %s", mark),
        "quickbooks_id": ("source.id || %s", mark),
        "sync_token": ("%s", "0"),
        "state": ("%s", "sent"),
        "content_hash": ("source.content_hash", None),
        "start_at": ("%s", start),
        "txn_date": ("%s", copied_day),
        "minutes": ("%s", 60),
        "draft": ("%s", DRAFT),
        "trouble": ("%s", ""),
        "differences": ("%s", "[]"),
        "sent_at": ("%s", now),
        "changed_at": ("%s", now),
        "part": ("%s", 0),
        "corrections": ("%s", 0),
        "billed_on": ("NULL", None),
        "answered": ("NULL", None),
        "source": ("%s", "{}"),
        "noted": ("%s", "{}"),
        "run_id": ("NULL", None),
    }
    _insert(Receipt, values, OF_DAY, [workspace.pk, day], source=TimeEntry)


def _add_statuses() -> None:
    """Add the status "sent" to every entry without one."""
    values: dict[str, tuple[str, Any]] = {
        "entry_id": ("source.id", None),
        "state": ("%s", "sent"),
        "reasons": ("%s", "[]"),
        "warnings": ("%s", "[]"),
        "cause": ("%s", ""),
        "held": ("%s", False),
        "minutes": ("%s", 60),
        "evaluated_at": ("%s", datetime.now(UTC)),
        "since": ("NULL", None),
    }
    has_status = f"SELECT 1 FROM {_table(EntryStatus)} AS known WHERE known.entry_id = source.id"
    _insert(EntryStatus, values, f"NOT EXISTS ({has_status})", [], source=TimeEntry)


DRAFT = json.dumps(
    {
        "person_kind": "employee",
        "person_id": "1",
        "customer_id": "1",
        "txn_date": "2025-01-01",
        "minutes": 60,
        "description": "work",
        "rate": "90",
        "item_id": "",
    }
)


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _insert(
    model: type[models.Model],
    values: dict[str, tuple[str, Any]],
    where: str,
    facts: list[Any],
    *,
    source: type[models.Model] | None = None,
) -> None:
    """Run INSERT ... SELECT over every column but the key; those not in `values` are copied."""
    columns = [field.column for field in model._meta.local_fields if not field.primary_key]
    parts = [values.get(column, (f"source.{column}", None)) for column in columns]
    params = [value for text, value in parts if "%s" in text]
    sql = (
        f"INSERT INTO {_table(model)} ({', '.join(columns)}) SELECT {', '.join(text for text, _ in parts)} "
        f"FROM {_table(source or model)} AS source WHERE {where}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*map(_adapted, params), *facts])


def _adapted(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


if __name__ == "__main__":
    main()
