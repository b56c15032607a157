"""The explanation of one entry: why it was or was not sent, by asking both sides where possible."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from integrations.clockify import connection as clockify_connection
from integrations.clockify import entry_payloads, payloads, pull
from integrations.clockify.client import ClockifyApiClient
from integrations.errors import ApiError, Gone, ReconnectNeeded
from integrations.models import Company, TimeEntry, Workspace
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.payloads import Activity
from integrations.reading.unreadable import Reading
from integrations.reading.values import Unreadable
from syncjobs.display import vendor_links
from syncjobs.display.sent import SentJson
from syncjobs.ledger import activities
from syncjobs.models import EntryStatus, Receipt
from syncjobs.planning import evaluate, inputs, lines
from syncjobs.planning.billing import BillingReader
from syncjobs.planning.context import PlanningContext, load_context_for
from syncjobs.planning.evaluate import Evaluation
from syncjobs.rules import reasons
from syncjobs.rules.codes import Code
from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.drafts.eligibility import Entry, unreadable_reason
from syncjobs.rules.reasons import CONFLICTS, UNDONE, Reason
from syncjobs.rules.steps import answered, changes, differences
from syncjobs.rules.steps.differences import Difference
from syncjobs.rules.verbs import Verb
from syncjobs.support import unknown_records

State = EntryStatus.State
# Clockify's ids are 24 hexadecimal digits. Anything else must not become part of a URL.
PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ExplanationJson(TypedDict):
    """What `explain` prints of an entry; what says nothing is left out. `sent`: what its receipt says."""

    entry: str
    state: str
    reasons: list[dict[str, str]]  # of `reasons.explain`, with the `url` of an invoice
    quickbooks_id: str | None
    kept: NotRequired[bool]
    differences: NotRequired[list[dict[str, str]]]  # of `Difference.as_row`
    fields: NotRequired[dict[str, dict[str, str]]]  # of `lines.shown`
    warnings: NotRequired[list[str]]
    not_asked: NotRequired[list[str]]
    sent: NotRequired[SentJson]


class UnknownEntry(LookupError):
    """Raised if neither our database nor Clockify has the entry."""


@dataclass
class Explanation:
    """The status of an entry with its reasons; `not_asked` has a sentence per side that could not be asked.

    `kept`: a person keeps its time in QuickBooks although it is no longer billable work, or gone from Clockify.
    """

    entry_id: str
    evaluation: Evaluation
    quickbooks_id: str | None = None
    differences: list[Difference] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)
    kept: bool = False
    # What its time gets by the line rules of today, by field; None of an entry that is gone.
    fields: dict[str, dict[str, str]] | None = None
    company: Company | None = None

    def as_json(self) -> ExplanationJson:
        values: ExplanationJson = {
            "entry": self.entry_id,
            "state": str(self.evaluation.state),
            "reasons": [_explained(row, self.company) for row in self.evaluation.reasons],
            "quickbooks_id": self.quickbooks_id,
        }
        if self.kept:
            values["kept"] = True
        if self.differences:
            values["differences"] = [difference.as_row() for difference in self.differences]
        if self.fields is not None:
            values["fields"] = self.fields
        if self.evaluation.warnings:
            values["warnings"] = list(self.evaluation.warnings)
        if self.not_asked:
            values["not_asked"] = self.not_asked
        return values


def _explained(row: Mapping[str, Any], company: Company | None) -> dict[str, str]:
    """Return a reason as `explain` prints it, with the address of the invoice that it names."""
    url = vendor_links.form_url(row, company)
    return reasons.explain(row) | ({"url": url} if url else {})


def explain(workspace: Workspace, entry_id: str, *, now: datetime) -> Explanation:
    """Evaluate the entry as Clockify has it now, by every rule.

    Raises UnknownEntry if neither our database nor Clockify has it, ApiError if our database does not have it and
    Clockify can't be asked.
    """
    not_asked: list[str] = []
    stored_entry = TimeEntry.objects.filter(workspace=workspace, clockify_id=entry_id).first()
    if stored_entry is None and not PLAIN_ID.fullmatch(entry_id):
        raise UnknownEntry(f"{entry_id!r} is no id of a time entry.")
    try:
        row = _read_from_clockify(workspace, entry_id, stored_entry, not_asked, now=now)
    except Unreadable as problem:
        if stored_entry is None:
            reason = unreadable_reason("entry", str(problem)).as_row()
            return Explanation(entry_id, Evaluation(State.BLOCKED, (reason,), 0))
        not_asked.append(f"Clockify's record could not be read: {problem}.")
        row = stored_entry
    if row is None:
        raise UnknownEntry(f"{workspace} has no time entry {entry_id}.")
    context = load_context_for(workspace, [entry_id], row.txn_date, row.txn_date)
    receipt = context.receipts.get(entry_id)
    quickbooks_id = receipt.quickbooks_id if receipt else None
    override = context.overrides.get(entry_id)
    kept = receipt is not None and override is not None and override.kept
    earlier_status = EntryStatus.objects.filter(entry=row).first()
    if row.deleted_at is not None:
        deleted_evaluation = evaluate.evaluate_deleted(receipt, context, entry_id, row.content_hash, earlier_status)
        explanation = Explanation(entry_id, deleted_evaluation, quickbooks_id, not_asked=not_asked, kept=kept)
        explanation.company = workspace.company
        if receipt is not None and deleted_evaluation.state == State.CHANGED and not context.policy.whole_connection:
            _ask_about_deleted(workspace, receipt, context, explanation)
        return explanation
    entry = context.entry(row)
    evaluation = evaluate.evaluate_entry(entry, context, earlier_status)
    evaluate.forget_edited([row], {entry_id: evaluation}, context)
    evaluate.save(workspace, [row], {entry_id: evaluation}, now=now)
    explanation = Explanation(entry_id, evaluation, quickbooks_id, not_asked=not_asked, kept=kept)
    explanation.company = workspace.company
    explanation.fields = lines.shown(workspace, context.resolve(entry).line)
    if receipt is not None:
        explanation.differences = differences_of(entry, context, receipt, receipt.answered)
    # Not connected, or an unsupported subscription: nothing could be sent whatever QuickBooks holds.
    if not context.policy.whole_connection:
        _ask_quickbooks(workspace, entry, context, explanation)
    return explanation


def stored_or_read(workspace: Workspace, entry_id: str, *, now: datetime) -> TimeEntry:
    """Return the entry as it was last read, or as Clockify has it where it was not read before.

    Raises UnknownEntry if neither has it, ApiError if Clockify can't be asked.
    """
    row = TimeEntry.objects.filter(workspace=workspace, clockify_id=entry_id).first()
    if row is None and PLAIN_ID.fullmatch(entry_id):
        try:
            row = _read_from_clockify(workspace, entry_id, None, [], now=now)
        except Unreadable as problem:
            raise UnknownEntry(f"Time entry {entry_id} could not be read: {problem}.") from None
    if row is None:
        raise UnknownEntry(f"{workspace} has no time entry {entry_id}.")
    return row


def _read_from_clockify(
    workspace: Workspace, entry_id: str, stored_entry: TimeEntry | None, not_asked: list[str], *, now: datetime
) -> TimeEntry | None:
    """Return the entry as stored after reading it, or None.

    Raises ApiError only if it was not stored before, Unreadable if Clockify's record can't be read.
    """
    try:
        if workspace.state != Workspace.State.CONNECTED:
            raise ReconnectNeeded("It is not connected.", vendor="clockify", fix="Connect it again.")
        client = clockify_connection.client_for(workspace)
        raw = client.entry(workspace.clockify_id, entry_id)
        raw, approved = _report_row(workspace, client, entry_id, raw)
    except Gone:
        if stored_entry is not None and stored_entry.deleted_at is None:
            # A 404 for the entry itself proves the deletion; missing in a report would not.
            evaluate.mark_deleted(workspace, [entry_id], now=now)
            stored_entry.refresh_from_db()
        return stored_entry
    except ApiError as error:
        if stored_entry is None:
            raise
        not_asked.append(f"Clockify was not asked: {error.message}")
        return stored_entry
    entry_payloads.entry(raw)
    unknown_records.pull_lists(workspace, client, [raw], now=now)
    day_of = inputs.DayOf(workspace)
    pull.store_entries(workspace, [raw], reading=Reading(), day_of=day_of, approved=approved, now=now)
    return TimeEntry.objects.get(workspace=workspace, clockify_id=entry_id)


def _report_row(
    workspace: Workspace, client: ClockifyApiClient, entry_id: str, raw: Any
) -> tuple[Any, set[str] | None]:
    """Return the report's row, which adds invoicing and client, and the ids of approved entries (None: not asked)."""
    start_date = entry_payloads.entry(raw).start_at.date()

    def rows(approved: bool) -> list[Any]:
        report = client.report(workspace.clockify_id, first=start_date, last=start_date, approved=approved)
        return [row for row in report if payloads.identifier(row) == entry_id]

    row = next(iter(rows(False)), raw)
    return row, {entry_id} & {
        payloads.identifier(report_row) for report_row in rows(True)
    } if workspace.approved_only else None


