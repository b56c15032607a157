"""Undo of a run: takes back what that run created, by a run of its own whose plan comes from its items and receipts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db.models import QuerySet

from integrations.models import TimeEntry, Workspace
from integrations.quickbooks import payloads
from mapping.errors import Refused
from syncjobs import decisions
from syncjobs.ledger import activities, journal
from syncjobs.models import EntryOverride, Receipt, Run, RunItem, Schedule
from syncjobs.planning import build, evaluate, inputs
from syncjobs.planning.build import Plan
from syncjobs.rules import changes, corrections
from syncjobs.rules.changes import Step
from syncjobs.rules.reasons import Reason
from syncjobs.runs.sync import Sync
from syncjobs.sending import execute

Outcome = RunItem.Outcome
# What a person reads beside an activity that stays; the reasons' own sentences speak of edits in Clockify.
STAYS = {
    "BILLED_IN_QUICKBOOKS": "It is billed in QuickBooks; the invoice is left as it is.",
    "CHANGED_IN_QUICKBOOKS": "It was {how} by hand in QuickBooks since it was sent; that is left as it is.",
    "BOOKS_CLOSED": "The books are closed up to {closed} now, and this work is from {day}.",
}


def find(run_id: int, *, now: datetime) -> Run:
    """The run of that number, if it can be undone. Raises Refused with the sentence that says why not."""
    run = Run.objects.select_related("workspace__company", "person").filter(pk=run_id).first()
    if run is None:
        raise Refused(f"There is no run {run_id}.")
    refuse(run, now=now)
    return run


def refuse(run: Run, *, now: datetime) -> None:
    """Raises Refused where there is nothing of this run that could be taken back."""
    if run.kind == Run.Kind.CHECK:
        raise Refused(f"Run {run.pk} is a check: it sent nothing, so there is nothing to take back.")
    if run.kind == Run.Kind.UNDO:
        raise Refused(f"Run {run.pk} is an undo itself; the next sync sends its entries again.")
    if run.dry_run:
        raise Refused(f"Run {run.pk} is a dry run: it sent nothing, so there is nothing to take back.")
    if run.is_open and not _is_dead(run, now):
        raise Refused(f"Run {run.pk} is still {run.get_status_display().lower()}; undo it when it is over.")
    if run.company_id != run.workspace.company_id and run.workspace.company_id is not None:
        raise Refused(f"Run {run.pk} sent to another QuickBooks company than the one that is connected now.")


def _is_dead(run: Run, now: datetime) -> bool:
    """A command that was killed: nobody goes on with it."""
    return run.trigger == "command" and run.lease_until is not None and run.lease_until < now


def created(run: Run) -> QuerySet[RunItem]:
    """What it created, as its page shows it; without what a person took for its own."""
    return _sent(run).exclude(source_snapshot__has_key=RunItem.TAKEN)


def left_alone(run: Run) -> int:
    """What it changed, deleted or was given, and an undo does not touch."""
    others = run.items.filter(outcome__in=[Outcome.UPDATED, Outcome.DELETED]).count()
    return others + _sent(run).filter(source_snapshot__has_key=RunItem.TAKEN).count()


def _sent(run: Run) -> QuerySet[RunItem]:
    return run.items.filter(verb="create", outcome=Outcome.SENT)


def resent_by(workspace: Workspace) -> Schedule | None:
    """The schedule that would send the entries anew, and when."""
    return Schedule.objects.filter(workspace=workspace, kind=Run.Kind.SYNC).exclude(next_at=None).first()


def sends_anew(run: Run) -> bool:
    """Whether the next sync sends what is taken back. Beside a correction the entry's own activity stays."""
    return run.options.get("amend") != corrections.CORRECT


def note_of(run: Run) -> str:
    """The note on entries that are left out with the undo of this run."""
    return f"Left out when run {run.pk} was undone."


