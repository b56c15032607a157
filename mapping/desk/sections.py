"""Querysets of the desk's lists: open, linked, ignored, and only in QuickBooks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from integrations.models import ClockifyProject, ClockifyUser, Employee, Vendor, Workspace
from mapping.models import MappingOverride, Mismatch
from mapping.queries import (
    CLOCKIFY_MODELS,
    QUICKBOOKS_MODELS,
    all_mapping_overrides_of,
    ignored_in_quickbooks,
    links_of,
    mapping_overrides_of,
)

# The one reason of links that still work: worth a look, but nothing to decide.
RENAMED = "RENAMED"
# Reasons of records that only QuickBooks has, by the Clockify kind whose tab lists them.
ONLY_IN_QUICKBOOKS = {"user": "NO_CLOCKIFY_USER", "client": "NO_CLOCKIFY_CLIENT", "project": "NO_CLOCKIFY_PROJECT"}
THIS_RECORD = {"kind": OuterRef("kind"), "clockify_id": OuterRef("clockify_id")}


def open_rows(workspace: Workspace) -> QuerySet[Any]:
    """Return mismatches of all kinds that a person has to decide about."""
    rows = Mismatch.objects.filter(workspace=workspace, company=workspace.company).exclude(clockify_id="")
    return rows.exclude(reason=RENAMED).exclude(Exists(_ignored(workspace).filter(**THIS_RECORD)))


def linked_rows(workspace: Workspace, kind: str) -> QuerySet[Any]:
    """Return links of this kind that need no decision; `renamed` marks those that are listed first."""
    mismatches = Mismatch.objects.filter(workspace=workspace, company=workspace.company, kind=kind, has_link=True)
    # Uncorrelated on purpose: otherwise a database without fresh statistics joins row by row.
    waiting, renamed = (
        rows.values("clockify_id") for rows in (mismatches.exclude(reason=RENAMED), mismatches.filter(reason=RENAMED))
    )
    ignored = _ignored(workspace).filter(kind=kind).values("clockify_id")
    rows = links_of(workspace).filter(kind=kind).exclude(clockify_id__in=waiting).exclude(clockify_id__in=ignored)
    is_renamed = Case(
        When(clockify_id__in=renamed, then=Value(True)), default=Value(False), output_field=BooleanField()
    )
    return rows.annotate(renamed=is_renamed)


def ignored_rows(workspace: Workspace) -> QuerySet[Any]:
    """Return the overrides of ignored Clockify records."""
    return _ignored(workspace)


def count_ignored(workspace: Workspace) -> Iterable[tuple[str, bool, int]]:
    """Return ignored Clockify records as (kind, has a link, number)."""
    linked = Exists(links_of(workspace).filter(**THIS_RECORD))
    rows = _ignored(workspace).annotate(linked=linked).order_by().values_list("kind", "linked")
    return rows.annotate(rows=Count("pk"))


def count_ignored_in_quickbooks(workspace: Workspace) -> Iterable[tuple[str, int]]:
    """Return ignored records that only QuickBooks has as (reason, number)."""
    # Starts from the few overrides, not from the many records that only QuickBooks has.
    same_record = {"kind": OuterRef("kind"), "quickbooks_id": OuterRef("clockify_id")}
    rows = all_mapping_overrides_of(workspace).filter(choice=MappingOverride.Choice.IGNORED, kind__in=QUICKBOOKS_MODELS)
    rows = rows.annotate(reason=Subquery(all_only_in_quickbooks(workspace).filter(**same_record).values("reason")[:1]))
    return rows.exclude(reason=None).order_by().values_list("reason").annotate(rows=Count("pk"))


def all_ignored_rows(workspace: Workspace, kind: str) -> QuerySet[Any]:
    """Return overrides of ignored records of this Clockify kind and of the QuickBooks records on the same tab.

    Rows of QuickBooks records have their name in `name_there`.
    """
    same_record = {
        "kind": OuterRef("kind"),
        "quickbooks_id": OuterRef("clockify_id"),
        "reason": ONLY_IN_QUICKBOOKS[kind],
    }
    mismatches = Mismatch.objects.filter(workspace=workspace, company=workspace.company, clockify_id="", **same_record)
    rows = all_mapping_overrides_of(workspace).filter(
        Q(kind=kind) | Exists(mismatches), choice=MappingOverride.Choice.IGNORED
    )
    return rows.annotate(name_there=Coalesce(Subquery(mismatches.values("quickbooks_name")[:1]), Value("")))


def only_in_quickbooks(workspace: Workspace, kind: str) -> QuerySet[Mismatch]:
    """Return records that only QuickBooks has, where a record of this Clockify kind is missing."""
    return all_only_in_quickbooks(workspace).filter(~ignored_in_quickbooks(workspace), reason=ONLY_IN_QUICKBOOKS[kind])


def all_only_in_quickbooks(workspace: Workspace) -> QuerySet[Mismatch]:
    """Return records that only QuickBooks has, of all kinds and ignored ones too."""
    rows = Mismatch.objects.filter(workspace=workspace, company=workspace.company, clockify_id="")
    return rows.filter(reason__in=ONLY_IN_QUICKBOOKS.values())


def _ignored(workspace: Workspace) -> QuerySet[MappingOverride]:
    return mapping_overrides_of(workspace).filter(choice=MappingOverride.Choice.IGNORED)


# --- order and search ------------------------------------------------------------------------------------------
def with_client(workspace: Workspace, rows: QuerySet[Any], kind: str) -> QuerySet[Any]:
    """Return the rows with id and name of their client: a client is its own, users have none."""
    if kind != "project":
        client_id: Any = F("clockify_id") if kind == "client" else Value("")
        return rows.annotate(group=client_id, group_name=Value(""))
    project = ClockifyProject.objects.filter(workspace=workspace, clockify_id=OuterRef("clockify_id"))
    return rows.annotate(
        group=Coalesce(Subquery(project.values("client_id")[:1]), Value("")),
        group_name=Coalesce(Subquery(project.values("client_name")[:1]), Value("")),
    )


def clients_of(workspace: Workspace, kind: str, ids: list[str]) -> dict[str, str]:
    """Return the client id of each of these records, by id; a client is its own."""
    if kind != "project":
        return dict(zip(ids, ids, strict=True)) if kind == "client" else {}
    rows = ClockifyProject.objects.filter(workspace=workspace, clockify_id__in=ids)
    return dict(rows.values_list("clockify_id", "client_id"))


def with_current_name(workspace: Workspace, rows: QuerySet[Any], kind: str) -> QuerySet[Any]:
    """Return the rows with the name that Clockify has now."""
    record = CLOCKIFY_MODELS[kind]._default_manager.filter(workspace=workspace, clockify_id=OuterRef("clockify_id"))
    return rows.annotate(name_now=Coalesce(Subquery(record.values("name")[:1]), Value("")))


def contains(columns: list[str], text: str) -> Q:
    """Return a filter for rows where any of the columns contains the text."""
    text = text.strip()
    # SQLite ignores case for ASCII letters only, so the usual forms of other letters are tried.
    forms = {text} if text.isascii() else {text, text.lower(), text.upper(), text.capitalize(), text.title()}
    matches = Q()
    for column in columns:
        for form in forms:
            matches |= Q(**{f"{column}__icontains": form})
    return matches


def has_email(workspace: Workspace, text: str) -> Q:
    """Return a filter for users whose e-mail address contains the text."""
    users = ClockifyUser.objects.filter(workspace=workspace).filter(contains(["email"], text))
    return Q(clockify_id__in=users.values("clockify_id"))


def partner_has_email(workspace: Workspace, text: str) -> Q:
    """Return a filter for rows whose partner, annotated as `partner`, has an e-mail address that contains the text."""
    partners = Q()
    for model in (Employee, Vendor):
        records = model.objects.filter(company=workspace.company).filter(contains(["email"], text)).exclude(email="")
        partners |= Q(partner__in=records.values("quickbooks_id"))
    return partners
