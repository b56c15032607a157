"""The state of every mirrored entry with every reason, and the minutes each unmatched record blocks. No network."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db.models import QuerySet

from integrations.clockify import named_in_entries
from integrations.models import TimeEntry, Workspace
from integrations.quickbooks.sales_forms import KINDS
from mapping import name_index, neighborhood, rematch
from mapping import queries as mapping
from mapping.desk.mismatch_rows import Held
from mapping.matched import Matched
from syncjobs.models import Action, EntryStatus, Receipt
from syncjobs.planning import inputs, retirement
from syncjobs.planning.context import PlanningContext, load_context
from syncjobs.rules.codes import ByHand, Code
from syncjobs.rules.drafts.eligibility import Entry, Resolution
from syncjobs.rules.reasons import NO_WORK, Reason, ReasonRow, cause, holds, is_given_up, is_on_the_way
from syncjobs.rules.steps import changes
from syncjobs.rules.steps.many_deletions import MANY_MISSING
from syncjobs.rules.verbs import Verb

State = EntryStatus.State
# Known only from QuickBooks' answers: kept until the entry changes, a person decides, or a run asks again.
QUICKBOOKS_REASONS = {Code.ALREADY_IN_QUICKBOOKS, Code.QUICKBOOKS_REFUSED, Code.BOOKS_CLOSED, Code.INVOICES_NOT_READ}
REMEMBERED_OF_GONE = QUICKBOOKS_REASONS | {MANY_MISSING}
# Entries evaluated at once, so that memory does not grow with their number.
CHUNK = 1000
# How often matching begins again because somebody decided meanwhile; whoever decided last saves the rows.
MAX_TRIES = 3


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An entry's state with its stored reason rows, its minutes after rounding, and its warnings' codes."""

    state: str
    reasons: tuple[ReasonRow, ...]
    minutes: int
    warnings: tuple[str, ...] = ()

    @property
    def codes(self) -> set[str]:
        return {row["code"] for row in self.reasons}


def evaluate_entry(entry: Entry, context: PlanningContext, earlier: EntryStatus | None) -> Evaluation:
    """Return one entry's state by our own records; QuickBooks' earlier reasons stay while the entry is unchanged."""
    resolution = context.resolve(entry)
    action = context.actions.get(entry.id)
    # Before everything else: until its open write is settled, the entry's state in QuickBooks is unknown.
    if action is not None:
        return _unknown(action, resolution.minutes)
    receipt = context.receipts.get(entry.id)
    reasons = tuple(reason.as_row() for reason in resolution.reasons)
    if receipt is not None:
        return _evaluate_sent(entry, resolution, receipt, context, earlier)
    if Code.IGNORED in resolution.codes:
        return Evaluation(State.IGNORED, reasons, resolution.minutes)
    if not resolution.may_go:
        return Evaluation(State.BLOCKED, reasons, resolution.minutes)
    given_up = context.unanswered.refusal(entry.id, Verb.CREATE, entry.content_hash)
    if given_up is not None:
        return Evaluation(State.BLOCKED, (given_up.as_row(),), resolution.minutes)
    remembered = _remembered_reasons(entry, earlier)
    if remembered:
        refused = any(row["code"] == Code.QUICKBOOKS_REFUSED for row in remembered)
        return Evaluation(State.FAILED if refused else State.BLOCKED, remembered, resolution.minutes)
    return Evaluation(State.READY, (), resolution.minutes)


def evaluate_deleted(
    receipt: Receipt | None, context: PlanningContext, entry_id: str, content_hash: str, earlier: EntryStatus | None
) -> Evaluation:
    """Return the state of an entry deleted in Clockify: DELETED, unless its time is still, or may be, in QuickBooks."""
    action, policy = context.actions.get(entry_id), context.policy
    if action is not None:
        return _unknown(action, receipt.minutes if receipt else 0)
    if receipt is None:
        return Evaluation(State.DELETED, (), 0)
    override = context.overrides.get(entry_id)
    if override is not None and override.kept:
        return Evaluation(State.SENT, (), receipt.minutes)
    step = changes.intend_gone(
        receipt.entry_id,
        inputs.sent_of(receipt),
        closed=policy.closed,
        whole_connection=policy.whole_connection,
    )
    step = context.unanswered.hold(step, content_hash)
    rows = (*_conflict(receipt), *(reason.as_row() for reason in step.reasons))
    remembered = [row for row in earlier.reasons if _is_by_answer(row, REMEMBERED_OF_GONE)] if earlier else []
    return Evaluation(State.CHANGED, rows or tuple(remembered), receipt.minutes)


