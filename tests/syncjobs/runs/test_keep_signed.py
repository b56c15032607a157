"""Signed periods that are kept: whatever would change their time is held, until the sign-off is withdrawn."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from syncjobs import sign_offs
from syncjobs.models import EntryStatus, Reconciliation, RunItem, SignOff
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
