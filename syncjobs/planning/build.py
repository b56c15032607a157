"""A sync's plan: what each entry needs, checked against QuickBooks, saved before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from integrations.models import Company, TimeEntry
from integrations.quickbooks.client import IDS_PER_QUERY, QuickBooksApiClient
from integrations.quickbooks.payloads import Activity
from syncjobs.ledger import activities, journal
from syncjobs.models import Action, EntryOverride, Receipt, Run
from syncjobs.planning import earlier, inputs, unanswered
from syncjobs.planning.billing import BillingReader
from syncjobs.planning.context import PlanningContext
from syncjobs.planning.unanswered import Absent
from syncjobs.rules.codes import Code
from syncjobs.rules.reasons import CONFLICTS, Reason
from syncjobs.rules.steps import changes
from syncjobs.rules.steps.changes import Sent, Step
from syncjobs.rules.verbs import Verb
from syncjobs.run_options import RunOptions


@dataclass
class Plan:
    """Steps with the rows they were made from.

    `unknown`: by entry id, writes without an answer that keep their entry from getting a step; `waits`: why. Among
    them `not_arrived` can no longer arrive and are closed before the steps of their entries are saved. `gone`: ids of
    entries deleted in Clockify.
    """

    steps: list[Step]
    entries: dict[str, TimeEntry]
    context: PlanningContext
    sent: dict[str, Sent]
    unknown: dict[str, Action] = field(default_factory=dict)
    gone: Set[str] = frozenset()
    not_arrived: list[Action] = field(default_factory=list)
    waits: dict[str, str] = field(default_factory=dict)

    @property
    def has_writes(self) -> bool:
        return any(step.writes for step in self.steps)

    def content_hash(self, entry_id: str) -> str:
        """Return the content of the entry as Clockify has it, or as it was sent where the row is gone."""
        row, sent = self.entries.get(entry_id), self.sent.get(entry_id)
        return row.content_hash if row else sent.content_hash if sent else ""

    def part(self, steps: Sequence[Step], *, unknown: bool) -> Plan:
        """Return a plan of these steps alone, with or without the entries whose write has an unknown outcome."""
        ids = {step.entry_id for step in steps}
        uncertain_writes = self.unknown if unknown else {}
        entries = {key: row for key, row in self.entries.items() if key in ids or key in uncertain_writes}
        sent = {key: value for key, value in self.sent.items() if key in ids}
        receipts = {key: value for key, value in self.context.receipts.items() if key in ids}
        not_arrived = [action for action in self.not_arrived if action.entry_id in ids]
        context = replace(self.context, receipts=receipts)
        return Plan(list(steps), entries, context, sent, uncertain_writes, self.gone, not_arrived, self.waits)

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
            self.not_arrived + plan.not_arrived,
            self.waits | plan.waits,
        )


def intend(
    run: Run, context: PlanningContext, ids: Sequence[str], gone: Sequence[str], absent: Mapping[str, Absent]
) -> Plan:
    """Return the plan by our own records alone: `ids` are entries that Clockify has, `gone` those that were deleted.

    Entries with an open action get no step: a second write before the first is settled could book the time twice.
    `absent` are those, by entry id, that QuickBooks does not have.
    """
    rows = {row.clockify_id: row for row in _rows(run, [*ids, *gone])}
    context = replace(context, receipts=inputs.receipts_by_entry(run.workspace, [*ids, *gone]))
    sent = {key: inputs.sent_of(receipt) for key, receipt in context.receipts.items()}
    plan = Plan([], rows, context, sent, gone=frozenset(gone))
    resend = RunOptions.of(run).resend
    for entry_id in ids:
        step = _intend(plan, entry_id, resend=resend)
        _add(plan, entry_id, step, absent.get(entry_id), dry_run=run.dry_run)
    for entry_id in gone:
        _add(plan, entry_id, _intend_gone(plan, entry_id), absent.get(entry_id), dry_run=run.dry_run)
    _say_what_was_tried(plan, run)
    return plan


NEW = {changes.NEW, changes.NEW_NOT_BILLABLE}


def _say_what_was_tried(plan: Plan, run: Run) -> None:
    """Have creates of time that was sent or tried before say so, instead of that it is new."""
    new_ids = [step.entry_id for step in plan.steps if step.why in NEW]
    earlier_sentences = earlier.sentences(run.workspace, new_ids)
    plan.steps[:] = [
        replace(step, why=earlier_sentences[step.entry_id])
        if step.why in NEW and step.entry_id in earlier_sentences
        else step
        for step in plan.steps
    ]


def _intend(plan: Plan, entry_id: str, *, resend: bool) -> Step:
    context = plan.context
    entry = context.entry(plan.entries[entry_id])
    problem = context.mapping_table.unreadable.get(("entry", entry_id))
    if problem is not None:
        # Also of time that was sent, which stays as it is: nobody knows what the entry says now.
        reasons = context.resolve(entry).reasons
        return Step(entry_id, Verb.BLOCK, "Its row in Clockify could not be read.", reasons)
    return changes.intend(entry, context.resolve(entry), plan.sent.get(entry_id), resend=resend)


def _intend_gone(plan: Plan, entry_id: str) -> Step | None:
    """Return the step of an entry that was deleted in Clockify; None if nothing of it was sent."""
    sent, context = plan.sent.get(entry_id), plan.context
    if sent is None:
        return None
    override = context.overrides.get(entry_id)
    if override is not None and override.kept:
        return changes.keep_gone(entry_id)
    if _was_ignored_after_deletion(plan.entries.get(entry_id), override):
        return changes.leave_gone(entry_id, sent)
    return changes.intend_gone(entry_id, sent, closed=context.policy.closed)


def _add(plan: Plan, entry_id: str, step: Step | None, absent: Absent | None, *, dry_run: bool) -> None:
    """Add an entry's step, or the write without an answer for which it has to wait."""
    open_action = plan.context.actions.get(entry_id)
    if step is not None:
        override = plan.context.overrides.get(entry_id)
        ignored = override is not None and override.ignored
        step = plan.context.unanswered.hold(step, plan.content_hash(entry_id), ignored=ignored)
    if absent is not None and (open_action is not None or (step is not None and step.writes)):
        again = _send_again(plan, step, absent)
        if again is not None and not dry_run:
            step = again
        elif again is not None or absent.may_arrive:
            plan.unknown[entry_id] = absent.action
            plan.waits[entry_id] = SENT_AGAIN if again else _wait(absent)
            return
        else:
            plan.not_arrived.append(absent.action)
    elif open_action is not None:
        plan.unknown[entry_id] = open_action
        return
    if step is not None:
        plan.steps.append(step)


