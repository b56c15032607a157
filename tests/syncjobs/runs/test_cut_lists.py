"""Lists that lost many records at once, in whole checks over HTTP: nothing is gone, and it is said."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from integrations import roles
from integrations.models import ClockifyUser, ConnectionEvent, Customer, ShrunkList
from integrations.reading import shrunk_lists
from mapping.models import Link
from tests.support.factories import UserFactory
from tests.support.page_text import main_text
from tests.support.scene import FIRST, Scene, run_command

COUNT = 30
LOOK = ("integrations.view_workspace", "integrations.view_timeentry", "syncjobs.view_run")


@pytest.fixture(autouse=True)
def from_march(scene: Scene) -> None:
    """Make checks read entries from the start date on."""
    scene.policy(start_date=FIRST)


@pytest.fixture
def customers(scene: Scene) -> list[dict[str, Any]]:
    """Create clients with their customers, all linked; return the customers' records."""
    clients = [scene.client(f"Client {number:02}") for number in range(COUNT)]
    assert scene.check().code == 0
    with scene.world.lock:
        return [scene.books.records["Customer"][scene.partner_of(client)] for client in clients]


def cut_customers(scene: Scene, customers: list[dict[str, Any]]) -> None:
    """Leave them out of every answer, as a query that was cut would."""
    with scene.world.lock:
        for record in customers:
            scene.books.records["Customer"].pop(record["Id"])


def put_back(scene: Scene, customers: list[dict[str, Any]]) -> None:
    with scene.world.lock:
        scene.books.records["Customer"] |= {record["Id"]: record for record in customers}


def minutes_pass(minutes: float) -> None:
    for row in ShrunkList.objects.all():
        ShrunkList.objects.filter(pk=row.pk).update(first_at=row.first_at - timedelta(minutes=minutes))


