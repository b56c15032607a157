"""A write that QuickBooks never answers: it stands in nobody's way, and counts as refused after five runs."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from integrations.limits import retry
from integrations.models import ConnectionEvent
from syncjobs.models import Action
from tests.support.desk_forms import entry_version
from tests.support.oracle import assert_books_agree
from tests.support.page_text import main_text
from tests.support.scene import Scene, run_command

# What a vendor answers, whatever the database.
pytestmark = pytest.mark.any_database


@pytest.fixture
def entry(scene: Scene, ada: str, site: str) -> str:
    return scene.entry(ada, site, description="Launch 🚀")


def fail(scene: Scene, runs: int = retry.MAX_TRIED_RUNS) -> list[dict[str, int]]:
    """Run so often that QuickBooks answers each write with 500; returns each run's counts."""
    scene.fault("500_html", times=0)
    counts = [scene.sync().counts for _ in range(runs)]
    scene.clear_faults()
    return counts


def test_after_five_runs_it_is_refused_with_quickbooks_words(scene: Scene, entry: str) -> None:
    assert fail(scene) == [{"unknown": 1}] * 4 + [{"failed": 1}]
    later = scene.sync()

    assert (later.code, later.counts) == (0, {"blocked": 1})
    explained = scene.explain(entry)
    [reason] = explained["reasons"]
    assert (explained["state"], reason["code"], reason["fix_in"]) == ("blocked", "QUICKBOOKS_REFUSED", "here")
    assert "5 runs" in reason["message"] and "500" in reason["message"]
    assert scene.activities() == [] and scene.open_actions() == 0


def test_an_edit_in_clockify_sends_it(scene: Scene, entry: str, settings: Any) -> None:
    settings.SETTLE_SECONDS = 0
    fail(scene)
    scene.edit_entry(entry, description="Launch")

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"sent": 1})
    assert_books_agree(scene)


def test_an_edit_waits_while_the_last_attempt_may_arrive(scene: Scene, entry: str, settings: Any) -> None:
    fail(scene)
    scene.edit_entry(entry, description="Launch")

    assert scene.sync().counts == {"unknown": 1}
    settings.SETTLE_SECONDS = 0
    assert scene.sync().counts == {"sent": 1}
    assert_books_agree(scene)


def test_an_attempt_that_turns_up_becomes_a_receipt(scene: Scene, entry: str, settings: Any) -> None:
    settings.GIVE_UP_SECONDS = 2
    fail(scene, runs=4)
    scene.fault("500_html", times=2)
    scene.fault("500_html_after_commit", times=1)
    scene.fault("cut_before", "query.*TimeActivity", method="GET", skip=3, times=0)
    scene.sync()
    scene.clear_faults()

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"unchanged": 1})
    assert_books_agree(scene)


@pytest.mark.parametrize("way", ["command", "button"])
def test_a_person_tries_again(scene: Scene, entry: str, way: str, client: Client, admin_user: User) -> None:
    fail(scene)
    scene.sync()
    if way == "command":
        assert run_command("resolve", entry, "retry").json["state"] == "unknown"
    else:
        page = reverse("admin:integrations_timeentry_change", args=[scene.mirrored(entry).pk])
        client.force_login(admin_user)
        assert "Try again" in main_text(client.get(page)) and "Leave out" in main_text(client.get(page))
        form = {"verb": "try_again", "version": entry_version(scene.mirrored(entry))}
        client.post(reverse("hourbridge:decide-entry", args=[scene.mirrored(entry).pk]), form)

    assert fail(scene, runs=1) == [{"unknown": 1}]
    assert scene.sync().counts == {"sent": 1}
    assert_books_agree(scene)
    assert ConnectionEvent.objects.filter(kind="tried_again", by=None if way == "command" else admin_user).count() == 1


def test_a_person_leaves_it_out(scene: Scene, entry: str) -> None:
    fail(scene)

    result = run_command("resolve", entry, "leave_out")

    assert (result.code, result["state"]) == (0, "ignored")
    assert scene.sync().counts == {"blocked": 1}
    assert scene.activities() == []


