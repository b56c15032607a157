"""A sync's plan: what each entry needs, checked against QuickBooks, saved before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date

from django.db import transaction

from integrations.models import TimeEntry
from integrations.quickbooks.client import QuickBooksApiClient
from syncjobs.ledger import activities, journal
from syncjobs.ledger.activities import key_of, key_of_activity
from syncjobs.models import Action, EntryOverride, EntryStatus, Receipt, Run, RunItem
from syncjobs.planning import inputs
from syncjobs.planning.inputs import PlanningContext
from syncjobs.rules import changes, rounding
from syncjobs.rules.changes import Sent, Step
from syncjobs.rules.reasons import Reason


@dataclass
class Plan:
    """Steps with the rows they were made from. `unknown`: open actions by entry id; `gone`: ids deleted in Clockify."""

    steps: list[Step]
    entries: dict[str, TimeEntry]
    context: PlanningContext
    sent: dict[str, Sent]
    unknown: dict[str, Action] = field(default_factory=dict)
    gone: Set[str] = frozenset()

    @property
    def has_writes(self) -> bool:
        return any(step.writes for step in self.steps)

    def part(self, steps: Sequence[Step], *, unknown: bool) -> Plan:
        """Return a plan of these steps alone, with or without the entries whose write has an unknown outcome."""
        ids = {step.entry_id for step in steps}
        uncertain_writes = self.unknown if unknown else {}
        entries = {key: row for key, row in self.entries.items() if key in ids or key in uncertain_writes}
        sent = {key: value for key, value in self.sent.items() if key in ids}
        receipts = {key: value for key, value in self.context.receipts.items() if key in ids}
        return Plan(list(steps), entries, replace(self.context, receipts=receipts), sent, uncertain_writes, self.gone)

    def joined(self, plan: Plan) -> Plan:
        """Return both plans as one; the context is this one's, with the receipts of both."""
        receipts = {**self.context.receipts, **plan.context.receipts}
        return Plan(
            self.steps + plan.steps,
            self.entries | plan.entries,
            replace(self.context, receipts=receipts),
            self.sent | plan.sent,
            self.unknown | plan.unknown,
            self.gone | plan.gone,
        )


def intend(run: Run, context: PlanningContext, ids: Sequence[str], gone: Sequence[str]) -> Plan:
    """Return the plan by our own records alone: `ids` are entries that Clockify has, `gone` those that were deleted.

    Entries with an open action get no step: a second write before the first is settled could book the time twice.
    """
    rows = {row.clockify_id: row for row in _rows(run, [*ids, *gone])}
    context = replace(context, receipts=inputs.receipts_by_entry(run.workspace, [*ids, *gone]))
    sent = {key: inputs.sent_of(receipt) for key, receipt in context.receipts.items()}
    service_item, resend = context.policy.service_item, bool(run.options.get("resend"))
    steps = []
    for entry_id in ids:
        if entry_id not in context.actions:
            entry = context.entry(rows[entry_id])
            resolution = context.resolve(entry)
            steps.append(
                changes.intend(entry, resolution, sent.get(entry_id), service_item=service_item, resend=resend)
            )
    closed = context.policy.book_close_date
    deleted_ids = [key for key in gone if key in sent and key not in context.actions]
    for key in deleted_ids:
        if _was_ignored_after_deletion(rows.get(key), context.overrides.get(key)):
            steps.append(changes.leave_gone(key, sent[key]))
        else:
            steps.append(changes.intend_gone(key, sent[key], book_close_date=closed))
    unknown = {key: context.actions[key] for key in [*ids, *gone] if key in context.actions}
    return Plan(steps, rows, context, sent, unknown, frozenset(gone))


def _was_ignored_after_deletion(row: TimeEntry | None, override: EntryOverride | None) -> bool:
    """Return True where a person ignored the entry knowing that it was deleted in Clockify.

    Ignoring an entry that still exists says nothing about its deletion.
    """
    if row is None or row.deleted_at is None or override is None:
        return False
    return override.ignored and override.at >= row.deleted_at