def _unknown(action: Action, minutes: int) -> Evaluation:
    tried_at = action.tried_at or action.created_at
    on_the_way = {"in_flight": action.tried_in} if action.in_flight else {}
    reason = Reason(Code.OUTCOME_UNKNOWN, {"at": f"{tried_at:%Y-%m-%d %H:%M} UTC", **on_the_way})
    return Evaluation(State.UNKNOWN, (reason.as_row(),), minutes)


def _evaluate_sent(
    entry: Entry, resolution: Resolution, receipt: Receipt, context: PlanningContext, earlier: EntryStatus | None
) -> Evaluation:
    """Return SENT where nothing is to be written, else CHANGED, with the reasons why it can't be written, if any."""
    if ("entry", entry.id) in context.mapping_table.unreadable:
        # Its time stays untouched, so it is as it was sent.
        unreadable = [reason.as_row() for reason in resolution.reasons if reason.code == Code.UNREADABLE]
        return Evaluation(State.SENT, tuple(unreadable), receipt.minutes)
    step = changes.intend(entry, resolution, inputs.sent_of(receipt))
    step = context.unanswered.hold(step, entry.content_hash, ignored=entry.ignored)
    if step.verb == Verb.KEEP:
        return Evaluation(State.SENT, (), receipt.minutes, step.warnings)
    if step.writes:
        # Why one of many deletions waits for review. Time that is there already was about a first write, and ended
        # when a person adopted the activity.
        causes = NO_WORK if step.verb == Verb.DELETE else set()
        remembered = _remembered_reasons(entry, earlier, (QUICKBOOKS_REASONS | causes) - {Code.ALREADY_IN_QUICKBOOKS})
        return Evaluation(State.CHANGED, _conflict(receipt) or remembered, resolution.minutes)
    return Evaluation(State.CHANGED, tuple(reason.as_row() for reason in step.reasons), resolution.minutes)


def _conflict(receipt: Receipt) -> tuple[ReasonRow, ...]:
    """Return the reason row for what people did to the activity in QuickBooks, as of its last reading."""
    if not receipt.conflict:
        return ()
    is_changed = receipt.conflict == Code.CHANGED_IN_QUICKBOOKS
    facts = {"how": ByHand.CHANGED_OR_DELETED} if is_changed else receipt.billed_on or {}
    return (Reason(receipt.conflict, facts).as_row(),)


def _remembered_reasons(
    entry: Entry, earlier: EntryStatus | None, codes: Set[str] = QUICKBOOKS_REASONS
) -> tuple[ReasonRow, ...]:
    """Return the earlier reasons of these codes if the content is the same, without those that a person set aside."""
    if earlier is None or earlier.content_hash != entry.content_hash:
        return ()
    return tuple(row for row in earlier.reasons if _is_by_answer(row, codes) and row["code"] not in entry.set_aside)


def _is_by_answer(row: Mapping[str, Any], codes: Set[str] = QUICKBOOKS_REASONS) -> bool:
    """Return whether a stored reason row of these codes is known from QuickBooks' answers only."""
    if row.get("code") == Code.LINE_RULE_BROKEN:
        return bool(row.get("answered"))
    is_of_form = row.get("code") == Code.UNREADABLE and row.get("record") in KINDS.values()
    return is_of_form or (row.get("code") in codes and not is_given_up(row))


def save(
    workspace: Workspace, rows: Sequence[TimeEntry], evaluations: Mapping[str, Evaluation], *, now: datetime
) -> None:
    """Save the statuses of these entries. Unchanged ones, which are most, only get the new time."""
    evaluated = [row for row in rows if row.clockify_id in evaluations]
    for start in range(0, len(evaluated), CHUNK):
        chunk = evaluated[start : start + CHUNK]
        stored_contents, since = _stored_contents(chunk)
        statuses = [_status(workspace, row, evaluations[row.clockify_id], now) for row in chunk]
        for status in statuses:
            state, cause_then, at = since.get(status.entry_id, ("", "", None))
            is_unchanged = (state, cause_then) == (status.state, status.cause)
            status.since = at if is_unchanged else now
        changed = [status for status in statuses if stored_contents.get(status.entry_id) != _content(status)]
        same = [status.entry_id for status in statuses if stored_contents.get(status.entry_id) == _content(status)]
        # Writing equal rows again made each decision slow (decision 9).
        EntryStatus.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["entry"],
            update_fields=[*CONTENT, "since", "evaluated_at"],
            batch_size=500,
        )
        EntryStatus.objects.filter(entry_id__in=same).update(evaluated_at=now)


