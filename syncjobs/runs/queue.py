"""The only module that knows the task queue. It carries run ids; lost or repeated messages do no harm.

django-q2 may lose, repeat or wedge a task. So nothing is decided by a message: a run is claimed by its row, and what
the queue lost or a killed worker left behind is found by `sweep`, which the worker's supervisor calls.

What is due or overdue goes by the database's clock, in the statement that tests it; `now` is for tests.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django_q.conf import Conf
from django_q.status import Stat
from django_q.tasks import async_task

from integrations.database import DatabaseNow
from integrations.limits import retry
from mapping.models import PartnerWrite
from syncjobs.ledger import lease
from syncjobs.ledger.lease import Moment
from syncjobs.models import Run, SupportBundle

# A queued run that no worker claimed for this long is enqueued again.
TELL_AGAIN = timedelta(seconds=60)
# A healthy cluster takes a queued run within a second or two.
STUCK_AFTER = timedelta(seconds=20)
# A write of a name is answered or in doubt by then.
WRITE_LASTS = timedelta(seconds=90)
# How long django-q2 keeps a cluster's state in the cache.
STATE_LASTS = timedelta(seconds=3)


def enqueue(run: Run) -> None:
    """Put the run into the task queue; the message is part of the caller's transaction."""
    Run.objects.filter(pk=run.pk).update(enqueued_at=DatabaseNow())
    async_task("syncjobs.tasks.perform", run.pk, task_name=f"run {run.pk}")


def enqueue_bundle(bundle: SupportBundle) -> None:
    """Put the making of a support bundle into the task queue."""
    SupportBundle.objects.filter(pk=bundle.pk).update(enqueued_at=DatabaseNow())
    async_task("syncjobs.tasks.make_bundle", bundle.pk, task_name=f"support bundle {bundle.pk}")


def enqueue_writes(batch: UUID) -> None:
    """Put the creation of many records into the task queue; a lost message is sent again by `sweep`."""
    cache.add(f"writes-{batch}", True, TELL_AGAIN.total_seconds())
    async_task("syncjobs.tasks.create_partners", str(batch), task_name=f"writes {batch}")


def sweep(*, now: Moment | None = None) -> int:
    """Recover runs, bundles and writes that a dead process or a lost message left behind; return their number."""
    now = now or DatabaseNow()
    recovered = _give_up_or_requeue(now) + _wake_waiting(now)
    return recovered + _enqueue_again(now) + _enqueue_bundles_again(now) + _enqueue_writes_again(now)


def stuck(*, now: Moment | None = None) -> str:
    """Return why the task cluster must be replaced, or "": runs wait, a worker should be free, and none takes them.

    After the kill of an idle worker django-q2's processes stay alive but take no more tasks.
    """
    now = now or DatabaseNow()
    overdue = now - STUCK_AFTER
    waiting_count = Run.objects.filter(
        status=Run.Status.QUEUED, created_at__lt=overdue, enqueued_at__lt=overdue
    ).count()
    # Commands run outside the cluster and take none of its workers.
    working_count = (
        Run.objects.filter(status=Run.Status.RUNNING, lease_until__gte=now).exclude(trigger=Run.Trigger.COMMAND).count()
    )
    working_count += SupportBundle.objects.filter(state=SupportBundle.State.MAKING, lease_until__gte=now).count()
    # A write of a name that is on its way: its slice is short, but QuickBooks may take long to answer.
    working_count += PartnerWrite.objects.filter(
        state=PartnerWrite.State.SENDING, batch__isnull=False, created_at__gt=now - WRITE_LASTS
    ).count()
    if not waiting_count or working_count >= int(str(settings.Q_CLUSTER["workers"])):
        return ""
    # Makes the next sweep enqueue them again: the stuck cluster may have consumed the messages.
    Run.objects.filter(status=Run.Status.QUEUED, enqueued_at__lt=overdue).update(enqueued_at=None)
    return f"{waiting_count} waiting, {working_count} at work, and nobody takes the next."


