"""Actions, saved before each call, and receipts of what its answer proves. No network."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations.database import DatabaseNow
from integrations.errors import ApiError
from integrations.quickbooks import payloads
from integrations.quickbooks.payloads import Activity
from integrations.write_ahead import CODE_LENGTH, TID_LENGTH
from syncjobs.ledger import activities, snapshots
from syncjobs.models import Action, Receipt, Run, RunItem
from syncjobs.rules import billing
from syncjobs.rules.drafts import draft
from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.reasons import Reason, ReasonRow
from syncjobs.rules.steps import answered
from syncjobs.rules.verbs import Verb

DONE_AS: dict[str, RunItem.Outcome] = {
    Verb.CREATE: RunItem.Outcome.SENT,
    Verb.UPDATE: RunItem.Outcome.UPDATED,
    Verb.DELETE: RunItem.Outcome.DELETED,
}
RECEIPT_KEY = ("company", "workspace", "entry_id", "part")


def open_action(item: RunItem, *, run: Run) -> Action:
    """Save one create, update or delete with its exact body, before it is sent.

    Committed before the call: after a crash, an open action means that the write may have been sent.
    """
    action = _action(item, run)
    action.save(force_insert=True)
    return action


def open_batch(items: Sequence[RunItem], *, run: Run) -> list[Action]:
    """Save the creates of one batch; each action has the batch's request id and its item number, from "1" on."""
    batch_id = uuid.uuid4()
    actions = [_action(item, run) for item in items]
    # Numbered, since answers are found by number, whatever their order (Intuit: batch page).
    for number, action in enumerate(actions, start=1):
        action.batch_id, action.batch_item = batch_id, str(number)
    return Action.objects.bulk_create(actions)


def _action(item: RunItem, run: Run) -> Action:
    planned = snapshots.of_item(item)
    record: Mapping[str, Any] = planned.get("record") or {}
    assert run.company is not None and item.txn_date is not None
    return Action(
        company=run.company,
        workspace=run.workspace,
        run=run,
        entry_id=item.entry_id,
        verb=item.verb,
        body=_body(item, record),
        source_snapshot=snapshots.for_write(item),
        quickbooks_id=item.quickbooks_id,
        sync_token=str(record.get("SyncToken", "")),
        txn_date=item.txn_date,
        excluded_ids=planned.get("not_ours", []),
        # The database's time: other machines compare it with theirs.
        created_at=DatabaseNow(),
        attempts=1,
        tried_at=DatabaseNow(),
        tried_runs=_tried_runs(item, run),
        tried_in=run.pk,
    )


def _tried_runs(item: RunItem, run: Run) -> int:
    """Return how many runs have tried this content in vain, `run` included."""
    earlier = snapshots.of_item(item).get("tried") or {"runs": 0, "run": None}
    return int(earlier["runs"]) + (earlier["run"] != run.pk)


def _body(item: RunItem, record: Mapping[str, Any]) -> str:
    if item.verb == Verb.DELETE:
        return draft.delete_body(quickbooks_id=item.quickbooks_id, sync_token=str(record.get("SyncToken", "")))
    planned_draft = draft.from_row(item.draft or {})
    if item.verb == Verb.CREATE:
        return draft.create_body(planned_draft)
    return draft.update_body(planned_draft, record=record, sent=snapshots.of_item(item).get("sent") or {})


def mark_tried(action: Action, run: Run) -> bool:
    """Note one more attempt, before the call. An earlier one may still arrive as well: see late duplicates.

    Returns False where another process has taken the write up or ended it: nothing may be sent.
    """
    return action.save_attempt(
        states=[Action.State.SENDING],
        tried_runs=action.tried_runs + (action.tried_in != run.pk),
        tried_in=run.pk,
        watch_until=DatabaseNow() + timedelta(seconds=settings.SETTLE_SECONDS),
    )


def accept(action: Action, record: Mapping[str, Any], *, tid: str = "", sent_by: Run | None = None) -> str:
    """Close an action that QuickBooks confirmed, write the receipt, and finish the item of the run that began it.

    `sent_by`: the run that sent it now, perhaps a later one, whose item is finished as well. All in one transaction: a
    receipt without its closed action would be sent again. Returns the activity's id.
    """
    now = timezone.now()
    with transaction.atomic():
        quickbooks_id = (
            _receipt_deleted(action, now) if action.verb == Verb.DELETE else _receipt_sent(action, record, now)
        )
        close(action, Action.State.DONE, tid=tid, quickbooks_id=quickbooks_id)
        outcome = DONE_AS[action.verb]
        for run_id in {run_id for run_id in (action.run_id, sent_by.pk if sent_by else None) if run_id is not None}:
            finish_item(
                run_id, action.entry_id, outcome, reasons=[], quickbooks_id=quickbooks_id, answer=LastAnswer(tid=tid)
            )
    return quickbooks_id


