"""How large a bundle will be, before it is made."""

from __future__ import annotations

from django.db.models import QuerySet

from integrations.models import (
    ClockifyClient,
    ClockifyProject,
    ClockifyUser,
    Customer,
    Employee,
    Item,
    TimeEntry,
    Vendor,
    Workspace,
)
from syncjobs.models import Receipt, RunItem
from syncjobs.support.bundle.tables import calls_of

# In bytes of the zip: of one without rows, and of a row with all that is written of it, as measured.
EMPTY = 8_000
ENTRY, RUN_ITEM, RECEIPT, CALL, RECORD = 90, 20, 28, 24, 60
CLOCKIFY, QUICKBOOKS = (ClockifyUser, ClockifyClient, ClockifyProject), (Employee, Vendor, Customer, Item)


def entries_of(workspace: Workspace) -> QuerySet[TimeEntry]:
    return TimeEntry.objects.filter(workspace=workspace)


def estimated_bytes(workspace: Workspace) -> int:
    records = sum(model._default_manager.filter(workspace=workspace).count() for model in CLOCKIFY)
    records += sum(model._default_manager.filter(company=workspace.company).count() for model in QUICKBOOKS)
    rows = (
        (ENTRY, entries_of(workspace).count()),
        (RUN_ITEM, RunItem.objects.filter(run__workspace=workspace).count()),
        (RECEIPT, Receipt.objects.filter(workspace=workspace).count()),
        (CALL, calls_of(workspace).count()),
        (RECORD, records),
    )
    return EMPTY + sum(each * count for each, count in rows)
