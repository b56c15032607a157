"""Time that changed after it was sent: both sides beside each other, and the decisions a person may take."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils.html import escape

from sandbox.data.datasets import REALM
from sandbox.server import Running
from syncjobs.models import EntryOverride, Run
from syncjobs.pages.desk.changed import ChangedRow
from syncjobs.runs.execution import RunExecution
from tests.support.desk_forms import entry_version
from tests.support.page_text import main_text, text
from tests.support.scene import FIRST, Scene, run_command


@pytest.fixture
def scene(sandbox: Running, transactional_db: None) -> Scene:
    scene = Scene(sandbox).connect()
    scene.policy(start_date=FIRST)
    return scene


def test_what_was_edited_after_it_was_billed_or_changed_by_hand_waits_for_a_person(dana: Client, scene: Scene) -> None:
    billed, changed, waits, same = scene.entries(scene.user("Ada"), scene.project("Site"), 4)
    scene.sync()
    scene.bill(scene.receipt(billed).quickbooks_id)
    scene.put("TimeActivity", {"Id": scene.receipt(changed).quickbooks_id, "Hours": 5, "Minutes": 0})
    for entry in (billed, changed):
        scene.stretch(entry, 95)
    scene.sync()
    scene.edit_entry(waits, description="Said otherwise")
    scene.check()
    desk = f"/admin/workspaces/{scene.workspace.pk}/changed/"

    page = dana.get(desk)
    page_text = main_text(page)
    assert "To do 3" in page_text and page.content.decode().count("<mark>1:35") == 2
    assert "the invoice is left as is" in page_text and "changed or deleted by hand in QuickBooks" in page_text
    assert page_text.count("Preview sending it…") == 1
    assert "<mark>5:00" in dana.get(f"{desk}?look=1").content.decode()
    form = {"entry": str(scene.mirrored(billed).pk), "version": entry_version(scene.mirrored(billed))}
    dana.post(desk, form | {"verb": "leave", "note": "agreed with Acme"})
    dana.post(desk, {"verb": "preview", "entry": str(scene.mirrored(waits).pk)})

    assert EntryOverride.objects.get().clockify_id == billed
    assert "To do 2" in main_text(dana.get(desk)) and "agreed with Acme" in main_text(dana.get(f"{desk}?show=left"))
    preview = Run.objects.latest("pk")
    assert preview.dry_run and preview.options == {"entries": [waits]}
    assert scene.mirrored(same).clockify_id not in main_text(dana.get(desk))


def test_time_deleted_in_clockify_but_billed_can_be_left_and_taken_up_again(
    dana: Client, visitor: Client, scene: Scene
) -> None:
    billed = scene.entry(scene.user("Ada"), scene.project("Site"))
    scene.sync()
    scene.bill(scene.receipt(billed).quickbooks_id)
    scene.delete_entry(billed)
    scene.sync()
    desk, key = f"/admin/workspaces/{scene.workspace.pk}/changed/", {"entry": str(scene.mirrored(billed).pk)}
    assert "It was deleted in Clockify." in main_text(visitor.get(desk))
    assert visitor.post(desk, key | {"verb": "leave"}).status_code == 403

    shown = {"version": entry_version(scene.mirrored(billed))}
    dana.post(desk, key | shown | {"verb": "leave"})
    assert "To do 0" in main_text(dana.get(desk))
    stale = dana.post(desk, key | shown | {"verb": "take_up"}, follow=True)
    assert "You ignored this entry at" in text(stale) and "To do 0" in main_text(dana.get(desk))
    dana.post(desk, key | {"verb": "take_up", "version": entry_version(scene.mirrored(billed))})

    assert "To do 1" in main_text(dana.get(desk))


def cells(row: ChangedRow) -> dict[str, tuple[str, str, str]]:
    return {field.label: (field.clockify, field.sent, field.quickbooks) for field in row.fields}


def test_what_became_unbillable_or_was_deleted_says_so_in_its_rows(dana: Client, scene: Scene) -> None:
    unbillable, gone, removed = scene.entries(scene.user("Ada"), scene.project("Site"), 3)
    scene.sync()
    for entry in (unbillable, gone):
        scene.bill(scene.receipt(entry).quickbooks_id)
    scene.edit_entry(unbillable, billable=False)
    scene.delete_entry(gone)
    scene.delete_activity(scene.receipt(removed).quickbooks_id)
    scene.stretch(removed, 95)
    scene.sync()

    page = dana.get(f"/admin/workspaces/{scene.workspace.pk}/changed/?look=1&show=needs")
    by_entry = {row.entry.clockify_id: row for row in page.context["rows"]}

    assert cells(by_entry[unbillable])["Billable"] == ("no", "yes", "yes, billed")
    assert [field.label for field in by_entry[unbillable].fields if field.differs] == ["Billable"]
    assert by_entry[gone].deleted.startswith("in Clockify, noticed ")
    assert not any(field.clockify or field.differs for field in by_entry[gone].fields)
    assert by_entry[removed].deleted == "in QuickBooks"
    text = main_text(page)
    assert (
        text.count("Clockify now") == 2 and "Deleted in QuickBooks" in text and "Deleted in Clockify, noticed" in text
    )


def test_what_was_changed_back_in_quickbooks_is_not_said_to_differ(dana: Client, scene: Scene) -> None:
    entry = scene.entry(scene.user("Ada"), scene.project("Site"))
    scene.sync()
    activity = scene.receipt(entry).quickbooks_id
    scene.put("TimeActivity", {"Id": activity, "Hours": 5, "Minutes": 0})
    scene.stretch(entry, 95)
    scene.sync()
    scene.put("TimeActivity", {"Id": activity, "Hours": 1, "Minutes": 0})

    text = main_text(dana.get(f"/admin/workspaces/{scene.workspace.pk}/changed/?look=1"))

    assert "As read now, QuickBooks has what was sent." in text


def test_what_was_changed_by_hand_is_sent_again_or_added_to_only_from_a_preview(dana: Client, scene: Scene) -> None:
    billed, changed = scene.entries(scene.user("Ada"), scene.project("Site"), 2)
    scene.sync()
    scene.bill(scene.receipt(billed).quickbooks_id)
    scene.put("TimeActivity", {"Id": scene.receipt(changed).quickbooks_id, "Hours": 5, "Minutes": 0})
    for entry in (billed, changed):
        scene.stretch(entry, 400)
    scene.sync()
    desk = f"/admin/workspaces/{scene.workspace.pk}/changed/"
    page_text = main_text(dana.get(desk))
    assert page_text.count("Add the difference…") == 2 and page_text.count("Send Clockify's…") == 1

    for entry, verb, button in (
        (billed, "correct", "Add this in QuickBooks"),
        (changed, "override", "Write this to QuickBooks"),
    ):
        dana.post(desk, {"verb": verb, "entry": str(scene.mirrored(entry).pk)})
        preview_run = RunExecution(Run.objects.latest("pk")).work()
        page = main_text(dana.get(f"/admin/syncjobs/run/{preview_run.pk}/change/"))
        assert preview_run.dry_run and preview_run.items.get().why in page and button in page
        dana.post(f"/admin/runs/{preview_run.pk}/again/", {"verb": "send"})
        RunExecution(Run.objects.latest("pk")).work()

    assert sorted(activity["Hours"] * 60 + activity["Minutes"] for activity in scene.activities()) == [5, 395, 400]
    assert "To do 0" in main_text(dana.get(desk))
    entry_page = main_text(dana.get(f"/admin/integrations/timeentry/{scene.mirrored(billed).pk}/change/"))
    assert "Corrected 6:35" in entry_page


def test_a_correction_that_adds_nothing_says_why(dana: Client, scene: Scene) -> None:
    entry = scene.entry(scene.user("Ada"), scene.project("Site"))
    scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(entry).quickbooks_id, "Hours": 9, "Minutes": 0})
    scene.stretch(entry, 95)
    scene.sync()
    desk = f"/admin/workspaces/{scene.workspace.pk}/changed/"

    dana.post(desk, {"verb": "correct", "entry": str(scene.mirrored(entry).pk)})

    preview_run = RunExecution(Run.objects.latest("pk")).work()
    page = main_text(dana.get(f"/admin/syncjobs/run/{preview_run.pk}/change/"))
    assert "There is nothing to send; its line says why." in page
    assert "QuickBooks has 9:00 for this person and customer, Clockify 1:35: nothing is missing." in page


def test_the_invoice_is_named_and_linked_on_every_page(dana: Client, scene: Scene, settings: Any) -> None:
    billed, edited = scene.entries(scene.user("Ada"), scene.project("Site"), 2)
    sent = scene.sync()
    (invoice,) = scene.bill(scene.receipt(billed).quickbooks_id, DocNumber="1043", TxnDate="2026-03-31")
    for entry in (billed, edited):
        scene.stretch(entry, 95)
    preview, synced = scene.sync(dry_run=True), scene.sync()
    undone = run_command("undo_run", str(sent["run"]), "--dry-run")
    # The pages ask nobody; the real address is what links are made from.
    settings.QUICKBOOKS_API_URL = "https://quickbooks.api.intuit.com"

    pages = [
        dana.get(f"/admin/workspaces/{scene.workspace.pk}/changed/"),
        dana.get(f"/admin/integrations/timeentry/{scene.mirrored(billed).pk}/change/"),
        *(dana.get(f"/admin/syncjobs/run/{run['run']}/change/") for run in (preview, synced, undone)),
        dana.get(f"/admin/runs/{sent['run']}/undo/"),
    ]

    for page in pages:
        assert "on invoice 1043 of March 31, 2026" in main_text(page)
        query = urlencode({"deeplinkcompanyid": REALM, "pagereq": f"invoice?txnId={invoice['Id']}"})
        link = f'<a href="{escape(f"https://qbo.intuit.com/login?{query}")}">Open invoice 1043 of March 31, 2026'
        assert link in page.content.decode()


def test_what_waits_for_the_reading_of_invoices_is_not_called_refused(dana: Client, scene: Scene) -> None:
    entry = scene.entry(scene.user("Ada"), scene.project("Site"))
    scene.sync()
    scene.stretch(entry, 95)
    scene.fault("answer_before", "/query", method="GET", match="from Invoice ", times=0, status=400, preset="fault")

    run = scene.sync()

    page_text = main_text(dana.get(f"/admin/syncjobs/run/{run['run']}/change/"))
    assert "Invoices could not be read: " in page_text and "waits until QuickBooks can say what is billed" in page_text
    assert "Not known whether billed" in page_text and "refused" not in page_text
    changed = main_text(dana.get(f"/admin/workspaces/{scene.workspace.pk}/changed/"))
    assert "QuickBooks could not say whether it is on an invoice" in changed
    assert "Preview sending it" not in changed
