"""Between the mirror and matching: what goes in, what is saved of what comes out, and what others ask for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
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
from mapping import desk_order, match, names
from mapping.match_records import (
    ClockifyRecord,
    KnownLink,
    Likely,
    NewLink,
    Outcome,
    QuickBooksRecord,
    Suggestion,
)
from mapping.match_records import Mismatch as Finding
from mapping.match_records import Stance as Opinion
from mapping.models import Decision, Link, Mismatch, Stance

KINDS = ("user", "client", "project")
PLURALS = {"user": "users", "client": "clients", "project": "projects"}
QUICKBOOKS_MODELS = {"employee": Employee, "vendor": Vendor, "customer": Customer}
CLOCKIFY_MODELS = {"user": ClockifyUser, "client": ClockifyClient, "project": ClockifyProject}
Key = tuple[str, str]


@dataclass
class Held:
    """Time that waits for one Clockify record."""

    minutes: int = 0
    entries: int = 0
    oldest: date | None = None

    def add(self, minutes: int, day: date) -> None:
        self.minutes += minutes
        self.entries += 1
        self.oldest = day if self.oldest is None else min(self.oldest, day)


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


def stances_of(workspace: Workspace) -> QuerySet[Stance]:
    """What people said about Clockify's records."""
    return all_stances_of(workspace).filter(kind__in=KINDS)


def all_stances_of(workspace: Workspace) -> QuerySet[Stance]:
    """Likewise with the QuickBooks records that need no partner."""
    return Stance.objects.filter(workspace=workspace, company=workspace.company)


def ignored_there(workspace: Workspace) -> Exists:
    """Whether a mismatch is of a QuickBooks record that a person ignored."""
    ignored = all_stances_of(workspace).filter(choice=Stance.Choice.IGNORED, kind__in=QUICKBOOKS_MODELS)
    return Exists(ignored.filter(kind=OuterRef("kind"), clockify_id=OuterRef("quickbooks_id")))


@dataclass
class Matched:
    """What matching the mirrors gave, with the records it looked at, by kind and id."""

    outcome: Outcome
    ours: dict[Key, ClockifyRecord]
    theirs: dict[Key, QuickBooksRecord]


def rematch(workspace: Workspace, *, now: datetime, anew: bool = True) -> Matched:
    """Match the mirrors as they are; make the links that the rule makes and suspend those it suspends.

    Unless `anew`, likely partners that were found before are taken over where they still may be.
    """
    company = company_of(workspace)
    clockify, quickbooks = clockify_records(workspace), quickbooks_records(company)
    links = [known_link(link) for link in links_of(workspace)]
    opinions = [Opinion(one.kind, one.clockify_id, one.choice) for one in stances_of(workspace)]
    earlier = {} if anew else _found_before(workspace)
    outcome = match.match(clockify, quickbooks, links, opinions, mode=workspace.matching, earlier=earlier)
    ours = {(one.kind, one.id): one for one in clockify}
    theirs = {(one.kind, one.id): one for one in quickbooks}
    with transaction.atomic():
        Link.objects.bulk_create(
            [link_row(workspace, company, new, ours=ours, theirs=theirs, now=now) for new in outcome.links]
        )
        for (kind, clockify_id), reason in outcome.suspend.items():
            links_of(workspace).filter(kind=kind, clockify_id=clockify_id, suspended="").update(
                suspended=reason, suspended_at=now
            )
    return Matched(outcome, ours, theirs)


def _found_before(workspace: Workspace) -> dict[Key, Likely]:
    rows = Mismatch.objects.filter(workspace=workspace, company=workspace.company).exclude(clockify_id="")
    return {
        (kind, key): Likely(kept["name"], kept["under"], tuple(Suggestion(**one) for one in kept["found"]))
        for kind, key, kept in rows.values_list("kind", "clockify_id", "likely")
        if kept
    }


def link_row(
    workspace: Workspace,
    company: Company,
    new: NewLink,
    *,
    ours: Mapping[Key, ClockifyRecord],
    theirs: Mapping[Key, QuickBooksRecord],
    now: datetime,
) -> Link:
    """A link that the rule makes, not saved yet."""
    left, right = ours[new.kind, new.clockify_id], theirs[new.quickbooks_kind, new.quickbooks_id]
    return Link(
        workspace=workspace,
        company=company,
        kind=new.kind,
        clockify_id=new.clockify_id,
        quickbooks_kind=new.quickbooks_kind,
        quickbooks_id=new.quickbooks_id,
        by="rule",
        why=new.why,
        made_at=now,
        clockify_name=left.name,
        client_id=left.client_id,
        quickbooks_name=right.name,
        parent_id=right.parent_id,
    )


def save_mismatches(workspace: Workspace, matched: Matched, held: Mapping[Key, Held], *, now: datetime) -> None:
    """Replace the workspace's mismatches. Archived Clockify records are listed only while they hold back minutes.

    Rows that say what they said before are left as they are.
    """
    company, ours, theirs = company_of(workspace), matched.ours, matched.theirs
    # Archived records with no held minutes are hidden before QuickBooks' own rows are chosen.
    hidden = [key for key, one in ours.items() if one.archived and not (key in held and held[key].minutes)]
    findings = match.listed(matched.outcome, hidden=set(hidden))
    rows = [
        _mismatch_row(workspace, company, one, matched.outcome.likely, ours=ours, theirs=theirs, held=held, now=now)
        for one in findings
    ]
    desk_order.arrange(rows, _around(workspace, {**ours, **theirs}))
    before = _rows_before(workspace, company)
    first_seen = {one.identity: one.first_seen_at for one in before.values()}
    fresh, kept = [], set()
    for row in rows:
        same = before.get((row.kind, row.clockify_id, row.quickbooks_id))
        if same is not None and same.says == _says(row):
            kept.add(same.pk)
        else:
            row.first_seen_at = first_seen.get(_identity(row), now)
            fresh.append(row)
    with transaction.atomic():
        everything = Mismatch.objects.filter(workspace=workspace)
        gone = [pk for pk in everything.values_list("pk", flat=True) if pk not in kept]
        for start in range(0, len(gone), 500):
            everything.filter(pk__in=gone[start : start + 500]).delete()
        everything.update(seen_at=now)
        Mismatch.objects.bulk_create(fresh, batch_size=500)