def _receipt_sent(action: Action, record: Mapping[str, Any], now: datetime) -> str:
    """Write the receipt of a create or update; returns the activity's id. An update keeps the first `sent_at`."""
    activity = payloads.activity(record)
    sent_draft, part = snapshots.draft_of(action), snapshots.part_of(action)
    receipt = Receipt(
        company_id=action.company_id,
        workspace_id=action.workspace_id,
        entry_id=action.entry_id,
        part=part,
        quickbooks_id=activity.id,
        state=Receipt.State.SENT,
        content_hash=snapshots.content_hash_of(action),
        start_at=snapshots.start_of(action),
        **_copy(sent_draft, activity),
        source=snapshots.source_of(action),
        sent_at=now,
        changed_at=now,
        run_id=action.run_id,
    )
    kept_fields = {"id", *RECEIPT_KEY, "corrections", *([] if action.verb == Verb.CREATE else ["sent_at"])}
    written_fields = [field.name for field in Receipt._meta.concrete_fields if field.name not in kept_fields]
    # One upsert, since the entry may have a receipt already: of an update, or of a create after a deletion.
    Receipt.objects.bulk_create(
        [receipt], update_conflicts=True, unique_fields=RECEIPT_KEY, update_fields=written_fields
    )
    if part:
        # The entry's own activity and its corrections together now match the entry's content.
        _update_main_receipt(receipt, content_hash=receipt.content_hash, conflict="")
    return activity.id


def _copy(sent_draft: Draft, activity: Activity) -> dict[str, Any]:
    """Return the values of a receipt that say what was sent, and what QuickBooks has of it."""
    return {
        "sync_token": activity.sync_token,
        "txn_date": date.fromisoformat(sent_draft.txn_date),
        "minutes": sent_draft.minutes,
        "draft": sent_draft.as_row(),
        "differences": activities.differences(sent_draft, activity),
        "answered": answered.as_row(activity),
    }


def take_copy(receipt: Receipt, planned: Draft, activity: Activity) -> None:
    """Note QuickBooks' copy as what was sent: it has all that would be written."""
    values = {**_copy(planned, activity), "conflict": "", "changed_at": timezone.now()}
    for name, value in values.items():
        setattr(receipt, name, value)
    receipt.save(update_fields=values.keys())


def _update_main_receipt(correction: Receipt, **values: Any) -> None:
    """Update the receipt of the entry's own activity (part 0): the number of corrections, and `values`."""
    rows = Receipt.objects.filter(
        company=correction.company_id, workspace=correction.workspace_id, entry_id=correction.entry_id
    )
    remaining = rows.filter(part__gt=0, state=Receipt.State.SENT).count()
    rows.filter(part=0).update(corrections=remaining, **values)


def _receipt_deleted(action: Action, now: datetime) -> str:
    """Mark the receipt of a deleted activity; returns the activity's id."""
    # By activity, not by entry, which may have corrections besides.
    receipt = Receipt.objects.get(company=action.company, quickbooks_id=action.quickbooks_id)
    receipt.state, receipt.conflict, receipt.changed_at, receipt.run = (
        Receipt.State.DELETED,
        "",
        now,
        action.run,
    )
    receipt.save(update_fields=["state", "conflict", "changed_at", "run"])
    if receipt.part:
        # Without its correction, what was sent no longer matches the entry: no content hash, so it counts as edited.
        _update_main_receipt(receipt, content_hash="")
    return receipt.quickbooks_id


def note_conflict(receipt: Receipt, reason: Reason | None) -> None:
    """Store what people did to the activity in QuickBooks, with the invoice that billed it; None: nothing."""
    conflict, billed_on = (reason.code, billing.form_in(reason.facts)) if reason else ("", None)
    if (receipt.conflict, receipt.billed_on) != (conflict, billed_on):
        receipt.conflict, receipt.billed_on = conflict, billed_on
        receipt.save(update_fields=["conflict", "billed_on"])


def forget_correction(receipt: Receipt) -> None:
    """Mark the receipt of a correction that people deleted in QuickBooks; its entry counts as edited again."""
    with transaction.atomic():
        receipt.state, receipt.conflict, receipt.changed_at = Receipt.State.DELETED, "", timezone.now()
        receipt.save(update_fields=["state", "conflict", "changed_at"])
        _update_main_receipt(receipt, content_hash="")


