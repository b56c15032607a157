"""The plan's step for each entry (create, update, delete, keep or block), from draft and receipt. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from integrations.quickbooks.payloads import Activity
from syncjobs.rules.billing import Billing
from syncjobs.rules.closed_periods import CODES as CLOSED_CODES
from syncjobs.rules.closed_periods import NONE_CLOSED, ClosedPeriods, closed_text
from syncjobs.rules.codes import ByHand, Code
from syncjobs.rules.drafts import draft as drafts
from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.drafts.eligibility import Entry, Resolution
from syncjobs.rules.reasons import NO_WORK, UNDONE, WHOLE_CONNECTION, Reason, form_name, form_text
from syncjobs.rules.rounding import kept_day
from syncjobs.rules.steps import answered, differences
from syncjobs.rules.verbs import WRITES, Verb

# Activities kept with the reason of an entry that almost fits them, for its page.
MAX_DUPLICATES = 10


@dataclass(frozen=True, slots=True)
class Sent:
    """The receipt of an entry, as far as the plan needs it. `answered`: see `steps.answered`; None in old receipts."""

    quickbooks_id: str
    sync_token: str
    content_hash: str
    start_at: datetime
    txn_date: date
    draft: Draft
    corrections: int = 0  # activities that a person added beside it
    answered: Mapping[str, Any] | None = None
    # The Clockify ids it was made from, `user` and `project`; empty in old receipts.
    source: Mapping[str, str] = field(default_factory=dict)
    # What a person took note of: values that would be sent today, by field (`rules.steps.differences`).
    noted: Mapping[str, str] = field(default_factory=dict)

    def changed_by_hand(self, activity: Activity) -> list[str]:
        """Return the names of our fields that people changed in QuickBooks since.

        The SyncToken moves for what is not ours as well: an invoice made and deleted again, a class, a cost rate. So
        an equal one proves that nothing was changed, and another one proves nothing.
        """
        return [] if activity.sync_token == self.sync_token else answered.changed(activity, self.draft, self.answered)


@dataclass(frozen=True, slots=True)
class Step:
    """The plan for one entry. `why` is a sentence for people.

    `refresh_receipt` marks a keep whose entry was edited without any effect on what was sent, or whose `reading` is
    what would be written: only the receipt is updated. `excluded_ids` are equal activities that existed before a
    create. `part` is the number of a correction.
    `gone`: the entry was deleted in Clockify. `action_id`: the earlier write, without an answer, that is sent again.
    """

    entry_id: str
    verb: Verb
    why: str
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[str, ...] = ()
    draft: Draft | None = None
    refresh_receipt: bool = False
    gone: bool = False
    reading: Activity | None = None
    excluded_ids: tuple[str, ...] = field(default=())
    part: int = 0
    action_id: int | None = None

    @property
    def writes(self) -> bool:
        return self.verb in WRITES

    @property
    def is_undone(self) -> bool:
        """Whether the run should have decided about it and could not."""
        return self.verb == Verb.BLOCK and any(reason.code in UNDONE for reason in self.reasons)


NEW = "New: not sent before."
NEW_NOT_BILLABLE = "New: not sent before. It is sent as not billable."


def day_of(entry: Entry, sent: Sent | None) -> date:
    """Return the TxnDate of an entry: the day that was sent while the start is unchanged, else the entry's day."""
    return kept_day(entry.start_at, sent=(sent.start_at, sent.txn_date) if sent else None) or entry.txn_date


def intend(entry: Entry, resolution: Resolution, sent: Sent | None, *, resend: bool = False) -> Step:
    """Return the step by our own records; it is compared with QuickBooks afterwards (`against_quickbooks`).

    A changed link, rate or setting alone never changes time already sent, unless a person asks to `resend`.
    """
    if sent is None:
        return _intend_first_time(entry, resolution)
    return _hold_if_corrected(_intend_sent(entry, resolution, sent, resend=resend), sent)


