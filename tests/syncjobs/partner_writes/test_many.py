"""Many records created by one press: each exactly once, each with its own outcome, linked as one batch."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from integrations.limits import throttle
from mapping.decisions import decide, undo
from mapping.decisions.new_decision import NewDecision
from mapping.decisions.versions import version_of
from mapping.models import Decision, Link, PartnerWrite
from sandbox.data.datasets import REALM
from syncjobs import tasks
from syncjobs.partner_writes import many, submit
from syncjobs.partner_writes.drafts import CREATE, QUICKBOOKS, Wanted, WriteRequest
from syncjobs.partner_writes.many import Requested
from syncjobs.runs import queue
from tests.support.factories import UserFactory
from tests.support.scene import FIRST, Scene

State = PartnerWrite.State


@pytest.fixture
def projects(scene: Scene) -> list[str]:
    """Create three projects of a linked client that QuickBooks does not have."""
    scene.policy(start_date=FIRST)
    acme = scene.client("Acme")
    ids = [scene.project(name, client=acme, customer=False) for name in ("Alpha", "Bravo", "Charlie")]
    scene.check()
    return ids


def request_all(scene: Scene, ids: list[str], **details: Any) -> Requested:
    wanted = []
    for project in ids:
        request = WriteRequest(CREATE, QUICKBOOKS, "customer", kind="project", clockify_id=project)
        draft = submit.draft(scene.workspace, request)
        wanted.append(Wanted(request, draft.fingerprint, version_of(scene.workspace, "project", project)))
    return many.request_all(scene.workspace, wanted, now=timezone.now(), **{"person": None, **details})


def acme(scene: Scene) -> str:
    return str(Link.objects.get(kind="client").quickbooks_id)


def work(requested: Requested, *, seconds: float = 60) -> bool:
    return many.work(requested.batch, deadline=time.monotonic() + seconds, leaving=lambda: False)


def names_there(scene: Scene) -> list[str]:
    with scene.world.lock:
        names = [record["DisplayName"] for record in scene.books.records["Customer"].values()]
    return sorted(name for name in names if name in {"Alpha", "Bravo", "Charlie"})


def states() -> list[str]:
    return list(PartnerWrite.objects.order_by("pk").values_list("state", flat=True))


def test_each_is_created_once_linked_by_who_asked_and_unlinked_together(scene: Scene, projects: list[str]) -> None:
    dana = UserFactory(username="dana")
    requested = request_all(scene, projects, person=dana, note="new year")
    assert states() == [State.WAITING] * 3 and names_there(scene) == []

    assert work(requested) is False
    assert work(requested) is False

    assert states() == [State.DONE] * 3 and names_there(scene) == ["Alpha", "Bravo", "Charlie"]
    links = Link.objects.filter(kind="project")
    assert {(link.clockify_id, link.person) for link in links} == {(project, dana) for project in projects}
    assert set(Decision.objects.values_list("batch", "verb", "note")) == {(requested.batch, "link", "new year")}
    undone = undo.undo_batch(scene.workspace, requested.batch, now=timezone.now(), person=dana)
    assert len(undone.taken_back) == 3
    # QuickBooks keeps them, and the rule does not link them again, though the names are the same.
    scene.check()
    assert not Link.objects.filter(kind="project").exists()
    assert names_there(scene) == ["Alpha", "Bravo", "Charlie"]
    undo.undo_batch(scene.workspace, undone.batch, now=timezone.now(), person=dana)
    assert Link.objects.filter(kind="project").count() == 3


def test_a_refusal_or_no_answer_of_one_never_stops_the_others(scene: Scene, projects: list[str]) -> None:
    requested = request_all(scene, projects)
    with scene.world.lock:
        scene.world.faults.add(vendor="quickbooks", method="POST", path="customer", kind="cut_before", times=1)
    with scene.world.lock:
        scene.books.put("Customer", {"DisplayName": "Bravo", "Job": True, "ParentRef": {"value": acme(scene)}})

    work(requested)

    assert states() == [State.SENDING, State.ABANDONED, State.DONE]
    first, second, _ = PartnerWrite.objects.order_by("pk")
    assert first.in_doubt and "Name is free: The customer" in second.said
    assert names_there(scene) == ["Bravo", "Charlie"]


def test_what_moved_since_it_was_shown_is_not_created(scene: Scene, projects: list[str]) -> None:
    requested = request_all(scene, projects)
    decide.ignore(NewDecision(scene.workspace, "project", projects[1], at=timezone.now(), note="ours"))

    work(requested)

    assert states() == [State.DONE, State.ABANDONED, State.DONE]
    assert "A command ignored this project" in PartnerWrite.objects.order_by("pk")[1].said
    assert names_there(scene) == ["Alpha", "Charlie"]


def test_a_draft_that_was_not_shown_so_does_not_wait(scene: Scene, projects: list[str]) -> None:
    request = WriteRequest(CREATE, QUICKBOOKS, "customer", kind="project", clockify_id=projects[0])
    version = version_of(scene.workspace, "project", projects[0])

    requested = many.request_all(scene.workspace, [Wanted(request, "x", version)], person=None, now=timezone.now())
    assert (requested.number, states()) == (0, [])
    assert "no longer what you saw" in requested.left_out[0][1]

    # Pressed twice: what waits already is not asked for again.
    request_all(scene, projects[:1])
    again = request_all(scene, projects[:1])
    assert (again.number, again.left_out[0][1]) == (0, "It is already waiting to be created.")


def test_a_write_that_a_dead_worker_left_is_not_sent_twice(scene: Scene, projects: list[str]) -> None:
    requested = request_all(scene, projects)
    write = PartnerWrite.objects.order_by("pk")[0]
    assert many._claim(write) and not many._claim(write)

    work(requested)

    # The one that was begun is left to the check, which finds that it was never sent.
    assert states() == [State.SENDING, State.DONE, State.DONE]
    PartnerWrite.objects.filter(pk=write.pk).update(created_at=timezone.now() - timedelta(minutes=3))
    assert [settled.state for settled in submit.settle(scene.workspace)] == [State.ABANDONED]
    assert names_there(scene) == ["Bravo", "Charlie"]


def test_a_slice_ends_and_a_lost_message_is_sent_again(
    scene: Scene, projects: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(queue, "async_task", lambda *arguments, **_: sent.append(arguments))
    requested = request_all(scene, projects)
    assert work(requested, seconds=-1) is True and states() == [State.WAITING] * 3

    assert queue.sweep() == 0
    PartnerWrite.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    assert queue.sweep() == 1 and queue.sweep() == 0
    assert sent == [("syncjobs.tasks.create_partners", str(requested.batch))]

    cache.clear()
    tasks.create_partners(str(requested.batch))
    assert states() == [State.DONE] * 3 and queue.sweep() == 0


def test_a_quickbooks_that_takes_no_more_calls_lets_what_is_left_wait(scene: Scene, projects: list[str]) -> None:
    requested = request_all(scene, projects)
    scene.fault("429_retry_after", "customer", method="POST", skip=1, times=1, seconds=900)

    assert work(requested) is False

    first, second, third = PartnerWrite.objects.order_by("pk")
    assert [first.state, second.state, third.state] == [State.DONE, State.WAITING, State.WAITING]
    assert "It is tried again automatically after" in second.said and "Nothing was written" not in second.said
    assert (second.attempts, second.tried_at, names_there(scene)) == (0, None, ["Alpha"])
    # While QuickBooks has us wait, it is not even asked.
    scene.zero_calls()
    assert work(requested) is False and states() == [State.DONE, State.WAITING, State.WAITING]
    assert not scene.calls()

    throttle.lift(f"quickbooks:{REALM}")
    PartnerWrite.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    cache.clear()
    assert queue.sweep() == 1
    work(requested)

    assert states() == [State.DONE] * 3 and names_there(scene) == ["Alpha", "Bravo", "Charlie"]
    second.refresh_from_db()
    assert (second.said, second.error_message) == ("Created in QuickBooks. Linked.", "")
