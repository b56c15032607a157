"""A comparison as a run: read on a worker, stored, and found again without asking a vendor."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from syncjobs.models import Reconciliation, Run
from syncjobs.runs import lifecycle
from syncjobs.runs.execution import RunExecution
from tests.support.scene import FIRST, LAST, Scene, run_command

DAYS = {"first": date.fromisoformat(FIRST), "last": date.fromisoformat(LAST)}


def compare(scene: Scene, **details: Any) -> Run:
    run = lifecycle.create_run("reconcile", scene.workspace, trigger="button", now=timezone.now(), **(DAYS | details))
    return RunExecution(run).work()


def test_what_people_did_by_hand_in_quickbooks_is_found(scene: Scene, ada: str, site: str) -> None:
    changed = scene.entry(ada, site)
    deleted = scene.entry(ada, site, "2026-03-05 09:00")
    scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(changed).quickbooks_id, "Hours": 2, "Minutes": 0})
    scene.delete_activity(scene.receipt(deleted).quickbooks_id)
    person = {"NameOf": "Employee", "EmployeeRef": {"value": scene.partner_of(ada)}}
    customer = {"CustomerRef": {"value": scene.partner_of(site)}}
    added = scene.put("TimeActivity", {**person, **customer, "TxnDate": "2026-03-17", "Hours": 0, "Minutes": 45})

    run = compare(scene)

    stored = Reconciliation.objects.get()
    assert (run.status, stored.run, stored.clockify_seconds, stored.quickbooks_seconds) == (
        "succeeded",
        run,
        7200,
        9900,
    )
    rows = {str(row.date): row for row in stored.rows.all()}
    assert [cause[0] for day in sorted(rows) for cause in rows[day].causes] == [
        "CHANGED_IN_QUICKBOOKS",
        "CHANGED_IN_QUICKBOOKS",
        "NOT_OURS",
    ]
    assert rows["2026-03-17"].activities == [[added["Id"], -2700, "NOT_OURS", True]]
    assert stored.api_calls["quickbooks"] >= 1


def test_time_by_hand_of_somebody_who_does_not_track_time_asks_nobody(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    other = scene.put("Employee", {"DisplayName": "Office"})["Id"]
    body = {"NameOf": "Employee", "EmployeeRef": {"value": other}, "TxnDate": "2026-03-17", "Hours": 1}
    scene.put("TimeActivity", {**body, "CustomerRef": {"value": scene.partner_of(site)}})

    compare(scene)

    (row,) = Reconciliation.objects.get().rows.all()
    assert [asks for *_, asks in row.activities] == [False]


def test_amounts_and_invoices_stand_in_the_rows(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site, minutes=90)
    scene.sync()
    (invoice,) = scene.bill(scene.receipt(entry).quickbooks_id)

    compare(scene)

    (row,) = Reconciliation.objects.get().rows.all()
    assert row.amounts == {"USD": ["120.00", "120.00"]}
    (form,) = row.forms
    assert (form["transaction"], form["transaction_id"], form["seconds"]) == ("Invoice", invoice["Id"], 5400)


def test_a_later_comparison_takes_the_place_of_an_earlier_one(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    first = compare(scene)
    other_days = compare(scene, last=date(2026, 3, 10))
    second = compare(scene)

    assert set(Reconciliation.objects.values_list("run", flat=True)) == {other_days.pk, second.pk} - {first.pk}


def test_the_command_stores_its_comparison_too(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)

    run_command("reconcile", "--from", FIRST, "--to", LAST)

    stored = Reconciliation.objects.get()
    assert (stored.run, stored.clockify_seconds, stored.rows.count()) == (None, 3600, 1)


def test_a_side_that_refuses_leaves_the_earlier_comparison(scene: Scene, ada: str, site: str) -> None:
    compare(scene)
    with scene.world.lock:
        scene.clockify.revoke_key("sandbox-clockify-key")

    run = compare(scene)

    assert (run.status, bool(run.error_message)) == ("failed", True)
    assert Reconciliation.objects.count() == 1
