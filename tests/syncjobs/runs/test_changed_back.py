"""Time that people changed by hand in QuickBooks and later changed back is theirs no more, once a run reads it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.support.page_text import main_text
from tests.support.scene import Scene


@pytest.fixture
def changed(scene: Scene, ada: str, site: str) -> str:
    """Create an entry whose time was changed by hand, as a run noted; the entry itself is as it was sent."""
    entry = scene.entry(ada, site, "2026-03-04 09:00", description="Review")
    assert scene.sync().counts == {"sent": 1}
    scene.put("TimeActivity", {"Id": scene.receipt(entry).quickbooks_id, "Hours": 5})
    scene.edit_entry(entry, description="Rework")
    assert scene.sync()["blocked_reasons"] == {"CHANGED_IN_QUICKBOOKS": 1}
    scene.edit_entry(entry, description="Review")
    assert scene.sync().counts == {"unchanged": 1}
    assert scene.receipt(entry).conflict == "CHANGED_IN_QUICKBOOKS"
    return entry


def waits(client: Client, scene: Scene) -> bool:
    page = main_text(client.get(f"/admin/workspaces/{scene.workspace.pk}/changed/"))
    return "changed or deleted by hand in QuickBooks after it was sent" in page


def edit_another(scene: Scene) -> None:
    other = scene.entry(next(iter(scene.people)), next(iter(scene.place.projects)), "2026-03-20 09:00")
    assert scene.sync()["sent"] == 1
    scene.stretch(other, 90)


def test_a_run_that_reads_activities_anyway_looks_at_it_in_the_same_query(
    scene: Scene, changed: str, admin_client: Client
) -> None:
    edit_another(scene)
    scene.put("TimeActivity", {"Id": scene.receipt(changed).quickbooks_id, "Hours": 1})
    assert waits(admin_client, scene)
    scene.zero_calls()

    assert scene.sync().counts == {"updated": 1, "unchanged": 1}

    # Of its activities, and of the invoices and sales receipts that may have billed them.
    assert scene.calls()["GET query"] == 3
    assert scene.receipt(changed).conflict == ""
    assert not waits(admin_client, scene)


@pytest.mark.parametrize("how", [{"Hours": 5}, {"Hours": 1, "BillableStatus": "NotBillable"}, None], ids=str)
def test_what_is_still_changed_or_gone_stays_noted(scene: Scene, changed: str, how: dict[str, Any] | None) -> None:
    edit_another(scene)
    key = scene.receipt(changed).quickbooks_id
    if how is None:
        scene.delete_activity(key)
    else:
        scene.put("TimeActivity", {"Id": key, **how})

    assert scene.sync().counts == {"updated": 1, "unchanged": 1}

    assert scene.receipt(changed).conflict == "CHANGED_IN_QUICKBOOKS"


def test_nothing_is_asked_for_it_alone(scene: Scene, changed: str) -> None:
    scene.zero_calls()

    assert scene.sync().counts == {"unchanged": 1}

    assert "GET query" not in scene.calls()
