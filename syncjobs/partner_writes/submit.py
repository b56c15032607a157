"""The entry points of the desk: draft a write, carry out a confirmed one, settle unknown outcomes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import ModuleType
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations.errors import ApiError
from integrations.kinds import Kind
from integrations.models import Workspace
from mapping.decisions.batch import Choice
from mapping.decisions.new_decision import NewDecision
from mapping.decisions.preview import NEW, PlannedRecord
from mapping.decisions.versions import refuse_if_moved
from mapping.errors import Refused
from mapping.models import PartnerWrite
from mapping.queries import Key, lock_decisions
from syncjobs.partner_writes import journal, prepare_clockify, prepare_quickbooks, to_clockify, to_quickbooks
from syncjobs.partner_writes.drafts import (
    CLOCKIFY,
    CREATE,
    QUICKBOOKS,
    REACTIVATE,
    RENAME,
    PartnerDraft,
    Wanted,
    WriteRequest,
)
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
    """Return the exact write with every rule's result. No network. Raises Refused if it can't be drafted."""
    prepare = PREPARE.get((request.side, request.verb))
    if prepare is None or workspace.company is None:
        raise Refused("Nothing was chosen." if workspace.company else "Connect a QuickBooks company first.")
    return prepare(workspace, request)


def unblocks(workspace: Workspace, draft: PartnerDraft) -> forecast.Forecast:
    """Return the forecast of time that can be sent once the draft is written and linked."""
    request = draft.request
    if request.verb == RENAME:
        return forecast.forecast(workspace, [], renamed={(request.kind, request.clockify_id): draft.name})
    if request.side != QUICKBOOKS:
        # A new Clockify record has no time yet.
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
                vendor=request.entity == Kind.VENDOR,
            )
        ]
    return forecast.forecast(workspace, choices, planned=[planned])


def carry_out(
    workspace: Workspace, wanted: Wanted, *, person: Any = None, note: str = "", now: datetime
) -> PartnerWrite:
    """Write what the person confirmed. Where the record that it is for has moved, Moved is raised, nothing written.

    1. Settle an open write for the same record first; if it did not arrive, send it again unchanged.
    2. Draft again: it must be the confirmed draft, with no failed check.
    3. Commit the journal's row, then check once more: an earlier write may just have ended.
    4. Read what the write depends on, then send once.
    5. End it by the answer or by reading: mirror, link and journal in one transaction.

    Returns the journal's row with its outcome in `state` and `said`. Raises Refused if nothing was sent.
    """
    request = wanted.request
    _refuse_if_moved(workspace, request.record, person=person, version=wanted.version)
    earlier = journal.on_its_way(workspace, request)
    if earlier is not None and _resume(earlier, request).state != State.ABANDONED:
        return earlier
    shown_draft = confirmed_draft(workspace, request, wanted.confirmed)
    write = journal.open_write(workspace, shown_draft, person=person, note=note, now=now, version=wanted.version)
    return send_opened(write, request, is_confirmed=lambda draft: draft.fingerprint == wanted.confirmed)


def send_opened(
    write: PartnerWrite, request: WriteRequest, *, is_confirmed: Callable[[PartnerDraft], bool]
) -> PartnerWrite:
    """Check an opened write once more and send it once; steps 3 to 5 of `carry_out`. Raises Refused if nothing was."""
    workspace, sender = write.workspace, SENDERS[write.side]
    try:
        _refuse_if_moved(workspace, request.record, person=write.person, version=write.version)
        _check_draft(draft(workspace, request), is_confirmed)
        if not sender.make_ready(write):
            _refuse_failed_checks(draft(workspace, request))
            raise Refused("It changed while you were looking; review it again.")
    except Refused as refusal:
        journal.end(write, State.ABANDONED, message=str(refusal))
        raise
    except ApiError as error:
        # Only the read failed: nothing was sent.
        return journal.end_unsent(write, error)
    if not journal.claim_attempt(write):
        return write
    # From here on the outcome may be unknown; the row is the only proof of the attempt.
    ended_write: PartnerWrite = sender.send(write)
    return ended_write


def look_again(workspace: Workspace, write_id: int) -> PartnerWrite:
    """Settle a write whose outcome is unknown, by reading only. Raises Refused for no such write or one in progress."""
    write = journal.writes_of(workspace).filter(pk=write_id).first()
    if write is None:
        raise Refused(f"{workspace} has no write {write_id}.")
    if write.state != State.SENDING:
        return write
    if not journal.can_be_resumed(write):
        raise Refused(journal.open_message(write))
    return _settle_write(write)


def settle(workspace: Workspace) -> list[PartnerWrite]:
    """Settle every write whose outcome is unknown, by reading only; called by each check. Returns them."""
    open_writes = journal.writes_of(workspace).filter(state=State.SENDING)
    return [_settle_write(write) for write in open_writes if journal.can_be_resumed(write)]


def _resume(write: PartnerWrite, request: WriteRequest) -> PartnerWrite:
    """Settle the open write, then send it again with its own body and request id if it did not arrive."""
    if not journal.can_be_resumed(write):
        raise Refused(journal.open_message(write))
    if _settle_write(write).state != State.SENDING:
        return write
    # Another process may have sent it again meanwhile.
    may_be_sent = write.asked == request.as_row() and journal.can_be_resumed(write)
    if not may_be_sent or not journal.claim_attempt(write):
        raise Refused(journal.open_message(write))
    ended_write: PartnerWrite = SENDERS[write.side].send(write)
    return ended_write


def _settle_write(write: PartnerWrite) -> PartnerWrite:
    if write.attempts == 0:
        # Its process died before the first attempt.
        return journal.end(write, State.ABANDONED, message="It was never sent. Nothing was written.")
    settled_write: PartnerWrite = SENDERS[write.side].look(write)
    return settled_write


def _refuse_if_moved(workspace: Workspace, record: Key | None, *, person: Any, version: str) -> None:
    if record is not None and version:
        with transaction.atomic():
            lock_decisions(workspace)
            refuse_if_moved(NewDecision(workspace, *record, at=timezone.now(), person=person, version=version))


def confirmed_draft(workspace: Workspace, request: WriteRequest, confirmed: str) -> PartnerDraft:
    """Return the draft if it is still the one that was shown. Raises Refused if not, or if a check fails."""
    current_draft = draft(workspace, request)
    _check_draft(current_draft, lambda current: current.fingerprint == confirmed)
    return current_draft


def _check_draft(current_draft: PartnerDraft, is_confirmed: Callable[[PartnerDraft], bool]) -> None:
    _refuse_failed_checks(current_draft)
    if not is_confirmed(current_draft):
        raise Refused("What would be written is no longer what you saw; review it again.")


def _refuse_failed_checks(current_draft: PartnerDraft) -> None:
    if current_draft.failed:
        raise Refused(" ".join(f"{check.title}: {check.value}" for check in current_draft.failed))
