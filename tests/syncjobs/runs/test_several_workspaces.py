"""Several Clockify workspaces that send to one company."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.models import Workspace
from sandbox.clockify.records import Member, User
from sandbox.data.datasets import REALM
from syncjobs.models import Receipt
from tests.support.scene import FIRST, LAST, Scene, run_command


@pytest.fixture
def second_workspace(scene: Scene, ada: str, site: str) -> str:
    """Connect a second workspace, with a user Ada and a project Site of client Acme, to the same company."""
    place = scene.clockify.add_workspace("Other Workspace")
    owner = User(scene.clockify.new_id(), "other@example.test", "Other Owner", active_workspace=place.id)
    scene.clockify.put_user(owner)
    place.put_member(Member(owner.id, roles=("OWNER",)))
    scene.clockify.put_key("other-key", owner.id)
    second = Scene(scene.running)
    second.place = place
    second.product = type(scene.product)(scene.clockify, place)
    person = second.user("Ada", partner=None)
    project = second.project("Site", client=second.client("Acme", customer=False), customer=False, hourlyRate=8000)
    second.entry(person, project, "2026-03-04 09:00", description="Review")
    token = scene.world.quickbooks.issue_refresh_token(REALM)
    assert run_command("connect_clockify", "--api-key", "other-key").code == 0
    args = ("--workspace", "Other Workspace", "--realm", REALM, "--refresh-token", token)
    assert run_command("connect_quickbooks", *args).code == 0
    return place.id


def sync(name: str) -> dict[str, int]:
    run = run_command("sync_time", "--workspace", name, "--from", FIRST, "--to", LAST)
    assert run.code == 0, run.stderr
    return run.counts


def test_equal_work_of_two_workspaces_is_sent_for_each(
    scene: Scene, ada: str, site: str, second_workspace: str
) -> None:
    scene.entry(ada, site, "2026-03-04 09:00", description="Review")

    assert sync("Sandbox Workspace") == {"sent": 1}
    assert sync("Other Workspace") == {"sent": 1}

    assert len(scene.activities()) == 2
    assert Receipt.objects.values("workspace").distinct().count() == 2
    assert sync("Sandbox Workspace") == {"unchanged": 1}
    assert sync(second_workspace) == {"unchanged": 1}


def test_an_uncertain_write_of_one_workspace_is_settled_by_a_run_of_the_other(
    scene: Scene, ada: str, site: str, second_workspace: str, settings: object
) -> None:
    scene.entry(ada, site, "2026-03-04 09:00", description="Review")
    settings.GIVE_UP_SECONDS = 1  # type: ignore[attr-defined]
    scene.fault("hang_after_commit", seconds=1.5)
    run_command("sync_time", "--workspace", "Sandbox Workspace", "--from", FIRST, "--to", LAST)
    assert scene.open_actions() == 1
    scene.clear_faults()

    assert sync("Other Workspace") == {"sent": 1}

    assert scene.open_actions() == 0
    assert len(scene.activities()) == 2
    assert sync("Sandbox Workspace") == {"unchanged": 1}


def test_without_a_name_the_choice_is_the_operators(scene: Scene, second_workspace: str) -> None:
    done = run_command("sync_time")

    assert done.code == 2
    assert "Other Workspace" in done.stderr and "Sandbox Workspace" in done.stderr


def test_an_entry_is_explained_whichever_workspace_it_belongs_to(scene: Scene, second_workspace: str) -> None:
    sync("Other Workspace")

    entry = Receipt.objects.get().entry_id

    assert scene.explain(entry)["state"] == "sent"


def test_without_dates_a_run_goes_from_the_start_date_to_today(scene: Scene, ada: str, site: str) -> None:
    now = datetime.now(UTC)
    days = [now - timedelta(days=back, hours=1) for back in (0, 2, 10)]
    for day in days:
        scene.entry(ada, site, day.strftime("%Y-%m-%d %H:%M"), zone="UTC", minutes=30)
    scene.policy(start_date=(now - timedelta(days=5)).date().isoformat())

    run = run_command("sync_time")

    assert (run.code, run.counts) == (0, {"sent": 2})
    assert Workspace.objects.get().start_date.isoformat() == run["from"]
