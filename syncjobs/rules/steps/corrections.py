"""Corrections that a person requests for time a sync leaves alone, because it was billed or changed by hand. Pure.

Override: QuickBooks' activity becomes what Clockify says now. Correct: that activity stays as it is, and the missing
time is added as a new activity. Neither happens automatically, and neither changes an invoice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from integrations.quickbooks.payloads import Activity, BillableStatus
from syncjobs.rules.billing import Billing
from syncjobs.rules.codes import ByHand, Code
from syncjobs.rules.drafts.draft import BILLABLE, NOT_BILLABLE, Draft
from syncjobs.rules.drafts.eligibility import Entry, Resolution
from syncjobs.rules.reasons import Reason
from syncjobs.rules.steps import changes
from syncjobs.rules.steps.changes import Sent, Step, hold
from syncjobs.rules.verbs import Verb

OVERRIDE, CORRECT = "override", "correct"
WAYS = (OVERRIDE, CORRECT)
# QuickBooks' statuses of time that is billable, and of time that is not.
STATUSES: dict[bool, set[str]] = {True: {BILLABLE, BillableStatus.BILLED}, False: {NOT_BILLABLE}}
WAYS_OUT = {"billable": "Credit it in QuickBooks.", "not billable": "Send Clockify's version instead."}


def intend(entry: Entry, resolution: Resolution, sent: Sent) -> Step:
    """Return the step by our own records that makes the activity match Clockify, even if the entry was not edited."""
    # What a person kept is decided again here.
    entry, sent = replace(entry, kept=False), replace(sent, corrections=0)
    step = changes.intend(entry, resolution, sent, resend=True)
    if step.verb != Verb.KEEP:
        return step
    if not resolution.may_go:
        return replace(step, verb=Verb.BLOCK, why="It can't be sent now.", reasons=resolution.reasons)
    return replace(step, verb=Verb.UPDATE, draft=step.draft or sent.draft, refresh_receipt=False)


def override(step: Step, sent: Sent, activity: Activity | None, billing: Billing) -> Step:
    """Return the step that overwrites people's changes in QuickBooks, or recreates what they deleted.

    Billed time is held, since its invoice must not change. `activity`: as QuickBooks has it now, None if deleted.
    """
    if not step.writes:
        return step
    # The corrections hold a part of the time already: the whole time in the first activity would count it twice.
    if sent.corrections:
        why = "It was corrected by a second activity. Undo the run that added it, then decide again."
        return hold(step, Reason(Code.CHANGED_IN_QUICKBOOKS, {"how": ByHand.CORRECTED}), why=why)
    if activity is None:
        return _recreate_deleted(step, sent)
    billed, doubt = billing.billed(activity), billing.doubt(activity)
    if billed is not None:
        return hold(step, billed, why=changes.why_billed(billed))
    if doubt is not None:
        return hold(step, doubt, why=changes.NOT_KNOWN)
    if step.verb == Verb.DELETE:
        by_hand = ", with what was changed by hand" if sent.changed_by_hand(activity) else ""
        why = f"{step.why} Activity {activity.id} is deleted{by_hand}."
        return replace(step, why=why, reading=activity)
    assert step.draft is not None
    if step.draft == sent.draft and not sent.changed_by_hand(activity):
        return replace(step, verb=Verb.KEEP, why="QuickBooks has what Clockify says already: nothing is left to write.")
    minutes = f"{length(activity.minutes)} becomes {length(step.draft.minutes)}"
    why = f"Activity {activity.id} becomes what Clockify says, in place of what was changed by hand: {minutes}."
    return replace(step, why=why, reading=activity)


def _recreate_deleted(step: Step, sent: Sent) -> Step:
    if step.verb == Verb.DELETE:
        reason = Reason(Code.CHANGED_IN_QUICKBOOKS, {"how": ByHand.DELETED})
        return hold(step, reason, why="QuickBooks no longer has it: nothing is left to delete.")
    why = f"Made again: activity {sent.quickbooks_id} was deleted by hand in QuickBooks."
    return replace(step, verb=Verb.CREATE, why=why)


def correct(step: Step, sent: Sent, activities: Collection[Activity], billing: Billing, *, part: int) -> Step:
    """Return a create of the minutes that are missing for this person and customer, beside the entry's activities.

    `activities`: those of the entry that QuickBooks has now; `part`: the number of the correction.
    """
    if not step.writes:
        return step
    own = next((activity for activity in activities if activity.id == sent.quickbooks_id), None)
    if own is None:
        return _refuse_correction(step, own, billing, "QuickBooks no longer has it: send Clockify's version instead.")
    # Nobody changed or billed it, so the next sync may update it: a second activity is not needed.
    if not billing.billed(own) and not sent.changed_by_hand(own) and not sent.corrections:
        doubt = billing.doubt(own)
        if doubt is not None:
            return hold(step, doubt, why=changes.NOT_KNOWN)
        return replace(
            step, verb=Verb.KEEP, why="QuickBooks has it as it was sent: the next sync takes the change over."
        )
    if step.verb == Verb.DELETE or step.draft is None:
        why = "It is no longer billable work. Time can be added, not taken away: credit it in QuickBooks."
        return _refuse_correction(step, own, billing, why)
    is_billable = step.draft.is_billable
    if is_billable != sent.draft.is_billable and own.billable_status in STATUSES[not is_billable]:
        has, says = ("not billable", "billable") if is_billable else ("billable", "not billable")
        why = f"QuickBooks has it as {has}, Clockify says {says}, and more time does not change that. {WAYS_OUT[has]}"
        return _refuse_correction(step, own, billing, why)
    if any(activity.minutes is None for activity in activities):
        why = "The time of an activity can't be read in QuickBooks; look at it there."
        return _refuse_correction(step, own, billing, why)
    covered, other = _covered_minutes(step.draft, activities)
    missing = step.draft.minutes - covered
    # QuickBooks takes no negative time; an invoice is corrected by a credit memo (decision 8).
    if missing <= 0:
        why = (
            f"QuickBooks has {length(covered)} for this person and customer, Clockify {length(step.draft.minutes)}: "
            "nothing is missing. Time can be added, not taken away: credit it in QuickBooks."
        )
        return _refuse_correction(step, own, billing, why)
    why = f"Adds {length(missing)} as a new activity; {_names(activities)} with {length(covered + other)} as it is."
    if other:
        why += f" {length(other)} of that is for somebody else: credit it in QuickBooks, or it is billed as well."
    return replace(step, verb=Verb.CREATE, why=why, draft=replace(step.draft, minutes=missing), part=part)


def _covered_minutes(draft: Draft, activities: Collection[Activity]) -> tuple[int, int]:
    """Return the minutes of the draft's person and customer in these activities, and the minutes of others."""
    draft_key = (draft.person_kind, draft.person_id, draft.customer_id)
    covered_minutes = sum(
        activity.minutes or 0
        for activity in activities
        if (activity.person_kind, activity.person_id, activity.customer_id) == draft_key
    )
    return covered_minutes, sum(activity.minutes or 0 for activity in activities) - covered_minutes


