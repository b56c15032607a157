"""The mismatches that matching found, saved as the desk's rows: all of them, or those that a decision changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from integrations.models import Workspace
from mapping import name_index, neighborhood
from mapping.desk import ordering
from mapping.desk.mismatch_rows import Held, Records, mismatch_row
from mapping.matched import Matched
from mapping.matching import match
from mapping.matching.index import PartnerIndex
from mapping.matching.only_in_quickbooks import unmatched_in_quickbooks
from mapping.matching.records import ClockifyRecord, MismatchFound, QuickBooksRecord
from mapping.models import LikelyFound, MappingOverride, Mismatch, NameIndex
from mapping.queries import (
    CLOCKIFY_MODELS,
    Key,
    by_kind,
    chunks,
    clockify_records,
    company_of,
    links_of,
    mapping_overrides_of,
    quickbooks_records,
)

# QuickBooks records that have a row of their own where nothing names them.
LISTED_ALONE = ("employee", "customer")


# --- all rows --------------------------------------------------------------------------------------------------
def replace_all(workspace: Workspace, matched: Matched, held: Mapping[Key, Held], *, now: datetime) -> None:
    """Replace the workspace's rows and its index of names."""
    outcome, clockify, quickbooks = matched.outcome, matched.records.clockify, matched.records.quickbooks
    # Hidden before the rows of QuickBooks are chosen: a record that only a hidden row names gets its own row.
    hidden = {key for key, record in clockify.items() if _is_hidden(record, held.get(key))}
    rows = _rows(workspace, match.listed(outcome, hidden=hidden), matched.records, held=held, now=now)
    ordering.arrange(rows, _around_all(workspace, {**clockify, **quickbooks}))
    stored_rows = _stored_rows(Mismatch.objects.filter(workspace=workspace, company=workspace.company))
    all_rows = Mismatch.objects.filter(workspace=workspace)
    _write(rows, stored_rows, now=now, outdated=set(all_rows.values_list("pk", flat=True)))
    all_rows.update(seen_at=now)
    known = name_index.likely_found(workspace)
    if matched.compared:
        _forget_likely(workspace, known.keys() - outcome.likely.keys())
    name_index.save_likely(workspace, outcome.likely, known)
    name_index.save_all(
        workspace, clockify=clockify.values(), quickbooks=quickbooks.values(), likely=outcome.likely, rows=rows
    )
    values = {"made_from": matched.made_from, "decision": matched.state[0], "link": matched.state[1]}
    NameIndex.objects.update_or_create(workspace=workspace, defaults=values)


def _is_hidden(record: ClockifyRecord, waiting: Held | None) -> bool:
    """Return whether the record's row is not listed: it is archived and holds no time."""
    return record.archived and not (waiting is not None and waiting.minutes)


def _rows(
    workspace: Workspace,
    found: Iterable[MismatchFound],
    records: Records,
    *,
    held: Mapping[Key, Held],
    now: datetime,
) -> list[Mismatch]:
    return [mismatch_row(workspace, finding, records, held=held, now=now) for finding in found]


def _write(
    rows: Iterable[Mismatch],
    stored_rows: Mapping[tuple[str, str, str], _StoredRow],
    *,
    outdated: Collection[int],
    now: datetime,
) -> None:
    """Save the rows that say something else than those stored, and delete the others of the `outdated` ones."""
    first_seen = {record.identity: record.first_seen_at for record in stored_rows.values()}
    new_rows, kept_ids = [], set()
    for row in rows:
        stored = stored_rows.get((row.kind, row.clockify_id, row.quickbooks_id))
        if stored is not None and stored.content == _content(row):
            kept_ids.add(stored.pk)
        else:
            row.first_seen_at = first_seen.get(_identity(row), now)
            new_rows.append(row)
    # Deleted before the new ones are created: a changed row has the same unique key as the row it replaces.
    for chunk in chunks(pk for pk in outdated if pk not in kept_ids):
        Mismatch.objects.filter(pk__in=chunk).delete()
    Mismatch.objects.bulk_create(new_rows, batch_size=500)


def _forget_likely(workspace: Workspace, keys: Collection[Key]) -> None:
    for kind, ids in by_kind(keys).items():
        for chunk in chunks(ids):
            LikelyFound.objects.filter(workspace=workspace, kind=kind, clockify_id__in=chunk).delete()


