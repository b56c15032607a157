"""Empties the database after a test that commits: the same end as Django's own `flush`, without its price.

`flush` writes to every table and then makes all content types and permissions anew, which is most of what a short
test costs. Here only tables that hold rows are emptied, the cache's among them, and content types and permissions
stay where they are, unless the test touched them: then Django flushes.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase

# Rows that migrating makes, and that `flush` therefore makes again.
STAY = ("django_content_type", "auth_permission")

_flush = TransactionTestCase._fixture_teardown
_as_made: list[Any] = []


def begin() -> None:
    """From here on tests are cleaned up after in this way; the database was just made."""
    _as_made[:] = _what_stays()
    TransactionTestCase._fixture_teardown = _clean_up


def _clean_up(test: TransactionTestCase) -> None:
    if _what_stays() != _as_made:
        _flush(test)
        _as_made[:] = _what_stays()
    # In one transaction, since constraints are looked at where it ends.
    with transaction.atomic(), connection.cursor() as cursor:
        for table in _tables_with_rows():
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


def _what_stays() -> list[Any]:
    found = []
    with connection.cursor() as cursor:
        for table in STAY:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} ORDER BY id")
            found.append(cursor.fetchall())
    return found


def _tables_with_rows() -> list[str]:
    ours = {*connection.introspection.django_table_names(include_views=False), settings.CACHES["default"]["LOCATION"]}
    with connection.cursor() as cursor:
        tables = sorted(ours & set(connection.introspection.table_names(cursor)) - set(STAY))
        asked = ", ".join(f"EXISTS(SELECT 1 FROM {connection.ops.quote_name(table)})" for table in tables)
        cursor.execute(f"SELECT {asked}")
        return [table for table, any_rows in zip(tables, cursor.fetchone(), strict=True) if any_rows]
