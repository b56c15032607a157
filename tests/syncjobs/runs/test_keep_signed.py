"""Signed periods that are kept: whatever would change their time is held, until the sign-off is withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from mapping.errors import Refused
from syncjobs import sign_offs
from syncjobs.models import Action, EntryStatus, Receipt, Reconciliation, RunItem, SignOff
from tests.support.commands import SYNC, Command, until
from tests.support.oracle import assert_books_agree
from tests.support.scene import FIRST, LAST, Scene, run_command

DAYS = date.fromisoformat(FIRST), date.fromisoformat(LAST)


@pytest.fixture
def beth(scene: Scene) -> Any:
    return User.objects.create_user("beth")


def sign(scene: Scene, person: Any) -> SignOff:
    scene.compare()
    shown = str(Reconciliation.objects.latest("pk").pk)
    signed = {"shown": shown, "reason": "Agreed", "person": person, "now": timezone.now()}
    return sign_offs.sign(scene.workspace, DAYS, **signed)


@pytest.fixture
def sent(scene: Scene, ada: str, site: str) -> list[str]:
    """Return three entries in March that were sent, and one in April."""
    days = ("2026-03-04", "2026-03-05", "2026-03-06", "2026-04-02")
    entries = [scene.entry(ada, site, f"{day} 09:00") for day in days]
    scene.sync(last="2026-04-30")
    return entries


def test_new_edited_unbillable_and_deleted_time_is_held_and_april_goes_on(
    scene: Scene, sent: list[str], beth: Any, ada: str, site: str
) -> None:
    scene.policy(start_date=FIRST, keep_signed="on")
    sign(scene, beth)
    scene.stretch(sent[0], 90)
    scene.edit_entry(sent[1], billable=False)
    scene.delete_entry(sent[2])
    scene.stretch(sent[3], 90)
    new = scene.entry(ada, site, "2026-03-20 09:00")
    before = scene.activities()

    result = scene.sync(last="2026-04-30")

    assert (result.code, result.counts) == (0, {"updated": 1, "blocked": 3})
    assert result["blocked_reasons"]["PERIOD_SIGNED"] == 4
    in_march = [row for row in scene.activities() if row["TxnDate"] < "2026-04"]
    assert in_march == [row for row in before if row["TxnDate"] < "2026-04"]
    assert scene.explain(new).codes == {"PERIOD_SIGNED"}
    assert scene.explain(sent[2])["state"] == "changed"


def test_an_entry_moved_out_of_or_into_a_signed_period_is_held(scene: Scene, sent: list[str], beth: Any) -> None:
    scene.policy(start_date=FIRST, keep_signed="on")
    sign(scene, beth)
    scene.edit_entry(sent[0], start="2026-04-03 09:00")
    scene.edit_entry(sent[3], start="2026-03-10 09:00")

    result = scene.sync(last="2026-04-30")

    assert result.counts["blocked"] == 2
    assert {scene.explain(key).codes.pop() for key in (sent[0], sent[3])} == {"PERIOD_SIGNED"}


def test_an_undo_leaves_signed_time(scene: Scene, sent: list[str], beth: Any) -> None:
    scene.policy(keep_signed="on")
    run = scene.receipt(sent[0]).run_id
    sign(scene, beth)

    run_command("undo_run", str(run))

    assert sorted(row["TxnDate"] for row in scene.activities()) == ["2026-03-04", "2026-03-05", "2026-03-06"]


def test_a_resend_leaves_signed_time_and_says_why(
    scene: Scene, sent: list[str], beth: Any, ada: str, site: str
) -> None:
    scene.policy(start_date=FIRST, keep_signed="on")
    sign(scene, beth)
    scene.edit_project(site, hourlyRate=15000)
    before = scene.activities()

    result = run_command("sync_time", "--resend", "--from", FIRST, "--to", "2026-04-30")

    assert (result.code, result.counts) == (0, {"updated": 1, "blocked": 3})
    assert result["blocked_reasons"] == {"PERIOD_SIGNED": 3}
    in_march = [row for row in scene.activities() if row["TxnDate"] < "2026-04"]
    assert in_march == [row for row in before if row["TxnDate"] < "2026-04"]
    items = RunItem.objects.filter(run_id=result["run"], outcome="blocked")
    assert set(items.values_list("why", flat=True)) == {"To be sent again, but its period is signed."}
    # Nothing about the entry itself waits.
    assert scene.explain(sent[0])["state"] == "sent"


def test_signing_holds_at_once_and_withdrawing_frees(
    scene: Scene, sent: list[str], beth: Any, ada: str, site: str
) -> None:
    scene.policy(start_date=FIRST, keep_signed="on")
    waits = scene.entry(ada, site, "2026-03-20 09:00")
    scene.check()

    signed = sign(scene, beth)
    held = EntryStatus.objects.get(entry__clockify_id=waits)
    sign_offs.withdraw(signed, reason="One entry was missing", person=beth, now=timezone.now())
    freed = EntryStatus.objects.get(entry__clockify_id=waits)

    assert (held.state, held.held, held.cause, freed.state) == ("blocked", True, "PERIOD_SIGNED", "ready")


def test_without_the_rule_a_signed_period_goes_on(scene: Scene, sent: list[str], beth: Any) -> None:
    sign(scene, beth)
    scene.stretch(sent[0], 90)

    assert scene.sync().counts["updated"] == 1


# --- signed while a sync is at work -------------------------------------------------------------------------
def sign_april(scene: Scene, person: Any, shown: str) -> SignOff:
    days = date(2026, 4, 1), date(2026, 4, 2)
    return sign_offs.sign(scene.workspace, days, shown=shown, reason="Agreed", person=person, now=timezone.now())


@pytest.mark.parametrize(
    ("batches_from", "in_march", "new"),
    [(0, 20, 6), pytest.param(1, 130, 40, marks=pytest.mark.slow)],
    ids=["one by one", "in batches"],
)
def test_a_period_signed_while_a_sync_sends_stays_as_it_was_signed(
    scene: Scene,
    ada: str,
    site: str,
    beth: Any,
    start: Callable[..., Command],
    batches_from: int,
    in_march: int,
    new: int,
) -> None:
    """March is on its way, in a process of its own, when April is signed, which the same run has planned already."""
    edited = scene.entry(ada, site, "2026-04-01 09:00", description="Kept")
    dropped = scene.entry(ada, site, "2026-04-01 12:00", description="Kept as well")
    scene.sync(last="2026-04-30")
    scene.policy(start_date=FIRST, keep_signed="on")
    # So many that every thread is busy with them when April is signed.
    scene.entries(ada, site, in_march)
    for number in range(new):
        last = scene.entry(ada, site, "2026-04-02 09:00", minutes=60 + number)
    scene.edit_entry(edited, description="Changed")
    scene.edit_entry(dropped, billable=False)
    run_command("reconcile", "--from", "2026-04-01", "--to", "2026-04-02")
    shown = str(Reconciliation.objects.latest("pk").pk)
    before = scene.activities()
    scene.fault("hang_before", "timeactivity|/batch", times=0, seconds=2)
    command = start(*SYNC[:3], "--to", "2026-04-30", BATCHES_FROM=str(batches_from))
    until(lambda: scene.hits())

    sign_april(scene, beth, shown)
    scene.clear_faults()
    result = command.result()

    assert [row for row in scene.activities() if row["TxnDate"] > "2026-03-31"] == before
    assert (result.code, result.counts) == (0, {"sent": in_march, "blocked": new + 2})
    assert result["blocked_reasons"]["PERIOD_SIGNED"] == new + 2
    assert scene.explain(edited)["state"] == scene.explain(dropped)["state"] == "changed"
    assert scene.explain(last).codes == {"PERIOD_SIGNED"}
    assert scene.open_actions() == 0
    sign_offs.withdraw(SignOff.objects.get(), reason="Too early", person=beth, now=timezone.now())
    assert scene.sync(last="2026-04-30").counts == {"sent": new, "updated": 1, "deleted": 1, "unchanged": in_march}
    assert_books_agree(scene)


def test_a_period_is_not_signed_while_its_time_is_written(
    scene: Scene, ada: str, site: str, beth: Any, start: Callable[..., Command]
) -> None:
    scene.policy(start_date=FIRST, keep_signed="on")
    scene.entry(ada, site, "2026-04-01 09:00")
    run_command("reconcile", "--from", "2026-04-01", "--to", "2026-04-02")
    shown = str(Reconciliation.objects.latest("pk").pk)
    scene.fault("hang_before", times=0, seconds=2)
    command = start(*SYNC[:3], "--to", "2026-04-30")
    until(lambda: scene.hits())

    with pytest.raises(Refused, match="Time of these days is being written to QuickBooks"):
        sign_april(scene, beth, shown)

    assert command.result().counts == {"sent": 1}
    # Days of which nothing is on its way may be signed meanwhile, and these once it is over.
    assert sign_april(scene, beth, shown).pk


@pytest.mark.parametrize("sent_again", [False, True], ids=["in doubt", "sent again"])
def test_what_may_still_arrive_has_to_be_compared_before_its_days_are_signed(
    scene: Scene, ada: str, site: str, beth: Any, sent_again: bool
) -> None:
    scene.policy(start_date=FIRST, keep_signed="on")
    scene.entry(ada, site)
    if sent_again:
        scene.fault("cut_before")
    scene.sync()
    if not sent_again:
        # As if the process had died before the answer came.
        Receipt.objects.all().delete()
        Action.objects.update(state=Action.State.SENDING, quickbooks_id="", ended_at=None)

    with pytest.raises(Refused, match="got no answer, and could still arrive when they were compared"):
        sign(scene, beth)

    long_ago = timezone.now() - timedelta(minutes=10)
    Action.objects.update(created_at=long_ago, tried_at=long_ago)
    Action.objects.exclude(watch_until=None).update(watch_until=long_ago)
    assert sign(scene, beth).pk
