"""Saves a plan as run items, before anything is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

from django.db import transaction

from integrations.models import TimeEntry
from integrations.reading.unreadable import Problem
from syncjobs import run_counters
from syncjobs.ledger import journal
from syncjobs.ledger.snapshots import ItemSnapshot
from syncjobs.models import Action, EntryStatus, Run, RunItem
from syncjobs.planning import inputs
from syncjobs.planning.build import Plan
from syncjobs.rules import rounding
from syncjobs.rules.codes import Code
from syncjobs.rules.drafts.draft import KEPT_AS_CHANGED
from syncjobs.rules.drafts.eligibility import unreadable_reason
from syncjobs.rules.reasons import Reason
from syncjobs.rules.steps import differences
from syncjobs.rules.steps.changes import Step
from syncjobs.rules.verbs import Verb


class PlanWriter:
    """Saves a run's plan in chunks, as run items. Items that this run has finished already stay as they are."""

    def __init__(self, run: Run, *, again: bool = False) -> None:
        """Begin with a plan of no items; `again`: only replace some of a plan that was carried out."""
        self._run = run
        self._done = set(run.items.filter(outcome__in=RunItem.WRITTEN).values_list("entry_id", flat=True))
        self._sort_key = _sort_key(run)
        self._seen = self._unchanged = 0
        self._warnings: Counter[str] = Counter()
        # A resumed run plans again what it has not finished.
        if not again:
            run.items.filter(outcome__in=[RunItem.Outcome.PLANNED, RunItem.Outcome.WAITING]).delete()

    def add(self, plan: Plan) -> None:
        """Save one chunk of the plan, and bring the receipts of entries edited without effect up to date."""
        run, done = self._run, self._done
        if not run.dry_run:
            # Before their entries get new actions: an entry has one open action at a time (constraint in models).
            for action in plan.not_arrived:
                journal.close_missing(action)
        # An earlier slice of the run may have saved the entry as blocked or unknown; its old item is replaced.
        replanned_ids = {step.entry_id for step in plan.steps if step.verb != Verb.KEEP} | set(plan.unknown)
        items = [_item(run, plan, step) for step in plan.steps if step.verb != Verb.KEEP and step.entry_id not in done]
        items += [_unknown_item(run, plan, action) for key, action in plan.unknown.items() if key not in done]
        items.sort(key=self._sort_key)
        kept = [step for step in plan.steps if step.verb == Verb.KEEP and step.entry_id not in done]
        # What is deleted in Clockify and kept in QuickBooks is counted nowhere.
        unchanged = [step for step in kept if not step.gone]
        for step in unchanged:
            if step.refresh_receipt and not run.dry_run:
                receipt, entry = plan.context.receipts[step.entry_id], plan.entries[step.entry_id]
                source = inputs.source_of(entry)
                journal.refresh_receipt(
                    receipt, content_hash=entry.content_hash, start_at=entry.start_at, source=source
                )
                if step.reading is not None and step.draft is not None:
                    journal.take_copy(receipt, step.draft, step.reading)
        # Together: a crash in between must not leave an entry without its item.
        with transaction.atomic():
            run.items.filter(entry_id__in=replanned_ids - done).delete()
            RunItem.objects.bulk_create(items, batch_size=500)
        unknown_ids = [key for key in plan.unknown if key in plan.entries and key not in plan.gone]
        self._seen += len([step for step in plan.steps if not step.gone]) + len(unknown_ids)
        self._unchanged += len(unchanged)
        self._warnings.update(code for step in unchanged for code in step.warnings)

    def replace(self, plan: Plan) -> None:
        """Save these steps in place of the items that the run has for their entries; close what did not arrive."""
        run, kept = self._run, [step for step in plan.steps if step.verb == Verb.KEEP and not step.gone]
        with transaction.atomic():
            for action in plan.not_arrived:
                journal.close_missing(action)
            run.items.filter(entry_id__in=[step.entry_id for step in plan.steps]).delete()
            RunItem.objects.bulk_create(_item(run, plan, step) for step in plan.steps if step.verb != Verb.KEEP)
            run_counters.count(run, unchanged=run_counters.of(run).get("unchanged", 0) + len(kept))
            run.save(update_fields=["counters"])

    def unreadable(self, problems: Sequence[Problem]) -> None:
        """Save a held item for each row that could not be read and that nothing is known of."""
        run = self._run
        items = [
            RunItem(
                run=run,
                entry_id=problem.id or f"row without an id, {number}",
                verb=Verb.BLOCK,
                outcome=RunItem.Outcome.BLOCKED,
                why="It could not be read.",
                reasons=[unreadable_reason("entry", problem.reason).as_row()],
            )
            for number, problem in enumerate(problems, start=1)
        ]
        with transaction.atomic():
            run.items.filter(entry_id__in=[item.entry_id for item in items]).delete()
            RunItem.objects.bulk_create(items, ignore_conflicts=True)
        self._seen += len(items)

    def left_as_they_are(self, entries: int) -> None:
        """Count this number of entries as seen and unchanged: Clockify gave no clear answer about them."""
        self._seen += entries
        self._unchanged += entries

    def close(self) -> None:
        """Save the run's counters and total once every chunk is added."""
        run = self._run
        run_counters.count(run, seen=self._seen, unchanged=self._unchanged)
        run.total = run.items.filter(outcome=RunItem.Outcome.PLANNED).count() + len(self._done)
        # Of unchanged entries, which have no items. A resumed run counts them again.
        run.warnings = {name: count for name, count in run.warnings.items() if name not in differences.CODES}
        run.warnings |= self._warnings
        run.save(update_fields=["counters", "total", "warnings"])

    def discard(self) -> None:
        """Delete the items of the plan, apart from those that this run has finished."""
        self._run.items.exclude(entry_id__in=self._done).delete()