def _ask_quickbooks(workspace: Workspace, entry: Entry, context: PlanningContext, explanation: Explanation) -> None:
    """Look for duplicates of an unsent entry, or compare a sent one with its activity. Reads only."""
    company = workspace.company
    assert company is not None
    client = QuickBooksApiClient(company)
    receipt = context.receipts.get(entry.id)
    try:
        if receipt is not None and explanation.evaluation.state in {State.SENT, State.CHANGED}:
            _compare_sent(entry, context, receipt, client, explanation)
        elif receipt is None and explanation.evaluation.state in {State.READY, State.BLOCKED}:
            _find_existing_duplicates(entry, context, client, explanation)
    except ApiError as error:
        explanation.not_asked.append(f"QuickBooks was not asked: {error.message}")


def _ask_about_deleted(
    workspace: Workspace, receipt: Receipt, context: PlanningContext, explanation: Explanation
) -> None:
    """Explain what keeps the next run from deleting the time of a deleted entry."""
    assert workspace.company is not None
    sent, client = inputs.sent_of(receipt), QuickBooksApiClient(workspace.company)
    step = changes.intend_gone(explanation.entry_id, sent, closed=context.policy.closed)
    try:
        activity = activities.by_ids(client, [receipt.quickbooks_id]).get(receipt.quickbooks_id)
        block_reasons = _block_reasons(step, sent, activity, client)
    except ApiError as error:
        explanation.not_asked.append(f"QuickBooks was not asked: {error.message}")
        return
    _set_reasons(explanation, block_reasons)


