"""One pass of matching, kind by kind: existing links first, then name matches, then mismatches. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mapping.matching.by_name import NameMatches
from mapping.matching.index import EMPLOYEES, TOP_LEVEL, Key, PartnerIndex, Place
from mapping.matching.link_health import LinkStatus, LinkValidator
from mapping.matching.mismatch_reasons import MismatchReasons
from mapping.matching.records import ClockifyRecord, KnownLink, KnownOverride, Likely, MismatchFound, NewLink
from mapping.matching.suggest import LikelyPartners


class MatchingPass:
    """State of a pass; `match_kind` adds one kind, and clients go before projects, which need their customers."""

    def __init__(
        self,
        clockify: Sequence[ClockifyRecord],
        *,
        index: PartnerIndex,
        links: Sequence[KnownLink],
        overrides: Sequence[KnownOverride],
        earlier: Mapping[Key, Likely] | None = None,
    ) -> None:
        self._earlier = earlier or {}
        self.likely: dict[Key, Likely] = {}
        self.links: list[NewLink] = []
        self.suspend: dict[Key, str] = {}
        self.given_back: dict[Key, str] = {}
        self.rows: list[MismatchFound] = []
        self._index = index
        self._records = {(record.kind, record.id): record for record in clockify}
        self._known = {(link.kind, link.clockify_id): link for link in links}
        self._choices = {(override.kind, override.clockify_id): override.choice for override in overrides}
        self._partners: dict[str, str] = {}  # customer by client id, working links only

    def match_kind(self, kind: str, *, explain: bool) -> None:
        """Add the links that the rule makes for one kind; with `explain` also the mismatches of the other records."""
        keys = sorted(key for key in self._records if key[0] == kind)
        validator = self._validator()
        statuses = [validator.validate(self._known[key], self._records[key]) for key in keys if key in self._known]
        places = {key[1]: self._place(self._records[key]) for key in keys if key not in self._known}
        name_matches = self._name_matches(kind, places=places)
        holders = self._holders(kind)
        new_links = name_matches.uncontested(taken=holders.keys() - _held_by_retired(holders))
        for link in new_links:
            partner = (link.quickbooks_kind, link.quickbooks_id)
            holders[partner].append(self._records[kind, link.clockify_id])
        self.links += new_links
        given_back = self._give_back(kind, holders)
        statuses = [status for status in statuses if (kind, status.record.id) not in given_back]
        self.suspend |= {(kind, status.record.id): status.reason for status in statuses if status.newly_suspended}
        # In the order of ids again, as if they had never been linked.
        former = {key[1]: self._place(self._records[key]) for key in given_back}
        places = dict(sorted((places | former).items()))
        # Projects of a client that was linked just now are matched in this very pass.
        if kind == "client":
            self._partners = _working_partners(statuses, new_links=new_links)
        if not explain:
            return

        requested = [(self._records[kind, key], place[1]) for key, place in places.items() if place is not None]
        earlier = {key[1]: likely_partners for key, likely_partners in self._earlier.items() if key[0] == kind}
        taken = holders.keys() - _held_by_retired(holders)
        likely = LikelyPartners(self._index.usable, kind=kind, taken=taken, asked=requested, earlier=earlier)
        mismatch_reasons = MismatchReasons(self._index, name_matches=name_matches, holders=holders, likely=likely)
        self._explain_links(statuses, validator=validator, likely=likely)
        self._explain_unlinked(kind, places=places, mismatch_reasons=mismatch_reasons)
        self.likely |= {(kind, record_id): likely_partners for record_id, likely_partners in likely.found.items()}

    def _validator(self) -> LinkValidator:
        clients = {key[1]: record.name for key, record in self._records.items() if key[0] == "client"}
        return LinkValidator(self._index, partners=self._partners, client_names=clients)

    def _place(self, record: ClockifyRecord) -> Place | None:
        """Return the place where its partner must be; None while that depends on a client without a customer."""
        if record.kind == "user":
            return EMPLOYEES
        if record.kind == "client" or not record.client_id:
            return TOP_LEVEL
        parent_id = self._partners.get(record.client_id)
        return ("customer", parent_id) if parent_id else None

    def _name_matches(self, kind: str, *, places: Mapping[str, Place | None]) -> NameMatches:
        """Return the name matches of one kind, without records that a person unlinked or ignored."""
        candidates = {
            record_id: place
            for record_id, place in places.items()
            if place is not None and (kind, record_id) not in self._choices
        }
        records = [self._records[kind, record_id] for record_id in candidates]
        return NameMatches(records, places=candidates, index=self._index)

    def _holders(self, kind: str) -> dict[Key, list[ClockifyRecord]]:
        holders: dict[Key, list[ClockifyRecord]] = defaultdict(list)
        for key, link in sorted(self._known.items()):
            if key[0] == kind:
                # A link whose Clockify record is no longer mirrored still holds its partner.
                holder = self._records.get(key) or ClockifyRecord(kind, key[1], link.clockify_name)
                holders[link.quickbooks_kind, link.quickbooks_id].append(holder)
        return holders

    def _give_back(self, kind: str, holders: dict[Key, list[ClockifyRecord]]) -> set[Key]:
        """Take partners from retired records where others hold them as well; return the former holders' keys.

        `holders` keep only the others.
        """
        given_back: set[Key] = set()
        for partner, records in holders.items():
            others = [record for record in records if not record.retired]
            if others and len(others) < len(records):
                retired = {(kind, record.id): others[0].id for record in records if record.retired}
                self.given_back |= retired
                given_back |= retired.keys()
                holders[partner] = others
        return given_back

    def _explain_links(
        self, statuses: Sequence[LinkStatus], *, validator: LinkValidator, likely: LikelyPartners
    ) -> None:
        for status in statuses:
            if status.reason and not self._is_ignored((status.record.kind, status.record.id)):
                self.rows.append(validator.row(status, likely=likely))

    def _explain_unlinked(
        self, kind: str, *, places: Mapping[str, Place | None], mismatch_reasons: MismatchReasons
    ) -> None:
        linked = {link.clockify_id for link in self.links if link.kind == kind}
        for record_id, place in places.items():
            if record_id not in linked and not self._is_ignored((kind, record_id)):
                self.rows.append(mismatch_reasons.explain(self._records[kind, record_id], place=place))

    def _is_ignored(self, key: Key) -> bool:
        return self._choices.get(key) == "ignored"


def _held_by_retired(holders: Mapping[Key, Sequence[ClockifyRecord]]) -> set[Key]:
    """Return the partners that only retired records hold: the rule may give them to others."""
    return {partner for partner, records in holders.items() if all(record.retired for record in records)}


def _working_partners(statuses: Sequence[LinkStatus], *, new_links: Sequence[NewLink]) -> dict[str, str]:
    """Return customer ids by client id, of clients whose link works, old or new."""
    working = {status.record.id: status.link.quickbooks_id for status in statuses if not status.is_suspended}
    return working | {link.clockify_id: link.quickbooks_id for link in new_links}
