"""The workspace's default service item: whether the mirror says that time can be booked on it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from integrations.models import Item, Workspace
from syncjobs.planning import lines
from syncjobs.rules.eligibility import Broken, broken_reason
from syncjobs.rules.reasons import Reason


def broken(workspace: Workspace) -> Reason | None:
    """Return why no time can be booked on the workspace's default item, by the mirror; None if nothing is wrong."""
    return broken_by_workspace([workspace]).get(workspace.pk)


def broken_by_workspace(workspaces: Iterable[Workspace]) -> dict[int, Reason]:
    """Return the reason for each of the workspaces, by primary key, whose default item can't be used."""
    # Before the first reading of the lists nothing is known of any item.
    chosen = [row for row in workspaces if row.service_item and row.company is not None and row.company.pulled_at]
    if not chosen:
        return {}
    keys = Q()
    for row in chosen:
        keys |= Q(company=row.company_id, quickbooks_id=row.service_item)
    items = {(item.company_id, item.quickbooks_id): item for item in Item.objects.filter(keys).defer("raw")}
    reasons = {}
    for row in chosen:
        assert row.company is not None
        item = items.get((row.company.pk, row.service_item))
        problem = lines.problem_of(row.company, "item", item)
        if problem:
            reasons[row.pk] = broken_reason("item", Broken(lines.name_of(item) or row.service_item, problem))
    return reasons