def failed_before(run: Run) -> set[str]:
    """Return the ids of entries that failed, or got no answer, before: bad records go last and hold up no good ones."""
    bad_states = [EntryStatus.State.FAILED, EntryStatus.State.UNKNOWN]
    failed = EntryStatus.objects.filter(workspace=run.workspace, state__in=bad_states)
    return set(failed.values_list("entry__clockify_id", flat=True))


def _sort_key(run: Run) -> Callable[[RunItem], tuple[bool, date, str]]:
    """Return a sort key for items: oldest day first, and entries that failed before at the end."""
    failed = failed_before(run)
    return lambda item: (item.entry_id in failed, item.txn_date or date.min, item.entry_id)


def _item(run: Run, plan: Plan, step: Step) -> RunItem:
    row = plan.entries.get(step.entry_id)
    sent = plan.sent.get(step.entry_id)
    draft = step.draft
    item = RunItem(
        run=run,
        entry_id=step.entry_id,
        verb=step.verb,
        outcome=_outcome(step),
        gone=step.gone,
        why=step.why,
        reasons=[reason.as_row() for reason in step.reasons],
        warnings=list(step.warnings),
        draft=draft.as_row() if draft else None,
        minutes=draft.minutes if draft else _entry_minutes(row, plan),
        quickbooks_id=sent.quickbooks_id if sent and step.verb != Verb.CREATE else "",
        txn_date=date.fromisoformat(draft.txn_date) if draft else row.txn_date if row else None,
    )
    if row is not None:
        item.user_name, item.project_name = row.user_name, row.project_name
    if step.is_undone:
        item.error_code, item.error_message = step.reasons[0].code, str(step.reasons[0].facts.get("cause", ""))
    if step.writes:
        content_hash = plan.content_hash(step.entry_id)
        planned: ItemSnapshot = {
            "content_hash": content_hash,
            "start_at": (row.start_at if row else sent.start_at if sent else run.created_at).isoformat(),
            "record": dict(step.reading.raw) if step.reading else None,
            "not_ours": list(step.excluded_ids),
            "part": step.part,
            "sent": {name: getattr(sent.draft, name) for name in KEPT_AS_CHANGED} if sent else {},
            "source": inputs.source_of(row) if row else {},
        }
        if step.action_id:
            planned["action"] = step.action_id
        tried = plan.context.unanswered.with_closed(plan.not_arrived).tried(step, content_hash)
        if tried is not None:
            planned["tried"] = tried
        item.source_snapshot = planned
    return item


def _outcome(step: Step) -> str:
    if step.verb != Verb.BLOCK:
        return RunItem.Outcome.PLANNED
    return RunItem.Outcome.FAILED if step.is_undone else RunItem.Outcome.BLOCKED


def _entry_minutes(row: TimeEntry | None, plan: Plan) -> int:
    """Return the rounded minutes of an entry without a draft, for lists; 0 without a row."""
    return rounding.minutes(row.seconds or 0, plan.context.policy.rounding) if row else 0


def _unknown_item(run: Run, plan: Plan, action: Action) -> RunItem:
    row = plan.entries.get(action.entry_id)
    tried_at = action.tried_at or action.created_at
    return RunItem(
        run=run,
        entry_id=action.entry_id,
        verb=action.verb,
        outcome=RunItem.Outcome.UNKNOWN,
        gone=action.entry_id in plan.gone,
        why=plan.waits.get(action.entry_id, "It was sent before and no clear answer came."),
        reasons=[Reason(Code.OUTCOME_UNKNOWN, {"at": f"{tried_at:%Y-%m-%d %H:%M} UTC"}).as_row()],
        draft=action.source_snapshot.get("draft"),
        quickbooks_id=action.quickbooks_id,
        txn_date=action.txn_date,
        user_name=row.user_name if row else "",
        project_name=row.project_name if row else "",
        error_code=action.error_code,
        error_message=action.error_message,
        intuit_tid=action.intuit_tid,
    )
