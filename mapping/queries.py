"""Queries around matching: its input from the mirror, and its saved results for other packages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

import mapping.lookups  # noqa: F401 registers `among`
from integrations.models import (
    ClockifyClient,
    ClockifyProject,
    ClockifyUser,
    Company,
    Customer,
    Employee,
    Vendor,
    Workspace,
)
from mapping.matching.records import ClockifyRecord, KnownLink, QuickBooksRecord
from mapping.models import Decision, Link, MappingOverride, Mismatch

KINDS = ("user", "client", "project")
PLURALS = {"user": "users", "client": "clients", "project": "projects"}
QUICKBOOKS_MODELS = {"employee": Employee, "vendor": Vendor, "customer": Customer}
CLOCKIFY_MODELS = {"user": ClockifyUser, "client": ClockifyClient, "project": ClockifyProject}
Key = tuple[str, str]
T = TypeVar("T")


def company_of(workspace: Workspace) -> Company:
    """Return the workspace's company. Raises LookupError where none is connected."""
    if workspace.company is None:
        raise LookupError(f"{workspace} has no QuickBooks company.")
    return workspace.company


def clockify_records(workspace: Workspace, among: Iterable[Key] | None = None) -> list[ClockifyRecord]:
    """Return the mirrored users, clients and projects; with `among` only those, by kind and id."""
    # Read as plain values, like QuickBooks' records below: as model instances they take many times as long.
    records: list[ClockifyRecord] = []
    for kind, rows in _rows_of(CLOCKIFY_MODELS, "clockify_id", among):
        rows = rows.filter(workspace=workspace)
        if kind == "user":
            for *values, email, active in rows.values_list(*_Listed._fields, "email", "active"):
                records.append(_clockify_record(kind, _Listed(*values), archived=not active, email=email))
        elif kind == "client":
            for *values, archived in rows.values_list(*_Listed._fields, "archived"):
                records.append(_clockify_record(kind, _Listed(*values), archived=archived))
        else:
            for *values, archived, client_id, client_name in rows.values_list(
                *_Listed._fields, "archived", "client_id", "client_name"
            ):
                records.append(
                    _clockify_record(
                        kind, _Listed(*values), archived=archived, client_id=client_id, client_name=client_name
                    )
                )
    return records


def _rows_of(
    models: Mapping[str, type[Any]], id_column: str, among: Iterable[Key] | None
) -> Iterator[tuple[str, QuerySet[Any]]]:
    """Yield each kind with a query of its rows, all of them or `among`."""
    if among is None:
        yield from ((kind, model._default_manager.all()) for kind, model in models.items())
        return
    for kind, ids in by_kind(among).items():
        yield kind, models[kind]._default_manager.filter(**{f"{id_column}__among": frozenset(ids)})


def by_kind(keys: Iterable[Key]) -> dict[str, list[str]]:
    """Return the ids of these records by kind, in order."""
    ids: dict[str, list[str]] = defaultdict(list)
    for kind, record_id in sorted(set(keys)):
        ids[kind].append(record_id)
    return ids


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """Yield the values in lists that fit into one statement, since SQLite limits its parameters."""
    values = list(values)
    for start in range(0, len(values), 500):
        yield values[start : start + 500]


class _Listed(NamedTuple):
    """The columns that users, clients and projects have in common."""

    clockify_id: str
    name: str
    gone_at: datetime | None
    from_entries: bool
    retired_at: datetime | None


def _clockify_record(kind: str, row: _Listed, *, archived: bool, **facts: str) -> ClockifyRecord:
    return ClockifyRecord(
        kind,
        row.clockify_id,
        row.name,
        archived=archived or row.gone_at is not None,
        gone=row.gone_at is not None or row.from_entries,
        from_entries=row.from_entries,
        retired=row.retired_at is not None,
        **facts,
    )


def quickbooks_records(company: Company, among: Iterable[Key] | None = None) -> list[QuickBooksRecord]:
    """Return the mirrored employees, vendors and customers; with `among` only those, by kind and id."""
    return [
        record
        for kind, rows in _rows_of(QUICKBOOKS_MODELS, "quickbooks_id", among)
        for record in quickbooks_values(kind, rows.filter(company=company))
    ]


def quickbooks_values(kind: str, rows: QuerySet[Any]) -> Iterator[QuickBooksRecord]:
    """Yield these rows of one kind in the form that matching takes."""
    extra_column = "parent_id" if kind == "customer" else "email"
    for key, name, active, gone_at, extra in rows.values_list(
        "quickbooks_id", "name", "active", "gone_at", extra_column
    ):
        yield QuickBooksRecord(kind, key, name, active=active, gone=gone_at is not None, **{extra_column: extra})


def customers_with_parents(company: Company, ids: Iterable[str]) -> dict[str, QuickBooksRecord]:
    """Return these customers and all those above them by id, in a query for each level."""
    found: dict[str, QuickBooksRecord] = {}
    requested = {customer_id for customer_id in ids if customer_id}
    while requested:
        rows = Customer.objects.filter(company=company, quickbooks_id__in=requested)
        columns = rows.values_list("quickbooks_id", "name", "parent_id", "active", "gone_at")
        for key, name, parent_id, active, gone_at in columns:
            found[key] = QuickBooksRecord("customer", key, name, parent_id, active=active, gone=gone_at is not None)
        requested = {found[key].parent_id for key in requested & found.keys()} - found.keys() - {""}
    return found


def known_links(links: QuerySet[Link]) -> list[KnownLink]:
    """Return saved links in the form that matching takes."""
    return [KnownLink(*values) for values in links.values_list(*(field.name for field in fields(KnownLink)))]


