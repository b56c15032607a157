"""Making a sync's plan: what each entry needs, checked against QuickBooks, saved before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from integrations.models import TimeEntry
from integrations.quickbooks.client import QuickBooksClient
from syncjobs import activities, evaluate, hours, ledger, plan, queries
from syncjobs.activities import key_of, key_of_activity
from syncjobs.evaluate import Circumstances
from syncjobs.models import Action, EntryVerdict, Receipt, Run, RunItem
from syncjobs.plan import Sent, Step
from syncjobs.reasons import Reason
from syncjobs.window import Window


@dataclass
class Plan:
    steps: list[Step]
    entries: Mapping[str, TimeEntry]
    around: Circumstances
    sent: Mapping[str, Sent]
    unknown: Mapping[str, Action] = field(default_factory=dict)
    gone: Set[str] = frozenset()

    @property
    def has_writes(self) -> bool:
        return any(step.writes for step in self.steps)


def intend(run: Run, window: Window) -> Plan:
    """What should happen by our own books. Entries with a write in doubt are left alone until it is settled."""
    workspace = run.workspace
    ids = window.ids | window.gone
    rows = {row.clockify_id: row for row in _rows(run, ids)}
    around = evaluate.circumstances(workspace, ids, window.first, window.last)
    sent = {key: queries.sent_of(receipt) for key, receipt in around.receipts.items()}
    steps = []
    for entry_id in sorted(window.ids):
        if entry_id in around.actions:
            continue
        entry = around.entry(rows[entry_id])
        resolution, item = around.resolve(entry), around.policy.service_item
        resend = bool(run.options.get("resend"))
        steps.append(plan.intend(entry, resolution, sent.get(entry_id), service_item=item, resend=resend))
    gone = sorted(window.gone - set(around.actions))
    closed = around.policy.book_close_date
    steps.extend(plan.intend_gone(key, sent[key], book_close_date=closed) for key in gone if key in sent)
    unknown = {key: action for key, action in around.actions.items() if key in ids}
    return Plan(steps, rows, around, sent, unknown, frozenset(window.gone))


def _rows(run: Run, ids: Iterable[str]) -> list[TimeEntry]:
    wanted = sorted(ids)
    found: list[TimeEntry] = []
    for start in range(0, len(wanted), 500):
        some = TimeEntry.objects.filter(workspace=run.workspace, clockify_id__in=wanted[start : start + 500])
        found.extend(some.defer("raw"))
    return found


def check_against_quickbooks(run: Run, made: Plan, client: QuickBooksClient) -> None:
    """Read what updates and deletes would touch, and look for time that somebody else put there already."""
    made.steps = _check_touched(run, made, client, made.steps)
    made.steps = _check_twins(made, client, made.steps)


def _check_touched(run: Run, made: Plan, client: QuickBooksClient, steps: Sequence[Step]) -> list[Step]:
    touched = {step.entry_id: made.sent[step.entry_id] for step in steps if step.verb in {"update", "delete"}}
    if not touched:
        return list(steps)
    found = activities.by_ids(client, {sent.quickbooks_id for sent in touched.values()})
    checked = []
    for step in steps:
        sent = touched.get(step.entry_id)
        activity = found.get(sent.quickbooks_id) if sent else None
        reading = plan.Reading(activity.sync_token, activity.billed, activity.raw) if activity else None
        checked.append(plan.against_quickbooks(step, sent, reading))
    _note_trouble(run, [step for step in checked if step.entry_id in touched])
    return checked


def _note_trouble(run: Run, steps: Iterable[Step]) -> None:
    """Keep on the receipt what was found, so that pages can say it without asking QuickBooks again."""
    receipts = Receipt.objects.filter(company=run.company, workspace=run.workspace)
    for step in steps:
        trouble = step.reasons[0].code if step.verb == "block" else ""
        receipts.filter(entry_id=step.entry_id).exclude(trouble=trouble).update(trouble=trouble)


def _check_twins(made: Plan, client: QuickBooksClient, steps: Sequence[Step]) -> list[Step]:
    creates = [step for step in steps if step.verb == "create" and step.draft]
    if not creates:
        return list(steps)
    days = {date.fromisoformat(step.draft.txn_date) for step in creates if step.draft}
    found = {one.id: one for one in activities.on_days(client, days)}
    for ours in queries.owned_ids(client.company, found):
        del found[ours]
    strangers: dict[tuple[object, ...], list[str]] = {}
    for activity in found.values():
        strangers.setdefault(key_of_activity(activity), []).append(activity.id)
    checked = []
    for step in steps:
        twins = strangers.get(key_of(step.draft), []) if step.verb == "create" and step.draft else []
        override = made.around.overrides.get(step.entry_id)
        checked.append(plan.against_twins(step, twins, set_aside=override.send_anyway if override else ()))
    return checked


def save(run: Run, made: Plan, *, now: datetime) -> None:
    """Replace the run's plan; what this run has finished already stays as it is."""
    finished = set(run.items.exclude(outcome=RunItem.Outcome.PLANNED).values_list("entry_id", flat=True))
    # An entry that was blocked or in doubt in an earlier slice may have become something else by now.
    again = {step.entry_id for step in made.steps if step.verb != "keep"} | set(made.unknown)
    final = {RunItem.Outcome.SENT, RunItem.Outcome.UPDATED, RunItem.Outcome.DELETED}
    done = set(run.items.filter(outcome__in=final).values_list("entry_id", flat=True))
    items = [_item(run, made, step) for step in made.steps if step.verb != "keep" and step.entry_id not in done]
    items += [_unknown_item(run, made, action) for key, action in made.unknown.items() if key not in done]
    items.sort(key=_order(run))
    unchanged = [step for step in made.steps if step.verb == "keep" and step.entry_id not in done]
    for step in unchanged:
        if step.touch and not run.dry_run:
            receipt, entry = made.around.receipts[step.entry_id], made.entries[step.entry_id]
            ledger.touch(receipt, content_hash=entry.content_hash, start_at=entry.start_at)
    in_doubt = [key for key in made.unknown if key in made.entries and key not in made.gone]
    seen = len([step for step in made.steps if not step.gone]) + len(in_doubt)
    with transaction.atomic():
        run.items.filter(entry_id__in=(finished & again) - done).delete()
        run.items.filter(outcome=RunItem.Outcome.PLANNED).delete()
        RunItem.objects.bulk_create(items, batch_size=500)
        run.counters = {**run.counters, "seen": seen, "unchanged": len(unchanged)}
        run.total = len([item for item in items if item.outcome == RunItem.Outcome.PLANNED]) + len(done)
        run.save(update_fields=["counters", "total"])


