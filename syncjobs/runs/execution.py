"""A run being worked on: claimed, kept under its leases, ended with a result that is never silent."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from integrations import retry
from integrations.clockify import connection as clockify_connection
from integrations.clockify import pull
from integrations.errors import ApiError, NotConfigured, ReconnectNeeded, TryLater
from integrations.fields import SecretUnreadable
from integrations.models import Company
from integrations.quickbooks.client import QuickBooksClient
from syncjobs.ledger import lease
from syncjobs.models import Run, RunItem
from syncjobs.planning.inputs import connection_reasons
from syncjobs.rules.reasons import WORDINGS, sentence
from syncjobs.runs import check
from syncjobs.runs.correction import CorrectionSync
from syncjobs.runs.figures import sync_figures
from syncjobs.runs.sync import SubscriptionNotSupported, Sync
from syncjobs.runs.undo import Undo
from syncjobs.sending.circuit_breaker import CircuitBreaker

log = logging.getLogger("hourbridge.run")

Status = Run.Status
# What the end of a run, or of a slice of it, writes.
ENDING = (
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
)


@dataclass
class RunExecution:
    """The work on one run in this process. `on_stage` and `on_progress` report to whoever watches."""

    run: Run
    deadline: float | None = None
    leaving: Callable[[], bool] = lambda: False
    on_stage: Callable[[str], None] = lambda text: None
    on_progress: Callable[[int, int], None] = lambda done, total: None
    _shown_at: float = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def work(self) -> Run:
        """Claim the run and bring it to an end, or to its next slice. Never raises what a vendor did."""
        owner = lease.new_owner()
        if not lease.claim(self.run, owner):
            return self.run
        company = self.run.company
        if company is None:
            self._end_unconnected()
            return self.run
        try:
            lease.wait_to_write(company, self.run, owner)
        except lease.Busy as busy:
            self._end_busy(busy)
            return self.run
        lease.end_dead_commands(now=timezone.now())
        breaker = CircuitBreaker(deadline=self.deadline, leaving=self.leaving)
        try:
            with lease.Heartbeat(self.run, company, owner, on_cancel=breaker.ask) as heartbeat:
                self._perform(company, heartbeat, breaker)
        except KeyboardInterrupt:
            self._end(Status.CANCELLED, "CANCELLED", "The run was stopped by hand.", "The next run goes on.")
        finally:
            lease.release(company, owner)
        self.run.refresh_from_db()
        return self.run

    # --- what a run does -----------------------------------------------------------------------------------
    def _perform(self, company: Company, heartbeat: lease.Heartbeat, breaker: CircuitBreaker) -> None:
        run = self.run
        try:
            if connection_reasons_of(run):
                self._end_unconnected()
                return
            clockify = pull.client_for(run.workspace, run_id=run.pk)
            quickbooks = QuickBooksClient(company, run_id=run.pk)
            now = timezone.now()
            if run.kind == Run.Kind.CHECK:
                self._stage("Reading both sides")
                run.counters = check.perform(run, clockify, quickbooks, now=now)
                self._end(Status.SUCCEEDED)
                return
            sync = _kind_of(run)(run, clockify, quickbooks, heartbeat, breaker)
            sync.perform(now=now, stage=self._stage, progress=self._progress)
            self._end_sync(breaker)
        except SubscriptionNotSupported as refusal:
            self._end(Status.BLOCKED, refusal.code, str(refusal), WORDINGS[refusal.code].fix)
        except ApiError as error:
            self._end_on(error)
        except lease.Lost as loss:
            self._end_lost(loss)
        except SecretUnreadable as problem:
            self._end(Status.FAILED, "SECRET_UNREADABLE", str(problem), "Mend ENCRYPTION_KEYS.")
        except Exception as problem:
            log.exception("Run %s ended on an error of ours.", run.pk)
            words = f"{type(problem).__name__}: {problem}"[:300]
            self._end(
                Status.FAILED,
                "INTERNAL_ERROR",
                words,
                "The log has the details; report it with the run's number.",
            )

    # --- how it ends ---------------------------------------------------------------------------------------
    def _end_sync(self, breaker: CircuitBreaker) -> None:
        run = self.run
        left = run.items.filter(outcome=RunItem.Outcome.PLANNED).exists()
        if run.total and not run.dry_run:
            self.on_progress(self._count_done(), run.total)
        if isinstance(breaker.why, lease.Lost):
            self._end_lost(breaker.why)
        elif isinstance(breaker.why, TryLater):
            self._end_on(breaker.why)
        elif breaker.why is not None:
            self._end_cut_short(breaker.why)
        elif left and not run.dry_run and breaker.out_of_time:
            self._requeue(timezone.now())
        elif left and not run.dry_run:
            self._end(Status.CANCELLED, "CANCELLED", "The run was stopped by hand.", "The next run goes on.")
        else:
            self._end(self._result())

    def _result(self) -> str:
        bad = self.run.items.filter(outcome__in=[RunItem.Outcome.FAILED, RunItem.Outcome.UNKNOWN]).exists()
        if "MANY_MISSING" in self.run.warnings:
            return Status.PARTIAL
        if not bad:
            return Status.SUCCEEDED
        good = ["sent", "updated", "deleted", *(["planned"] if self.run.dry_run else [])]
        done = self.run.items.filter(outcome__in=good).exists()
        return Status.PARTIAL if done or self.run.counters.get("unchanged") else Status.FAILED

    def _end_cut_short(self, why: Exception) -> None:
        """Sending stopped before its end; what arrived stays, the rest is tried again."""
        if isinstance(why, ReconnectNeeded | NotConfigured):
            self._note_refusal(why)
        done = self.run.items.filter(outcome__in=["sent", "updated", "deleted"]).exists()
        code, message, fix = _words(why)
        self._end(Status.PARTIAL if done else Status.FAILED, code, f"Sending stopped: {message}", fix)

    def _end_on(self, error: ApiError) -> None:
        if isinstance(error, TryLater):
            after = timezone.now() + timedelta(seconds=error.after or retry.RUN_PAUSE)
            self._requeue(after, error=error)
            return
        self._note_refusal(error)
        self._end(Status.FAILED, *_words(error))

    def _note_refusal(self, error: ApiError) -> None:
        if isinstance(error, ReconnectNeeded) and error.vendor == "clockify":
            clockify_connection.mark_refused(self.run.workspace, error.message, now=timezone.now())

    def _end_lost(self, loss: lease.Lost) -> None:
        """Where another process took over this very run, that one writes its result; else it was cut short here."""
        log.warning("%s", loss)
        if Run.objects.filter(pk=self.run.pk, owner=self.run.owner, status=Status.RUNNING).exists():
            self._end_cut_short(loss)

    def _end_busy(self, busy: lease.Busy) -> None:
        """A command says so and ends; a task waits for its turn."""
        if self.run.trigger == "command":
            self._end(Status.FAILED, "ANOTHER_RUN", str(busy), "Wait until it is done, then run this again.")
        else:
            soon = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS / 2)
            self._end(Status.WAITING, "ANOTHER_RUN", str(busy), not_before=soon)

    def _end_unconnected(self) -> None:
        reason = next(iter(connection_reasons_of(self.run))).as_row()
        self._end(Status.BLOCKED, reason["code"], sentence(reason), WORDINGS["NOT_CONNECTED"].fix)

    def _requeue(self, moment: datetime, *, error: ApiError | None = None) -> None:
        """Give the run back to the queue: now for the next slice, later when a vendor's budget is used up."""
        status = Status.WAITING if error else Status.QUEUED
        self._end(
            status,
            error.name if error else "",
            error.message if error else "",
            not_before=moment,
        )

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
        now = timezone.now()
        run.status, run.stage, run.not_before = status, "", not_before
        run.error_code, run.error_message, run.error_fix = code, message, fix
        run.owner, run.lease_until = "", None
        run.finished_at = None if run.is_open else now
        if run.kind != Run.Kind.CHECK:
            run.done = self._count_done()
            run.counters = {**run.counters, "figures": sync_figures(run)}
        # Not `attempts`, which progress has set back, nor what others write meanwhile.
        run.save(update_fields=[*ENDING])

    # --- what is shown meanwhile ---------------------------------------------------------------------------
    def _stage(self, text: str) -> None:
        self.run.stage = text
        Run.objects.filter(pk=self.run.pk).update(stage=text[:60])
        self.on_stage(text)

    def _progress(self) -> None:
        """Called from the sending threads after each record; progress also means that a restart is worth it."""
        with self._counting:
            due = time.monotonic() - self._shown_at >= 1
            if due:
                self._shown_at = time.monotonic()
        if due:
            done = self._count_done()
            Run.objects.filter(pk=self.run.pk).update(done=done, attempts=0)
            self.on_progress(done, self.run.total)

    def _count_done(self) -> int:
        """Records that this run has dealt with, in earlier slices too."""
        return self.run.total - self.run.items.filter(outcome=RunItem.Outcome.PLANNED).count()


def _kind_of(run: Run) -> type[Sync]:
    if run.kind == Run.Kind.UNDO:
        return Undo
    return CorrectionSync if run.options.get("amend") else Sync


def connection_reasons_of(run: Run) -> list[Any]:
    """NOT_CONNECTED reasons only: whether the plan fits is asked anew by the run."""
    return [reason for reason in connection_reasons(run.workspace) if reason.code == "NOT_CONNECTED"]


def _words(why: Exception) -> tuple[str, str, str]:
    if isinstance(why, ApiError):
        return why.name, why.message, why.fix or "The next run goes on by itself."
    if isinstance(why, lease.Lost):
        return "LEASE_LOST", str(why), "Run it again."
    return "INTERNAL_ERROR", f"{type(why).__name__}: {why}"[:300], "The log has the details."
