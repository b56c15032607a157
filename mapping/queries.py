"""Between the mirror and matching: what goes in, and what others ask for of what came out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

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


def company_of(workspace: Workspace) -> Company:
    if workspace.company is None:
        raise LookupError(f"{workspace} has no QuickBooks company.")
    return workspace.company


def clockify_records(workspace: Workspace) -> list[ClockifyRecord]:
    """Both lists are read as plain values: as rows of models they would take many times as long."""
    found: list[ClockifyRecord] = []
    mine = {"workspace": workspace}
    for key, name, email, active, gone_at in ClockifyUser.objects.filter(**mine).values_list(
        "clockify_id", "name", "email", "active", "gone_at"
    ):
        found.append(ClockifyRecord("user", key, name, email=email, archived=not active or gone_at is not None))
    for key, name, archived, gone_at in ClockifyClient.objects.filter(**mine).values_list(
        "clockify_id", "name", "archived", "gone_at"
    ):
        found.append(ClockifyRecord("client", key, name, archived=archived or gone_at is not None))
    for key, name, archived, gone_at, client_id, client_name in ClockifyProject.objects.filter(**mine).values_list(
        "clockify_id", "name", "archived", "gone_at", "client_id", "client_name"
    ):
        past = archived or gone_at is not None
        found.append(ClockifyRecord("project", key, name, client_id, client_name, archived=past))
    return found


def quickbooks_records(company: Company) -> list[QuickBooksRecord]:
    found: list[QuickBooksRecord] = []
    for kind, model in QUICKBOOKS_MODELS.items():
        there = ("parent_id",) if kind == "customer" else ("email",)
        columns = ("quickbooks_id", "name", "active", "gone_at", *there)
        for key, name, active, gone_at, more in model._default_manager.filter(company=company).values_list(*columns):
            facts = {there[0]: more}
            found.append(QuickBooksRecord(kind, key, name, active=active, gone=gone_at is not None, **facts))
    return found


def known_link(link: Link) -> KnownLink:
    return KnownLink(
        kind=link.kind,
        clockify_id=link.clockify_id,
        quickbooks_kind=link.quickbooks_kind,
        quickbooks_id=link.quickbooks_id,
        by=link.by,
        clockify_name=link.clockify_name,
        client_id=link.client_id,
        quickbooks_name=link.quickbooks_name,
        parent_id=link.parent_id,
        suspended=link.suspended,
    )


def links_of(workspace: Workspace) -> QuerySet[Link]:
    return Link.objects.filter(workspace=workspace, company=workspace.company)


def mapping_overrides_of(workspace: Workspace) -> QuerySet[MappingOverride]:
    """What people said about Clockify's records."""
    return all_mapping_overrides_of(workspace).filter(kind__in=KINDS)


def all_mapping_overrides_of(workspace: Workspace) -> QuerySet[MappingOverride]:
    """Likewise with the QuickBooks records that need no partner."""
    return MappingOverride.objects.filter(workspace=workspace, company=workspace.company)


def ignored_in_quickbooks(workspace: Workspace) -> Exists:
    """Whether a mismatch is of a QuickBooks record that a person ignored."""
    ignored = all_mapping_overrides_of(workspace).filter(
        choice=MappingOverride.Choice.IGNORED, kind__in=QUICKBOOKS_MODELS
    )
    return Exists(ignored.filter(kind=OuterRef("kind"), clockify_id=OuterRef("quickbooks_id")))


def was_matched(workspace: Workspace) -> bool:
    """Whether matching has ever come to its end here; a first run may have died between reading and matching."""
    return links_of(workspace).exists() or mismatches_of(workspace).exists() or mapping_overrides_of(workspace).exists()


def mismatches_of(workspace: Workspace) -> QuerySet[Mismatch]:
    """The listed ones, those that hold back most first."""
    rows = Mismatch.objects.filter(workspace=workspace, company=workspace.company)
    rows = rows.exclude(Q(clockify_id="") & ignored_in_quickbooks(workspace))
    return rows.order_by("-blocked_minutes", "kind", "clockify_name", "quickbooks_name", "pk")


def counts(workspace: Workspace) -> dict[str, dict[str, int]]:
    """Mapped and unmapped records per kind.

    Ignored ones are neither; archived ones that hold nothing are not unmapped.
    """
    ignored = set(
        mapping_overrides_of(workspace).filter(choice=MappingOverride.Choice.IGNORED).values_list("kind", "clockify_id")
    )
    working = set(links_of(workspace).filter(suspended="").values_list("kind", "clockify_id"))
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
    """The number of the last decision; 0 before the first."""
    return Decision.objects.filter(workspace=workspace).aggregate(last=Max("pk"))["last"] or 0


def decided_since(workspace: Workspace, last: int) -> set[Key]:
    """Kinds and ids of the records that were decided about after that one."""
    later = Decision.objects.filter(workspace=workspace, pk__gt=last)
    return set(later.values_list("kind", "clockify_id"))


def mirrored_names(workspace: Workspace, kind: str, ids: Iterable[str]) -> dict[str, str]:
    """Names by id, of Clockify's records or of QuickBooks'."""
    if kind in QUICKBOOKS_MODELS:
        there = QUICKBOOKS_MODELS[kind]._default_manager.filter(company=workspace.company)
        return dict(there.filter(quickbooks_id__in=list(ids)).values_list("quickbooks_id", "name"))
    rows = CLOCKIFY_MODELS[kind]._default_manager.filter(workspace=workspace, clockify_id__in=list(ids))
    return dict(rows.values_list("clockify_id", "name"))


def unknown_ids(workspace: Workspace, kind: str, ids: Collection[str]) -> set[str]:
    """Ids that the mirror has not seen yet."""
    return set(ids) - set(mirrored_names(workspace, kind, ids))


def mismatch_json(row: Mismatch) -> dict[str, Any]:
    """One line of `mismatches --json`."""
    left = {"id": row.clockify_id, "name": row.clockify_name, "client": row.clockify_client}
    right = {"id": row.quickbooks_id, "name": row.quickbooks_name, "parent": row.quickbooks_parent}
    suggested = ("id", "name", "score", "why", "kind")
    return {
        "kind": row.kind,
        "reason": row.reason,
        "clockify": left if row.clockify_id else None,
        "quickbooks": right if row.quickbooks_id else None,
        "suggestions": [{name: one.get(name) for name in suggested} for one in row.suggestions],
        "blocked_minutes": row.blocked_minutes,
        "blocked_entries": row.blocked_entries,
        "detail": row.detail,
    }


def mapping_json(workspace: Workspace) -> dict[str, list[dict[str, Any]]]:
    """All of `mapping --json`: links by kind."""
    shown: dict[str, list[dict[str, Any]]] = {PLURALS[kind]: [] for kind in KINDS}
    for link in links_of(workspace).order_by("kind", "clockify_name", "clockify_id"):
        shown[PLURALS[link.kind]].append(
            {
                "clockify_id": link.clockify_id,
                "clockify_name": link.clockify_name,
                "quickbooks_id": link.quickbooks_id,
                "quickbooks_name": link.quickbooks_name,
                "quickbooks_kind": link.quickbooks_kind,
                "by": link.by,
                "suspended": bool(link.suspended),
            }
        )
    return shown
