"""What runs say of themselves, of vendors and of earlier attempts is so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from integrations.errors import TryLater
from integrations.http import calls
from integrations.limits import throttle
from sandbox.data.datasets import REALM
from syncjobs.models import Run, RunItem
from syncjobs.planning import earlier
from syncjobs.runs import lifecycle
from tests.support.factories import RunFactory, WorkspaceFactory
from tests.support.page_text import main_text
from tests.support.scene import Scene, run_command

REFUSAL = {"Fault": {"Error": [{"Message": "no", "Detail": "no", "code": "6330"}], "type": "ValidationFault"}}


def why(entry: str) -> str:
    return RunItem.objects.filter(entry_id=entry, verb="create").latest("pk").why


def test_time_that_was_sent_or_refused_before_is_not_new(scene: Scene, ada: str, site: str) -> None:
    undone, deleted = scene.entries(ada, site, 2)
    run = scene.sync()
    assert {why(undone), why(deleted)} == {"New: not sent before."}
    assert run_command("undo_run", str(run["run"])).code == 0
    scene.sync()
    assert why(undone) == earlier.UNDONE
    scene.edit_entry(deleted, billable=False)
    scene.sync()
    scene.edit_entry(deleted, billable=True)
    scene.fault("status_before", status=400, body=REFUSAL, times=0)
    refused = scene.entry(ada, site, "2026-03-20 09:00")
    scene.sync()
    scene.clear_faults()
    scene.sync()

    assert why(deleted) == earlier.DELETED
    assert why(refused) == earlier.REFUSED


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("begun", "message"),
    [(False, "The run was cancelled before it began."), (True, "The run was cancelled while it waited to go on.")],
)
@pytest.mark.parametrize("status", [Run.Status.QUEUED, Run.Status.WAITING])
def test_a_cancelled_run_says_whether_it_had_begun(status: str, begun: bool, message: str) -> None:
    now = timezone.now()
    run = RunFactory(workspace=WorkspaceFactory(), status=status, started_at=now if begun else None, finished_at=None)

    assert lifecycle.cancel(run, now=now)

    run.refresh_from_db()
    assert (run.status, run.error_message) == (Run.Status.CANCELLED, message)


def test_a_token_that_was_just_given_is_not_called_stored(scene: Scene) -> None:
    run_command("disconnect_quickbooks")

    refused = run_command("connect_quickbooks", "--realm", REALM, "--refresh-token", "no-such-token")

    assert refused.code == 3
    assert "Intuit rejected that refresh token." in refused.stderr
    assert "stored token" not in refused.stderr


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("blocked", "said"), [(True, "its limit is used up"), (False, "Other runs are calling")])
def test_a_limit_is_used_up_only_where_the_vendor_said_so(blocked: bool, said: str) -> None:
    account = calls.Account("quickbooks", "quickbooks:turns", seconds_apart=300)
    throttle.reserve(account.key, 300)
    if blocked:
        throttle.block_for(account.key, 300)
    call = calls.Call("GET", "http://localhost:9/", headers={})

    with pytest.raises(TryLater) as refused:
        calls.send(account, call, classify=lambda answer: None)

    assert said in refused.value.message


@pytest.mark.django_db
def test_a_run_that_waits_counts_down(admin_client: Client) -> None:
    run = RunFactory(
        workspace=WorkspaceFactory(),
        status=Run.Status.WAITING,
        finished_at=None,
        error_message="QuickBooks' request limit is reached.",
        not_before=timezone.now() + timedelta(minutes=4, seconds=30),
    )

    page_text = main_text(admin_client.get(f"/admin/syncjobs/run/{run.pk}/change/"))

    assert "It continues automatically from" in page_text and "In 4 min " in page_text
    assert "in 4 min " in main_text(admin_client.get("/admin/"))
