"""*Proof*: the rows of `reconcile` on a page, read from both sides when a period is asked for."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.support.page_text import main_text
from tests.support.scene import FIRST, LAST, Scene

PERIOD = {"from": FIRST, "to": LAST}


@pytest.fixture
def scene(sandbox: object, transactional_db: None) -> Scene:
    return Scene(sandbox).connect()  # type: ignore[arg-type]


def address(scene: Scene) -> str:
    return reverse("hourbridge:proof", args=[scene.workspace.pk])


def test_nothing_is_read_before_a_period_is_asked_for(admin_client: Client, scene: Scene) -> None:
    scene.zero_calls()

    answer = admin_client.get(address(scene))

    assert (answer.status_code, sum(scene.calls().values())) == (200, 0)
    assert f'href="{address(scene)}"' in admin_client.get("/admin/").content.decode()


def test_a_period_is_compared_and_downloaded(admin_client: Client, scene: Scene) -> None:
    ada, site = scene.user("Ada"), scene.project("Site", client=scene.client("Acme"))
    scene.entry(ada, site, minutes=60.5)
    scene.sync()
    scene.entry(ada, site, "2026-03-05 09:00", billable=False)

    page = main_text(admin_client.get(address(scene), PERIOD))
    lines = b"".join(admin_client.get(address(scene), {**PERIOD, "format": "csv"})).decode("utf-8-sig").splitlines()

    assert "Both sides add up: every difference is explained." in page
    assert "Not billable +60.00 min" in page
    assert lines[1:] == [
        "2026-03-04,Ada,Acme:Site,60.5,61,Rounding −0.50 min,0",
        "2026-03-05,Ada,Acme:Site,60,0,Not billable +60.00 min,0",
    ]


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ({"from": "soon", "to": LAST}, "That is no date."),
        ({"from": LAST, "to": FIRST}, "The first day lies after the last."),
        ({"from": "2025-01-01", "to": LAST}, "At most 62 days at once"),
    ],
)
def test_a_period_that_cannot_be_compared_says_why(
    admin_client: Client, scene: Scene, period: dict[str, str], words: str
) -> None:
    assert words in main_text(admin_client.get(address(scene), period))


def test_a_side_that_refuses_is_said(admin_client: Client, scene: Scene) -> None:
    with scene.world.lock:
        scene.clockify.revoke_key("sandbox-clockify-key")

    answer = admin_client.get(address(scene), PERIOD)

    assert answer.status_code == 200
    assert "hb-held" in answer.content.decode()
