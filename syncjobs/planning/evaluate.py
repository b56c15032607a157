"""The state of every mirrored entry now, with every reason, and what each unmatched record holds back. No network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from integrations.models import TimeEntry, Workspace
from mapping import queries as mapping
from mapping import rematch
from mapping.rematch import Held
from syncjobs.models import Action, EntryStatus, Receipt
from syncjobs.planning import inputs
from syncjobs.planning.inputs import PlanningContext
from syncjobs.rules import changes
from syncjobs.rules.eligibility import Entry, Policy, Resolution
from syncjobs.rules.reasons import Reason, holds

State = EntryStatus.State
# Found out by asking QuickBooks; stays until the entry changes, a person decides, or a run asks again.
ASKED_REASONS = {"ALREADY_IN_QUICKBOOKS", "QUICKBOOKS_REFUSED", "BOOKS_CLOSED"}
# Entries judged at once: memory stays the same however many there are.
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Evaluation:
    state: str
    reasons: tuple[dict[str, Any], ...]
    minutes: int

    @property
    def codes(self) -> set[str]:
        return {row["code"] for row in self.reasons}


def judge(entry: Entry, context: PlanningContext, earlier: EntryStatus | None) -> Evaluation:
    """One entry's state by our own books; what QuickBooks said before is kept while the entry is the same."""
    resolution = context.resolve(entry)
    action = context.actions.get(entry.id)
    if action is not None:
        return _unknown(action, resolution.minutes)
    receipt = context.receipts.get(entry.id)
    reasons = tuple(reason.as_row() for reason in resolution.reasons)
    if receipt is not None:
        return _judge_sent(entry, resolution, receipt, context.policy, earlier)
    if "IGNORED" in resolution.codes:
        return Evaluation(State.IGNORED, reasons, resolution.minutes)
    if not resolution.may_go:
        return Evaluation(State.BLOCKED, reasons, resolution.minutes)
    asked = _asked_before(entry, earlier)
    if asked:
        refused = any(row["code"] == "QUICKBOOKS_REFUSED" for row in asked)
        return Evaluation(State.FAILED if refused else State.BLOCKED, asked, resolution.minutes)
    return Evaluation(State.READY, (), resolution.minutes)


def judge_gone(
    receipt: Receipt | None, action: Action | None, earlier: EntryStatus | None, *, policy: Policy
) -> Evaluation:
    """An entry that Clockify no longer has: deleted, unless its time is in QuickBooks still, or may be."""
    if action is not None:
        return _unknown(action, receipt.minutes if receipt else 0)
    if receipt is None:
        return Evaluation(State.DELETED, (), 0)
    step = changes.intend_gone(
        receipt.entry_id,
        inputs.sent_of(receipt),
        book_close_date=policy.book_close_date,
        whole_connection=policy.whole_connection,
    )
    rows = (*_conflict(receipt), *(reason.as_row() for reason in step.reasons))
    asked = [row for row in earlier.reasons if row.get("code") in ASKED_REASONS] if earlier else []
    return Evaluation(State.CHANGED, rows or tuple(asked), receipt.minutes)


def _unknown(action: Action, minutes: int) -> Evaluation:
    tried = action.tried_at or action.created_at
    reason = Reason("OUTCOME_UNKNOWN", {"at": f"{tried:%Y-%m-%d %H:%M} UTC"})
    return Evaluation(State.UNKNOWN, (reason.as_row(),), minutes)


def _judge_sent(
    entry: Entry, resolution: Resolution, receipt: Receipt, policy: Policy, earlier: EntryStatus | None
) -> Evaluation:
    step = changes.intend(entry, resolution, inputs.sent_of(receipt), service_item=policy.service_item)
    if step.verb == "keep":
        return Evaluation(State.SENT, (), receipt.minutes)
    if step.writes:
        return Evaluation(State.CHANGED, _conflict(receipt) or _asked_before(entry, earlier), resolution.minutes)
    return Evaluation(State.CHANGED, tuple(reason.as_row() for reason in step.reasons), resolution.minutes)


