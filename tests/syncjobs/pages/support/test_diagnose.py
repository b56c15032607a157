"""The page *Diagnose*: the lines of `doctor`, without asking anybody until *Run it now* is pressed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import ApiCall, Workspace
from tests.support.page_text import main_text
from tests.support.scene import Scene, run_command


@pytest.fixture
def address(scene: Scene) -> str:
    scene.user("Ben", partner=None)
    scene.check()
    scene.zero_calls()
    return reverse("hourbridge:diagnose", args=[scene.workspace.pk])


def test_nobody_is_asked_by_looking(scene: Scene, visitor: Client, address: str) -> None:
    page = visitor.get(address)

    assert page.status_code == 200
    assert b"neither side was contacted" in page.content
    assert (scene.calls("quickbooks"), scene.calls("clockify")) == ({}, {})
    levels = {line.line.name: line.line.level for _, lines in page.context["groups"] for line in lines}
    assert (levels["plan"], levels["payroll"]) == ("ok", "ok")
    assert b"`" not in page.content.partition(b"Diagnose,")[2] and b"<code>" in page.content


def test_times_are_the_workspace_s_here_and_universal_in_the_command(
    scene: Scene, visitor: Client, address: str
) -> None:
    Workspace.objects.update(pulled_at=datetime(2026, 3, 4, 2, 30, tzinfo=UTC), time_zone="America/New_York")

    page = main_text(visitor.get(address))
    users = next(row for row in run_command("doctor")["checks"] if row["name"] == "users")

    assert "Lists read Tue Mar 3, 21:30, not read since." in page
    assert "UTC" not in page
    assert "Times in America/New_York" in page
    assert "Lists read Wed Mar 4, 02:30 UTC, not read since." in users["message"]


def test_run_it_now_asks_twice_and_has_the_lines_of_doctor(scene: Scene, visitor: Client, address: str) -> None:
    rows = ApiCall.objects.count()

    page = visitor.post(address)

    assert sum(scene.calls("quickbooks").values()) == sum(scene.calls("clockify").values()) == 2
    assert ApiCall.objects.count() == rows
    shown = [line.line for _, lines in page.context["groups"] for line in lines]
    said = run_command("doctor")["checks"]
    assert [(line.name, line.level) for line in shown] == [(row["name"], row["level"]) for row in said]
    assert reverse("hourbridge:people", args=[scene.workspace.pk]) in page.content.decode()


def test_its_queries_do_not_grow_with_what_there_is(
    scene: Scene, visitor: Client, address: str, django_assert_max_num_queries: Any
) -> None:
    site = scene.project("Site", client=scene.client("Acme"))
    for name in ("Cleo", "Dan", "Eve", "Finn"):
        scene.entries(scene.user(name, partner=None), site, 5)
    scene.policy(start_date="2026-03-01")
    scene.check()

    with django_assert_max_num_queries(60):
        visitor.get(address)


def test_a_lost_connection_is_known_without_asking(scene: Scene, visitor: Client, address: str) -> None:
    scene.decide("disconnect_quickbooks")

    page = visitor.get(address)

    assert "The connection is disconnected since" in page.content.decode()


def test_the_overview_leads_there(visitor: Client, address: str) -> None:
    assert address in visitor.get(reverse("admin:index")).content.decode()


def test_a_stranger_sees_nothing(client: Client, address: str) -> None:
    assert client.get(address).status_code == 302
