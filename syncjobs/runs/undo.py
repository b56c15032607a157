"""Undo of a run: deletes what that run created, by a run of its own planned from its items and receipts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db.models import QuerySet

from integrations.models import TimeEntry, Workspace
from mapping.errors import Refused
from syncjobs import decisions, run_counters
from syncjobs.ledger import activities, journal
from syncjobs.models import EntryOverride, Receipt, Run, RunItem, Schedule
from syncjobs.planning import evaluate, inputs, save, unanswered
from syncjobs.planning.build import Plan
from syncjobs.planning.context import load_context, load_context_for
from syncjobs.planning.unanswered import Absent
from syncjobs.rules.codes import ByHand, Code
from syncjobs.rules.reasons import Reason, sentence, with_day_texts
from syncjobs.rules.stages import Stage
from syncjobs.rules.steps import changes, corrections
from syncjobs.rules.steps.changes import Step
from syncjobs.rules.verbs import Verb
from syncjobs.run_options import RunOptions
from syncjobs.runs import lifecycle
from syncjobs.runs.sync import Sync
from syncjobs.sending import execute

Outcome = RunItem.Outcome
# Shown beside an activity that stays; the reasons' own sentences speak of edits in Clockify.
KEPT_MESSAGES: dict[str, str] = {
    Code.CHANGED_IN_QUICKBOOKS: "It was {how} by hand in QuickBooks since it was sent; that is left as is.",
    Code.BOOKS_CLOSED: "The books are closed through {closed} now, and this work is from {day}.",
    Code.PERIOD_SIGNED: "{by} signed {first} to {last} since, this work is from {day}, and signed periods are kept.",
}


def find(run_id: int, *, now: datetime) -> Run:
    """Return the run of that number if it can be undone. Raises Refused with the sentence that says why not."""
    run = Run.objects.select_related("workspace__company", "person").filter(pk=run_id).first()
    if run is None:
        raise Refused(f"There is no run {run_id}.")
    refuse(run, now=now)
    return run


def refuse(run: Run, *, now: datetime) -> None:
    """Check that the run created something that can be undone; raises Refused."""
    if run.kind == Run.Kind.CHECK:
        raise Refused(f"Run {run.pk} is a check: it sent nothing, so there is nothing to undo.")
    if run.kind == Run.Kind.RECONCILE:
        raise Refused(f"Run {run.pk} is a comparison: it sent nothing, so there is nothing to undo.")
    if run.kind == Run.Kind.UNDO:
        raise Refused(f"Run {run.pk} is an undo itself; the next sync sends its entries again.")
    if run.dry_run:
        raise Refused(f"Run {run.pk} is a dry run: it sent nothing, so there is nothing to undo.")
    if run.is_open and not _is_dead(run, now):
        raise Refused(f"Run {run.pk} is still {run.get_status_display().lower()}; undo it when it is over.")
    # Its activity ids would name other records in the company that is connected now.
    former_company = run.former_company
    if former_company is not None:
        raise Refused(f"Run {run.pk} sent to {former_company}. {lifecycle.former_company_text(former_company)}")


def _is_dead(run: Run, now: datetime) -> bool:
    """Check whether the run is a killed command's: no worker continues those."""
    return run.trigger == Run.Trigger.COMMAND and run.lease_until is not None and run.lease_until < now


def created(run: Run) -> QuerySet[RunItem]:
    """Return the items it created, without activities that a person identified as its own."""
    return _sent(run).exclude(source_snapshot__has_key=RunItem.TAKEN)


def left_alone(run: Run) -> int:
    """Return how many of its changes an undo does not touch: updates, deletions, activities a person assigned to it."""
    changed = run.items.filter(outcome__in=[Outcome.UPDATED, Outcome.DELETED]).count()
    return changed + _sent(run).filter(source_snapshot__has_key=RunItem.TAKEN).count()


def _sent(run: Run) -> QuerySet[RunItem]:
    return run.items.filter(verb=Verb.CREATE, outcome=Outcome.SENT)


