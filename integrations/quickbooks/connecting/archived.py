"""Connections that were archived: which company a workspace had, and what comes back with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from integrations.models import ArchivedConnection, Workspace
from integrations.quickbooks.models import Company

# The workspace's choices among the company's own records, kept with the archived connection under the same names.
COMPANYS_OWN = ("service_item", "default_class", "default_location")


def last_by_workspace(workspaces: Iterable[Workspace]) -> dict[int, ArchivedConnection]:
    """Return the connection that was archived last of each workspace without a company, by its primary key."""
    free = [workspace.pk for workspace in workspaces if workspace.company_id is None]
    if not free:
        return {}
    rows = ArchivedConnection.objects.filter(workspace__in=free).select_related("company")
    # Tokens stay sealed; the company may still be connected to another workspace.
    return {
        row.workspace_id: row for row in rows.defer(*(f"company__{name}" for name in Company.SECRETS)).order_by("pk")
    }


def take_up_again(workspace: Workspace, company: Company, *, now: datetime) -> bool:
    """Take the history with this company up again where its connection was archived; return whether it was.

    Receipts, links and decisions are kept by company, so only the workspace's own choice of item, class and
    location is put back.
    """
    rows = ArchivedConnection.objects.filter(workspace=workspace, company=company, taken_up_at=None)
    last = rows.order_by("-pk").first()
    if last is None:
        return False
    rows.update(taken_up_at=now)
    for name in COMPANYS_OWN:
        Workspace.objects.filter(pk=workspace.pk, **{name: ""}).update(**{name: getattr(last, name)})
    return True
