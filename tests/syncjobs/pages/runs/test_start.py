"""The three buttons, by POST alone; a second click says who is at it."""

from __future__ import annotations

import pytest
from django.test import Client
from django_q.models import OrmQ

from integrations import roles
from integrations.models import Workspace
from syncjobs.models import Run
from tests.support import people
from tests.support.factories import RunFactory, UserFactory
from tests.support.page_text import text


@pytest.mark.parametrize(
    ("button", "kind", "dry_run"), [("check", "check", False), ("preview", "sync", True), ("sync", "sync", False)]
)
def test_a_click_requests_the_run_and_tells_the_queue(
    dana: Client, workspace: Workspace, button: str, kind: str, dry_run: bool
) -> None:
    page = dana.post(f"/admin/workspaces/{workspace.pk}/start/{button}/", follow=True)

    run = Run.objects.get()
    assert (run.kind, run.dry_run, run.status, run.trigger) == (kind, dry_run, Run.Status.QUEUED, "button")
    assert run.person is not None and run.person.username == "dana"
    assert [task.task["args"] for task in OrmQ.objects.all()] == [(run.pk,)]
    assert f"Open run {run.pk}" in text(page)
    assert f'href="/admin/syncjobs/run/{run.pk}/change/"' in page.content.decode()


def test_a_second_click_says_who_runs_what_since_when(dana: Client, workspace: Workspace) -> None:
    person = UserFactory(username="erin")
    first = RunFactory(workspace=workspace, status=Run.Status.RUNNING, person=person, finished_at=None)

    page_text = text(dana.post(f"/admin/workspaces/{workspace.pk}/start/sync/", follow=True))

    assert Run.objects.count() == 1
    assert f"Time sync {first.pk}, started by erin, is running since 14:40:00 UTC." in page_text
    assert f"Open run {first.pk}" in page_text


def test_looking_at_the_address_starts_nothing(dana: Client, workspace: Workspace) -> None:
    assert dana.get(f"/admin/workspaces/{workspace.pk}/start/sync/").status_code == 405
    assert not Run.objects.exists()


def test_without_the_right_nothing_starts(visitor: Client, workspace: Workspace) -> None:
    assert visitor.post(f"/admin/workspaces/{workspace.pk}/start/sync/").status_code == 403
    assert not Run.objects.exists()


@pytest.mark.parametrize("button", ["check", "preview", "sync"])
@pytest.mark.parametrize("role", people.RIGHTS)
def test_whoever_may_do_something_may_check_but_only_who_may_send_syncs(
    client: Client, workspace: Workspace, role: str, button: str
) -> None:
    client.force_login(people.person(role=role))

    status = client.post(f"/admin/workspaces/{workspace.pk}/start/{button}/").status_code

    assert status == (302 if button == "check" or role in people.MAY_SEND else 403)


def test_a_check_is_canceled_by_whoever_may_start_one(client: Client, workspace: Workspace) -> None:
    run = RunFactory(kind="check", workspace=workspace, status=Run.Status.RUNNING, finished_at=None)
    client.force_login(people.person(role="Mapper"))

    assert client.post(f"/admin/runs/{run.pk}/again/", {"verb": "cancel"}).status_code == 302

    run.refresh_from_db()
    assert run.cancel_asked_at is not None


def test_who_is_not_logged_in_is_asked_to_log_in(client: Client, workspace: Workspace) -> None:
    answer = client.post(f"/admin/workspaces/{workspace.pk}/start/sync/")

    assert answer.status_code == 302
    assert "login" in answer["Location"]
    assert not Run.objects.exists()


def test_a_submit_without_the_forms_token_is_refused(workspace: Workspace) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(UserFactory.allowed("integrations.view_workspace", *roles.ACT_RIGHTS))

    assert strict.post(f"/admin/workspaces/{workspace.pk}/start/sync/").status_code == 403
    assert not Run.objects.exists()


def test_other_words_are_no_buttons(dana: Client, workspace: Workspace) -> None:
    assert dana.post(f"/admin/workspaces/{workspace.pk}/start/delete/").status_code == 404
