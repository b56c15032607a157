"""The desk of a large company: the same number of queries however many rows there are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.models import ClockifyClient, ClockifyProject, ClockifyUser, Customer, Employee, Workspace
from mapping.models import Decision, Link, Mismatch
from tests.support.factories import NOW, arrange

PAGES = (
    "people/",
    "clients/?show=linked",
    "projects/",
    "projects/?show=suggested&left=project&right=customer",
    "projects/?show=quickbooks",
    "projects/?show=linked&left=project",
    "projects/?open=project-p7",
    "changed/",
    "desk/history/",
    "desk/options/?kind=project&q=customer",
    "desk/what-if/?kind=project&id=p7&verb=link&partner=customer:7",
    "desk/safe/count/?tab=projects",
    "desk/safe/?tab=projects",
    "projects/?show=ignored",
    "desk/upload/",
)


def fill(workspace: Workspace, size: int) -> None:
    """Create `size` open projects and users, a tenth as many linked clients, and four times as many customers."""
    seen_fields = {"first_seen_at": NOW, "last_seen_at": NOW}
    clockify_fields: dict[str, Any] = {"workspace": workspace, **seen_fields}
    quickbooks_fields: dict[str, Any] = {"company": workspace.company, **seen_fields}
    decided: dict[str, Any] = {"workspace": workspace, "company": workspace.company}
    clients = range(max(size // 10, 1))
    ClockifyUser.objects.bulk_create(
        ClockifyUser(clockify_id=f"u{n}", name=f"User {n}", **clockify_fields) for n in range(size)
    )
    ClockifyClient.objects.bulk_create(
        ClockifyClient(clockify_id=f"c{n}", name=f"Client {n}", **clockify_fields) for n in clients
    )
    ClockifyProject.objects.bulk_create(
        ClockifyProject(
            clockify_id=f"p{n}",
            name=f"Project {n}",
            client_id=f"c{n // 10}",
            client_name=f"Client {n // 10}",
            **clockify_fields,
        )
        for n in range(size)
    )
    Employee.objects.bulk_create(
        Employee(quickbooks_id=str(n), name=f"Employee {n}", **quickbooks_fields) for n in range(size)
    )
    Customer.objects.bulk_create(
        Customer(quickbooks_id=str(n), name=f"Customer {n}", full_name=f"Parent:Customer {n}", **quickbooks_fields)
        for n in range(size * 4)
    )
    Link.objects.bulk_create(
        Link(
            kind="client",
            clockify_id=f"c{n}",
            quickbooks_kind="customer",
            quickbooks_id=str(n),
            by="rule",
            made_at=NOW,
            **decided,
        )
        for n in clients
    )
    mismatch_fields = {"seen_at": NOW, "first_seen_at": NOW, "blocked_entries": 2, **decided}
    Mismatch.objects.bulk_create(
        Mismatch(
            kind=kind,
            reason="NO_CUSTOMER" if kind == "project" else "NO_EMPLOYEE",
            clockify_id=f"{kind[0]}{n}",
            clockify_name=f"{kind.capitalize()} {n}",
            clockify_client=f"Client {n // 10}",
            suggestions=[
                {
                    "id": str(n),
                    "name": f"Customer {n}",
                    "score": 0.9 - n % 3 / 10,
                    "why": "similar name",
                    "kind": "customer",
                }
            ],
            blocked_minutes=n % 500,
            **mismatch_fields,
        )
        for kind in ("project", "user")
        for n in range(size // 2 if kind == "user" else size)
    )
    Mismatch.objects.bulk_create(
        Mismatch(
            kind="customer",
            reason="NO_CLOCKIFY_PROJECT",
            quickbooks_id=str(n),
            quickbooks_name=f"Customer {n}",
            **mismatch_fields,
        )
        for n in range(size, size * 2)
    )
    arrange(workspace)
    Decision.objects.bulk_create(
        Decision(kind="project", clockify_id=f"p{n}", verb="ignore", at=NOW, **decided) for n in range(size)
    )


def query_count(client: Client, workspace: Workspace, page: str) -> int:
    address = f"/admin/workspaces/{workspace.pk}/{page}"
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.any_database
def test_no_page_of_the_desk_asks_more_for_many_rows_than_for_few(dana: Client, workspace: Workspace) -> None:
    fill(workspace, 60)
    dana.get(f"/admin/workspaces/{workspace.pk}/people/")
    few = {page: query_count(dana, workspace, page) for page in PAGES}
    for model in (Decision, Mismatch, Link, Customer, Employee, ClockifyProject, ClockifyClient, ClockifyUser):
        model._default_manager.all().delete()

    fill(workspace, 600)

    assert {page: query_count(dana, workspace, page) for page in PAGES} == few
