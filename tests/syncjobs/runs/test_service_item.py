"""The default service item made inactive or gone: time waits, by the mirror or by QuickBooks' refusal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene

BROKEN = "LINE_RULE_BROKEN"


@pytest.fixture
def item(scene: Scene, ada: str, site: str) -> str:
    """The workspace's default service item, Consulting; everybody is linked."""
    key: str = scene.put("Item", {"Name": "Consulting", "Type": "Service"})["Id"]
    scene.check()
    scene.policy(service_item="Consulting")
    return key


def writes(scene: Scene) -> int:
    return sum(count for route, count in scene.calls().items() if route in {"POST timeactivity", "POST batch"})


@pytest.mark.parametrize("how", ["inactive", "gone"])
def test_an_item_that_a_check_saw_inactive_holds_time_before_anything_is_posted(
    scene: Scene, ada: str, site: str, item: str, how: str
) -> None:
    entry = scene.entries(ada, site, 40)[0]
    scene.deactivate("Item", item) if how == "inactive" else scene.books.remove("Item", item)
    scene.check()
    scene.zero_calls()

    run = scene.sync()

    assert (run.code, run["status"], run.counts) == (0, "succeeded", {"blocked": 40})
    assert run["blocked_reasons"] == {BROKEN: 40}
    assert writes(scene) == 0
    reason = scene.explain(entry)["reasons"][0]
    verb = "inactive in" if how == "inactive" else "gone from"
    assert reason["message"] == f"The service item Consulting is {verb} QuickBooks; nothing can be posted to it."
    assert reason["fix_in"] == "here"


@pytest.mark.parametrize("code", ["2500", "610"])
def test_an_item_made_inactive_since_the_last_check_holds_all_time_after_the_first_refusals(
    scene: Scene, ada: str, site: str, item: str, code: str
) -> None:
    scene.switch(inactive_ref_error=code)
    entries = scene.entries(ada, site, 40)
    scene.deactivate("Item", item)

    run = scene.sync()

    assert (run.code, run["status"], run["blocked_reasons"]) == (0, "succeeded", {BROKEN: 40})
    assert 1 <= scene.calls()["POST timeactivity"] <= 8
    assert scene.activities() == []
    assert {code for entry in entries[::13] for code in scene.explain(entry).codes} == {BROKEN}
    scene.put("Item", {"Id": item, "Active": True})
    # Without a check: a sync reads a broken item again.
    assert scene.sync().counts == {"sent": 40}
    assert_books_agree(scene)


def test_another_item_frees_the_time(scene: Scene, ada: str, site: str, item: str) -> None:
    entry = scene.entry(ada, site)
    scene.deactivate("Item", item)
    design = scene.put("Item", {"Name": "Design", "Type": "Service"})["Id"]
    scene.check()
    assert scene.explain(entry).codes == {BROKEN}

    scene.policy(service_item="Design")

    assert scene.explain(entry)["state"] == "ready"
    assert scene.sync().counts == {"sent": 1}
    assert scene.activity(entry)["ItemRef"]["value"] == design


def test_sent_time_stays_edits_wait_and_deletions_need_no_item(scene: Scene, ada: str, site: str, item: str) -> None:
    kept, edited, removed, unbilled = scene.entries(ada, site, 4)
    scene.sync()
    scene.deactivate("Item", item)
    scene.check()
    scene.edit_entry(edited, description="More words")
    scene.delete_entry(removed)
    scene.edit_entry(unbilled, billable=False)

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"deleted": 2, "unchanged": 1, "blocked": 1})
    assert run["blocked_reasons"] == {BROKEN: 1}
    assert (scene.explain(kept)["state"], scene.explain(edited)["state"]) == ("sent", "changed")
    assert scene.explain(edited).codes == {BROKEN}
    scene.put("Item", {"Id": item, "Active": True})
    assert scene.sync().counts == {"updated": 1, "unchanged": 1, "blocked": 1}
    assert_books_agree(scene)


def test_an_update_that_keeps_an_inactive_item_waits_as_well(scene: Scene, ada: str, site: str) -> None:
    hours = next(key for key, row in scene.books.records["Item"].items() if row["Name"] == "Hours")
    entry = scene.entry(ada, site)
    scene.sync()
    assert scene.activity(entry)["ItemRef"]["value"] == hours
    scene.edit_entry(entry, description="More words")
    scene.deactivate("Item", hours)

    run = scene.sync()

    assert (run.code, run["blocked_reasons"]) == (0, {BROKEN: 1})
    assert "Hours is inactive" in scene.explain(entry)["reasons"][0]["message"]


@pytest.mark.parametrize(
    ("words", "blocked"),
    [
        ("Invalid Reference Id : Item elements id 7 not found", True),
        ("Invalid Reference Id : ItemRef is not a service", True),
        ("Invalid Reference Id : Names element id 55 not found", False),
        ("Something has been made inactive. Check the fields with items.", False),
    ],
)
def test_a_refusal_of_an_active_item_is_about_it_only_where_quickbooks_names_it(
    scene: Scene, ada: str, site: str, item: str, words: str, blocked: bool
) -> None:
    entry = scene.entry(ada, site)
    error: dict[str, Any] = {"Message": "Invalid Reference Id", "Detail": words, "code": "2500"}
    scene.fault("status_before", status=400, body={"Fault": {"Error": [error], "type": "ValidationFault"}})

    run = scene.sync()

    assert run.counts == ({"blocked": 1} if blocked else {"failed": 1})
    assert scene.explain(entry).codes == ({BROKEN} if blocked else {"QUICKBOOKS_REFUSED"})
    assert scene.sync().counts == {"sent": 1}


def test_a_dry_run_says_what_waits_for_the_item(scene: Scene, ada: str, site: str, item: str) -> None:
    scene.entry(ada, site)
    scene.deactivate("Item", item)
    scene.check()

    preview = scene.sync(dry_run=True)

    assert (preview.counts, preview["blocked_reasons"]) == ({"blocked": 1}, {BROKEN: 1})
