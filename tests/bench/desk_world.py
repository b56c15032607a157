"""A mirror with ten times as many rows as there are open projects, matched as a check matches it."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils import timezone

from integrations.models import ClockifyClient, ClockifyProject, ClockifyUser, Customer, Employee, Workspace
from syncjobs.planning import evaluate
from tests.bench import name_pairs


def fill(workspace: Workspace, unmatched: int) -> None:
    """Create `unmatched` projects without a client and four times as many customers; the rest matches by name."""
    seen = {"first_seen_at": timezone.now(), "last_seen_at": timezone.now()}
    clockify_values: dict[str, Any] = {"workspace": workspace, **seen}
    quickbooks_values: dict[str, Any] = {"company": workspace.company, **seen}
    names = name_pairs.make(unmatched, unmatched * 4)
    people, clients, projects = unmatched // 2, unmatched // 4, unmatched // 4 * 5
    _make(ClockifyProject, (_clockify_record("p", key, name) for key, name in names.left.items()), clockify_values)
    _make(Customer, (_customer(key, name) for key, name in names.right.items()), quickbooks_values)
    _make(ClockifyUser, (_clockify_record("u", n, f"Person {n}") for n in range(people)), clockify_values)
    _make(Employee, (_quickbooks_record(n, f"Person {n}") for n in range(people)), quickbooks_values)
    _make(ClockifyClient, (_clockify_record("c", n, f"House {n}") for n in range(clients)), clockify_values)
    _make(Customer, (_customer(f"h{n}", f"House {n}") for n in range(clients)), quickbooks_values)
    _make(
        ClockifyProject,
        (
            _clockify_record("s", n, f"Room {n}")
            | {"client_id": f"bench-c-{n % clients}", "client_name": f"House {n % clients}"}
            for n in range(projects)
        ),
        clockify_values,
    )
    _make(
        Customer,
        (
            _customer(f"r{n}", f"Room {n}")
            | {"parent_id": f"bench-h{n % clients}", "full_name": f"House {n % clients}:Room {n}"}
            for n in range(projects)
        ),
        quickbooks_values,
    )
    evaluate.refresh(workspace, now=timezone.now(), compare_names=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _clockify_record(kind: str, key: object, name: str) -> dict[str, Any]:
    return {"clockify_id": f"bench-{kind}-{key}", "name": name}


def _quickbooks_record(key: object, name: str) -> dict[str, Any]:
    return {"quickbooks_id": f"bench-{key}", "name": name}


def _customer(key: object, name: str) -> dict[str, Any]:
    return _quickbooks_record(key, name) | {"full_name": name}


def _make(model: Any, rows: Any, common: dict[str, Any]) -> None:
    model.objects.bulk_create((model(**row, **common) for row in rows), batch_size=1000)
