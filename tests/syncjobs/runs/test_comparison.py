"""A comparison as a run: read on a worker, stored, and found again without asking a vendor."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from syncjobs import sign_offs
from syncjobs.models import Reconciliation, Run, SignOff
from syncjobs.runs import comparison
from syncjobs.runs.execution import RunExecution
from syncjobs.support.proof import reconcile
from tests.support.scene import FIRST, LAST, Scene, run_command


def test_what_people_did_by_hand_in_quickbooks_is_found(scene: Scene, ada: str, site: str) -> None:
    changed = scene.entry(ada, site)
    deleted = scene.entry(ada, site, "2026-03-05 09:00")
    scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(changed).quickbooks_id, "Hours": 2, "Minutes": 0})
    scene.delete_activity(scene.receipt(deleted).quickbooks_id)
    added = scene.by_hand(ada, site)

    run = scene.compare()

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
    assert rows["2026-03-17"].activities == [[added, -2700, "NOT_OURS", True]]
    assert stored.api_calls["quickbooks"] >= 1


def test_time_by_hand_of_somebody_who_does_not_track_time_asks_nobody(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    other = scene.put("Employee", {"DisplayName": "Office"})["Id"]
    body = {"NameOf": "Employee", "EmployeeRef": {"value": other}, "TxnDate": "2026-03-17", "Hours": 1}
    scene.put("TimeActivity", {**body, "CustomerRef": {"value": scene.partner_of(site)}})

    scene.compare()

    (row,) = Reconciliation.objects.get().rows.all()
    assert [asks for *_, asks in row.activities] == [False]


def test_time_that_an_entry_is_held_for_asks_only_there(scene: Scene, ada: str, site: str) -> None:
    scene.by_hand(ada, site, "2026-03-04", minutes=60)
    scene.entry(ada, site)
    scene.sync()

    scene.compare()

    (row,) = Reconciliation.objects.get().rows.all()
    assert {cause[0] for cause in row.causes} == {"ALREADY_IN_QUICKBOOKS", "NOT_OURS"}
    assert [asks for *_, asks in row.activities] == [False]


def test_amounts_and_invoices_stand_in_the_rows(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site, minutes=90)
    scene.sync()
    (invoice,) = scene.bill(scene.receipt(entry).quickbooks_id)

    scene.compare()

    (row,) = Reconciliation.objects.get().rows.all()
    assert row.amounts == {"USD": ["120.00", "120.00"]}
    (form,) = row.forms
    assert (form["transaction"], form["transaction_id"], form["seconds"]) == ("Invoice", invoice["Id"], 5400)


def test_a_later_comparison_takes_the_place_of_an_earlier_one(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    first = scene.compare()
    other_days = scene.compare(last="2026-03-10")
    second = scene.compare()

    assert set(Reconciliation.objects.values_list("run", flat=True)) == {other_days.pk, second.pk} - {first.pk}


def test_only_the_latest_comparisons_are_kept(
    scene: Scene, ada: str, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "KEPT", 2)
    for day in ("2026-03-10", "2026-03-11", "2026-03-12"):
        scene.compare(last=day)

    assert [str(one.to_date) for one in Reconciliation.objects.order_by("pk")] == ["2026-03-11", "2026-03-12"]


def test_the_command_stores_its_comparison_too(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)

    run_command("reconcile", "--from", FIRST, "--to", LAST)

    stored = Reconciliation.objects.get()
    assert (stored.run, stored.clockify_seconds, stored.rows.count()) == (None, 3600, 1)


def test_a_side_that_refuses_leaves_the_earlier_comparison(scene: Scene, ada: str, site: str) -> None:
    scene.compare()
    with scene.world.lock:
        scene.clockify.revoke_key("sandbox-clockify-key")

    run = scene.compare()

    assert (run.status, bool(run.error_message)) == ("failed", True)
    assert Reconciliation.objects.count() == 1


def test_a_comparison_whose_process_died_after_storing_it_is_made_again(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.sync()
    run = scene.compare()
    Run.objects.filter(pk=run.pk).update(status=Run.Status.QUEUED, finished_at=None)

    again = RunExecution(Run.objects.get(pk=run.pk)).work()

    assert (again.status, again.error_message) == ("succeeded", "")
    assert Reconciliation.objects.get().run == again


def test_signing_while_the_same_days_are_compared_keeps_both(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.sync()
    first = scene.compare()
    stored = Reconciliation.objects.get()
    days, beth = (stored.from_date, stored.to_date), User.objects.create_user("beth")
    found = reconcile.reconcile(scene.workspace, *days, now=timezone.now())

    def save_another() -> None:
        comparison.save(scene.workspace, found, compared_at=timezone.now())
        connection.close()

    with ThreadPoolExecutor() as other:
        with transaction.atomic():
            sign_offs.sign(scene.workspace, days, shown=str(stored.pk), reason="", person=beth, now=timezone.now())
            saving = other.submit(save_another)
            time.sleep(0.5)
        saving.result()

    assert SignOff.objects.get().reconciliation.run == first
    assert Reconciliation.objects.count() == 2