def _set_reasons(explanation: Explanation, block_reasons: tuple[Reason, ...]) -> None:
    """Set the reasons that QuickBooks gave just now; what an earlier run found there and is gone no longer counts."""
    earlier = explanation.evaluation.reasons
    if block_reasons:
        given_up = [row for row in earlier if reasons.is_given_up(row)]
        rows = [*given_up, *(reason.as_row() for reason in block_reasons)]
    else:
        rows = [row for row in earlier if row.get("code") not in CONFLICTS | UNDONE]
    explanation.evaluation = replace(explanation.evaluation, reasons=tuple(rows))


def _block_reasons(
    step: changes.Step, sent: changes.Sent, reading: Activity | None, client: QuickBooksApiClient
) -> tuple[Reason, ...]:
    """Return all reasons against a change: those from our own data, QuickBooks' record and its invoices.

    Raises ApiError.
    """
    own_reasons = step.reasons if step.verb == Verb.BLOCK else ()
    billing = BillingReader(client).read([reading] if reading is not None else [])
    if changes.unless_there_already(step, sent, reading).verb == Verb.KEEP:
        return ()
    compared_step = changes.against_quickbooks(replace(step, verb=Verb.UPDATE), sent, reading, billing)
    return (*own_reasons, *(compared_step.reasons if compared_step.verb == Verb.BLOCK else ()))


def _compare_sent(
    entry: Entry, context: PlanningContext, receipt: Receipt, client: QuickBooksApiClient, explanation: Explanation
) -> None:
    """Set the differences of a sent entry's activity, and what blocks a waiting change. Raises ApiError."""
    activity = activities.by_ids(client, [receipt.quickbooks_id]).get(receipt.quickbooks_id)
    if activity is None:
        explanation.differences = [differences.gone(receipt.quickbooks_id)]
    else:
        explanation.differences = differences_of(entry, context, receipt, answered.as_row(activity))
    if explanation.evaluation.state != State.CHANGED:
        return
    sent = inputs.sent_of(receipt)
    step = changes.intend(entry, context.resolve(entry), sent)
    _set_reasons(explanation, _block_reasons(step, sent, activity, client))


def differences_of(
    entry: Entry, context: PlanningContext, receipt: Receipt, copy: Mapping[str, Any] | None
) -> list[Difference]:
    """Return where QuickBooks' copy, or what would be sent today of an entry not edited since, is unlike what was sent.

    `copy`: as in `rules.steps.answered`. What an edit changes is told by the state, and by the next run's plan.
    """
    sent = inputs.sent_of(receipt)
    planned: Draft | None = sent.draft
    if entry.content_hash != sent.content_hash:
        planned = changes.draft_of(entry, context.resolve(entry), sent)
    now = differences.values_of(planned) if planned else {}
    return differences.listed(sent.draft, copy, context.changed_since_sent(entry, receipt), now)


def _find_existing_duplicates(
    entry: Entry, context: PlanningContext, client: QuickBooksApiClient, explanation: Explanation
) -> None:
    """Look for existing duplicates again, even if a run found one: it may be deleted by now.

    Other reasons stay beside the result.
    """
    planned_draft = changes.draft_as_linked(entry, context.resolve(entry))
    if planned_draft is None:
        return
    duplicates = activities.existing_duplicates(client, {entry.id: planned_draft}).get(entry.id, [])
    step = changes.Step(entry.id, Verb.CREATE, "", draft=planned_draft)
    step = changes.against_existing_duplicates(step, duplicates, set_aside=entry.set_aside)
    other_reasons = [
        reason for reason in explanation.evaluation.reasons if reason["code"] != Code.ALREADY_IN_QUICKBOOKS
    ]
    rows = (*other_reasons, *(reason.as_row() for reason in step.reasons))
    state = explanation.evaluation.state if other_reasons else State.BLOCKED if rows else State.READY
    explanation.evaluation = Evaluation(state, rows, explanation.evaluation.minutes)
