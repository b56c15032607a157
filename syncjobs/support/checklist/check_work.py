"""The checklist's lines on what works by itself: schedule, worker, webhooks, QuickBooks' quota."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import Max, Min, Q

from integrations.models import ApiCall, Workspace
from syncjobs.display import formatting
from syncjobs.models import Run, Schedule
from syncjobs.support.checklist.check_lines import FAIL, OK, SKIP, WARN, Line, moment

# A schedule that a worker's tick, a matter of seconds, did not start for this long.
OVERDUE = timedelta(minutes=5)
# A task cluster gives a sign of life about every second.
ALIVE = timedelta(seconds=15)
# A worker takes a queued run within seconds.
TAKEN_WITHIN = timedelta(minutes=1)
# Metered calls a month on Intuit's free tier, where it stops (developer.intuit.com, App Partner Program).
FREE_CALLS_A_MONTH = 500_000
NEARLY = 0.8
START_WORKER = "Start `python manage.py worker`, and keep it running (docs/operating.md)."


def schedule(workspace: Workspace | None, now: datetime) -> Line:
    """Check whether something is scheduled, and whether it was started when it was due."""
    schedules = Schedule.objects.exclude(next_at=None)
    if workspace is not None:
        schedules = schedules.filter(workspace=workspace)
    rows = list(schedules.order_by("next_at", "pk"))
    if not rows:
        fix = 'Set one on the page Schedules, or with `policy sync_schedule="daily at 18:00"`.'
        return Line(WARN, "Nothing is scheduled: checks and syncs start only on request.", fix)
    late = [row for row in rows if row.next_at is not None and now - row.next_at > OVERDUE]
    if late:
        text = f"“{late[0].get_kind_display()}” was due {moment(late[0].next_at)} and has not started, {moment(now)}."
        return Line(FAIL, text, START_WORKER)
    shown = ", ".join(f"{row.get_kind_display()} at {moment(row.next_at)}" for row in rows[:4])
    return Line(OK, f"Next: {shown}.")


def is_alive(heartbeat: datetime | None, now: datetime) -> bool:
    """Return True if a worker's last sign of life, as far as one is known, is recent."""
    return heartbeat is not None and now - heartbeat < ALIVE


def worker(heartbeat: datetime | None, now: datetime) -> Line:
    """Check whether a worker is alive, and whether work waits for one. `heartbeat`: the last sign of life known."""
    waiting = Run.objects.filter(status=Run.Status.QUEUED, created_at__lt=now - TAKEN_WITHIN)
    count, oldest = waiting.count(), waiting.aggregate(oldest=Min("created_at"))["oldest"]
    seen = f"A worker was last active {moment(heartbeat)}" if heartbeat else "No worker was seen"
    if count:
        waits = formatting.number(count, "run waits,runs wait")
        text = f"{waits} for a worker, the oldest since {moment(oldest)}. {seen}."
        return Line(FAIL, text, "Look into the worker's log." if is_alive(heartbeat, now) else START_WORKER)
    if is_alive(heartbeat, now):
        return Line(OK, f"A worker was last active {moment(heartbeat)}; no run waits for it.")
    due = Schedule.objects.filter(next_at__lt=now - OVERDUE).exists()
    text = f"{seen}, {moment(now)}. Buttons and schedules need one; commands do not."
    return Line(FAIL if due else WARN, text, START_WORKER)


def webhooks() -> Line:
    return Line(SKIP, "Hourbridge has no webhooks yet; checks and syncs start by schedule or on request.")


def quota(now: datetime) -> Line:
    """Count the month's metered calls to QuickBooks, those of all companies, as they share one app."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    calls = ApiCall.objects.filter(vendor="quickbooks", at__gte=first, path__startswith="/v3/company/")
    reads = Q(method="GET") | Q(path__contains="/query") | Q(path__contains="/batch")
    # Without an answer it may have been counted all the same.
    count = calls.filter(reads).count()
    last = calls.aggregate(last=Max("at"))["last"]
    share = count / FREE_CALLS_A_MONTH
    message = (
        f"{formatting.number(count, 'metered call,metered calls')} to QuickBooks since {formatting.day(first.date())}, "
        f"{share:.1%} of the free tier's {FREE_CALLS_A_MONTH:,} a month, as counted by this installation; "
        f"calls of this checklist are not included (the last call: {moment(last)})."
    )
    if share < NEARLY:
        return Line(OK, message)
    fix = "Sync and check less often, or take a larger tier at Intuit: the free one stops at its limit."
    return Line(WARN, message, fix)
