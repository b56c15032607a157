"""`reconcile`: Clockify's minutes against QuickBooks', both as they are now, each difference explained."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Company, Workspace
from syncjobs.models import Receipt, Run
from syncjobs.runs import correction, lifecycle
from syncjobs.runs.execution import RunExecution
from tests.support.scene import FIRST, LAST, Result, Scene, run_command

KEYS = {"clockify_minutes", "quickbooks_minutes", "difference", "explained", "unexplained", "rows"}


@pytest.fixture
def ada(scene: Scene) -> str:
    return scene.user("Ada")


@pytest.fixture
def site(scene: Scene) -> str:
    return scene.project("Site", client=scene.client("Acme"))


def reconcile(first: str = FIRST, last: str = LAST) -> Result:
    """Run the command; its sums add up whatever it finds."""
    result = run_command("reconcile", "--from", first, "--to", last)
    shown = result.json
    assert shown["difference"] == pytest.approx(shown["clockify_minutes"] - shown["quickbooks_minutes"])
    assert shown["explained"] + shown["unexplained"] == pytest.approx(shown["difference"])
    for side in ("clockify_minutes", "quickbooks_minutes"):
        assert sum(row[side] for row in shown["rows"]) == pytest.approx(shown[side])
    for row in shown["rows"]:
        explained = sum(cause["minutes"] for cause in row["causes"] if cause["explains"])
        assert row["clockify_minutes"] - row["quickbooks_minutes"] == pytest.approx(explained + row["unexplained"])
    return result


def codes(result: Result) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in result["rows"]:
        for cause in row["causes"]:
            found[cause["code"]] = found.get(cause["code"], 0) + cause["minutes"]
    return found


def work(scene: Scene, **details: Any) -> Run:
    """Run what a button requests."""
    run = lifecycle.create_run("sync", scene.workspace, trigger="button", now=timezone.now(), **details)
    return RunExecution(run).work()


def foreign(scene: Scene, ada: str, site: str, **fields: Any) -> dict[str, Any]:
    """Put time into QuickBooks as a person does."""
    about = {
        "NameOf": "Employee",
        "EmployeeRef": {"value": scene.partner_of(ada)},
        "CustomerRef": {"value": scene.partner_of(site)},
        "TxnDate": "2026-03-20",
    }
    return scene.put("TimeActivity", {**about, **fields})


def test_equal_sides_add_up(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.sync()

    result = reconcile()

    assert result.code == 0
    assert set(result.json) >= KEYS
    assert (result["clockify_minutes"], result["quickbooks_minutes"], result["unexplained"]) == (60, 60, 0)
    (row,) = result["rows"]
    assert (row["user"], row["customer"], row["date"], row["explanation"]) == ("Ada", "Acme:Site", "2026-03-04", "")


def test_unsent_time_is_read_from_clockify_in_this_run_and_says_why(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    scene.entry(ada, site, minutes=60.5)
    scene.entry(ada, site, "2026-03-05 09:00", billable=False)
    scene.entry(ada, site, "2026-03-06 09:00", type="BREAK")
    scene.entry(ada, site, "2026-03-07 09:00", minutes=None)
    scene.entry(scene.user("Ben", partner=None), site, "2026-03-08 09:00")

    result = reconcile()

    assert (result.code, result["clockify_minutes"], result["quickbooks_minutes"]) == (0, 180.5, 0)
    assert codes(result) == {"READY": 60.5, "NOT_BILLABLE": 60, "USER_NOT_MAPPED": 60}
    assert {row["user"] for row in result["rows"]} == {"Ada", "Ben"}


def test_rounding_explains_seconds(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site, minutes=60 + 20 / 60)
    scene.sync()

    result = reconcile()

    assert (result.code, codes(result)) == (0, {"ROUNDING": pytest.approx(1 / 3)})
    assert result["rows"][0]["explanation"] == "Rounding +0.33 min"


def test_time_of_others_counts_exactly_and_is_named(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    foreign(scene, ada, site, Hours=1, Minutes=10, Seconds=30)
    clock = {"StartTime": "2026-03-20T09:00:00-07:00", "EndTime": "2026-03-20T12:00:00-07:00"}
    foreign(scene, ada, site, **clock, BreakHours=0, BreakMinutes=30, BreakSeconds=15)

    result = reconcile()

    assert (result.code, result["quickbooks_minutes"]) == (0, 70.5 + 149.75)
    assert codes(result) == {"NOT_OURS": -220.25}


def test_quickbooks_is_read_now_whatever_our_receipts_say(scene: Scene, ada: str, site: str) -> None:
    changed = scene.entry(ada, site)
    deleted = scene.entry(ada, site, "2026-03-05 09:00")
    moved = scene.entry(ada, site, "2026-03-06 09:00")
    scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(changed).quickbooks_id, "Hours": 2, "Minutes": 0})
    scene.delete_activity(scene.receipt(deleted).quickbooks_id)
    scene.put("TimeActivity", {"Id": scene.receipt(moved).quickbooks_id, "TxnDate": "2026-04-02"})

    result = reconcile()

    assert (result.code, result["clockify_minutes"], result["quickbooks_minutes"]) == (0, 180, 120)
    assert codes(result) == {"CHANGED_IN_QUICKBOOKS": 60}
    assert any("2026-04-02" in row["explanation"] for row in result["rows"])


def test_an_edit_that_waits_or_was_billed_is_explained(scene: Scene, ada: str, site: str) -> None:
    waits, billed = scene.entry(ada, site), scene.entry(ada, site, "2026-03-05 09:00")
    scene.sync()
    scene.bill(scene.receipt(billed).quickbooks_id)
    scene.stretch(billed, 90)
    scene.sync()
    scene.stretch(waits, 75)

    result = reconcile()

    assert (result.code, codes(result)) == (0, {"EDITED": 15, "BILLED_IN_QUICKBOOKS": 30})


def test_a_link_changed_after_sending_explains_both_rows(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.sync()
    other = scene.client("Other")
    scene.check()
    scene.decide("link", "project", site, scene.partner_of(other))

    result = reconcile()

    assert (result.code, result["difference"]) == (0, 0)
    by_customer = {row["customer"]: row for row in result["rows"]}
    assert set(by_customer) == {"Acme:Site", "Other"}
    assert "Ada, Other, 2026-03-04" in by_customer["Acme:Site"]["explanation"]
    assert "Ada, Acme:Site, 2026-03-04" in by_customer["Other"]["explanation"]


def test_an_unlinked_project_keeps_its_sent_time_in_one_row(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.sync()
    scene.decide("unlink", "project", site)
    scene.entry(ada, site, "2026-03-05 09:00")

    result = reconcile()

    assert (result.code, codes(result)) == (0, {"PROJECT_NOT_MAPPED": 60})
    assert {row["customer"] for row in result["rows"]} == {"Acme:Site"}


def test_an_edited_entry_on_another_day_explains_both_days(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    scene.sync()
    scene.decide("unlink", "user", ada)
    scene.edit_entry(entry, start="2026-03-10 09:00", minutes=90)

    result = reconcile()

    assert (result.code, result["difference"], result["unexplained"]) == (0, 30, 0)
    assert codes(result) == {"USER_NOT_MAPPED": 30}
    assert [row["date"] for row in result["rows"]] == ["2026-03-04", "2026-03-10"]
    # Either day alone is explained as well.
    assert [reconcile(day, day)["explained"] for day in ("2026-03-04", "2026-03-10")] == [-60, 90]


def test_time_of_an_entry_that_is_gone_or_no_work_any_more(scene: Scene, ada: str, site: str) -> None:
    gone, paused = scene.entry(ada, site), scene.entry(ada, site, "2026-03-05 09:00")
    scene.sync()
    scene.delete_entry(gone)
    scene.edit_entry(paused, type="BREAK")

    result = reconcile()

    assert (result.code, result["clockify_minutes"], result["quickbooks_minutes"]) == (0, 0, 120)
    assert codes(result)["DELETED"] == -60
    assert sum(codes(result).values()) == -120


@pytest.mark.parametrize("arrived", [True, False])
def test_a_write_in_doubt_is_named_on_both_sides(
    scene: Scene, ada: str, site: str, arrived: bool, settings: Any
) -> None:
    scene.check()
    scene.entry(ada, site)
    settings.GIVE_UP_SECONDS = 1
    scene.fault("hang_after_commit", seconds=1.5)
    scene.sync()
    assert scene.open_actions() == 1
    if not arrived:
        scene.delete_activity(scene.activities()[0]["Id"])

    result = reconcile()

    assert result.code == 0
    expected = {"OUTCOME_UNKNOWN": 0} if arrived else {"OUTCOME_UNKNOWN": 60}
    assert (result["clockify_minutes"], codes(result)) == (60, expected)


def test_a_correction_stands_beside_the_billed_time(scene: Scene, ada: str, site: str) -> None:
    billed = scene.entry(ada, site)
    scene.sync()
    scene.bill(scene.receipt(billed).quickbooks_id)
    scene.stretch(billed, 240.25)
    scene.sync()
    preview = work(scene, dry_run=True, **correction.run_details(scene.workspace, scene.mirrored(billed), "correct"))
    days = {"first": preview.from_date, "last": preview.to_date}
    work(scene, **days, options=correction.as_shown(preview))

    result = reconcile()

    assert (result.code, result["quickbooks_minutes"]) == (0, 240)
    assert codes(result) == {"CORRECTION": 0, "ROUNDING": 0.25}

    scene.delete_activity(Receipt.objects.get(part=1).quickbooks_id)

    result = reconcile()

    assert (result.code, codes(result)) == (0, {"CHANGED_IN_QUICKBOOKS": 180.25})


def test_what_a_person_keeps_or_took_back_is_said(scene: Scene, ada: str, site: str) -> None:
    kept = scene.entry(ada, site)
    scene.entry(ada, site, "2026-03-05 09:00")
    scene.sync(last="2026-03-04")
    run = scene.sync()["run"]
    scene.delete_entry(kept)
    scene.sync(last="2026-03-04", dry_run=True)
    assert run_command("resolve", kept, "keep_quickbooks").code == 0
    assert run_command("undo_run", str(run)).code == 0

    result = reconcile()

    assert (result.code, result["difference"], result["unexplained"]) == (0, 0, 0)
    assert [row["explanation"] for row in result["rows"]] == [
        "Deleted in Clockify: kept by a person −60.00 min",
        "Taken back from QuickBooks; pending the next sync +60.00 min",
    ]


def test_unreadable_records_are_said(scene: Scene, ada: str, site: str) -> None:
    good, bad = scene.entry(ada, site), scene.entry(ada, site, "2026-03-05 09:00")
    scene.sync()
    broken = scene.receipt(bad).quickbooks_id
    with scene.world.lock:
        scene.books.records["TimeActivity"][broken]["Hours"] = "odd"

    result = reconcile()

    assert (result.code, result["quickbooks_minutes"]) == (0, 60)
    assert codes(result) == {"UNREADABLE": 60}
    assert [broken in text for text in result["unreadable"]] == [True]
    assert "Traceback" not in result.stderr
    assert scene.explain(good)["state"] == "sent"


@pytest.mark.parametrize("is_sent", [True, False])
@pytest.mark.parametrize(
    ("change", "expected"),
    [({"rate": "much"}, 60), ({"timeInterval": None}, 0), ({"": "text"}, None)],
    ids=["rate", "time", "everything"],
)
def test_an_unreadable_row_of_clockify_counts_as_far_as_it_can_be_read(
    scene: Scene, ada: str, site: str, change: dict[str, Any], expected: int | None, is_sent: bool
) -> None:
    bad = scene.entry(ada, site)
    if is_sent:
        scene.sync()
    scene.fault("answer_after_commit", "", vendor="clockify", method="", record=bad, change=change, times=0)

    result = reconcile()

    # Without an id nobody knows which entry it is: what was sent of it stays unexplained.
    assert result.code == (4 if expected is None and is_sent else 0)
    assert result["clockify_minutes"] == (expected or 0)
    assert codes(result).keys() <= {"UNREADABLE", ""}
    assert len(result["unreadable"]) == 1
    assert "Traceback" not in result.stderr


def test_time_sent_to_a_company_that_was_archived_says_so(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.sync()
    Receipt.objects.update(company=Company.objects.create(realm_id="1", name="Trial"))

    (row,) = reconcile()["rows"]

    assert row["explanation"].startswith("Sent to Trial, an archived company +60.00 min")


def test_time_of_another_workspace_says_whose_it_is(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.sync()
    other = Workspace.objects.create(
        clockify_id="other", name="Studio Two", state="disconnected", start_date="2026-03-01"
    )
    Receipt.objects.update(workspace=other)

    assert "Sent from Studio Two −60.00 min" in reconcile()["rows"][0]["explanation"]


def test_a_difference_without_a_cause_exits_with_4(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    scene.sync()
    Receipt.objects.filter(entry_id=entry).update(state=Receipt.State.DELETED)

    result = reconcile()

    assert (result.code, result["unexplained"]) == (4, -60)
    assert "stays unexplained" in result.stderr


def test_nothing_is_written_to_quickbooks_and_few_calls_are_made(scene: Scene, ada: str, site: str) -> None:
    scene.entries(ada, site, 40)
    scene.sync()
    scene.zero_calls()

    reconcile()

    assert sum(scene.calls().values()) == 1
    assert not [route for route in scene.calls() if "timeactivity" in route.lower()]


def test_text_ends_with_whether_both_sides_add_up(scene: Scene, ada: str, site: str) -> None:
    scene.policy(start_date=FIRST)
    scene.entry(ada, site)

    text = scene.decide("reconcile", "--from", FIRST, "--to", LAST)

    assert "Pending the next sync +60.00 min" in text
    assert "Both sides reconcile: every difference is explained." in text


@pytest.mark.parametrize(("first", "last"), [("0001-01-01", "0001-01-02"), ("9999-12-01", "9999-12-31")])
def test_days_at_the_end_of_the_calendar_hold_nothing(scene: Scene, first: str, last: str) -> None:
    result = reconcile(first, last)

    assert (result.code, result["rows"]) == (0, [])


def test_not_connected_exits_with_3_and_zeros(stage: Scene) -> None:
    result = run_command("reconcile")

    assert (result.code, result["error"]["code"]) == (3, "NOT_CONNECTED")
    assert [result[name] for name in sorted(KEYS - {"rows"})] == [0] * 5
    assert result["rows"] == []


def test_a_refused_key_exits_with_3(scene: Scene) -> None:
    with scene.world.lock:
        scene.clockify.revoke_key("sandbox-clockify-key")

    result = run_command("reconcile")

    assert (result.code, set(result.json) >= KEYS | {"error"}) == (3, True)


@pytest.mark.parametrize("args", [("--workspace", "Nowhere"), ("--from", "2026-03-31", "--to", "2026-03-01")])
def test_wrong_usage_exits_with_2(scene: Scene, args: tuple[str, ...]) -> None:
    result = run_command("reconcile", *args)

    assert (result.code, result.json) == (2, None)
