"""The execution of a run: claimed, kept under its leases, and always ended with a saved result."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from integrations.clockify.connection import client_for
from integrations.database import database_now, with_reconnect
from integrations.errors import ApiError, TryLater
from integrations.fields import SecretUnreadable
from integrations.limits import retry
from integrations.models import Company, Workspace
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.reading.unreadable import Reading
from syncjobs import run_counters
from syncjobs.display import formatting
from syncjobs.ledger import lease
from syncjobs.models import Run, RunItem
from syncjobs.planning.inputs import connection_reasons
from syncjobs.planning.window import REPORT_SHORT
from syncjobs.rules.codes import Code
from syncjobs.rules.reasons import WORDINGS, sentence
from syncjobs.rules.stages import Stage
from syncjobs.run_options import RunOptions
from syncjobs.runs import causes, check, comparison, lifecycle, lost_connections
from syncjobs.runs.correction import CorrectionSync
from syncjobs.runs.figures import attempted_since, sync_figures
from syncjobs.runs.sync import SubscriptionNotSupported, Sync
from syncjobs.runs.undo import Undo
from syncjobs.sending.circuit_breaker import CircuitBreaker

log = logging.getLogger("hourbridge.run")

Status = Run.Status
# Fields saved at the end of a run or of one of its slices.
END_FIELDS = (
    "status",
    "stage",
    "not_before",
    "error_code",
    "error_message",
    "error_fix",
    "owner",
    "lease_until",
    "finished_at",
    "done",
    "counters",
    "warnings",
    "waits",
    "wait_message",
)


FORMER_FIX = "Ask for a new run; it goes to the company that is connected now."


@dataclass
class RunExecution:
    """The work on one run in this process.

    `deadline` is a `time.monotonic()` value. `on_stage` and `on_progress` report to the caller.
    """

    run: Run
    deadline: float | None = None
    leaving: Callable[[], bool] = lambda: False
    on_stage: Callable[[str], None] = lambda text: None
    on_progress: Callable[[int, int], None] = lambda done, total: None
    _progress_shown_at: float = 0
    _progress_lock: threading.Lock = field(default_factory=threading.Lock)
    _owner: str = ""
    _leased_at: datetime | None = None
    # Until the database says more: nothing can have been sent before this is set.
    _may_have_written: bool = False
    _is_saved: bool = False
    _is_database_gone: bool = False

    def work(self) -> Run:
        """Claim the run and work until its end or the slice's; return it.

        Errors end the run, none is raised once it is claimed, not even by a database that is away or full: the run
        then keeps its result in memory only, and the next one finds it dead.
        """
        owner = self._owner = lease.new_owner()
        if not lease.claim(self.run, owner):
            return self.run
        company = self.run.company
        if company is None:
            self._end_unconnected()
            return self.run
        try:
            lease.take_writer_lease(company, self.run, owner)
        except lease.Busy as busy:
            self._end_busy(busy)
            return self.run
        except DatabaseError as problem:
            self._end_on_own_error(problem)
            return self.run
        breaker = CircuitBreaker(deadline=self.deadline, leaving=self.leaving)
        try:
            self._leased_at = database_now()
            # Nobody restarts a killed command, so its run must be closed before this one plans the rest of its work.
            lease.end_dead_commands()
            with lease.Heartbeat(self.run, company, owner, on_cancel=breaker.request_stop) as heartbeat:
                self._perform(company, heartbeat, breaker)
        # Ctrl-C, or SIGTERM of a command (see `management.base`).
        except KeyboardInterrupt:
            self._end(Status.CANCELLED, "CANCELLED", "The run was stopped by hand.", "The next run continues.")
        # The end itself failed, such as by a database that went away just then.
        except Exception as problem:
            self._end_on_own_error(problem)
        finally:
            self._release(company)
        return self.run

    # --- what a run does -----------------------------------------------------------------------------------
    def _perform(self, company: Company, heartbeat: lease.Heartbeat, breaker: CircuitBreaker) -> None:
        run = self.run
        try:
            # Under the lease, so that no archiving can come between this and the first call.
            if not Workspace.objects.filter(pk=run.workspace_id, company=company).exists():
                self._end(Status.BLOCKED, Code.NOT_CONNECTED, lifecycle.former_company_text(company), FORMER_FIX)
                return
            if _not_connected_reasons(run) and run.trigger in {Run.Trigger.BUTTON, Run.Trigger.COMMAND}:
                self._stage(Stage.CONNECTION)
                lost_connections.ask_at_once(run.workspace, now=database_now())
            if _not_connected_reasons(run):
                self._end_unconnected()
                return
            clockify = client_for(run.workspace, run_id=run.pk)
            quickbooks = QuickBooksApiClient(company, run_id=run.pk)
            now = database_now()
            if run.kind == Run.Kind.CHECK:
                self._stage(Stage.BOTH_SIDES)
                reading = Reading()
                check.perform(run, clockify, quickbooks, reading=reading, now=now)
                self._end_read(reading, Status.SUCCEEDED)
                return
            if run.kind == Run.Kind.RECONCILE:
                found = comparison.perform(run, now=now, on_stage=self._stage)
                self._end_read(Reading(), Status.SUCCEEDED, cut_message=found.cut_message)
                return
            sync = _sync_class(run)(run, clockify, quickbooks, heartbeat, breaker)
            self._may_have_written = not run.dry_run
            sync.perform(now=now, stage=self._stage, progress=self._progress)
            self._end_sync(breaker, sync)
        except SubscriptionNotSupported as refusal:
            self._end(Status.BLOCKED, refusal.code, str(refusal), WORDINGS[refusal.code].fix)
        except ApiError as error:
            self._end_on_error(error)
        except lease.Lost as loss:
            self._end_on_lost_lease(loss)
        except SecretUnreadable as problem:
            self._end(Status.FAILED, "SECRET_UNREADABLE", str(problem), "Correct ENCRYPTION_KEYS.")
        except Exception as problem:
            # Without a saved result the run would be restarted until its attempts are used up.
            self._end_on_own_error(problem)

    # --- how it ends ---------------------------------------------------------------------------------------
    def _end_read(self, reading: Reading, status: str, *, cut_message: str = "") -> None:
        """End a run that did all it could; it was not all if the vendor's answer has changed or was cut."""
        if reading.changed_message:
            self._end(
                Status.PARTIAL, Code.UNREADABLE, reading.changed_message, "Look at the records that could not be read."
            )
        elif cut_message:
            fix = "The next run reads it again; the same at least ten minutes later is accepted."
            self._end(Status.PARTIAL, REPORT_SHORT, cut_message, fix)
        else:
            self._end(status)

    def _end_sync(self, breaker: CircuitBreaker, sync: Sync) -> None:
        run = self.run
        has_remaining = run.items.filter(outcome=RunItem.Outcome.PLANNED).exists()
        if run.total and not run.dry_run:
            self.on_progress(self._count_done(), run.total)
        if isinstance(breaker.cause, lease.Lost):
            self._end_on_lost_lease(breaker.cause)
        # Throttled: the saved plan is kept, and the run goes on later.
        elif isinstance(breaker.cause, TryLater):
            self._end_on_error(breaker.cause)
        elif breaker.cause is not None:
            self._end_cut_short(breaker.cause)
        # Only this slice is over; the remaining items stay planned.
        elif has_remaining and not run.dry_run and breaker.out_of_time:
            self._requeue(database_now())
        elif has_remaining and not run.dry_run:
            self._end(Status.CANCELLED, "CANCELLED", "The run was stopped by hand.", "The next run continues.")
        elif sync.billing_reader.problem and not sync.reading.changed_message and self._result() != Status.SUCCEEDED:
            message = f"{sync.billing_reader.problem} Changes to time already sent wait for that."
            self._end(self._result(), Code.INVOICES_NOT_READ, message, WORDINGS[Code.INVOICES_NOT_READ].fix)
        else:
            self._end_read(sync.reading, self._result(), cut_message=sync.cut_message)

    def _result(self) -> str:
        has_failures = self.run.items.filter(outcome__in=[RunItem.Outcome.FAILED, RunItem.Outcome.UNKNOWN]).exists()
        # Deletions were held back, so the run did not do everything.
        if self.run.items.filter(outcome=RunItem.Outcome.WAITING).exists():
            return Status.PARTIAL
        if not has_failures:
            return Status.SUCCEEDED
        success_outcomes = [*RunItem.WRITTEN, *([RunItem.Outcome.PLANNED] if self.run.dry_run else [])]
        has_successes = self.run.items.filter(outcome__in=success_outcomes).exists()
        return Status.PARTIAL if has_successes or run_counters.of(self.run).get("unchanged") else Status.FAILED

    def _end_cut_short(self, cause: Exception) -> None:
        """End a run whose sending stopped early; what arrived stays, the next run tries the rest again."""
        if not isinstance(cause, ApiError | lease.Lost):
            log.error("Run %s: sending stopped on an error of ours.", self.run.pk, exc_info=cause)
        code, message, fix = causes.describe(cause)
        status = Status.PARTIAL if self._has_successes() else Status.FAILED
        self._end(status, code, f"Sending stopped: {message}", fix)

    def _has_successes(self) -> bool:
        return self.run.items.filter(outcome__in=RunItem.WRITTEN).exists()

    def _end_on_own_error(self, problem: Exception) -> None:
        """End the run on an error that no vendor made, unless another process took it over meanwhile. Never raises.

        Writes without an answer stay open, and the next run settles them.
        """
        run = self.run
        log.error("Run %s ended on an error of ours.", run.pk, exc_info=problem)
        try:
            still_ours = Run.objects.filter(pk=run.pk, owner=self._owner, status=Status.RUNNING)
            if not self._patiently(still_ours.exists):
                run.refresh_from_db()
                return
            status = Status.PARTIAL if self._has_successes() else Status.FAILED
        except DatabaseError:
            log.warning("Run %s: the database is still away.", run.pk, exc_info=True)
            status = Status.FAILED
        self._end(status, *causes.describe(problem))

    def _end_on_error(self, error: ApiError) -> None:
        if isinstance(error, TryLater):
            after = database_now() + timedelta(seconds=error.after or retry.RUN_PAUSE)
            self._requeue(after, error=error)
            return
        self._end(Status.FAILED, *causes.describe(error))

    def _end_on_lost_lease(self, loss: lease.Lost) -> None:
        """End a run that lost its lease, unless another process took over this run: that one saves its result."""
        log.warning("%s", loss)
        if Run.objects.filter(pk=self.run.pk, owner=self.run.owner, status=Status.RUNNING).exists():
            self._end_cut_short(loss)
        else:
            self.run.refresh_from_db()

    def _end_busy(self, busy: lease.Busy) -> None:
        """End a command, or let a task wait, while another run of the company is writing."""
        if self.run.trigger == Run.Trigger.COMMAND:
            self._end(Status.FAILED, Run.ANOTHER_RUN, str(busy), "Wait until it is done, then run this again.")
        else:
            # Half a lease, so that the run begins soon after a dead process loses its lease.
            soon = database_now() + timedelta(seconds=settings.LEASE_SECONDS / 2)
            self._end(Status.WAITING, Run.ANOTHER_RUN, str(busy), not_before=soon)

    def _end_unconnected(self) -> None:
        reason = next(iter(_not_connected_reasons(self.run))).as_row()
        self._end(Status.BLOCKED, reason["code"], sentence(reason), WORDINGS[Code.NOT_CONNECTED].fix)

    def _requeue(self, not_before: datetime, *, error: ApiError | None = None) -> None:
        """Give the run back to the queue: at once for its next slice, or later after a vendor's throttling."""
        if error is None:
            self._end(Status.QUEUED, not_before=not_before)
            return
        # With its time: "later" may be an hour.
        moment = formatting.moment(not_before, self.run.workspace.time_zone)
        fix = f"The run continues automatically from {moment} while a worker runs."
        self.run.waits, self.run.wait_message = self.run.waits + 1, error.message
        self._end(Status.WAITING, error.name, error.message, fix, not_before=not_before)

    def _end(
        self,
        status: str,
        code: str = "",
        message: str = "",
        fix: str = "",
        *,
        not_before: datetime | None = None,
    ) -> None:
        run = self.run
        run.status, run.stage, run.not_before = status, "", not_before
        run.error_code, run.error_message, run.error_fix = code, message, fix
        run.owner, run.lease_until = "", None
        try:
            self._patiently(self._save_end)
            self._is_saved = True
        except DatabaseError as problem:
            log.exception("Run %s: its result could not be saved.", run.pk)
            if "attempted" not in run_counters.of(run):
                run_counters.count(run, attempted=self._may_have_written)
            if not code:
                run.status = Status.PARTIAL
                run.error_code, run.error_message, run.error_fix = causes.describe(problem)

    def _save_end(self) -> None:
        """Save the run's result and figures. It may be called again if the database does not answer."""
        run = self.run
        run.finished_at = None if run.is_open else database_now()
        if run.has_items:
            run.done = self._count_done()
            run_counters.count(run, attempted=attempted_since(run, self._leased_at), figures=sync_figures(run))
        # Not `attempts`, which progress has reset, nor `cancel_asked_at`: others write those meanwhile.
        run.save(update_fields=[*END_FIELDS])

    def _release(self, company: Company) -> None:
        """Give the writer lease back, and read the run as it was saved. Never raises: a lease expires by itself."""

        def release() -> None:
            lease.release(company, self._owner)
            if self._is_saved:
                self.run.refresh_from_db()

        try:
            self._patiently(release)
        except DatabaseError:
            log.warning("Run %s: its lease could not be given back.", self.run.pk, exc_info=True)

    def _patiently(self, work: Callable[[], Any]) -> Any:
        """Return `work()`, tried again while the database is away. After it stayed away once, not for long any more."""
        try:
            return with_reconnect(work, patience=1 if self._is_database_gone else None)
        except DatabaseError:
            self._is_database_gone = True
            raise

    # --- what is shown meanwhile ---------------------------------------------------------------------------
    def _stage(self, text: str) -> None:
        self.run.stage = text
        # Between two steps no transaction is open: a database that was restarted meanwhile ends no run here.
        self._patiently(lambda: Run.objects.filter(pk=self.run.pk).update(stage=text[:60]))
        self.on_stage(text)

    def _progress(self) -> None:
        """Save and report progress, at most once a second; called by the sending threads after each record.

        Resets `attempts`: only starts without any progress count towards giving up.
        """
        # The lock covers the clock only: saving inside it would make all sending threads wait for the database.
        with self._progress_lock:
            due = time.monotonic() - self._progress_shown_at >= 1
            if due:
                self._progress_shown_at = time.monotonic()
        if due:
            done = self._count_done()
            Run.objects.filter(pk=self.run.pk).update(done=done, attempts=0)
            self.on_progress(done, self.run.total)

    def _count_done(self) -> int:
        """Return how many items this run has finished, earlier slices included."""
        return self.run.total - self.run.items.filter(outcome=RunItem.Outcome.PLANNED).count()


def _sync_class(run: Run) -> type[Sync]:
    if run.kind == Run.Kind.UNDO:
        return Undo
    return CorrectionSync if RunOptions.of(run).amend else Sync


def _not_connected_reasons(run: Run) -> list[Any]:
    """Return the NOT_CONNECTED reasons only: the run itself checks the subscription again."""
    return [reason for reason in connection_reasons(run.workspace) if reason.code == Code.NOT_CONNECTED]
