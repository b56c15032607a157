"""One time sync: settle, read, plan, save the plan, send it, and say what came of every entry."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from django.utils import timezone

from integrations.clockify import pull
from integrations.clockify.client import ClockifyClient
from integrations.errors import ApiError, NoAnswer
from integrations.models import TimeEntry
from integrations.quickbooks import connection
from integrations.quickbooks import pull as quickbooks_pull
from integrations.quickbooks.client import QuickBooksClient
from mapping import queries as mapping
from syncjobs.ledger import journal
from syncjobs.ledger.lease import Heartbeat
from syncjobs.models import Action, Run, RunItem
from syncjobs.planning import build, evaluate, inputs, window
from syncjobs.sending import execute
from syncjobs.sending.circuit_breaker import CircuitBreaker
from syncjobs.settling import late_duplicates
from syncjobs.settling.settle import Resent, may_arrive_until, settle

# A subscription read longer ago is read again before anything is sent (contract: Plans).
SUBSCRIPTION_MAX_AGE = timedelta(hours=1)

REFUSED_BEFORE = (evaluate.State.FAILED, evaluate.State.CHANGED)


class SubscriptionNotSupported(Exception):
    """The company's subscription does not allow sending; the message is the rule that decided."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Sync:
    """One time sync.

    1. Check the subscription.
    2. Settle writes of earlier runs whose outcome is unknown.
    3. Read the window.
    4. Plan by our books, then against QuickBooks.
    5. Save the plan (a dry run ends here).
    6. Send.
    7. Settle what this run left unknown.
    8. Save the status of every entry.
    """

    def __init__(
        self,
        run: Run,
        clockify: ClockifyClient,
        quickbooks: QuickBooksClient,
        heartbeat: Heartbeat,
        breaker: CircuitBreaker,
    ) -> None:
        self._run, self._clockify, self._quickbooks = run, clockify, quickbooks
        self._heartbeat, self._breaker = heartbeat, breaker
        self._company = mapping.company_of(run.workspace)

    def perform(self, *, now: datetime, stage: Callable[[str], None], progress: Callable[[], None]) -> None:
        """Carry the sync out. Raises SubscriptionNotSupported or ApiError; why sending stopped is in the breaker."""
        stage("Checking the plan")
        self._check_subscription(now)
        stage("Looking for what became of earlier writes")
        resent = self._settle(may_write=not self._run.dry_run)
        if not self._run.dry_run:
            self._take_back_late_duplicates()
        stage("Reading time entries from Clockify")
        found = self._read_window(now)
        stage("Planning")
        self._make_plan(found, resent, now)
        if found.many_missing:
            self._run.warnings = {**self._run.warnings, "MANY_MISSING": 1}
        elif not (self._run.dry_run and self._run.options.get("believe_deletions")):
            # A preview believes nothing yet: noted as deleted here, they would not count as many the next time.
            evaluate.mark_deleted(self._run.workspace, found.gone, now=now)
        if self._run.dry_run:
            return
        stage("Sending")
        execute.carry_out(self._run, self._quickbooks, self._heartbeat, breaker=self._breaker, progress=progress)
        stage("Looking for what stayed in doubt")
        self._settle_unknown(stage)
        context = inputs.load_context(self._run.workspace)
        for ids in window.ordered_ids(self._run.workspace, found, last=set()):
            self._judge_again(ids, context, now)
        held = self._run.items.filter(gone=True, outcome__in=["blocked", "failed"])
        why = {item.entry_id: item.reasons for item in held}
        evaluate.mark_deleted(self._run.workspace, found.gone, now=now, found=why)
        if self._met_inactive_partners():
            # Matching suspends their links and lists them, as a check would; a person confirms before they work again.
            evaluate.refresh(self._run.workspace, now=now)

    def _make_plan(self, found: window.Window, resent: dict[str, Resent], now: datetime) -> None:
        """Piece by piece; what would be written is looked at in QuickBooks by the thousand, and saved last."""
        run = self._run
        context, book = inputs.load_context(run.workspace), build.PlanWriter(run)
        writes: build.Plan | None = None
        try:
            turns = window.ordered_ids(run.workspace, found, last=build.failed_before(run))
            for ids, gone in chain(((ids, []) for ids in turns), [([], sorted(found.gone))]):
                self._heartbeat.check()
                made = build.intend(run, context, ids, gone)
                rest = made.part([step for step in made.steps if not step.writes], unknown=True)
                book.add(rest)
                self._note_resent(book, rest, resent)
                self._save_evaluations(rest, now)
                planned_writes = made.part([step for step in made.steps if step.writes], unknown=False)
                writes = writes.joined(planned_writes) if writes else planned_writes
                if len(writes.steps) >= window.CHUNK:
                    self._plan_writes(book, writes, now)
                    writes = None
            if writes is not None:
                self._plan_writes(book, writes, now)
        except BaseException:
            # Where another process took the run over, it is writing a plan of its own there.
            self._heartbeat.check()
            book.discard()
            raise
        book.close()

    def _plan_writes(self, book: build.PlanWriter, writes: build.Plan, now: datetime) -> None:
        if writes.has_writes:
            self._reread_subscription_if_old(now)
            build.check_against_quickbooks(writes, self._quickbooks)
        book.add(writes)
        self._save_evaluations(writes, now)

    def _met_inactive_partners(self) -> bool:
        """Whether QuickBooks refused a partner that was active when the run began."""
        held = self._run.items.filter(outcome=RunItem.Outcome.BLOCKED, finished_at__isnull=False)
        codes = {reason["code"] for reasons in held.values_list("reasons", flat=True) for reason in reasons}
        return bool(codes & {"EMPLOYEE_INACTIVE", "CUSTOMER_INACTIVE"})

    # --- steps ---------------------------------------------------------------------------------------------
    def _check_subscription(self, now: datetime) -> None:
        """A subscription that did not fit is read again, so that a changed one is not held back by an old reading."""
        status = connection.subscription_status(self._company)
        if self._company.plan_read_at is None or not status.supported:
            status = connection.read_subscription(self._company, run_id=self._run.pk, now=now)
        if not status.supported:
            # Nothing is sent, but what an earlier run left in doubt may be found by reading.
            self._settle(may_write=False)
            raise SubscriptionNotSupported(status.reason, status.sentence)

    def _reread_subscription_if_old(self, now: datetime) -> None:
        read_at = self._company.plan_read_at
        if read_at is not None and now - read_at <= SUBSCRIPTION_MAX_AGE:
            return
        status = connection.read_subscription(self._company, run_id=self._run.pk, now=now)
        if not status.supported:
            raise SubscriptionNotSupported(status.reason, status.sentence)

    def _settle(self, *, may_write: bool) -> dict[str, Resent]:
        return settle(self._company, self._quickbooks, may_write=may_write, check_lease=self._heartbeat.check)

    def _take_back_late_duplicates(self) -> None:
        """What arrived late is said on the run."""
        taken = late_duplicates.take_back(self._company, self._quickbooks, check_lease=self._heartbeat.check)
        if taken:
            self._run.warnings = {**self._run.warnings, "LATE_DOUBLE": len(taken)}

    def _read_window(self, now: datetime) -> window.Window:
        run, workspace = self._run, self._run.workspace
        assert run.from_date is not None and run.to_date is not None
        never_checked = workspace.pulled_at is None or self._company.pulled_at is None
        if self._company.pulled_at is None:
            quickbooks_pull.pull_lists(self._company, self._quickbooks, now=now)
        if never_checked:
            pull.pull_workspace(workspace, self._clockify, now=now)
        reading = window.read(workspace, self._clockify, run.from_date, run.to_date)
        unowned = window.names_unknown_records(workspace, reading)
        if unowned and not never_checked:
            pull.pull_workspace(workspace, self._clockify, now=now)
        believe = bool(run.options.get("believe_deletions"))
        dates = (run.from_date, run.to_date)
        found = window.store(workspace, self._clockify, reading, *dates, now=now, believe_deletions=believe)
        window.narrow(workspace, found, run.options)
        if unowned or never_checked or not mapping.was_matched(workspace):
            evaluate.refresh(workspace, now=now, compare_names=True)
        return found

    def _note_resent(self, book: build.PlanWriter, made: build.Plan, resent: dict[str, Resent]) -> None:
        """Writes of an earlier run that arrived only now count in this one."""
        kept = {step.entry_id for step in made.steps if step.verb == "keep"} & set(resent)
        for entry_id in sorted(kept):
            row, again = made.entries[entry_id], resent[entry_id]
            receipt = again.receipts(self._company, entry_id).get(workspace=self._run.workspace)
            RunItem.objects.update_or_create(
                run=self._run,
                entry_id=entry_id,
                defaults={
                    "verb": again.verb,
                    "outcome": journal.DONE_AS[again.verb],
                    "why": "An earlier run began it; it had not arrived and was sent again.",
                    "draft": receipt.draft,
                    "minutes": receipt.minutes,
                    "txn_date": receipt.txn_date,
                    "quickbooks_id": receipt.quickbooks_id,
                    "user_name": row.user_name,
                    "project_name": row.project_name,
                    "finished_at": receipt.changed_at,
                },
            )
        book.counted_elsewhere(len(kept))

    def _settle_unknown(self, stage: Callable[[str], None] = lambda text: None) -> None:
        """Look at once for what this run left in doubt; pointless while nobody answers."""
        if isinstance(self._breaker.why, NoAnswer):
            return
        open_actions = self._run.actions.filter(state=Action.State.SENDING)
        for _ in range(3):
            if not open_actions.exists():
                break
            try:
                self._settle(may_write=True)
            except ApiError as error:
                self._breaker.trip(error)
                break
            open_actions = open_actions.filter(batch_id=None)
        self._await_batches(stage)
        for item in self._run.items.filter(outcome=RunItem.Outcome.UNKNOWN):
            self._take_over(item)

    def _await_batches(self, stage: Callable[[str], None]) -> None:
        """What a batch without an answer left out is sent one by one, once the batch can't be at work any more."""
        lost = Action.objects.filter(company=self._company, state=Action.State.SENDING, needs_person=False)
        lost = lost.filter(batch_id__isnull=False)
        if self._breaker.is_set() or not lost.exists():
            return
        until = max(may_arrive_until(action) for action in lost)
        stage(f"Waiting until {until:%H:%M:%S} UTC: a batch may still arrive")
        while timezone.now() <= until:
            if self._breaker.is_set():
                return
            self._heartbeat.check()
            time.sleep(0.2)
        try:
            self._settle(may_write=True)
        except ApiError as error:
            self._breaker.trip(error)

    def _take_over(self, item: RunItem) -> None:
        """What came of an item in doubt; one that did not happen has failed, and the next run tries again."""
        actions = Action.objects.filter(company=self._company, workspace=self._run.workspace, entry_id=item.entry_id)
        action = actions.order_by("-pk").first()
        if action is None or action.state == Action.State.SENDING:
            return
        said = {"code": action.error_code, "message": action.error_message, "tid": action.intuit_tid}
        if action.state == Action.State.DONE:
            there, outcome = action.quickbooks_id, journal.DONE_AS[action.verb]
            journal.finish_item(self._run.pk, item.entry_id, outcome, reasons=[], quickbooks_id=there, **said)
            return
        reason = {"code": "QUICKBOOKS_REFUSED", "error": action.error_code, "words": action.error_message}
        journal.finish_item(self._run.pk, item.entry_id, RunItem.Outcome.FAILED, reasons=[reason], **said)

    def _save_evaluations(self, made: build.Plan, now: datetime) -> None:
        rows = [row for key, row in made.entries.items() if key not in made.gone and row.deleted_at is None]
        self._judge(rows, made.context, now)

    def _judge_again(self, ids: Sequence[str], context: inputs.PlanningContext, now: datetime) -> None:
        """After sending, by the receipts as they are now."""
        rows = list(inputs.entries_between(self._run.workspace).filter(clockify_id__in=ids))
        receipts = inputs.receipts_by_entry(self._run.workspace, ids)
        self._judge(rows, replace(context, receipts=receipts), now)

    def _judge(self, rows: Sequence[TimeEntry], context: inputs.PlanningContext, now: datetime) -> None:
        """What this run found out about each entry beats what our own books say."""
        ids = [row.clockify_id for row in rows]
        items = self._run.items.filter(entry_id__in=ids, outcome__in=["blocked", "failed"])
        asked = {item.entry_id: item for item in items.defer("draft", "source_snapshot")}
        # A dry run does not try what was refused before: that it was stays the news.
        failed = evaluate.earlier_statuses(rows, states=REFUSED_BEFORE) if self._run.dry_run else {}
        evaluations = {}
        for row in rows:
            evaluation = evaluate.judge(context.entry(row), context, failed.get(row.pk))
            item = asked.get(row.clockify_id)
            if item is not None and evaluation.state in {evaluate.State.READY, evaluate.State.CHANGED}:
                evaluation = _as_found(evaluation, item)
            evaluations[row.clockify_id] = evaluation
        evaluate.save(self._run.workspace, rows, evaluations, now=now)


def _as_found(evaluation: evaluate.Evaluation, item: RunItem) -> evaluate.Evaluation:
    if not item.reasons:
        return evaluation
    state = evaluation.state
    if state == evaluate.State.READY:
        failed = item.outcome == RunItem.Outcome.FAILED
        state = evaluate.State.FAILED if failed else evaluate.State.BLOCKED
    return evaluate.Evaluation(state, tuple(item.reasons), evaluation.minutes)
