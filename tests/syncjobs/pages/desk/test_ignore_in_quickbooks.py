"""Employees and customers that only QuickBooks has: a person may declare that nobody is missing."""

from __future__ import annotations

import pytest
from django.test import Client

from mapping.models import Decision, MappingOverride
from sandbox.server import Running
from tests.support.desk_forms import shown_now
from tests.support.page_text import main_text
from tests.support.scene import FIRST, Scene, run_command


@pytest.fixture
def scene(sandbox: Running, transactional_db: None) -> Scene:
    """Create one user with an employee; two employees and a sub-customer that Clockify does not have."""
    scene = Scene(sandbox).connect()
    scene.policy(start_date=FIRST)
    scene.user("Ada")
    scene.gordon, scene.mara = (scene.books.put("Employee", {"DisplayName": name})["Id"] for name in ("Gordon", "Mara"))
    scene.old_shop = scene.books.put("Customer", {"DisplayName": "Old shop"})["Id"]
    scene.check()
    return scene


def listed(scene: Scene) -> set[str]:
    return {row["quickbooks"]["name"] for row in run_command("mismatches").json if row["quickbooks"]}


def desk(scene: Scene, tab: str, show: str) -> str:
    return f"/admin/workspaces/{scene.workspace.pk}/{tab}/?show={show}"


def submit(client: Client, scene: Scene, verb: str, key: str, *, kind: str = "employee", tab: str = "people") -> object:
    form = shown_now(scene.workspace, {"verb": verb, "kind": kind, "id": key})
    return client.post(desk(scene, tab, "quickbooks"), form, headers={"X-Desk": "1"})


def test_who_is_ignored_leaves_the_list_and_the_mismatches_and_comes_back(dana: Client, scene: Scene) -> None:
    assert "Only in QuickBooks 2" in main_text(dana.get(desk(scene, "people", "quickbooks")))

    submit(dana, scene, "ignore", scene.gordon)

    unlinked, ignored = (main_text(dana.get(desk(scene, "people", show))) for show in ("quickbooks", "ignored"))
    assert "Gordon" not in unlinked.partition("Why it is not linked")[2].partition("to do")[0] and "Mara" in unlinked
    assert "Only in QuickBooks 1" in unlinked and "Ignored 1" in unlinked
    assert "Gordon" in ignored and "by dana" in ignored and "Stop ignoring Gordon" in ignored
    assert listed(scene) == {"Mara", "Old shop"}
    scene.check()
    assert listed(scene) == {"Mara", "Old shop"}

    submit(dana, scene, "stop_ignoring", scene.gordon)

    assert listed(scene) == {"Gordon", "Mara", "Old shop"}
    assert not MappingOverride.objects.exists()


def test_a_customer_is_ignored_on_its_tab_and_progress_is_still_about_ours(dana: Client, scene: Scene) -> None:
    before = main_text(dana.get(desk(scene, "projects", "todo")))
    progress = before.partition(" decided")[0].split()[-3:]

    submit(dana, scene, "ignore", scene.old_shop, kind="customer", tab="projects")

    after = main_text(dana.get(desk(scene, "projects", "ignored")))
    assert after.partition(" decided")[0].split()[-3:] == progress
    assert "Old shop" in after and "Ignored 1" in after
    assert listed(scene) == {"Gordon", "Mara"}


def test_it_stands_in_the_history_and_can_be_taken_back(dana: Client, scene: Scene) -> None:
    submit(dana, scene, "ignore", scene.gordon)
    decision = Decision.objects.get()
    history = main_text(dana.get(f"/admin/workspaces/{scene.workspace.pk}/desk/history/"))
    assert "Gordon" in history

    dana.post(desk(scene, "people", "todo"), {"verb": "undo", "decision": str(decision.pk)})

    assert listed(scene) == {"Gordon", "Mara", "Old shop"}


def test_the_rule_still_links_whoever_appears_in_clockify_later(dana: Client, scene: Scene) -> None:
    submit(dana, scene, "ignore", scene.gordon)
    scene.user("Gordon", partner=None)
    scene.check()

    assert {row["quickbooks_id"] for row in run_command("mapping").json["users"]} >= {scene.gordon}
    assert "Ignored 0" in main_text(dana.get(desk(scene, "people", "todo")))


def test_nobody_ignores_what_is_not_there_or_without_the_right(dana: Client, visitor: Client, scene: Scene) -> None:
    assert submit(visitor, scene, "ignore", scene.gordon).status_code == 403  # type: ignore[attr-defined]
    refused = submit(dana, scene, "ignore", "999")
    assert refused.status_code == 422 and "no employee 999" in refused.content.decode()  # type: ignore[attr-defined]
    assert submit(dana, scene, "ignore", "1", kind="vendor").status_code == 422  # type: ignore[attr-defined]
    assert not MappingOverride.objects.exists()
