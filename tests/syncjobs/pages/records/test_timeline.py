"""A record's page tells what happened to it: seen, renamed, linked, decided, sent, waiting."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from integrations import roles
from integrations.models import (
    ClockifyClient,
    ClockifyProject,
    ClockifyUser,
    Customer,
    Employee,
    RecordChange,
    TimeEntry,
)
from syncjobs.pages.links import page_of
from syncjobs.support.history import timeline
from tests.support import people
from tests.support.page_text import main_text
from tests.support.scene import Scene


def texts(row: object) -> list[str]:
    return [event.text for event in timeline.of_record(row)]


@pytest.fixture
def renamed(scene: Scene, ada: str, site: str) -> str:
    """Send an entry of Ada on Site, then rename the project, and make its customer inactive. Return the entry."""
    entry_id = scene.entry(ada, site, "2026-03-02 09:00")
    scene.sync()
    scene.edit_project(site, name="Site 2")
    scene.deactivate("Customer", scene.partner_of(site))
    scene.check()
    return entry_id


def test_a_project_s_timeline_has_its_renaming_its_link_and_its_time(scene: Scene, renamed: str) -> None:
    found = texts(ClockifyProject.objects.get())

    assert found[-1] == "First seen in Clockify"
    assert "Renamed from “Site” to “Site 2”" in found
    assert any(re.match("Linked project Site with customer .*Site", text) for text in found)
    assert any(text.startswith("The link waits for review: Customer inactive") for text in found)
    assert "First time entry sent" in found and "Last sent; 1 entry is in QuickBooks" in found


def test_a_customer_s_timeline_has_what_became_of_it(scene: Scene, renamed: str, site: str) -> None:
    found = texts(Customer.objects.get(quickbooks_id=scene.partner_of(site)))

    assert "Made inactive" in found and found[-1] == "First seen in QuickBooks"
    assert any(text.startswith("Linked project Site") for text in found)


def test_decisions_and_waiting_time_are_there(client: Client, scene: Scene, site: str) -> None:
    ben = scene.user("Ben", partner=None)
    scene.entry(ben, site, "2026-03-02 09:00")
    scene.sync()
    scene.check()
    row = ClockifyUser.objects.get(clockify_id=ben)
    assert "1 entry held since" in texts(row)
    assert "Listed on the review desk: QuickBooks has no employee called Ben." in texts(row)

    scene.decide("ignore", "user", ben)

    client.force_login(people.person(role=roles.SUPPORT))
    page = main_text(client.get(page_of(row)))
    assert "Timeline" in page and "a command ignored the user Ben" in page


def test_refused_writes_of_a_record_s_time_are_there_with_code_and_words(
    client: Client, scene: Scene, ada: str, site: str
) -> None:
    scene.check()
    number = scene.partner_of(site)
    words = f"Names element id {number} not found"
    body = {"Fault": {"Error": [{"Message": "Refused", "Detail": words, "code": "9999"}], "type": "ValidationFault"}}
    scene.fault("status_before", status=400, body=body, times=1)
    scene.entry(ada, site, "2026-03-02 09:00")
    scene.sync()

    said = "QuickBooks refused to create the time of Ada, Site, Mon Mar 2, code 9999: “Refused: Names element id "
    named = (Employee.objects.get(name="Ada"), Customer.objects.get(name="Site"))
    for row in (
        ClockifyUser.objects.get(name="Ada"),
        ClockifyClient.objects.get(),
        ClockifyProject.objects.get(),
        *named,
    ):
        assert [text for text in texts(row) if text.startswith("QuickBooks refused")] == [
            f"{said}Acme:Site ({number}) not found”"
        ]
    assert not [text for text in texts(Customer.objects.get(name="Acme")) if text.startswith("QuickBooks refused")]
    client.force_login(people.person(role=roles.SUPPORT))
    entry = page_of(TimeEntry.objects.get())
    assert f'href="{entry}"' in client.get(page_of(ClockifyProject.objects.get())).content.decode()


def test_every_kind_has_a_page_with_a_timeline(client: Client, scene: Scene, renamed: str) -> None:
    client.force_login(people.person(role=roles.BOOKKEEPERS))

    for model in (ClockifyUser, ClockifyClient, ClockifyProject, Employee, Customer):
        assert "First seen in" in main_text(client.get(page_of(model._default_manager.earliest("pk"))))


def test_only_what_a_reading_found_changed_is_noted(scene: Scene, renamed: str) -> None:
    scene.check()
    scene.check()

    noted = set(RecordChange.objects.values_list("kind", "column", "before", "after"))
    assert ("ClockifyProject", "name", "Site", "Site 2") in noted
    assert len([change for change in noted if change[0] == "ClockifyProject"]) == 1
    assert RecordChange.objects.count() == len(noted)
