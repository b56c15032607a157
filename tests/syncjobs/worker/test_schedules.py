"""Runs that begin by themselves, once each, and tokens that are kept alive meanwhile."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Company, Workspace
from syncjobs.models import Reconciliation, Run, Schedule, SignOff
from syncjobs.rules.timetable import parse
from syncjobs.runs import comparison
from syncjobs.runs import lifecycle as runs
from syncjobs.runs.execution import RunExecution
from syncjobs.worker import schedules
from tests.support.factories import WorkspaceFactory
from tests.support.scene import FIRST, Scene, run_command


def test_a_due_schedule_starts_one_run_however_often_it_was_missed(scene: Scene) -> None:
    now = timezone.now()
    schedules.change(scene.workspace, "sync", parse("every 30 minutes"), now=now - timedelta(days=2))

    assert schedules.start_due(now=now) == 1
    assert schedules.start_due(now=now) == 0

    run = Run.objects.get(trigger="schedule")
    assert (run.kind, run.status) == ("sync", "queued")
    assert Schedule.objects.get().next_at == now + timedelta(minutes=30)


def test_a_schedule_is_left_out_while_another_run_is_under_way(scene: Scene) -> None:
    now = timezone.now()
    runs.create_run("check", scene.workspace, trigger="button", now=now)
    schedules.change(scene.workspace, "sync", parse("every 30 minutes"), now=now - timedelta(hours=1))

    assert schedules.start_due(now=now) == 0
    assert not Run.objects.filter(trigger="schedule").exists()


def test_a_schedule_that_is_off_never_starts(scene: Scene) -> None:
    now = timezone.now()
    schedules.change(scene.workspace, "sync", parse("every 30 minutes"), now=now - timedelta(hours=1))
    schedules.change(scene.workspace, "sync", parse("off"), now=now)

    assert schedules.start_due(now=now) == 0


def test_the_policy_command_shows_and_sets_schedules(scene: Scene) -> None:
    scene.policy(sync_schedule="daily at 18:00")

    assert run_command("policy").json["sync_schedule"] == "daily at 18:00"
    assert run_command("policy").json["check_schedule"] == "off"
    refused = run_command("policy", "sync_schedule=hourly")
    assert refused.code == 2
    assert "every 30 minutes" in refused.stderr


def test_a_connection_that_nobody_used_for_a_week_is_refreshed(scene: Scene) -> None:
    Company.objects.update(access_expires_at=timezone.now() - timedelta(days=8))
    scene.zero_calls()

    assert schedules.keep_connections(now=timezone.now()) == 1
    assert schedules.keep_connections(now=timezone.now()) == 0

    assert Company.objects.get().access_expires_at > timezone.now()


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def test_a_scheduled_comparison_reads_the_days_that_nobody_signed(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.sync()
    scene.policy(compare_schedule="daily at 02:00", time_zone="UTC", start_date=FIRST)
    Schedule.objects.update(next_at=at("2026-03-21 02:00"))

    assert schedules.start_due(now=at("2026-03-21 02:00")) == 1
    run = RunExecution(Run.objects.get(trigger="schedule")).work()

    assert (run.kind, run.status, str(run.from_date), str(run.to_date)) == (
        "reconcile",
        "succeeded",
        "2026-03-01",
        "2026-03-20",
    )
    assert Reconciliation.objects.get().run == run
    assert Schedule.objects.get().next_at == at("2026-03-22 02:00")


def signed_until(workspace: Workspace, last: str, **values: Any) -> None:
    facts = {
        "workspace": workspace,
        "company": workspace.company,
        "from_date": date(2026, 1, 1),
        "to_date": date.fromisoformat(last),
    }
    stored = Reconciliation.objects.create(
        **facts, compared_at=at("2026-05-20 01:00"), clockify_seconds=0, quickbooks_seconds=0
    )
    SignOff.objects.create(**facts, reconciliation=stored, figures={}, at=stored.compared_at, **values)


@pytest.mark.parametrize(
    ("start", "signed", "days"),
    [
        ("2026-05-04", [], ("2026-05-04", "2026-05-20")),
        # Three calendar months at most.
        ("2025-01-01", [], ("2026-03-01", "2026-05-20")),
        ("2025-01-01", ["2026-03-31", "2026-04-30"], ("2026-05-01", "2026-05-20")),
        ("2026-05-21", [], None),
        ("2026-05-01", ["2026-05-20"], None),
    ],
)
@pytest.mark.django_db
def test_the_open_period_follows_the_last_signed_one(
    start: str, signed: list[str], days: tuple[str, str] | None
) -> None:
    workspace = WorkspaceFactory(start_date=date.fromisoformat(start), time_zone="UTC")
    for last in signed:
        signed_until(workspace, last)
    signed_until(workspace, "2026-05-20", withdrawn_at=at("2026-05-20 12:00"))

    found = comparison.open_period(workspace, at("2026-05-21 02:00"))

    assert found == (days and tuple(date.fromisoformat(day) for day in days))


def test_each_night_replaces_the_last_one_and_leaves_what_people_compared(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.sync()
    by_hand = scene.compare(FIRST, "2026-03-10")
    scene.policy(compare_schedule="daily at 02:00", start_date=FIRST)

    for day in (20, 21):
        now = at(f"2026-03-{day} 12:00")
        Schedule.objects.update(next_at=now)
        schedules.start_due(now=now)
        RunExecution(Run.objects.filter(trigger="schedule").latest("pk")).work()

    assert [(stored.run == by_hand, str(stored.to_date)) for stored in Reconciliation.objects.order_by("pk")] == [
        (True, "2026-03-10"),
        (False, "2026-03-20"),
    ]


def test_a_daily_run_begins_after_the_one_that_is_in_its_way(scene: Scene) -> None:
    scene.policy(sync_schedule="daily at 18:00", time_zone="UTC")
    now = at("2026-03-20 18:00")
    Schedule.objects.update(next_at=now)
    check = runs.create_run("check", scene.workspace, trigger="button", now=now)

    assert schedules.start_due(now=now) == 0
    assert Schedule.objects.get().next_at == at("2026-03-20 18:05")
    Run.objects.filter(pk=check.pk).update(status="succeeded")

    assert schedules.start_due(now=at("2026-03-20 18:05")) == 1
    assert Schedule.objects.get().next_at == at("2026-03-21 18:00")