def _order(run: Run) -> Callable[[RunItem], tuple[bool, date, str]]:
    """Oldest day first, but what failed before goes last: one bad record must not keep the others from their turn."""
    failed = EntryVerdict.objects.filter(workspace=run.workspace, state=EntryVerdict.State.FAILED)
    failed_before = set(failed.values_list("entry__clockify_id", flat=True))
    return lambda item: (item.entry_id in failed_before, item.txn_date or date.min, item.entry_id)


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
        quickbooks_id=sent.quickbooks_id if sent else "",
        txn_date=date.fromisoformat(draft.txn_date) if draft else row.txn_date if row else None,
    )
    if row is not None:
        item.user_name, item.project_name = row.user_name, row.project_name
    if step.writes:
        item.basis = {
            "content_hash": row.content_hash if row else sent.content_hash if sent else "",
            "start_at": (row.start_at if row else sent.start_at if sent else run.created_at).isoformat(),
            "record": dict(step.reading.record) if step.reading else None,
            "not_ours": list(step.not_ours),
        }
    return item


def _length(row: TimeEntry | None, made: Plan) -> int:
    """Minutes of an entry that is not sent, for lists."""
    return hours.minutes(row.seconds or 0, made.around.policy.rounding) if row else 0


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
        draft=action.basis.get("draft"),
        quickbooks_id=action.quickbooks_id,
        txn_date=action.txn_date,
        user_name=row.user_name if row else "",
        project_name=row.project_name if row else "",
        error_code=action.error_code,
        error_message=action.error_message,
        intuit_tid=action.intuit_tid,
    )
