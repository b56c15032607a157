"""`resolve`: each decision of an entry's page on the command line, and a refusal where one does not apply."""

from __future__ import annotations

import pytest

from syncjobs.models import EntryOverride
from tests.support.scene import Result, Scene, run_command


@pytest.fixture
def entry(scene: Scene) -> str:
    return scene.entry(scene.user("Ada"), scene.project("Site"))


def resolve(entry: str, decision: str) -> Result:
    return run_command("resolve", entry, decision)


@pytest.mark.parametrize("cause", ["unbillable", "deleted"])
def test_time_that_waits_to_be_deleted_is_kept_and_then_deleted_after_all(scene: Scene, entry: str, cause: str) -> None:
    scene.sync()
    if cause == "deleted":
        scene.delete_entry(entry)
    else:
        scene.edit_entry(entry, billable=False)

    kept = resolve(entry, "keep_quickbooks")

    assert (kept.code, kept["state"], kept["reasons"]) == (0, "sent", [])
    assert scene.explain(entry)["kept"] is True
    again = scene.sync()
    assert (again.code, again["deleted"], len(scene.activities())) == (0, 0, 1)
    assert resolve(entry, "keep_quickbooks").code == 0
    sent = resolve(entry, "send_clockify")
    assert (sent.code, sent["state"]) == (0, "deleted" if cause == "deleted" else "blocked"), sent.json
    assert scene.activities() == []


def test_what_is_ignored_while_it_is_no_work_stays_in_quickbooks(scene: Scene, entry: str) -> None:
    scene.sync()
    scene.edit_entry(entry, billable=False)
    scene.explain(entry)

    assert resolve(entry, "leave_out").code == 0

    assert scene.sync().code == 0
    assert len(scene.activities()) == 1


@pytest.mark.parametrize(
    ("decision", "says"),
    [
        ("keep_quickbooks", "as it was sent"),
        ("send_clockify", "as it was sent"),
        ("retry", "nothing to try again"),
        ("send_anyway", "Nothing that may be set aside"),
        ("adopt=999", "has been sent already"),
    ],
)
def test_nothing_is_to_decide_about_time_that_is_as_it_was_sent(
    scene: Scene, entry: str, decision: str, says: str
) -> None:
    scene.sync()

    refused = resolve(entry, decision)

    assert (refused.code, refused.json) == (2, None)
    assert says in refused.stderr
    assert not EntryOverride.objects.exists()


@pytest.mark.parametrize("decision", ["keep_quickbooks", "send_clockify"])
def test_nothing_is_kept_or_overwritten_of_time_that_was_not_sent(scene: Scene, entry: str, decision: str) -> None:
    scene.edit_entry(entry, billable=False)
    scene.sync()

    refused = resolve(entry, decision)

    assert refused.code == 2
    assert "Nothing of this entry is in QuickBooks" in refused.stderr


def test_billed_time_is_not_overwritten(scene: Scene, entry: str) -> None:
    scene.sync()
    scene.bill(scene.receipt(entry).quickbooks_id)
    scene.stretch(entry, 120)

    refused = resolve(entry, "send_clockify")

    assert refused.code == 2
    assert "billed in QuickBooks" in refused.stderr
    assert resolve(entry, "keep_quickbooks").code == 0


def test_billed_time_that_only_people_changed_is_not_overwritten_either(scene: Scene, entry: str) -> None:
    scene.sync()
    activity_id = scene.receipt(entry).quickbooks_id
    scene.put("TimeActivity", {"Id": activity_id, "Hours": 5})
    scene.bill(activity_id, DocNumber="1043", TxnDate="2026-03-31")

    refused = resolve(entry, "send_clockify")

    assert (refused.code, refused.json) == (2, None)
    assert "It is billed on invoice 1043 of March 31, 2026; the invoice is left as is." in refused.stderr
    assert scene.activity(entry)["Hours"] == 5


def test_what_can_not_be_sent_now_is_said_instead_of_overwritten(scene: Scene, entry: str) -> None:
    scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(entry).quickbooks_id, "Hours": 5})
    scene.stretch(entry, 120)
    scene.sync()
    scene.decide("unlink", "user", next(iter(scene.people)))

    refused = resolve(entry, "send_clockify")

    assert refused.code == 2
    assert "Someone removed the link to the employee Ada" in refused.stderr
    assert scene.activity(entry)["Hours"] == 5
