"""Requests for runs: one of a workspace at a time, whoever requests it."""

from __future__ import annotations

import threading

import pytest
from django.db import connections
from django.utils import timezone
from django_q.models import OrmQ

from integrations.models import Workspace
from syncjobs.models import Run
from syncjobs.runs.lifecycle import AlreadyRunning, request_run
from tests.support.factories import WorkspaceFactory


@pytest.fixture
def workspace(transactional_db: None) -> Workspace:
    workspace: Workspace = WorkspaceFactory()
    return workspace


def request(workspace: Workspace, trigger: str, following: Run | None = None) -> Run:
    return request_run(Run.Kind.CHECK, workspace, trigger=trigger, now=timezone.now(), following=following)


@pytest.mark.parametrize("trigger", ["button", "schedule", "webhook"])
def test_a_second_run_is_refused_while_one_waits(workspace: Workspace, trigger: str) -> None:
    first = request(workspace, "button")

    with pytest.raises(AlreadyRunning) as refusal:
        request(workspace, trigger)

    assert refusal.value.run == first
    assert (Run.objects.count(), OrmQ.objects.count()) == (1, 1)


def test_a_run_may_follow_the_one_it_was_asked_for_with(workspace: Workspace) -> None:
    check = request(workspace, "button")

    request(workspace, "button", following=check)

    with pytest.raises(AlreadyRunning):
        request(workspace, "button", following=check)
    assert OrmQ.objects.count() == 2


def test_a_command_works_on_its_run_itself(workspace: Workspace) -> None:
    request(workspace, "button")

    run = request(workspace, "command")

    assert run.status == Run.Status.QUEUED
    assert OrmQ.objects.count() == 1


def test_of_requests_at_the_same_moment_one_makes_a_run(workspace: Workspace) -> None:
    start, refused = threading.Barrier(6), []

    def ask(trigger: str) -> None:
        start.wait()
        try:
            request(workspace, trigger)
        except AlreadyRunning as busy:
            refused.append(busy.run.pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask, args=[trigger]) for trigger in ("button", "schedule", "webhook") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert refused == [Run.objects.get().pk] * 5
