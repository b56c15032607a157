"""A backup of our tables, and of what the model knows that only they hold."""

from __future__ import annotations

import copy
import io
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction

APPS = ("integrations", "mapping", "syncjobs")
# People's rules here; what else the settings have is the other side's.
OURS = ("rounding", "longest_hours", "approved_only", "block_invoiced", "send_nonbillable", "item")
OURS += ("ignored_entries", "kept", "connected")


def empty_tables() -> None:
    tables = [
        connection.ops.quote_name(model._meta.db_table)
        for app in APPS
        for model in apps.get_app_config(app).get_models()
    ]
    with transaction.atomic(), connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")


@dataclass
class Backup:
    """The rows, and the model's receipts, decisions and rules as they were."""

    sent: dict[str, Any]
    pairs: dict[Any, Any]
    overrides: dict[Any, str]
    rules: dict[str, Any]
    rows: str = field(repr=False)


def make(history: Any) -> Backup:
    rows = io.StringIO()
    call_command("dumpdata", *APPS, stdout=rows)
    return Backup(
        copy.deepcopy(history.books.sent),
        copy.deepcopy(history.mapping.pairs),
        dict(history.mapping.overrides),
        copy.deepcopy({name: getattr(history.settings, name) for name in OURS}),
        rows.getvalue(),
    )


def restore(history: Any, backup: Backup) -> None:
    empty_tables()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "backup.json"
        file.write_text(backup.rows)
        call_command("loaddata", str(file), verbosity=0)
    history.books.sent = copy.deepcopy(backup.sent)
    history.mapping.pairs = copy.deepcopy(backup.pairs)
    history.mapping.overrides = dict(backup.overrides)
    for name, value in copy.deepcopy(backup.rules).items():
        setattr(history.settings, name, value)