# What a row says; besides these it has only its keys and when it was seen.
SAYS = (
    "reason",
    "clockify_name",
    "clockify_client",
    "archived",
    "quickbooks_name",
    "quickbooks_parent",
    "suggestions",
    "detail",
    "blocked_minutes",
    "blocked_entries",
    "oldest_date",
    "has_link",
    "suggested",
    "likely",
    "order_key",
    "group_minutes",
    "search_left",
    "search_right",
)


@dataclass(frozen=True)
class _Before:
    pk: int
    first_seen_at: datetime
    identity: tuple[str, str, str, str]
    says: tuple[Any, ...]


def _rows_before(workspace: Workspace, company: Company) -> dict[tuple[str, str, str], _Before]:
    columns = ("pk", "first_seen_at", "kind", "clockify_id", "quickbooks_id", *SAYS)
    found = {}
    for pk, first_seen_at, kind, clockify_id, quickbooks_id, *says in Mismatch.objects.filter(
        workspace=workspace, company=company
    ).values_list(*columns):
        identity = (kind, clockify_id, quickbooks_id if not clockify_id else "", says[0])
        found[kind, clockify_id, quickbooks_id] = _Before(pk, first_seen_at, identity, tuple(says))
    return found


def _says(row: Mismatch) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in SAYS)


def _around(workspace: Workspace, records: Mapping[Key, ClockifyRecord | QuickBooksRecord]) -> desk_order.Around:
    ignored = stances_of(workspace).filter(choice=Stance.Choice.IGNORED)
    return desk_order.Around(
        linked=set(links_of(workspace).values_list("kind", "clockify_id")),
        ignored=set(ignored.values_list("kind", "clockify_id")),
        emails={key: one.email for key, one in records.items() if one.email},
    )


def _identity(row: Mismatch) -> tuple[str, str, str, str]:
    return row.kind, row.clockify_id, row.quickbooks_id if not row.clockify_id else "", row.reason


def _mismatch_row(
    workspace: Workspace,
    company: Company,
    finding: Finding,
    likely: Mapping[Key, Likely],
    *,
    ours: Mapping[Key, ClockifyRecord],
    theirs: Mapping[Key, QuickBooksRecord],
    held: Mapping[Key, Held],
    now: datetime,
) -> Mismatch:
    left = ours.get((finding.kind, finding.clockify_id))
    right = next(
        (
            theirs[kind, finding.quickbooks_id]
            for kind in _right_kinds(finding)
            if (kind, finding.quickbooks_id) in theirs
        ),
        None,
    )
    parent = theirs.get(("customer", right.parent_id)) if right is not None and right.parent_id else None
    waiting = held.get((finding.kind, finding.clockify_id), Held())
    found = likely.get((finding.kind, finding.clockify_id))
    return Mismatch(
        workspace=workspace,
        company=company,
        kind=finding.kind,
        reason=finding.reason,
        clockify_id=finding.clockify_id,
        clockify_name=left.name if left else "",
        clockify_client=left.client_name if left else "",
        archived=left.archived if left else False,
        quickbooks_id=finding.quickbooks_id,
        quickbooks_name=_shown(right) if right else "",
        quickbooks_parent=_shown(parent) if parent else "",
        suggestions=[_as_kept(one) for one in finding.suggestions],
        likely={"name": found.name, "under": found.under, "found": [_as_kept(one) for one in found.found]}
        if found
        else None,
        detail=dict(finding.detail),
        blocked_minutes=waiting.minutes,
        blocked_entries=waiting.entries,
        oldest_date=waiting.oldest,
        seen_at=now,
        first_seen_at=now,
    )


def _as_kept(one: Suggestion) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "score": one.score, "why": one.why, "kind": one.kind}


def _right_kinds(finding: Finding) -> tuple[str, ...]:
    return ("employee", "vendor") if finding.kind in {"user", "employee"} else ("customer",)


def _shown(record: QuickBooksRecord) -> str:
    return record.name if record.active else names.strip_deleted(record.name)


def was_matched(workspace: Workspace) -> bool:
    """Whether matching has ever come to its end here; a first run may have died between reading and matching."""
    return links_of(workspace).exists() or mismatches_of(workspace).exists() or stances_of(workspace).exists()


def mismatches_of(workspace: Workspace) -> QuerySet[Mismatch]:
    """The listed ones, those that hold back most first."""
    rows = Mismatch.objects.filter(workspace=workspace, company=workspace.company)
    rows = rows.exclude(Q(clockify_id="") & ignored_there(workspace))
    return rows.order_by("-blocked_minutes", "kind", "clockify_name", "quickbooks_name", "pk")


def counts(workspace: Workspace) -> dict[str, dict[str, int]]:
    """Mapped and unmapped records per kind.

    Ignored ones are neither; archived ones that hold nothing are not unmapped.
    """
    ignored = set(stances_of(workspace).filter(choice=Stance.Choice.IGNORED).values_list("kind", "clockify_id"))
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
