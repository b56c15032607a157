"""Undo of a run: only what it created, only unbilled and unchanged, and a redo that duplicates nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from syncjobs.models import Action, EntryOverride, Run, RunItem
from tests.support.scene import FIRST, LAST, Result, Scene, run_command


def undo(run: Result, *args: str) -> Result:
    return run_command("undo_run", str(run["run"]), *args)


def counts(result: Result) -> dict[str, int]:
    figures = ("seen", "deleted", "already_gone", "left_alone", "blocked", "failed", "unknown")
    return {name: result[name] for name in figures if result[name]}


def texts(scene: Scene) -> list[str]:
    return sorted(activity.get("Description", "") for activity in scene.activities())


def test_a_preview_deletes_nothing_and_says_the_same_as_the_undo(scene: Scene, ada: str, site: str) -> None:
    scene.entries(ada, site, 3)
    sent = scene.sync()

    preview = undo(sent, "--dry-run")
    assert (preview.code, preview["status"], len(scene.activities())) == (0, "succeeded", 3)
    done = undo(sent)

    assert counts(preview) == counts(done) == {"seen": 3, "deleted": 3}
    assert (preview["minutes_deleted"], done["minutes_deleted"]) == (5 + 6 + 7, 5 + 6 + 7)
    assert (done.code, done["undone_run"], done["dry_run"], scene.activities()) == (0, sent["run"], False, [])


def test_the_next_sync_sends_what_was_taken_back_once_each(scene: Scene, ada: str, site: str) -> None:
    scene.entries(ada, site, 3)
    sent = scene.sync()
    before = texts(scene)
    undo(sent)

    assert scene.explain(scene.entry(ada, site, "2026-03-20 09:00"))["state"] == "ready"
    assert scene.sync().counts == {"sent": 4}
    assert scene.sync().counts == {"unchanged": 4}

    assert texts(scene) == sorted([*before, ""])
    assert counts(undo(sent)) == {"seen": 3, "already_gone": 3}
    assert len(scene.activities()) == 4


def test_billed_and_changed_time_stays_and_says_why(scene: Scene, ada: str, site: str) -> None:
    plain, billed, changed, deleted = scene.entries(ada, site, 4)
    sent = scene.sync()
    scene.bill(scene.receipt(billed).quickbooks_id)
    scene.put("TimeActivity", {"Id": scene.receipt(changed).quickbooks_id, "Minutes": 59})
    scene.delete_activity(scene.receipt(deleted).quickbooks_id)

    done = undo(sent)

    assert (done.code, done["status"]) == (0, "succeeded")
    assert counts(done) == {"seen": 4, "deleted": 1, "blocked": 3}
    assert done["blocked_reasons"] == {"BILLED_IN_QUICKBOOKS": 1, "CHANGED_IN_QUICKBOOKS": 2}
    assert [scene.explain(entry)["state"] for entry in (plain, billed, changed)] == ["ready", "sent", "sent"]


@pytest.mark.slow
def test_values_that_moved_without_the_token_stay(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    sent = scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(entry).quickbooks_id, "Minutes": 59}, keep_token=True)

    assert undo(sent)["blocked_reasons"] == {"CHANGED_IN_QUICKBOOKS": 1}
    assert scene.receipt(entry).conflict == "CHANGED_IN_QUICKBOOKS"
    assert len(scene.activities()) == 1


def test_closed_books_are_left_closed(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site, "2026-03-04 09:00")
    scene.entry(ada, site, "2026-03-20 09:00")
    sent = scene.sync()
    scene.configure(BookCloseDate="2026-03-10")
    scene.check()

    done = undo(sent)

    assert (counts(done), done["blocked_reasons"]) == ({"seen": 2, "deleted": 1, "blocked": 1}, {"BOOKS_CLOSED": 1})


@pytest.mark.slow
def test_what_the_run_updated_or_deleted_is_left_alone(scene: Scene, ada: str, site: str) -> None:
    edited, unbilled = scene.entries(ada, site, 2)
    first = scene.sync()
    scene.edit_entry(edited, description="Said better")
    scene.edit_entry(unbilled, billable=False)
    scene.entry(ada, site, "2026-03-20 09:00", description="New")
    second = scene.sync()

    assert counts(undo(second)) == {"seen": 1, "deleted": 1, "left_alone": 2}
    assert texts(scene) == ["Said better"]
    assert counts(undo(first)) == {"seen": 2, "deleted": 1, "already_gone": 1}


def test_left_out_entries_stay_out_until_a_person_says_so(scene: Scene, ada: str, site: str) -> None:
    plain, billed = scene.entries(ada, site, 2)
    sent = scene.sync()
    scene.bill(scene.receipt(billed).quickbooks_id)

    assert undo(sent, "--ignore")["ignore"]

    assert [override.clockify_id for override in EntryOverride.objects.filter(ignored=True)] == [plain]
    assert f"run {sent['run']}" in EntryOverride.objects.get().note
    assert scene.explain(plain)["state"] == "ignored"
    assert scene.sync().counts == {"unchanged": 1, "blocked": 1}


@pytest.mark.slow
def test_an_entry_deleted_in_clockify_meanwhile_ends_deleted_on_both_sides(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    sent = scene.sync()
    scene.delete_entry(entry)
    scene.check()

    assert counts(undo(sent)) == {"seen": 1, "deleted": 1}

    assert scene.explain(entry)["state"] == "deleted"
    assert (scene.sync().counts, scene.activities()) == ({}, [])


def test_a_lost_answer_is_looked_for_before_it_is_deleted_again(scene: Scene, ada: str, site: str) -> None:
    scene.entries(ada, site, 2)
    sent = scene.sync()
    scene.fault("cut_after_commit", times=1)

    done = undo(sent)

    assert (counts(done), done.code) == ({"seen": 2, "deleted": 2}, 0)
    assert (scene.activities(), scene.open_actions()) == ([], 0)
    assert Action.objects.filter(run_id=done["run"], verb="delete", state="done").count() == 2


def test_an_unsupported_subscription_attempts_nothing(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    sent = scene.sync()
    scene.configure(PayrollFeature="true")
    scene.check()

    done = undo(sent)

    assert (done.code, done["error"]["code"], done["deleted"]) == (3, "PAYROLL_ENABLED", 0)
    assert len(scene.activities()) == 1


def test_what_can_not_be_undone_is_refused_in_one_line(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    check, dry = scene.check(), scene.sync(dry_run=True)
    sent = scene.sync()
    undone = undo(sent)
    now = timezone.now()
    live = Run.objects.create(
        kind="sync",
        workspace=scene.workspace,
        company=scene.company,
        status="running",
        trigger="button",
        created_at=now,
        lease_until=now + timedelta(seconds=30),
    )

    for run, word in ((check["run"], "check"), (dry["run"], "dry run"), (undone["run"], "undo"), (live.pk, "still")):
        refused = run_command("undo_run", str(run))
        assert (refused.code, refused.json) == (2, None)
        assert word in refused.stderr
    assert run_command("undo_run", "4711").code == 2
    assert run_command("undo_run", str(sent["run"]), "--workspace", "Nobody's").code == 2


@pytest.mark.slow
def test_an_undo_that_was_cut_short_goes_on_where_it_stopped(scene: Scene, ada: str, site: str) -> None:
    scene.entries(ada, site, 6)
    sent = scene.sync()
    scene.fault("503", times=0, skip=2)

    cut = undo(sent)
    scene.clear_faults()
    done = undo(sent)

    assert cut.code == 4
    assert done.code == 0
    assert done["deleted"] + done["already_gone"] == 6
    assert (scene.activities(), scene.open_actions()) == ([], 0)


@pytest.mark.slow
def test_many_are_taken_back_and_sent_again_once(scene: Scene, ada: str, site: str) -> None:
    scene.entries(ada, site, 120)
    sent = run_command("sync_time", "--from", FIRST, "--to", LAST)

    assert counts(undo(sent)) == {"seen": 120, "deleted": 120}
    assert scene.sync().counts == {"sent": 120}
    assert len(scene.activities()) == len(set(texts(scene))) == 120
    assert RunItem.objects.filter(outcome="unknown").count() == 0


@pytest.mark.django_db(transaction=True)
def test_where_nothing_is_connected_zeros_stand_beside_the_error() -> None:
    result = run_command("undo_run", "1", "--dry-run")

    assert (result.code, result["error"]["code"], result["undone_run"], result["dry_run"]) == (
        3,
        "NOT_CONNECTED",
        1,
        True,
    )
    assert counts(result) == {}