def close_missing(action: Action) -> None:
    """End an action that a reading did not find; what it was for is planned again. It is still watched for a while."""
    watch_until = action.may_arrive_until + timedelta(seconds=settings.SETTLE_SECONDS)
    action.end(Action.State.MISSING, needs_person=False, watch_until=watch_until)


def give_up(action: Action) -> None:
    """End an action that several runs tried without a clear answer; a person decides, or an edit in Clockify."""
    action.end(Action.State.GIVEN_UP, needs_person=False, watch_until=action.may_arrive_until)


def leave_out(action: Action, *, message: str) -> None:
    """End an action by a person's word; what may still arrive of it is neither looked for nor deleted."""
    action.end(Action.State.ABANDONED, code="", message=message, needs_person=False, watch_until=None)


def try_again(action: Action) -> None:
    """Have the next run send a write that was given up, as a person decided."""
    is_create = action.verb == Verb.CREATE
    # A create may still arrive, so it has to be looked for before anything is sent in its place.
    action.state = Action.State.SENDING if is_create else Action.State.MISSING
    action.save(update_fields=["state"])
    forget_tries(action)


def forget_tries(action: Action) -> None:
    """Count the runs that try what this action was for from the start."""
    action.tried_runs, action.tried_in = 0, None
    action.save(update_fields=["tried_runs", "tried_in"])


def close(
    action: Action, state: str, *, tid: str = "", quickbooks_id: str = "", code: str = "", message: str = ""
) -> None:
    """End an action. REFUSED: by QuickBooks' answer. ABANDONED: an answer or reading proves that it did not happen."""
    quickbooks_id = quickbooks_id or action.quickbooks_id
    action.end(state, code=code, message=message, tid=tid, needs_person=False, quickbooks_id=quickbooks_id)


def mark_unknown(
    action: Action, *, code: str = "", message: str = "", tid: str = "", duplicate_id: bool = False
) -> None:
    """Note an error after which the outcome is unknown; the action stays open, and settling reads before sending."""
    # It stays set: settling does not send again under an id that QuickBooks says it knows.
    duplicate_id_said = action.duplicate_id_said or duplicate_id
    action.note_unclear(code=code, message=message, tid=tid, duplicate_id_said=duplicate_id_said)


def refresh_receipt(receipt: Receipt, *, content_hash: str, start_at: datetime, source: Mapping[str, str]) -> None:
    """Update a receipt whose entry was edited without any effect on what was sent."""
    receipt.content_hash, receipt.start_at, receipt.source = content_hash, start_at, source
    receipt.save(update_fields=["content_hash", "start_at", "source"])


def reopen(action: Action, *, why: str) -> Action:
    """Close the action and return a new one with the same body and a new request id."""
    with transaction.atomic():
        # Closed first: an entry may have one open action at a time (constraint in models).
        close(action, Action.State.ABANDONED, message=why)
        # Without a batch id: it goes as a single create.
        return Action.objects.create(
            company=action.company,
            workspace=action.workspace,
            run=action.run,
            entry_id=action.entry_id,
            verb=action.verb,
            body=action.body,
            source_snapshot=action.source_snapshot,
            quickbooks_id=action.quickbooks_id,
            sync_token=action.sync_token,
            txn_date=action.txn_date,
            excluded_ids=action.excluded_ids,
            created_at=DatabaseNow(),
            tried_runs=action.tried_runs,
            tried_in=action.tried_in,
        )


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """What is known of the last answer to a write: its error, and QuickBooks' id of the call; "" for none."""

    code: str = ""
    message: str = ""
    tid: str = ""

    @classmethod
    def of(cls, source: Action | ApiError) -> LastAnswer:
        """Return what a write keeps of its answer, or what an error says of it."""
        if isinstance(source, ApiError):
            return cls(source.code, source.message, source.tid)
        return cls(source.error_code, source.error_message, source.intuit_tid)


NO_ANSWER = LastAnswer()


def finish_item(
    run_id: int,
    entry_id: str,
    outcome: str,
    *,
    reasons: Sequence[ReasonRow] | None = None,
    quickbooks_id: str = "",
    answer: LastAnswer = NO_ANSWER,
) -> None:
    """Save the outcome of one entry's item in this run; reasons and activity id only where given."""
    # Cut to the columns' length: a vendor's codes and ids may be longer.
    values: dict[str, Any] = {
        "outcome": outcome,
        "error_code": answer.code[:CODE_LENGTH],
        "error_message": answer.message,
        "intuit_tid": answer.tid[:TID_LENGTH],
        "finished_at": timezone.now(),
    }
    if reasons is not None:
        values["reasons"] = reasons
    if quickbooks_id:
        values["quickbooks_id"] = quickbooks_id
    RunItem.objects.filter(run_id=run_id, entry_id=entry_id).update(**values)
