"""An archived connection: its history stays, nothing of its company is touched, and the workspace moves on."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import ArchivedConnection, Company, ConnectionEvent, Workspace
from mapping.models import Link
from sandbox.data.datasets import REALM
from syncjobs.ledger import lease
from syncjobs.models import Action, EntryOverride, EntryStatus, Receipt, Run
from syncjobs.runs.execution import RunExecution
from tests.support.factories import WorkspaceFactory
from tests.support.oracle import assert_books_agree
from tests.support.page_text import main_text
from tests.support.scene import Result, Scene, run_command

REAL = "9341000000000001"


def archive(*args: str) -> Result:
    return run_command("disconnect_quickbooks", "--archive", *args)


def connect(scene: Scene, realm: str) -> Result:
    token = scene.world.quickbooks.issue_refresh_token(realm)
    return run_command("connect_quickbooks", "--realm", realm, "--refresh-token", token)


@pytest.fixture
def real(scene: Scene, ada: str, site: str) -> Any:
    """The real company's books; they have Ada, and Site below Acme, as the trial company has."""
    with scene.world.lock:
        books = scene.world.quickbooks.add_company(realm=REAL, name="Real Company")
        books.put("Employee", {"DisplayName": "Ada"})
        acme = books.put("Customer", {"DisplayName": "Acme"})
        books.put("Customer", {"DisplayName": "Site", "Job": True, "ParentRef": {"value": acme["Id"]}})
    return books


def time_in(books: Any) -> dict[str, str]:
    """Return the SyncToken of every activity by its id: equal where nothing was changed."""
    return {key: record["SyncToken"] for key, record in books.records["TimeActivity"].items()}


def test_a_workspace_moves_from_the_trial_company_to_the_real_one(scene: Scene, ada: str, site: str, real: Any) -> None:
    scene.entries(ada, site, 5)
    scene.sync()
    before = time_in(scene.books)

    archived = archive()

    assert archived.code == 0
    assert (
        "5 entries, 0.58 h were sent to Sandbox Company; with a new company they count as not sent." in archived.stderr
    )
    assert (archived["archived"], archived["sent_entries"], archived["in_doubt"]) == (True, 5, 0)
    assert "Intuit confirmed that access was revoked." in archived["message"]
    trial = Company.objects.get(realm_id=REALM)
    assert (trial.state, trial.access_token, trial.refresh_token) == ("disconnected", "", "")
    scene.policy(start_date="2026-03-01")
    connected = connect(scene, REAL)
    assert connected.code == 0
    assert "5 entries (0.58 h) from 2026-03-01 on were sent to Sandbox Company." in connected.stderr
    assert scene.check().code == 0
    assert scene.sync().counts == {"sent": 5}
    assert len(time_in(real)) == 5
    assert time_in(scene.books) == before
    # The history of both is there.
    assert Receipt.objects.filter(company=trial, state=Receipt.State.SENT).count() == 5
    assert {link.company.realm_id for link in Link.objects.all()} == {REALM, REAL}
    assert Run.objects.filter(company=trial).exists()


def test_nothing_of_the_archived_company_is_changed_by_edits_deletions_syncs_and_undos(
    scene: Scene, ada: str, site: str, real: Any
) -> None:
    edited, deleted, unbilled, _ = scene.entries(ada, site, 4)
    run = scene.sync()
    before = time_in(scene.books)
    archive()
    scene.zero_calls()
    scene.stretch(edited, 120)
    scene.delete_entry(deleted)
    scene.edit_entry(unbilled, billable=False)

    for _ in range(2):
        assert scene.sync()["error"]["code"] == "NOT_CONNECTED"
    undone = run_command("undo_run", str(run["run"]))

    assert (undone.code, "was archived" in undone.stderr) == (2, True)
    assert scene.calls() == {}
    connect(scene, REAL)
    scene.check()
    assert scene.sync().counts == {"sent": 2, "blocked": 1}
    assert run_command("undo_run", str(run["run"])).code == 2
    assert time_in(scene.books) == before


def test_the_same_company_connected_again_takes_its_history_up(scene: Scene, ada: str, site: str, real: Any) -> None:
    item = scene.put("Item", {"Name": "Consulting", "Type": "Service"})["Id"]
    scene.check()
    scene.policy(service_item="Consulting")
    kept, edited = scene.entries(ada, site, 2)
    scene.sync()
    archive()
    connect(scene, REAL)
    scene.check()
    assert run_command("policy").json["service_item"] == ""
    archive()

    assert connect(scene, REALM).code == 0

    assert run_command("policy").json["service_item"] == item
    scene.edit_entry(edited, description="More words")
    assert scene.check().code == 0
    assert scene.explain(kept)["state"] == "sent"
    assert scene.sync().counts == {"updated": 1, "unchanged": 1}
    assert_books_agree(scene)
    rows = ArchivedConnection.objects.select_related("company")
    assert {row.company.realm_id: row.taken_up_at is not None for row in rows} == {REALM: True, REAL: False}


