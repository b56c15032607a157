"""What follows once a record is known to be written: our copy of it, the link, and every entry judged anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations.clockify import payloads
from integrations.clockify import pull as clockify_pull
from integrations.quickbooks import pull as quickbooks_pull
from mapping.decisions import decide
from mapping.errors import Refused
from mapping.matching.names import identical
from mapping.models import PartnerWrite
from mapping.queries import QUICKBOOKS_MODELS, links_of
from syncjobs.partner_writes import drafts, journal
from syncjobs.planning import evaluate

WORDS = {"create": "Created", "reactivate": "Reactivated", "rename": "Renamed"}


def accept(write: PartnerWrite, record: Mapping[str, Any], *, tid: str = "") -> PartnerWrite:
    """The record is there: mirror, link and journal in one transaction, under the name of who asked."""
    now = timezone.now()
    with transaction.atomic():
        if write.side == PartnerWrite.Side.QUICKBOOKS:
            model = QUICKBOOKS_MODELS[write.entity]
            write.quickbooks_id = quickbooks_pull.keep_record(write.company, model, record, now=now)
        else:
            collection = drafts.COLLECTIONS[write.entity]
            write.clockify_id = clockify_pull.keep_record(write.workspace, collection, record, now=now)
        said = [f"{WORDS[write.verb]} in {write.get_side_display()}.", *_differences(write, record), *_link(write)]
        journal.end(write, PartnerWrite.State.DONE, said=" ".join(said), tid=tid)
    evaluate.refresh(write.workspace, now=timezone.now())
    return write


def _link(write: PartnerWrite) -> list[str]:
    """Link the two, unless somebody decided about the record meanwhile; what was written stays either way."""
    kind = str(write.asked.get("kind") or "") if write.side == PartnerWrite.Side.QUICKBOOKS else write.entity
    if not kind or not write.clockify_id or write.verb == PartnerWrite.Verb.RENAME:
        return []
    working = links_of(write.workspace).filter(kind=kind, clockify_id=write.clockify_id, suspended="").first()
    if working is not None and working.quickbooks_id == write.quickbooks_id:
        return []
    if working is not None:
        return [f"Not linked: it was linked to {working.quickbooks_name} meanwhile."]
    now, word = timezone.now(), WORDS[write.verb]
    try:
        warnings = decide.link(
            write.workspace,
            kind,
            write.clockify_id,
            write.quickbooks_id,
            vendor=write.entity == "vendor",
            now=now,
            person=write.person,
            note=write.note or f"{word} in {write.get_side_display()} and linked.",
        )
    except Refused as refusal:
        return [f"Not linked: {refusal}"]
    return ["Linked.", *warnings]


def _differences(write: PartnerWrite, record: Mapping[str, Any]) -> list[str]:
    """What the vendor made of it, where that is not what was sent: said, not hidden."""
    quickbooks = write.side == PartnerWrite.Side.QUICKBOOKS
    name = payloads.text(record.get("DisplayName" if quickbooks else "name"))
    found = [] if identical(name, write.name) else [f"It is called “{name}” there, “{write.name}” was sent."]
    if write.verb == PartnerWrite.Verb.RENAME:
        lost = drafts.lost_by_renaming(write.entity, write.read_before, record)
        found += [f"Clockify changed {', '.join(lost)} as well; look at it there."] if lost else []
    return found