def forget_edited(rows: Iterable[TimeEntry], evaluations: Mapping[str, Evaluation], context: PlanningContext) -> None:
    """Let what earlier runs tried in vain no longer hold entries that were edited since."""
    for row in rows:
        evaluation = evaluations[row.clockify_id]
        as_sent = evaluation.state == State.SENT and not evaluation.reasons
        context.unanswered.forget_edited(row.clockify_id, row.content_hash, as_sent=as_sent)


# Columns that decide whether a status has to be written again.
CONTENT = ("state", "reasons", "warnings", "held", "cause", "minutes", "content_hash")


Since = tuple[str, str, datetime | None]


def _stored_contents(rows: Sequence[TimeEntry]) -> tuple[dict[int, tuple[Any, ...]], dict[int, Since]]:
    """Return the stored contents by entry, and since when which state and cause are stored."""
    contents: dict[int, tuple[Any, ...]] = {}
    since: dict[int, Since] = {}
    stored = EntryStatus.objects.filter(entry_id__in=[row.pk for row in rows])
    for entry_id, at, *content in stored.values_list("entry_id", "since", *CONTENT):
        contents[entry_id] = tuple(content)
        since[entry_id] = content[CONTENT.index("state")], content[CONTENT.index("cause")], at
    return contents, since


def _content(row: EntryStatus) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in CONTENT)


def _status(workspace: Workspace, row: TimeEntry, evaluation: Evaluation, now: datetime) -> EntryStatus:
    held = evaluation.state == State.BLOCKED and holds(evaluation.codes)
    return EntryStatus(
        entry=row,
        workspace=workspace,
        state=evaluation.state,
        reasons=list(evaluation.reasons),
        warnings=list(evaluation.warnings),
        held=held,
        cause=cause_of(evaluation, held=held),
        minutes=evaluation.minutes,
        content_hash=row.content_hash,
        evaluated_at=now,
    )


def cause_of(evaluation: Evaluation, *, held: bool) -> str:
    """Return what a person has to do something about before this time goes; "" where nobody is needed."""
    if evaluation.state == State.FAILED:
        return cause(evaluation.reasons) or Code.QUICKBOOKS_REFUSED
    if evaluation.state == State.UNKNOWN:
        return "" if any(is_on_the_way(row) for row in evaluation.reasons) else Code.OUTCOME_UNKNOWN
    if evaluation.state == State.BLOCKED:
        return cause(evaluation.reasons) if held else ""
    # A change after sending: left as it is by a person, or under way while its timer runs again.
    waits = evaluation.state == State.CHANGED and not evaluation.codes & {Code.IGNORED, Code.NOT_FINISHED}
    return cause(evaluation.reasons) if waits else ""


def earlier_statuses(rows: Sequence[TimeEntry], *, states: Sequence[str] = ()) -> dict[int, EntryStatus]:
    """Return the saved statuses of these entries by primary key; with `states`, only those in one of them."""
    statuses = EntryStatus.objects.filter(state__in=states) if states else EntryStatus.objects.all()
    status_by_key: dict[int, EntryStatus] = {}
    # In chunks: SQLite limits the parameters of one query.
    for start in range(0, len(rows), 500):
        ids = [row.pk for row in rows[start : start + 500]]
        status_by_key.update({status.entry_id: status for status in statuses.filter(entry_id__in=ids)})
    return status_by_key


def evaluate(workspace: Workspace, rows: Sequence[TimeEntry], *, now: datetime) -> dict[str, Evaluation]:
    """Evaluate these entries and save their statuses; returns the evaluations by entry id."""
    return _evaluate_rows(workspace, rows, load_context(workspace), now=now) if rows else {}


def _evaluate_rows(
    workspace: Workspace, rows: Sequence[TimeEntry], context: PlanningContext, *, now: datetime
) -> dict[str, Evaluation]:
    context = replace(context, receipts=inputs.receipts_by_entry(workspace, [row.clockify_id for row in rows]))
    earlier = earlier_statuses(rows)
    evaluations = {row.clockify_id: evaluate_entry(context.entry(row), context, earlier.get(row.pk)) for row in rows}
    forget_edited(rows, evaluations, context)
    save(workspace, rows, evaluations, now=now)
    return evaluations


