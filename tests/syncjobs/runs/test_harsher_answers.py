"""The product under answers that are harsher than most of the world: sent once, right, and the next run unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import ClockifyClient, ClockifyUser, Workspace
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene

SWITCHES: list[dict[str, Any]] = [
    {"clockify_entities_in_api": "all", "clockify_entities_in_reports": "all"},
    {"clockify_entities_in_reports": "descriptions"},
    {"clockify_entities_in_api": "descriptions"},
    {"clockify_report_currency": False},
    {"clockify_users_listed": "owner_of_key"},
    {"timeactivity_recorded_fields": True},
    {"txn_date_with_time": True},
    {"timeactivity_recorded_fields": True, "txn_date_with_time": True, "clockify_report_currency": False},
]


def names_of(switches: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in switches.items())


@pytest.mark.parametrize("switches", SWITCHES, ids=names_of)
def test_time_is_sent_once_and_the_next_run_changes_nothing(scene: Scene, switches: dict[str, Any]) -> None:
    scene.switch(**switches)
    scene.policy(start_date="2026-03-01")
    ada = scene.user("Ada O'Neill & Daughters")
    site = scene.project("R&D <east>", client=scene.client('Acme & "Sons"'), hourlyRate=8000)
    entry = scene.entry(ada, site, minutes=89.7, description="R&D <b>first</b>")
    other = scene.entry(ada, site, "2026-03-05 09:00", minutes=30)
    scene.check()

    assert scene.sync().counts == {"sent": 2}

    assert scene.activity(entry)["Description"] == "R&D <b>first</b>"
    assert (scene.activity(entry)["TxnDate"], scene.activity(entry)["HourlyRate"]) == ("2026-03-04", 80)
    scene.check()
    assert scene.sync().counts == {"unchanged": 2}
    scene.stretch(other, 45)
    assert scene.sync().counts == {"unchanged": 1, "updated": 1}
    scene.delete_entry(other)
    assert scene.sync().counts == {"unchanged": 1, "deleted": 1}
    assert_books_agree(scene)


def test_what_people_changed_is_still_seen_among_recorded_fields(scene: Scene, ada: str, site: str) -> None:
    scene.switch(timeactivity_recorded_fields=True, txn_date_with_time=True)
    entry = scene.entry(ada, site)
    scene.check()
    scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(entry).quickbooks_id, "Hours": 5, "Minutes": 0})
    scene.stretch(entry, 90)

    result = scene.sync()

    assert (result.counts, result["blocked_reasons"]) == ({"blocked": 1}, {"CHANGED_IN_QUICKBOOKS": 1})


def test_somebody_elses_time_is_found_by_its_day_though_it_comes_with_a_time(scene: Scene, ada: str, site: str) -> None:
    scene.switch(timeactivity_recorded_fields=True, txn_date_with_time=True)
    scene.entry(ada, site)
    scene.check()
    work = {"NameOf": "Employee", "EmployeeRef": {"value": scene.partner_of(ada)}, "BillableStatus": "Billable"}
    work |= {"CustomerRef": {"value": scene.partner_of(site)}, "TxnDate": "2026-03-04", "Hours": 1, "Minutes": 0}
    scene.put("TimeActivity", work)

    assert scene.sync()["blocked_reasons"] == {"ALREADY_IN_QUICKBOOKS": 1}


def test_names_with_entities_are_those_that_people_typed(scene: Scene) -> None:
    scene.switch(clockify_entities_in_api="all", clockify_entities_in_reports="all")
    scene.place.name = "Tom & Jerry"
    scene.client("Acme & Sons")
    scene.user("Ada & Ben")
    scene.connect()

    assert scene.check().code == 0

    assert Workspace.objects.get().name == "Tom & Jerry"
    assert set(ClockifyClient.objects.values_list("name", flat=True)) == {"Acme & Sons"}
    assert ClockifyUser.objects.filter(name="Ada & Ben").exists()
    assert scene.decide("mapping", "--workspace", "Tom & Jerry")
