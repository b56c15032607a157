"""The journal of partner writes: saved before a record is written, ended by what its answer proves. No network.

Names and time are written independently: these writes take no writer lease, since none of their rules depends on time
entries, and a person would otherwise wait for a long sync. A database constraint allows one open write per record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from integrations.database import database_now
from integrations.errors import ApiError, TryLater
from integrations.models import Workspace
from mapping.errors import Refused
from mapping.models import PartnerWrite
from mapping.queries import company_of
from syncjobs.partner_writes.drafts import PartnerDraft, WriteRequest

State = PartnerWrite.State
# No call lasts this long: a write that is still unanswered was left by a dead process.
ABANDONED_AFTER = timedelta(seconds=90)


def writes_of(workspace: Workspace) -> QuerySet[PartnerWrite]:
    """Return the workspace's writes of the company that is connected now, newest first."""
    return (
        PartnerWrite.objects.filter(workspace=workspace, company=workspace.company_id)
        .select_related("person")
        .order_by("-pk")
    )


def on_its_way(workspace: Workspace, request: WriteRequest) -> PartnerWrite | None:
    """Return the open write for the same record, or None."""
    return writes_of(workspace).filter(side=request.side, target=request.target, state=State.SENDING).first()


def open_write(
    workspace: Workspace, draft: PartnerDraft, *, person: Any, note: str, now: datetime, version: str = ""
) -> PartnerWrite:
    """Save the write before its call. Raises Refused while another one for the same record is open."""
    request = draft.request
    try:
        with transaction.atomic():
            # The constraint on open writes decides between two simultaneous requests for one record.
            return PartnerWrite.objects.create(
                workspace=workspace,
                company=company_of(workspace),
                **fields_of(draft),
                person=person,
                note=note,
                version=version,
                created_at=now,
            )
    except IntegrityError:
        raise Refused(open_message(on_its_way(workspace, request))) from None


def fields_of(draft: PartnerDraft) -> dict[str, Any]:
    """Return what a row of the journal keeps of a draft."""
    request = draft.request
    return {
        "side": request.side,
        "verb": request.verb,
        "entity": request.entity,
        "target": request.target,
        "asked": request.as_row(),
        "name": draft.name,
        "body": draft.text,
        "clockify_id": request.clockify_id,
        "quickbooks_id": request.quickbooks_id,
    }


def made_by_others(write: PartnerWrite) -> set[str]:
    """Return the ids of the vendor's records that other creates are known to have made: none of them is this one's."""
    in_quickbooks = write.side == PartnerWrite.Side.QUICKBOOKS
    place = {"company": write.company_id} if in_quickbooks else {"workspace": write.workspace_id}
    others = PartnerWrite.objects.filter(
        **place, side=write.side, entity=write.entity, verb=PartnerWrite.Verb.CREATE, state=State.DONE
    )
    return set(others.exclude(pk=write.pk).values_list("quickbooks_id" if in_quickbooks else "clockify_id", flat=True))


def open_message(write: PartnerWrite | None) -> str:
    """Return the sentence that refuses a second write for the same record."""
    if write is None:
        return "Someone else has just written this; check the row again."
    author = write.person.get_username() if write.person else "a command"
    since = f"{write.created_at:%H:%M:%S} UTC"
    if write.in_doubt:
        return (
            f"{write.name} was sent at {since} by {author} and no clear answer came. Look for it before anything else."
        )
    return f"{write.name} is being written since {since}, requested by {author}."


def can_be_resumed(write: PartnerWrite) -> bool:
    """Return True if its outcome is unknown or a dead process left it."""
    return write.in_doubt or database_now() - write.last_attempt_at > ABANDONED_AFTER


def shown_state(write: PartnerWrite) -> str:
    """Return the state as pages show it: a call that is not answered yet is on its way, not in doubt."""
    is_on_the_way = write.state == State.SENDING and not can_be_resumed(write)
    return "on_the_way" if is_on_the_way else write.state


def claim_attempt(write: PartnerWrite) -> bool:
    """Save an attempt before its call. Returns True for exactly one process, which may then send."""
    return write.save_attempt(states=[State.SENDING], in_doubt=False)


def save_body(write: PartnerWrite, body: str, *, read_before: Mapping[str, Any]) -> None:
    """Save the final body and the record it was made from, as read just now."""
    write.body, write.read_before = body, dict(read_before)
    write.save(update_fields=["body", "read_before"])


def end(write: PartnerWrite, state: str, *, message: str, error: ApiError | None = None, tid: str = "") -> PartnerWrite:
    """End a write. DONE: the record exists. REFUSED: the vendor refused. ABANDONED: proven not to have happened.

    DONE also replaces ABANDONED: a process that finds the record is right even if another one just gave up. The others
    are proven of the attempts that were known, so they end nothing that another process has sent again meanwhile.
    """
    still_open = [State.SENDING, State.ABANDONED] if state == State.DONE else [State.SENDING]
    ids = {"clockify_id": write.clockify_id, "quickbooks_id": write.quickbooks_id}
    attempts = None if state == State.DONE else write.attempts
    write.end(state, states=still_open, attempts=attempts, in_doubt=False, said=message, **ids, **_answer(error, tid))
    write.refresh_from_db()
    return write


def end_unsent(write: PartnerWrite, error: ApiError) -> PartnerWrite:
    """End a write of which nothing was carried out. One of many that only came too early waits for its turn again."""
    if write.batch is None or not isinstance(error, TryLater):
        return end(write, State.ABANDONED, message=f"{error.message} {error.fix}".strip(), error=error)
    until = f" after {database_now() + timedelta(seconds=error.after):%H:%M} UTC" if error.after else ""
    message = f"{error.message} It is tried again automatically{until}."
    # Never carried out, so that its next attempt is the first one that can arrive.
    rows = PartnerWrite.objects.filter(pk=write.pk, state=State.SENDING, attempts=write.attempts)
    rows.update(state=State.WAITING, attempts=0, tried_at=None, said=message)
    write.refresh_from_db()
    return write


def mark_unknown(write: PartnerWrite, error: ApiError | None) -> PartnerWrite:
    """Mark the outcome as unknown, so that the next attempt reads before it sends anything."""
    message = f"{write.get_side_display()} gave no clear answer; it is looked for before anything is sent again."
    # Another process may have ended it meanwhile by what it found, or have sent it again.
    write.note_unclear(states=[State.SENDING], attempts=write.attempts, in_doubt=True, said=message, **_answer(error))
    write.refresh_from_db()
    return write


def _answer(error: ApiError | None, tid: str = "") -> dict[str, str]:
    if error is None:
        return {"tid": tid}
    return {"code": error.code or error.name, "message": error.message, "tid": tid or error.tid}