def test_another_company_without_archiving_is_refused_and_told_the_way(scene: Scene, real: Any) -> None:
    result = connect(scene, REAL)

    assert (result.code, result["error"]["code"]) == (3, "SECOND_COMPANY")
    assert "`disconnect_quickbooks --archive`" in result["error"]["fix"]


def test_a_write_in_doubt_stays_in_doubt_and_is_found_when_the_company_is_back(
    scene: Scene, ada: str, site: str, real: Any, settings: Any
) -> None:
    settings.GIVE_UP_SECONDS = 2
    entry = scene.entry(ada, site)
    scene.fault("cut_after_commit", times=0)
    scene.fault("cut_before", "query.*TimeActivity", method="GET", skip=1, times=0)
    assert scene.sync().counts == {"unknown": 1}
    scene.clear_faults()

    archived = archive()

    assert archived["in_doubt"] == 1
    assert "1 write without a clear answer stays in doubt and is never sent again." in archived.stderr
    connect(scene, REAL)
    scene.check()
    # For the real company it was never sent.
    assert scene.sync().counts == {"sent": 1}
    assert Action.objects.get(company__realm_id=REALM).state == Action.State.SENDING
    assert len(time_in(scene.books)) == 1
    archive()
    connect(scene, REALM)
    assert scene.sync().counts == {"unchanged": 1}
    assert scene.explain(entry)["state"] == "sent"
    assert len(time_in(scene.books)) == 1


