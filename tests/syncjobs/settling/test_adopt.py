"""Time that somebody had entered in QuickBooks by hand, adopted as the entry's own."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from integrations.models import ConnectionEvent
from mapping.errors import Refused
from syncjobs.models import RunItem
from syncjobs.settling.adopt import adopt
from tests.support.factories import ReceiptFactory, UserFactory
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene, run_command
from tests.syncjobs.runs.test_sync_blocked import put_by_hand

CLOCK = {
    "Hours": None,
    "Minutes": None,
    "StartTime": "2026-03-04T09:00:00-08:00",
    "EndTime": "2026-03-04T10:00:00-08:00",
}


@pytest.fixture
def entry(scene: Scene, ada: str, site: str) -> str:
    return scene.entry(ada, site, "2026-03-04 09:00", minutes=60, description="Review")


def take(scene: Scene, entry: str, key: str) -> None:
    adopt(scene.workspace, scene.mirrored(entry), key, now=timezone.now())


@pytest.mark.parametrize("form", [{}, CLOCK], ids=["a duration", "start and end"])
def test_adopted_time_is_sent_and_follows_later_edits(
    scene: Scene, ada: str, site: str, entry: str, form: dict[str, Any]
) -> None:
    key = put_by_hand(scene, ada, site, **form)
    assert scene.sync()["blocked_reasons"] == {"ALREADY_IN_QUICKBOOKS": 1}

    take(scene, entry, key)

    explained = scene.explain(entry)
    assert explained["state"] == "sent"
    # Another rate of theirs is told; who adopted it knows, so nobody is warned.
    assert ("rate", "80.00") in [(row["field"], row["now"]) for row in explained["differences"]]
    run = scene.sync()
    assert (run.counts, run["warnings"]) == ({"unchanged": 1}, {})
    scene.stretch(entry, 90)
    assert scene.sync().counts == {"updated": 1}
    assert scene.activity(entry)["Id"] == key
    assert_books_agree(scene)


def test_adopted_time_that_was_billed_is_left_alone(scene: Scene, ada: str, site: str, entry: str) -> None:
    key = put_by_hand(scene, ada, site, BillableStatus="HasBeenBilled")
    scene.sync()
    take(scene, entry, key)
    scene.delete_entry(entry)

    run = scene.sync()

    assert (run.counts, run["blocked_reasons"]) == ({}, {"BILLED_IN_QUICKBOOKS": 1})
    assert len(scene.activities()) == 1


def test_time_is_adopted_by_one_entry_only(scene: Scene, ada: str, site: str, entry: str) -> None:
    second_entry = scene.entry(ada, site, "2026-03-04 13:00", minutes=60)
    key = put_by_hand(scene, ada, site)
    assert scene.sync().counts == {"blocked": 2}
    take(scene, entry, key)

    with pytest.raises(Refused):
        take(scene, second_entry, key)

    # The adopted activity is ours now, and no longer an unowned equal of the other entry.
    assert scene.sync().counts == {"sent": 1, "unchanged": 1}


@pytest.mark.parametrize(
    "difference", [{"Minutes": 5}, {"TxnDate": "2026-03-05"}, {"Hours": None, "Minutes": None}], ids=str
)
def test_time_that_is_another_is_not_adopted(
    scene: Scene, ada: str, site: str, entry: str, difference: dict[str, Any]
) -> None:
    key = put_by_hand(scene, ada, site, **difference)
    scene.sync(dry_run=True)

    with pytest.raises(Refused):
        take(scene, entry, key)


@pytest.mark.parametrize("difference", [{"Minutes": 5}, {"customer": "Hall"}], ids=["length", "customer"])
def test_time_that_almost_fits_is_held_adopted_and_mended_as_an_edit(
    scene: Scene, ada: str, site: str, entry: str, difference: dict[str, Any]
) -> None:
    hall = scene.partner_of(scene.project("Hall"))
    fields = {"CustomerRef": {"value": hall}} if "customer" in difference else difference
    key = put_by_hand(scene, ada, site, Description="Review", HourlyRate=80, **fields)
    other = scene.entry(ada, site, "2026-03-04 13:00", minutes=30, description="Another matter")

    run = scene.sync()

    assert (run.code, run.counts, run["blocked_reasons"]) == (
        0,
        {"sent": 1, "blocked": 1},
        {"ALREADY_IN_QUICKBOOKS": 1},
    )
    assert scene.explain(other)["state"] == "sent"
    explained = scene.explain(entry)
    assert (explained["state"], explained.codes) == ("blocked", {"ALREADY_IN_QUICKBOOKS"})
    assert f"not sent from here ({key})" in explained["reasons"][0]["message"]
    adopted = run_command("resolve", entry, f"adopt={key}")
    assert (adopted.code, adopted["state"], adopted["reasons"]) == (0, "changed", [])
    assert "next sync brings it up" in adopted["message"]
    assert len(scene.activities()) == 2
    run = scene.sync()
    assert run.counts == {"updated": 1, "unchanged": 1}
    # Of another customer too it says that the entry has it, not that a link has changed.
    edited = "customer" if "customer" in difference else "time"
    assert RunItem.objects.get(run_id=run["run"], entry_id=entry).why == f"Edited in Clockify: {edited}."
    assert scene.activity(entry)["Id"] == key
    assert_books_agree(scene)


def test_a_link_that_changes_after_adopting_is_told_with_the_next_edit(
    scene: Scene, ada: str, site: str, entry: str
) -> None:
    key = put_by_hand(scene, ada, site, Description="Review", HourlyRate=80)
    scene.sync()
    take(scene, entry, key)
    before, hall = scene.partner_of(site), scene.partner_of(scene.project("Hall"))
    scene.check()
    scene.decide("link", "project", site, hall)
    scene.stretch(entry, 90)

    run = scene.sync()

    why = RunItem.objects.get(run_id=run["run"], entry_id=entry).why
    assert why == f"Edited in Clockify: time, and the customer is now {hall} Hall, it was {before}."


def test_time_that_almost_fits_and_was_billed_is_left_alone_after_adopting(
    scene: Scene, ada: str, site: str, entry: str
) -> None:
    key = put_by_hand(scene, ada, site, Description="Review", Minutes=5, BillableStatus="HasBeenBilled")
    scene.sync()
    take(scene, entry, key)

    run = scene.sync()

    assert (run.counts, run["blocked_reasons"]) == ({"blocked": 1}, {"BILLED_IN_QUICKBOOKS": 1})
    assert [activity["Minutes"] for activity in scene.activities()] == [5]


def test_time_that_almost_fits_is_sent_anyway_if_a_person_says_so(
    scene: Scene, ada: str, site: str, entry: str
) -> None:
    put_by_hand(scene, ada, site, Description="Review", Minutes=5)
    assert scene.sync()["blocked_reasons"] == {"ALREADY_IN_QUICKBOOKS": 1}

    assert run_command("resolve", entry, "send_anyway")["state"] == "ready"

    assert scene.sync().counts == {"sent": 1}
    assert len(scene.activities()) == 2


def test_two_entries_wait_for_one_activity_until_one_has_it(scene: Scene, ada: str, site: str, entry: str) -> None:
    key = put_by_hand(scene, ada, site, Description="Review", Minutes=5)
    second_entry = scene.entry(ada, site, "2026-03-04 13:00", minutes=30, description="Review")
    assert scene.sync().counts == {"blocked": 2}

    take(scene, entry, key)

    assert scene.explain(second_entry)["state"] == "ready"
    assert scene.sync().counts == {"sent": 1, "updated": 1}
    assert_books_agree(scene)


def test_an_empty_text_equals_no_other(scene: Scene, ada: str, site: str) -> None:
    put_by_hand(scene, ada, site, Minutes=5)
    scene.entry(ada, site, "2026-03-04 09:00", minutes=60, description="")

    assert scene.sync().counts == {"sent": 1}


def test_only_days_with_new_time_are_asked_about(scene: Scene, ada: str, site: str, entry: str) -> None:
    scene.entries(ada, site, 24, day=10)
    scene.sync()
    scene.zero_calls()
    assert scene.sync().counts == {"unchanged": 25}
    assert "GET query" not in scene.calls()
    scene.entry(ada, site, "2026-03-25 09:00", description="Review")

    scene.zero_calls()
    scene.sync()

    assert sum(count for route, count in scene.calls().items() if "query" in route.lower()) == 1


# --- what is refused -----------------------------------------------------------------------------------------
def test_an_activity_that_is_gone_is_not_adopted(scene: Scene, ada: str, site: str, entry: str) -> None:
    key = put_by_hand(scene, ada, site)
    scene.sync(dry_run=True)
    scene.delete_activity(key)

    with pytest.raises(Refused, match=f"no time activity {key} any more"):
        take(scene, entry, key)


def test_an_entry_that_was_sent_adopts_nothing(scene: Scene, ada: str, site: str, entry: str) -> None:
    scene.sync()
    key = put_by_hand(scene, ada, site)

    with pytest.raises(Refused, match="sent already"):
        take(scene, entry, key)
    assert scene.receipt(entry).quickbooks_id != key


def test_an_entry_whose_write_is_in_doubt_adopts_nothing(
    scene: Scene, ada: str, site: str, entry: str, settings: Any
) -> None:
    settings.GIVE_UP_SECONDS = 3
    scene.fault("cut_before", times=0)
    scene.fault("cut_before", "query.*TimeActivity", method="GET", skip=1, times=0)
    scene.sync()
    scene.clear_faults()
    key = put_by_hand(scene, ada, site)

    with pytest.raises(Refused, match="still in doubt"):
        take(scene, entry, key)


def test_time_of_somebody_else_is_not_adopted(scene: Scene, ada: str, site: str, entry: str) -> None:
    """An employee and a vendor may have the same id in QuickBooks."""
    _, person = scene.people[ada]
    key = put_by_hand(scene, ada, site, NameOf="Vendor", EmployeeRef=None, VendorRef={"value": person})
    scene.sync(dry_run=True)

    with pytest.raises(Refused, match="not of the same person"):
        take(scene, entry, key)


def test_nothing_is_adopted_while_a_link_is_missing(scene: Scene, ada: str, site: str, entry: str) -> None:
    key = put_by_hand(scene, ada, site)
    scene.sync(dry_run=True)
    scene.decide("unlink", "user", ada)

    with pytest.raises(Refused, match="not of the same person"):
        take(scene, entry, key)


# --- what is kept --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("of_ours", [True, False], ids=["an item of ours", "no item of ours"])
def test_who_adopts_takes_its_rate_and_item_as_they_are(
    scene: Scene, ada: str, site: str, entry: str, of_ours: bool
) -> None:
    person = UserFactory(username="dana")
    first, second = [row["Id"] for row in scene.books.records["Item"].values() if row["Type"] == "Service"][:2]
    scene.check()
    scene.policy(service_item=second if of_ours else "none")
    key = put_by_hand(scene, ada, site, HourlyRate=12, ItemRef={"value": first})
    scene.sync(dry_run=True)
    # Of an earlier activity, and of a correction beside it.
    gone = {"workspace": scene.workspace, "company": scene.workspace.company, "entry_id": entry, "state": "deleted"}
    ReceiptFactory(**gone, part=0)
    ReceiptFactory(**gone, part=1)

    now = timezone.now()
    adopt(scene.workspace, scene.mirrored(entry), key, now=now, person=person)

    receipt = scene.receipt(entry)
    assert (receipt.quickbooks_id, receipt.draft["rate"], receipt.draft["item_id"]) == (
        key,
        "12",
        first if of_ours else "",
    )
    assert {field: (note["by"], note["at"]) for field, note in receipt.noted.items()} == dict.fromkeys(
        ["rate", *(["item"] if of_ours else [])], ("dana", now.isoformat())
    )
    event = ConnectionEvent.objects.get(kind="adopted")
    assert (event.workspace, event.company, event.by) == (scene.workspace, scene.workspace.company, person)
    assert event.message == f"Activity {key} was adopted for time entry {entry}."


@pytest.mark.parametrize("of_ours", [True, False], ids=["as we would send them", "others"])
def test_who_adopts_has_its_class_and_location_only_where_they_are_ours(
    scene: Scene, ada: str, site: str, *, of_ours: bool
) -> None:
    scene.configure(ClassTrackingPerTxn=True, TrackDepartments=True)
    east, west = (scene.put("Class", {"Name": name})["Id"] for name in ("East", "West"))
    office, plant = (scene.put("Department", {"Name": name})["Id"] for name in ("Office", "Plant"))
    scene.check()
    scene.policy(**{"class": east, "location": office})
    entry = scene.entry(ada, site, "2026-03-04 09:00", minutes=60, description="Review")
    refs = {"ClassRef": east if of_ours else west, "DepartmentRef": office if of_ours else plant}
    key = put_by_hand(scene, ada, site, **{name: {"value": value} for name, value in refs.items()})
    scene.sync()

    take(scene, entry, key)

    draft = scene.receipt(entry).draft
    assert (draft["class_id"], draft["department_id"]) == ((east, office) if of_ours else ("", ""))


@pytest.mark.parametrize(("found", "kept"), [(30, "30"), (55, "")], ids=["as we would send it", "another"])
def test_who_adopts_has_its_cost_rate_only_where_it_is_ours(
    scene: Scene, ada: str, site: str, found: int, kept: str
) -> None:
    scene.policy(send_cost_rate="on")
    with scene.world.lock:
        scene.product.put_user({"id": ada, "costRate": 3000})
    entry = scene.entry(ada, site, "2026-03-04 09:00", minutes=60, description="Review")
    key = put_by_hand(scene, ada, site, CostRate=found)
    scene.sync()

    take(scene, entry, key)

    assert scene.receipt(entry).draft["cost_rate"] == kept
    # Theirs stays with an edit.
    scene.stretch(entry, 90)
    assert scene.sync().counts == {"updated": 1}
    assert scene.activity(entry)["CostRate"] == found