def refresh(workspace: Workspace, *, now: datetime, compare_names: bool = False) -> None:
    """Match again and evaluate every entry since the start date: in each check, and after a change of a rule.

    `compare_names`: look for likely partners again, which is slow where many names have none. For callers that have
    just read the vendors' lists; otherwise earlier suggestions are kept, except those linked by now.
    """
    workspace.refresh_from_db()
    named_in_entries.store(workspace, now=now)
    for attempt in range(MAX_TRIES):
        _retire(workspace, now=now)
        matched = rematch.rematch(workspace, now=now, compare_names=compare_names and attempt == 0)
        rows, sentences = (
            TimeEntry.objects.current(workspace, workspace.start_date),
            rematch.sentences(workspace, matched),
        )
        _evaluate_all(workspace, rows, now=now, mismatches=sentences)
        if rematch.save_mismatches(workspace, matched, _held_by_record(workspace), now=now):
            break


def refresh_days(workspace: Workspace, first: date, last: date, *, now: datetime) -> None:
    """Evaluate the entries of these days again, after something that concerns only them. Matching stays."""
    days = TimeEntry.objects.current(workspace, max(first, workspace.start_date), last)
    sent = Receipt.objects.own_activities(workspace).filter(txn_date__range=(first, last)).values("entry_id")
    moved = TimeEntry.objects.current(workspace, workspace.start_date).filter(clockify_id__in=sent)
    _evaluate_all(workspace, days | moved, now=now)


@contextmanager
def deciding(workspace: Workspace, *, now: datetime) -> Iterator[None]:
    """Match and evaluate what people decide inside the block once it ends, with the result that `refresh` would have.

    Only what the decisions can change is matched, and only entries of records that were decided about, or that
    matching links or suspends because of it, are evaluated.
    """
    since, counted = mapping.last_decision(workspace), name_index.last_counted(workspace)
    # What a process decided that died before it evaluated the entries is evaluated with the next decision.
    since = since if counted is None else min(since, counted)
    yield
    keys: set[mapping.Key] = set()
    evaluated: set[int] = set()
    match = rematch.rematch_decided
    for _ in range(MAX_TRIES):
        workspace.refresh_from_db()
        evaluated |= _retire(workspace, now=now)
        matched = match(workspace, now=now)
        outcome = matched.outcome
        keys |= {(link.kind, link.clockify_id) for link in outcome.links}
        keys |= mapping.decided_since(workspace, since) | set(outcome.suspend) | set(outcome.given_back)
        # A decision about one record changes what is wrong with others: two of one name, a partner that is taken.
        before, sentences = inputs.saved_mismatches(workspace, matched.shown), rematch.sentences(workspace, matched)
        keys |= {key for key in before.keys() | sentences.keys() if before.get(key) != sentences.get(key)}
        entries = sorted(evaluated | _entries_of(workspace, keys))
        try:
            concerned = None if matched.shown is None else _add_named(workspace, matched, entries)
        except neighborhood.TOO_FEW:
            match = partial(rematch.rematch, compare_names=False)
            continue
        sentences = rematch.sentences(workspace, matched)
        _evaluate_entries(workspace, entries, now=now, mismatches=sentences, among=concerned)
        held = _held_by_record(workspace, matched.shown)
        if rematch.save_mismatches(workspace, matched, held, now=now):
            break


def _add_named(workspace: Workspace, matched: Matched, entries: Collection[int]) -> set[mapping.Key]:
    """Return the records that these entries name, after finding the rows of those that hold time back or did."""
    concerned: set[mapping.Key] = set()
    for chunk in mapping.chunks(entries):
        entry_rows = TimeEntry.objects.filter(pk__in=chunk).order_by()
        concerned |= inputs.records_of(entry_rows.values_list(*inputs.RECORD_COLUMNS.values()).distinct())
    missing = concerned - (matched.shown or set())
    working = mapping.working_links(workspace, missing)
    more = (missing - working) | inputs.saved_mismatches(workspace, missing).keys()
    if more:
        rematch.add_rows(workspace, matched, more)
    return concerned


def _entries_of(workspace: Workspace, keys: Iterable[mapping.Key]) -> set[int]:
    """Return the keys of the entries of these records, and of those that were not evaluated yet."""
    entries = TimeEntry.objects.current(workspace, workspace.start_date).order_by()
    # Entries without a status are new and were not evaluated yet.
    found = set(entries.filter(status=None).values_list("pk", flat=True))
    # Each kind by its own index.
    for kind, ids in mapping.by_kind(keys).items():
        for chunk in mapping.chunks(ids) if kind in inputs.RECORD_COLUMNS else ():
            found.update(entries.filter(**{f"{inputs.RECORD_COLUMNS[kind]}__in": chunk}).values_list("pk", flat=True))
    return found