def _intend_sent(entry: Entry, resolution: Resolution, sent: Sent, *, resend: bool) -> Step:
    if sent.content_hash == entry.content_hash:
        if resend and resolution.codes <= CLOSED_CODES:
            return _intend_resend(entry, resolution, sent)
        return Step(entry.id, Verb.KEEP, "Sent, and not edited since.", warnings=_since_sent(entry, resolution, sent))
    # Before all other reasons: time that is no longer billable work has to leave QuickBooks even if, for example, its
    # link is missing by now.
    if entry.kept and is_no_work(entry, resolution, sent):
        return Step(entry.id, Verb.KEEP, "It is no longer billable work; a person keeps it in QuickBooks.")
    if resolution.codes & NO_WORK:
        return _intend_delete(entry, resolution, sent)
    if not resolution.may_go:
        return Step(entry.id, Verb.BLOCK, "Edited after it was sent, but can't be sent now.", resolution.reasons)
    new_draft = _draft(entry, resolution, sent)
    if new_draft == sent.draft:
        return Step(
            entry.id, Verb.KEEP, "Edited, but what was sent stays the same.", refresh_receipt=True, draft=new_draft
        )
    closed_reasons = resolution.closed.reasons(sent.txn_date)
    if closed_reasons:
        return Step(
            entry.id, Verb.BLOCK, f"Edited after it was sent, but {closed_text(closed_reasons)}.", closed_reasons
        )
    why = _changed_fields(sent, new_draft, entry, resolution, verb="Edited in Clockify")
    return Step(entry.id, Verb.UPDATE, why, warnings=_warnings(entry, resolution, new_draft), draft=new_draft)


def is_no_work(entry: Entry, resolution: Resolution, sent: Sent | None) -> bool:
    """Return True if the entry is no more what it was sent as: work at all, and billable work if it was.

    What a person keeps in QuickBooks stays there for as long, even where unbillable time is sent by now.
    """
    was_billable = sent is not None and sent.draft.is_billable
    return bool(resolution.codes & NO_WORK) or (was_billable and not entry.billable)


def _intend_resend(entry: Entry, resolution: Resolution, sent: Sent) -> Step:
    new_draft = _draft(entry, resolution, sent)
    if new_draft == sent.draft:
        return Step(entry.id, Verb.KEEP, "Sent, and nothing about it has changed.")
    # It keeps its day, which need not be the entry's today: the time zone may have changed.
    closed_reasons = resolution.closed.reasons(sent.txn_date) or resolution.reasons
    if closed_reasons:
        why, warnings = f"To be sent again, but {closed_text(closed_reasons)}.", _since_sent(entry, resolution, sent)
        return Step(entry.id, Verb.BLOCK, why, closed_reasons, warnings)
    why = _changed_fields(sent, new_draft, entry, resolution, verb="Resent as requested")
    return Step(entry.id, Verb.UPDATE, why, warnings=_warnings(entry, resolution, new_draft), draft=new_draft)


def _intend_delete(entry: Entry, resolution: Resolution, sent: Sent) -> Step:
    """Return the delete step. Only the day that was sent can lie in a closed period, not the entry's day now."""
    closed_reasons = resolution.closed.reasons(sent.txn_date)
    if closed_reasons or resolution.codes & WHOLE_CONNECTION:
        other_reasons = tuple(reason for reason in resolution.reasons if reason.code not in CLOSED_CODES)
        return Step(
            entry.id,
            Verb.BLOCK,
            "It is no longer billable work, but can't be deleted now.",
            other_reasons + closed_reasons,
        )
    # Told beside the deletion, and while a person has to decide about many of them.
    causes = tuple(reason for reason in resolution.reasons if reason.code in NO_WORK)
    return Step(entry.id, Verb.DELETE, "It is no longer billable work.", causes, draft=sent.draft)


def intend_gone(
    entry_id: str, sent: Sent, *, closed: ClosedPeriods = NONE_CLOSED, whole_connection: tuple[Reason, ...] = ()
) -> Step:
    """Return the step of a sent entry that was deleted in Clockify."""
    closed_reasons = closed.reasons(sent.txn_date)
    if closed_reasons or whole_connection:
        what = closed_text(closed_reasons) or "can't be deleted now"
        why = f"It was deleted in Clockify, but {what}."
        return Step(entry_id, Verb.BLOCK, why, closed_reasons + whole_connection, draft=sent.draft, gone=True)
    step = Step(entry_id, Verb.DELETE, "It was deleted in Clockify.", draft=sent.draft, gone=True)
    return _hold_if_corrected(step, sent)


def leave_gone(entry_id: str, sent: Sent) -> Step:
    """Return the step of an entry deleted in Clockify whose time a person decided to keep in QuickBooks."""
    reason = Reason(Code.IGNORED, {"what": "This entry"})
    return Step(
        entry_id, Verb.BLOCK, "It was deleted in Clockify and left as it is.", (reason,), draft=sent.draft, gone=True
    )


def keep_gone(entry_id: str) -> Step:
    """Return the step of an entry deleted in Clockify, one of many, whose time a person keeps in QuickBooks."""
    return Step(entry_id, Verb.KEEP, "It was deleted in Clockify; a person keeps it in QuickBooks.", gone=True)


