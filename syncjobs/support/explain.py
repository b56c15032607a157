"""Why one entry was or was not sent: asks both sides where it can, and names every failing check."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from integrations.clockify import connection as clockify_connection
from integrations.clockify import payloads, pull
from integrations.clockify.client import ClockifyClient
from integrations.errors import ApiError, Gone, ReconnectNeeded
from integrations.models import TimeEntry, Workspace
from integrations.quickbooks import pull as quickbooks_pull
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.payloads import Activity
from syncjobs.ledger import activities
from syncjobs.models import EntryStatus, Receipt
from syncjobs.planning import evaluate, inputs, window
from syncjobs.planning.evaluate import Evaluation
from syncjobs.planning.inputs import PlanningContext
from syncjobs.rules import changes, draft, reasons
from syncjobs.rules.eligibility import Entry
from syncjobs.rules.reasons import Reason

State = EntryStatus.State
# Clockify's ids are 24 hexadecimal digits; other systems' entries never reach an address of ours.
PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class UnknownEntry(LookupError):
    """Neither our books nor Clockify know the entry."""


@dataclass
class Explanation:
    entry_id: str
    evaluation: Evaluation
    quickbooks_id: str | None = None
    differences: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "entry": self.entry_id,
            "state": str(self.evaluation.state),
            "reasons": [reasons.explain(row) for row in self.evaluation.reasons],
            "quickbooks_id": self.quickbooks_id,
        }
        if self.differences:
            shown["differences"] = self.differences
        if self.not_asked:
            shown["not_asked"] = self.not_asked
        return shown


def explain(workspace: Workspace, entry_id: str, *, now: datetime) -> Explanation:
    """The entry as Clockify has it now, judged by every rule. Sides that can't be asked are named in `not_asked`.

    Raises UnknownEntry for one that neither our books nor Clockify know, ApiError where Clockify can't be asked
    after one that our books don't know.
    """
    not_asked: list[str] = []
    known = TimeEntry.objects.filter(workspace=workspace, clockify_id=entry_id).first()
    if known is None and not PLAIN_ID.fullmatch(entry_id):
        raise UnknownEntry(f"{entry_id!r} is no id of a time entry.")
    row = _read_from_clockify(workspace, entry_id, known, not_asked, now=now)
    if row is None:
        raise UnknownEntry(f"{workspace} has no time entry {entry_id}.")
    context = inputs.load_context_for(workspace, [entry_id], row.txn_date, row.txn_date)
    receipt = context.receipts.get(entry_id)
    quickbooks_id = receipt.quickbooks_id if receipt else None
    earlier = EntryStatus.objects.filter(entry=row).first()
    if row.deleted_at is not None:
        gone = evaluate.judge_gone(receipt, context.actions.get(entry_id), earlier, policy=context.policy)
        found = Explanation(entry_id, gone, quickbooks_id, not_asked=not_asked)
        if receipt is not None and gone.state == State.CHANGED and not context.policy.whole_connection:
            _ask_after_gone(workspace, receipt, context, found)
        return found
    entry = context.entry(row)
    evaluation = evaluate.judge(entry, context, earlier)
    evaluate.save(workspace, [row], {entry_id: evaluation}, now=now)
    found = Explanation(entry_id, evaluation, quickbooks_id, not_asked=not_asked)
    if receipt is not None:
        found.differences = list(receipt.differences)
    if not context.policy.whole_connection:
        _ask_quickbooks(workspace, entry, context, found)
    return found


def _read_from_clockify(
    workspace: Workspace, entry_id: str, known: TimeEntry | None, not_asked: list[str], *, now: datetime
) -> TimeEntry | None:
    try:
        if workspace.state != Workspace.State.CONNECTED:
            raise ReconnectNeeded("It is not connected.", vendor="clockify", fix="Connect it again.")
        client = pull.client_for(workspace)
        raw = client.entry(workspace.clockify_id, entry_id)
        raw, approved = _row_of_report(workspace, client, entry_id, raw)
    except Gone:
        if known is not None and known.deleted_at is None:
            evaluate.mark_deleted(workspace, [entry_id], now=now)
            known.refresh_from_db()
        return known
    except ApiError as error:
        if isinstance(error, ReconnectNeeded) and error.vendor == "clockify":
            clockify_connection.mark_refused(workspace, error.message, now=now)
        if known is None:
            raise
        not_asked.append(f"Clockify was not asked: {error.message}")
        return known
    _meet_strangers(workspace, client, raw, now=now)
    pull.store_entries(workspace, [raw], day_of=inputs.DayOf(workspace), approved=approved, now=now)
    return TimeEntry.objects.get(workspace=workspace, clockify_id=entry_id)


def _meet_strangers(workspace: Workspace, client: ClockifyClient, raw: Any, *, now: datetime) -> None:
    """Of people and projects that came after the last check nothing is known yet: read the lists, as a sync does."""
    company = workspace.company
    if company is None or company.state != company.State.CONNECTED:
        return
    if (
        workspace.pulled_at
        and company.pulled_at
        and not window.names_unknown_records(workspace, window.ReportRows([raw], None))
    ):
        return
    if company.pulled_at is None:
        quickbooks_pull.pull_lists(company, QuickBooksClient(company), now=now)
    pull.pull_workspace(workspace, client, now=now)
    evaluate.refresh(workspace, now=now)


def _row_of_report(
    workspace: Workspace, client: ClockifyClient, entry_id: str, raw: Any
) -> tuple[Any, set[str] | None]:
    """The report's row, which also says whether it is invoiced and names the client; and whether it is approved."""
    started = payloads.entry(raw).start_at.date()

    def rows(approved: bool) -> list[Any]:
        found = client.report(workspace.clockify_id, first=started, last=started, approved=approved)
        return [row for row in found if payloads.identifier(row) == entry_id]

    row = next(iter(rows(False)), raw)
    return row, {entry_id} & {payloads.identifier(one) for one in rows(True)} if workspace.approved_only else None