def _retire(workspace: Workspace, *, now: datetime) -> set[int]:
    """Save which gone records hold no unsent time, by today's entries, before matching asks for it.

    Returns the keys of the entries that had to be evaluated for it.
    """
    gone, entries = retirement.gone_records(workspace), list[int]()
    if any(gone.values()):
        entries = list(retirement.not_evaluated(workspace, gone).values_list("pk", flat=True))
        _evaluate_entries(workspace, entries, now=now)
    retirement.save(workspace, gone, now=now)
    return set(entries)


def _evaluate_all(
    workspace: Workspace,
    entries: QuerySet[TimeEntry],
    *,
    now: datetime,
    mismatches: Mapping[mapping.Key, str] | None = None,
) -> None:
    """Evaluate these entries; `mismatches` are what those say that were found but not saved yet."""
    # Keys first and rows by the chunk: whole rows of years of entries would not fit in memory.
    _evaluate_entries(workspace, list(entries.values_list("pk", flat=True)), now=now, mismatches=mismatches)


def _evaluate_entries(
    workspace: Workspace,
    entry_keys: Sequence[int],
    *,
    now: datetime,
    mismatches: Mapping[mapping.Key, str] | None = None,
    among: Collection[mapping.Key] | None = None,
) -> None:
    """Evaluate the entries with these primary keys; `among`: all records that they name, where these are few."""
    context = load_context(workspace, among)
    if mismatches is not None:
        context = replace(context, mapping_table=replace(context.mapping_table, mismatches=mismatches))
    for start in range(0, len(entry_keys), CHUNK):
        rows = list(TimeEntry.objects.filter(pk__in=entry_keys[start : start + CHUNK]).defer("raw"))
        _evaluate_rows(workspace, rows, context, now=now)


def _held_by_record(workspace: Workspace, among: Collection[mapping.Key] | None = None) -> dict[mapping.Key, Held]:
    """Return the minutes blocked by each Clockify record, or by each of `among`.

    Time with any reason by rule is not counted.
    """
    statuses = EntryStatus.objects.filter(workspace=workspace, state__in=[State.BLOCKED, State.CHANGED])
    statuses = statuses.filter(entry__deleted_at=None)
    if workspace.start_date is not None:
        statuses = statuses.filter(entry__txn_date__gte=workspace.start_date)
    if among is None:
        return _held(statuses)
    held: dict[mapping.Key, Held] = {}
    for kind, ids in mapping.by_kind(among).items():
        for chunk in mapping.chunks(ids):
            of_kind = statuses.filter(
                **{"entry__workspace": workspace, f"entry__{inputs.RECORD_COLUMNS[kind]}__in": chunk}
            )
            chosen = {(kind, record_id) for record_id in chunk}
            held |= {key: waiting for key, waiting in _held(of_kind).items() if key in chosen}
    return held


def _held(statuses: QuerySet[EntryStatus]) -> dict[mapping.Key, Held]:
    held: dict[mapping.Key, Held] = {}
    for reasons, minutes, day in statuses.values_list("reasons", "minutes", "entry__txn_date"):
        if holds({reason["code"] for reason in reasons}):
            # A set: two reasons about one record must not count the minutes twice.
            for key in {(reason["kind"], reason["id"]) for reason in reasons if "kind" in reason}:
                held.setdefault(key, Held()).add(minutes, day)
    return held


def mark_deleted(
    workspace: Workspace,
    entry_ids: Iterable[str],
    *,
    now: datetime,
    found: Mapping[str, Sequence[ReasonRow]] | None = None,
) -> None:
    """Mark entries that Clockify has deleted, keep them in the mirror, and save what became of their time.

    `found`: by entry id, the reason rows for which this run could not delete their time in QuickBooks.
    """
    ids = list(entry_ids)
    if not ids:
        return
    # The first time stays: a decision to ignore the entry counts for its deletion only if it was made later.
    TimeEntry.objects.filter(workspace=workspace, clockify_id__in=ids, deleted_at=None).update(deleted_at=now)
    rows = list(TimeEntry.objects.filter(workspace=workspace, clockify_id__in=ids))
    receipts = {
        receipt.entry_id: receipt for receipt in Receipt.objects.own_activities(workspace).filter(entry_id__in=ids)
    }
    context, earlier = load_context(workspace), earlier_statuses(rows)
    evaluations = {}
    for row in rows:
        key = row.clockify_id
        evaluation = evaluate_deleted(receipts.get(key), context, key, row.content_hash, earlier.get(row.pk))
        if found and found.get(key) and evaluation.state == State.CHANGED:
            evaluation = replace(evaluation, reasons=tuple(found[key]))
        evaluations[key] = evaluation
    save(workspace, rows, evaluations, now=now)
