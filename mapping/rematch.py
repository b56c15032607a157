"""Matching of the mirrored records, with its results saved: new links, and the open rows of the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations.models import Company, Workspace
from mapping.desk import ordering
from mapping.desk.mismatch_rows import Held, mismatch_row
from mapping.desk.rows import entry_sentences
from mapping.matching import match
from mapping.matching.records import (
    ClockifyRecord,
    KnownOverride,
    Likely,
    MatchResult,
    NewLink,
    QuickBooksRecord,
    Suggestion,
)
from mapping.models import Decision, Link, MappingOverride, Mismatch
from mapping.queries import (
    CLOCKIFY_MODELS,
    Key,
    clockify_records,
    company_of,
    known_link,
    last_ids,
    links_of,
    lock_decisions,
    mapping_overrides_of,
    quickbooks_records,
    state_of,
)

# The verb of the line of history.
GIVE_BACK = "give back"


@dataclass
class Matched:
    """Outcome of matching, with the records it compared, by kind and id."""

    outcome: MatchResult
    clockify: dict[Key, ClockifyRecord]
    quickbooks: dict[Key, QuickBooksRecord]
    state: MappingState


# The last decision, the last link, and the number of links: whoever decides or matches changes it.
MappingState = tuple[int, int, int]
# How often matching begins again because somebody decided while it compared names; then it holds them up.
MAX_TRIES = 3


def rematch(workspace: Workspace, *, now: datetime, compare_names: bool = True) -> Matched:
    """Match the mirrored records; save the links that the rule makes and suspend those it suspends.

    Unless `compare_names`, likely partners found before are used again where they are still free. What somebody decides
    meanwhile counts: then it begins again.
    """
    for _ in range(MAX_TRIES):
        matched = _match(workspace, compare_names=compare_names)
        if _save_links(workspace, matched, now=now):
            return matched
    with transaction.atomic():
        lock_decisions(workspace)
        matched = _match(workspace, compare_names=False)
        _save_links(workspace, matched, now=now)
        return matched


def _match(workspace: Workspace, *, compare_names: bool) -> Matched:
    """Match the mirrored records with the links and overrides there are; saves nothing."""
    company, state = company_of(workspace), _state(workspace)
    clockify, quickbooks = clockify_records(workspace), quickbooks_records(company)
    links = [known_link(link) for link in links_of(workspace)]
    overrides = [
        KnownOverride(record.kind, record.clockify_id, record.choice) for record in mapping_overrides_of(workspace)
    ]
    # Comparing all names takes seconds; after a decision the earlier results serve as well (decision 9).
    earlier = {} if compare_names else _earlier_likely(workspace)
    offered = quickbooks
    if not workspace.people_to_vendors:
        # Users who are linked to a vendor stay so when the rule is switched off.
        linked = {link.quickbooks_id for link in links if link.quickbooks_kind == "vendor"}
        offered = [record for record in quickbooks if record.kind != "vendor" or record.id in linked]
    outcome = match.match(clockify, offered, links, overrides, mode=workspace.matching, earlier=earlier)
    clockify_by_key = {(record.kind, record.id): record for record in clockify}
    quickbooks_by_key = {(record.kind, record.id): record for record in quickbooks}
    return Matched(outcome, clockify_by_key, quickbooks_by_key, state)


def _state(workspace: Workspace) -> MappingState:
    return (*last_ids(workspace), links_of(workspace).count())


def _save_links(workspace: Workspace, matched: Matched, *, now: datetime) -> bool:
    """Save the links that the rule makes, suspends and ends; return False where somebody decided since it matched."""
    company, outcome = company_of(workspace), matched.outcome
    with transaction.atomic():
        lock_decisions(workspace)
        if _state(workspace) != matched.state:
            return False
        # First, since a partner has one link by rule of each kind at most.
        for key, taker_id in outcome.given_back.items():
            _give_back(workspace, key, matched.clockify.get((key[0], taker_id)), now=now)
        clockify, quickbooks = matched.clockify, matched.quickbooks
        Link.objects.bulk_create(
            [
                link_row(workspace, company, link, clockify=clockify, quickbooks=quickbooks, now=now)
                for link in outcome.links
            ]
        )
        for (kind, clockify_id), reason in outcome.suspend.items():
            links_of(workspace).filter(kind=kind, clockify_id=clockify_id, suspended="").update(
                suspended=reason, suspended_at=now
            )
        matched.state = _state(workspace)
    return True


def _give_back(workspace: Workspace, key: Key, taker: ClockifyRecord | None, *, now: datetime) -> None:
    """End the link of a retired record in favor of `taker`, with a line of history; the row stays."""
    kind, clockify_id = key
    link = links_of(workspace).filter(kind=kind, clockify_id=clockify_id).first()
    if link is None:
        return
    before = state_of(workspace, kind, clockify_id)
    link.given_back_at, link.given_back_to = now, taker.id if taker else ""
    link.save(update_fields=["given_back_at", "given_back_to"])
    note = f"{link.clockify_name or clockify_id} is gone from Clockify and holds no unsent time, so its partner"
    note += f" {link.quickbooks_name} went to {taker.name} ({taker.id})." if taker else " went to another record."
    Decision.objects.create(
        workspace=workspace,
        company=workspace.company,
        kind=kind,
        clockify_id=clockify_id,
        verb=GIVE_BACK,
        at=now,
        before=before,
        after=state_of(workspace, kind, clockify_id),
        note=f"{note} Time already sent stays where it is and follows its entries.",
    )


def _earlier_likely(workspace: Workspace) -> dict[Key, Likely]:
    rows = Mismatch.objects.filter(workspace=workspace, company=workspace.company).exclude(clockify_id="")
    return {
        (kind, key): Likely(
            likely["name"], likely["under"], tuple(Suggestion(**suggestion) for suggestion in likely["found"])
        )
        for kind, key, likely in rows.values_list("kind", "clockify_id", "likely")
        if likely
    }


def link_row(
    workspace: Workspace,
    company: Company,
    link: NewLink,
    *,
    clockify: Mapping[Key, ClockifyRecord],
    quickbooks: Mapping[Key, QuickBooksRecord],
    now: datetime,
) -> Link:
    """Return the row of a link that the rule makes, not saved yet."""
    record, partner = clockify[link.kind, link.clockify_id], quickbooks[link.quickbooks_kind, link.quickbooks_id]
    return Link(
        workspace=workspace,
        company=company,
        kind=link.kind,
        clockify_id=link.clockify_id,
        quickbooks_kind=link.quickbooks_kind,
        quickbooks_id=link.quickbooks_id,
        by="rule",
        why=link.why,
        made_at=now,
        clockify_name=record.name,
        client_id=record.client_id,
        quickbooks_name=partner.name,
        parent_id=partner.parent_id,
    )


def sentences(workspace: Workspace, matched: Matched) -> dict[Key, str]:
    """Return what the mismatches say that were found, as entries say it, by kind and id of Clockify's records."""
    company, now = company_of(workspace), timezone.now()
    return entry_sentences(
        mismatch_row(
            workspace,
            company,
            found,
            {},
            clockify=matched.clockify,
            quickbooks=matched.quickbooks,
            held={},
            now=now,
        )
        for found in matched.outcome.mismatches
        if found.kind in CLOCKIFY_MODELS
    )


