"""The page of the search: one press to what was meant, and what to do where nothing fits."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from integrations import roles
from integrations.models import ClockifyUser, TimeEntry
from syncjobs.models import Action, Run
from tests.support import people
from tests.support.factories import UserFactory
from tests.support.page_text import main_text
from tests.support.scene import Scene, run_command

FIND = "/admin/find/"


@pytest.fixture
def support(client: Client, db: None) -> Client:
    client.force_login(people.person(role=roles.SUPPORT))
    return client


def test_person_day_and_project_lead_to_the_entry_in_one_press(
    support: Client, scene: Scene, ada: str, site: str
) -> None:
    entry_id = scene.entry(ada, site, "2026-03-17 09:00", description="Relaunch")
    scene.sync()

    page = support.get(FIND, {"q": "ada mar 17 2026 site"})

    entry = TimeEntry.objects.get(clockify_id=entry_id)
    assert f'href="/admin/integrations/timeentry/{entry.pk}/change/"' in page.content.decode()
    assert "Tue Mar 17, Ada, Site Acme" in main_text(page) and "Sent" in main_text(page)


def test_an_id_alone_opens_its_page_at_once(support: Client, scene: Scene, ada: str, site: str) -> None:
    entry_id = scene.entry(ada, site, "2026-03-17 09:00")
    scene.sync()
    entry, user = TimeEntry.objects.get(), ClockifyUser.objects.get(clockify_id=ada)

    for text in (entry_id, Action.objects.get().intuit_tid):
        assert support.get(FIND, {"q": text})["Location"] == f"/admin/integrations/timeentry/{entry.pk}/change/"
    assert support.get(FIND, {"q": ada})["Location"] == f"/admin/integrations/clockifyuser/{user.pk}/change/"


def test_runs_and_codes_have_a_line_each(support: Client, scene: Scene) -> None:
    scene.sync()
    run = Run.objects.get()

    assert f"Time sync {run.pk}" in main_text(support.get(FIND, {"q": f"run {run.pk}"}))
    page = support.get(FIND, {"q": "6210"})
    assert "6210 the books are closed for that day." in main_text(page)
    assert f"/admin/workspaces/{scene.workspace.pk}/log/?from=" in page.content.decode()


def test_records_of_one_name_are_told_apart(support: Client, scene: Scene) -> None:
    for client in ("Acme", "Globex"):
        scene.project("Redesign", client=scene.client(client))
    run_command("check_for_new")

    text = main_text(support.get(FIND, {"q": "redesign"}))

    for place in ("Clockify project under Acme", "Customer under Globex"):
        assert place in text


def test_where_nothing_fits_it_says_what_was_read_and_from_when_time_goes(support: Client, scene: Scene) -> None:
    before = main_text(support.get(FIND, {"q": "nobody mar 17"}))
    scene.policy(start_date="2026-03-01")
    scene.sync()

    page = main_text(support.get(FIND, {"q": "nobody mar 17"}))

    assert "not read yet" in before
    assert "No results for “nobody mar 17”, read as Tue Mar 17" in page
    assert "read up to " in page and "time is sent from Sun Mar 1" in page
    assert "Ask Clockify" not in page


def test_support_asks_clockify_for_an_id_that_was_never_read(
    support: Client, scene: Scene, ada: str, site: str
) -> None:
    scene.check()
    entry_id = scene.entry(ada, site, "2026-03-17 09:00")
    assert "Ask Clockify for this id" in main_text(support.get(FIND, {"q": entry_id}))

    asked = support.post(FIND, {"q": entry_id})

    entry = TimeEntry.objects.get(clockify_id=entry_id)
    assert asked["Location"] == f"/admin/integrations/timeentry/{entry.pk}/change/"
    missing = main_text(support.post(FIND, {"q": "f" * 24}))
    assert f"Clockify has no time entry {'f' * 24}" in missing and "Ask Clockify" not in missing
    assert "is no id of Clockify or QuickBooks" in main_text(support.post(FIND, {"q": "who"}))


def test_rows_of_lists_that_one_may_not_see_are_left_out(client: Client, scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site, "2026-03-17 09:00")
    scene.sync()
    client.force_login(UserFactory.allowed("integrations.view_workspace", username="narrow"))

    page = main_text(client.get(FIND, {"q": "ada"}))

    assert "Tue Mar 17" not in page and "Clockify user" not in page


def test_the_box_is_on_every_page_of_who_may_look(support: Client, scene: Scene) -> None:
    for name in ("admin:index", "admin:integrations_timeentry_changelist", "hourbridge:search"):
        assert "data-anywhere" in support.get(reverse(name)).content.decode()
