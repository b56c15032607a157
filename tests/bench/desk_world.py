"""A mirror with ten times as many rows as there are open projects, matched as a check matches it."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils import timezone

from integrations.models import ClockifyClient, ClockifyProject, ClockifyUser, Customer, Employee, Workspace
from syncjobs.planning import evaluate
from tests.bench import name_pairs


def fill(workspace: Workspace, unmatched: int) -> None:
    """`unmatched` projects without a client among four times as many customers; the rest matches by name."""
    seen = {"first_seen_at": timezone.now(), "last_seen_at": timezone.now()}
    mine: dict[str, Any] = {"workspace": workspace, **seen}
    theirs: dict[str, Any] = {"company": workspace.company, **seen}
    names = name_pairs.make(unmatched, unmatched * 4)
    people, clients, below = unmatched // 2, unmatched // 4, unmatched // 4 * 5
    _make(ClockifyProject, (_named("p", key, name) for key, name in names.left.items()), mine)
    _make(Customer, (_customer(key, name) for key, name in names.right.items()), theirs)
    _make(ClockifyUser, (_named("u", n, f"Person {n}") for n in range(people)), mine)
    _make(Employee, (_there(n, f"Person {n}") for n in range(people)), theirs)
    _make(ClockifyClient, (_named("c", n, f"House {n}") for n in range(clients)), mine)
    _make(Customer, (_customer(f"h{n}", f"House {n}") for n in range(clients)), theirs)
    _make(
        ClockifyProject,
        (
            _named("s", n, f"Room {n}") | {"client_id": f"bench-c-{n % clients}", "client_name": f"House {n % clients}"}
            for n in range(below)
        ),
        mine,
    )
    _make(
        Customer,
        (
            _customer(f"r{n}", f"Room {n}")
            | {"parent_id": f"bench-h{n % clients}", "full_name": f"House {n % clients}:Room {n}"}
            for n in range(below)
        ),
        theirs,
    )
    evaluate.refresh(workspace, now=timezone.now(), compare_names=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _named(kind: str, key: object, name: str) -> dict[str, Any]:
    return {"clockify_id": f"bench-{kind}-{key}", "name": name}


def _there(key: object, name: str) -> dict[str, Any]:
    return {"quickbooks_id": f"bench-{key}", "name": name}


def _customer(key: object, name: str) -> dict[str, Any]:
    return _there(key, name) | {"full_name": name}


def _make(model: Any, rows: Any, common: dict[str, Any]) -> None:
    model.objects.bulk_create((model(**row, **common) for row in rows), batch_size=1000)