def _around_all(workspace: Workspace, records: Mapping[Key, ClockifyRecord | QuickBooksRecord]) -> ordering.Around:
    return ordering.Around(
        linked=set(links_of(workspace).values_list("kind", "clockify_id")),
        ignored=set(_ignored(workspace).values_list("kind", "clockify_id")),
        emails={key: record.email for key, record in records.items() if record.email},
    )


def _ignored(workspace: Workspace) -> QuerySet[MappingOverride]:
    return mapping_overrides_of(workspace).filter(choice=MappingOverride.Choice.IGNORED)


# --- some rows -------------------------------------------------------------------------------------------------
def replace_some(
    workspace: Workspace, matched: Matched, shown: Collection[Key], held: Mapping[Key, Held], *, now: datetime
) -> None:
    """Replace the rows of the Clockify records `shown`, and whatever depends on them, with the result of `replace_all`.

    That is the rows of QuickBooks records that they named or name, or that were taken or freed, and of all other rows
    the places in their groups and whether a partner of theirs is suggested to one alone.
    """
    outcome, clockify = matched.outcome, matched.records.clockify
    hidden = {key for key in shown if key in clockify and _is_hidden(clockify[key], held.get(key))}
    found = [row for row in outcome.mismatches if (row.kind, row.clockify_id) in shown]
    found = [row for row in found if (row.kind, row.clockify_id) not in hidden]
    rows = _rows(workspace, found, matched.records, held=held, now=now)
    before = _rows_of(workspace, shown)
    _arrange_some(workspace, rows, before, now=now)
    _write(rows, _stored_from(before), outdated={row.pk for row in before}, now=now)
    likely = {key: found_ones for key, found_ones in outcome.likely.items() if key in shown}
    name_index.save_likely(workspace, likely, name_index.likely_found(workspace, likely))
    name_index.save_some(workspace, shown, likely=likely, rows=rows)
    named = {partner for row in [*before, *rows] for partner in name_index.partners_named(row)}
    _replace_alone(workspace, {key for key in named | matched.partners if key[0] in LISTED_ALONE}, now=now)
    NameIndex.objects.filter(workspace=workspace).update(decision=matched.state[0], link=matched.state[1])


def _rows_of(workspace: Workspace, keys: Collection[Key]) -> list[Mismatch]:
    """Return the stored rows of these Clockify records."""
    stored = Mismatch.objects.filter(workspace=workspace, company=workspace.company)
    return [
        row
        for kind, ids in by_kind(keys).items()
        for chunk in chunks(ids)
        for row in stored.filter(kind=kind, clockify_id__in=chunk)
    ]


def _arrange_some(workspace: Workspace, rows: Sequence[Mismatch], before: Sequence[Mismatch], *, now: datetime) -> None:
    """Arrange these rows, and save the others that stand in their groups or suggest the same partners."""
    own = {(row.kind, row.clockify_id) for row in [*rows, *before]}
    firsts = {(row.kind, ordering.first_partner(row)) for row in [*rows, *before] if row.suggestions}
    beside: set[Key] = set()
    for kind in CLOCKIFY_MODELS:
        terms = {name_index.group_term(row) for row in [*rows, *before] if row.kind == kind}
        terms |= {name_index.partner_term(name_index.NAMED, partner) for of, partner in firsts if of == kind}
        beside |= name_index.find(workspace, terms, [kind]) - own
    others = _rows_of(workspace, beside)
    contents = {row.pk: _content(row) for row in others}
    groups = {(row.kind, ordering.group_key(row)) for row in [*rows, *before]}
    in_groups = [row for row in others if (row.kind, ordering.group_key(row)) in groups]
    rivals = [row for row in others if (row.kind, ordering.first_partner(row)) in firsts]
    context = _around_some(workspace, [*rows, *others])
    ordering.describe([*rows, *rivals], context)
    ordering.keep_uncontested([*rows, *rivals], context)
    ordering.set_order_keys([*rows, *in_groups], context)
    changed = [row for row in others if _content(row) != contents[row.pk]]
    for row in changed:
        row.seen_at = now
    columns = ["suggested", "order_key", "group_minutes", "seen_at"]
    Mismatch.objects.bulk_update(changed, columns, batch_size=100)


