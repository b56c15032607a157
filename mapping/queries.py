"""Between the mirror and matching: what goes in, what is saved of what comes out, and what others ask for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

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
    NewLink,
    Outcome,
    QuickBooksRecord,
)
from mapping.match_records import Mismatch as Finding
from mapping.match_records import Stance as Opinion
from mapping.models import Link, Mismatch, Stance

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
    users = ClockifyUser.objects.filter(workspace=workspace).defer("raw")
    clients = ClockifyClient.objects.filter(workspace=workspace).defer("raw")
    projects = ClockifyProject.objects.filter(workspace=workspace).defer("raw")
    return [
        *(
            ClockifyRecord("user", one.clockify_id, one.name, email=one.email, archived=_past(one, not one.active))
            for one in users
        ),
        *(ClockifyRecord("client", one.clockify_id, one.name, archived=_past(one, one.archived)) for one in clients),
        *(
            ClockifyRecord(
                "project",
                one.clockify_id,
                one.name,
                client_id=one.client_id,
                client_name=one.client_name,
                archived=_past(one, one.archived),
            )
            for one in projects
        ),
    ]


def _past(row: Any, archived: bool) -> bool:
    return archived or row.gone_at is not None


def quickbooks_records(company: Company) -> list[QuickBooksRecord]:
    records = []
    for kind, model in QUICKBOOKS_MODELS.items():
        for one in model._default_manager.filter(company=company).defer("raw"):
            records.append(
                QuickBooksRecord(
                    kind,
                    one.quickbooks_id,
                    one.name,
                    parent_id=getattr(one, "parent_id", ""),
                    active=one.active,
                    gone=one.gone_at is not None,
                    email=getattr(one, "email", ""),
                )
            )
    return records


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


def rematch(workspace: Workspace, *, now: datetime) -> Outcome:
    """Match the mirrors as they are; make the links that the rule makes and suspend those it suspends."""
    company = company_of(workspace)
    clockify, quickbooks = clockify_records(workspace), quickbooks_records(company)
    links = [known_link(link) for link in links_of(workspace)]
    opinions = [Opinion(one.kind, one.clockify_id, one.choice) for one in stances_of(workspace)]
    outcome = match.match(clockify, quickbooks, links, opinions, mode=workspace.matching)
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
    return outcome


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


def save_mismatches(
    workspace: Workspace, outcome: Outcome, held: Mapping[Key, Held], *, now: datetime
) -> list[Mismatch]:
    """Replace the workspace's mismatches. Archived Clockify records are listed only while they hold back minutes."""
    company = company_of(workspace)
    ours = {(one.kind, one.id): one for one in clockify_records(workspace)}
    theirs = {(one.kind, one.id): one for one in quickbooks_records(company)}
    # Archived records with no held minutes are hidden before QuickBooks' own rows are chosen.
    hidden = [key for key, one in ours.items() if one.archived and not (key in held and held[key].minutes)]
    findings = match.listed(outcome, hidden=set(hidden))
    earlier = Mismatch.objects.filter(workspace=workspace, company=company)
    first_seen = {_identity(row): row.first_seen_at for row in earlier}
    rows = [_mismatch_row(workspace, company, one, ours=ours, theirs=theirs, held=held, now=now) for one in findings]
    for row in rows:
        row.first_seen_at = first_seen.get(_identity(row), now)
    desk_order.arrange(rows, _around(workspace, {**ours, **theirs}))
    with transaction.atomic():
        Mismatch.objects.filter(workspace=workspace).delete()
        Mismatch.objects.bulk_create(rows, batch_size=500)
    return rows


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
        suggestions=[asdict(one) for one in finding.suggestions],
        detail=dict(finding.detail),
        blocked_minutes=waiting.minutes,
        blocked_entries=waiting.entries,
        oldest_date=waiting.oldest,
        seen_at=now,
        first_seen_at=now,
    )


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
