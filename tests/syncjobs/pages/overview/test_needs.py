"""*Needs you* adds up: a row for each cause, each leads to just its entries, and their hours are the held hours."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.test import Client

from integrations import roles
from integrations.models import TimeEntry, Workspace
from mapping.models import Mismatch
from sandbox.server import Running
from syncjobs.models import EntryStatus
from syncjobs.pages import navigation, waiting
from syncjobs.pages.overview.needs import Need
from tests.support import people
from tests.support.desk_forms import entry_version
from tests.support.factories import EntryStatusFactory, TimeEntryFactory
from tests.support.page_text import main_text
from tests.support.scene import FIRST, Scene

State = EntryStatus.State


@pytest.fixture
def scene(sandbox: Running, transactional_db: None) -> Scene:
    scene = Scene(sandbox).connect()
    scene.policy(start_date=FIRST)
    return scene


def rows_of(page: Any) -> list[Need]:
    return [need for group in page.context["needs"] for need in [*group.rows, *group.more]]


def listed(dana: Client, link: str) -> set[str]:
    """Return the texts of the entries that a row leads to."""
    page = dana.get(link)
    if "cl" in page.context:
        return {entry.description for entry in page.context["cl"].queryset}
    return {row.entry.description for row in page.context["rows"]}


def unlinked() -> int:
    return Mismatch.objects.filter(kind__in=("user", "client", "project")).exclude(reason="RENAMED").count()


def hold_time(scene: Scene) -> None:
    """Hold time for one cause after the other: 1 h, 2 h, 4 h … so that no two sums of them are equal."""
    ada, site = scene.user("Ada"), scene.project("Site", client=scene.client("Acme"))
    lost = scene.project("Lost", client=scene.client("Lost Ltd", customer=False), customer=False)
    euros = scene.project("Euros", client=scene.client("Europe", currencyCode="EUR"))
    kim = scene.user("Kim", partner=None)
    closed = {"start": "2026-03-02 09:00"}
    for text, user, project, details in (
        ("nobody", kim, lost, {}),
        ("lost", ada, lost, {}),
        ("none", ada, "", {}),
        ("closed", ada, site, closed),
        ("long", ada, site, {"minutes": 26 * 60}),
        ("euros", ada, euros, {}),
        ("there", ada, site, {"start": "2026-03-12 09:00", "minutes": 480}),
    ):
        details = {"start": "2026-03-10 09:00", **details}
        scene.entry(user, project, details.pop("start"), description=text, **details)
    scene.configure(BookCloseDate="2026-03-03")
    scene.put(
        "TimeActivity",
        {
            "NameOf": "Employee",
            "EmployeeRef": {"value": scene.partner_of(ada)},
            "CustomerRef": {"value": scene.partner_of(site)},
            "TxnDate": "2026-03-12",
            "Hours": 8,
            "Minutes": 0,
        },
    )


def test_the_rows_add_up_to_what_is_held_and_each_lists_just_its_time(dana: Client, scene: Scene) -> None:
    hold_time(scene)
    scene.sync()

    page = dana.get("/admin/")
    (held,) = page.context["needs"]
    (card,) = page.context["cards"]

    assert held.minutes == card.figures.held.minutes > 0
    assert held.entries == card.figures.held.entries == len(scene.place.entries)
    texts = {need.name: listed(dana, need.entries_link) for need in rows_of(page)}
    assert texts.pop("Kim") == {"nobody"} and texts.pop("Lost Ltd") == {"lost"}
    assert sorted(text for found in texts.values() for text in found) == ["closed", "euros", "long", "none", "there"]
    assert f"Held {held.minutes / 60:.2f} h {held.entries} entries" in main_text(page)


def test_refused_in_doubt_and_changed_time_stand_beside_held_time(dana: Client, scene: Scene) -> None:
    ada, site = scene.user("Ada"), scene.project("Site")
    billed, gone, plain = scene.entries(ada, site, 3)
    scene.sync()
    for entry in (billed, gone):
        scene.bill(scene.receipt(entry).quickbooks_id)
    scene.stretch(billed, 95)
    scene.delete_entry(gone)
    refusal = {"Fault": {"Error": [{"Message": "no", "Detail": "no", "code": "6330"}], "type": "ValidationFault"}}
    scene.fault("status_before", status=400, body=refusal, times=0)
    refused = scene.entry(ada, site, "2026-03-20 09:00", description="refused")
    scene.sync()
    scene.clear_faults()
    scene.edit_entry(plain, description="the next sync takes it over")
    scene.check()

    page = dana.get("/admin/")
    rows = {need.name: need for need in rows_of(page)}

    assert rows["Changed after sending"].entries == 2
    assert listed(dana, rows["Refused by QuickBooks"].entries_link) >= {"refused"}
    assert EntryStatus.objects.get(entry__clockify_id=refused).state == "failed"
    changed_page = dana.get(rows["Changed after sending"].entries_link)
    assert {row.entry.clockify_id for row in changed_page.context["rows"]} == {billed, gone}
    assert navigation.open_decisions() == unlinked() + 2


def test_a_workspace_with_changed_time_is_not_working_until_it_is_decided(dana: Client, scene: Scene) -> None:
    billed = scene.entry(scene.user("Ada"), scene.project("Site"))
    scene.sync()
    assert "Working" in main_text(dana.get("/admin/"))
    scene.bill(scene.receipt(billed).quickbooks_id)
    scene.stretch(billed, 95)
    scene.sync()

    page_text = main_text(dana.get("/admin/"))
    assert "Needs attention 1 entry changed after sending; decide what to do with each." in page_text
    desk = f"/admin/workspaces/{scene.workspace.pk}/changed/"
    entry = scene.mirrored(billed)
    dana.post(desk, {"verb": "leave", "entry": str(entry.pk), "version": entry_version(entry)})

    assert "Working" in main_text(dana.get("/admin/"))
    assert navigation.open_decisions() == unlinked()


def test_names_beyond_those_with_a_row_are_one_row_that_lists_them(
    dana: Client, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    for number in range(waiting.MAX_NAMES + 5):
        reason = {"code": "USER_NOT_MAPPED", "user": "?", "kind": "user", "id": f"user{number}"}
        entry = TimeEntryFactory(workspace=workspace, txn_date=date(2026, 3, 2))
        EntryStatusFactory(entry=entry, state=State.BLOCKED, held=True, minutes=600 - number, reasons=[reason])

    with django_assert_max_num_queries(29):
        page = dana.get("/admin/")
    (held,) = page.context["needs"]

    assert len(held.rows) == 8 and len(held.more) == waiting.MAX_NAMES - 8 + 1
    assert held.minutes == sum(600 - number for number in range(waiting.MAX_NAMES + 5))
    assert held.more[-1].name == "5 more names"
    (link,) = re.findall(r'href="([^"]*cause=more[^"]*)"', page.content.decode())[:1]
    assert dana.get(unescape(link)).context["cl"].result_count == 5
    assert TimeEntry.objects.filter(waiting.of_cause(waiting.MORE, workspace.pk)).count() == 5


def test_people_who_may_only_look_are_not_asked_to_decide(dana: Client, scene: Scene) -> None:
    scene.entry(scene.user("Kim", partner=None), scene.project("Site"))
    scene.check()
    reader = Client()
    reader.force_login(people.person("erin", role=roles.SUPPORT))

    assert "Decide about Kim" in main_text(dana.get("/admin/"))
    page = main_text(reader.get("/admin/"))

    assert "Show Kim" in page and "Decide" not in page
