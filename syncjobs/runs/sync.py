"""A time sync: settle, read, plan, save the plan, send it, and record the outcome of every entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import chain

from integrations.clockify import pull, unknown_zones
from integrations.clockify.client import ClockifyApiClient
from integrations.database import database_now
from integrations.models import TimeEntry
from integrations.quickbooks import pull as quickbooks_pull
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.connecting import connection
from integrations.reading import shrunk_lists
from integrations.reading.unreadable import Reading
from integrations.reading.values import FIRST_YEAR, LAST_YEAR
from mapping import queries as mapping
from syncjobs.ledger.lease import Heartbeat
from syncjobs.models import Run, RunItem
from syncjobs.planning import build, evaluate, inputs, lines, save, window
from syncjobs.planning.billing import BillingReader
from syncjobs.planning.context import PlanningContext, load_context
from syncjobs.planning.unanswered import Absent
from syncjobs.rules.codes import Code
from syncjobs.rules.stages import Stage
from syncjobs.run_options import RunOptions
from syncjobs.runs import many_deletions
from syncjobs.runs.unknown_outcomes import UnknownOutcomes
from syncjobs.sending import execute
from syncjobs.sending.circuit_breaker import CircuitBreaker
from syncjobs.settling import late_duplicates
from syncjobs.settling.settle import settle

# A subscription read longer ago is read again before anything is sent.
SUBSCRIPTION_MAX_AGE = timedelta(hours=1)
FIRST_DAY, LAST_DAY = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)

# Warnings about what was read, as opposed to what was sent.
OF_READING = {Code.UNREADABLE, shrunk_lists.WARNING, unknown_zones.WARNING, "ROUNDING_UNKNOWN"}
# Statuses that may stem from a refusal by QuickBooks, which only sending can clear.
REFUSED_BEFORE = (evaluate.State.FAILED, evaluate.State.CHANGED)

# Outcomes whose reasons say more about an entry than our own data.
HELD = (RunItem.Outcome.BLOCKED, RunItem.Outcome.FAILED, RunItem.Outcome.WAITING)


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
    4. Plan from our own data, then against QuickBooks.
    5. Save the plan (a dry run ends here).
    6. Send.
    7. Settle what this run left unknown.
    8. Save the status of every entry.
    """

    def __init__(
        self,
        run: Run,
        clockify: ClockifyApiClient,
        quickbooks: QuickBooksApiClient,
        heartbeat: Heartbeat,
        breaker: CircuitBreaker,
    ) -> None:
        self._run, self._clockify, self._quickbooks = run, clockify, quickbooks
        self._heartbeat, self._breaker = heartbeat, breaker
        self._company = mapping.company_of(run.workspace)
        self.reading = Reading()
        self.billing_reader = BillingReader(quickbooks, self.reading)
        self._unknown = UnknownOutcomes(run, quickbooks, heartbeat, breaker, plan_again=self._save_again)
        # What to say where the report may have been cut, so that this run has not seen all time.
        self.cut_message = ""
        # Of the plan's entries, how many have time in QuickBooks.
        self._sent = 0

    def perform(self, *, now: datetime, stage: Callable[[str], None], progress: Callable[[], None]) -> None:
        """Carry out the sync. Raises SubscriptionNotSupported or ApiError; the breaker says why sending stopped."""
        stage(Stage.SUBSCRIPTION)
        self._check_subscription(now)
        stage(Stage.EARLIER_WRITES)
        # Before planning: an entry can't be planned while one of its writes is open (docs/decisions/0001).
        absent = self._settle()
        if not self._run.dry_run:
            self._take_back_late_duplicates()
        stage(Stage.READING)
        time_window = self._read_window(now)
        stage(Stage.PLANNING)
        self._make_plan(time_window, absent, now)
        other = {name: count for name, count in self._run.warnings.items() if name != window.REPORT_SHORT}
        self._run.warnings = other | time_window.warnings
        self.cut_message = time_window.cut_message
        evaluate.mark_deleted(self._run.workspace, time_window.gone, now=now)
        if self._run.dry_run:
            return
        stage(Stage.SENDING)
        execute.carry_out(self._run, self._quickbooks, self._heartbeat, breaker=self._breaker, progress=progress)
        stage(Stage.IN_DOUBT)
        self._unknown.settle(stage)
        self._unknown.check_sent_again()
        self._unknown.close_not_arrived(absent, now)
        context = load_context(self._run.workspace)
        for ids in window.ordered_ids(self._run.workspace, time_window, last=set()):
            self._reevaluate(ids, context, now)
        held_items = self._run.items.filter(gone=True, outcome__in=HELD)
        reasons_by_entry = {item.entry_id: item.reasons for item in held_items}
        evaluate.mark_deleted(self._run.workspace, time_window.gone, now=now, found=reasons_by_entry)
        if self._has_inactive_partner_refusals():
            # Matching suspends their links and lists them, as a check would; a person must confirm them again.
            evaluate.refresh(self._run.workspace, now=now)

    def _make_plan(self, time_window: window.Window, absent: Mapping[str, Absent], now: datetime) -> None:
        """Plan chunk by chunk to bound memory; compare planned writes with QuickBooks a thousand at a time."""
        run = self._run
        context, plan_writer = load_context(run.workspace), save.PlanWriter(run)
        writes: build.Plan | None = None
        try:
            # Entries that failed before go last, so that bad records never stop good ones (docs/decisions/0004).
            chunks = window.ordered_ids(run.workspace, time_window, last=save.failed_before(run))
            # Shown with their write, as long as its outcome is unknown.
            unclear_open = sorted(time_window.unclear & set(context.actions))
            plan_writer.unreadable(time_window.unreadable)
            plan_writer.left_as_they_are(len(time_window.unclear) - len(unclear_open))
            for ids, gone in chain(((ids, []) for ids in chunks), [(unclear_open, sorted(time_window.gone))]):
                self._heartbeat.check()
                plan = build.intend(run, context, ids, gone, absent)
                self._sent += len(plan.sent)
                if not run.dry_run:
                    many_deletions.forget_kept(plan, run.workspace)
                without_writes = plan.part([step for step in plan.steps if not step.writes], unknown=True)
                plan_writer.add(without_writes)
                self._save_evaluations(without_writes, now)
                planned_writes = plan.part([step for step in plan.steps if step.writes], unknown=False)
                writes = writes.joined(planned_writes) if writes else planned_writes
                if len(writes.steps) >= window.CHUNK:
                    self._plan_writes(plan_writer, writes, now, more_follow=True)
                    writes = None
            if writes is not None:
                self._plan_writes(plan_writer, writes, now)
        except BaseException:
            # Raises where another process took over the run: the saved plan is then its own and must not be discarded.
            self._heartbeat.check()
            plan_writer.discard()
            raise
        plan_writer.close()
        # Once, on the whole plan: chunks of a thousand would each be evaluated by themselves.
        many_deletions.decide(run, sent=self._sent, now=now)

    def _plan_writes(
        self, plan_writer: save.PlanWriter, writes: build.Plan, now: datetime, *, more_follow: bool = False
    ) -> None:
        if writes.has_writes:
            self._reread_subscription_if_old(now)
            self._check_against_quickbooks(writes, more_follow=more_follow)
        plan_writer.add(writes)
        self._save_evaluations(writes, now)

    def _check_against_quickbooks(self, plan: build.Plan, *, more_follow: bool = False) -> None:
        build.check_against_quickbooks(plan, self._quickbooks, self.billing_reader, more_follow=more_follow)
        self._count_unreadable()

    def _count_unreadable(self) -> None:
        # An earlier slice may have read otherwise.
        other = {name: count for name, count in self._run.warnings.items() if name not in OF_READING}
        workspace = self._run.workspace
        of_lists = shrunk_lists.warnings(workspace) | unknown_zones.warnings(workspace)
        self._run.warnings = other | self.reading.warnings | of_lists | workspace.rounding_warnings

    def _has_inactive_partner_refusals(self) -> bool:
        """Check whether QuickBooks refused a partner that was active when the run began."""
        held = self._run.items.filter(outcome=RunItem.Outcome.BLOCKED, finished_at__isnull=False)
        codes = {reason["code"] for reasons in held.values_list("reasons", flat=True) for reason in reasons}
        return bool(codes & {Code.EMPLOYEE_INACTIVE, Code.CUSTOMER_INACTIVE})

    # --- steps ---------------------------------------------------------------------------------------------
    def _check_subscription(self, now: datetime) -> None:
        """Check that the subscription allows sending; an unsupported one is read again, since it may have changed."""
        status = connection.subscription_status(self._company)
        if self._company.plan_read_at is None or not status.supported:
            status = connection.read_subscription(self._company, run_id=self._run.pk, now=now)
        if not status.supported:
            # Nothing is sent, but earlier writes whose outcome is unknown can still be settled by reading.
            self._settle()
            raise SubscriptionNotSupported(status.reason, status.sentence)

    def _reread_subscription_if_old(self, now: datetime) -> None:
        read_at = self._company.plan_read_at
        if read_at is not None and now - read_at <= SUBSCRIPTION_MAX_AGE:
            return
        status = connection.read_subscription(self._company, run_id=self._run.pk, now=now)
        if not status.supported:
            raise SubscriptionNotSupported(status.reason, status.sentence)

    def _settle(self) -> dict[str, Absent]:
        return settle(self._company, self._quickbooks)

    def _take_back_late_duplicates(self) -> None:
        """Delete creates that arrived twice and warn about them on the run (docs/decisions/0005)."""
        late = late_duplicates.take_back(
            self._company, self._quickbooks, self.billing_reader, check_lease=self._heartbeat.check
        )
        counts = {
            "LATE_DOUBLE": len(late.deleted),
            "LATE_DOUBLE_BILLED": len(late.billed),
            "LATE_DOUBLE_KEPT": len(late.kept),
        }
        self._run.warnings |= {name: count for name, count in counts.items() if count}

    def _read_window(self, now: datetime) -> window.Window:
        run, workspace = self._run, self._run.workspace
        assert run.from_date is not None and run.to_date is not None
        never_checked = workspace.pulled_at is None or self._company.pulled_at is None
        if self._company.pulled_at is None:
            quickbooks_pull.pull_lists(self._company, self._quickbooks, reading=self.reading, now=now)
        lines.read_again_if_broken(workspace, self._quickbooks, now=now)
        # Without the lists of both sides no entry could be matched.
        if never_checked:
            pull.pull_workspace(workspace, self._clockify, reading=self.reading, now=now)
        # No entry lies beyond these days, and the calendar's own ends have no day before or after them.
        dates = (min(max(run.from_date, FIRST_DAY), LAST_DAY), min(max(run.to_date, FIRST_DAY), LAST_DAY))
        report_rows = window.read(workspace, self._clockify, *dates)
        names_unknown = window.names_unknown_records(workspace, report_rows.rows)
        # Users or projects were added since the last check; as unknown ones their time would be held.
        if names_unknown and not never_checked:
            pull.pull_workspace(workspace, self._clockify, reading=self.reading, now=now)
        options = RunOptions.of(run)
        time_window = window.store(
            workspace,
            self._clockify,
            report_rows,
            reading=self.reading,
            now=now,
            options=options,
        )
        self._count_unreadable()
        window.narrow(workspace, time_window, options)
        if names_unknown or never_checked or not mapping.was_matched(workspace):
            evaluate.refresh(workspace, now=now, compare_names=True)
        return time_window

    def _save_again(self, entry_ids: set[str], absent: Mapping[str, Absent]) -> build.Plan:
        """Plan these entries as they are now, save the plan in place of theirs, and return it. Raises ApiError."""
        # Somebody may have billed since it was asked first, as may be why the answer failed.
        self.billing_reader = BillingReader(self._quickbooks, self.reading)
        plan = self._plan_again(entry_ids, absent)
        save.PlanWriter(self._run, again=True).replace(plan)
        many_deletions.decide(self._run, sent=self._sent, now=database_now())
        return plan

    def _plan_again(self, entry_ids: set[str], absent: Mapping[str, Absent]) -> build.Plan:
        """Return the plan of these entries as they are now, without those that have to wait. Raises ApiError."""
        context = load_context(self._run.workspace)
        gone = self._unknown.gone() & entry_ids
        plan = build.intend(self._run, context, sorted(entry_ids - gone), sorted(gone), absent)
        self._check_against_quickbooks(plan)
        return plan

    def _save_evaluations(self, plan: build.Plan, now: datetime) -> None:
        rows = [row for entry_id, row in plan.entries.items() if entry_id not in plan.gone and row.deleted_at is None]
        self._evaluate_rows(rows, plan.context, now)

    def _reevaluate(self, ids: Sequence[str], context: PlanningContext, now: datetime) -> None:
        """Save the status of entries after sending, by their current receipts."""
        rows = list(TimeEntry.objects.current(self._run.workspace).filter(clockify_id__in=ids))
        receipts = inputs.receipts_by_entry(self._run.workspace, ids)
        self._evaluate_rows(rows, replace(context, receipts=receipts), now)

    def _evaluate_rows(self, rows: Sequence[TimeEntry], context: PlanningContext, now: datetime) -> None:
        """Save each entry's status; reasons that this run got from QuickBooks override those from our own data."""
        ids = [row.clockify_id for row in rows]
        items = self._run.items.filter(entry_id__in=ids, outcome__in=HELD)
        items_by_entry = {item.entry_id: item for item in items.defer("draft", "source_snapshot")}
        # A dry run does not try refused entries again, so it must not clear their refusal.
        earlier_refusals = evaluate.earlier_statuses(rows, states=REFUSED_BEFORE) if self._run.dry_run else {}
        evaluations = {}
        for row in rows:
            evaluation = evaluate.evaluate_entry(context.entry(row), context, earlier_refusals.get(row.pk))
            item = items_by_entry.get(row.clockify_id)
            if item is not None and evaluation.state in {evaluate.State.READY, evaluate.State.CHANGED}:
                evaluation = _with_item_result(evaluation, item)
            evaluations[row.clockify_id] = evaluation
        evaluate.forget_edited(rows, evaluations, context)
        evaluate.save(self._run.workspace, rows, evaluations, now=now)


def _with_item_result(evaluation: evaluate.Evaluation, item: RunItem) -> evaluate.Evaluation:
    """Return the evaluation with the reasons of the run's item, held or failed where it was ready before."""
    if not item.reasons:
        return evaluation
    state = evaluation.state
    if state == evaluate.State.READY:
        was_refused = item.outcome == RunItem.Outcome.FAILED
        state = evaluate.State.FAILED if was_refused else evaluate.State.BLOCKED
    return evaluate.Evaluation(state, tuple(item.reasons), evaluation.minutes)
