"""Runs that begin by themselves, once each, and tokens that are kept alive meanwhile."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from integrations.models import Company
from syncjobs.models import Run, Schedule
from syncjobs.rules.timetable import parse
from syncjobs.runs import lifecycle as runs
from syncjobs.worker import schedules
from tests.support.scene import Scene, run_command


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
