"""The desk's lists as the database gives them: what is open, linked, ignored, or only in QuickBooks."""

from __future__ import annotations

from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    F,
    FloatField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Concat, Lower, Trim

from integrations.models import ClockifyProject, ClockifyUser, Employee, Vendor, Workspace
from mapping.desk_partners import CLEAR_LEAD, CLEAR_SCORE, TAKEN
from mapping.models import Link, Mismatch, Stance
from mapping.queries import CLOCKIFY_MODELS, all_stances_of, ignored_there, links_of, stances_of

SEEN_ONLY = "RENAMED"
# Which tab a row seen from QuickBooks stands on.
ONLY_THERE = {"user": "NO_CLOCKIFY_USER", "client": "NO_CLOCKIFY_CLIENT", "project": "NO_CLOCKIFY_PROJECT"}
THIS_RECORD = {"kind": OuterRef("kind"), "clockify_id": OuterRef("clockify_id")}


def open_rows(workspace: Workspace) -> QuerySet[Any]:
    """Records of all kinds that a person has to decide about."""
    rows = Mismatch.objects.filter(workspace=workspace, company=workspace.company).exclude(clockify_id="")
    return rows.exclude(reason=SEEN_ONLY).exclude(Exists(_ignored(workspace).filter(**THIS_RECORD)))


def linked_rows(workspace: Workspace) -> QuerySet[Any]:
    """Links that are nobody's concern; those somebody may want to look at first."""
    listed = Mismatch.objects.filter(workspace=workspace, company=workspace.company, **THIS_RECORD)
    rows = links_of(workspace).exclude(Exists(_ignored(workspace).filter(**THIS_RECORD)))
    rows = rows.exclude(Exists(listed.exclude(reason=SEEN_ONLY)))
    return rows.annotate(renamed=Exists(listed.filter(reason=SEEN_ONLY)))


def ignored_rows(workspace: Workspace) -> QuerySet[Any]:
    """Of Clockify's records."""
    return _ignored(workspace)


def all_ignored_rows(workspace: Workspace, kind: str) -> QuerySet[Any]:
    """Of this Clockify kind, and the QuickBooks records that would stand beside it; these have a `name_there`."""
    this = {"kind": OuterRef("kind"), "quickbooks_id": OuterRef("clockify_id"), "reason": ONLY_THERE[kind]}
    there = Mismatch.objects.filter(workspace=workspace, company=workspace.company, clockify_id="", **this)
    rows = all_stances_of(workspace).filter(Q(kind=kind) | Exists(there), choice=Stance.Choice.IGNORED)
    return rows.annotate(name_there=Coalesce(Subquery(there.values("quickbooks_name")[:1]), Value("")))


def only_there(workspace: Workspace, kind: str) -> QuerySet[Mismatch]:
    """What only QuickBooks has, where a record of this Clockify kind is missing."""
    return all_only_there(workspace).filter(~ignored_there(workspace), reason=ONLY_THERE[kind])


def all_only_there(workspace: Workspace) -> QuerySet[Mismatch]:
    """With those that were ignored."""
    rows = Mismatch.objects.filter(workspace=workspace, company=workspace.company, clockify_id="")
    return rows.filter(reason__in=ONLY_THERE.values())


def _ignored(workspace: Workspace) -> QuerySet[Stance]:
    return stances_of(workspace).filter(choice=Stance.Choice.IGNORED)


# --- one clear partner -----------------------------------------------------------------------------------------
def with_suggested(workspace: Workspace, rows: QuerySet[Any]) -> QuerySet[Any]:
    """`suggested` where one press may do, as `desk_partners.clear_suggestion` says of a single row."""
    first, second = (Cast(KT(f"suggestions__{place}__score"), FloatField()) for place in (0, 1))
    links = Link.objects.filter(workspace=workspace, company=workspace.company, **THIS_RECORD)
    rows = rows.annotate(first=first, lead=first - second, taken=_text("suggestions__0__why"))
    rows = with_partner(rows)
    rows = rows.annotate(**_addresses(workspace))
    clear = Q(first__gte=CLEAR_SCORE) & ~Q(taken__contains=TAKEN) & (Q(lead=None) | Q(lead__gte=CLEAR_LEAD))
    another = Q(reason="AMBIGUOUS_NAME", kind="user") & ~Q(ours="") & ~Q(theirs="") & ~Q(ours=F("theirs"))
    return rows.annotate(
        suggested=Case(
            When(Exists(links), then=Value(False)),
            When(another, then=Value(False)),
            When(clear, then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        )
    )


def with_partner(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The likeliest partner's id and kind, out of the suggestions."""
    return rows.annotate(partner=_text("suggestions__0__id"), partner_kind=_text("suggestions__0__kind"))


def _text(path: str) -> Cast:
    """A value inside JSON as plain text: without the cast Django compares it as JSON."""
    return Cast(KT(path), TextField())


def _addresses(workspace: Workspace) -> dict[str, Any]:
    """E-mail addresses of users of one name and of their likely partners, which tell whose partner it is."""
    found = {"company": workspace.company, "quickbooks_id": OuterRef("partner")}
    user = ClockifyUser.objects.filter(workspace=workspace, clockify_id=OuterRef("clockify_id"))
    employee, vendor = (model.objects.filter(**found).values("email")[:1] for model in (Employee, Vendor))
    ambiguous = Q(reason="AMBIGUOUS_NAME", kind="user")
    ours = Case(When(ambiguous, then=Subquery(user.values("email")[:1])), default=Value(""))
    theirs = Case(
        When(ambiguous & Q(partner_kind="vendor"), then=Subquery(vendor)),
        When(ambiguous, then=Subquery(employee)),
        default=Value(""),
    )
    return {
        "ours": Lower(Trim(Coalesce(ours, Value("")))),
        "theirs": Lower(Trim(Coalesce(theirs, Value("")))),
    }


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


def by_consequence(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Groups by the time they hold back, then by their oldest entry; within a group likewise."""
    together = Case(
        # By the name that was stored with it: looking its id up for every row would cost more than all else.
        When(~Q(clockify_client=""), then=Concat(Value("c "), "clockify_client")),
        # Users of one name stand together, since they are told apart by each other.
        When(kind="user", reason="AMBIGUOUS_NAME", then=Concat(Value("n "), Trim("clockify_name"))),
        default=Concat(Value("r "), "clockify_id"),
        output_field=TextField(),
    )
    rows = rows.annotate(together=together)
    rows = rows.annotate(
        group_minutes=Window(Sum("blocked_minutes"), partition_by=[F("together")]),
        group_oldest=Window(Min("oldest_date"), partition_by=[F("together")]),
    )
    return rows.order_by(
        F("group_minutes").desc(),
        F("group_oldest").asc(nulls_last=True),
        "together",
        "-blocked_minutes",
        F("oldest_date").asc(nulls_last=True),
        "clockify_name",
        "pk",
    )


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


def likely(rows: QuerySet[Any]) -> tuple[QuerySet[Any], list[str]]:
    """With the names of the likeliest partners, for a search on the right."""
    names = {f"likely_{place}": _text(f"suggestions__{place}__name") for place in range(3)}
    return rows.annotate(**names), list(names)


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
