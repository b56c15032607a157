"""One refused call is the fault of that call, until the connection's own address says otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from syncjobs.models import Receipt
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene

# What a vendor answers, whatever the database.
pytestmark = pytest.mark.any_database

PAGE = "<html>Forbidden</html>"
NO_ACCESS = {"fault": {"error": [{"message": "no", "code": "3100"}], "type": "SERVICE"}}
USER_GONE = {"Fault": {"Error": [{"Message": "no access", "code": "120"}], "type": "AuthorizationFault"}}
ODD_REFUSALS = [(403, PAGE), (403, NO_ACCESS), (401, USER_GONE), (500, NO_ACCESS), (500, USER_GONE), (400, USER_GONE)]


def connected(scene: Scene) -> bool:
    return (scene.workspace.state, scene.company.state) == ("connected", "connected")


@pytest.mark.parametrize(("status", "body"), ODD_REFUSALS)
def test_one_refused_write_never_ends_the_connection(
    scene: Scene, ada: str, site: str, settings: Any, status: int, body: Any
) -> None:
    settings.GIVE_UP_SECONDS = 1
    scene.entries(ada, site, 4)
    # Twice: after a 401 of QuickBooks' own the write is sent again with a new token.
    scene.fault("status_before", status=status, body=body, times=2)

    run = scene.sync()

    assert connected(scene)
    assert (run.json.get("error") or {}).get("code") != "NOT_CONNECTED"
    scene.clear_faults()
    scene.sync()
    assert scene.sync().counts == {"unchanged": 4}
    assert_books_agree(scene)


@pytest.mark.parametrize(("status", "body"), [(403, PAGE), (403, NO_ACCESS), (401, USER_GONE)])
def test_a_refused_query_ends_the_run_with_a_clear_error_and_the_next_one_goes_on(
    scene: Scene, ada: str, site: str, status: int, body: Any
) -> None:
    scene.check()
    scene.entry(ada, site)
    scene.fault("status_before", "/query", method="", status=status, body=body, times=0)

    run = scene.sync()

    assert (run.code, run["status"], run["error"]["code"]) == (3, "failed", "UNEXPECTED")
    assert run["error"]["fix"] == "The next run continues where this one stopped."
    assert connected(scene)
    scene.clear_faults()
    assert scene.sync().counts == {"sent": 1}


def test_a_key_whose_role_was_lowered_fails_the_run_and_says_which_key_is_needed(
    scene: Scene, ada: str, site: str
) -> None:
    scene.check()
    scene.entry(ada, site)
    body = {"message": "Access Denied", "code": 501}
    scene.fault("status_before", "reports/detailed", vendor="clockify", status=403, body=body, times=0)

    run = scene.sync()

    assert (run.code, run["status"], run["error"]["code"]) == (3, "failed", "KEY_SEES_TOO_LITTLE")
    assert "owner or admin" in run["error"]["fix"]
    assert connected(scene)


def test_a_connection_that_is_really_lost_ends_the_run_in_mid_sending(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    scene.entries(ada, site, 30)
    scene.fault("status_before", "/v3/company", method="", status=403, body=NO_ACCESS, skip=12, times=0)

    run = scene.sync()

    assert (run.code, run["error"]["code"], run["unknown"]) == (4, "NOT_CONNECTED", 0)
    assert scene.company.state == "reconnect"
    scene.clear_faults()
    scene.sync()
    assert scene.sync().counts == {"unchanged": 30}, "a command asks at once"
    assert_books_agree(scene)


@pytest.mark.parametrize("record", [{}, {"Id": 7, "SyncToken": "0"}, {"Id": "", "SyncToken": ""}, None])
def test_a_write_whose_answer_does_not_prove_itself_is_looked_for(
    scene: Scene, ada: str, site: str, record: Any
) -> None:
    scene.entries(ada, site, 2)
    scene.fault("status_after_commit", status=200, body={"TimeActivity": record}, times=2)

    scene.sync()

    assert not Receipt.objects.filter(quickbooks_id__in=["", "7"]).exists()
    scene.sync()
    assert scene.sync().counts == {"unchanged": 2}
    assert_books_agree(scene)
