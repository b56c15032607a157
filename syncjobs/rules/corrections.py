"""What a person asks for about time that a sync leaves alone, because it was billed or changed by hand. Pure.

Override: QuickBooks' activity becomes what Clockify says now. Correct: that activity stays as it is, and what is
missing beside it is added as a new one. Neither happens by itself, and neither touches an invoice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from integrations.quickbooks.payloads import Activity
from syncjobs.rules import changes
from syncjobs.rules.changes import ActivityReading, Sent, Step, hold
from syncjobs.rules.draft import Draft
from syncjobs.rules.eligibility import Entry, Resolution
from syncjobs.rules.reasons import Reason

OVERRIDE, CORRECT = "override", "correct"
WAYS = (OVERRIDE, CORRECT)


def intend(entry: Entry, resolution: Resolution, sent: Sent, *, service_item: str) -> Step:
    """What Clockify's version would make of the activity by our own books, edited since or not."""
    step = changes.intend(entry, resolution, replace(sent, corrections=0), service_item=service_item, resend=True)
    if step.verb != "keep":
        return step
    if not resolution.may_go:
        return replace(step, verb="block", why="It can't be sent now.", reasons=resolution.reasons)
    return replace(step, verb="update", draft=step.draft or sent.draft, refresh_receipt=False)


def override(step: Step, sent: Sent, there: Activity | None) -> Step:
    """Write over what people did in QuickBooks, unless it is billed; what they deleted is made again."""
    if not step.writes:
        return step
    if sent.corrections:
        why = "It was corrected by a second activity. Undo the run that added it, then decide anew."
        return hold(step, Reason("CHANGED_IN_QUICKBOOKS", {"how": "corrected by a second activity"}), why=why)
    if there is None:
        return _override_deleted(step, sent)
    if there.billed:
        return hold(step, Reason("BILLED_IN_QUICKBOOKS"), why="It is billed; the invoice is left as it is.")
    reading = ActivityReading(there.sync_token, there.billed, there.raw)
    if step.verb == "delete":
        why = f"{step.why} Activity {there.id} is deleted, with what was changed by hand."
        return replace(step, why=why, reading=reading)
    assert step.draft is not None
    minutes = f"{length(there.minutes)} becomes {length(step.draft.minutes)}"
    why = f"Activity {there.id} becomes what Clockify says, in place of what was changed by hand: {minutes}."
    return replace(step, why=why, reading=reading)


def _override_deleted(step: Step, sent: Sent) -> Step:
    if step.verb == "delete":
        reason = Reason("CHANGED_IN_QUICKBOOKS", {"how": "deleted"})
        return hold(step, reason, why="QuickBooks no longer has it: nothing is left to delete.")
    why = f"Made again: activity {sent.quickbooks_id} was deleted by hand in QuickBooks."
    return replace(step, verb="create", why=why)


def correct(step: Step, sent: Sent, there: Collection[Activity], *, part: int) -> Step:
    """Add what is missing for this person and customer beside the activities that the entry has already.

    `there`: of those, the ones that QuickBooks has now; `part`: the number of the correction.
    """
    if not step.writes:
        return step
    own = next((one for one in there if one.id == sent.quickbooks_id), None)
    if own is None:
        return _refuse_correction(step, own, "QuickBooks no longer has it: send Clockify's version instead.")
    if not own.billed and own.sync_token == sent.sync_token and not sent.corrections:
        return replace(step, verb="keep", why="QuickBooks has it as it was sent: the next sync takes the change over.")
    if step.verb == "delete" or step.draft is None:
        why = "It is no billable work any more. Time can be added, not taken away: credit it in QuickBooks."
        return _refuse_correction(step, own, why)
    if any(one.minutes is None for one in there):
        return _refuse_correction(step, own, "The time of an activity can't be read in QuickBooks; look at it there.")
    covered, others = _covered(step.draft, there)
    missing = step.draft.minutes - covered
    if missing <= 0:
        why = (
            f"QuickBooks has {length(covered)} for this person and customer, Clockify {length(step.draft.minutes)}: "
            "nothing is missing. Time can be added, not taken away: credit it in QuickBooks."
        )
        return _refuse_correction(step, own, why)
    why = f"Adds {length(missing)} as a new activity; {_names(there)} with {length(covered + others)} as it is."
    if others:
        why += f" {length(others)} of that is for somebody else: credit it in QuickBooks, or it is billed as well."
    return replace(step, verb="create", why=why, draft=replace(step.draft, minutes=missing), part=part)


def _covered(wanted: Draft, there: Collection[Activity]) -> tuple[int, int]:
    """Minutes that stand for the person and customer of this draft already, and minutes for others."""
    mine = (wanted.person_kind, wanted.person_id, wanted.customer_id)
    covered = sum(one.minutes or 0 for one in there if (one.person_kind, one.person_id, one.customer_id) == mine)
    return covered, sum(one.minutes or 0 for one in there) - covered


def _refuse_correction(step: Step, own: Activity | None, why: str) -> Step:
    if own is None:
        return hold(step, Reason("CHANGED_IN_QUICKBOOKS", {"how": "deleted"}), why=why)
    billed, changed = Reason("BILLED_IN_QUICKBOOKS"), Reason("CHANGED_IN_QUICKBOOKS", {"how": "changed"})
    return hold(step, billed if own.billed else changed, why=why)


def _names(there: Collection[Activity]) -> str:
    ids = sorted(one.id for one in there)
    return f"activity {ids[0]} stays" if len(ids) == 1 else f"activities {', '.join(ids)} stay"


def length(minutes: int | None) -> str:
    """`1:30`, and `an unknown time` where it can't be read."""
    return "an unknown time" if minutes is None else f"{minutes // 60}:{minutes % 60:02d}"


def fingerprint(step: Step, there: Mapping[str, Activity]) -> dict[str, object]:
    """What a preview showed, as far as what would be written depends on it: compared before anything is."""
    return {
        "verb": step.verb,
        "draft": step.draft.as_row() if step.draft else None,
        "why": step.why,
        "there": {key: _values(one) for key, one in sorted(there.items())},
    }


def _values(there: Activity) -> list[object]:
    """All that people can change of it: a SyncToken may stand still although values moved."""
    return [
        there.sync_token,
        there.person_kind,
        there.person_id,
        there.customer_id,
        str(there.txn_date),
        there.minutes,
        there.billable_status,
        str(there.rate),
        there.description,
        there.item_id,
    ]