SENT_AGAIN = "It was sent without an answer and has not arrived; the next sync sends it again."


def _wait(absent: Absent) -> str:
    until = absent.action.may_arrive_until
    return (
        f"It was sent without an answer and has not arrived, though it may until {until:%H:%M:%S} UTC; "
        "after that the entry is sent as it is by then."
    )


def _send_again(plan: Plan, step: Step | None, absent: Absent) -> Step | None:
    """Return the step that sends the stored body again, or None unless today's plan is that very body."""
    if step is None or step.gone:
        return None
    if not absent.part:
        return unanswered.send_again(step, absent)
    entry = plan.context.entry(plan.entries[step.entry_id])
    resolution, sent = plan.context.resolve(entry), plan.sent.get(step.entry_id)
    today = changes.draft_of(entry, resolution, sent)
    return unanswered.send_correction_again(entry, resolution, absent, today)


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


def check_against_quickbooks(
    plan: Plan, client: QuickBooksApiClient, billing_reader: BillingReader, *, more_follow: bool = False
) -> None:
    """Compare the planned writes with what QuickBooks has now, and replace the plan's steps. Raises ApiError.

    Reads the activities that updates and deletes would change and the invoices that may have billed them, and looks for
    time there that may be the same. `more_follow`: this run has further writes.
    """
    plan.steps = _check_changed_in_quickbooks(plan, client, billing_reader, more_follow=more_follow)
    plan.steps = check_existing_duplicates(plan, client, plan.steps)


