"""What people say about a stored comparison: notes about time that nothing explains, and their signature.

Pages ask for the right to do so; here is what each does. Nothing is written to a vendor.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypedDict

from django.db import transaction
from django.db.models import Q

from integrations.models import Workspace
from mapping.decisions.notes import cleaned
from mapping.errors import Refused
from syncjobs.display.formatting import moment
from syncjobs.models import Action, ActivityNote, Receipt, Reconciliation, SignOff
from syncjobs.planning import evaluate
from syncjobs.rules.proof import proof_table
from syncjobs.rules.proof.proof_table import Notes, OpenItem, Sums
from syncjobs.support.proof import stored_comparison

Days = tuple[date, date]
NOT_COMPARED = "These days have not been compared yet. Compare them first."
OPEN_REASON = "Not everything is explained or could be read. Say why the period is signed anyway."


def explain(
    workspace: Workspace, days: Days, activities: Collection[str], text: str, *, person: Any, now: datetime
) -> int:
    """Keep a note for each of these activities that asks for one; returns their number. Raises Refused."""
    text = cleaned(text)
    if not text:
        raise Refused("Say what it is; an empty note explains nothing.")
    compared = _compared(workspace, days)
    chosen = [item for item in _open_items(compared, days) if item.activity in activities]
    if not chosen:
        raise Refused("Choose what the note is about; it may have been explained since.")
    ActivityNote.objects.bulk_create(
        ActivityNote(
            company=workspace.company,
            activity_id=item.activity,
            seconds=item.seconds,
            note=text,
            person=person,
            person_name=name_of(person),
            at=now,
        )
        for item in chosen
    )
    for stored in {compared, stored_comparison.of_workspace(workspace).first() or compared}:
        stored_comparison.count_open(stored)
    return len(chosen)


def sign(workspace: Workspace, days: Days, *, shown: str, reason: str, person: Any, now: datetime) -> SignOff:
    """Sign these days of the comparison that was shown. Raises Refused.

    `shown`: the key of that comparison. `reason`: needed where something in it is not explained or not known.
    """
    first, last = days
    reason = cleaned(reason)
    if not is_over(workspace, last, now):
        raise Refused("These days are not over yet; sign them when they are.")
    with transaction.atomic():
        # Two signatures of the same days must not both be the first.
        Workspace.objects.select_for_update().only("pk").get(pk=workspace.pk)
        stored = _compared(workspace, days)
        if str(stored.pk) != shown:
            raise Refused("The period has been compared again since. Review the result, then sign.")
        _refuse_while_written(workspace, days, stored)
        standing = SignOff.objects.standing().filter(workspace=workspace, company=workspace.company)
        earlier = standing.filter(from_date=first, to_date=last).first()
        if earlier is not None:
            when = moment(earlier.at, workspace.time_zone)
            raise Refused(f"{earlier.person_name} signed these days {when}. Countersign that, or withdraw it first.")
        notes = stored_comparison.notes(stored.company)
        total = proof_table.table(
            stored_comparison.rows(stored, first, last), notes, view="people", first=first, last=last
        ).total
        if needs_reason(stored, total) and not reason:
            raise Refused(OPEN_REASON)
        figures = _figures(total)
        signature = {"signed_by": name_of(person), "signed_at": now, "reason": reason, "figures": figures}
        document = _document(stored, days, notes, signature)
        sign_off = SignOff.objects.create(
            workspace=workspace,
            company=stored.company,
            reconciliation=stored,
            from_date=first,
            to_date=last,
            figures=figures,
            document=document,
            sha256=digest(document),
            reason=reason,
            person=person,
            person_name=name_of(person),
            at=now,
        )
    _evaluate_again(workspace, sign_off, now)
    return sign_off


def _refuse_while_written(workspace: Workspace, days: Days, stored: Reconciliation) -> None:
    """Check that all writes to a period that is to be kept are in its comparison; raises Refused otherwise.

    Called with the workspace's row locked: who commits an action later sees the signature (`Outcomes.hold_if_signed`).
    """
    if not Workspace.objects.filter(pk=workspace.pk, keep_signed=True).exists():
        return
    actions = Action.objects.of(workspace).with_in_flight()
    actions = actions.filter(Q(state=Action.State.SENDING) | Q(watch_until__gte=stored.compared_at))
    arriving = {action: _arrives_until(action) for action in actions}
    open_actions = [action for action, until in arriving.items() if action.in_flight or until >= stored.compared_at]
    # Where an entry moved, both of its days change.
    ids = [action.quickbooks_id for action in open_actions if action.quickbooks_id]
    receipts = Receipt.objects.filter(company=workspace.company, quickbooks_id__in=ids)
    sent_days = dict(receipts.values_list("quickbooks_id", "txn_date"))
    first, last = days
    concerned = [
        action
        for action in open_actions
        if first <= action.txn_date <= last or first <= sent_days.get(action.quickbooks_id, action.txn_date) <= last
    ]
    if any(action.in_flight for action in concerned):
        raise Refused("Time of these days is being written to QuickBooks. When that is done, compare again, then sign.")
    if concerned:
        # The next full minute, since seconds are not shown.
        until = max(arriving[action] for action in concerned) + timedelta(minutes=1)
        raise Refused(
            "A write to these days got no answer, and could still arrive when they were compared. Compare again after "
            f"{moment(until, workspace.time_zone)}, then sign."
        )


def _arrives_until(action: Action) -> datetime:
    """Return until when an attempt of this write that got no answer may arrive."""
    if action.state == Action.State.SENDING or action.watch_until is None:
        return action.may_arrive_until
    return action.watch_until


def is_over(workspace: Workspace, last: date, now: datetime) -> bool:
    """Return whether a period that ends with this day may be signed: on the day itself people still work."""
    return last < workspace.today(now)


def needs_reason(stored: Reconciliation, total: Sums) -> bool:
    """Return whether something in the comparison is not explained, or not known."""
    return total.is_open or bool(stored.cut_message) or bool(stored.unreadable)


def countersign(sign_off: SignOff, *, person: Any, now: datetime) -> None:
    """Add a second person's signature. Raises Refused."""
    if sign_off.person_id == person.pk:
        raise Refused("You signed this yourself; another person countersigns it.")
    if not is_intact(sign_off):
        raise Refused("What is stored is not what was signed, so it can't be countersigned.")
    # Conditional, since two people may press at this moment.
    open_ones = SignOff.objects.standing().filter(pk=sign_off.pk, countersigned_at=None)
    if not open_ones.update(countersigned_by=person, countersigned_name=name_of(person), countersigned_at=now):
        raise Refused("It has been countersigned or withdrawn since.")