def _refuse_correction(step: Step, own_activity: Activity | None, billing: Billing, why: str) -> Step:
    if own_activity is None:
        return hold(step, Reason(Code.CHANGED_IN_QUICKBOOKS, {"how": ByHand.DELETED}), why=why)
    changed = Reason(Code.CHANGED_IN_QUICKBOOKS, {"how": ByHand.CHANGED})
    return hold(step, billing.billed(own_activity) or changed, why=why)


def _names(activities: Collection[Activity]) -> str:
    ids = sorted(activity.id for activity in activities)
    return f"activity {ids[0]} stays" if len(ids) == 1 else f"activities {', '.join(ids)} stay"


def length(minutes: int | None) -> str:
    """Return minutes as `1:30`; `an unknown time` for None."""
    return "an unknown time" if minutes is None else f"{minutes // 60}:{minutes % 60:02d}"


def fingerprint(step: Step, activities: Mapping[str, Activity]) -> dict[str, object]:
    """Return everything that a preview showed and the write depends on; compared again before anything is written."""
    return {
        "verb": step.verb,
        "draft": step.draft.as_row() if step.draft else None,
        "why": step.why,
        "there": {key: _editable_values(activity) for key, activity in sorted(activities.items())},
    }


def _editable_values(activity: Activity) -> list[object]:
    """Return all values that people can change: the SyncToken alone may stay the same although values changed."""
    return [
        activity.sync_token,
        activity.person_kind,
        activity.person_id,
        activity.customer_id,
        str(activity.txn_date),
        activity.minutes,
        activity.billable_status,
        str(activity.rate),
        activity.description,
        activity.item_id,
        activity.class_id,
        activity.department_id,
        str(activity.cost_rate),
    ]
