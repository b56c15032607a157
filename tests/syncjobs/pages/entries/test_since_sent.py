"""Sent entries whose rate or link changed: told on the overview and the entry's page, until a person takes note."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.support.page_text import main_text, text
from tests.support.scene import Scene


@pytest.fixture
def sent(scene: Scene, ada: str, site: str) -> list[str]:
    """Send two entries at 80.00 that cost 150.00 now."""
    entries = [scene.entry(ada, site, f"2026-03-0{day} 09:00") for day in (4, 5)]
    assert scene.sync().counts == {"sent": 2}
    scene.edit_project(site, hourlyRate=15000)
    assert scene.sync()["warnings"] == {"RATE_CHANGED": 2}
    return entries


def address(scene: Scene) -> str:
    return f"/admin/workspaces/{scene.workspace.pk}/since-sent/"


def page_of(scene: Scene, entry: str) -> str:
    return f"/admin/integrations/timeentry/{scene.mirrored(entry).pk}/change/"


def values(content: str) -> list[str]:
    return re.findall(r'name="noted" value="([^"]+)"', content)


def test_the_overview_leads_to_them_and_the_workspace_stays_in_order(
    dana: Client, scene: Scene, sent: list[str]
) -> None:
    front = dana.get("/admin/")

    assert "2 sent entries have a different rate or link now" in main_text(front)
    assert "Working" in main_text(front) and "Needs attention" not in main_text(front)
    assert address(scene) in front.content.decode()
    listed = main_text(dana.get(address(scene)))
    assert listed.count("Rate changed after sending. Rate: sent 80.00, now 150.00. RATE_CHANGED") == 2


def test_note_is_taken_on_the_entrys_page_until_the_rate_changes_again(
    dana: Client, scene: Scene, site: str, sent: list[str]
) -> None:
    page = dana.get(page_of(scene, sent[0]))
    assert "Rate: sent 80.00, now 150.00" in main_text(page)
    [value] = values(page.content.decode())

    answer = dana.post(address(scene), {"noted": value, "back": page_of(scene, sent[0])}, follow=True)

    assert "Acknowledged 1 change" in text(answer)
    after = main_text(answer)
    assert (
        "Acknowledge " not in after
        and "Acknowledged Rate 150.00, by dana" in after
        and "rate: sent 80.00, now 150.00" in after
    )
    assert scene.sync()["warnings"] == {"RATE_CHANGED": 1}
    scene.edit_project(site, hourlyRate=16000)
    assert scene.sync()["warnings"] == {"RATE_CHANGED": 2}


def test_all_of_a_page_are_noted_at_once_but_not_what_changed_since(
    dana: Client, scene: Scene, site: str, sent: list[str]
) -> None:
    shown = values(dana.get(address(scene)).content.decode())[:2]
    scene.edit_project(site, hourlyRate=16000)
    scene.sync()

    assert "look at it again" in text(dana.post(address(scene), {"noted": shown}, follow=True))
    assert scene.sync()["warnings"] == {"RATE_CHANGED": 2}
    shown = values(dana.get(address(scene)).content.decode())[:2]
    assert "Acknowledged 2 changes" in text(dana.post(address(scene), {"noted": shown}, follow=True))
    assert scene.sync()["warnings"] == {}
    assert "Nothing is different today" in main_text(dana.get(address(scene)))


def test_another_person_is_named(dana: Client, scene: Scene, ada: str, sent: list[str]) -> None:
    before = scene.partner_of(ada)
    employee = scene.put("Employee", {"DisplayName": "Linus"})["Id"]
    scene.check()
    scene.decide("link", "user", ada, employee)

    page_text = main_text(dana.get(page_of(scene, sent[0])))

    assert f"Link changed after sending. Person: sent {before} Ada, now {employee} Linus" in page_text


def test_visitors_look_and_take_no_note(visitor: Client, scene: Scene, sent: list[str]) -> None:
    page = visitor.get(address(scene))

    assert "Rate changed" in main_text(page) and "Acknowledge" not in main_text(page)
    assert visitor.post(address(scene), {"noted": "x"}).status_code == 403


def test_the_list_takes_as_many_queries_for_two_as_for_one(
    dana: Client, scene: Scene, sent: list[str], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(30) as two:
        dana.get(address(scene))
    [value, *_] = values(dana.get(address(scene)).content.decode())
    dana.post(address(scene), {"noted": value})
    with django_assert_max_num_queries(30) as one:
        dana.get(address(scene))

    assert len(two) == len(one)
