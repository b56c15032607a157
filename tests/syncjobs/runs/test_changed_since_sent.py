"""A rate, a link or a setting that changed after time was sent: told, counted while it lasts, never sent by itself."""

from __future__ import annotations

import pytest
from django.utils import timezone

from syncjobs import decisions
from syncjobs.models import RunItem
from tests.support.scene import Scene, run_command

RATE = {"field": "rate", "sent": "80.00", "quickbooks": "80.00", "now": "150.00"}


@pytest.fixture
def sent(scene: Scene, ada: str, site: str) -> str:
    """Send an hour of Ada's at 80.00."""
    entry = scene.entry(ada, site, "2026-03-04 09:00", description="Review")
    assert scene.sync().counts == {"sent": 1}
    return entry


def link_to_another(scene: Scene, user: str) -> str:
    employee = str(scene.put("Employee", {"DisplayName": "Linus"})["Id"])
    scene.check()
    scene.decide("link", "user", user, employee)
    return employee


def test_a_rate_changed_with_effect_on_the_past_is_told_and_sent_by_no_run(scene: Scene, site: str, sent: str) -> None:
    scene.edit_project(site, hourlyRate=15000)

    for dry_run in (True, False, False):
        run = scene.sync(dry_run=dry_run)
        assert (run.code, run["status"], run.counts) == (0, "succeeded", {"unchanged": 1})
        assert run["warnings"] == {"RATE_CHANGED": 1}
    explained = scene.explain(sent)
    assert (explained["state"], explained["reasons"], explained["differences"]) == ("sent", [], [RATE])
    assert scene.activity(sent)["HourlyRate"] == 80
    # It ends by itself where the rate is as it was.
    scene.edit_project(site, hourlyRate=8000)
    assert scene.sync()["warnings"] == {}
    assert "differences" not in scene.explain(sent).json


def test_a_later_edit_of_the_text_says_that_it_takes_the_new_price_along(scene: Scene, site: str, sent: str) -> None:
    scene.edit_project(site, hourlyRate=15000)
    scene.edit_entry(sent, description="Rework")

    preview, run = scene.sync(dry_run=True), scene.sync()

    for result in (preview, run):
        assert (result.counts, result["warnings"]) == ({"updated": 1}, {})
        why = RunItem.objects.get(run_id=result["run"]).why
        assert why == "Edited in Clockify: description, and the rate is now 150.00, it was 80.00."
    assert scene.activity(sent)["HourlyRate"] == 150
    assert scene.sync()["warnings"] == {}


def test_a_changed_link_is_told(scene: Scene, ada: str, sent: str) -> None:
    before = scene.partner_of(ada)
    employee = link_to_another(scene, ada)

    run = scene.sync()

    assert (run.code, run.counts, run["warnings"]) == (0, {"unchanged": 1}, {"LINK_CHANGED": 1})
    difference = {"field": "person", "sent": before, "quickbooks": before, "now": employee}
    assert scene.explain(sent)["differences"] == [difference]
    scene.decide("link", "user", ada, before)
    assert scene.sync()["warnings"] == {}


def test_a_later_edit_says_that_it_takes_the_new_link_along(scene: Scene, ada: str, sent: str) -> None:
    before = scene.partner_of(ada)
    employee = link_to_another(scene, ada)
    scene.edit_entry(sent, description="Rework")

    run = scene.sync()

    assert run.counts == {"updated": 1}
    why = RunItem.objects.get(run_id=run["run"]).why
    assert why == f"Edited in Clockify: description, and the person is now {employee} Linus, it was {before}."


def test_another_person_of_the_entry_is_an_edit_and_no_link(scene: Scene, sent: str) -> None:
    bea = scene.user("Bea")
    scene.check()
    scene.edit_entry(sent, userId=bea)

    run = scene.sync()

    assert RunItem.objects.get(run_id=run["run"]).why == "Edited in Clockify: person."


def test_a_link_that_was_only_taken_away_is_no_other_one(scene: Scene, ada: str, sent: str) -> None:
    scene.decide("unlink", "user", ada)

    assert scene.sync()["warnings"] == {}
    assert "differences" not in scene.explain(sent).json


def test_a_changed_default_item_is_a_difference_and_no_warning(scene: Scene, sent: str) -> None:
    item = scene.put("Item", {"Name": "Consulting"})["Id"]
    scene.check()
    scene.policy(service_item="Consulting")

    assert scene.sync()["warnings"] == {}
    [difference] = scene.explain(sent)["differences"]
    assert (difference["field"], difference["sent"], difference["now"]) == ("item", "", item)


def test_billed_time_keeps_its_price_and_says_so(scene: Scene, site: str, sent: str) -> None:
    scene.bill(scene.receipt(sent).quickbooks_id)
    scene.edit_project(site, hourlyRate=15000)

    assert scene.sync()["warnings"] == {"RATE_CHANGED": 1}
    assert scene.explain(sent)["differences"] == [RATE]


def test_what_is_resent_is_different_no_more(scene: Scene, site: str, sent: str) -> None:
    scene.edit_project(site, hourlyRate=15000)
    scene.sync()

    run = run_command("sync_time", "--resend", "--from", "2026-03-01", "--to", "2026-03-31")

    assert (run.json["updated"], run.json["warnings"]) == (1, {})
    assert (
        RunItem.objects.get(run_id=run["run"]).why == "Resent as requested, and the rate is now 150.00, it was 80.00."
    )
    assert scene.sync()["warnings"] == {}


def take_note(scene: Scene, entry: str, code: str, seen: str) -> int:
    return decisions.take_note(scene.workspace, {(entry, code): seen}, person=None, now=timezone.now())


def test_what_a_person_took_note_of_is_counted_again_only_when_it_changes(scene: Scene, site: str, sent: str) -> None:
    scene.edit_project(site, hourlyRate=15000)
    scene.sync()
    # Not as shown, not so, and of an entry that nobody knows.
    assert take_note(scene, sent, "RATE_CHANGED", "rate=120.00") == 0
    assert take_note(scene, sent, "LINK_CHANGED", "") == 0
    assert take_note(scene, "64a0000000000000000000ff", "RATE_CHANGED", "rate=150.00") == 0
    assert scene.sync()["warnings"] == {"RATE_CHANGED": 1}

    assert take_note(scene, sent, "RATE_CHANGED", "rate=150.00") == 1

    run = scene.sync()
    assert (run.counts, run["warnings"]) == ({"unchanged": 1}, {})
    # It stays a difference.
    assert scene.explain(sent)["differences"] == [RATE]
    scene.edit_project(site, hourlyRate=16000)
    assert scene.sync()["warnings"] == {"RATE_CHANGED": 1}


def test_a_note_ends_with_what_it_was_about(scene: Scene, site: str, sent: str) -> None:
    scene.edit_project(site, hourlyRate=15000)
    scene.sync()
    take_note(scene, sent, "RATE_CHANGED", "rate=150.00")
    scene.edit_entry(sent, description="Rework")
    assert scene.sync().counts == {"updated": 1}
    assert scene.receipt(sent).noted == {}
    scene.edit_project(site, hourlyRate=8000)
    scene.sync()
    scene.edit_project(site, hourlyRate=15000)

    assert scene.sync()["warnings"] == {}
