"""Handling of QuickBooks' answers: an item's action is closed or left open, the item finished with its reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils import timezone

from integrations.errors import ApiError, Unexpected
from integrations.kinds import Kind
from integrations.models import Customer, Employee, Vendor
from integrations.quickbooks import payloads, pull
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.faults import (
    BAD_REFERENCE_CODES,
    BOOKS_CLOSED_CODES,
    BUSINESS_RULE_CODE,
    DUPLICATE_ID_CODES,
    FEATURE_CODES,
    STALE_CODE,
)
from mapping.matching import names
from syncjobs.ledger import activities, journal
from syncjobs.ledger.journal import NO_ANSWER, LastAnswer
from syncjobs.models import Action, Receipt, Run, RunItem
from syncjobs.planning.billing import BillingReader
from syncjobs.planning.inputs import sent_of, signed_periods
from syncjobs.rules.closed_periods import ClosedPeriods
from syncjobs.rules.codes import Code
from syncjobs.rules.drafts.draft import Draft, from_row
from syncjobs.rules.reasons import CONFLICTS, Reason, sentence
from syncjobs.rules.steps import changes
from syncjobs.rules.verbs import Verb
from syncjobs.sending import refused_references
from syncjobs.sending.circuit_breaker import CircuitBreaker


class Outcomes:
    """The outcomes of a run's items. One instance, shared by all sending threads of the run."""

    def __init__(self, run: Run, client: QuickBooksApiClient, breaker: CircuitBreaker) -> None:
        self._run, self._client, self._breaker = run, client, breaker
        # Partners found inactive by a refusal in this run, after planning: later items need not be sent in vain.
        self._inactive: dict[tuple[str, str], Reason] = {}

    def hold_if_inactive(self, item: RunItem) -> bool:
        """Finish an item whose partner this run has found inactive; return True if it is held."""
        reason = self._known_inactive(from_row(item.draft or {})) if item.verb != Verb.DELETE else None
        if reason is not None:
            self._hold(item, reason)
        return reason is not None

    def hold_if_signed(self, pairs: Sequence[tuple[RunItem, Action]]) -> list[tuple[RunItem, Action]]:
        """Finish items whose period somebody signed since they were planned; return the others, which may be sent.

        Asked once the actions are committed: either the signature sees them (`sign_offs.sign`), or they see it.
        """
        closed = ClosedPeriods(signed=signed_periods(self._run.workspace))
        remaining = []
        for item, action in pairs:
            reason = next((reason for day in _days(item) for reason in closed.reasons(day)), None)
            if reason is None:
                remaining.append((item, action))
            elif RunItem.ACTION in item.source_snapshot:
                self.mark_unknown(item, action, Unexpected(sentence(reason.as_row()), vendor="quickbooks"))
            else:
                journal.close(action, Action.State.ABANDONED, message="Its period was signed before it was sent.")
                self._finish(item, RunItem.Outcome.BLOCKED, reason, None)
        return remaining

    def accepted(self, item: RunItem, action: Action, record: Mapping[str, Any], *, tid: str) -> bool:
        """Write the receipt; return False if the item has to be sent under a new request id instead.

        Equal drafts are interchangeable: the activity of a create that is sent again may have been accepted for an
        equal entry whose own did not arrive. Its request id only returns that activity.
        """
        self._breaker.answered()
        if action.verb != Verb.CREATE or not Receipt.objects.owned_ids(action.company, [str(record.get("Id"))]):
            journal.accept(action, record, tid=tid, sent_by=self._run)
            return True
        if item.source_snapshot.pop(RunItem.ACTION, None) is None:
            message = f"QuickBooks answered with activity {record.get('Id')}, which belongs to another entry."
            self.mark_unknown(item, action, Unexpected(message, vendor="quickbooks", tid=tid))
            return True
        journal.close(action, Action.State.ABANDONED, message="Its activity was taken for that of an equal entry.")
        RunItem.objects.filter(pk=item.pk).update(source_snapshot=item.source_snapshot)
        return False

    def not_done(self, item: RunItem, action: Action, error: ApiError) -> None:
        """Close the action of an item that QuickBooks did not process; the item stays planned.

        One that was sent before stays open: that attempt may have arrived.
        """
        if RunItem.ACTION in item.source_snapshot:
            self.mark_unknown(item, action, error)
        else:
            journal.close(action, Action.State.ABANDONED, code=error.code, message=error.message, tid=error.tid)

    def mark_unknown(self, item: RunItem, action: Action, error: ApiError, *, duplicate_id: bool = False) -> None:
        """Finish the item as unknown and leave its action open for settling."""
        journal.mark_unknown(action, code=error.code, message=error.message, tid=error.tid, duplicate_id=duplicate_id)
        reason = Reason(Code.OUTCOME_UNKNOWN, {"at": f"{timezone.now():%Y-%m-%d %H:%M} UTC"})
        self._finish(item, RunItem.Outcome.UNKNOWN, reason, error)

    def refused(self, item: RunItem, action: Action, error: ApiError, *, second_try: bool = False) -> bool:
        """Handle a refusal; return True if the item, now with a newer reading, should be tried once more."""
        is_sent_again = RunItem.ACTION in item.source_snapshot
        if error.code in DUPLICATE_ID_CODES and (is_sent_again or error.code != BUSINESS_RULE_CODE):
            # A new random id can't be a duplicate, so an earlier attempt of this very request has arrived.
            self.mark_unknown(item, action, error, duplicate_id=True)
            return False
        journal.close(action, Action.State.REFUSED, code=error.code, message=error.message, tid=error.tid)
        if error.code in BOOKS_CLOSED_CODES:
            facts = {"closed": "a date that QuickBooks did not say", "day": str(item.txn_date)}
            self._hold(item, Reason(Code.BOOKS_CLOSED, facts), error)
        elif item.verb != Verb.CREATE and error.code in {STALE_CODE, BUSINESS_RULE_CODE, *BAD_REFERENCE_CODES}:
            return self._read_again(item, action, error, second_try=second_try)
        elif error.code in BAD_REFERENCE_CODES or _may_be_switched_off(action, error):
            self._check_partners(item, action, error)
        else:
            self._fail(item, error)
        return False

    def _read_again(self, item: RunItem, action: Action, error: ApiError, *, second_try: bool) -> bool:
        """Decide again from what QuickBooks has now, after an update or delete was refused; return True to retry.

        The activity may have changed since it was read (stale token), or a partner may be inactive. An invoice made
        since then may move the token as well, so invoices are asked again.
        """
        receipt = Receipt.objects.get(company=self._run.company, quickbooks_id=item.quickbooks_id)
        activity = activities.by_ids(self._client, [item.quickbooks_id]).get(item.quickbooks_id)
        billing = BillingReader(self._client).read([activity] if activity else [])
        step = changes.Step(item.entry_id, Verb(item.verb), "", draft=from_row(item.draft or {}))
        step = changes.against_quickbooks(step, sent_of(receipt), activity, billing)
        if step.verb == Verb.BLOCK:
            reason = step.reasons[0]
            if step.is_undone:
                self._finish(item, RunItem.Outcome.FAILED, reason, error)
            else:
                self._hold(item, reason, error)
            if reason.code in CONFLICTS:
                journal.note_conflict(receipt, reason)
        elif error.code in BAD_REFERENCE_CODES:
            self._check_partners(item, action, error)
        elif second_try or error.code != STALE_CODE:
            self._fail(item, error)
        else:
            assert activity is not None
            item.source_snapshot = {**item.source_snapshot, "record": activity.raw}
            RunItem.objects.filter(pk=item.pk).update(source_snapshot=item.source_snapshot)
            return True
        return False

    # --- partners ------------------------------------------------------------------------------------------
    def _check_partners(self, item: RunItem, action: Action, error: ApiError) -> None:
        """Read all that a refused write refers to again, and hold it if something of that can't be used now."""
        company, refused_draft, now = self._client.company, from_row(item.draft or {}), timezone.now()
        # QuickBooks' message does not tell which of the references is at fault.
        person_model = Employee if refused_draft.person_kind == Kind.EMPLOYEE else Vendor
        pull.refresh_records(company, self._client, person_model, [refused_draft.person_id], now)
        pull.refresh_records(company, self._client, Customer, [refused_draft.customer_id], now)
        for model, kind, quickbooks_id, code in (
            (person_model, refused_draft.person_kind, refused_draft.person_id, Code.EMPLOYEE_INACTIVE),
            (Customer, "customer", refused_draft.customer_id, Code.CUSTOMER_INACTIVE),
        ):
            partner = model._default_manager.filter(company=company, quickbooks_id=quickbooks_id).defer("raw").first()
            if partner is not None and (not partner.active or partner.gone_at is not None):
                self._inactive[kind, quickbooks_id] = Reason(code, {"name": names.strip_deleted(partner.name)})
        broken = refused_references.find(self._client, action, error, now=now)
        self._inactive |= broken
        inactive = self._known_inactive(refused_draft) or next(iter(broken.values()), None)
        if inactive is not None:
            self._hold(item, inactive, error)
        else:
            self._fail(item, error)

    def _known_inactive(self, draft: Draft) -> Reason | None:
        keys = (
            (draft.person_kind, draft.person_id),
            ("customer", draft.customer_id),
            ("item", draft.item_id),
            ("class", draft.class_id),
            ("department", draft.department_id),
        )
        return next((self._inactive[key] for key in keys if key in self._inactive), None)

    # --- ends of an item -----------------------------------------------------------------------------------
    def _hold(self, item: RunItem, reason: Reason, error: ApiError | None = None) -> None:
        if error is not None:
            # This refusal concerns one period or partner, so it must not count towards stopping the run (decision 4).
            self._breaker.answered()
        self._finish(item, RunItem.Outcome.BLOCKED, reason, error)

    def _fail(self, item: RunItem, error: ApiError) -> None:
        self._breaker.refused(error)
        facts = {"error": error.code or str(error.status), "words": error.message}
        self._finish(item, RunItem.Outcome.FAILED, Reason(Code.QUICKBOOKS_REFUSED, facts), error)

    def _finish(self, item: RunItem, outcome: str, reason: Reason, error: ApiError | None) -> None:
        answer = LastAnswer.of(error) if error is not None else NO_ANSWER
        journal.finish_item(self._run.pk, item.entry_id, outcome, reasons=[reason.as_row()], answer=answer)


def _days(item: RunItem) -> set[date]:
    """Return the day of an item's time in QuickBooks now, and the one that it is to have."""
    record = item.source_snapshot.get("record") or {}
    # QuickBooks may add a time to the day that it answers.
    return {day for day in (payloads.day(record.get("TxnDate")), item.txn_date) if day is not None}


def _may_be_switched_off(action: Action, error: ApiError) -> bool:
    """Return whether a refused feature may be that of classes or locations, not of entering time at all."""
    return error.code in FEATURE_CODES and refused_references.has_tracked(refused_references.ids_in(action))