def _ask_quickbooks(workspace: Workspace, entry: Entry, context: PlanningContext, found: Explanation) -> None:
    """Ready: is it there already? Sent: is it still as it was sent? One reading, nothing is written."""
    company = workspace.company
    assert company is not None
    client = QuickBooksClient(company)
    receipt = context.receipts.get(entry.id)
    try:
        if receipt is not None and found.evaluation.state in {State.SENT, State.CHANGED}:
            _compare_sent(entry, context, receipt, client, found)
        elif receipt is None and found.evaluation.state in {State.READY, State.BLOCKED}:
            _look_for_twins(entry, context, client, found)
    except ApiError as error:
        found.not_asked.append(f"QuickBooks was not asked: {error.message}")


def _ask_after_gone(workspace: Workspace, receipt: Receipt, context: PlanningContext, found: Explanation) -> None:
    """Its time is in QuickBooks by our books: what would the next run do about that?"""
    assert workspace.company is not None
    sent = inputs.sent_of(receipt)
    try:
        there = activities.by_ids(QuickBooksClient(workspace.company), [receipt.quickbooks_id])
    except ApiError as error:
        found.not_asked.append(f"QuickBooks was not asked: {error.message}")
        return
    step = changes.intend_gone(found.entry_id, sent, book_close_date=context.policy.book_close_date)
    against = _against(step, sent, _reading(there.get(receipt.quickbooks_id)))
    if against:
        found.evaluation = replace(found.evaluation, reasons=tuple(one.as_row() for one in against))


def _against(step: changes.Step, sent: changes.Sent, reading: changes.ActivityReading | None) -> tuple[Reason, ...]:
    """Everything that speaks against a change: what our own books hold it for, and what QuickBooks has instead."""
    ours = step.reasons if step.verb == "block" else ()
    asked = changes.against_quickbooks(replace(step, verb="update"), sent, reading)
    return (*ours, *(asked.reasons if asked.verb == "block" else ()))


def _reading(activity: Activity | None) -> changes.ActivityReading | None:
    return changes.ActivityReading(activity.sync_token, activity.billed, activity.raw) if activity else None


def _compare_sent(
    entry: Entry, context: PlanningContext, receipt: Receipt, client: QuickBooksClient, found: Explanation
) -> None:
    activity = activities.by_ids(client, [receipt.quickbooks_id]).get(receipt.quickbooks_id)
    if activity is None:
        found.differences = ["QuickBooks no longer has the activity"]
    else:
        sent = inputs.sent_of(receipt)
        said = activities.differences(sent.draft, activity)
        found.differences = [one for one in said if not (activity.billed and one.startswith("billable"))]
    if found.evaluation.state != State.CHANGED:
        return
    sent = inputs.sent_of(receipt)
    step = changes.intend(entry, context.resolve(entry), sent, service_item=context.policy.service_item)
    against = _against(step, sent, _reading(activity))
    if against:
        found.evaluation = replace(found.evaluation, reasons=tuple(one.as_row() for one in against))


def _look_for_twins(entry: Entry, context: PlanningContext, client: QuickBooksClient, found: Explanation) -> None:
    """Asked anew even where a run found one before: it may be gone. Other reasons do not make it unsaid."""
    resolution = context.resolve(entry)
    if resolution.person is None or resolution.customer is None or entry.seconds is None:
        return
    wanted = draft.write(
        entry,
        person=resolution.person,
        customer=resolution.customer,
        minutes=resolution.minutes,
        txn_date=entry.txn_date,
        service_item=context.policy.service_item,
    )
    there = {one.id: one for one in activities.on_days(client, [entry.txn_date])}
    ours = Receipt.objects.owned_ids(client.company, there)
    key = activities.key_of(wanted)
    duplicates = [
        one for one, activity in there.items() if one not in ours and activities.key_of_activity(activity) == key
    ]
    step = changes.against_existing_duplicates(
        changes.Step(entry.id, "create", ""), duplicates, set_aside=entry.set_aside
    )
    others = [row for row in found.evaluation.reasons if row["code"] != "ALREADY_IN_QUICKBOOKS"]
    rows = (*others, *(one.as_row() for one in step.reasons))
    state = found.evaluation.state if others else State.BLOCKED if rows else State.READY
    found.evaluation = Evaluation(state, rows, found.evaluation.minutes)
