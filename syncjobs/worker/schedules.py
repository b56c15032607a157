"""The work of the worker's tick: scheduled runs, and connections that must be kept alive."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

from integrations.database import database_now
from integrations.errors import ApiError
from integrations.models import Company, Workspace
from integrations.quickbooks import tokens
from syncjobs.models import Run, Schedule
from syncjobs.rules import timetable
from syncjobs.rules.timetable import Timetable
from syncjobs.run_options import RunDetails
from syncjobs.runs import comparison, lost_connections, queue
from syncjobs.runs import lifecycle as runs
from syncjobs.support.checklist import check_work

log = logging.getLogger("hourbridge.schedules")

# Intuit ends a connection that was not refreshed for 100 days; a week leaves a wide margin.
REFRESH_EVERY = timedelta(days=7)
# A daily run that another one is in the way of begins after it, rather than a day later.
TRY_AGAIN = timedelta(minutes=5)


def table_of(schedule: Schedule) -> Timetable:
    return Timetable(schedule.mode, schedule.every, schedule.at)


def shown(workspace: Workspace, kind: str) -> str:
    """Return the schedule of this kind of run as text, as people set it."""
    schedule = Schedule.objects.filter(workspace=workspace, kind=kind).first()
    return str(table_of(schedule)) if schedule else timetable.OFF


def change(workspace: Workspace, kind: str, table: Timetable, *, now: datetime) -> Schedule:
    """Save the schedule; it is next due one interval from now, or at its next time of day."""
    due = timetable.next_after(table, now=now, previous=None, zone=workspace.time_zone)
    schedule, _ = Schedule.objects.update_or_create(
        workspace=workspace,
        kind=kind,
        defaults={"mode": table.mode, "every": table.every, "at": table.at, "next_at": due},
    )
    return schedule


def tick() -> int:
    """Handle all that is due by the database's clock: lost runs, scheduled runs, old tokens, lost connections.

    Return how many were handled.
    """
    # Connections last, since they may be slow to answer.
    handled = queue.sweep() + start_due(now=database_now())
    return handled + keep_connections(now=database_now()) + lost_connections.ask_due(now=database_now())


def start_due(*, now: datetime) -> int:
    """Start each due schedule once, however often it was missed; return how many runs began."""
    started = 0
    for schedule in Schedule.objects.select_related("workspace__company").filter(next_at__lte=now):
        table = table_of(schedule)
        due = timetable.next_after(table, now=now, previous=schedule.next_at, zone=schedule.workspace.time_zone)
        # Compare-and-swap on `next_at`: of several processes only one starts the run.
        claimed = Schedule.objects.filter(pk=schedule.pk, next_at=schedule.next_at).update(next_at=due)
        started += claimed and _start(schedule, now, due)
    return started


def _start(schedule: Schedule, now: datetime, due: datetime | None) -> int:
    """Start the schedule's run, whose next one is due then; return 1, or 0 where it can't begin now."""
    workspace = schedule.workspace
    if workspace.company is None:
        return 0
    details: RunDetails = {}
    if schedule.kind == Run.Kind.RECONCILE:
        days = comparison.open_period(workspace, now)
        if days is None:
            return 0
        details = {"first": days[0], "last": days[1]}
    try:
        with transaction.atomic():
            run = runs.request_run(schedule.kind, workspace, trigger=Run.Trigger.SCHEDULE, now=now, **details)
            Schedule.objects.filter(pk=schedule.pk).update(last_run=run)
    except runs.AlreadyRunning as busy:
        log.info("The scheduled %s of %s can't begin: %s", schedule.kind, workspace, busy)
        if schedule.mode == timetable.DAILY and due is not None:
            Schedule.objects.filter(pk=schedule.pk, next_at=due).update(next_at=min(due, now + TRY_AGAIN))
        return 0
    return 1


def keep_connections(*, now: datetime) -> int:
    """Refresh tokens that were not refreshed for a week; return how many companies were refreshed."""
    # Access tokens last an hour, so their expiry dates the last refresh well enough.
    stale = now - REFRESH_EVERY
    refreshed = 0
    for company in Company.objects.filter(state=Company.State.CONNECTED, access_expires_at__lt=stale):
        try:
            tokens.access_token(company)
            refreshed += 1
        except ApiError as error:
            log.warning("The tokens of company %s could not be refreshed: %s", company.realm_id, error.message)
    return refreshed


def why_late(schedule: Schedule, *, now: datetime) -> str:
    """Return why a schedule that is due for minutes has not started, as a sentence or two; "" while it is in time."""
    if schedule.next_at is None or now - schedule.next_at <= check_work.OVERDUE:
        return ""
    if check_work.is_alive(queue.last_heartbeat(), now):
        return "It should have started by now. A worker is running; look into its log."
    return f"It should have started by now, but no worker is running. {check_work.START_WORKER}"


def open_runs(workspace: Workspace) -> list[Run]:
    return list(Run.objects.open().filter(workspace=workspace).select_related("person").order_by("pk"))
