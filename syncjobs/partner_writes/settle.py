"""Writes without a clear answer, settled by reading: the same for both vendors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations.database import database_now
from integrations.errors import ApiError, ReconnectNeeded, TryLater
from mapping.models import PartnerWrite
from syncjobs.partner_writes import journal, outcome

State = PartnerWrite.State


def look(write: PartnerWrite, find: Callable[[], Mapping[str, Any] | None]) -> PartnerWrite:
    """Settle by reading with `find`. The outcome stays unknown while it may still arrive, or nothing can be read."""
    read_from = database_now()
    try:
        record = find()
    except ApiError as error:
        return journal.mark_unknown(write, error)
    if record is not None:
        return outcome.accept(write, record)
    if not write.may_still_arrive(read_from=read_from):
        message = f"Looked for: it is not in {write.get_side_display()}. Nothing was written."
        return journal.end(write, State.ABANDONED, message=message)
    return write


def end_unless_tried(write: PartnerWrite, error: TryLater | ReconnectNeeded) -> PartnerWrite:
    """End a write that was refused before it was carried out; only an earlier attempt of it could have arrived."""
    if write.attempts > 1:
        return journal.mark_unknown(write, error)
    return journal.end_unsent(write, error)
