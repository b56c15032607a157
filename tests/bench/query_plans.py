"""The query plans of a month's dry run for large tables: python -m tests.bench.query_plans FIRST LAST."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from typing import Any

import django
from django.core.management import call_command
from django.db import connection

django.setup()

# Grow with every entry ever mirrored or sent.
LARGE = ("integrations_timeentry", "syncjobs_entryverdict", "syncjobs_receipt")
READS = ("SELECT", "UPDATE", "DELETE")


def main() -> None:
    """Print every kind of statement on a large table with its plan, as JSON."""
    statements: dict[str, tuple[str, Any]] = {}

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(READS) and any(table in sql for table in LARGE):
            statements.setdefault(_shape(sql), (sql, params))
        return execute(sql, params, many, context)

    out = io.StringIO()
    with connection.execute_wrapper(note):
        call_command("sync_time", "--from", sys.argv[1], "--to", sys.argv[2], "--dry-run", "--json", stdout=out)
    plans = [{"sql": shape, "plan": _plan(sql, params)} for shape, (sql, params) in statements.items()]
    for plan in plans:
        plan["whole_table"] = any(_reads_all(line) for line in plan["plan"])
    print(json.dumps(plans))


def _shape(sql: str) -> str:
    """Return the statement without its columns and the length of its lists."""
    sql = re.sub(r"IN \((?:%s(?:, )?)+\)", "IN (...)", sql)
    sql = re.sub(r"^SELECT (DISTINCT )?.*? FROM", "SELECT ... FROM", sql)
    sql = re.sub(r"CASE .* END", "CASE ... END", sql)
    return sql.replace('"', "")[:400]


def _plan(sql: str, params: Any) -> list[str]:
    word = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{word} {sql}", params)
        return [str(row[-1])[:160] for row in cursor.fetchall()]


def _reads_all(line: str) -> bool:
    """Return whether a plan's line reads a whole large table: SQLite says SCAN, PostgreSQL Seq Scan."""
    large = any(table in line for table in LARGE)
    return large and ("Seq Scan" in line or line.lstrip().startswith("SCAN"))


if __name__ == "__main__":
    main()