class Undo(Sync):
    """1. Plan gate; 2. settle writes in doubt; 3. plan from the undone run's items and their receipts, then against
    QuickBooks; 4. save the plan (a preview ends here); 5. leave the entries out where that was asked; 6. delete;
    7. settle what stayed in doubt; 8. statuses.
    """

    def perform(self, *, now: datetime, stage: Callable[[str], None], progress: Callable[[], None]) -> None:
        """Carry the undo out. Raises SubscriptionNotSupported or ApiError; why it stopped is in the breaker."""
        run = self._run
        stage("Checking the plan")
        self._check_subscription(now)
        stage("Looking for what became of earlier writes")
        self._settle(may_write=not run.dry_run)
        if not run.dry_run:
            self._take_back_late_duplicates()
        stage("Planning")
        undone = Run.objects.get(pk=run.options["undo"])
        made = self._intend(undone)
        if made.has_writes:
            self._reread_subscription_if_old(now)
            build.check_against_quickbooks(made, self._quickbooks)
            made.steps = [self._compare(step, made) for step in made.steps]
        made.steps = [_in_words(step) for step in made.steps]
        run.counters = {**run.counters, "left_alone": left_alone(undone)}
        book = build.PlanWriter(run)
        book.add(made)
        book.close()
        if run.dry_run:
            return
        if run.options.get("ignore"):
            self._leave_out(note_of(undone), now)
        stage("Deleting")
        execute.carry_out(run, self._quickbooks, self._heartbeat, breaker=self._breaker, progress=progress)
        stage("Looking for what stayed in doubt")
        self._settle_unknown()
        self._let_in_again(note_of(undone))
        self._judge_again(list(made.entries), inputs.load_context(run.workspace), now)
        gone = [key for key, row in made.entries.items() if row.deleted_at is not None]
        evaluate.mark_deleted(run.workspace, gone, now=now)

    # --- the plan ------------------------------------------------------------------------------------------
    def _intend(self, undone: Run) -> Plan:
        """By our own books. Entries with a write in doubt are left alone until it is settled."""
        workspace, items = self._run.workspace, list(created(undone))
        ids = {item.entry_id for item in items}
        rows = TimeEntry.objects.filter(workspace=workspace, clockify_id__in=created(undone).values("entry_id"))
        entries = {row.clockify_id: row for row in rows.defer("raw")}
        days = [item.txn_date for item in items if item.txn_date] or [date.min]
        context = inputs.load_context_for(workspace, ids, min(days), max(days))
        context = replace(context, receipts={**context.receipts, **_corrections(workspace, items)})
        sent = {key: inputs.sent_of(receipt) for key, receipt in context.receipts.items() if key in ids}
        closed = context.policy.book_close_date
        steps = []
        for item in items:
            ours = sent.get(item.entry_id)
            if item.entry_id in context.actions:
                continue
            if ours is None or ours.quickbooks_id != item.quickbooks_id:
                steps.append(Step(item.entry_id, "keep", "It was taken back or deleted before."))
                continue
            step = changes.intend_gone(item.entry_id, ours, book_close_date=closed)
            steps.append(replace(step, gone=False, why=f"Created by run {undone.pk}."))
        unknown = {key: action for key, action in context.actions.items() if key in ids}
        return Plan(steps, entries, context, sent, unknown)

    def _compare(self, step: Step, made: Plan) -> Step:
        """A SyncToken may stand still although values moved; what differs from the receipt is somebody's work."""
        receipt = made.context.receipts.get(step.entry_id)
        if (
            receipt is not None
            and receipt.part
            and step.verb == "block"
            and step.reasons[0].facts.get("how") == "deleted"
        ):
            if not self._run.dry_run:
                journal.forget_correction(receipt)
            return replace(step, verb="keep", reasons=(), why="It was deleted in QuickBooks before.")
        if step.verb != "delete" or step.reading is None:
            return step
        receipt = made.context.receipts[step.entry_id]
        there = payloads.activity(step.reading.record)
        if activities.differences(made.sent[step.entry_id].draft, there) == receipt.differences:
            return step
        Receipt.objects.filter(pk=receipt.pk).update(conflict="CHANGED_IN_QUICKBOOKS")
        reason = Reason("CHANGED_IN_QUICKBOOKS", {"how": "changed"})
        return replace(step, verb="block", reasons=(reason,))

    # --- leaving entries out -------------------------------------------------------------------------------
    def _leave_out(self, note: str, now: datetime) -> None:
        """Before the first deletion, so that no sync can send an entry anew between the two."""
        run = self._run
        planned = run.items.filter(verb="delete", outcome=Outcome.PLANNED)
        by_people = EntryOverride.objects.filter(workspace=run.workspace, ignored=True).values("clockify_id")
        ids = planned.exclude(entry_id__in=by_people).values_list("entry_id", flat=True)
        decisions.record_ignored(run.workspace, ids, person=run.person, now=now, note=note)

    def _let_in_again(self, note: str) -> None:
        """What stayed in QuickBooks is not left out; what is in doubt may yet turn out to be deleted."""
        stayed = self._run.items.filter(outcome__in=[Outcome.BLOCKED, Outcome.FAILED, Outcome.PLANNED])
        decisions.forget_ignored(self._run.workspace, stayed.values("entry_id"), note=note)


def _corrections(workspace: Workspace, items: Sequence[RunItem]) -> dict[str, Receipt]:
    """Receipts of those items that were corrections: these are taken back, the entries' own activities stay."""
    wanted = {item.quickbooks_id for item in items}
    rows = Receipt.objects.in_quickbooks(workspace).filter(part__gt=0, entry_id__in={item.entry_id for item in items})
    return {one.entry_id: one for one in rows if one.quickbooks_id in wanted}


def _in_words(step: Step) -> Step:
    if step.verb != "block":
        return step
    reason = step.reasons[0]
    return replace(step, why=STAYS[reason.code].format_map(reason.facts))
