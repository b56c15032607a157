"""Time that is on an invoice while its BillableStatus lags behind (contract, After sending)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import ApiCall, UnreadableRecord
from syncjobs.models import Run
from syncjobs.planning import window
from syncjobs.run_options import RunOptions
from syncjobs.runs import correction
from syncjobs.runs import lifecycle as runs
from syncjobs.runs.execution import RunExecution
from tests.support.page_text import main_text
from tests.support.scene import FIRST, LAST, Result, Scene, run_command

BILLED = {"BILLED_IN_QUICKBOOKS": 1}
ON_INVOICE = "on invoice 1001 of March 31, 2026"
MARCH = {"TxnDate": "2026-03-31"}


@pytest.fixture
def sent(scene: Scene, ada: str, site: str) -> str:
    entry = scene.entry(ada, site)
    assert scene.sync().counts == {"sent": 1}
    return entry


def bill(scene: Scene, entry: str, **form: str) -> dict[str, object]:
    (made,) = scene.bill(scene.receipt(entry).quickbooks_id, **MARCH | form)
    assert scene.activity(entry)["BillableStatus"] == "Billable"
    return made


def asked(run: Result, entity: str = "Invoice") -> list[str]:
    """Return the statements with which a run asked for invoices."""
    paths = ApiCall.objects.filter(run_id=run["run"]).order_by("pk").values_list("path", flat=True)
    return [text for text in map(unquote_plus, paths) if f"from {entity} " in text]


def work(scene: Scene, **details: object) -> Run:
    run = runs.create_run("sync", scene.workspace, trigger="button", now=timezone.now(), **details)  # type: ignore[arg-type]
    return RunExecution(run).work()


def stretch(scene: Scene, entry: str) -> None:
    scene.stretch(entry, 90)


def make_unbillable(scene: Scene, entry: str) -> None:
    scene.edit_entry(entry, billable=False)


def delete(scene: Scene, entry: str) -> None:
    scene.delete_entry(entry)


EDITS = pytest.mark.parametrize("edit", [stretch, make_unbillable, delete], ids=["edited", "unbillable", "deleted"])


@EDITS
@pytest.mark.parametrize("named_on", ["header", "line"])
def test_invoiced_time_stays_though_its_status_lags(
    scene: Scene, sent: str, edit: Callable[..., None], named_on: str
) -> None:
    invoice = bill(scene, sent, named_on=named_on)
    before = scene.activities()
    edit(scene, sent)

    preview, run = scene.sync(dry_run=True), scene.sync()

    assert (preview.code, run.code, run["status"]) == (0, 0, "succeeded")
    assert preview["blocked_reasons"] == run["blocked_reasons"] == BILLED
    assert scene.activities() == before
    explained = scene.explain(sent)
    assert (explained["state"], explained.codes) == ("changed", {"BILLED_IN_QUICKBOOKS"})
    assert ON_INVOICE in explained["reasons"][0]["message"]

    scene.delete_form(invoice)

    assert scene.explain(sent).codes <= {"NOT_BILLABLE"}
    done = scene.sync()
    assert done["updated"] + done["deleted"] == 1
    assert scene.receipt(sent).conflict == "" and scene.receipt(sent).billed_on is None


def test_a_sales_receipt_bills_as_an_invoice_does(scene: Scene, sent: str) -> None:
    bill(scene, sent, entity="SalesReceipt")
    scene.stretch(sent, 90)

    assert scene.sync()["blocked_reasons"] == BILLED

    assert "on sales receipt 1001 of March 31, 2026" in scene.explain(sent)["reasons"][0]["message"]


def test_an_undo_leaves_invoiced_time(scene: Scene, ada: str, site: str) -> None:
    billed, _ = scene.entries(ada, site, 2)
    run = scene.sync()
    bill(scene, billed)

    preview, done = run_command("undo_run", str(run["run"]), "--dry-run"), run_command("undo_run", str(run["run"]))

    assert (preview["deleted"], preview["blocked_reasons"]) == (1, BILLED)
    assert (done.code, done["deleted"], done["blocked"], done["blocked_reasons"]) == (0, 1, 1, BILLED)
    assert Run.objects.get(pk=done["run"]).items.get(outcome="blocked").why == (
        f"It is billed {ON_INVOICE}; the invoice is left as is."
    )
    assert [row["Id"] for row in scene.activities()] == [scene.receipt(billed).quickbooks_id]


def test_a_resend_leaves_invoiced_time(scene: Scene, sent: str, site: str) -> None:
    bill(scene, sent)
    scene.edit_project(site, hourlyRate=9900)
    entry = scene.mirrored(sent)

    run = work(scene, first=entry.txn_date, last=entry.txn_date, options=RunOptions(resend=True))

    assert [row["code"] for row in run.items.get().reasons] == ["BILLED_IN_QUICKBOOKS"]
    assert scene.activity(sent)["HourlyRate"] == 80


def test_a_correction_adds_beside_invoiced_time_and_overwrites_none(scene: Scene, sent: str) -> None:
    bill(scene, sent)
    scene.stretch(sent, 90)
    scene.sync()
    entry = scene.mirrored(sent)

    overwritten = work(scene, dry_run=True, **correction.run_details(scene.workspace, entry, "override"))
    added = work(scene, dry_run=True, **correction.run_details(scene.workspace, entry, "correct"))

    assert overwritten.items.get().why == f"It is billed {ON_INVOICE}; the invoice is left as is."
    assert (added.items.get().verb, added.items.get().minutes) == ("create", 30)


def test_an_invoice_of_the_client_takes_time_of_its_project(scene: Scene, sent: str, site: str) -> None:
    parent = scene.partner_of(scene.mirrored(sent).client_id)
    bill(scene, sent, customer=parent)
    scene.stretch(sent, 90)

    run = scene.sync()

    assert run["blocked_reasons"] == BILLED
    assert all(f"CustomerRef in ('{parent}', '{scene.partner_of(site)}')" in text for text in asked(run))


@pytest.mark.parametrize("keeps", [True, False])
def test_a_voided_invoice_holds_as_long_as_it_names_the_time(scene: Scene, sent: str, keeps: bool) -> None:
    scene.switch(void_keeps_links=keeps)
    invoice = bill(scene, sent)
    scene.stretch(sent, 90)
    scene._control(f"quickbooks/{scene.books.realm}/void", {"entity": "Invoice", "id": invoice["Id"]})

    assert scene.sync().counts == ({"blocked": 1} if keeps else {"updated": 1})


def test_a_link_of_its_own_counts_even_where_no_invoice_is_found(scene: Scene, sent: str) -> None:
    scene.put("TimeActivity", {"Id": scene.receipt(sent).quickbooks_id, "LinkedTxn": [{"TxnId": "7"}]})
    scene.stretch(sent, 90)

    assert scene.sync()["blocked_reasons"] == BILLED


# --- how it is asked ---------------------------------------------------------------------------------------
def test_each_kind_is_asked_once_for_all_that_would_change(scene: Scene, ada: str, site: str) -> None:
    hall = scene.project("Hall")
    first, second = scene.entry(ada, site), scene.entry(ada, hall, "2026-03-05 09:00")
    assert scene.sync().counts == {"sent": 2}
    assert asked(scene.sync()) == []
    new = scene.entry(ada, hall, "2026-03-06 09:00")
    scene.stretch(first, 90)
    scene.delete_entry(second)

    run = scene.sync()

    assert (run["updated"], run["deleted"], run["sent"]) == (1, 1, 1)
    created = min(row["MetaData"]["CreateTime"] for row in scene.activities())
    for entity in ("Invoice", "SalesReceipt"):
        (statement,) = asked(run, entity)
        assert all(f"'{scene.partner_of(key)}'" in statement for key in (site, hall))
        assert "MetaData.LastUpdatedTime >= '" in statement and statement.endswith("startposition 1 maxresults 100")
    assert created and scene.receipt(new).state == "sent"
    # Invoices are not asked about where nothing that was sent changes.
    scene.entry(ada, hall, "2026-03-07 09:00")
    assert [asked(run, entity) for entity in ("Invoice", "SalesReceipt") for run in [scene.sync()]] == [[], []]


def test_billed_time_that_waits_is_asked_about_once_where_its_own_status_says_so(scene: Scene, sent: str) -> None:
    scene.switch(billable_status_lags=False)
    scene.bill(scene.receipt(sent).quickbooks_id, **MARCH)
    scene.stretch(sent, 90)

    first, second = scene.sync(), scene.sync()

    assert (len(asked(first)), asked(second)) == (1, [])
    assert first["blocked_reasons"] == second["blocked_reasons"] == BILLED
    assert ON_INVOICE in scene.explain(sent)["reasons"][0]["message"]


def test_more_than_thirty_customers_are_asked_about_together_page_by_page(scene: Scene, ada: str) -> None:
    entries = [scene.entry(ada, scene.project(f"P{number}")) for number in range(31)]
    assert scene.sync().counts == {"sent": 31}
    other = scene.put("Customer", {"DisplayName": "Other"})["Id"]
    for _ in range(120):
        scene.put("Invoice", {"CustomerRef": {"value": other}, "DocNumber": "1"})
    bill(scene, entries[-1], DocNumber="1043")
    for entry in entries:
        scene.stretch(entry, 90)

    run = scene.sync()

    assert run.counts == {"updated": 30, "blocked": 1}
    assert "on invoice 1043" in scene.explain(entries[-1])["reasons"][0]["message"]
    statements = asked(run)
    assert [text.rsplit("startposition ")[1] for text in statements] == ["1 maxresults 100", "101 maxresults 100"]
    assert not any("CustomerRef" in text for text in statements)


def test_a_customer_moved_since_the_last_check_is_not_trusted(scene: Scene, sent: str, site: str) -> None:
    # The mirror still says Acme:Site, so an invoice of the new parent would not be asked for.
    new_parent = scene.put("Customer", {"DisplayName": "New parent"})["Id"]
    scene.put("Customer", {"Id": scene.partner_of(site), "ParentRef": {"value": new_parent}})
    bill(scene, sent, customer=new_parent)
    scene.stretch(sent, 90)

    assert scene.sync()["blocked_reasons"] == BILLED


# --- where it cannot be asked ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "answer",
    [
        {"status": 400, "preset": "fault", "code": "4001"},
        {"status": 403, "preset": "fault", "code": "5020"},
        {"status": 500, "preset": "html"},
        {"preset": "object"},
    ],
    ids=["refused", "forbidden", "server error", "unreadable"],
)
@pytest.mark.parametrize("entity", ["Invoice", "SalesReceipt"])
def test_where_it_cannot_be_asked_those_changes_wait_and_all_else_goes_on(
    scene: Scene, ada: str, site: str, answer: dict[str, object], entity: str, settings: Any
) -> None:
    settings.GIVE_UP_SECONDS = 1
    edited, deleted = scene.entries(ada, site, 2)
    scene.sync()
    before = scene.activities()
    scene.stretch(edited, 90)
    scene.edit_entry(deleted, billable=False)
    scene.entry(ada, site, "2026-03-20 09:00")
    scene.fault("answer_before", "/query", method="GET", match=f"from {entity} ", times=0, **answer)

    preview, run = scene.sync(dry_run=True), scene.sync()

    assert (preview.code, preview["sent"], preview["failed"]) == (4, 1, 2)
    assert (run.code, run["status"], run.counts) == (4, "partial", {"sent": 1, "failed": 2})
    assert run["error"]["code"] == "INVOICES_NOT_READ" and "could not be read" in run["error"]["message"]
    assert scene.activities()[:2] == before
    for entry in (edited, deleted):
        explained = scene.explain(entry)
        assert explained["state"] == "changed"
        assert "INVOICES_NOT_READ" in explained.codes
        assert explained["reasons"][0]["fix_in"] == "wait"
    # A check must not forget it.
    scene.check()
    assert "INVOICES_NOT_READ" in {row["code"] for row in scene.mirrored(edited).status.reasons}

    scene.clear_faults()

    assert scene.sync().counts == {"updated": 1, "deleted": 1, "unchanged": 1}


def test_what_waits_for_invoices_is_not_called_refused(scene: Scene, sent: str, admin_client: Client) -> None:
    scene.stretch(sent, 90)
    scene.fault("answer_before", "/query", method="GET", match="from Invoice ", times=0, status=400, preset="fault")
    held = scene.sync()
    page = main_text(admin_client.get(f"/admin/syncjobs/run/{held['run']}/change/"))
    # The figure for refusals stays, with how many there are: none.
    assert "Change held 1" in page and "Refused 0 and 1 held, not known whether billed" in page
    assert "Refused 1" not in page

    scene.entry(next(iter(scene.people)), next(iter(scene.place.projects)), "2026-03-20 09:00")
    scene.fault("answer_before", preset="fault", status=400, code="2020")
    both = scene.sync()

    page = main_text(admin_client.get(f"/admin/syncjobs/run/{both['run']}/change/"))
    assert "Refused, or change held 2" in page and "Refused 1 and 1 held" in page
    undone = run_command("undo_run", str(Run.objects.filter(kind="sync").earliest("pk").pk))
    page = main_text(admin_client.get(f"/admin/syncjobs/run/{undone['run']}/change/"))
    assert "Not done 1" in page and "Change held 1" in page and "Refused 1" not in page


def test_where_it_cannot_be_asked_an_undo_and_a_correction_wait_too(scene: Scene, sent: str) -> None:
    run_id = Run.objects.get(kind="sync").pk
    scene.stretch(sent, 90)
    scene.fault("answer_before", "/query", method="GET", match="from Invoice ", times=0, status=400, preset="fault")

    undone = run_command("undo_run", str(run_id))
    entry = scene.mirrored(sent)
    corrected = [
        work(scene, dry_run=True, **correction.run_details(scene.workspace, entry, way))
        for way in correction.corrections.WAYS
    ]

    assert (undone.code, undone["deleted"], undone["failed"]) == (4, 0, 1)
    assert "could not say whether it is on an invoice" in Run.objects.get(pk=undone["run"]).items.get().why
    assert [[row["code"] for row in run.items.get().reasons] for run in corrected] == [["INVOICES_NOT_READ"]] * 2
    assert len(scene.activities()) == 1


def test_what_is_known_without_asking_does_not_wait(scene: Scene, sent: str) -> None:
    scene.switch(billable_status_lags=False)
    scene.bill(scene.receipt(sent).quickbooks_id)
    scene.stretch(sent, 90)
    scene.fault("answer_before", "/query", method="GET", match="from Invoice ", times=0, status=400, preset="fault")

    run = scene.sync()

    assert (run.code, run["blocked_reasons"]) == (0, BILLED)


def test_an_invoice_that_is_not_clear_holds_its_customers_changes_alone(scene: Scene, ada: str, site: str) -> None:
    hall = scene.project("Hall", hourlyRate=8000)
    on_site, on_hall = scene.entry(ada, site), scene.entry(ada, hall, "2026-03-05 09:00")
    scene.sync()
    odd = scene.put("Invoice", {"CustomerRef": {"value": scene.partner_of(site)}, "DocNumber": "7", "LinkedTxn": "odd"})
    for entry in (on_site, on_hall):
        scene.stretch(entry, 90)

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"updated": 1, "blocked": 1})
    assert (run["blocked_reasons"], run["warnings"]) == ({"UNREADABLE": 1}, {"UNREADABLE": 1})
    (reason,) = scene.explain(on_site)["reasons"]
    assert "The invoice 7 could not be read: LinkedTxn is no list" in reason["message"]
    assert reason["fix_in"] == "quickbooks"
    assert UnreadableRecord.objects.get().vendor_id == odd["Id"]

    scene.put("Invoice", {"Id": odd["Id"], "LinkedTxn": []})

    assert scene.sync().counts == {"updated": 1, "unchanged": 1}
    assert not UnreadableRecord.objects.exists()


def test_an_invoice_without_an_id_may_be_about_anything_of_its_customer(scene: Scene, sent: str, site: str) -> None:
    scene.put("Invoice", {"CustomerRef": {"value": scene.partner_of(site)}})
    scene.stretch(sent, 90)
    drop = ["QueryResponse.Invoice.0.Id"]
    scene.fault("answer_after_commit", "/query", method="GET", match="from Invoice ", times=0, drop=drop)

    assert scene.sync()["blocked_reasons"] == {"UNREADABLE": 1}


def test_a_run_of_many_asks_once(scene: Scene, ada: str, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = scene.entries(ada, site, 9)
    scene.sync()
    for entry in entries:
        scene.stretch(entry, 90)
    monkeypatch.setattr(window, "CHUNK", 3)

    run = run_command("sync_time", "--from", FIRST, "--to", LAST)

    assert run.counts == {"updated": 9}
    assert (len(asked(run)), len(asked(run, "SalesReceipt"))) == (1, 1)
