"""Connections that are lost: how they are marked, when they are asked again, and how they heal.

Whether a connection is lost is decided by its own address alone, in each vendor's client. Several processes may act at
once, so that each step is one conditional UPDATE.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet

from integrations.connection_state import Connection
from integrations.models import Company, ConnectionEvent, Workspace

# Before the first question, the second, and each later one.
PAUSES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6))

LostBecause = Connection.LostBecause
Kind = ConnectionEvent.Kind
# The columns of a connection that is not lost.
NOT_LOST: dict[str, Any] = {"lost_because": "", "asked_again": 0, "ask_again_at": None}


def mark_lost(row: Workspace | Company, reason: str, *, because: LostBecause, now: datetime) -> None:
    """Mark a connected row as lost, and say when it is asked again; one that was disconnected meanwhile stays so."""
    lost = {
        "state": row.LOST,
        "state_reason": reason,
        "lost_because": because,
        "asked_again": 0,
        "ask_again_at": now + PAUSES[0],
    }
    if _rows(row).filter(state=row.State.CONNECTED).update(state_since=now, **lost):
        message = f"The connection to {_vendor(row)} is lost: {reason}"
        _record(row, Kind.CLOCKIFY_LOST, Kind.QUICKBOOKS_LOST, message, now)
    elif because == LostBecause.INVALID_GRANT:
        # Lost before, and now its token is refused as well, which is asked about only once more.
        _rows(row).filter(state=row.LOST).exclude(lost_because=because).update(**lost)
    row.refresh_from_db()


def due(model: type[Any], *, now: datetime) -> Sequence[Any]:
    """Return the lost workspaces or companies that are to be asked again now, without their secrets."""
    # One that can no longer be decrypted must not keep the others from being asked.
    rows: QuerySet[Any] = model.objects.filter(state=model.LOST).defer(*model.SECRETS)
    return [row for row in rows.filter(Q(ask_again_at=None) | Q(ask_again_at__lte=now)) if row.may_be_asked_again]


def claim(row: Workspace | Company, *, now: datetime) -> bool:
    """Take the next question about a lost row; of several processes only one may ask it."""
    if not row.may_be_asked_again:
        return False
    seen = {"asked_again": row.asked_again, "ask_again_at": row.ask_again_at, "lost_because": row.lost_because}
    is_last = row.lost_because == LostBecause.INVALID_GRANT
    next_at = None if is_last else now + PAUSES[min(row.asked_again + 1, len(PAUSES) - 1)]
    rows = _rows(row).filter(state=row.LOST, **seen)
    return bool(rows.update(asked_again=F("asked_again") + 1, ask_again_at=next_at))


def give_back(row: Workspace | Company, *, now: datetime) -> None:
    """Allow the last question about a refused token again, since it got no answer."""
    refused = _rows(row).filter(state=row.LOST, lost_because=LostBecause.INVALID_GRANT)
    refused.update(asked_again=0, ask_again_at=now + PAUSES[0])


def heal(row: Workspace | Company, *, now: datetime) -> bool:
    """Connect a lost row again, since its own address lets us in; False if another process did, or a person."""
    values = {"state": row.State.CONNECTED, "state_reason": "", "state_since": now, **NOT_LOST}
    healed = bool(_rows(row).filter(state=row.LOST).update(**values))
    if healed:
        message = f"{_vendor(row)} is accessible again; the next run continues."
        _record(row, Kind.CLOCKIFY_HEALED, Kind.QUICKBOOKS_HEALED, message, now)
    row.refresh_from_db()
    return healed


def _rows(row: Workspace | Company) -> QuerySet[Any]:
    return type(row)._default_manager.filter(pk=row.pk)


def _vendor(row: Workspace | Company) -> str:
    return "Clockify" if isinstance(row, Workspace) else "QuickBooks"


def _record(row: Workspace | Company, of_clockify: Kind, of_quickbooks: Kind, message: str, now: datetime) -> None:
    if isinstance(row, Workspace):
        ConnectionEvent.objects.record(of_clockify, message, workspace=row, at=now)
    else:
        ConnectionEvent.objects.record(of_quickbooks, message, company=row, at=now)
