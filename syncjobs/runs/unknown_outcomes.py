"""Writes of a run whose outcome is unknown: looked for, planned again where they did not arrive, and finished."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from django.db.models import QuerySet

from integrations.database import database_now
from integrations.errors import ApiError, NoAnswer
from integrations.limits import retry
from integrations.models import TimeEntry
from integrations.quickbooks.client import QuickBooksApiClient
from mapping import queries as mapping
from syncjobs.ledger import journal
from syncjobs.ledger.journal import LastAnswer
from syncjobs.ledger.lease import Heartbeat
from syncjobs.models import Action, Receipt, Run, RunItem
from syncjobs.planning import build, evaluate
from syncjobs.planning.unanswered import Absent, given_up_reason
from syncjobs.rules.codes import ByHand, Code
from syncjobs.rules.reasons import Reason
from syncjobs.sending import execute
from syncjobs.sending.circuit_breaker import CircuitBreaker
from syncjobs.settling.settle import mark_replayed, settle

# States of a write in doubt whose entry is planned again. Abandoned: its activity was changed or deleted meanwhile.
UNSETTLED = {Action.State.SENDING, Action.State.MISSING, Action.State.ABANDONED}

# Given the entries in doubt and what reading proves absent, plans and saves them as they are now; raises ApiError.
PlanAgain = Callable[[set[str], Mapping[str, Absent]], build.Plan]


class UnknownOutcomes:
    """The writes of one run whose outcome is unknown."""

    def __init__(
        self,
        run: Run,
        quickbooks: QuickBooksApiClient,
        heartbeat: Heartbeat,
        breaker: CircuitBreaker,
        *,
        plan_again: PlanAgain,
    ) -> None:
        self._run, self._quickbooks, self._heartbeat, self._breaker = run, quickbooks, heartbeat, breaker
        self._company = mapping.company_of(run.workspace)
        self._plan_again = plan_again

    def settle(self, stage: Callable[[str], None] = lambda text: None) -> None:
        """Settle writes of this run whose outcome is unknown."""
        # While QuickBooks does not answer at all, reading would fail as well; the next run settles them first.
        if not isinstance(self._breaker.cause, NoAnswer):
            # A write may fail again without an answer while it is settled, so look up to three times.
            for _ in range(3):
                if not self.items.exists() or not self._plan_unknown_again():
                    break
            self._await_batches(stage)
        for item in self.items:
            self._finish_unknown_item(item)

    @property
    def items(self) -> QuerySet[RunItem]:
        """Return the run's items in doubt."""
        return self._run.items.filter(outcome=RunItem.Outcome.UNKNOWN)

    def _plan_unknown_again(self) -> bool:
        """Look for the writes in doubt, and send what is to be written for their entries now; False if nothing is."""
        try:
            absent = settle(self._company, self._quickbooks)
            plan = self._plan_again(self._unsettled_entries(), absent)
        except ApiError as error:
            self._breaker.trip(error)
            return False
        if not plan.has_writes or self._breaker.is_set():
            return False
        execute.carry_out(self._run, self._quickbooks, self._heartbeat, breaker=self._breaker, progress=lambda: None)
        # Where sending stopped again, the others are in doubt as before.
        ids = [step.entry_id for step in plan.steps]
        not_reached = self._run.items.filter(entry_id__in=ids, outcome=RunItem.Outcome.PLANNED)
        for item in not_reached:
            self._mark_unknown(item)
        return not self._breaker.is_set()

    def _mark_unknown(self, item: RunItem) -> None:
        action = self._actions([item.entry_id]).order_by("-pk").first()
        tried_at = action.tried_at or action.created_at if action else item.run.created_at
        reason = Reason(Code.OUTCOME_UNKNOWN, {"at": f"{tried_at:%Y-%m-%d %H:%M} UTC"}).as_row()
        journal.finish_item(self._run.pk, item.entry_id, RunItem.Outcome.UNKNOWN, reasons=[reason])

    def _unsettled_entries(self) -> set[str]:
        """Return the entries in doubt in this run whose write did not turn out to have arrived."""
        entry_ids = set(self.items.values_list("entry_id", flat=True))
        latest = {action.entry_id: action for action in self._actions(entry_ids).order_by("pk")}
        return {key for key, action in latest.items() if action.state in UNSETTLED}

    def gone(self) -> set[str]:
        """Return the entries in doubt that were deleted in Clockify."""
        return set(self.items.filter(gone=True).values_list("entry_id", flat=True))

    def _await_batches(self, stage: Callable[[str], None]) -> None:
        """Wait until an unanswered batch can no longer arrive, then send its missing items one by one."""
        # A missing item gets a new request id, which QuickBooks can't match with the first attempt: sent while the
        # batch may still arrive, it would be booked twice (docs/decisions/0007).
        unanswered = Action.objects.open().filter(company=self._company, needs_person=False)
        unanswered = unanswered.filter(batch_id__isnull=False, workspace__company=self._company)
        if self._breaker.is_set() or not unanswered.exists():
            return
        latest_arrival = max(action.may_arrive_until for action in unanswered)
        stage(f"Waiting until {latest_arrival:%H:%M:%S} UTC: a batch may still arrive")
        while database_now() <= latest_arrival:
            if self._breaker.is_set():
                return
            self._heartbeat.check()
            time.sleep(0.2)
        self._plan_unknown_again()

    def _actions(self, entry_ids: Collection[str]) -> QuerySet[Action]:
        return Action.objects.filter(company=self._company, workspace=self._run.workspace, entry_id__in=entry_ids)

    def _finish_unknown_item(self, item: RunItem) -> None:
        """Finish an item by what settling found. One that did not arrive stays in doubt, and the next run tries again.

        What several runs have tried counts as refused.
        """
        # A second attempt after a refusal is an action of its own: the newest one has the outcome.
        action = self._actions([item.entry_id]).order_by("-pk").first()
        # A given up write that may still arrive keeps its edited entry waiting.
        if action is None or action.state == Action.State.GIVEN_UP:
            return
        entry_id, answer = item.entry_id, LastAnswer.of(action)
        if action.state == Action.State.DONE:
            quickbooks_id, outcome = action.quickbooks_id, journal.DONE_AS[action.verb]
            journal.finish_item(self._run.pk, entry_id, outcome, reasons=[], quickbooks_id=quickbooks_id, answer=answer)
            return
        outcome = RunItem.Outcome.FAILED
        facts = {"error": action.error_code, "words": action.error_message}
        reason = Reason(Code.QUICKBOOKS_REFUSED, facts).as_row()
        if action.state == Action.State.ABANDONED:
            outcome = RunItem.Outcome.BLOCKED
            reason = Reason(Code.CHANGED_IN_QUICKBOOKS, {"how": ByHand.CHANGED_OR_DELETED}).as_row()
        elif action.state in {Action.State.SENDING, Action.State.MISSING}:
            is_last_try = action.tried_runs >= retry.MAX_TRIED_RUNS and action.tried_in == self._run.pk
            if not is_last_try or action.needs_person:
                return
            journal.give_up(action)
            reason = given_up_reason(action).as_row()
        journal.finish_item(self._run.pk, entry_id, outcome, reasons=[reason], answer=answer)

    def check_sent_again(self) -> None:
        """Mark creates of earlier runs that had arrived and were deleted: QuickBooks only repeated its answer."""
        sent_again = self._run.items.filter(outcome=RunItem.Outcome.SENT, source_snapshot__has_key=RunItem.ACTION)
        ids = list(sent_again.values_list("quickbooks_id", flat=True))
        if ids:
            receipts = Receipt.objects.live().filter(company=self._company, quickbooks_id__in=ids)
            mark_replayed(self._run, self._quickbooks, receipts)

    def close_not_arrived(self, absent: Mapping[str, Absent], now: datetime) -> None:
        """Close writes of entries outside this run's plan that can no longer arrive, so that nobody waits for them."""
        rows: list[TimeEntry] = []
        for missing in absent.values():
            action = missing.action
            # As it is now: it may have arrived since the reading that did not find it.
            is_open = Action.objects.open().filter(pk=action.pk).exists()
            is_ours = action.workspace_id == self._run.workspace_id and is_open
            if is_ours and not missing.may_arrive and not self._run.items.filter(entry_id=action.entry_id).exists():
                journal.close_missing(action)
                rows += TimeEntry.objects.filter(workspace=action.workspace, clockify_id=action.entry_id)
        evaluate.evaluate(self._run.workspace, [row for row in rows if row.deleted_at is None], now=now)
        evaluate.mark_deleted(self._run.workspace, [row.clockify_id for row in rows if row.deleted_at], now=now)
