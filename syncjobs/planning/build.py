"""Making a sync's plan: what each entry needs, checked against QuickBooks, saved before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date

from django.db import transaction

from integrations.models import TimeEntry
from integrations.quickbooks.client import QuickBooksClient
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
        """These steps alone, with or without the entries in doubt."""
        ids = {step.entry_id for step in steps}
        uncertain_writes = self.unknown if unknown else {}
        entries = {key: row for key, row in self.entries.items() if key in ids or key in uncertain_writes}
        sent = {key: one for key, one in self.sent.items() if key in ids}
        receipts = {key: one for key, one in self.context.receipts.items() if key in ids}
        return Plan(list(steps), entries, replace(self.context, receipts=receipts), sent, uncertain_writes, self.gone)

    def joined(self, other: Plan) -> Plan:
        receipts = {**self.context.receipts, **other.context.receipts}
        return Plan(
            self.steps + other.steps,
            self.entries | other.entries,
            replace(self.context, receipts=receipts),
            self.sent | other.sent,
            self.unknown | other.unknown,
            self.gone | other.gone,
        )


def intend(run: Run, context: PlanningContext, ids: Sequence[str], gone: Sequence[str]) -> Plan:
    """What should happen to these entries by our own books; those with a write in doubt wait until it is settled."""
    rows = {row.clockify_id: row for row in _rows(run, [*ids, *gone])}
    context = replace(context, receipts=inputs.receipts_by_entry(run.workspace, [*ids, *gone]))
    sent = {key: inputs.sent_of(receipt) for key, receipt in context.receipts.items()}
    item, resend = context.policy.service_item, bool(run.options.get("resend"))
    steps = []
    for entry_id in ids:
        if entry_id not in context.actions:
            entry = context.entry(rows[entry_id])
            resolution = context.resolve(entry)
            steps.append(changes.intend(entry, resolution, sent.get(entry_id), service_item=item, resend=resend))
    closed = context.policy.book_close_date
    left = [key for key in gone if key in sent and key not in context.actions]
    for key in left:
        if _is_left(rows.get(key), context.overrides.get(key)):
            steps.append(changes.leave_gone(key, sent[key]))
        else:
            steps.append(changes.intend_gone(key, sent[key], book_close_date=closed))
    unknown = {key: context.actions[key] for key in [*ids, *gone] if key in context.actions}
    return Plan(steps, rows, context, sent, unknown, frozenset(gone))


def _is_left(row: TimeEntry | None, override: EntryOverride | None) -> bool:
    """Ignored after it was known to be gone: ignoring an entry that is there says nothing about its deletion."""
    if row is None or row.deleted_at is None or override is None:
        return False
    return override.ignored and override.at >= row.deleted_at


def _rows(run: Run, ids: Sequence[str]) -> list[TimeEntry]:
    found: list[TimeEntry] = []
    for start in range(0, len(ids), 500):
        some = TimeEntry.objects.filter(workspace=run.workspace, clockify_id__in=ids[start : start + 500])
        found.extend(some.defer("raw"))
    return found


def check_against_quickbooks(made: Plan, client: QuickBooksClient) -> None:
    """Read what updates and deletes would touch, and look for time that somebody else put there already."""
    made.steps = _check_touched(made, client, made.steps)
    made.steps = check_existing_duplicates(made, client, made.steps)


def _check_touched(made: Plan, client: QuickBooksClient, steps: Sequence[Step]) -> list[Step]:
    touched = {step.entry_id: made.sent[step.entry_id] for step in steps if step.verb in {"update", "delete"}}
    if not touched:
        return list(steps)
    found = activities.by_ids(client, {sent.quickbooks_id for sent in touched.values()})
    checked = []
    for step in steps:
        sent = touched.get(step.entry_id)
        activity = found.get(sent.quickbooks_id) if sent else None
        reading = changes.ActivityReading(activity.sync_token, activity.billed, activity.raw) if activity else None
        checked.append(changes.against_quickbooks(step, sent, reading))
    _note_conflict(made, [step for step in checked if step.entry_id in touched])
    return checked


def _note_conflict(made: Plan, steps: Iterable[Step]) -> None:
    """Keep on the receipt what was found, so that pages can say it without asking QuickBooks again."""
    for step in steps:
        receipt = made.context.receipts[step.entry_id]
        conflict = step.reasons[0].code if step.verb == "block" else ""
        if receipt.conflict != conflict:
            receipt.conflict = conflict
            receipt.save(update_fields=["conflict"])


def check_existing_duplicates(made: Plan, client: QuickBooksClient, steps: Sequence[Step]) -> list[Step]:
    creates = [step for step in steps if step.verb == "create" and step.draft]
    if not creates:
        return list(steps)
    wanted = {key_of(step.draft) for step in creates if step.draft}
    days = {date.fromisoformat(step.draft.txn_date) for step in creates if step.draft}
    # A month may hold many thousands; only what could be a twin is kept.
    there = {one.id: key for one in activities.each_on_days(client, days) if (key := key_of_activity(one)) in wanted}
    unowned: dict[tuple[object, ...], list[str]] = {}
    for activity_id in there.keys() - Receipt.objects.owned_ids(client.company, there):
        unowned.setdefault(there[activity_id], []).append(activity_id)
    checked = []
    for step in steps:
        duplicates = unowned.get(key_of(step.draft), []) if step.verb == "create" and step.draft else []
        override = made.context.overrides.get(step.entry_id)
        checked.append(
            changes.against_existing_duplicates(step, duplicates, set_aside=override.send_anyway if override else ())
        )
    return checked


class PlanWriter:
    """A run's plan as it is written down, piece by piece; what this run has finished already stays as it is."""

    def __init__(self, run: Run) -> None:
        self._run = run
        final = {RunItem.Outcome.SENT, RunItem.Outcome.UPDATED, RunItem.Outcome.DELETED}
        self._done = set(run.items.filter(outcome__in=final).values_list("entry_id", flat=True))
        self._order = _order(run)
        self._seen = self._unchanged = 0
        run.items.filter(outcome=RunItem.Outcome.PLANNED).delete()

    def add(self, made: Plan) -> None:
        run, done = self._run, self._done
        # An entry that was blocked or in doubt in an earlier slice may have become something else by now.
        again = {step.entry_id for step in made.steps if step.verb != "keep"} | set(made.unknown)
        items = [_item(run, made, step) for step in made.steps if step.verb != "keep" and step.entry_id not in done]
        items += [_unknown_item(run, made, action) for key, action in made.unknown.items() if key not in done]
        items.sort(key=self._order)
        unchanged = [step for step in made.steps if step.verb == "keep" and step.entry_id not in done]
        for step in unchanged:
            if step.refresh_receipt and not run.dry_run:
                receipt, entry = made.context.receipts[step.entry_id], made.entries[step.entry_id]
                journal.refresh_receipt(receipt, content_hash=entry.content_hash, start_at=entry.start_at)
        with transaction.atomic():
            run.items.filter(entry_id__in=again - done).delete()
            RunItem.objects.bulk_create(items, batch_size=500)
        in_doubt = [key for key in made.unknown if key in made.entries and key not in made.gone]
        self._seen += len([step for step in made.steps if not step.gone]) + len(in_doubt)
        self._unchanged += len(unchanged)

    def counted_elsewhere(self, entries: int) -> None:
        """So many of the unchanged ones show as what an earlier run began."""
        self._unchanged -= entries

    def close(self) -> None:
        """The whole plan is written down."""
        run = self._run
        run.counters = {**run.counters, "seen": self._seen, "unchanged": self._unchanged}
        run.total = run.items.filter(outcome=RunItem.Outcome.PLANNED).count() + len(self._done)
        run.save(update_fields=["counters", "total"])

    def discard(self) -> None:
        """Nothing of it is to be carried out or shown."""
        self._run.items.exclude(entry_id__in=self._done).delete()


