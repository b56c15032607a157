"""One pass of matching: kind after kind, links there are first, then claims, then what to say. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mapping.matching.by_name import Claims
from mapping.matching.index import EMPLOYEES, TOP_LEVEL, Directory, Key, Place
from mapping.matching.link_health import Health, LinkDoctor
from mapping.matching.mismatch_reasons import Verdicts
from mapping.matching.records import ClockifyRecord, KnownLink, KnownOverride, Likely, Mismatch, NewLink
from mapping.matching.suggest import LikelyPartners


class Seating:
    """What a pass knows so far; `seat` adds what concerns one kind, and clients go before projects."""

    def __init__(
        self,
        clockify: Sequence[ClockifyRecord],
        *,
        directory: Directory,
        links: Sequence[KnownLink],
        overrides: Sequence[KnownOverride],
        earlier: Mapping[Key, Likely] | None = None,
    ) -> None:
        self._earlier = earlier or {}
        self.likely: dict[Key, Likely] = {}
        self.links: list[NewLink] = []
        self.suspend: dict[Key, str] = {}
        self.rows: list[Mismatch] = []
        self._directory = directory
        self._records = {(record.kind, record.id): record for record in clockify}
        self._known = {(link.kind, link.clockify_id): link for link in links}
        self._choices = {(override.kind, override.clockify_id): override.choice for override in overrides}
        self._partners: dict[str, str] = {}  # customer by client id, working links only

    def seat(self, kind: str, *, tell: bool) -> None:
        """Link whom the rule links; with `tell` also say why the others stay apart."""
        keys = sorted(key for key in self._records if key[0] == kind)
        doctor = self._doctor()
        healths = [doctor.look_at(self._known[key], self._records[key]) for key in keys if key in self._known]
        self.suspend |= {(kind, each.record.id): each.reason for each in healths if each.is_news}

        places = {key[1]: self._place(self._records[key]) for key in keys if key not in self._known}
        claims = self._claims(kind, places=places)
        holders = self._holders(kind)
        made = claims.standing(taken=holders)
        for link in made:
            partner = (link.quickbooks_kind, link.quickbooks_id)
            holders[partner].append(self._records[kind, link.clockify_id])
        self.links += made
        if kind == "client":
            self._partners = _working(healths, made=made)
        if not tell:
            return

        asked = [(self._records[kind, key], place[1]) for key, place in places.items() if place is not None]
        earlier = {key[1]: one for key, one in self._earlier.items() if key[0] == kind}
        likely = LikelyPartners(self._directory.usable, kind=kind, taken=holders, asked=asked, earlier=earlier)
        verdicts = Verdicts(self._directory, claims=claims, holders=holders, likely=likely)
        self._tell_of_links(healths, doctor=doctor, likely=likely)
        self._tell_of_unlinked(kind, places=places, verdicts=verdicts)
        self.likely |= {(kind, record_id): one for record_id, one in likely.found.items()}

    def _doctor(self) -> LinkDoctor:
        clients = {key[1]: record.name for key, record in self._records.items() if key[0] == "client"}
        return LinkDoctor(self._directory, partners=self._partners, client_names=clients)

    def _place(self, record: ClockifyRecord) -> Place | None:
        """Where its partner must be; None while that depends on a client without a customer."""
        if record.kind == "user":
            return EMPLOYEES
        if record.kind == "client" or not record.client_id:
            return TOP_LEVEL
        parent_id = self._partners.get(record.client_id)
        return ("customer", parent_id) if parent_id else None

    def _claims(self, kind: str, *, places: Mapping[str, Place | None]) -> Claims:
        """Whoever a person unlinked or ignored claims nothing."""
        claimants = {
            record_id: place
            for record_id, place in places.items()
            if place is not None and (kind, record_id) not in self._choices
        }
        records = [self._records[kind, record_id] for record_id in claimants]
        return Claims(records, places=claimants, directory=self._directory)

    def _holders(self, kind: str) -> dict[Key, list[ClockifyRecord]]:
        holders: dict[Key, list[ClockifyRecord]] = defaultdict(list)
        for key, link in sorted(self._known.items()):
            if key[0] == kind:
                # A link whose Clockify record we were not given holds its partner all the same.
                holder = self._records.get(key) or ClockifyRecord(kind, key[1], link.clockify_name)
                holders[link.quickbooks_kind, link.quickbooks_id].append(holder)
        return holders

    def _tell_of_links(self, healths: Sequence[Health], *, doctor: LinkDoctor, likely: LikelyPartners) -> None:
        for health in healths:
            if health.reason and not self._is_ignored((health.record.kind, health.record.id)):
                self.rows.append(doctor.row(health, likely=likely))

    def _tell_of_unlinked(self, kind: str, *, places: Mapping[str, Place | None], verdicts: Verdicts) -> None:
        linked = {link.clockify_id for link in self.links if link.kind == kind}
        for record_id, place in places.items():
            if record_id not in linked and not self._is_ignored((kind, record_id)):
                self.rows.append(verdicts.on(self._records[kind, record_id], place=place))

    def _is_ignored(self, key: Key) -> bool:
        return self._choices.get(key) == "ignored"


def _working(healths: Sequence[Health], *, made: Sequence[NewLink]) -> dict[str, str]:
    """The customer of each client whose link, old or new, works."""
    working = {each.record.id: each.link.quickbooks_id for each in healths if not each.is_suspended}
    return working | {link.clockify_id: link.quickbooks_id for link in made}