def _rows(run: Run, ids: Sequence[str]) -> list[TimeEntry]:
    rows: list[TimeEntry] = []
    # In chunks: SQLite limits the parameters of one query.
    for start in range(0, len(ids), 500):
        chunk = TimeEntry.objects.filter(workspace=run.workspace, clockify_id__in=ids[start : start + 500])
        rows.extend(chunk.defer("raw"))
    return rows


def check_against_quickbooks(plan: Plan, client: QuickBooksApiClient) -> None:
    """Compare the planned writes with what QuickBooks has now, and replace the plan's steps. Raises ApiError.

    Reads the activities that updates and deletes would change, and looks for equal time that others entered.
    """
    plan.steps = _check_changed_in_quickbooks(plan, client, plan.steps)
    plan.steps = check_existing_duplicates(plan, client, plan.steps)


def _check_changed_in_quickbooks(plan: Plan, client: QuickBooksApiClient, steps: Sequence[Step]) -> list[Step]:
    """Hold updates and deletes of activities that were billed, changed or deleted since they were sent."""
    touched = {step.entry_id: plan.sent[step.entry_id] for step in steps if step.verb in {"update", "delete"}}
    if not touched:
        return list(steps)
    activities_by_id = activities.by_ids(client, {sent.quickbooks_id for sent in touched.values()})
    checked = []
    for step in steps:
        sent = touched.get(step.entry_id)
        activity = activities_by_id.get(sent.quickbooks_id) if sent else None
        checked.append(changes.against_quickbooks(step, sent, activity))
    _save_conflicts(plan, [step for step in checked if step.entry_id in touched])
    return checked


def _save_conflicts(plan: Plan, steps: Iterable[Step]) -> None:
    """Store each conflict, or that there is none, on the receipt: pages show it without a call to QuickBooks."""
    for step in steps:
        receipt = plan.context.receipts[step.entry_id]
        conflict = step.reasons[0].code if step.verb == "block" else ""
        if receipt.conflict != conflict:
            receipt.conflict = conflict
            receipt.save(update_fields=["conflict"])


def check_existing_duplicates(plan: Plan, client: QuickBooksApiClient, steps: Sequence[Step]) -> list[Step]:
    """Hold creates whose time is in QuickBooks without a receipt of ours; returns all steps. Raises ApiError."""
    creates = [step for step in steps if step.verb == "create" and step.draft]
    if not creates:
        return list(steps)
    planned_keys = {key_of(step.draft) for step in creates if step.draft}
    days = {date.fromisoformat(step.draft.txn_date) for step in creates if step.draft}
    # A month may hold many thousands of activities; only possible duplicates are kept in memory.
    key_by_activity_id = {
        activity.id: key
        for activity in activities.each_on_days(client, days)
        if (key := key_of_activity(activity)) in planned_keys
    }
    unowned: dict[tuple[object, ...], list[str]] = {}
    for activity_id in key_by_activity_id.keys() - Receipt.objects.owned_ids(client.company, key_by_activity_id):
        unowned.setdefault(key_by_activity_id[activity_id], []).append(activity_id)
    checked = []
    for step in steps:
        duplicates = unowned.get(key_of(step.draft), []) if step.verb == "create" and step.draft else []
        override = plan.context.overrides.get(step.entry_id)
        checked.append(
            changes.against_existing_duplicates(step, duplicates, set_aside=override.send_anyway if override else ())
        )
    return checked