def _hold_if_corrected(step: Step, sent: Sent) -> Step:
    """Hold a write of an entry with corrections: no activity is the whole entry, so a person has to decide."""
    if not ((step.writes or step.refresh_receipt) and sent.corrections):
        return step
    reason = Reason(Code.CHANGED_IN_QUICKBOOKS, {"how": ByHand.CORRECTED_SINCE})
    return hold(step, reason, why="It was corrected by a second activity.")


def _intend_first_time(entry: Entry, resolution: Resolution) -> Step:
    if not resolution.may_go:
        return Step(entry.id, Verb.BLOCK, "It can't be sent now.", resolution.reasons)
    new_draft = _draft(entry, resolution, None)
    why = NEW if new_draft.is_billable else NEW_NOT_BILLABLE
    return Step(entry.id, Verb.CREATE, why, warnings=_warnings(entry, resolution, new_draft), draft=new_draft)


def draft_of(entry: Entry, resolution: Resolution, sent: Sent | None) -> Draft | None:
    """Return what would be sent of the entry today; None if it may not go."""
    return _draft(entry, resolution, sent) if resolution.may_go else None


def draft_as_linked(entry: Entry, resolution: Resolution) -> Draft | None:
    """Return what a first write would send if nothing else held the entry; None while a partner is missing."""
    if resolution.person is None or resolution.customer is None or entry.seconds is None:
        return None
    return _draft(entry, resolution, None)


def _draft(entry: Entry, resolution: Resolution, sent: Sent | None) -> Draft:
    # Callers have checked both partners.
    assert resolution.person is not None and resolution.customer is not None
    return drafts.write(
        entry,
        person=resolution.person,
        customer=resolution.customer,
        minutes=resolution.minutes,
        txn_date=day_of(entry, sent),
        line=resolution.line,
        # None known today takes away none that was sent: the key may see no cost rates any more.
        cost_rate=resolution.cost_rate or (Decimal(sent.draft.cost_rate or 0) if sent else None),
    )


def _since_sent(entry: Entry, resolution: Resolution, sent: Sent) -> tuple[str, ...]:
    """Return the warnings of what is different today from what was sent, and nobody took note of."""
    return differences.warnings(differences.today(entry, resolution, sent.draft), sent.noted)


def _warnings(entry: Entry, resolution: Resolution, new_draft: Draft) -> tuple[str, ...]:
    lacks_cost_rate = resolution.cost_rate is not None and not new_draft.cost_rate
    return tuple(drafts.warnings(entry, resolution.line, lacks_cost_rate=lacks_cost_rate))


FIELD_LABELS = {
    "person_kind": "kind of person",
    "person_id": "person",
    "customer_id": "customer",
    "txn_date": "day",
    "minutes": "time",
    "description": "description",
    "billable_status": "billable or not",
    "rate": "rate",
    "item_id": "service item",
    "class_id": "class",
    "department_id": "location",
    "cost_rate": "cost rate",
}


def _changed_fields(sent: Sent, new_draft: Draft, entry: Entry, resolution: Resolution, *, verb: str) -> str:
    """Return what an update changes. A new price or link goes along with any edit, so it is said with both values."""
    relinked = _relinked(sent, entry, resolution)
    changed = [name for name in FIELD_LABELS if getattr(sent.draft, name) != getattr(new_draft, name)]
    if not new_draft.is_billable:
        # No rate is sent with it.
        changed = [name for name in changed if name != "rate"]
    labels = [FIELD_LABELS[name] for name in changed if name not in {*ALONG, *relinked}]
    old, new = differences.values_of(sent.draft), differences.values_of(new_draft)
    if not sent.draft.is_billable:
        # None was sent with it.
        old = {**old, "rate": ""}
    along = []
    for key, (name, label) in ALONG_LABELS.items():
        # Without an item of ours an update keeps what is there.
        if key in changed and key in {*ALONG, *relinked} and (new[name] or key != "item_id"):
            value = f"{new[name]} {relinked.get(key, '')}".strip() or "none"
            along.append(f"the {label} is now {value}, it was {old[name] or UNSENT.get(key, 'none')}")
    edited = f"{verb}: {', '.join(labels)}" if labels else verb
    return f"{', and '.join([edited, *along])}."


