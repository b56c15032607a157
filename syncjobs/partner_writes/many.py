"""Creating many records in QuickBooks, one after the other: each through the journal, with its own checks and outcome.

They wait as rows of the journal until the worker takes them up. A refusal of one never stops the others; where
QuickBooks takes no more calls, all that are left wait until the queue's sweep has them tried again.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from integrations.database import DatabaseNow
from integrations.errors import ApiError
from integrations.fields import SecretUnreadable
from integrations.models import Workspace
from mapping.errors import Refused
from mapping.models import PartnerWrite
from mapping.queries import company_of
from syncjobs.partner_writes import journal, submit
from syncjobs.partner_writes.drafts import Wanted, WriteRequest

State = PartnerWrite.State


@dataclass(frozen=True)
class Requested:
    """The batch of writes that wait now, their number, and what was left out, each with why."""

    batch: uuid.UUID
    number: int
    left_out: list[tuple[WriteRequest, str]]


def request_all(
    workspace: Workspace, wanted: Iterable[Wanted], *, person: Any, note: str = "", now: datetime
) -> Requested:
    """Save every write that is still what was shown; nothing is sent here."""
    batch, left_out, number = uuid.uuid4(), [], 0
    waiting = set(journal.writes_of(workspace).filter(state=State.WAITING).values_list("target", flat=True))
    for create in wanted:
        try:
            if create.request.target in waiting:
                raise Refused("It is already waiting to be created.")
            draft = submit.confirmed_draft(workspace, create.request, create.confirmed)
        except Refused as refusal:
            left_out.append((create.request, str(refusal)))
            continue
        PartnerWrite.objects.create(
            workspace=workspace,
            company=company_of(workspace),
            **journal.fields_of(draft),
            state=State.WAITING,
            batch=batch,
            person=person,
            note=note,
            version=create.version,
            created_at=now,
        )
        number += 1
    return Requested(batch, number, left_out)


def writes_of(batch: uuid.UUID) -> QuerySet[PartnerWrite]:
    return PartnerWrite.objects.filter(batch=batch).select_related("workspace__company", "company", "person")


def work(batch: uuid.UUID, *, deadline: float, leaving: Callable[[], bool]) -> bool:
    """Carry out the batch's waiting writes until the deadline; return whether any is left to do at once."""
    while (write := writes_of(batch).filter(state=State.WAITING).order_by("pk").first()) is not None:
        if leaving() or time.monotonic() > deadline:
            return True
        if _claim(write):
            _carry_out(write)
            if write.state == State.WAITING:
                return False
    return False


def _claim(write: PartnerWrite) -> bool:
    """Open the write; True for exactly one process. One whose record is being written already is not sent."""
    waiting = PartnerWrite.objects.filter(pk=write.pk, state=State.WAITING)
    try:
        with transaction.atomic():
            # Its time starts now: an old one would look as if a dead process had left it.
            claimed = waiting.update(state=State.SENDING, created_at=DatabaseNow()) == 1
    except IntegrityError:
        reason = journal.open_message(journal.on_its_way(write.workspace, WriteRequest.from_row(write.asked)))
        waiting.update(state=State.ABANDONED, ended_at=DatabaseNow(), said=f"{reason} Nothing was written.")
        return False
    write.refresh_from_db()
    return claimed


def _carry_out(write: PartnerWrite) -> None:
    if write.company_id != write.workspace.company_id:
        journal.end(write, State.ABANDONED, message="Another QuickBooks company is connected now. Nothing was written.")
        return
    try:
        submit.send_opened(
            write, WriteRequest.from_row(write.asked), is_confirmed=lambda draft: draft.text == write.body
        )
    except Refused:
        return  # Told by the row.
    except (ApiError, SecretUnreadable) as error:
        # Before the attempt nothing was sent; later ones are in doubt and settled by reading.
        write.refresh_from_db()
        if write.state == State.SENDING and write.attempts == 0:
            journal.end(write, State.ABANDONED, message=f"{error} Nothing was written.")
