"""Exit codes 0, 3 and 4, and the line on stderr that gives the reason."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from syncjobs.models import WriterLease
from tests.contract.conftest import lines
from tests.support.scene import Scene, run_command


@pytest.fixture
def ada(scene: Scene) -> str:
    return scene.user("Ada")


@pytest.fixture
def site(scene: Scene) -> str:
    return scene.project("Site")


def test_blocked_entries_alone_are_no_error(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site, billable=False)

    result = scene.sync()

    assert (result.code, result["status"], result.counts) == (0, "succeeded", {"blocked": 1})


def test_a_refused_entry_ends_with_4_and_a_line(scene: Scene, ada: str, site: str) -> None:
    scene.entries(ada, site, 2)
    refusal = {"Fault": {"Error": [{"Message": "Refused", "Detail": "for no reason", "code": "6000"}]}}
    scene.fault("status_before", status=400, body=refusal)

    result = scene.sync()

    assert (result.code, result["status"], result.counts) == (4, "partial", {"sent": 1, "failed": 1})
    assert "1 failed" in lines(result.stderr)[-1]


def test_an_unsupported_subscription_ends_with_3_and_zeros(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.configure(PayrollFeature="true")
    assert scene.check().code == 0

    for dry_run in (True, False):
        result = scene.sync(dry_run=dry_run)
        assert (result.code, result["status"], result["error"]["code"]) == (3, "blocked", "PAYROLL_ENABLED")
        assert (result["seen"], result["dry_run"]) == (0, dry_run)


def test_a_used_up_budget_ends_with_4_and_waits(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.fault("429_retry_after", "reports", vendor="clockify", seconds=1800)

    result = scene.sync()

    assert (result.code, result["status"], result["error"]["code"]) == (4, "waiting", "THROTTLED")


def test_many_missing_entries_end_with_4_and_nothing_deleted(scene: Scene, ada: str, site: str) -> None:
    entries = scene.entries(ada, site, 30)
    scene.sync()
    scene.delete_entry(*entries[:21])

    result = scene.sync()

    assert (result.code, result["warnings"]) == (4, {"MANY_MISSING": 21})
    assert len(scene.activities()) == 30
    assert "21 deletions at once wait for review" in lines(result.stderr)[-1]


def test_another_living_run_ends_with_3_at_once(scene: Scene, ada: str, site: str) -> None:
    now = timezone.now()
    owner = f"{socket.gethostname()[:30]}:{os.getpid()}:another"
    WriterLease.objects.create(
        company=scene.company, owner=owner, since=now, beat_at=now, until=now + timedelta(seconds=30)
    )

    result = scene.sync()

    assert (result.code, result["status"], result["error"]["code"]) == (3, "failed", "ANOTHER_RUN")


def test_days_before_the_start_date_are_an_empty_success(scene: Scene, ada: str, site: str) -> None:
    scene.policy(start_date="2026-03-10")
    scene.entry(ada, site, "2026-03-04 09:00")

    result = run_command("sync_time", "--to", "2026-03-05")

    assert (result.code, result["seen"]) == (0, 0)
    assert run_command("sync_time", "--from", "2026-03-09", "--to", "2026-03-05").code == 2


def test_a_silent_clockify_ends_with_3(scene: Scene, settings: Any) -> None:
    settings.GIVE_UP_SECONDS = 1
    scene.fault("hang_before", "reports", vendor="clockify", seconds=3, times=0)

    result = scene.sync()

    assert (result.code, result["error"]["code"]) == (3, "NO_ANSWER")


def test_a_revoked_clockify_key_ends_with_3(scene: Scene) -> None:
    with scene.world.lock:
        scene.clockify.revoke_key("sandbox-clockify-key")

    result = scene.sync()

    assert (result.code, result["error"]["code"], result["seen"]) == (3, "NOT_CONNECTED", 0)


def test_refused_links_end_with_2_in_one_line(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    for args in [("user", ada, "999"), ("user", "nobody", "1"), ("project", site, scene.partner_of(ada))]:
        with pytest.raises(SystemExit) as end:
            scene.decide("link", *args)
        assert end.value.code == 2


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_at_the_ends_of_the_calendar_are_an_empty_success(scene: Scene, day: str) -> None:
    run = scene.sync(day, day, dry_run=True)

    assert (run.code, run["status"], run["seen"]) == (0, "succeeded", 0), run.stderr
