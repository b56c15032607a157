"""Two people, or two tabs of one, before the same row: the second is told, and nothing of the first is lost."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from integrations import roles
from integrations.models import Workspace
from mapping.decisions.versions import at_time
from mapping.models import Decision, Link, MappingOverride
from sandbox.server import Running
from syncjobs.models import EntryStatus
from tests.support.factories import UserFactory
from tests.support.page_text import main_text, text
from tests.support.scene import FIRST, Scene
from tests.syncjobs.pages.conftest import LOOK


@pytest.fixture
def scene(sandbox: Running, transactional_db: None) -> Scene:
    """Create Acme with a project that QuickBooks has under another name, and two hours that wait for it."""
    scene = Scene(sandbox).connect()
    scene.policy(start_date=FIRST)
    scene.acme = acme = scene.client("Acme")
    scene.site = scene.project("Website", client=acme, customer=False)
    scene.sub = scene.put(
        "Customer", {"DisplayName": "Web site 2026", "Job": True, "ParentRef": {"value": scene.customers[acme]}}
    )["Id"]
    for day in ("04", "05"):
        scene.entry(scene.user(f"Ada {day}"), scene.site, f"2026-03-{day} 09:00")
    scene.check()
    return scene


def person(name: str) -> Client:
    client = Client()
    client.force_login(UserFactory.allowed(*LOOK, *roles.ACT_RIGHTS, username=name))
    return client


@pytest.fixture
def maria(scene: Scene) -> Client:
    return person("Maria")


@pytest.fixture
def dana(scene: Scene) -> Client:
    return person("dana")


def projects(workspace: Workspace) -> str:
    return f"/admin/workspaces/{workspace.pk}/projects/"


def form(page: Any, verb: str, record: str, **values: str) -> dict[str, str]:
    """Return the fields of the form that takes this decision, as the page has it."""
    for body in re.findall(r"<form[^>]*data-decide.*?</form>", page.content.decode(), re.DOTALL):
        fields = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', body)}
        if (fields.get("verb"), fields.get("id")) == (verb, record):
            return fields | values
    raise AssertionError(f"no form to {verb} {record}")


def test_an_older_tab_is_told_who_did_what_and_changes_nothing(dana: Client, maria: Client, scene: Scene) -> None:
    address = f"{projects(scene.workspace)}?open=project-{scene.site}"
    first, second = maria.get(address), dana.get(address)
    maria.post(address, form(first, "link", scene.site, partner=f"customer:{scene.sub}"))
    ready = EntryStatus.objects.filter(state="ready").count()

    answer = dana.post(projects(scene.workspace), form(second, "ignore", scene.site, note="not ours"))

    when = at_time(Decision.objects.latest("pk").at, zone=scene.workspace.time_zone)
    assert answer.status_code == 422
    assert f"Maria linked this project to Acme:Web site 2026 {when}. Nothing was changed." in main_text(answer)
    assert "Linked by Maria since" in main_text(answer), "the row shows its present state"
    assert Link.objects.filter(kind="project", quickbooks_id=scene.sub).exists()
    assert not MappingOverride.objects.exists() and ready == 2
    assert EntryStatus.objects.filter(state="ready").count() == 2
    # The row as it is now can be decided about.
    dana.post(projects(scene.workspace), form(answer, "ignore", scene.site, note="not ours"))
    assert MappingOverride.objects.get().note == "not ours"


def test_a_script_gets_the_row_in_sight_with_its_present_state(dana: Client, maria: Client, scene: Scene) -> None:
    address = f"{projects(scene.workspace)}?open=project-{scene.site}"
    old = dana.get(address)
    maria.post(address, form(old, "ignore", scene.site, note="ours"))

    answer = dana.post(
        projects(scene.workspace),
        form(old, "link", scene.site, partner=f"customer:{scene.sub}"),
        headers={"X-Desk": "1"},
    )

    part = answer.content.decode()
    assert answer.status_code == 422 and "Maria ignored this project" in part
    assert re.search(rf'id="project-{scene.site}" [^>]*data-kept', part)
    assert "Stop ignoring" in part and not Link.objects.filter(kind="project").exists()


def test_a_client_that_was_decided_above_its_projects_is_told_too(dana: Client, maria: Client, scene: Scene) -> None:
    scene.decide("unlink", "client", scene.acme)
    address = projects(scene.workspace)
    old = dana.get(address)
    maria.post(address, form(maria.get(address), "link", scene.acme))

    answer = dana.post(address, form(old, "link", scene.acme))

    assert answer.status_code == 422 and "Maria linked this client to Acme at" in main_text(answer)


def test_an_undo_that_somebody_was_faster_with_says_so(dana: Client, maria: Client, scene: Scene) -> None:
    address = f"{projects(scene.workspace)}?open=project-{scene.site}"
    maria.post(address, form(maria.get(address), "ignore", scene.site))
    undo = {"verb": "undo", "decision": str(Decision.objects.get().pk)}
    maria.post(address, undo)

    answer = dana.post(projects(scene.workspace), undo)

    assert answer.status_code == 422
    assert re.search(r"Maria undid the decision about Website at \d\d:\d\d\. Nothing was changed\.", text(answer))


def test_a_decision_without_the_version_of_a_page_is_refused(dana: Client, scene: Scene) -> None:
    answer = dana.post(projects(scene.workspace), {"verb": "ignore", "kind": "project", "id": scene.site})

    assert answer.status_code == 422 and "Nothing was changed." in main_text(answer)
    assert not Decision.objects.exists()


def test_a_customer_is_not_created_for_what_was_linked_or_ignored_meanwhile(
    dana: Client, maria: Client, scene: Scene
) -> None:
    address = f"{projects(scene.workspace)}?open=project-{scene.site}"
    create = {"verb": "create", "side": "quickbooks", "entity": "customer", "kind": "project"}
    page = dana.get(
        f"/admin/workspaces/{scene.workspace.pk}/desk/write/", create | {"clockify_id": scene.site, "back": address}
    )
    fields = dict(re.findall(r'<input type="(?:hidden|text)"[^>]*name="(\w+)" value="([^"]*)"', page.content.decode()))
    maria.post(address, form(maria.get(address), "ignore", scene.site))
    scene.zero_calls()

    answer = dana.post(page.wsgi_request.path, {name: unescape(value) for name, value in fields.items()})

    assert answer.status_code == 422 and "Maria ignored this project at" in main_text(answer)
    assert not scene.calls().get("customer") and MappingOverride.objects.get().choice == "ignored"


@pytest.fixture
def together() -> Iterator[Any]:
    """Give a function that runs several calls in threads at the very same moment and returns what they return."""

    def run(*calls: Any) -> list[Any]:
        barrier, answers = threading.Barrier(len(calls)), [None] * len(calls)

        def work(place: int) -> None:
            try:
                barrier.wait()
                answers[place] = calls[place]()
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=(place,)) for place in range(len(calls))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    yield run


@pytest.mark.parametrize("repetition", range(3))
def test_of_two_at_the_very_same_moment_one_decides_and_the_other_is_told(
    scene: Scene, together: Any, repetition: int
) -> None:
    people = [person(name) for name in ("Maria", "dana", "Zoe")]
    address = f"{projects(scene.workspace)}?open=project-{scene.site}"
    pages = [client.get(address) for client in people]
    forms = [
        form(pages[0], "link", scene.site, partner=f"customer:{scene.sub}"),
        form(pages[1], "ignore", scene.site),
        form(pages[2], "link", scene.site, partner=f"customer:{scene.sub}"),
    ]

    answers = together(*(lambda place=place: people[place].post(address, forms[place]) for place in range(3)))

    assert sorted(answer.status_code for answer in answers) == [302, 422, 422]
    decision = Decision.objects.get()
    refused = [answer for answer in answers if answer.status_code == 422]
    assert all(f"{decision.person.get_username()} " in main_text(answer) for answer in refused)
    assert all("Nothing was changed." in main_text(answer) for answer in refused)
    assert MappingOverride.objects.exists() is (decision.verb == "ignore")
    assert Link.objects.filter(kind="project").exists() is (decision.verb == "link")


def test_matching_after_two_decisions_at_once_lists_only_what_is_open(scene: Scene, together: Any) -> None:
    """Both end with matching again: neither overwrites what the other decided."""
    shop = scene.project("Shop", customer=False)
    lone = scene.put("Customer", {"DisplayName": "Shop Ltd"})["Id"]
    scene.check()
    people, address = [person("Maria"), person("dana")], projects(scene.workspace)
    forms = [
        form(people[0].get(f"{address}?open=project-{scene.site}"), "ignore", scene.site),
        form(people[1].get(f"{address}?open=project-{shop}"), "link", shop, partner=f"customer:{lone}"),
    ]

    answers = together(*(lambda place=place: people[place].post(address, forms[place]) for place in range(2)))

    assert [answer.status_code for answer in answers] == [302, 302]
    assert "Everything is decided." in main_text(people[0].get(address))
