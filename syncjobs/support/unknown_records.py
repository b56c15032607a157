"""The lists of both sides, pulled where time names somebody or something that came after the last check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from integrations.clockify import pull
from integrations.clockify.client import ClockifyApiClient
from integrations.models import Workspace
from integrations.quickbooks import pull as quickbooks_pull
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.reading.unreadable import Reading
from syncjobs.planning import evaluate, window


def pull_lists(
    workspace: Workspace, client: ClockifyApiClient, rows: Iterable[Mapping[str, Any]], *, now: datetime
) -> None:
    """Pull the lists, as a sync does, if one of the report's rows names a user or project added since the last check.

    Raises ApiError.
    """
    company = workspace.company
    if company is None or company.state != company.State.CONNECTED:
        return
    if workspace.pulled_at and company.pulled_at and not window.names_unknown_records(workspace, rows):
        return
    if company.pulled_at is None:
        quickbooks_pull.pull_lists(company, QuickBooksApiClient(company), reading=Reading(), now=now)
    pull.pull_workspace(workspace, client, reading=Reading(), now=now)
    evaluate.refresh(workspace, now=now)
