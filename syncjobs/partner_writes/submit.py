"""What the desk's buttons call: show what would be written, write it because a person said so, look after it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import ModuleType
from typing import Any

from integrations.errors import ApiError
from integrations.models import Workspace
from mapping.decisions.batch import Choice
from mapping.decisions.preview import NEW, PlannedRecord
from mapping.errors import Refused
from mapping.models import PartnerWrite
from syncjobs.partner_writes import journal, prepare_clockify, prepare_quickbooks, to_clockify, to_quickbooks
from syncjobs.partner_writes.drafts import CLOCKIFY, CREATE, QUICKBOOKS, REACTIVATE, RENAME, PartnerDraft, WriteRequest
from syncjobs.planning import forecast

State = PartnerWrite.State
PREPARE: dict[tuple[str, str], Callable[[Workspace, WriteRequest], PartnerDraft]] = {
    (QUICKBOOKS, CREATE): prepare_quickbooks.create,
    (QUICKBOOKS, REACTIVATE): prepare_quickbooks.reactivate,
    (CLOCKIFY, CREATE): prepare_clockify.create,
    (CLOCKIFY, RENAME): prepare_clockify.rename,
}
SENDERS: dict[str, ModuleType] = {QUICKBOOKS: to_quickbooks, CLOCKIFY: to_clockify}


def draft(workspace: Workspace, request: WriteRequest) -> PartnerDraft:
    """Exactly what would be written, and every rule with what it found. Nothing is sent; no vendor is asked."""
    prepare = PREPARE.get((request.side, request.verb))
    if prepare is None or workspace.company is None:
        raise Refused("Nothing was chosen." if workspace.company else "Connect a QuickBooks company first.")
    return prepare(workspace, request)


def unblocks(workspace: Workspace, draft: PartnerDraft, *, now: datetime) -> forecast.Forecast:
    """What would be free to go once the draft is written and linked."""
    request = draft.request
    if request.verb == RENAME:
        return forecast.forecast(workspace, [], renamed={(request.kind, request.clockify_id): draft.name}, now=now)
    if request.side != QUICKBOOKS:
        # What is new in Clockify has no time yet.
        return forecast.Forecast()
    partner_id = request.quickbooks_id or NEW
    planned = PlannedRecord(request.entity, draft.name, partner_id, draft.parent_id)
    choices = []
    if request.kind and request.clockify_id:
        choices = [
            Choice(
                "link",
                request.kind,
                request.clockify_id,
                partner_id,
                vendor=request.entity == "vendor",
            )
        ]
    return forecast.forecast(workspace, choices, planned=[planned], now=now)


def carry_out(
    workspace: Workspace,
    request: WriteRequest,
    *,
    confirmed: str,
    person: Any = None,
    note: str = "",
    now: datetime,
) -> PartnerWrite:
    """Write what the person confirmed, `confirmed` being the fingerprint of the draft that was shown.

    1. A write for the same record that is in doubt is looked for first; if it is missing, it is sent again as it was.
    2. The draft is made anew and has to be the confirmed one, with no rule broken.
    3. The journal's row is committed, then the checks are made once more: whoever pressed before may have ended.
    4. What the write depends on is read, then it is sent once.
    5. The answer, or reading, ends it: mirror, link and journal in one transaction.

    Gives the journal's row, whose `state` and `said` tell what came of it. Raises Refused where nothing was tried.
    """
    earlier = journal.on_its_way(workspace, request)
    if earlier is not None and _take_up(earlier, request).state != State.ABANDONED:
        return earlier
    shown = _confirmed(workspace, request, confirmed)
    write = journal.open_write(workspace, shown, person=person, note=note, now=now)
    sender = SENDERS[write.side]
    try:
        _confirmed(workspace, request, confirmed)
        if not sender.make_ready(write):
            _refuse_broken(draft(workspace, request))
            raise Refused("It changed while you looked; look at it again.")
    except Refused as refusal:
        journal.end(write, State.ABANDONED, said=str(refusal))
        raise
    except ApiError as error:
        # Only reading failed: nothing was sent.
        return journal.end(write, State.ABANDONED, said=f"{error.message} {error.fix}".strip(), error=error)
    if not journal.claim_attempt(write):
        return write
    ended: PartnerWrite = sender.send(write)
    return ended


def look_again(workspace: Workspace, write_id: int) -> PartnerWrite:
    """Find out what became of a write without a clear answer. Reads only. Raises Refused for one that is none."""
    write = journal.writes_of(workspace).filter(pk=write_id).first()
    if write is None:
        raise Refused(f"{workspace} has no write {write_id}.")
    if write.state != State.SENDING:
        return write
    if not journal.may_be_taken_up(write):
        raise Refused(journal.being_written(write))
    return _look(write)


def settle(workspace: Workspace) -> list[PartnerWrite]:
    """Look after every write that has no clear outcome; each check does. Reads only, and never sends again."""
    opened = journal.writes_of(workspace).filter(state=State.SENDING)
    return [_look(write) for write in opened if journal.may_be_taken_up(write)]


def _take_up(write: PartnerWrite, request: WriteRequest) -> PartnerWrite:
    """A press while one is open: in doubt, it is looked for, and only then sent again with its own body and id."""
    if not journal.may_be_taken_up(write):
        raise Refused(journal.being_written(write))
    if _look(write).state != State.SENDING:
        return write
    if write.asked != request.as_row() or not journal.claim_attempt(write):
        raise Refused(journal.being_written(write))
    ended: PartnerWrite = SENDERS[write.side].send(write)
    return ended


def _look(write: PartnerWrite) -> PartnerWrite:
    if write.attempts == 0:
        # Its process ended before anything was sent.
        return journal.end(write, State.ABANDONED, said="It was never sent. Nothing was written.")
    looked: PartnerWrite = SENDERS[write.side].look(write)
    return looked


def _confirmed(workspace: Workspace, request: WriteRequest, confirmed: str) -> PartnerDraft:
    found = draft(workspace, request)
    _refuse_broken(found)
    if found.fingerprint != confirmed:
        raise Refused("What would be written is not what you saw any more; look at it again.")
    return found


def _refuse_broken(found: PartnerDraft) -> None:
    if found.failed:
        raise Refused(" ".join(f"{check.title}: {check.value}" for check in found.failed))