def _conflict(receipt: Receipt) -> tuple[dict[str, Any], ...]:
    """What people did to the activity in QuickBooks, as it was last read."""
    if not receipt.conflict:
        return ()
    how = {"how": "changed or deleted"} if receipt.conflict == "CHANGED_IN_QUICKBOOKS" else {}
    return (Reason(receipt.conflict, how).as_row(),)


def _asked_before(entry: Entry, earlier: EntryStatus | None) -> tuple[dict[str, Any], ...]:
    if earlier is None or earlier.content_hash != entry.content_hash:
        return ()
    return tuple(
        row for row in earlier.reasons if row.get("code") in ASKED_REASONS and row["code"] not in entry.set_aside
    )


def save(
    workspace: Workspace, rows: Sequence[TimeEntry], evaluations: Mapping[str, Evaluation], *, now: datetime
) -> None:
    """Write the statuses of these entries, new or not. Most are what they were: those only get the new time."""
    judged = [row for row in rows if row.clockify_id in evaluations]
    for start in range(0, len(judged), CHUNK):
        some = judged[start : start + CHUNK]
        kept = _kept(some)
        made = [_row(workspace, row, evaluations[row.clockify_id], now) for row in some]
        changed = [one for one in made if kept.get(one.entry_id) != _content(one)]
        same = [one.entry_id for one in made if kept.get(one.entry_id) == _content(one)]
        EntryStatus.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["entry"],
            update_fields=[*CONTENT, "evaluated_at"],
            batch_size=500,
        )
        EntryStatus.objects.filter(entry_id__in=same).update(evaluated_at=now)


CONTENT = ("state", "reasons", "held", "minutes", "content_hash")


def _kept(rows: Sequence[TimeEntry]) -> dict[int, tuple[Any, ...]]:
    found = EntryStatus.objects.filter(entry_id__in=[row.pk for row in rows]).values_list("entry_id", *CONTENT)
    return {entry_id: tuple(content) for entry_id, *content in found}


def _content(row: EntryStatus) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in CONTENT)


def _row(workspace: Workspace, row: TimeEntry, evaluation: Evaluation, now: datetime) -> EntryStatus:
    return EntryStatus(
        entry=row,
        workspace=workspace,
        state=evaluation.state,
        reasons=list(evaluation.reasons),
        held=evaluation.state == State.BLOCKED and holds(evaluation.codes),
        minutes=evaluation.minutes,
        content_hash=row.content_hash,
        evaluated_at=now,
    )


def earlier_statuses(rows: Sequence[TimeEntry], *, states: Sequence[str] = ()) -> dict[int, EntryStatus]:
    """What was known of these entries, by their key; with `states`, only statuses of these."""
    wanted = EntryStatus.objects.filter(state__in=states) if states else EntryStatus.objects.all()
    found: dict[int, EntryStatus] = {}
    for start in range(0, len(rows), 500):
        ids = [row.pk for row in rows[start : start + 500]]
        found.update({one.entry_id: one for one in wanted.filter(entry_id__in=ids)})
    return found


def evaluate(workspace: Workspace, rows: Sequence[TimeEntry], *, now: datetime) -> dict[str, Evaluation]:
    """Judge and save these entries."""
    return _judge_rows(workspace, rows, inputs.load_context(workspace), now=now) if rows else {}


def _judge_rows(
    workspace: Workspace, rows: Sequence[TimeEntry], context: PlanningContext, *, now: datetime
) -> dict[str, Evaluation]:
    context = replace(context, receipts=inputs.receipts_by_entry(workspace, [row.clockify_id for row in rows]))
    earlier = earlier_statuses(rows)
    evaluations = {row.clockify_id: judge(context.entry(row), context, earlier.get(row.pk)) for row in rows}
    save(workspace, rows, evaluations, now=now)
    return evaluations