def _check_changed_in_quickbooks(
    plan: Plan, client: QuickBooksApiClient, billing_reader: BillingReader, *, more_follow: bool
) -> list[Step]:
    """Hold updates and deletes of activities that were billed, changed or deleted since they were sent."""
    touched = {
        step.entry_id: plan.sent[step.entry_id] for step in plan.steps if step.verb in {Verb.UPDATE, Verb.DELETE}
    }
    if not touched:
        return list(plan.steps)
    ids = {sent.quickbooks_id for sent in touched.values()}
    noted = _noted_before(client.company, ids)
    activities_by_id = activities.by_ids(client, ids | {receipt.quickbooks_id for receipt in noted})
    _forget_what_is_over(noted, activities_by_id)
    readings = {key: activities_by_id.get(sent.quickbooks_id) for key, sent in touched.items()}
    in_question = _in_question(plan, touched, readings)
    billing = billing_reader.read(in_question, more_follow=more_follow)
    checked = []
    for step in plan.steps:
        sent, reading = touched.get(step.entry_id), readings.get(step.entry_id)
        step = changes.unless_there_already(step, sent, reading)
        checked.append(changes.against_quickbooks(step, sent, reading, billing))
    if not in_question:
        checked = [_with_known_form(step, plan.context.receipts.get(step.entry_id)) for step in checked]
    _save_conflicts(plan, [step for step in checked if step.entry_id in touched])
    return checked


def _noted_before(company: Company, ids: Set[str]) -> list[Receipt]:
    """Return receipts of time that was changed by hand when last read, as many as fit into the query for `ids`."""
    room = -len(ids) % IDS_PER_QUERY
    noted = Receipt.objects.changed_by_hand().filter(company=company)
    return [receipt for receipt in noted.order_by("pk")[:IDS_PER_QUERY] if receipt.quickbooks_id not in ids][:room]


def _forget_what_is_over(noted: Iterable[Receipt], activities_by_id: Mapping[str, Activity]) -> None:
    """Store that time is as it was sent again: people took back what they had changed by hand."""
    for receipt in noted:
        activity = activities_by_id.get(receipt.quickbooks_id)
        if activity is not None and not inputs.sent_of(receipt).changed_by_hand(activity):
            journal.note_conflict(receipt, None)


def _in_question(plan: Plan, touched: Mapping[str, Sent], readings: Mapping[str, Activity | None]) -> list[Activity]:
    """Return the activities for which invoices have to be asked, which costs metered calls; none where all is known.

    One whose own record says that it is billed needs no invoice, only once its number. Neither does one that people
    changed; it is asked about along with others.
    """
    there = {key: reading for key, reading in readings.items() if reading is not None}
    undecided = [not reading.billed and not touched[key].changed_by_hand(reading) for key, reading in there.items()]
    is_new = [
        reading.billed and plan.context.receipts[key].conflict != Code.BILLED_IN_QUICKBOOKS
        for key, reading in there.items()
    ]
    return list(there.values()) if any(undecided) or any(is_new) else []


def _with_known_form(step: Step, receipt: Receipt | None) -> Step:
    """Return a step held as billed with the invoice that an earlier run found."""
    known = receipt.billed_on if receipt is not None else None
    if not known or step.verb != Verb.BLOCK or [reason.code for reason in step.reasons] != [Code.BILLED_IN_QUICKBOOKS]:
        return step
    reason = Reason(Code.BILLED_IN_QUICKBOOKS, known)
    return replace(step, reasons=(reason,), why=changes.why_billed(reason))


def _save_conflicts(plan: Plan, steps: Iterable[Step]) -> None:
    """Store each conflict, or that there is none, on the receipt: pages show it without a call to QuickBooks."""
    for step in steps:
        receipt = plan.context.receipts[step.entry_id]
        reason = step.reasons[0] if step.verb == Verb.BLOCK else None
        # Where it is not known whether time is billed, what was known before stays.
        if reason is not None and reason.code not in CONFLICTS:
            continue
        journal.note_conflict(receipt, reason)


def check_existing_duplicates(plan: Plan, client: QuickBooksApiClient, steps: Sequence[Step]) -> list[Step]:
    """Hold creates whose time, or almost the same, is in QuickBooks without a receipt of ours; returns all steps.

    Raises ApiError.
    """
    creates = [step for step in steps if _is_new(step)]
    if not creates:
        return list(steps)
    found = activities.existing_duplicates(client, {step.entry_id: step.draft for step in creates if step.draft})
    checked = []
    for step in steps:
        duplicates = found.get(step.entry_id, []) if _is_new(step) else []
        override = plan.context.overrides.get(step.entry_id)
        checked.append(
            changes.against_existing_duplicates(step, duplicates, set_aside=override.send_anyway if override else ())
        )
    return checked


def _is_new(step: Step) -> bool:
    """Return True for a first write. What is sent again was looked for already, when its write was settled."""
    return step.verb == Verb.CREATE and step.draft is not None and step.action_id is None
