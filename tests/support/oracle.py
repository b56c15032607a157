"""The expected content of QuickBooks, computed from Clockify's records and the known pairs, without our rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from syncjobs.models import Receipt
from tests.support.scene import Scene

Fact = tuple[str, str, str, str, int, float, str, str]


def expected(scene: Scene, *, leave_out: Collection[str] = (), with_unbillable: bool = False) -> Counter[Fact]:
    """Return an activity for each finished, billable entry of a paired person on a paired project.

    `with_unbillable`: and for those that are not billable, without a rate.
    """
    facts: Counter[Fact] = Counter()
    for entry in scene.place.entries.values():
        if entry.id in leave_out or entry.end is None or entry.type != "REGULAR":
            continue
        if not (entry.billable or with_unbillable):
            continue
        if entry.user_id not in scene.people or entry.project_id not in scene.customers:
            continue
        minutes = (entry.end - entry.start + 30) // 60
        if minutes < 1 or entry.end - entry.start > 24 * 3600:
            continue
        zone = ZoneInfo(scene.clockify.users[entry.user_id].time_zone or "UTC")
        day = datetime.fromtimestamp(entry.start, UTC).astimezone(zone).date().isoformat()
        kind, person = scene.people[entry.user_id]
        rate = (scene.place.rate_of(entry) or 0) / 100 if entry.billable else 0
        status = "Billable" if entry.billable else "NotBillable"
        customer = scene.customers[entry.project_id]
        facts[kind, person, customer, day, minutes, rate, typed(entry.description), status] += 1
    return facts


def typed(text: str) -> str:
    """Return a text of Clockify as the person typed it; its ampersands come last, since each is decoded once."""
    for entity, sign in (
        ("lt", "<"),
        ("gt", ">"),
        ("quot", '"'),
        ("#39", "'"),
        ("#x27", "'"),
        ("apos", "'"),
        ("amp", "&"),
    ):
        text = text.replace(f"&{entity};", sign)
    return text


def actual(scene: Scene) -> Counter[Fact]:
    return Counter(map(fact, scene.activities()))


def fact(activity: dict[str, Any]) -> Fact:
    kind = activity["NameOf"]
    return (
        kind,
        activity[f"{kind}Ref"]["value"],
        activity["CustomerRef"]["value"],
        activity["TxnDate"],
        activity["Hours"] * 60 + activity["Minutes"],
        float(activity["HourlyRate"]),
        activity.get("Description", ""),
        activity["BillableStatus"],
    )


def assert_books_agree(scene: Scene, *, with_unbillable: bool = False) -> None:
    """Assert that QuickBooks holds exactly the expected time, and that exactly one receipt names each activity."""
    assert actual(scene) == expected(scene, with_unbillable=with_unbillable)
    named_ids = list(Receipt.objects.filter(state="sent").values_list("quickbooks_id", flat=True))
    assert sorted(named_ids) == sorted(activity["Id"] for activity in scene.activities())
