"""What items and writes keep of their plan, those of older releases included."""

from __future__ import annotations

from datetime import UTC, datetime

from syncjobs.ledger import snapshots
from syncjobs.ledger.snapshots import ItemSnapshot
from syncjobs.models import Action, RunItem

# As releases stored it before corrections, resent links, time that is not billable and cost rates.
OLD_DRAFT = {
    "person_kind": "employee",
    "person_id": "59",
    "customer_id": "84",
    "txn_date": "2026-03-09",
    "minutes": 90,
    "description": "Design",
    "rate": "80",
    "item_id": "7",
}
OLD_WRITE = {"content_hash": "a1", "start_at": "2026-03-09T10:40:00+00:00", "draft": OLD_DRAFT}


def test_a_write_of_an_older_release_can_be_read() -> None:
    write = Action(source_snapshot=OLD_WRITE)
    assert (snapshots.part_of(write), snapshots.source_of(write)) == (0, {})
    assert (snapshots.content_hash_of(write), snapshots.start_of(write)) == (
        "a1",
        datetime(2026, 3, 9, 10, 40, tzinfo=UTC),
    )
    sent = snapshots.draft_of(write)
    assert (sent.minutes, sent.is_billable, sent.class_id, sent.cost_rate) == (90, True, "", "")


def test_a_write_keeps_what_its_receipt_will_say() -> None:
    planned: ItemSnapshot = {
        "content_hash": "a1",
        "start_at": "2026-03-09T10:40:00+00:00",
        "part": 2,
        "source": {"user": "u"},
    }
    write = Action(source_snapshot=snapshots.for_write(RunItem(source_snapshot=planned, draft=OLD_DRAFT)))
    assert (snapshots.part_of(write), snapshots.source_of(write)) == (2, {"user": "u"})
    assert snapshots.draft_of(write).minutes == 90


def test_the_keys_that_queries_look_for_are_those_that_are_written() -> None:
    assert {RunItem.ACTION, RunItem.TRIED, RunItem.TAKEN} <= ItemSnapshot.__annotations__.keys()
