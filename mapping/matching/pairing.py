"""Who belongs together, kind by kind: existing links first, then names. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from mapping.matching.by_name import NameMatches, match_names, uncontested
from mapping.matching.index import Key, Place
from mapping.matching.link_health import LinkStatus, check_links
from mapping.matching.records import ClockifyRecord, NewLink
from mapping.matching.sides import CLOCKIFY_KINDS, Sides, place_of

Holders = Mapping[Key, Sequence[ClockifyRecord]]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Who belongs together of one kind, and what that was found from.

    `customers`: customer ids by client id that the places were found from, of clients whose link works. `statuses`: the
    links that were there and stay; `links`: new ones. `given_back`: links that end, by Clockify kind and id, with the
    id of the record that has the partner now. `holders`: the Clockify records that are linked to each QuickBooks
    record, new links included. `places`: by id, in its order, where the partner must be of each record that was not
    linked or is no longer; None while its client has no customer.
    """

    kind: str
    customers: Mapping[str, str]
    statuses: Sequence[LinkStatus]
    links: Sequence[NewLink]
    given_back: Mapping[Key, str]
    holders: Holders
    names: NameMatches
    places: Mapping[str, Place | None]

    @property
    def suspend(self) -> dict[Key, str]:
        """The links to suspend, by Clockify kind and id, with the reason."""
        return {(self.kind, status.record.id): status.reason for status in self.statuses if status.newly_suspended}

    @property
    def taken(self) -> Set[Key]:
        """The QuickBooks records that the rule gives to nobody else."""
        return _taken(self.holders)


def pair(sides: Sides) -> list[Pairs]:
    """Return who belongs together, by kind. Projects of a client that is linked just now are matched as well."""
    pairs: list[Pairs] = []
    customers: dict[str, str] = {}
    for kind in CLOCKIFY_KINDS:
        pairs.append(_pair_kind(sides, kind, customers))
        if kind == "client":
            customers = _working_customers(pairs[-1])
    return pairs


def _pair_kind(sides: Sides, kind: str, customers: Mapping[str, str]) -> Pairs:
    """Check the links of one kind, match names, and end the links of retired records whose partner went to others."""
    unlinked = [key for key in sides.keys(kind) if key not in sides.links]
    places = {key[1]: place_of(sides.clockify[key], customers) for key in unlinked}
    names = match_names(_candidates(sides, kind, places), sides.index)
    holders = _holders(sides, kind)
    links = uncontested(names, taken=_taken(holders))
    for link in links:
        holders[link.quickbooks_kind, link.quickbooks_id].append(sides.clockify[kind, link.clockify_id])
    given_back = _given_back(kind, holders)
    # In the order of ids again, as if they had never been linked.
    former = {key[1]: place_of(sides.clockify[key], customers) for key in given_back}
    return Pairs(
        kind,
        customers,
        [status for status in check_links(sides, kind, customers) if (kind, status.record.id) not in given_back],
        links,
        given_back,
        _without(holders, {key[1] for key in given_back}),
        names,
        dict(sorted((places | former).items())),
    )


def _candidates(sides: Sides, kind: str, places: Mapping[str, Place | None]) -> list[tuple[ClockifyRecord, Place]]:
    """Return the records that may be linked by name with their places: not those that a person unlinked or ignored."""
    return [
        (sides.clockify[kind, record_id], place)
        for record_id, place in places.items()
        if place is not None and (kind, record_id) not in sides.choices
    ]


def _holders(sides: Sides, kind: str) -> dict[Key, list[ClockifyRecord]]:
    holders: dict[Key, list[ClockifyRecord]] = defaultdict(list)
    for key, link in sorted(sides.links.items()):
        if key[0] == kind:
            # A link whose Clockify record is no longer mirrored still holds its partner.
            holder = sides.clockify.get(key) or ClockifyRecord(kind, key[1], link.clockify_name)
            holders[link.quickbooks_kind, link.quickbooks_id].append(holder)
    return holders


def _taken(holders: Holders) -> Set[Key]:
    """Return the partners that others than retired records hold: the rule may give the rest to others."""
    return {partner for partner, records in holders.items() if not all(record.retired for record in records)}


def _given_back(kind: str, holders: Holders) -> dict[Key, str]:
    """Return the retired records whose partner others hold as well, by kind and id, with the id of one who does."""
    given_back: dict[Key, str] = {}
    for records in holders.values():
        others = [record for record in records if not record.retired]
        if others:
            given_back |= {(kind, record.id): others[0].id for record in records if record.retired}
    return given_back


def _without(holders: Holders, ids: Set[str]) -> Holders:
    return {partner: [record for record in records if record.id not in ids] for partner, records in holders.items()}


def _working_customers(clients: Pairs) -> dict[str, str]:
    """Return customer ids by client id, of clients whose link works, old or new."""
    working = {status.record.id: status.link.quickbooks_id for status in clients.statuses if not status.is_suspended}
    return working | {link.clockify_id: link.quickbooks_id for link in clients.links}
