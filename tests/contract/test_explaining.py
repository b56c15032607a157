"""`explain`: any entry of the workspace, seen before or not, as it is now, with every check that fails."""

from __future__ import annotations

import pytest

from integrations.models import TimeEntry
from tests.support.scene import Scene, run_command


@pytest.fixture
def ada(scene: Scene) -> str:
    return scene.user("Ada")


@pytest.fixture
def site(scene: Scene) -> str:
    return scene.project("Site", client=scene.client("Acme"))


def test_an_entry_that_was_never_seen_is_ready(scene: Scene, ada: str, site: str) -> None:
    assert scene.explain(scene.entry(ada, site)).json["state"] == "ready"


def test_people_who_came_after_the_check_are_met(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    ben = scene.user("Ben", partner=None)
    new = scene.project("New", client=scene.client("Newcomer", customer=False), customer=False)

    result = scene.explain(scene.entry(ben, new))

    assert result.codes == {"USER_NOT_MAPPED", "CLIENT_NOT_MAPPED", "PROJECT_NOT_MAPPED"}
    assert any(reason["message"] == "QuickBooks has no employee called Ben." for reason in result["reasons"])


def test_an_approval_since_the_last_run_counts(scene: Scene, ada: str, site: str) -> None:
    scene.policy(approved_only="true")
    entry = scene.entry(ada, site)
    scene.sync()
    assert scene.explain(entry).codes == {"NOT_APPROVED"}

    scene.edit_entry(entry, approvalState="APPROVED")

    assert scene.explain(entry)["state"] == "ready"


def test_time_that_is_there_is_named_beside_other_reasons(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    entry = scene.entry(ada, site, minutes=60, invoiced=True)
    fields = {
        "NameOf": "Employee",
        "EmployeeRef": {"value": scene.partner_of(ada)},
        "CustomerRef": {"value": scene.partner_of(site)},
        "TxnDate": "2026-03-04",
    }
    equal_activity = scene.put("TimeActivity", {**fields, "Hours": 1, "Minutes": 0})

    assert scene.explain(entry).codes == {"INVOICED_IN_CLOCKIFY", "ALREADY_IN_QUICKBOOKS"}

    scene.delete_activity(equal_activity["Id"])
    assert scene.explain(entry).codes == {"INVOICED_IN_CLOCKIFY"}


def test_an_entry_that_nobody_knows_is_wrong_usage(scene: Scene) -> None:
    for entry in ("64a0000000000000000000ff", "../../user"):
        result = scene.explain(entry)
        assert (result.code, result.json) == (2, None)


def test_a_refused_key_leaves_what_our_books_know(scene: Scene, ada: str, site: str) -> None:
    known = scene.entry(ada, site)
    scene.sync()
    with scene.world.lock:
        scene.clockify.revoke_key("sandbox-clockify-key")

    assert scene.explain(known)["state"] == "sent"
    unknown = scene.explain("64a0000000000000000000ff")
    assert (unknown.code, set(unknown.json)) == (3, {"error"})


def test_without_a_workspace_all_are_asked(scene: Scene, ada: str, site: str) -> None:
    with scene.world.lock:
        second = scene.clockify.add_workspace("Second")
        owner = scene.clockify.user_of_key("sandbox-clockify-key")
        assert owner is not None
        second.put_member(type(next(iter(scene.place.members.values())))(owner.id, roles=("OWNER",)))
    run_command("connect_clockify", "--api-key", "sandbox-clockify-key", "--workspace", second.id)

    assert scene.explain(scene.entry(ada, site)).code == 0


def test_the_clients_of_the_regular_api_come_from_the_project(scene: Scene, ada: str, site: str) -> None:
    lost = scene.project("Lost", client=scene.client("Nobody", customer=False), customer=False)
    entry = scene.entry(ada, lost, minutes=None)
    scene.check()

    assert scene.explain(entry).codes == {"NOT_FINISHED", "CLIENT_NOT_MAPPED", "PROJECT_NOT_MAPPED"}
    workspace = scene.workspace
    assert [row.client_name for row in TimeEntry.objects.current(workspace)] == ["Nobody"]
