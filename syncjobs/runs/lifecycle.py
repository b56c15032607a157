"""Requests and cancellation of runs. Their work and their end are in `execution`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Unpack

from django.db import transaction

from integrations.limits import throttle
from integrations.models import Company, ConnectionEvent, Workspace
from syncjobs.ledger import lease
from syncjobs.models import Run
from syncjobs.run_options import RunDetails, RunOptions
from syncjobs.runs import queue

Status = Run.Status


# Whether the run had not begun, and what is said of its end.
CANCELLED = (
    (True, "The run was cancelled before it began.", "Nothing was done; start another one when you like."),
    (
        False,
        "The run was cancelled while it waited to go on.",
        "What it did before stays; the next run you start does the rest.",
    ),
)


class AlreadyRunning(Exception):
    """Raised while a run of the workspace is open; the message says whose it is and since when."""

    def __init__(self, run: Run) -> None:
        since = run.started_at or run.created_at
        super().__init__(f"{lease.describe(run)} is {run.get_status_display().lower()} since {since:%H:%M:%S} UTC.")
        self.run = run


def former_company_text(company: Company) -> str:
    """Return the sentence for whatever is asked of a company that the workspace is not connected to any more."""
    return (
        f"The connection to {company} was archived: its history stays, and nothing of it is sent, changed or deleted "
        "any more."
    )


def request_run(
    kind: str,
    workspace: Workspace,
    *,
    trigger: str,
    now: datetime,
    following: Run | None = None,
    **details: Unpack[RunDetails],
) -> Run:
    """Create a run and put it into the queue, in one transaction.

    One run of a workspace at a time: raises AlreadyRunning while another than `following` waits or is under way.
    A command works on its run itself, so it is neither queued nor refused here: the company's lease makes it wait for
    a dead process and stops it for a living one.
    """
    by_command = trigger == Run.Trigger.COMMAND
    with transaction.atomic():
        # Serializes requests of one workspace: without the lock two simultaneous ones would each see no open run.
        Workspace.objects.select_for_update().only("pk").get(pk=workspace.pk)
        if not by_command:
            _refuse_second(workspace, following)
        run = create_run(kind, workspace, trigger=trigger, now=now, **details)
        if not by_command:
            queue.enqueue(run)
    return run


def _refuse_second(workspace: Workspace, following: Run | None) -> None:
    under_way = Run.objects.open().filter(workspace=workspace).select_related("person").order_by("pk")
    first = under_way.exclude(pk=following.pk).first() if following else under_way.first()
    if first is not None:
        raise AlreadyRunning(first)


def create_run(kind: str, workspace: Workspace, *, trigger: str, now: datetime, **details: Unpack[RunDetails]) -> Run:
    """Create the row of a run, neither queued nor started."""
    first, last = details.get("first"), details.get("last")
    if kind == Run.Kind.SYNC:
        first, last = first or workspace.start_date, last or workspace.today(now)
    return Run.objects.create(
        kind=kind,
        workspace=workspace,
        # Kept with the run: the workspace may be connected to another company later.
        company=workspace.company,
        trigger=trigger,
        person=details.get("person"),
        dry_run=details.get("dry_run", False),
        from_date=first,
        to_date=last,
        options=details.get("options", RunOptions()).as_row(),
        created_at=now,
    )


def cancel(run: Run, *, now: datetime, person: Any = None) -> bool:
    """Request a run's end: a waiting one ends at once, a running one after its current records. False if it is over."""
    cancel_fields = {"cancel_asked_at": now, "cancel_asked_by": person}
    waiting = Run.objects.filter(pk=run.pk, status__in=[Status.QUEUED, Status.WAITING])
    end_fields = {"status": Status.CANCELLED, "finished_at": now, "error_code": "CANCELLED"}
    # Conditional updates, since a worker may start or finish the run at this moment.
    for not_begun, message, fix in CANCELLED:
        messages = {"error_message": message, "error_fix": fix}
        if waiting.filter(started_at__isnull=not_begun).update(**cancel_fields, **end_fields, **messages):
            return True
    return Run.objects.filter(pk=run.pk, status=Status.RUNNING).update(**cancel_fields) == 1


def try_now(run: Run, *, now: datetime, person: Any) -> bool:
    """Queue a run that waits for a vendor's limit at once, and let its accounts be called again. False if it is over.

    A vendor may have named a time that is far too late, or a person may have raised its limit meanwhile; one that still
    refuses says so again, and the run waits again.
    """
    with transaction.atomic():
        # Conditional, since the worker may wake the run at this moment.
        waiting = Run.objects.filter(pk=run.pk, status=Status.WAITING).exclude(error_code=Run.ANOTHER_RUN)
        if not waiting.update(status=Status.QUEUED, not_before=None):
            return False
        # Which vendor asked for the wait is not kept with the run; the other one has nothing to lift.
        throttle.lift(f"clockify:{run.workspace.clockify_id}")
        if run.company is not None:
            throttle.lift(f"quickbooks:{run.company.realm_id}")
        ConnectionEvent.objects.record(
            ConnectionEvent.Kind.LIMIT_LIFTED,
            f"{run} waited for a request limit ({run.error_message}) and was started again at once.",
            workspace=run.workspace,
            company=run.company,
            at=now,
            by=person,
        )
        queue.enqueue(run)
    return True
