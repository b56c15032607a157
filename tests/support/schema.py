"""The tables of our apps in a database; `python -m tests.support.schema` prints what the migrations make."""

from __future__ import annotations

import json
import os
from typing import Any

from integrations.roles import OUR_APPS

Schema = dict[str, dict[str, list[Any]]]


def of(connection: Any) -> Schema:
    """Return the columns and the constraints of each table, without the names that Django or the database chose."""
    introspection = connection.introspection
    with connection.cursor() as cursor:
        # Django's own differ on PostgreSQL: its migrations make larger ids in the tables between two models.
        tables = [table for table in introspection.table_names(cursor) if table.partition("_")[0] in OUR_APPS]
        return {table: _table(connection, cursor, table) for table in sorted(tables)}


def _table(connection: Any, cursor: Any, table: str) -> dict[str, list[Any]]:
    introspection = connection.introspection
    columns = [
        [row.name, introspection.get_field_type(row.type_code, row), row.display_size, bool(row.null_ok)]
        for row in introspection.get_table_description(cursor, table)
    ]
    constraints = [
        [value["columns"], value["primary_key"], value["unique"], value["index"], value["check"], value["foreign_key"]]
        for value in introspection.get_constraints(cursor, table).values()
    ]
    return {"columns": sorted(columns), "constraints": sorted(constraints, key=repr)}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    print(json.dumps(of(connection)))


if __name__ == "__main__":
    main()
