"""Matching of the mirrored records, with its results saved: new links, and the open rows of the desk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from integrations.models import Company, Workspace
from mapping import name_index, neighborhood, saved_rows
from mapping.desk.mismatch_rows import Held, Records, mismatch_row
from mapping.desk.rows import entry_sentences
from mapping.matched import MappingState, Matched
from mapping.matching import match
from mapping.matching.records import (
    ClockifyRecord,
    KnownLink,
    KnownOverride,
    Likely,
    MatchResult,
    NewLink,
    QuickBooksRecord,
)
from mapping.models import Decision, Link
from mapping.queries import (
    CLOCKIFY_MODELS,
    Key,
    clockify_records,
    company_of,
    known_links,
    last_ids,
    links_of,
    lock_decisions,
    mapping_overrides_of,
    quickbooks_records,
)
from mapping.record_states import state_of

# The verb of the line of history.
GIVE_BACK = "give back"


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


def rematch_decided(workspace: Workspace, *, now: datetime) -> Matched:
    """Match what the decisions can change that the saved rows do not count yet, with the outcome that `rematch` has.

    That is the records around those decided about (`neighborhood`). Everybody is matched where the index is not as the
    lists and the rules are now, or where too many records would be concerned.
    """
    try:
        with transaction.atomic():
            lock_decisions(workspace)
            matched = _match_decided(workspace)
            if matched is not None and _save_links(workspace, matched, now=now):
                return matched
    except neighborhood.TOO_FEW:
        pass
    return rematch(workspace, now=now, compare_names=False)


def add_rows(workspace: Workspace, matched: Matched, keys: Collection[Key]) -> None:
    """Find the rows of these records too, whose links do not change. Raises one of `neighborhood.TOO_FEW`."""
    assert matched.shown is not None
    more = _match_some(workspace, {}, rows=set(keys) - matched.shown)
    own, added = matched.outcome, more.outcome
    matched.outcome = replace(own, mismatches=own.mismatches + added.mismatches, likely={**own.likely, **added.likely})
    matched.records = matched.records.with_others(more.records)
    matched.shown |= more.shown or set()


def _match(workspace: Workspace, *, compare_names: bool) -> Matched:
    """Match the mirrored records with the links and overrides there are; saves nothing."""
    company, state = company_of(workspace), _state(workspace)
    # Before the lists: what changes while they are read is not in the index then.
    made_from = name_index.made_from(workspace)
    clockify, quickbooks = clockify_records(workspace), quickbooks_records(company)
    links = known_links(links_of(workspace))
    overrides = [
        KnownOverride(record.kind, record.clockify_id, record.choice) for record in mapping_overrides_of(workspace)
    ]
    # Comparing all names takes seconds; after a decision the earlier results serve as well (decision 9).
    earlier = {} if compare_names else name_index.likely_found(workspace)
    outcome = _outcome(workspace, clockify, quickbooks, links, overrides, earlier)
    return Matched(outcome, Records.of(clockify, quickbooks), state, made_from, compared=compare_names)


def _outcome(
    workspace: Workspace,
    clockify: Sequence[ClockifyRecord],
    quickbooks: Sequence[QuickBooksRecord],
    links: Sequence[KnownLink],
    overrides: Sequence[KnownOverride],
    earlier: Mapping[Key, Likely],
) -> MatchResult:
    offered = quickbooks
    if not workspace.people_to_vendors:
        # Users who are linked to a vendor stay so when the rule is switched off.
        linked = {link.quickbooks_id for link in links if link.quickbooks_kind == "vendor"}
        offered = [record for record in quickbooks if record.kind != "vendor" or record.id in linked]
    return match.match(clockify, offered, links, overrides, mode=workspace.matching, earlier=earlier)


def _match_decided(workspace: Workspace) -> Matched | None:
    """Match what the decisions can change that were taken since the rows were saved; None where the index is old."""
    index = name_index.current(workspace)
    if index is None:
        return None
    seeds: dict[Key, set[Key]] = defaultdict(set)
    decisions = Decision.objects.filter(workspace=workspace, pk__gt=index.decision, kind__in=CLOCKIFY_MODELS)
    for kind, clockify_id, *sides in decisions.values_list("kind", "clockify_id", "before", "after"):
        links = [side["link"] for side in sides if side.get("link")]
        seeds[kind, clockify_id] |= {(link["kind"], link["id"]) for link in links}
    # Saved by a matching that died before it saved the rows.
    for link in links_of(workspace).filter(pk__gt=index.link):
        seeds[link.kind, link.clockify_id].add((link.quickbooks_kind, link.quickbooks_id))
    return replace(_match_some(workspace, seeds), made_from=index.made_from)


def _match_some(workspace: Workspace, seeds: Mapping[Key, Set[Key]], *, rows: Set[Key] = frozenset()) -> Matched:
    """Match the records around `seeds`, and find the rows of `rows`. Raises what `neighborhood.around` does."""
    state, pools = _state(workspace), set[Key]()
    while True:
        near = neighborhood.around(workspace, seeds, rows=rows, pools=pools)
        outcome = _outcome(
            workspace,
            list(near.clockify.values()),
            list(near.quickbooks.values()),
            list(near.links.values()),
            near.known_overrides(),
            near.likely,
        )
        # Who was not looked for yet is compared with everybody at that place.
        looked_for = {
            (key[0], likely.under)
            for key, likely in outcome.likely.items()
            if key in near.shown and near.likely.get(key) != likely
        }
        if looked_for <= pools:
            break
        pools |= looked_for
    near.check_closed(outcome)
    outcome = replace(
        outcome,
        mismatches=tuple(row for row in outcome.mismatches if (row.kind, row.clockify_id) in near.shown),
        unmatched_in_quickbooks=(),
        likely={key: likely for key, likely in outcome.likely.items() if key in near.shown},
    )
    partners = {partner for _, partner in near.partners}
    return Matched(outcome, Records(near.clockify, near.quickbooks), state, shown=near.shown, partners=partners)


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
            _give_back(workspace, key, matched.records.clockify.get((key[0], taker_id)), now=now)
        clockify, quickbooks = matched.records.clockify, matched.records.quickbooks
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
    now = timezone.now()
    return entry_sentences(
        mismatch_row(workspace, found, matched.records, held={}, now=now)
        for found in matched.outcome.mismatches
        if found.kind in CLOCKIFY_MODELS
    )


def save_mismatches(workspace: Workspace, matched: Matched, held: Mapping[Key, Held], *, now: datetime) -> bool:
    """Save the mismatches that were found. Archived Clockify records are listed only while they hold minutes.

    Rows whose content is unchanged are not written. Returns False, and saves nothing, where somebody decided since it
    was matched: these rows would show what is decided by now as open. So it does where few records were matched and the
    lists have changed.
    """
    with transaction.atomic():
        lock_decisions(workspace)
        if _state(workspace) != matched.state:
            return False
        # A check that read other lists meanwhile knows better what these rows say.
        if matched.shown is not None and name_index.made_from(workspace) != matched.made_from:
            return False
        if matched.shown is None:
            saved_rows.replace_all(workspace, matched, held, now=now)
        else:
            saved_rows.replace_some(workspace, matched, matched.shown, held, now=now)
    return True