def resent_by(workspace: Workspace) -> Schedule | None:
    """Return the schedule that would send the entries again, or None."""
    return Schedule.objects.filter(workspace=workspace, kind=Run.Kind.SYNC).exclude(next_at=None).first()


def sends_again(run: Run) -> bool:
    """Return True if the next sync sends the entries again; after a correction the original activity stays."""
    return RunOptions.of(run).amend != corrections.CORRECT


def _undone(run: Run) -> Run:
    """Return the run that this undo undoes."""
    return Run.objects.get(pk=RunOptions.of(run).undo or 0)


def note_of(run: Run) -> str:
    """Return the note on entries that are ignored together with the undo of this run."""
    return f"Left out when run {run.pk} was undone."


class Undo(Sync):
    """The undo of one run.

    1. Check the subscription.
    2. Settle writes of earlier runs whose outcome is unknown.
    3. Plan from the undone run's items and receipts, then against QuickBooks.
    4. Save the plan (a preview ends here).
    5. Ignore the entries where that was chosen.
    6. Delete.
    7. Settle what this run left unknown.
    8. Save the status of every entry.
    """

    def perform(self, *, now: datetime, stage: Callable[[str], None], progress: Callable[[], None]) -> None:
        """Carry out the undo. Raises SubscriptionNotSupported or ApiError; the breaker says why it stopped."""
        run = self._run
        stage(Stage.SUBSCRIPTION)
        self._check_subscription(now)
        stage(Stage.EARLIER_WRITES)
        absent = self._settle()
        if not run.dry_run:
            self._take_back_late_duplicates()
        stage(Stage.PLANNING)
        undone = _undone(run)
        plan = self._intend(undone)
        if plan.has_writes:
            self._reread_subscription_if_old(now)
        self._check(plan)
        run_counters.count(run, left_alone=left_alone(undone))
        plan_writer = save.PlanWriter(run)
        plan_writer.add(plan)
        plan_writer.close()
        if run.dry_run:
            return
        if RunOptions.of(run).ignore:
            self._ignore_entries(note_of(undone), now)
        stage(Stage.DELETING)
        execute.carry_out(run, self._quickbooks, self._heartbeat, breaker=self._breaker, progress=progress)
        stage(Stage.IN_DOUBT)
        self._unknown.settle()
        self._unknown.close_not_arrived(absent, now)
        self._unignore_kept(note_of(undone))
        self._reevaluate(list(plan.entries), load_context(run.workspace), now)
        deleted_ids = [entry_id for entry_id, entry in plan.entries.items() if entry.deleted_at is not None]
        evaluate.mark_deleted(run.workspace, deleted_ids, now=now)

    # --- the plan ------------------------------------------------------------------------------------------
    def _intend(self, undone: Run) -> Plan:
        """Plan from our own data. Entries with a write whose outcome is unknown are left alone until it is settled."""
        workspace, items = self._run.workspace, list(created(undone))
        ids = {item.entry_id for item in items}
        rows = TimeEntry.objects.filter(workspace=workspace, clockify_id__in=created(undone).values("entry_id"))
        entries = {row.clockify_id: row for row in rows.defer("raw")}
        days = [item.txn_date for item in items if item.txn_date] or [date.min]
        context = load_context_for(workspace, ids, min(days), max(days))
        context = replace(
            context,
            receipts={**context.receipts, **_corrections(workspace, items)},
            unanswered=unanswered.load(workspace, by_undo=True),
        )
        sent = {entry_id: inputs.sent_of(receipt) for entry_id, receipt in context.receipts.items() if entry_id in ids}
        closed = context.policy.closed
        steps = []
        for item in items:
            sent_activity = sent.get(item.entry_id)
            if item.entry_id in context.actions:
                continue
            # The entry may have been sent again since: that activity belongs to another run.
            if sent_activity is None or sent_activity.quickbooks_id != item.quickbooks_id:
                steps.append(Step(item.entry_id, Verb.KEEP, "It was already undone or deleted."))
                continue
            step = changes.intend_gone(item.entry_id, sent_activity, closed=closed)
            # `gone` is for entries deleted in Clockify, which the figure `seen` leaves out.
            steps.append(replace(step, gone=False, why=f"Created by run {undone.pk}."))
        unknown = {entry_id: action for entry_id, action in context.actions.items() if entry_id in ids}
        return Plan(steps, entries, context, sent, unknown)

    def _check(self, plan: Plan) -> None:
        """Compare the plan with QuickBooks. Raises ApiError."""
        if plan.has_writes:
            self._check_against_quickbooks(plan)
            plan.steps = [self._compare(step, plan) for step in plan.steps]
        plan.steps = [_with_kept_message(step) for step in plan.steps]

    def _plan_again(self, entry_ids: set[str], absent: Mapping[str, Absent]) -> Plan:
        plan = self._intend(_undone(self._run))
        plan = plan.part([step for step in plan.steps if step.entry_id in entry_ids], unknown=False)
        self._check(plan)
        return plan

    def _compare(self, step: Step, plan: Plan) -> Step:
        """Block a deletion where QuickBooks' values differ from the receipt's; an equal SyncToken is no proof."""
        receipt = plan.context.receipts.get(step.entry_id)
        if (
            receipt is not None
            and receipt.part
            and step.verb == Verb.BLOCK
            and step.reasons[0].facts.get("how") == ByHand.DELETED
        ):
            if not self._run.dry_run:
                # Somebody deleted the correction by hand, which is what the undo is for.
                journal.forget_correction(receipt)
            return replace(step, verb=Verb.KEEP, reasons=(), why="It was deleted in QuickBooks before.")
        if step.verb != Verb.DELETE or step.reading is None:
            return step
        receipt = plan.context.receipts[step.entry_id]
        if activities.differences(plan.sent[step.entry_id].draft, step.reading) == receipt.differences:
            return step
        # Later syncs must leave the activity alone as well.
        Receipt.objects.filter(pk=receipt.pk).update(conflict=Code.CHANGED_IN_QUICKBOOKS)
        reason = Reason(Code.CHANGED_IN_QUICKBOOKS, {"how": ByHand.CHANGED})
        return replace(step, verb=Verb.BLOCK, reasons=(reason,))

    # --- leaving entries out -------------------------------------------------------------------------------
    def _ignore_entries(self, note: str, now: datetime) -> None:
        """Ignore the entries before the first deletion, so that no sync sends one again in between."""
        run = self._run
        planned_deletions = run.items.filter(verb=Verb.DELETE, outcome=Outcome.PLANNED)
        # Their notes stay as they are; otherwise `_unignore_kept` would drop a person's own decision.
        ignored_by_people = EntryOverride.objects.filter(workspace=run.workspace, ignored=True).values("clockify_id")
        ids = planned_deletions.exclude(entry_id__in=ignored_by_people).values_list("entry_id", flat=True)
        decisions.record_ignored(run.workspace, ids, person=run.person, now=now, note=note)

    def _unignore_kept(self, note: str) -> None:
        """Stop ignoring entries whose activity stayed; those with an unknown outcome may still turn out deleted."""
        stayed = self._run.items.filter(outcome__in=[Outcome.BLOCKED, Outcome.FAILED, Outcome.PLANNED])
        decisions.forget_ignored(self._run.workspace, stayed.values("entry_id"), note=note)


def _corrections(workspace: Workspace, items: Sequence[RunItem]) -> dict[str, Receipt]:
    """Return the receipts of items that were corrections, by entry id; the entries' own activities stay."""
    quickbooks_ids = {item.quickbooks_id for item in items}
    rows = Receipt.objects.in_quickbooks(workspace).filter(part__gt=0, entry_id__in={item.entry_id for item in items})
    return {receipt.entry_id: receipt for receipt in rows if receipt.quickbooks_id in quickbooks_ids}


def _with_kept_message(step: Step) -> Step:
    if step.verb != Verb.BLOCK:
        return step
    reason = step.reasons[0]
    if reason.code == Code.BILLED_IN_QUICKBOOKS:
        return replace(step, why=changes.why_billed(reason))
    message = KEPT_MESSAGES.get(reason.code)
    return replace(step, why=message.format_map(with_day_texts(reason.facts)) if message else sentence(reason.as_row()))