def last_heartbeat() -> datetime | None:
    """Return the last sign of life of any worker's task cluster, on whatever machine; None where none is known.

    Clusters keep their state in the cache for three seconds. Only read: Django's database cache would delete what has
    expired, which here says when the last worker was alive.
    """
    if settings.REDIS_URL:
        return timezone.now() if Stat.get_all() else None
    table = connection.ops.quote_name(settings.CACHES["default"]["LOCATION"])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MAX(expires) FROM {table} WHERE cache_key LIKE %s", [f"%{Conf.Q_STAT}:%"])
        value = cursor.fetchone()[0]
    expires = parse_datetime(value) if isinstance(value, str) else value
    if expires is None:
        return None
    # SQLite has it without a zone, in UTC.
    return (expires if timezone.is_aware(expires) else expires.replace(tzinfo=UTC)) - STATE_LASTS


def _give_up_or_requeue(now: Moment) -> int:
    """End commands whose process is gone; requeue runs of dead workers, or fail those started too often in vain."""
    ended_commands = lease.end_dead_commands(now=now)
    dead_runs = list(Run.objects.filter(status=Run.Status.RUNNING, lease_until__lt=now))
    for run in dead_runs:
        # Every update checks owner and lease again: the worker may have renewed its lease meanwhile.
        unchanged = Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING, owner=run.owner, lease_until__lt=now)
        if run.attempts >= retry.MAX_RUN_ATTEMPTS:
            message = f"It was started {run.attempts} times without any progress. Look into the worker's log."
            unchanged.update(**lease.process_gone(now, message))
        elif unchanged.update(status=Run.Status.QUEUED, owner="", lease_until=None, takeovers=F("takeovers") + 1) == 1:
            enqueue(run)
    return ended_commands + len(dead_runs)


def _wake_waiting(now: Moment) -> int:
    waiting_runs = list(Run.objects.filter(status=Run.Status.WAITING, not_before__lte=now))
    for run in waiting_runs:
        # Conditional, since another process may have started or canceled it meanwhile.
        if Run.objects.filter(pk=run.pk, status=Run.Status.WAITING).update(status=Run.Status.QUEUED) == 1:
            enqueue(run)
    return len(waiting_runs)


def _enqueue_again(now: Moment) -> int:
    overdue = now - TELL_AGAIN
    lost_runs = list(
        Run.objects.filter(status=Run.Status.QUEUED).filter(
            Q(enqueued_at__lt=overdue) | Q(enqueued_at=None, created_at__lt=overdue)
        )
    )
    for run in lost_runs:
        enqueue(run)
    return len(lost_runs)


def _enqueue_bundles_again(now: Moment) -> int:
    overdue = Q(enqueued_at__lt=now - TELL_AGAIN) | Q(enqueued_at=None)
    lost_bundles = list(SupportBundle.objects.filter(overdue, state=SupportBundle.State.QUEUED))
    for bundle in lost_bundles:
        enqueue_bundle(bundle)
    return len(lost_bundles)


def _enqueue_writes_again(now: Moment) -> int:
    """Enqueue batches of writes that wait although none of them was begun for a while; doing so twice does no harm."""
    waiting = PartnerWrite.objects.filter(state=PartnerWrite.State.WAITING, created_at__lt=now - TELL_AGAIN)
    busy = PartnerWrite.objects.filter(created_at__gte=now - TELL_AGAIN, batch__isnull=False)
    lost = waiting.exclude(batch__in=busy.values("batch")).order_by().values_list("batch", flat=True).distinct()
    # A worker may be at others; its message waits then, and is not sent every few seconds.
    again = [batch for batch in lost if batch and cache.add(f"writes-{batch}", True, TELL_AGAIN.total_seconds())]
    for batch in again:
        enqueue_writes(batch)
    return len(again)