def save_mismatches(workspace: Workspace, matched: Matched, held: Mapping[Key, Held], *, now: datetime) -> bool:
    """Replace the workspace's mismatches. Archived Clockify records are listed only while they hold minutes.

    Rows whose content is unchanged are not written. Returns False, and saves nothing, where somebody decided since it
    was matched: these rows would show what is decided by now as open.
    """
    with transaction.atomic():
        lock_decisions(workspace)
        if _state(workspace) != matched.state:
            return False
        _replace_mismatches(workspace, matched, held, now=now)
    return True


def _replace_mismatches(workspace: Workspace, matched: Matched, held: Mapping[Key, Held], *, now: datetime) -> None:
    company, clockify, quickbooks = company_of(workspace), matched.clockify, matched.quickbooks
    # Hidden before the rows of QuickBooks are chosen: a record that only a hidden row names gets its own row.
    hidden = [key for key, record in clockify.items() if record.archived and not (key in held and held[key].minutes)]
    mismatches = match.listed(matched.outcome, hidden=set(hidden))
    rows = [
        mismatch_row(
            workspace,
            company,
            record,
            matched.outcome.likely,
            clockify=clockify,
            quickbooks=quickbooks,
            held=held,
            now=now,
        )
        for record in mismatches
    ]
    ordering.arrange(rows, _ordering_context(workspace, {**clockify, **quickbooks}))
    stored_rows = _stored_rows(workspace, company)
    first_seen = {record.identity: record.first_seen_at for record in stored_rows.values()}
    new_rows, kept_ids = [], set()
    for row in rows:
        stored = stored_rows.get((row.kind, row.clockify_id, row.quickbooks_id))
        if stored is not None and stored.content == _content(row):
            kept_ids.add(stored.pk)
        else:
            row.first_seen_at = first_seen.get(_identity(row), now)
            new_rows.append(row)
    all_rows = Mismatch.objects.filter(workspace=workspace)
    # Deleted before the new ones are created: a changed row has the same unique key as the row it replaces.
    outdated_ids = [pk for pk in all_rows.values_list("pk", flat=True) if pk not in kept_ids]
    # In chunks, because SQLite limits the number of parameters of a statement.
    for start in range(0, len(outdated_ids), 500):
        all_rows.filter(pk__in=outdated_ids[start : start + 500]).delete()
    all_rows.update(seen_at=now)
    Mismatch.objects.bulk_create(new_rows, batch_size=500)


# Columns that make a row worth writing again; besides these it has only its keys and times.
CONTENT_COLUMNS = (
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
class _StoredRow:
    pk: int
    first_seen_at: datetime
    identity: tuple[str, str, str, str]
    content: tuple[Any, ...]


def _stored_rows(workspace: Workspace, company: Company) -> dict[tuple[str, str, str], _StoredRow]:
    columns = ("pk", "first_seen_at", "kind", "clockify_id", "quickbooks_id", *CONTENT_COLUMNS)
    stored_rows = {}
    for pk, first_seen_at, kind, clockify_id, quickbooks_id, *content in Mismatch.objects.filter(
        workspace=workspace, company=company
    ).values_list(*columns):
        identity = (kind, clockify_id, quickbooks_id if not clockify_id else "", content[0])
        stored_rows[kind, clockify_id, quickbooks_id] = _StoredRow(pk, first_seen_at, identity, tuple(content))
    return stored_rows


def _content(row: Mismatch) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in CONTENT_COLUMNS)


def _ordering_context(
    workspace: Workspace, records: Mapping[Key, ClockifyRecord | QuickBooksRecord]
) -> ordering.Around:
    ignored = mapping_overrides_of(workspace).filter(choice=MappingOverride.Choice.IGNORED)
    return ordering.Around(
        linked=set(links_of(workspace).values_list("kind", "clockify_id")),
        ignored=set(ignored.values_list("kind", "clockify_id")),
        emails={key: record.email for key, record in records.items() if record.email},
    )


def _identity(row: Mismatch) -> tuple[str, str, str, str]:
    # A Clockify record keeps its first-seen time while its reason is the same, whichever partner the row names.
    return row.kind, row.clockify_id, row.quickbooks_id if not row.clockify_id else "", row.reason
