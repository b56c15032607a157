"""Who may be accepted in one press where two users have one name, on the sandbox's agency."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from sandbox.clockify.state import ADMIN_KEY
from sandbox.data.datasets import REALM
from sandbox.server import Running
from tests.support.scene import Scene, run_command

CHRIS = "Chris Taylor"


def connected(sandbox: Running) -> Scene:
    """Return the agency, connected on both sides."""
    scene = Scene(sandbox)
    token = scene.world.quickbooks.issue_refresh_token(REALM)
    assert run_command("connect_clockify", "--api-key", ADMIN_KEY).code == 0
    assert run_command("connect_quickbooks", "--realm", REALM, "--refresh-token", token).code == 0
    return scene


def accepted(client: Client, scene: Scene) -> dict[str, str]:
    """Return by e-mail address of the Chrises the employee that their Accept button takes."""
    page = client.get(f"/admin/workspaces/{scene.workspace.pk}/people/").content.decode()
    rows = re.findall(r'<tr id="user-.*?</tr>', page, re.DOTALL)
    found = {}
    for row in rows:
        mail = re.search(r"[\w.]+taylor(?:<wbr>)?@northlight\.example", row)
        button = re.search(r"Accept<span class=\"hb-hidden\"> (.+?) for ", row)
        if mail and CHRIS in row:
            found[mail[0].partition("@")[0].removesuffix("<wbr>")] = unescape(button[1]) if button else ""
    return found


@pytest.mark.sandbox(dataset="agency", entries=60)
def test_of_two_users_of_one_name_each_is_offered_who_has_the_same_address(
    dana: Client, sandbox: Running, transactional_db: None
) -> None:
    scene = connected(sandbox)
    scene.check()
    assert accepted(dana, scene) == {"chris.taylor": CHRIS, "c.taylor": "Christine Taylor"}
    listed = {row["clockify"]["id"]: row for row in run_command("mismatches").json if row["kind"] == "user"}
    chris = [row for row in listed.values() if row["clockify"] and row["clockify"]["name"] == CHRIS]
    assert [row["reason"] for row in chris] == ["AMBIGUOUS_NAME"] * 2

    for name in (CHRIS, "Christine Taylor"):
        key = next(key for key, row in scene.books.records["Employee"].items() if row["DisplayName"] == name)
        scene.put("Employee", {"Id": key, "PrimaryEmailAddr": {"Address": f"{key}@elsewhere.example"}})
    scene.check()
    assert accepted(dana, scene) == {"chris.taylor": "", "c.taylor": ""}