def press_it_is_right(client: Client, scene: Scene, shrunk: ShrunkList | None = None) -> str:
    """Press the button as the page had it when `shrunk` was read, and return what the next page says."""
    shrunk = shrunk or ShrunkList.objects.get()
    form = {"list": shrunk.pk, "read_at": shrunk.first_at.isoformat()}
    answer = client.post(f"/admin/workspaces/{scene.workspace.pk}/list-is-right/", form, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_customers_that_are_missing_at_once_suspend_nothing_and_the_check_says_so(
    scene: Scene, customers: list[dict[str, Any]]
) -> None:
    cut_customers(scene, customers)

    result = scene.check()

    assert (result.code, result["status"]) == (0, "succeeded")
    assert result["warnings"]["LIST_SHRANK"] == 1
    assert result["quickbooks"]["customers"]["gone"] == 0
    assert not Link.objects.exclude(suspended="").exists()
    put_back(scene, customers)
    assert "LIST_SHRANK" not in scene.check()["warnings"]
    assert not ShrunkList.objects.exists()


def test_the_same_ten_minutes_later_is_believed(scene: Scene, customers: list[dict[str, Any]]) -> None:
    cut_customers(scene, customers)
    scene.check()
    assert scene.check()["warnings"]["LIST_SHRANK"] == 1
    minutes_pass(10)

    result = scene.check()

    assert "LIST_SHRANK" not in result["warnings"]
    assert result["quickbooks"]["customers"]["gone"] == COUNT
    assert Link.objects.filter(suspended="CUSTOMER_INACTIVE").count() == COUNT


def test_a_long_list_is_read_whole_again_and_not_by_its_changes(
    scene: Scene, customers: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.quickbooks.reading.MAX_RECORDS", COUNT)
    cut_customers(scene, customers)
    scene.company.__class__.objects.update(lists_read_at=None)
    assert scene.check()["warnings"]["LIST_SHRANK"] == 1
    assert scene.company.lists_read_at is None
    minutes_pass(10)

    assert scene.check()["quickbooks"]["customers"]["gone"] == COUNT


def test_people_that_clockify_leaves_out_are_not_gone(scene: Scene) -> None:
    users = [scene.user(f"Person {number:02}") for number in range(COUNT)]
    assert scene.check().code == 0
    with scene.world.lock:
        members = {user: scene.place.members.pop(user) for user in users[:25]}

    assert scene.check()["warnings"]["LIST_SHRANK"] == 1

    assert not ClockifyUser.objects.exclude(gone_at=None).exists()
    with scene.world.lock:
        scene.place.members |= members
    scene.check()
    assert not ShrunkList.objects.exists()


def test_a_time_sync_says_that_it_relies_on_a_list_that_is_not_believed(
    scene: Scene, customers: list[dict[str, Any]], client: Client
) -> None:
    cut_customers(scene, customers)
    scene.check()

    result = scene.sync()

    assert (result.code, result["status"], result["warnings"]) == (0, "succeeded", {"LIST_SHRANK": 1})
    client.force_login(UserFactory.allowed(*LOOK))
    page_text = main_text(client.get(f"/admin/syncjobs/run/{result['run']}/change/"))
    assert page_text.count("LIST_SHRANK") == page_text.count("is missing") == 1
    put_back(scene, customers)
    scene.check()
    assert scene.sync()["warnings"] == {}


def test_a_time_sync_that_reads_a_cut_list_itself_says_so(scene: Scene, site: str) -> None:
    users = [scene.user(f"Person {number:02}") for number in range(COUNT)]
    assert scene.check().code == 0
    with scene.world.lock:
        for user in users[:25]:
            scene.place.members.pop(user)
    # Somebody new: the lists are read again.
    scene.entry(scene.user("Noor"), site)

    result = scene.sync()

    assert (result.code, result["warnings"]) == (0, {"LIST_SHRANK": 1})
    assert not ClockifyUser.objects.exclude(gone_at=None).exists()


def test_a_person_presses_it_is_right(scene: Scene, customers: list[dict[str, Any]], client: Client) -> None:
    cut_customers(scene, customers)
    run = scene.check()["run"]
    client.force_login(UserFactory.allowed(*LOOK, *roles.ACT_RIGHTS, username="dana"))
    message = f"The list of QuickBooks customers is missing {COUNT} of {COUNT} known records."
    for address in ("/admin/", f"/admin/syncjobs/run/{run}/change/"):
        page_text = main_text(client.get(address))
        assert message in page_text
        assert "The list is correct" in page_text

    press_it_is_right(client, scene)

    assert not ShrunkList.objects.exists()
    assert Customer.objects.exclude(gone_at=None).count() == COUNT
    assert Link.objects.filter(suspended="CUSTOMER_INACTIVE").count() == COUNT
    event = ConnectionEvent.objects.get(kind="list_believed")
    assert event.by is not None
    assert event.by.get_username() == "dana"
    assert run_command("check_for_new").code == 0


def test_who_may_only_look_sees_it_and_cannot_press(
    scene: Scene, customers: list[dict[str, Any]], client: Client
) -> None:
    cut_customers(scene, customers)
    scene.check()
    client.force_login(UserFactory.allowed(*LOOK, username="visitor"))

    page_text = main_text(client.get("/admin/"))
    answer = client.post(
        f"/admin/workspaces/{scene.workspace.pk}/list-is-right/", {"list": ShrunkList.objects.get().pk}
    )

    assert "is missing" in page_text
    assert "The list is correct" not in page_text
    assert answer.status_code == 403
    assert ShrunkList.objects.exists()


def test_in_two_tabs_only_the_first_press_counts(
    scene: Scene, customers: list[dict[str, Any]], client: Client, admin_user: User
) -> None:
    cut_customers(scene, customers)
    scene.check()
    client.force_login(admin_user)
    shrunk = ShrunkList.objects.get()

    assert "30 records of QuickBooks customers marked as gone." in press_it_is_right(client, scene, shrunk)
    assert "has already resolved this" in press_it_is_right(client, scene, shrunk)
    assert shrunk_lists.accept(shrunk, person=admin_user) is None

    assert ConnectionEvent.objects.filter(kind="list_believed").count() == 1
    page = client.get(f"/admin/integrations/shrunklist/{shrunk.pk}/change/", follow=True).content.decode()
    assert "That list has been confirmed" in page


def test_two_presses_at_the_same_time_are_one(scene: Scene, customers: list[dict[str, Any]], admin_user: User) -> None:
    cut_customers(scene, customers)
    scene.check()
    shrunk, pages, together = ShrunkList.objects.get(), [], threading.Barrier(2)

    def press() -> None:
        try:
            visitor = Client()
            visitor.force_login(admin_user)
            together.wait()
            pages.append(press_it_is_right(visitor, scene, shrunk))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted("has already resolved this" in page for page in pages) == [False, True]
    assert ConnectionEvent.objects.filter(kind="list_believed").count() == 1


def test_a_page_from_before_a_later_reading_decides_nothing(
    scene: Scene, customers: list[dict[str, Any]], client: Client, admin_user: User
) -> None:
    cut_customers(scene, customers[:25])
    scene.check()
    seen = ShrunkList.objects.get()
    put_back(scene, customers)
    scene.check()
    cut_customers(scene, customers)
    scene.check()
    client.force_login(admin_user)

    page = press_it_is_right(client, scene, seen)

    assert "already resolved this" in page or "read again since" in page
    assert not Customer.objects.exclude(gone_at=None).exists()


def test_of_the_same_row_read_otherwise_a_page_from_before_decides_nothing(
    scene: Scene, customers: list[dict[str, Any]], client: Client, admin_user: User
) -> None:
    cut_customers(scene, customers[:25])
    scene.check()
    seen = ShrunkList.objects.get()
    put_back(scene, customers[:25])
    cut_customers(scene, customers[5:])
    scene.check()
    client.force_login(admin_user)

    assert "It has been read again since. The list of QuickBooks customers" in press_it_is_right(client, scene, seen)

    assert ShrunkList.objects.get().pk == seen.pk
    assert not Customer.objects.exclude(gone_at=None).exists()


def test_an_empty_list_of_users_is_never_believed_at_once(scene: Scene) -> None:
    scene.user("Ada")
    scene.check()
    scene.fault("answer_before", "/users", method="GET", vendor="clockify", preset="list", status=200)

    check = scene.check()

    assert scene.hits() == 1, "the fault never struck"
    assert (check["clockify"]["users"]["gone"], check["warnings"]["LIST_SHRANK"]) == (0, 1)
    assert not ClockifyUser.objects.exclude(gone_at=None).exists()
    scene.check()
    assert not ShrunkList.objects.exists()
