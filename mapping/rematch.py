"""Matching the mirrors, and keeping what comes of it: links as rows, and the open rows of the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from integrations.models import Company, Workspace
from mapping.desk import ordering
from mapping.matching import match, names
from mapping.matching.records import (
    ClockifyRecord,
    KnownOverride,
    Likely,
    NewLink,
    Outcome,
    QuickBooksRecord,
    Suggestion,
)
from mapping.matching.records import Mismatch as MismatchFound
from mapping.models import Link, MappingOverride, Mismatch
from mapping.queries import (
    Key,
    clockify_records,
    company_of,
    known_link,
    links_of,
    mapping_overrides_of,
    quickbooks_records,
)


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
    overrides = [KnownOverride(one.kind, one.clockify_id, one.choice) for one in mapping_overrides_of(workspace)]
    earlier = {} if anew else _found_before(workspace)
    offered = quickbooks
    if not workspace.people_to_vendors:
        # Those who are linked to one stay so.
        linked = {link.quickbooks_id for link in links if link.quickbooks_kind == "vendor"}
        offered = [one for one in quickbooks if one.kind != "vendor" or one.id in linked]
    outcome = match.match(clockify, offered, links, overrides, mode=workspace.matching, earlier=earlier)
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
    ordering.arrange(rows, _around(workspace, {**ours, **theirs}))
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


def _around(workspace: Workspace, records: Mapping[Key, ClockifyRecord | QuickBooksRecord]) -> ordering.Around:
    ignored = mapping_overrides_of(workspace).filter(choice=MappingOverride.Choice.IGNORED)
    return ordering.Around(
        linked=set(links_of(workspace).values_list("kind", "clockify_id")),
        ignored=set(ignored.values_list("kind", "clockify_id")),
        emails={key: one.email for key, one in records.items() if one.email},
    )


def _identity(row: Mismatch) -> tuple[str, str, str, str]:
    return row.kind, row.clockify_id, row.quickbooks_id if not row.clockify_id else "", row.reason


def _mismatch_row(
    workspace: Workspace,
    company: Company,
    finding: MismatchFound,
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


def _right_kinds(finding: MismatchFound) -> tuple[str, ...]:
    return ("employee", "vendor") if finding.kind in {"user", "employee"} else ("customer",)


def _shown(record: QuickBooksRecord) -> str:
    return record.name if record.active else names.strip_deleted(record.name)
