"""What is written down before a record is written, and what its answer proves. No network here.

Names and time are written independently: these writes take no writer lease, since no rule of theirs looks at time, and
a person would otherwise wait for a long sync. Two presses for one record are kept apart by a constraint.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from integrations.errors import ApiError
from integrations.models import Workspace
from mapping.errors import Refused
from mapping.models import PartnerWrite
from mapping.queries import company_of
from syncjobs.partner_writes.drafts import PartnerDraft, WriteRequest

State = PartnerWrite.State
# A write without any answer for so long was left by a process that is gone: no call lasts longer.
ABANDONED_AFTER = timedelta(seconds=90)


def writes_of(workspace: Workspace) -> QuerySet[PartnerWrite]:
    """The journal, newest first."""
    return PartnerWrite.objects.filter(workspace=workspace).select_related("person").order_by("-pk")


def on_its_way(workspace: Workspace, request: WriteRequest) -> PartnerWrite | None:
    """The write for the same record that has not ended, if there is one."""
    return writes_of(workspace).filter(side=request.side, target=request.target, state=State.SENDING).first()


def open_write(workspace: Workspace, draft: PartnerDraft, *, person: Any, note: str, now: datetime) -> PartnerWrite:
    """Commit what is about to be asked for. Raises Refused while another press for the same record is on its way."""
    request = draft.request
    try:
        with transaction.atomic():
            return PartnerWrite.objects.create(
                workspace=workspace,
                company=company_of(workspace),
                side=request.side,
                verb=request.verb,
                entity=request.entity,
                target=request.target,
                asked=request.as_row(),
                name=draft.name,
                body=draft.text,
                clockify_id=request.clockify_id,
                quickbooks_id=request.quickbooks_id,
                person=person,
                note=note,
                created_at=now,
            )
    except IntegrityError:
        raise Refused(being_written(on_its_way(workspace, request))) from None


def being_written(write: PartnerWrite | None) -> str:
    if write is None:
        return "Somebody else has just written this; look at the row again."
    who = write.person.get_username() if write.person else "a command"
    since = f"{write.created_at:%H:%M:%S} UTC"
    if write.in_doubt:
        return f"{write.name} was sent at {since} by {who} and no clear answer came. Look for it before anything else."
    return f"{write.name} is being written since {since}, asked for by {who}."


def may_be_taken_up(write: PartnerWrite) -> bool:
    """In doubt, or left by a process that is gone."""
    return write.in_doubt or timezone.now() - (write.tried_at or write.created_at) > ABANDONED_AFTER


def is_overdue(write: PartnerWrite) -> bool:
    """So old that what has not arrived will not: vendors cut requests off long before."""
    last = write.tried_at or write.created_at
    return timezone.now() - last > timedelta(seconds=settings.SETTLE_SECONDS)


def claim_attempt(write: PartnerWrite) -> bool:
    """Committed before each call; true for exactly one process, which then may send."""
    claimed = PartnerWrite.objects.filter(pk=write.pk, state=State.SENDING, attempts=write.attempts)
    taken = claimed.update(attempts=F("attempts") + 1, tried_at=timezone.now(), in_doubt=False) == 1
    write.refresh_from_db()
    return taken


def keep_body(write: PartnerWrite, body: str, *, read_before: Mapping[str, Any]) -> None:
    """The body as it will go, made from what was read just now, and that reading."""
    write.body, write.read_before = body, dict(read_before)
    write.save(update_fields=["body", "read_before"])


def end(write: PartnerWrite, state: str, *, said: str, error: ApiError | None = None, tid: str = "") -> PartnerWrite:
    """DONE: it is there. REFUSED: the vendor said no. ABANDONED: proven not to have happened.

    Whoever finds the record there is right, even where another process has just given it up.
    """
    still_open = [State.SENDING, State.ABANDONED] if state == State.DONE else [State.SENDING]
    rows = PartnerWrite.objects.filter(pk=write.pk, state__in=still_open)
    found = {"clockify_id": write.clockify_id, "quickbooks_id": write.quickbooks_id}
    rows.update(state=state, ended_at=timezone.now(), in_doubt=False, said=said, **found, **_facts(write, error, tid))
    write.refresh_from_db()
    return write


def leave_in_doubt(write: PartnerWrite, error: ApiError | None) -> PartnerWrite:
    """It may have happened: whoever comes next reads before anything is sent."""
    said = f"{write.get_side_display()} gave no clear answer; it is looked for before anything is sent again."
    rows = PartnerWrite.objects.filter(pk=write.pk, state=State.SENDING)
    rows.update(in_doubt=True, said=said, **_facts(write, error, ""))
    write.refresh_from_db()
    return write


def _facts(write: PartnerWrite, error: ApiError | None, tid: str) -> dict[str, str]:
    facts = {"intuit_tid": (tid or (error.tid if error else "") or write.intuit_tid)[:80]}
    if error is not None:
        facts |= {"error_code": (error.code or error.name)[:60], "error_message": error.message}
    return facts