@pytest.mark.parametrize("change", ["update", "delete", "delete_gone"])
def test_a_change_of_sent_time_is_given_up_too(scene: Scene, entry: str, change: str) -> None:
    scene.sync()
    if change == "update":
        scene.stretch(entry, 90)
    elif change == "delete":
        scene.edit_entry(entry, billable=False)
    else:
        scene.delete_entry(entry)

    counts = fail(scene)
    scene.sync()

    assert [len(count) for count in counts[:4]] == ([0] * 4 if change == "delete_gone" else [1] * 4)
    explained = scene.explain(entry)
    assert (explained["state"], explained.codes) == ("changed", {"QUICKBOOKS_REFUSED"}), explained.json
    assert run_command("resolve", entry, "retry").code == 0
    assert scene.sync().code == 0
    assert_books_agree(scene)


def test_what_was_edited_away_and_back_is_tried_anew(scene: Scene, entry: str, settings: Any) -> None:
    settings.SETTLE_SECONDS = 0
    scene.sync()
    scene.edit_entry(entry, description="Second")
    fail(scene)
    scene.edit_entry(entry, description="Third")
    assert scene.sync().counts == {"updated": 1}
    scene.edit_entry(entry, description="Second")

    # Counted from the start as well: one odd answer does not give it up.
    assert fail(scene, runs=1) == [{"unknown": 1}]
    assert scene.sync().counts == {"updated": 1}
    assert_books_agree(scene)


@pytest.mark.parametrize(
    ("there", "back", "settle_seconds"),
    [
        ({"billable": True}, {"billable": False}, 0),
        ({"billable": True}, {"billable": False}, 180),
        ({"description": "Second"}, {"description": "First"}, 0),
        ({"billable": False}, {"billable": True}, 0),
        ({}, {}, 0),
    ],
    ids=["create", "create that may arrive", "update", "delete", "delete_gone"],
)
def test_an_edit_ends_it_even_where_it_is_edited_back(
    scene: Scene, entry: str, settings: Any, there: dict[str, Any], back: dict[str, Any], settle_seconds: int
) -> None:
    scene.edit_entry(entry, description="First")
    if there != {"billable": True}:
        scene.sync()
    gone = [] if there else scene.delete_entry(entry)
    scene.edit_entry(entry, **there) if there else None
    fail(scene)
    settings.SETTLE_SECONDS = settle_seconds
    scene.sync()

    scene.edit_entry(entry, **back) if back else scene.restore(gone)
    scene.sync()
    scene.edit_entry(entry, **there) if there else scene.delete_entry(entry)
    settings.SETTLE_SECONDS = 0
    run = scene.sync()

    assert run.code == 0 and run.counts in [{"sent": 1}, {"updated": 1}, {"deleted": 1}], run.json
    assert_books_agree(scene)


def test_an_undo_that_was_given_up_holds_no_deletion_in_clockify(scene: Scene, entry: str) -> None:
    run = scene.sync()["run"]
    scene.fault("500_html", times=0)
    counts = [run_command("undo_run", str(run)).json["failed"] for _ in range(retry.MAX_TRIED_RUNS)]
    scene.clear_faults()
    assert counts == [0, 0, 0, 0, 1]
    assert run_command("resolve", entry, "retry").code == 2
    scene.delete_entry(entry)

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"deleted": 1})
    assert scene.activities() == []


def test_runs_are_counted_not_attempts(scene: Scene, entry: str) -> None:
    fail(scene, runs=1)

    action = Action.objects.latest("pk")
    assert action.attempts > 1
    assert action.tried_runs == 1


def test_resolve_names_what_is_wrong(scene: Scene, entry: str) -> None:
    scene.sync()

    assert run_command("resolve", entry, "retry").code == 2
    assert run_command("resolve", entry, "adopt").code == 2
    assert run_command("resolve", "nothing", "retry").code == 2
    unknown = run_command("resolve", entry, "delete_all")
    assert unknown.code == 2 and "send_clockify" in unknown.stderr


def test_resolve_sends_clockifys_version(scene: Scene, entry: str) -> None:
    scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(entry).quickbooks_id, "Hours": 5})
    scene.stretch(entry, 90)
    assert scene.sync().counts == {"blocked": 1}

    result = run_command("resolve", entry, "send_clockify")

    assert (result.code, result["state"]) == (0, "sent"), result.json
    assert_books_agree(scene)


def test_resolve_keeps_quickbooks_version(scene: Scene, entry: str) -> None:
    scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(entry).quickbooks_id, "Hours": 5})
    scene.stretch(entry, 90)

    result = run_command("resolve", entry, "keep_quickbooks")

    assert result.code == 0
    assert scene.sync().counts == {"blocked": 1}
    assert scene.activity(entry)["Hours"] == 5
