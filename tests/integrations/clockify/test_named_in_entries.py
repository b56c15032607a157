"""Users, clients and projects that only time entries name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integrations.clockify import named_in_entries
from integrations.models import ClockifyClient, ClockifyProject, ClockifyUser, TimeEntry, Workspace
from integrations.reading import mirror
from tests.support.factories import NOW, TimeEntryFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db
WATCHED = ("name", "archived", "client_id")


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory()
    return made


def entry(workspace: Workspace, **columns: Any) -> TimeEntry:
    named = {"user_id": "u1", "user_name": "Ada", "project_id": "p1", "project_name": "Site"}
    made: TimeEntry = TimeEntryFactory(
        workspace=workspace, **named | {"client_id": "c1", "client_name": "Acme"} | columns
    )
    return made


def listed(workspace: Workspace, **projects: str) -> mirror.Counts:
    """Store the projects that Clockify lists, names by id."""
    rows = {
        key: {"name": name, "archived": False, "client_id": "c1", "client_name": "Acme", "billable": True, "raw": {}}
        for key, name in projects.items()
    }
    kept = mirror.MirroredList(ClockifyProject, {"workspace": workspace}, "clockify_id", WATCHED)
    return mirror.store(kept, rows, now=NOW)


def test_each_kind_gets_a_row_that_is_inactive_and_flagged(workspace: Workspace) -> None:
    entry(workspace)

    named_in_entries.store(workspace, now=NOW)

    user, client = ClockifyUser.objects.get(clockify_id="u1"), ClockifyClient.objects.get(clockify_id="c1")
    project = ClockifyProject.objects.get(clockify_id="p1")
    assert (user.name, user.active, user.from_entries) == ("Ada", False, True)
    assert (client.name, client.archived, client.from_entries) == ("Acme", True, True)
    assert (project.name, project.client_id, project.client_name) == ("Site", "c1", "Acme")
    assert (project.archived, project.from_entries) == (True, True)


def test_the_latest_entry_with_a_name_names_it(workspace: Workspace) -> None:
    first = entry(workspace, user_name="Ada")
    entry(workspace, user_name="Ada Byron", start_at=first.start_at + timedelta(days=1))
    entry(workspace, user_name="", start_at=first.start_at + timedelta(days=2))
    named_in_entries.store(workspace, now=NOW)
    assert ClockifyUser.objects.get(clockify_id="u1").name == "Ada Byron"

    TimeEntry.objects.filter(user_name="Ada Byron").update(user_name="Ada King")
    named_in_entries.store(workspace, now=NOW)
    assert ClockifyUser.objects.get(clockify_id="u1").name == "Ada King"


def test_a_list_neither_loses_nor_counts_it_until_it_has_it(workspace: Workspace) -> None:
    entry(workspace)
    named_in_entries.store(workspace, now=NOW)

    assert listed(workspace, p2="Other").as_json() == {"seen": 1, "new": 1, "changed": 0, "gone": 0}
    assert ClockifyProject.objects.get(clockify_id="p1").gone_at is None

    assert listed(workspace, p1="Site", p2="Other").as_json() == {"seen": 2, "new": 1, "changed": 0, "gone": 0}
    project = ClockifyProject.objects.get(clockify_id="p1")
    assert (project.from_entries, project.archived, project.billable) == (False, False, True)


def test_listed_records_and_those_of_other_workspaces_stay_as_they_are(workspace: Workspace) -> None:
    listed(workspace, p1="Site")
    entry(workspace, project_name="Another name")
    entry(WorkspaceFactory(), user_id="u2", project_id="p9")

    named_in_entries.store(workspace, now=NOW)

    assert ClockifyProject.objects.get(clockify_id="p1").name == "Site"
    assert not ClockifyProject.objects.filter(clockify_id="p9").exists()


def test_without_an_entry_that_names_it_it_is_gone_and_comes_back_with_one(workspace: Workspace) -> None:
    only = entry(workspace)
    named_in_entries.store(workspace, now=NOW)

    TimeEntry.objects.filter(pk=only.pk).update(deleted_at=NOW)
    named_in_entries.store(workspace, now=NOW)
    assert ClockifyUser.objects.get(clockify_id="u1").gone_at == NOW

    entry(workspace)
    named_in_entries.store(workspace, now=NOW)
    assert ClockifyUser.objects.get(clockify_id="u1").gone_at is None