def withdraw(sign_off: SignOff, *, reason: str, person: Any, now: datetime) -> None:
    """Withdraw a signature; it stays in the history with who did so, when and why. Raises Refused."""
    reason = cleaned(reason)
    if not reason:
        raise Refused("Say why it is withdrawn; that stays in the history.")
    withdrawn = {"withdrawn_by": person, "withdrawn_name": name_of(person), "withdrawn_at": now}
    if not SignOff.objects.standing().filter(pk=sign_off.pk).update(**withdrawn, withdrawn_reason=reason):
        raise Refused("It has already been withdrawn.")
    _evaluate_again(sign_off.workspace, sign_off, now)


def is_intact(sign_off: SignOff) -> bool:
    """Return whether what was signed is still what its hash says, and what the page shows is of it."""
    if digest(sign_off.document) != sign_off.sha256:
        return False
    signed = json.loads(sign_off.document)
    shown = sign_off.figures, sign_off.person_name, sign_off.reason, sign_off.at.isoformat()
    return shown == (signed["figures"], signed["signed_by"], signed["reason"], signed["signed_at"])


def digest(document: str) -> str:
    return hashlib.sha256(document.encode()).hexdigest()


def _document(stored: Reconciliation, days: Days, notes: Notes, signature: Mapping[str, Any]) -> str:
    """Return what is signed as canonical JSON: sorted keys, no spaces, UTF-8, lengths in whole seconds."""
    rows = [row._asdict() | {"date": row.day} for row in stored_comparison.rows(stored, *days)]
    for row in rows:
        del row["day"]
    noted = {activity[0] for row in rows for activity in row["activities"]}
    signed = {
        **signature,
        "company": stored.company.realm_id,
        "workspace": stored.workspace.clockify_id,
        "from": days[0],
        "to": days[1],
        "compared_at": stored.compared_at,
        "unreadable": stored.unreadable,
        "incomplete": stored.cut_message,
        "rows": rows,
        "notes": {key: note._asdict() for key, note in notes.items() if key in noted},
    }
    return json.dumps(
        signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=lambda v: v.isoformat()
    )


class SignedFigures(TypedDict):
    """The figures that were signed, kept as `SignOff.figures` and in the document. Seconds; amounts as text.

    The keys are those of signed documents, which must not change.
    """

    clockify: int
    quickbooks: int
    difference: int
    unexplained: int
    is_open: bool
    causes: dict[str, int]
    amounts: dict[str, list[str]]  # by currency: Clockify's and QuickBooks' amount


def sums_of(sign_off: SignOff) -> Sums:
    """Return the sums that were signed; 0 for what is not in the stored figures."""
    figures = sign_off.figures
    return Sums(
        clockify=figures.get("clockify", 0),
        quickbooks=figures.get("quickbooks", 0),
        causes=figures.get("causes", {}),
        left=figures.get("unexplained", 0),
        is_open=figures.get("is_open", False),
        amounts={key: (Decimal(ours), Decimal(theirs)) for key, (ours, theirs) in figures.get("amounts", {}).items()},
    )


def _figures(total: Sums) -> SignedFigures:
    return {
        "clockify": total.clockify,
        "quickbooks": total.quickbooks,
        "difference": total.difference,
        "unexplained": total.left,
        "is_open": total.is_open,
        "causes": total.causes,
        "amounts": {key: [str(ours), str(theirs)] for key, ours, theirs, _ in total.amount_lines},
    }


def _evaluate_again(workspace: Workspace, sign_off: SignOff, now: datetime) -> None:
    """Hold or free the entries of these days where signed periods are kept."""
    if workspace.keep_signed:
        evaluate.refresh_days(workspace, sign_off.from_date, sign_off.to_date, now=now)


def name_of(person: Any) -> str:
    """Return the name that stays with what a person said."""
    return str(person.get_full_name() or person.get_username())


def _compared(workspace: Workspace, days: Days) -> Reconciliation:
    stored = stored_comparison.latest(workspace, *days)
    if stored is None:
        raise Refused(NOT_COMPARED)
    return stored


def _open_items(stored: Reconciliation, days: Days) -> list[OpenItem]:
    notes = stored_comparison.notes(stored.company)
    return [item for row in stored_comparison.rows(stored, *days) for item in proof_table.explanations(row, notes)[1]]
