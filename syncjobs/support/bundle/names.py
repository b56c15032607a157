"""All names that a workspace's rows hold: they are replaced in sentences too, and their odd letters bind others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from integrations.models import (
    Class,
    ClockifyClient,
    ClockifyProject,
    ClockifyUser,
    Customer,
    Department,
    Employee,
    Item,
    TimeEntry,
    Vendor,
    Workspace,
)
from integrations.quickbooks.models import Listed
from mapping.matching.names import strip_deleted
from mapping.models import Link, Mismatch, PartnerWrite
from syncjobs.models import RunItem

QUICKBOOKS: tuple[type[Listed], ...] = (Employee, Vendor, Customer, Item, Class, Department)

# What changes of rules name by their full names.
NESTED: tuple[type[Listed], ...] = (Customer, Item, Class, Department)


def names_of(workspace: Workspace) -> Iterator[str]:
    """Yield every name of a person, a record, the workspace and its company; some come twice."""
    ours = {"workspace": workspace}
    sources: list[tuple[QuerySet[Any], tuple[str, ...]]] = [
        (ClockifyUser.objects.filter(**ours), ("name", "email")),
        (ClockifyClient.objects.filter(**ours), ("name",)),
        (ClockifyProject.objects.filter(**ours), ("name", "client_name")),
        (TimeEntry.objects.filter(**ours), ("user_name",)),
        (TimeEntry.objects.filter(**ours), ("project_name", "client_name")),
        (Link.objects.filter(**ours), ("clockify_name", "quickbooks_name")),
        (Mismatch.objects.filter(**ours), ("clockify_name", "clockify_client", "quickbooks_name", "quickbooks_parent")),
        (PartnerWrite.objects.filter(**ours), ("name",)),
        (RunItem.objects.filter(run__workspace=workspace), ("user_name", "project_name")),
        (get_user_model().objects.all(), ("username", "first_name", "last_name", "email")),
        *((model._default_manager.filter(company=workspace.company), ("name",)) for model in QUICKBOOKS),
        *((model._default_manager.filter(company=workspace.company), ("full_name",)) for model in NESTED),
    ]
    yield from (workspace.name, workspace.key_owner_name, workspace.company.name if workspace.company else "")
    for rows, columns in sources:
        for values in rows.order_by().values_list(*columns).distinct().iterator(chunk_size=2000):
            for name in values:
                yield from {name, strip_deleted(name)}
