"""What pages of entries ask the database for does not grow with all that was ever sent."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.support.scene import Scene

# Those that lead to one entry's writes, or to the few that wait for somebody.
INDEXES = (
    "action_by_entry",
    "action_by_state",
    "action_needs_review",
    "action_one_on_its_way_per_entry",
    "action_unanswered",
)


@pytest.mark.any_database
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads small tables whole, whatever their indexes")
@pytest.mark.parametrize("page", ["/admin/integrations/timeentry/", "its own", "/admin/"])
def test_writes_are_found_by_their_entries(dana: Client, scene: Scene, ada: str, site: str, page: str) -> None:
    entry_id = scene.entry(ada, site)
    scene.sync()
    address = f"/admin/integrations/timeentry/{scene.mirrored(entry_id).pk}/change/" if page == "its own" else page

    with CaptureQueriesContext(connection) as asked:
        assert dana.get(address).status_code == 200

    plans = [line for query in asked.captured_queries for line in _plan_of(query["sql"])]
    assert [line for line in plans if "action" in line], "the page looks for writes"
    assert not [line for line in plans if "action" in line and not any(index in line for index in INDEXES)]


def _plan_of(sql: str) -> list[str]:
    if not sql.startswith("SELECT"):
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [str(row[-1]) for row in cursor.fetchall()]
