"""The page of a preview: what would be written with was and now, hours and amounts, and whether it is current."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import ConnectionEvent
from syncjobs.models import Run
from tests.support.page_text import main_text, text
from tests.support.scene import Scene
from tests.syncjobs.runs.test_keep_signed import sign

SEND, AGAIN = 'value="send"', 'value="preview_again"'


@pytest.fixture
def planned(scene: Scene, ada: str, site: str) -> Run:
    """Return a preview that would change one entry to two hours, delete one and create one, at 80 an hour."""
    edited, unbillable = scene.entries(ada, site, 2, day=3)
    scene.policy(start_date="2026-03-01")
    assert scene.sync().code == 0
    scene.stretch(edited, 120)
    scene.edit_entry(unbillable, billable=False)
    scene.entry(ada, site, "2026-03-20 09:00", description="New work")
    return previewed(scene)


def previewed(scene: Scene) -> Run:
    assert scene.sync(dry_run=True).code == 0
    return Run.objects.latest("pk")


def page_of(run: Run) -> str:
    return f"/admin/syncjobs/run/{run.pk}/change/"


def test_changes_come_first_with_was_and_now(planned: Run, admin_client: Client) -> None:
    page = admin_client.get(page_of(planned))
    text = main_text(page)

    assert text.index("Update 1") < text.index("Delete 1") < text.index("Create 1")
    assert "0:05 2:00 $153.33" in text
    assert "0:06 0:00 −$8.00" in text
    assert "1:00 $80.00" in text
    assert "Send 3 changes to QuickBooks" in text
    assert "Still current." in text
    assert AGAIN not in page.content.decode()


def test_it_adds_up_by_person(planned: Run, admin_client: Client) -> None:
    # 115 minutes more, 6 less, and an hour of new time.
    assert "Ada 3 2.82 $225.33" in main_text(admin_client.get(page_of(planned)))


@pytest.mark.parametrize(
    "happens", ["entry decided", "name decided", "rule changed", "period signed", "read again", "sent meanwhile"]
)
def test_a_preview_that_is_out_of_date_is_made_again_not_sent(
    planned: Run, admin_client: Client, admin_user: User, scene: Scene, ada: str, happens: str
) -> None:
    new = planned.items.get(verb="create").entry_id
    if happens == "entry decided":
        scene.ignore_entry(new)
    elif happens == "name decided":
        scene.decide("ignore", "user", ada)
    elif happens == "rule changed":
        scene.policy(rounding="up:15")
    elif happens == "period signed":
        scene.policy(keep_signed="on")
        ConnectionEvent.objects.all().delete()
        sign(scene, admin_user)
    elif happens == "read again":
        scene.stretch(new, 15)
        scene.check()
    else:
        scene.sync()

    page = admin_client.get(page_of(planned))

    assert "Out of date." in main_text(page)
    assert AGAIN in page.content.decode() and SEND not in page.content.decode()
    # A tab that was opened before still has the button.
    newest, before = Run.objects.latest("pk"), scene.activities()
    old_tab = admin_client.post(f"/admin/runs/{planned.pk}/again/", {"verb": "send"}, follow=True)
    assert "since. Nothing was sent; make a new preview and look at that." in text(old_tab)
    assert (Run.objects.latest("pk"), scene.activities()) == (newest, before)
    answer = admin_client.post(f"/admin/runs/{planned.pk}/again/", {"verb": "preview_again"})
    again = Run.objects.latest("pk")
    assert answer.status_code == 302 and again.dry_run and again.pk != planned.pk


def test_a_second_press_leads_to_the_run_of_the_first(planned: Run, admin_client: Client, scene: Scene) -> None:
    send = f"/admin/runs/{planned.pk}/again/", {"verb": "send"}

    pages = [admin_client.post(*send)["Location"] for _ in range(2)]

    (run,) = Run.objects.filter(dry_run=False, pk__gt=planned.pk)
    assert pages == [page_of(run)] * 2


def test_where_there_is_nothing_to_send_there_is_nothing_to_press(
    scene: Scene, admin_client: Client, ada: str, site: str
) -> None:
    scene.entry(ada, site, billable=False)

    page = admin_client.get(page_of(previewed(scene)))

    assert "Nothing to send. 1 entry is held or excluded, by reason below." in main_text(page)
    assert SEND not in page.content.decode()