def refresh(workspace: Workspace, *, now: datetime, compare_names: bool = False) -> None:
    """Match anew and judge every entry since the start date; in each check, and where a rule was changed.

    `compare_names`: look for likely partners anew, which takes long where many names have none. Whoever has read the
    vendors' lists says so; else those found before are taken over, less the ones that are taken by now.
    """
    workspace.refresh_from_db()
    matched = rematch.rematch(workspace, now=now, anew=compare_names)
    _judge_all(workspace, inputs.entries_between(workspace, workspace.start_date), now=now)
    rematch.save_mismatches(workspace, matched, _held(workspace), now=now)


@contextmanager
def deciding(workspace: Workspace, *, now: datetime) -> Iterator[None]:
    """What people decide about records inside of it is matched and judged at its end, as `refresh` would do.

    Only entries of records that were decided about, or that the rule links or suspends because of that, are judged.
    """
    since = mapping.last_decision(workspace)
    yield
    workspace.refresh_from_db()
    matched = rematch.rematch(workspace, now=now, anew=False)
    moved = mapping.decided_since(workspace, since) | {(link.kind, link.clockify_id) for link in matched.outcome.links}
    ids: dict[str, set[str]] = {kind: set() for kind in mapping.KINDS}
    for kind, clockify_id in moved | set(matched.outcome.suspend):
        ids.setdefault(kind, set()).add(clockify_id)
    theirs = Q(user_id__in=ids["user"]) | Q(client_id__in=ids["client"]) | Q(project_id__in=ids["project"])
    rows = inputs.entries_between(workspace, workspace.start_date).filter(theirs | Q(status=None))
    _judge_all(workspace, rows, now=now)
    rematch.save_mismatches(workspace, matched, _held(workspace), now=now)


def _judge_all(workspace: Workspace, entries: QuerySet[TimeEntry], *, now: datetime) -> None:
    context = inputs.load_context(workspace)
    waiting = list(entries.values_list("pk", flat=True))
    for start in range(0, len(waiting), CHUNK):
        rows = list(TimeEntry.objects.filter(pk__in=waiting[start : start + CHUNK]).defer("raw"))
        _judge_rows(workspace, rows, context, now=now)


def _held(workspace: Workspace) -> dict[mapping.Key, Held]:
    """The minutes that wait for each Clockify record: time that nothing by rule keeps out."""
    held: dict[mapping.Key, Held] = {}
    waiting = EntryStatus.objects.filter(workspace=workspace, state__in=[State.BLOCKED, State.CHANGED])
    waiting = waiting.filter(entry__deleted_at=None)
    if workspace.start_date is not None:
        waiting = waiting.filter(entry__txn_date__gte=workspace.start_date)
    for reasons, minutes, day in waiting.values_list("reasons", "minutes", "entry__txn_date"):
        if holds({reason["code"] for reason in reasons}):
            for key in {(reason["kind"], reason["id"]) for reason in reasons if "kind" in reason}:
                held.setdefault(key, Held()).add(minutes, day)
    return held


def mark_deleted(
    workspace: Workspace,
    entry_ids: Iterable[str],
    *,
    now: datetime,
    found: Mapping[str, Sequence[dict[str, Any]]] | None = None,
) -> None:
    """Entries that Clockify says are gone: kept in the mirror, with what became of their time.

    `found`: why their time could not be deleted just now, by entry.
    """
    ids = list(entry_ids)
    TimeEntry.objects.filter(workspace=workspace, clockify_id__in=ids, deleted_at=None).update(deleted_at=now)
    rows = list(TimeEntry.objects.filter(workspace=workspace, clockify_id__in=ids))
    receipts = {one.entry_id: one for one in Receipt.objects.own_activities(workspace).filter(entry_id__in=ids)}
    actions, earlier, policy = inputs.open_actions(workspace), earlier_statuses(rows), inputs.policy_of(workspace)
    evaluations = {}
    for row in rows:
        key = row.clockify_id
        evaluation = judge_gone(receipts.get(key), actions.get(key), earlier.get(row.pk), policy=policy)
        if found and found.get(key) and evaluation.state == State.CHANGED:
            evaluation = replace(evaluation, reasons=tuple(found[key]))
        evaluations[key] = evaluation
    save(workspace, rows, evaluations, now=now)