def _relinked(sent: Sent, entry: Entry, resolution: Resolution) -> dict[str, str]:
    """Return the names of partners that other links give an entry of the same user or project, by draft field."""
    names: dict[str, str] = {}
    if resolution.person is not None and sent.source.get("user") == entry.user_id:
        names |= {"person_kind": "", "person_id": resolution.person.name}
    if resolution.customer is not None and sent.source.get("project") == entry.project_id:
        names["customer_id"] = resolution.customer.name
    return names


# What no edit in Clockify changes by itself, with the names of `rules.steps.differences`.
ALONG_LABELS = {
    "person_id": ("person", "person"),
    "customer_id": ("customer", "customer"),
    "rate": ("rate", "rate"),
    "item_id": ("item", "service item"),
    "class_id": ("class", "class"),
    "department_id": ("location", "location"),
    "cost_rate": ("cost_rate", "cost rate"),
}
# Those that settings and rates decide, as opposed to links.
ALONG = ("rate", "item_id", *drafts.KEPT_AS_CHANGED)
UNSENT = {"item_id": "QuickBooks' own choice"}


def against_quickbooks(step: Step, sent: Sent | None, reading: Activity | None, billing: Billing) -> Step:
    """Return the step with its reading, or held unless the activity is unbilled and exactly as we left it."""
    if step.verb not in {Verb.UPDATE, Verb.DELETE} or sent is None:
        return step
    if reading is None:
        return hold(step, Reason(Code.CHANGED_IN_QUICKBOOKS, {"how": ByHand.DELETED}))
    billed = billing.billed(reading)
    if billed is not None:
        return hold(step, billed, why=why_billed(billed))
    fields = sent.changed_by_hand(reading)
    if fields:
        why = f"Changed by hand in QuickBooks: {', '.join(fields)}."
        return hold(step, Reason(Code.CHANGED_IN_QUICKBOOKS, {"how": ByHand.CHANGED}), why=why)
    doubt = billing.doubt(reading)
    return hold(step, doubt, why=NOT_KNOWN) if doubt else replace(step, reading=reading)


def unless_there_already(step: Step, sent: Sent | None, reading: Activity | None) -> Step:
    """Return an update as a keep where QuickBooks' copy, unlike what was sent, has all that would be written.

    The same change was made there, by hand or by a run that a restored backup knows nothing of: nothing is to be
    written, and from now on that copy is what was sent.
    """
    if step.verb != Verb.UPDATE or step.draft is None or sent is None or reading is None:
        return step
    if not sent.changed_by_hand(reading) or not answered.is_exactly(step.draft, reading):
        return step
    why = "Edited, and QuickBooks already has it that way."
    return replace(step, verb=Verb.KEEP, why=why, warnings=(), reading=reading, refresh_receipt=True)


NOT_KNOWN = "It is not known whether it is billed, so it waits."


def why_billed(reason: Reason) -> str:
    """Return the plan's sentence for time that stays since it is billed."""
    on = form_text(reason.facts)
    return f"It is billed{f' on {on}' if on else ''}; the {form_name(reason.facts)} is left as is."


def against_existing_duplicates(step: Step, duplicates: Sequence[Activity], *, set_aside: Collection[str]) -> Step:
    """Hold a create whose time, or almost the same, is in QuickBooks already, unless a person set that aside.

    `duplicates`: activities without a receipt, of the same person and day, that almost fit the draft.
    """
    if step.verb != Verb.CREATE or not duplicates or step.draft is None:
        return step
    if Code.ALREADY_IN_QUICKBOOKS in set_aside:
        return replace(step, excluded_ids=tuple(activity.id for activity in duplicates))
    planned = step.draft
    equal = [copy for copy in duplicates if (copy.customer_id, copy.minutes) == (planned.customer_id, planned.minutes)]
    # Beside an equal one, those that only resemble it are probably other work.
    shown = equal or duplicates
    facts: dict[str, Any] = {"twins": ", ".join(activity.id for activity in shown)}
    if not equal:
        alike = {"customer" if copy.customer_id == planned.customer_id else "time" for copy in duplicates}
        facts["same"] = " or ".join(f"{what} and description" for what in sorted(alike))
    facts["found"] = [{"id": copy.id, **answered.as_row(copy)} for copy in shown[:MAX_DUPLICATES]]
    why = f"QuickBooks has {'' if equal else 'almost '}the same time already."
    return hold(step, Reason(Code.ALREADY_IN_QUICKBOOKS, facts), why=why)


def hold(step: Step, reason: Reason, *, why: str = "QuickBooks has something other than what was sent.") -> Step:
    """Return the step blocked for this reason."""
    return replace(step, verb=Verb.BLOCK, why=why, reasons=(reason,), refresh_receipt=False)