def _around_some(workspace: Workspace, rows: Collection[Mismatch]) -> ordering.Around:
    keys = {(row.kind, row.clockify_id) for row in rows}
    linked: set[Key] = set()
    ignored: set[Key] = set()
    for kind, ids in by_kind(keys).items():
        for chunk in chunks(ids):
            facts = {"kind": kind, "clockify_id__in": chunk}
            linked.update(links_of(workspace).filter(**facts).values_list("kind", "clockify_id"))
            ignored.update(_ignored(workspace).filter(**facts).values_list("kind", "clockify_id"))
    firsts = {ordering.first_partner(row) for row in rows if row.suggestions}
    return ordering.Around(linked, ignored, _emails(workspace, keys | firsts))


def _emails(workspace: Workspace, keys: Iterable[Key]) -> dict[Key, str]:
    people = [key for key in keys if key[0] in ("user", "employee", "vendor")]
    company = company_of(workspace)
    records: list[ClockifyRecord | QuickBooksRecord] = [
        *clockify_records(workspace, [key for key in people if key[0] == "user"]),
        *quickbooks_records(company, [key for key in people if key[0] != "user"]),
    ]
    return {(record.kind, record.id): record.email for record in records if record.email}


def _replace_alone(workspace: Workspace, partners: Collection[Key], *, now: datetime) -> None:
    """Give each of these QuickBooks records a row of its own where nothing else names it, or delete that row."""
    company, linked = company_of(workspace), set[Key]()
    for kind, ids in by_kind(partners).items():
        for chunk in chunks(ids):
            held = links_of(workspace).filter(quickbooks_kind=kind, quickbooks_id__in=chunk)
            linked.update(held.values_list("quickbooks_kind", "quickbooks_id"))
    terms = {name_index.partner_term(name_index.NAMED, partner): partner for partner in partners}
    named = {terms[term] for term in name_index.by_term(workspace, terms, list(CLOCKIFY_MODELS))}
    alone = set(partners) - linked - named
    stored = Mismatch.objects.filter(workspace=workspace, company=company, clockify_id="")
    there: set[Key] = set()
    for kind, ids in by_kind(partners).items():
        for chunk in chunks(ids):
            there.update(stored.filter(kind=kind, quickbooks_id__in=chunk).values_list("kind", "quickbooks_id"))
    for kind, ids in by_kind(there - alone).items():
        for chunk in chunks(ids):
            stored.filter(kind=kind, quickbooks_id__in=chunk).delete()
    new = {(record.kind, record.id): record for record in quickbooks_records(company, alone - there)}
    parents = quickbooks_records(
        company, {("customer", record.parent_id) for record in new.values() if record.parent_id}
    )
    children = neighborhood.with_children(company, [key[1] for key in new if key[0] == "customer"])
    known = {(record.kind, record.id): record for record in [*children, *parents, *new.values()]}
    index = PartnerIndex(known.values(), mode=workspace.matching)
    found = [row for row in unmatched_in_quickbooks(index, linked=()) if (row.kind, row.quickbooks_id) in new]
    rows = _rows(workspace, found, Records({}, known), held={}, now=now)
    ordering.arrange(rows, ordering.Around())
    Mismatch.objects.bulk_create(rows, batch_size=500)


# --- what is stored --------------------------------------------------------------------------------------------
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


def _stored_rows(rows: QuerySet[Mismatch]) -> dict[tuple[str, str, str], _StoredRow]:
    columns = ("pk", "first_seen_at", "kind", "clockify_id", "quickbooks_id", *CONTENT_COLUMNS)
    stored_rows = {}
    for pk, first_seen_at, kind, clockify_id, quickbooks_id, *content in rows.values_list(*columns):
        identity = (kind, clockify_id, quickbooks_id if not clockify_id else "", content[0])
        stored_rows[kind, clockify_id, quickbooks_id] = _StoredRow(pk, first_seen_at, identity, tuple(content))
    return stored_rows


def _stored_from(rows: Iterable[Mismatch]) -> dict[tuple[str, str, str], _StoredRow]:
    return {
        (row.kind, row.clockify_id, row.quickbooks_id): _StoredRow(
            row.pk, row.first_seen_at, _identity(row), _content(row)
        )
        for row in rows
    }


def _content(row: Mismatch) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in CONTENT_COLUMNS)


def _identity(row: Mismatch) -> tuple[str, str, str, str]:
    # A Clockify record keeps its first-seen time while its reason is the same, whichever partner the row names.
    return row.kind, row.clockify_id, row.quickbooks_id if not row.clockify_id else "", row.reason
