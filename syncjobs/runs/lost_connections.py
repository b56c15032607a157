"""Lost connections are asked again: by the worker's tick when they are due, by a person's run at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from integrations import lost_connections
from integrations.clockify import connection as clockify_connection
from integrations.fields import SecretUnreadable
from integrations.models import Company, Workspace
from integrations.quickbooks.connecting import connection as quickbooks_connection

log = logging.getLogger("hourbridge.connection")

# Asks the connection's own address; True where it works again.
AskAgain = Callable[..., bool]
ASK_AGAIN: dict[type[Any], AskAgain] = {
    Workspace: clockify_connection.ask_again,
    Company: quickbooks_connection.ask_again,
}


def ask_due(*, now: datetime) -> int:
    """Ask every lost connection that is due; return how many work again."""
    healed = 0
    for model in ASK_AGAIN:
        for row in lost_connections.due(model, now=now):
            if lost_connections.claim(row, now=now):
                healed += _ask(model, row.pk, now)
    return healed


def ask_at_once(workspace: Workspace, *, now: datetime) -> None:
    """Ask the lost connections of a workspace now, whenever they are due, and reload the workspace.

    That leaves the time of the next question as it is, except for the only one about a refused token.
    """
    for row in (workspace, workspace.company):
        if row is None or not row.may_be_asked_again:
            continue
        is_last = row.lost_because == lost_connections.LostBecause.INVALID_GRANT
        if not is_last or lost_connections.claim(row, now=now):
            _ask(type(row), row.pk, now)
    workspace.refresh_from_db()


def _ask(model: type[Any], pk: int, now: datetime) -> bool:
    try:
        return ASK_AGAIN[model](model.objects.get(pk=pk), now=now)
    except SecretUnreadable as problem:
        log.warning("A lost connection can't be asked again: %s", problem)
        return False
