"""Properties that hold in any world: small worlds with few names, where name matches collide all the time."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapping.matching.match import (
    ClockifyRecord,
    KnownLink,
    KnownOverride,
    MatchResult,
    NewLink,
    QuickBooksRecord,
    listed,
    match,
)
from mapping.matching.names import identical, same

NAMES = ["Acme", "ACME", " Acme", "acme  co", "Acme Co", "Jos\u00e9", "Jose\u0301", "Beta", "A:Beta", ""]
PARTNER_KINDS = {"user": ["employee", "vendor"], "client": ["customer"], "project": ["customer"]}


@dataclass(frozen=True)
class World:
    clockify: list[ClockifyRecord]
    quickbooks: list[QuickBooksRecord]
    links: list[KnownLink]
    overrides: list[KnownOverride]
    mode: str

    def matched(self) -> MatchResult:
        return match(self.clockify, self.quickbooks, self.links, self.overrides, mode=self.mode)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    clients = [
        ClockifyRecord("client", f"c{n}", draw(st.sampled_from(NAMES)), archived=draw(st.booleans()))
        for n in range(draw(st.integers(0, 3)))
    ]
    users = [ClockifyRecord("user", f"u{n}", draw(st.sampled_from(NAMES))) for n in range(draw(st.integers(0, 3)))]
    projects = [_project(draw, n, clients=clients) for n in range(draw(st.integers(0, 4)))]
    clockify = [_perhaps_gone(draw, record) for record in (*users, *clients, *projects)]
    quickbooks = _quickbooks(draw)
    return World(
        clockify,
        quickbooks,
        _links(draw, clockify, quickbooks),
        [
            KnownOverride(record.kind, record.id, draw(st.sampled_from(["unlinked", "ignored"])))
            for record in clockify
            if draw(st.integers(0, 5)) == 0
        ],
        draw(st.sampled_from(["strict", "forgiving"])),
    )


def _perhaps_gone(draw: st.DrawFn, record: ClockifyRecord) -> ClockifyRecord:
    is_gone = draw(st.integers(0, 4)) == 0
    return replace(record, gone=True, archived=True, retired=draw(st.booleans())) if is_gone else record


def _project(draw: st.DrawFn, number: int, *, clients: list[ClockifyRecord]) -> ClockifyRecord:
    owner = draw(st.sampled_from([None, *clients]))
    name = draw(st.sampled_from(NAMES))
    if owner is None:
        return ClockifyRecord("project", f"p{number}", name)
    return ClockifyRecord("project", f"p{number}", name, owner.id, owner.name)


def _quickbooks(draw: st.DrawFn) -> list[QuickBooksRecord]:
    records = []
    for number in range(draw(st.integers(0, 7))):
        kind = draw(st.sampled_from(["employee", "vendor", "customer", "customer", "customer"]))
        above = [customer.id for customer in records if customer.kind == "customer"] if kind == "customer" else []
        parent_id = draw(st.sampled_from(["", *above]))
        active = draw(st.integers(0, 4)) > 0
        name = draw(st.sampled_from(NAMES)) + ("" if active else " (deleted)")
        is_gone = draw(st.integers(0, 9)) == 0
        records.append(QuickBooksRecord(kind, str(number), name, parent_id, active, is_gone))
    return records


def _links(draw: st.DrawFn, clockify: list[ClockifyRecord], quickbooks: list[QuickBooksRecord]) -> list[KnownLink]:
    links = []
    for record in clockify:
        partners = [partner for partner in quickbooks if partner.kind in PARTNER_KINDS[record.kind]]
        if not partners or draw(st.integers(0, 3)):
            continue
        link = _linked(record, draw(st.sampled_from(partners)), by=draw(st.sampled_from(["rule", "person"])))
        before = draw(st.sampled_from([{}, {}, {"clockify_name": "Beta"}, {"parent_id": "0"}, {"client_id": "c9"}]))
        links.append(replace(link, **before, suspended=draw(st.sampled_from(["", "", "", "WRONG_PARENT"]))))
    return links


def _linked(record: ClockifyRecord, partner: QuickBooksRecord, *, by: str) -> KnownLink:
    return KnownLink(
        record.kind,
        record.id,
        partner.kind,
        partner.id,
        by,
        record.name,
        record.client_id,
        partner.name,
        partner.parent_id,
    )


def _applied(world: World, outcome: MatchResult) -> World:
    clockify_records = {(record.kind, record.id): record for record in world.clockify}
    quickbooks_records = {(record.kind, record.id): record for record in world.quickbooks}
    known_links = [
        replace(link, suspended=outcome.suspend.get((link.kind, link.clockify_id), link.suspended))
        for link in world.links
        if (link.kind, link.clockify_id) not in outcome.given_back
    ]
    new_links = [
        _linked(
            clockify_records[new.kind, new.clockify_id],
            quickbooks_records[new.quickbooks_kind, new.quickbooks_id],
            by="rule",
        )
        for new in outcome.links
    ]
    return replace(world, links=known_links + new_links)


def _results(outcome: MatchResult) -> tuple[set[NewLink], dict[tuple[str, str], str], set[tuple[str, ...]]]:
    rows = {(row.kind, row.reason, row.clockify_id, row.quickbooks_id) for row in outcome.mismatches}
    return set(outcome.links), dict(outcome.suspend), rows


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_what_comes_in_never_matters(world: World, chance: random.Random) -> None:
    shuffled = replace(
        world,
        **{
            part: chance.sample(getattr(world, part), len(getattr(world, part)))
            for part in ("clockify", "quickbooks", "links", "overrides")
        },
    )

    assert shuffled.matched() == world.matched()


@given(worlds())
def test_matching_again_after_applying_an_outcome_changes_nothing(world: World) -> None:
    first = world.matched()

    second = _applied(world, first).matched()

    assert second.links == ()
    assert second.suspend == {}
    assert second.given_back == {}
    assert second.mismatches == first.mismatches


@pytest.mark.parametrize(
    "unrelated",
    [
        ClockifyRecord("user", "zz", "Qqqq Wwww"),
        ClockifyRecord("client", "zz", "Qqqq Wwww"),
        ClockifyRecord("project", "zz", "Qqqq Wwww"),
        QuickBooksRecord("employee", "zz", "Qqqq Wwww"),
        QuickBooksRecord("vendor", "zz", "Qqqq Wwww"),
        QuickBooksRecord("customer", "zz", "Qqqq Wwww"),
        QuickBooksRecord("customer", "zz", "Qqqq Wwww", active=False),
    ],
    ids=lambda record: f"{record.kind}-{'gone' if getattr(record, 'active', True) is False else 'here'}",
)
@given(world=worlds())
@settings(max_examples=40)
def test_an_unrelated_record_never_changes_the_rows_of_others(
    world: World, unrelated: ClockifyRecord | QuickBooksRecord
) -> None:
    if isinstance(unrelated, ClockifyRecord):
        larger = replace(world, clockify=[*world.clockify, unrelated])
    else:
        larger = replace(world, quickbooks=[*world.quickbooks, unrelated])

    links, suspended, rows = _results(larger.matched())

    others = {row for row in rows if "zz" not in row}
    assert (links, suspended, others) == _results(world.matched())


@given(worlds())
def test_by_rule_a_partner_is_taken_once_and_only_where_it_belongs(world: World) -> None:
    outcome = world.matched()

    after = {(link.kind, link.clockify_id): link for link in _applied(world, outcome).links}
    quickbooks_records = {(record.kind, record.id): record for record in world.quickbooks}
    clockify_records = {(record.kind, record.id): record for record in world.clockify}
    held = Counter((link.kind, link.quickbooks_kind, link.quickbooks_id) for link in after.values())
    overridden = {(override.kind, override.clockify_id) for override in world.overrides}
    for new in outcome.links:
        clockify_record = clockify_records[new.kind, new.clockify_id]
        partner = quickbooks_records[new.quickbooks_kind, new.quickbooks_id]
        owner = after.get(("client", clockify_record.client_id))
        assert held[new.kind, new.quickbooks_kind, new.quickbooks_id] == 1
        assert partner.active
        assert not partner.gone
        assert same(clockify_record.name, partner.name, mode=world.mode)
        assert partner.kind == ("employee" if new.kind == "user" else "customer")
        assert partner.parent_id == (owner.quickbooks_id if clockify_record.client_id and owner else "")
        assert owner is not None or not clockify_record.client_id
        assert owner is None or not owner.suspended
        assert (new.kind, new.clockify_id) not in overridden


@given(worlds())
def test_every_record_is_linked_ignored_or_listed_exactly_once(world: World) -> None:
    outcome = world.matched()

    rows_by_record = Counter((row.kind, row.clockify_id) for row in outcome.mismatches if row.clockify_id)
    linked = {(link.kind, link.clockify_id) for link in _applied(world, outcome).links}
    ignored = {(override.kind, override.clockify_id) for override in world.overrides if override.choice == "ignored"}
    assert set(rows_by_record.values()) <= {1}
    assert not set(rows_by_record) & ignored
    for record in world.clockify:
        key = (record.kind, record.id)
        assert key in linked or key in ignored or key in rows_by_record


@given(worlds())
def test_a_quickbooks_record_is_named_in_a_row_or_has_its_own_never_both(world: World) -> None:
    outcome = world.matched()

    own = {(row.kind, row.quickbooks_id) for row in outcome.mismatches if not row.clockify_id}
    suggested = {(suggestion.kind, suggestion.id) for row in outcome.mismatches for suggestion in row.suggestions}
    linked = {(link.quickbooks_kind, link.quickbooks_id) for link in _applied(world, outcome).links}
    assert not own & (suggested | linked)
    everybody = {(record.kind, record.id) for record in world.clockify}
    # With every row of Clockify's hidden, whatever is active and free is listed.
    alone = {(row.kind, row.quickbooks_id) for row in listed(outcome, hidden=everybody)}
    free = {(record.kind, record.id) for record in world.quickbooks if record.active and not record.gone} - linked
    assert alone == {key for key in free if key[0] != "vendor"}


@given(
    st.lists(st.sampled_from(NAMES), max_size=6),
    st.lists(st.tuples(st.sampled_from(NAMES), st.booleans()), max_size=6),
)
def test_strict_matching_of_people_agrees_with_counting_names(
    users: list[str], employees: list[tuple[str, bool]]
) -> None:
    clockify = [ClockifyRecord("user", f"u{number}", name) for number, name in enumerate(users)]
    quickbooks = [
        QuickBooksRecord("employee", str(number), name, active=active)
        for number, (name, active) in enumerate(employees)
    ]

    outcome = match(clockify, quickbooks, [], [])

    assert {(link.clockify_id, link.quickbooks_id) for link in outcome.links} == {
        (clockify_record.id, quickbooks_record.id)
        for clockify_record in clockify
        for quickbooks_record in quickbooks
        if quickbooks_record.active
        and identical(clockify_record.name, quickbooks_record.name)
        and sum(identical(record.name, quickbooks_record.name) for record in clockify) == 1
        and sum(identical(record.name, clockify_record.name) and record.active for record in quickbooks) == 1
    }


@given(worlds())
def test_only_a_retired_record_gives_back_and_only_what_another_has(world: World) -> None:
    outcome = world.matched()

    records = {(record.kind, record.id): record for record in world.clockify}
    former = {(link.kind, link.clockify_id): link for link in world.links}
    after = {(link.kind, link.clockify_id): link for link in _applied(world, outcome).links}
    for key, taker in outcome.given_back.items():
        assert records[key].retired
        assert not records[key[0], taker].retired
        partner, taken = former[key], after[key[0], taker]
        assert (partner.quickbooks_kind, partner.quickbooks_id) == (taken.quickbooks_kind, taken.quickbooks_id)
    assert not any(records[link.kind, link.clockify_id].retired for link in outcome.links)
