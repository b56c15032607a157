"""The commands' output: the state of every entry, and the meaning of each exit code."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import Company, ConnectionEvent
from sandbox.clockify.state import ADMIN_KEY, MEMBER_KEY
from syncjobs.models import Receipt
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene, run_command


# --- explain -----------------------------------------------------------------------------------------------
def test_an_entry_nobody_looked_at_yet_is_explained(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    entry = scene.entry(ada, site)

    explained = scene.explain(entry)

    assert (explained.code, explained["entry"], explained["state"]) == (0, entry, "ready")
    assert (explained["reasons"], explained["quickbooks_id"]) == ([], None)
    assert scene.sync().counts == {"sent": 1}


def test_every_state_is_told(scene: Scene, ada: str, site: str) -> None:
    sent, edited, gone, billed = (scene.entry(ada, site, f"2026-03-{day:02d} 09:00") for day in (2, 3, 4, 5))
    scene.sync()
    scene.delete_entry(gone)
    scene.bill(scene.receipt(billed).quickbooks_id)
    scene.sync()
    blocked, ignored, failed, ready = (scene.entry(ada, site, f"2026-03-{day:02d} 09:00") for day in (9, 10, 11, 12))
    scene.edit_entry(blocked, billable=False)
    scene.ignore_entry(ignored)
    refusal = {"Fault": {"Error": [{"Message": "no", "Detail": "no", "code": "6330"}], "type": "ValidationFault"}}
    scene.fault("status_before", status=400, body=refusal)
    scene.sync("2026-03-01", "2026-03-11")
    scene.decide("unlink", "user", ada)
    scene.stretch(edited, 90)
    unlinked = scene.explain(edited)
    scene.decide("link", "user", ada, scene.partner_of(ada))

    command = {
        sent: "sent",
        edited: "changed",
        billed: "sent",
        gone: "deleted",
        blocked: "blocked",
        ignored: "ignored",
        failed: "failed",
        ready: "ready",
    }

    assert {entry: scene.explain(entry)["state"] for entry in command} == command
    assert (unlinked["state"], unlinked.codes) == ("changed", {"USER_NOT_MAPPED"})


def test_an_explanation_changes_nothing_in_quickbooks(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    scene.sync()
    scene.stretch(entry, 90)
    scene.zero_calls()

    scene.explain(entry)

    assert not [route for route in scene.calls() if route.startswith("POST") and "query" not in route]


def test_an_explanation_does_without_the_side_that_does_not_answer(
    scene: Scene, ada: str, site: str, settings: Any
) -> None:
    settings.GIVE_UP_SECONDS = 0.5
    entry = scene.entry(ada, site)
    scene.sync()
    scene.fault("cut_before", "/query", method="", times=0)
    scene.fault("cut_before", "", vendor="clockify", times=0)

    explained = scene.explain(entry)

    assert (explained.code, explained["state"]) == (0, "sent")
    assert len(explained["not_asked"]) == 2


@pytest.mark.parametrize("unknown", ["64e5a0db0c10c5f1e0ffffff", "no such thing", "../users", ""])
def test_an_unknown_entry_is_a_matter_of_usage(scene: Scene, unknown: str) -> None:
    explained = scene.explain(unknown)

    assert explained.code == 2
    assert len(explained.stderr.strip().splitlines()) == 1


# --- usage -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "args",
    [
        ("sync_time", "--workspace", "Nowhere"),
        ("sync_time", "--from", "2026-03-31", "--to", "2026-03-01"),
        ("check_for_new", "--workspace", "Nowhere"),
        ("policy", "no_such_setting=1"),
        ("policy", "start_date=soon"),
        ("policy", "matching=loose"),
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2_and_one_line(scene: Scene, args: tuple[str, ...]) -> None:
    done = run_command(*args)

    assert done.code == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["sync_time", "check_for_new", "mismatches", "mapping"])
def test_a_fresh_installation_says_what_to_connect(sandbox: Any, transactional_db: None, command: str) -> None:
    done = run_command(command)

    assert (done.code, done["error"]["code"]) == (3, "NOT_CONNECTED")
    assert "connect_clockify" in done["error"]["fix"]


@pytest.mark.parametrize("command", ["sync_time", "check_for_new"])
def test_a_workspace_without_a_company_says_what_to_connect(sandbox: Any, transactional_db: None, command: str) -> None:
    assert run_command("connect_clockify", "--api-key", ADMIN_KEY).code == 0

    done = run_command(command)

    assert (done.code, done["error"]["code"]) == (3, "NOT_CONNECTED")
    assert "connect_quickbooks" in done["error"]["fix"]


# --- connections -------------------------------------------------------------------------------------------
def test_disconnecting_and_connecting_again_keeps_everything(scene: Scene, ada: str, site: str) -> None:
    entries = scene.entries(ada, site, 5)
    scene.sync()
    links = run_command("mapping").json
    token = scene.company.refresh_token

    assert run_command("disconnect_quickbooks").code == 0

    assert (scene.company.access_token, scene.company.refresh_token) == ("", "")
    assert scene.company.state == Company.State.DISCONNECTED
    assert scene.world.quickbooks.tokens.refresh(token) is None, "revoked at Intuit"
    run = scene.sync()
    assert (run.code, run["error"]["code"], run["seen"]) == (3, "NOT_CONNECTED", 0)
    assert scene.check().code == 3
    assert scene.explain(entries[0])["state"] == "sent"
    fresh = scene.entry(ada, site, "2026-03-20 09:00")
    waiting = scene.explain(fresh)
    assert (waiting["state"], waiting.codes) == ("blocked", {"NOT_CONNECTED"})

    scene.connect()

    assert run_command("mapping").json == links
    assert scene.sync().counts == {"sent": 1, "unchanged": 5}
    assert_books_agree(scene)


def test_tokens_are_wiped_even_if_intuit_does_not_answer(scene: Scene, settings: Any) -> None:
    settings.GIVE_UP_SECONDS = 0.5
    scene.fault("cut_before", "revoke", times=0)

    done = run_command("disconnect_quickbooks")

    assert done.code == 0
    assert scene.company.refresh_token == ""
    assert ConnectionEvent.objects.filter(kind="quickbooks_disconnected").exists()


def test_another_company_is_refused_while_this_one_belongs_here(scene: Scene) -> None:
    other_company = scene.world.quickbooks.add_company(realm="1111111111", name="Other")
    token = scene.world.quickbooks.issue_refresh_token(other_company.realm)

    done = run_command("connect_quickbooks", "--realm", other_company.realm, "--refresh-token", token)

    assert done.code in {2, 3}
    assert "already belongs" in done.stderr
    assert scene.workspace.company == scene.company


@pytest.mark.parametrize("token", ["wrong", "sandbox-refresh-999"])
def test_a_token_that_does_not_work_is_not_stored(scene: Scene, token: str) -> None:
    before = scene.company.refresh_token

    done = run_command("connect_quickbooks", "--realm", scene.books.realm, "--refresh-token", token)

    assert done.code == 3
    assert token not in done.stderr
    assert (scene.company.refresh_token, scene.company.state) == (before, Company.State.CONNECTED)
    assert scene.sync().code == 0


def test_a_clockify_key_that_is_refused_ends_the_run_and_keeps_what_was_sent(scene: Scene, ada: str, site: str) -> None:
    scene.entries(ada, site, 3)
    scene.sync()
    scene.clockify.revoke_key(ADMIN_KEY)

    run = scene.sync()

    assert (run.code, run["error"]["code"], run["deleted"]) == (3, "NOT_CONNECTED", 0)
    assert scene.sync().code == 3
    assert len(scene.activities()) == 3
    assert Receipt.objects.filter(state="sent").count() == 3
    scene.clockify.put_key(ADMIN_KEY, next(iter(scene.place.members)))
    scene.connect()
    assert scene.sync().counts == {"unchanged": 3}


def test_a_key_of_somebody_who_sees_too_little_is_refused(scene: Scene) -> None:
    member = scene.user("Member", partner=None, apiKey=MEMBER_KEY)

    done = run_command("connect_clockify", "--api-key", MEMBER_KEY)

    assert member
    assert done.code == 3
    assert MEMBER_KEY not in done.stderr
    assert scene.workspace.api_key == ADMIN_KEY