def failed_before(run: Run) -> set[str]:
    """What failed before goes last: one bad record must not keep the others from their turn."""
    failed = EntryStatus.objects.filter(workspace=run.workspace, state=EntryStatus.State.FAILED)
    return set(failed.values_list("entry__clockify_id", flat=True))


def _order(run: Run) -> Callable[[RunItem], tuple[bool, date, str]]:
    """Oldest day first, and what failed before last."""
    failed = failed_before(run)
    return lambda item: (item.entry_id in failed, item.txn_date or date.min, item.entry_id)


def _item(run: Run, made: Plan, step: Step) -> RunItem:
    row = made.entries.get(step.entry_id)
    sent = made.sent.get(step.entry_id)
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
        minutes=draft.minutes if draft else _length(row, made),
        quickbooks_id=sent.quickbooks_id if sent and step.verb != "create" else "",
        txn_date=date.fromisoformat(draft.txn_date) if draft else row.txn_date if row else None,
    )
    if row is not None:
        item.user_name, item.project_name = row.user_name, row.project_name
    if step.writes:
        item.source_snapshot = {
            "content_hash": row.content_hash if row else sent.content_hash if sent else "",
            "start_at": (row.start_at if row else sent.start_at if sent else run.created_at).isoformat(),
            "record": dict(step.reading.record) if step.reading else None,
            "not_ours": list(step.excluded_ids),
            "part": step.part,
        }
    return item


def _length(row: TimeEntry | None, made: Plan) -> int:
    """Minutes of an entry that is not sent, for lists."""
    return rounding.minutes(row.seconds or 0, made.context.policy.rounding) if row else 0


def _unknown_item(run: Run, made: Plan, action: Action) -> RunItem:
    row = made.entries.get(action.entry_id)
    tried = action.tried_at or action.created_at
    return RunItem(
        run=run,
        entry_id=action.entry_id,
        verb=action.verb,
        outcome=RunItem.Outcome.UNKNOWN,
        gone=action.entry_id in made.gone,
        why="It was sent before and no clear answer came.",
        reasons=[Reason("OUTCOME_UNKNOWN", {"at": f"{tried:%Y-%m-%d %H:%M} UTC"}).as_row()],
        draft=action.source_snapshot.get("draft"),
        quickbooks_id=action.quickbooks_id,
        txn_date=action.txn_date,
        user_name=row.user_name if row else "",
        project_name=row.project_name if row else "",
        error_code=action.error_code,
        error_message=action.error_message,
        intuit_tid=action.intuit_tid,
    )
