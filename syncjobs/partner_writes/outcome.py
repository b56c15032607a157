"""The effects of a write that succeeded: our copy of the record, the link, and new statuses of the entries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations.clockify import payloads
from integrations.clockify import pull as clockify_pull
from integrations.quickbooks import pull as quickbooks_pull
from mapping.decisions import decide
from mapping.decisions.new_decision import NewDecision
from mapping.decisions.versions import NOTHING_DONE, refuse_if_moved
from mapping.errors import Refused
from mapping.matching.names import identical
from mapping.models import PartnerWrite
from mapping.queries import QUICKBOOKS_MODELS, links_of, lock_decisions
from syncjobs.partner_writes import drafts, journal
from syncjobs.partner_writes.drafts import WriteRequest
from syncjobs.planning import evaluate

PAST_VERBS = {"create": "Created", "reactivate": "Reactivated", "rename": "Renamed"}


def accept(write: PartnerWrite, record: Mapping[str, Any], *, tid: str = "") -> PartnerWrite:
    """Save mirror, link and journal in one transaction, as decided by the person who requested the write."""
    now = timezone.now()
    with transaction.atomic():
        lock_decisions(write.workspace)
        # Before our copy takes the write over, which moves the record as well.
        moved = _moved(write, now=now)
        if write.side == PartnerWrite.Side.QUICKBOOKS:
            model = QUICKBOOKS_MODELS[write.entity]
            write.quickbooks_id = quickbooks_pull.keep_record(write.company, model, record, now=now)
        else:
            collection = drafts.COLLECTIONS[write.entity]
            write.clockify_id = clockify_pull.keep_record(write.workspace, collection, record, now=now)
        messages = [
            f"{PAST_VERBS[write.verb]} in {write.get_side_display()}.",
            *_difference_messages(write, record),
            *_link_records(write, moved),
        ]
        journal.end(write, PartnerWrite.State.DONE, message=" ".join(messages), tid=tid)
    # After the commit: an error in evaluating must not undo what is known of the write.
    evaluate.refresh(write.workspace, now=timezone.now())
    return write


def _moved(write: PartnerWrite, *, now: datetime) -> str:
    """Return who decided what about the record since the person saw it; "" where nothing moved."""
    kind = WriteRequest.from_row(write.asked).kind
    if not kind or not write.clockify_id or not write.version:
        return ""
    try:
        seen = NewDecision(write.workspace, kind, write.clockify_id, at=now, person=write.person, version=write.version)
        refuse_if_moved(seen)
    except Refused as refusal:
        return str(refusal).removesuffix(NOTHING_DONE).strip()
    return ""


def _link_records(write: PartnerWrite, moved: str) -> list[str]:
    """Link the two records unless somebody linked it meanwhile; return messages. The write stays either way."""
    asked = WriteRequest.from_row(write.asked)
    kind = asked.kind if write.side == PartnerWrite.Side.QUICKBOOKS else write.entity
    if not kind or not write.clockify_id or write.verb == PartnerWrite.Verb.RENAME:
        return []
    active_link = links_of(write.workspace).filter(kind=kind, clockify_id=write.clockify_id, suspended="").first()
    if active_link is not None and active_link.quickbooks_id == write.quickbooks_id:
        return []
    if active_link is not None:
        return [f"Not linked: it has since been linked to {active_link.quickbooks_name}."]
    if moved:
        return [f"Not linked: {moved}"]
    # Sharing a partner takes a warning that somebody has read, and nobody has read one here.
    partner_kind = write.entity if write.side == PartnerWrite.Side.QUICKBOOKS else "customer"
    sharing = links_of(write.workspace).filter(kind=kind, suspended="").exclude(clockify_id=write.clockify_id)
    other_link = sharing.filter(quickbooks_kind=partner_kind, quickbooks_id=write.quickbooks_id).first()
    if other_link is not None:
        return [f"Not linked: {other_link.clockify_name or other_link.clockify_id} is linked to it already."]
    decision = NewDecision(
        write.workspace,
        kind,
        write.clockify_id,
        at=timezone.now(),
        partner=(partner_kind, write.quickbooks_id),
        person=write.person,
        note=write.note or f"{PAST_VERBS[write.verb]} in {write.get_side_display()} and linked.",
        batch=write.batch,
    )
    try:
        warnings = decide.link(decision)
    except Refused as refusal:
        return [f"Not linked: {refusal}"]
    return ["Linked.", *warnings]


def _difference_messages(write: PartnerWrite, record: Mapping[str, Any]) -> list[str]:
    """Return a message for each difference between what was sent and what the vendor saved."""
    in_quickbooks = write.side == PartnerWrite.Side.QUICKBOOKS
    name = payloads.text(record.get("DisplayName" if in_quickbooks else "name"))
    name = name if in_quickbooks else payloads.decoded(name)
    messages = [] if identical(name, write.name) else [f"It is called “{name}” there, “{write.name}” was sent."]
    if write.verb == PartnerWrite.Verb.RENAME:
        lost = drafts.lost_by_renaming(write.entity, write.read_before, record)
        messages += [f"Clockify changed {', '.join(lost)} as well; look at it there."] if lost else []
    return messages
