"""The workspace's default service item: whether the mirror says that time can be booked on it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from integrations.models import Item, Workspace
from integrations.quickbooks import pull
from integrations.quickbooks.client import QuickBooksApiClient
from mapping.matching import names
from syncjobs.rules.eligibility import broken_item_reason
from syncjobs.rules.reasons import Reason


def broken(workspace: Workspace) -> Reason | None:
    """Return why no time can be booked on the workspace's default item, by the mirror; None if nothing is wrong."""
    return broken_by_workspace([workspace]).get(workspace.pk)


def broken_by_workspace(workspaces: Iterable[Workspace]) -> dict[int, Reason]:
    """Return the reason for each of the workspaces, by primary key, whose default item is inactive or gone."""
    # Before the first reading of the lists nothing is known of any item.
    chosen = [row for row in workspaces if row.service_item and row.company is not None and row.company.pulled_at]
    if not chosen:
        return {}
    keys = Q()
    for row in chosen:
        keys |= Q(company=row.company_id, quickbooks_id=row.service_item)
    columns = ("company_id", "quickbooks_id", "name", "active", "gone_at")
    items = {(company_id, key): facts for company_id, key, *facts in Item.objects.filter(keys).values_list(*columns)}
    reasons = {}
    for row in chosen:
        name, active, gone_at = items.get((row.company_id, row.service_item), ("", False, True))
        if active and gone_at is None:
            continue
        how = "gone from" if gone_at else "inactive in"
        reasons[row.pk] = broken_item_reason(names.strip_deleted(name) or row.service_item, how=f"is {how} QuickBooks")
    return reasons


def read_again_if_broken(workspace: Workspace, client: QuickBooksApiClient, *, now: datetime) -> None:
    """Read a broken default item again before a sync plans: it may have been reactivated. Raises ApiError."""
    if broken(workspace) is not None and workspace.company is not None:
        pull.refresh_records(workspace.company, client, Item, [workspace.service_item], now)