def links_of(workspace: Workspace) -> QuerySet[Link]:
    """Return the links there are, without those that were given back."""
    return Link.objects.filter(workspace=workspace, company=workspace.company, given_back_at=None)


def working_links(workspace: Workspace, keys: Iterable[Key]) -> set[Key]:
    """Return those of these Clockify records that have a link that is not suspended."""
    return {
        key
        for kind, ids in by_kind(keys).items()
        for chunk in chunks(ids)
        for key in links_of(workspace)
        .filter(kind=kind, clockify_id__in=chunk, suspended="")
        .values_list("kind", "clockify_id")
    }


def all_links_of(workspace: Workspace) -> QuerySet[Link]:
    """Return all links in the order in which they were made, those included that were given back.

    Time that was sent through one that was given back is still followed by it.
    """
    return Link.objects.filter(workspace=workspace, company=workspace.company).order_by("pk")


def mapping_overrides_of(workspace: Workspace) -> QuerySet[MappingOverride]:
    """Return people's decisions about Clockify's records."""
    return all_mapping_overrides_of(workspace).filter(kind__in=KINDS)


def all_mapping_overrides_of(workspace: Workspace) -> QuerySet[MappingOverride]:
    """Return people's decisions about records of both sides; QuickBooks' are those that need no partner."""
    return MappingOverride.objects.filter(workspace=workspace, company=workspace.company)


def ignored_in_quickbooks(workspace: Workspace) -> Exists:
    """Return a condition: the mismatch is of a QuickBooks record that a person ignored."""
    ignored = all_mapping_overrides_of(workspace).filter(
        choice=MappingOverride.Choice.IGNORED, kind__in=QUICKBOOKS_MODELS
    )
    return Exists(ignored.filter(kind=OuterRef("kind"), clockify_id=OuterRef("quickbooks_id")))


def was_matched(workspace: Workspace) -> bool:
    """Return whether matching was ever completed in this workspace."""
    # Its results tell, since a first run may have died between reading the lists and matching them.
    return links_of(workspace).exists() or mismatches_of(workspace).exists() or mapping_overrides_of(workspace).exists()


def mismatches_of(workspace: Workspace) -> QuerySet[Mismatch]:
    """Return the mismatches that are listed, those that hold the most minutes first."""
    rows = Mismatch.objects.filter(workspace=workspace, company=workspace.company)
    rows = rows.exclude(Q(clockify_id="") & ignored_in_quickbooks(workspace))
    return rows.order_by("-blocked_minutes", "kind", "clockify_name", "quickbooks_name", "pk")


def counts(workspace: Workspace) -> dict[str, dict[str, int]]:
    """Return numbers of mapped and unmapped records by kind.

    Ignored records are neither; archived records that hold no time are not unmapped.
    """
    ignored = set(
        mapping_overrides_of(workspace).filter(choice=MappingOverride.Choice.IGNORED).values_list("kind", "clockify_id")
    )
    working = set(links_of(workspace).filter(suspended="").values_list("kind", "clockify_id"))
    # A renamed link still works, so its row does not make the record unmapped.
    unmapped = set(
        mismatches_of(workspace).exclude(clockify_id="").exclude(reason="RENAMED").values_list("kind", "clockify_id")
    )
    return {
        PLURALS[kind]: {
            "mapped": sum(1 for key in working - ignored - unmapped if key[0] == kind),
            "unmapped": sum(1 for key in unmapped if key[0] == kind),
        }
        for kind in KINDS
    }


def last_decision(workspace: Workspace) -> int:
    """Return the id of the last decision; 0 before the first."""
    return Decision.objects.filter(workspace=workspace).aggregate(last=Max("pk"))["last"] or 0


def lock_decisions(workspace: Workspace) -> None:
    """Hold up everybody else's decisions and matching in this workspace until the transaction ends.

    Ids of decisions and links grow in the order in which they are committed, because of this lock.
    """
    # Not FOR UPDATE: that would also hold up whoever writes a row that refers to the workspace. SQLite has one writer.
    list(Workspace.objects.select_for_update(no_key=True).filter(pk=workspace.pk).values_list("pk"))


def last_ids(workspace: Workspace) -> tuple[int, int]:
    """Return the ids of the last decision and of the last link that was made, 0 before the first, in one query."""
    of_workspace = {"workspace": OuterRef("pk")}
    last = [
        Coalesce(Subquery(model._default_manager.filter(**of_workspace).order_by("-pk").values("pk")[:1]), 0)
        for model in (Decision, Link)
    ]
    decision, link = Workspace.objects.filter(pk=workspace.pk).values_list(*last)[0]
    return decision, link


def decided_since(workspace: Workspace, last: int) -> set[Key]:
    """Return (kind, id) of the records that were decided about after the decision with that id."""
    later = Decision.objects.filter(workspace=workspace, pk__gt=last)
    return set(later.values_list("kind", "clockify_id"))


def mirrored_names(workspace: Workspace, kind: str, ids: Iterable[str]) -> dict[str, str]:
    """Return names by id, of Clockify's or QuickBooks' records of one kind."""
    if kind in QUICKBOOKS_MODELS:
        quickbooks_rows = QUICKBOOKS_MODELS[kind]._default_manager.filter(company=workspace.company)
        return dict(quickbooks_rows.filter(quickbooks_id__in=list(ids)).values_list("quickbooks_id", "name"))
    rows = CLOCKIFY_MODELS[kind]._default_manager.filter(workspace=workspace, clockify_id__in=list(ids))
    return dict(rows.values_list("clockify_id", "name"))


def unknown_ids(workspace: Workspace, kind: str, ids: Collection[str]) -> set[str]:
    """Return those of the ids that are not mirrored yet."""
    return set(ids) - set(mirrored_names(workspace, kind, ids))
