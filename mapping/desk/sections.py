"""The desk's lists as the database gives them: what is open, linked, ignored, or only in QuickBooks."""

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
    ignored_there,
    links_of,
    mapping_overrides_of,
)

SEEN_ONLY = "RENAMED"
# Which tab a row seen from QuickBooks stands on.
ONLY_THERE = {"user": "NO_CLOCKIFY_USER", "client": "NO_CLOCKIFY_CLIENT", "project": "NO_CLOCKIFY_PROJECT"}
THIS_RECORD = {"kind": OuterRef("kind"), "clockify_id": OuterRef("clockify_id")}


def open_rows(workspace: Workspace) -> QuerySet[Any]:
    """Records of all kinds that a person has to decide about."""
    rows = Mismatch.objects.filter(workspace=workspace, company=workspace.company).exclude(clockify_id="")
    return rows.exclude(reason=SEEN_ONLY).exclude(Exists(_ignored(workspace).filter(**THIS_RECORD)))


def linked_rows(workspace: Workspace, kind: str) -> QuerySet[Any]:
    """Links of this kind that are nobody's concern; `renamed`: those somebody may want to look at first."""
    listed = Mismatch.objects.filter(workspace=workspace, company=workspace.company, kind=kind, has_link=True)
    # Uncorrelated on purpose: a database without fresh statistics joins row by row else.
    waiting, renamed = (
        rows.values("clockify_id") for rows in (listed.exclude(reason=SEEN_ONLY), listed.filter(reason=SEEN_ONLY))
    )
    ignored = _ignored(workspace).filter(kind=kind).values("clockify_id")
    rows = links_of(workspace).filter(kind=kind).exclude(clockify_id__in=waiting).exclude(clockify_id__in=ignored)
    news = Case(When(clockify_id__in=renamed, then=Value(True)), default=Value(False), output_field=BooleanField())
    return rows.annotate(renamed=news)


def ignored_rows(workspace: Workspace) -> QuerySet[Any]:
    """Of Clockify's records."""
    return _ignored(workspace)


def count_ignored(workspace: Workspace) -> Iterable[tuple[str, bool, int]]:
    """Kind, whether it is linked all the same, and how many."""
    linked = Exists(links_of(workspace).filter(**THIS_RECORD))
    rows = _ignored(workspace).annotate(linked=linked).order_by().values_list("kind", "linked")
    return rows.annotate(rows=Count("pk"))


def count_ignored_there(workspace: Workspace) -> Iterable[tuple[str, int]]:
    """Of what only QuickBooks has: reason, and how many. From the few that were ignored, not from all there are."""
    this = {"kind": OuterRef("kind"), "quickbooks_id": OuterRef("clockify_id")}
    rows = all_mapping_overrides_of(workspace).filter(choice=MappingOverride.Choice.IGNORED, kind__in=QUICKBOOKS_MODELS)
    rows = rows.annotate(reason=Subquery(all_only_there(workspace).filter(**this).values("reason")[:1]))
    return rows.exclude(reason=None).order_by().values_list("reason").annotate(rows=Count("pk"))


def all_ignored_rows(workspace: Workspace, kind: str) -> QuerySet[Any]:
    """Of this Clockify kind, and the QuickBooks records that would stand beside it; these have a `name_there`."""
    this = {"kind": OuterRef("kind"), "quickbooks_id": OuterRef("clockify_id"), "reason": ONLY_THERE[kind]}
    there = Mismatch.objects.filter(workspace=workspace, company=workspace.company, clockify_id="", **this)
    rows = all_mapping_overrides_of(workspace).filter(
        Q(kind=kind) | Exists(there), choice=MappingOverride.Choice.IGNORED
    )
    return rows.annotate(name_there=Coalesce(Subquery(there.values("quickbooks_name")[:1]), Value("")))


def only_there(workspace: Workspace, kind: str) -> QuerySet[Mismatch]:
    """What only QuickBooks has, where a record of this Clockify kind is missing."""
    return all_only_there(workspace).filter(~ignored_there(workspace), reason=ONLY_THERE[kind])


def all_only_there(workspace: Workspace) -> QuerySet[Mismatch]:
    """With those that were ignored."""
    rows = Mismatch.objects.filter(workspace=workspace, company=workspace.company, clockify_id="")
    return rows.filter(reason__in=ONLY_THERE.values())


def _ignored(workspace: Workspace) -> QuerySet[MappingOverride]:
    return mapping_overrides_of(workspace).filter(choice=MappingOverride.Choice.IGNORED)


# --- order and search ------------------------------------------------------------------------------------------
def with_client(workspace: Workspace, rows: QuerySet[Any], kind: str) -> QuerySet[Any]:
    """Each row with the client it stands under: a client under itself, a project under its own, if it has one."""
    if kind != "project":
        own: Any = F("clockify_id") if kind == "client" else Value("")
        return rows.annotate(group=own, group_name=Value(""))
    project = ClockifyProject.objects.filter(workspace=workspace, clockify_id=OuterRef("clockify_id"))
    return rows.annotate(
        group=Coalesce(Subquery(project.values("client_id")[:1]), Value("")),
        group_name=Coalesce(Subquery(project.values("client_name")[:1]), Value("")),
    )


def clients_of(workspace: Workspace, kind: str, ids: list[str]) -> dict[str, str]:
    """The client each of these records stands under: a client under itself."""
    if kind != "project":
        return dict(zip(ids, ids, strict=True)) if kind == "client" else {}
    rows = ClockifyProject.objects.filter(workspace=workspace, clockify_id__in=ids)
    return dict(rows.values_list("clockify_id", "client_id"))


def named(workspace: Workspace, rows: QuerySet[Any], kind: str) -> QuerySet[Any]:
    """With the name Clockify has now."""
    record = CLOCKIFY_MODELS[kind]._default_manager.filter(workspace=workspace, clockify_id=OuterRef("clockify_id"))
    return rows.annotate(name_now=Coalesce(Subquery(record.values("name")[:1]), Value("")))


def like(columns: list[str], text: str) -> Q:
    """Any of the columns contains it. SQLite knows no case of letters beyond ASCII, so their usual forms are tried."""
    text = text.strip()
    forms = {text} if text.isascii() else {text, text.lower(), text.upper(), text.capitalize(), text.title()}
    found = Q()
    for column in columns:
        for form in forms:
            found |= Q(**{f"{column}__icontains": form})
    return found


def of_mail(workspace: Workspace, text: str) -> Q:
    """Users whose address contains it."""
    users = ClockifyUser.objects.filter(workspace=workspace).filter(like(["email"], text))
    return Q(clockify_id__in=users.values("clockify_id"))


def partner_mail(workspace: Workspace, text: str) -> Q:
    """Rows whose partner, or likeliest one, has such an address."""
    found = Q()
    for model in (Employee, Vendor):
        rows = model.objects.filter(company=workspace.company).filter(like(["email"], text)).exclude(email="")
        found |= Q(partner__in=rows.values("quickbooks_id"))
    return found