class PlanWriter:
    """Saves a run's plan in chunks, as run items. Items that this run has finished already stay as they are."""

    def __init__(self, run: Run) -> None:
        self._run = run
        final = {RunItem.Outcome.SENT, RunItem.Outcome.UPDATED, RunItem.Outcome.DELETED}
        self._done = set(run.items.filter(outcome__in=final).values_list("entry_id", flat=True))
        self._sort_key = _sort_key(run)
        self._seen = self._unchanged = 0
        # A resumed run plans again what it has not finished.
        run.items.filter(outcome=RunItem.Outcome.PLANNED).delete()

    def add(self, plan: Plan) -> None:
        """Save one chunk of the plan, and bring the receipts of entries edited without effect up to date."""
        run, done = self._run, self._done
        # An earlier slice of the run may have saved the entry as blocked or unknown; its old item is replaced.
        replanned_ids = {step.entry_id for step in plan.steps if step.verb != "keep"} | set(plan.unknown)
        items = [_item(run, plan, step) for step in plan.steps if step.verb != "keep" and step.entry_id not in done]
        items += [_unknown_item(run, plan, action) for key, action in plan.unknown.items() if key not in done]
        items.sort(key=self._sort_key)
        unchanged = [step for step in plan.steps if step.verb == "keep" and step.entry_id not in done]
        for step in unchanged:
            if step.refresh_receipt and not run.dry_run:
                receipt, entry = plan.context.receipts[step.entry_id], plan.entries[step.entry_id]
                journal.refresh_receipt(receipt, content_hash=entry.content_hash, start_at=entry.start_at)
        # Together: a crash in between must not leave an entry without its item.
        with transaction.atomic():
            run.items.filter(entry_id__in=replanned_ids - done).delete()
            RunItem.objects.bulk_create(items, batch_size=500)
        unknown_ids = [key for key in plan.unknown if key in plan.entries and key not in plan.gone]
        self._seen += len([step for step in plan.steps if not step.gone]) + len(unknown_ids)
        self._unchanged += len(unchanged)

    def counted_elsewhere(self, entries: int) -> None:
        """Take this number of entries out of the unchanged ones: they are shown with an earlier run's write."""
        self._unchanged -= entries

    def close(self) -> None:
        """Save the run's counters and total once every chunk is added."""
        run = self._run
        run.counters = {**run.counters, "seen": self._seen, "unchanged": self._unchanged}
        run.total = run.items.filter(outcome=RunItem.Outcome.PLANNED).count() + len(self._done)
        run.save(update_fields=["counters", "total"])

    def discard(self) -> None:
        """Delete the items of the plan, apart from those that this run has finished."""
        self._run.items.exclude(entry_id__in=self._done).delete()


def failed_before(run: Run) -> set[str]:
    """Return the ids of entries that failed before. They go last, so that bad records do not hold up good ones."""
    failed = EntryStatus.objects.filter(workspace=run.workspace, state=EntryStatus.State.FAILED)
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
        outcome=RunItem.Outcome.BLOCKED if step.verb == "block" else RunItem.Outcome.PLANNED,
        gone=step.gone,
        why=step.why,
        reasons=[reason.as_row() for reason in step.reasons],
        warnings=list(step.warnings),
        draft=draft.as_row() if draft else None,
        minutes=draft.minutes if draft else _entry_minutes(row, plan),
        quickbooks_id=sent.quickbooks_id if sent and step.verb != "create" else "",
        txn_date=date.fromisoformat(draft.txn_date) if draft else row.txn_date if row else None,
    )
    if row is not None:
        item.user_name, item.project_name = row.user_name, row.project_name
    if step.writes:
        # Stored keys keep their first names: older rows have them.
        item.source_snapshot = {
            "content_hash": row.content_hash if row else sent.content_hash if sent else "",
            "start_at": (row.start_at if row else sent.start_at if sent else run.created_at).isoformat(),
            "record": dict(step.reading.raw) if step.reading else None,
            "not_ours": list(step.excluded_ids),
            "part": step.part,
        }
    return item


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
        why="It was sent before and no clear answer came.",
        reasons=[Reason("OUTCOME_UNKNOWN", {"at": f"{tried_at:%Y-%m-%d %H:%M} UTC"}).as_row()],
        draft=action.source_snapshot.get("draft"),
        quickbooks_id=action.quickbooks_id,
        txn_date=action.txn_date,
        user_name=row.user_name if row else "",
        project_name=row.project_name if row else "",
        error_code=action.error_code,
        error_message=action.error_message,
        intuit_tid=action.intuit_tid,
    )
