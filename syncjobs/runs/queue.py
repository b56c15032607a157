"""The one place that knows the task queue. It only carries run ids; lost or repeated messages do no harm.

django-q2 may lose, repeat or wedge a task. So nothing is decided by a message: a run is claimed by its row, and what
the queue lost or a killed worker left behind is found by `sweep`, which the worker's supervisor calls.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django_q.tasks import async_task

from integrations import retry
from syncjobs.ledger import lease
from syncjobs.models import Run

# A queued run that nobody claimed for so long is told to the queue again.
TELL_AGAIN = timedelta(seconds=60)
# A queued run is taken within a second or two by a healthy cluster.
STUCK_AFTER = timedelta(seconds=20)


def enqueue(run: Run) -> None:
    """Tell the queue that this run waits. In one transaction with the row, when called inside one."""
    Run.objects.filter(pk=run.pk).update(enqueued_at=timezone.now())
    async_task("syncjobs.tasks.perform", run.pk, task_name=f"run {run.pk}")


def sweep(*, now: datetime) -> int:
    """Bring back what a dead process or a lost message left behind; gives how many runs were touched."""
    return _give_up_or_requeue(now) + _wake_waiting(now) + _tell_again(now)


def stuck(*, now: datetime) -> str:
    """Why the task cluster has to be replaced, or "": runs wait, a worker should be free, and nobody takes them.

    A killed idle worker leaves django-q2 so: its processes live and never take a task again.
    """
    long_ago = now - STUCK_AFTER
    waiting = Run.objects.filter(status=Run.Status.QUEUED, created_at__lt=long_ago, enqueued_at__lt=long_ago).count()
    working = Run.objects.filter(status=Run.Status.RUNNING, lease_until__gte=now).exclude(trigger="command").count()
    if not waiting or working >= int(str(settings.Q_CLUSTER["workers"])):
        return ""
    # Told again at once, since the stuck cluster may have swallowed the messages.
    Run.objects.filter(status=Run.Status.QUEUED, enqueued_at__lt=long_ago).update(enqueued_at=None)
    return f"{waiting} waiting, {working} at work, and nobody takes the next."


def _give_up_or_requeue(now: datetime) -> int:
    """Runs whose process is gone: a command's is ended, a worker's goes on unless it keeps dying without progress."""
    ended = lease.end_dead_commands(now=now)
    dead = list(Run.objects.filter(status=Run.Status.RUNNING, lease_until__lt=now))
    for run in dead:
        same = Run.objects.filter(pk=run.pk, status=Run.Status.RUNNING, owner=run.owner, lease_until__lt=now)
        if run.attempts >= retry.MAX_RUN_ATTEMPTS:
            words = f"It was started {run.attempts} times without any progress. Look into the worker's log."
            same.update(**lease.process_gone(now, words))
        elif same.update(status=Run.Status.QUEUED, owner="", lease_until=None) == 1:
            enqueue(run)
    return ended + len(dead)


def _wake_waiting(now: datetime) -> int:
    waiting = list(Run.objects.filter(status=Run.Status.WAITING, not_before__lte=now))
    for run in waiting:
        if Run.objects.filter(pk=run.pk, status=Run.Status.WAITING).update(status=Run.Status.QUEUED) == 1:
            enqueue(run)
    return len(waiting)


def _tell_again(now: datetime) -> int:
    old = now - TELL_AGAIN
    lost = list(
        Run.objects.filter(status=Run.Status.QUEUED).filter(
            Q(enqueued_at__lt=old) | Q(enqueued_at=None, created_at__lt=old)
        )
    )
    for run in lost:
        enqueue(run)
    return len(lost)