def test_a_workspace_that_shares_the_company_keeps_it(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.check()
    other = WorkspaceFactory(company=scene.company, name="Other", clockify_id="other")

    archived = archive("--workspace", "Sandbox Workspace")

    assert archived["message"] == "It stays connected for Other."
    assert Workspace.objects.get(name="Sandbox Workspace").company is None
    other.refresh_from_db()
    company = scene.company
    assert (other.company_id, company.state, bool(company.refresh_token)) == (company.pk, "connected", True)
    assert not ConnectionEvent.objects.filter(kind="quickbooks_disconnected").exists()


def test_what_waits_is_cancelled_and_what_works_is_waited_for(scene: Scene) -> None:
    workspace, company, now = scene.workspace, scene.company, timezone.now()
    values = {"workspace": workspace, "company": company, "trigger": "button", "created_at": now}
    queued = Run.objects.create(kind="sync", status="queued", **values)
    at_work = Run.objects.create(kind="check", status="running", **values)
    assert lease.try_take_writer_lease(company, at_work, "somebody")

    busy = archive()

    assert (busy.code, busy["error"]["code"]) == (3, "ANOTHER_RUN")
    workspace.refresh_from_db()
    assert workspace.company_id == company.pk and scene.company.refresh_token
    lease.release(company, "somebody")
    assert archive().code == 0
    queued.refresh_from_db()
    assert queued.status == Run.Status.CANCELLED


@pytest.mark.parametrize("kind", ["check", "sync"])
def test_a_run_that_was_asked_for_before_never_goes_on(scene: Scene, ada: str, site: str, real: Any, kind: str) -> None:
    scene.entry(ada, site)
    scene.check()
    trial, now = scene.company, timezone.now()
    archive()
    connect(scene, REAL)
    scene.zero_calls()
    day = date(2026, 3, 4)
    run = Run.objects.create(
        kind=kind,
        workspace=scene.workspace,
        company=trial,
        trigger="button",
        created_at=now,
        from_date=day,
        to_date=day,
    )

    RunExecution(run).work()

    assert (run.status, run.error_code) == ("blocked", "NOT_CONNECTED")
    assert run.error_message.startswith("The connection to Sandbox Company was archived")
    assert scene.calls() == {} and scene.activities() == []


def test_the_start_date_is_asked_for_and_scheduled_syncs_end(scene: Scene, ada: str, site: str, real: Any) -> None:
    scene.entries(ada, site, 3)
    scene.sync()
    scene.policy(sync_schedule="daily at 18:00")

    archived = archive("--start-date", "2026-04-01")

    assert archived["start_date"] == "2026-04-01"
    shown = run_command("policy").json
    assert (shown["start_date"], shown["sync_schedule"]) == ("2026-04-01", "off")
    connect(scene, REAL)
    scene.check()
    result = run_command("sync_time", "--to", "2026-04-30")
    assert (result["seen"], time_in(real)) == (0, {})


def test_what_was_found_in_the_old_books_does_not_count_for_the_new_ones(
    scene: Scene, ada: str, site: str, real: Any
) -> None:
    entry = scene.entry(ada, site)
    scene.check()
    scene.set_aside(entry, "ALREADY_IN_QUICKBOOKS", "TOO_LONG")

    archive()

    assert EntryOverride.objects.get().send_anyway == ["TOO_LONG"]
    assert not EntryStatus.objects.exists()
    explained = scene.explain(entry)
    assert "the connection to Sandbox Company was archived." in str(explained["reasons"])


def test_a_late_duplicate_in_the_archived_company_is_left_to_people(
    scene: Scene, ada: str, site: str, settings: Any
) -> None:
    settings.GIVE_UP_SECONDS = 2
    scene.entry(ada, site)
    scene.sync()
    sent = scene.activities()[0]
    Action.objects.update(watch_until=timezone.now() + timedelta(hours=1))
    twin = {name: value for name, value in sent.items() if name not in {"Id", "SyncToken", "MetaData"}}
    scene.put("TimeActivity", twin)
    WorkspaceFactory(company=scene.company, name="Other", clockify_id="other")
    archive("--workspace", "Sandbox Workspace")

    run_command("sync_time", "--workspace", "Other", "--from", "2026-03-01", "--to", "2026-03-31")

    assert len(scene.activities()) == 2


def test_a_start_date_without_archiving_is_wrong_usage(scene: Scene) -> None:
    assert run_command("disconnect_quickbooks", "--start-date", "2026-04-01").code == 2
    assert scene.company.state == "connected"


def test_archiving_twice_says_that_nothing_is_connected(scene: Scene) -> None:
    archive()

    assert (archive().code, ArchivedConnection.objects.count()) == (3, 1)


def test_a_second_company_with_the_same_names_and_ids_begins_with_nothing_sent(
    scene: Scene, ada: str, site: str, client: Client, admin_user: User
) -> None:
    """The second company is added while the sandbox serves, with the same ids: nothing may be told by an id alone."""
    entries = scene.entries(ada, site, 5)
    run = scene.sync()["run"]
    # Entries go side by side, in any order. Four go to the second company, which gives the ids 1 to 4.
    edited, deleted, *kept = sorted(entries, key=lambda entry: int(scene.receipt(entry).quickbooks_id))
    first_record, trial = scene.receipt(edited).quickbooks_id, scene.company
    control = f"{scene.running.url}/control/quickbooks"
    added = requests.post(control, json={"realm": REAL, "name": "Real Company"}, timeout=10).json()
    for entity in ("Employee", "Customer"):
        for record in scene.books.records[entity].values():
            fields = {name: record[name] for name in ("DisplayName", "Job", "ParentRef") if name in record}
            assert requests.post(f"{control}/{REAL}/{entity}", json=fields, timeout=10).json()["Id"] == record["Id"]
    archive()
    before = copy.deepcopy(scene.books.records)
    history = list(Receipt.objects.filter(company=trial).order_by("pk").values())
    scene.stretch(edited, 90)
    scene.delete_entry(deleted)

    assert run_command("connect_quickbooks", "--realm", REAL, "--refresh-token", added["refresh_token"]).code == 0
    assert scene.check().code == 0
    assert scene.explain(edited)["state"] == scene.explain(kept[0])["state"] == "ready"
    assert scene.explain(edited)["quickbooks_id"] is None
    assert (scene.sync().counts, scene.sync().counts) == ({"sent": 4}, {"unchanged": 4})

    # The very id of the first company's activity is another one's here.
    real = scene.world.quickbooks.companies[REAL]
    assert first_record in real.records["TimeActivity"]
    scene.stretch(edited, 120)
    assert scene.sync().counts == {"updated": 1, "unchanged": 3}
    assert run_command("undo_run", str(Run.objects.filter(kind="sync").earliest("pk").pk)).code == 2
    assert scene.books.records == before
    assert list(Receipt.objects.filter(company=trial).order_by("pk").values()) == history
    client.force_login(admin_user)
    page = main_text(client.get(reverse("admin:syncjobs_run_change", args=[run])))
    assert "The connection to Sandbox Company was archived: its history stays" in page
    assert "Undo this run" not in page
    receipts = client.get(reverse("admin:syncjobs_receipt_changelist"), {"company__id__exact": trial.pk})
    assert "5 sent time entries" in main_text(receipts)
