"""The records around those that somebody decides about, as they are read from our copy: each once, however often asked.

Which of them matter is decided in `mapping/neighborhood.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from integrations.models import Company, Workspace
from mapping import name_index
from mapping.matching.index import shown_name
from mapping.matching.records import ClockifyRecord, KnownLink, KnownOverride, Likely, MatchResult, QuickBooksRecord
from mapping.queries import (
    CLOCKIFY_MODELS,
    QUICKBOOKS_MODELS,
    Key,
    by_kind,
    clockify_records,
    company_of,
    known_links,
    links_of,
    mapping_overrides_of,
    quickbooks_records,
    quickbooks_values,
)

PARTNER_KINDS = {"user": ("employee", "vendor"), "client": ("customer",), "project": ("customer",)}
Partner = tuple[str, Key]  # the kind of Clockify record that may take it, and the QuickBooks record


class TooLarge(Exception):
    """More records may change than matching a few is worth."""


class OutOfDate(Exception):
    """The index does not have a record that is there."""


class NotClosed(Exception):
    """A link would change of a record that was read only to be seen."""


@dataclass
class Neighborhood:
    """The records to match. `changing`: those whose link may change; `shown`: those whose rows may.

    `frozen`: records without a link that are only looked at, which matching must not link.
    """

    changing: set[Key] = field(default_factory=set)
    shown: set[Key] = field(default_factory=set)
    partners: set[Partner] = field(default_factory=set)
    clockify: dict[Key, ClockifyRecord] = field(default_factory=dict)
    quickbooks: dict[Key, QuickBooksRecord] = field(default_factory=dict)
    links: dict[Key, KnownLink] = field(default_factory=dict)
    overrides: dict[Key, KnownOverride] = field(default_factory=dict)
    likely: dict[Key, Likely] = field(default_factory=dict)
    frozen: set[Key] = field(default_factory=set)

    def check_closed(self, outcome: MatchResult) -> None:
        """Raise NotClosed where matching changes a link that it was not to change."""
        changed = {(link.kind, link.clockify_id) for link in outcome.links} | {*outcome.suspend, *outcome.given_back}
        if not changed <= self.changing:
            raise NotClosed

    def known_overrides(self) -> list[KnownOverride]:
        """Return people's decisions, and one for each frozen record that keeps the rule from linking it."""
        frozen = {key: KnownOverride(*key, "ignored") for key in self.frozen}
        return list((frozen | self.overrides).values())


class RecordReader:
    """Reads each record once into `found`, and remembers what was asked for."""

    def __init__(self, workspace: Workspace, most: int) -> None:
        self._workspace, self._most = workspace, most
        self._company: Company = company_of(workspace)
        self.found = Neighborhood()
        self._looked_up: set[Key] = set()  # records of either side that were read, if they are there
        # By kind and name's term, as far as asked for.
        self._by_name: dict[str, dict[str, set[Key]]] = defaultdict(dict)
        self._links_read: set[Key] = set()
        self._holders_read: set[Partner] = set()

    # --- the index of names --------------------------------------------------------------------------------
    def check_size(self, keys: Collection[Key]) -> None:
        if len(keys) > self._most:
            raise TooLarge

    def check_index(self, keys: Collection[Key]) -> None:
        """Raise OutOfDate where a record's name is not in the index."""
        terms: dict[str, dict[Key, str]] = defaultdict(dict)
        for key in keys & self.found.clockify.keys():
            if term := name_index.name_term(self.found.clockify[key].name):
                terms[key[0]][key] = term
        for kind, own in terms.items():
            self.find(own.values(), [kind])
            if any(key not in self._by_name[kind][term] for key, term in own.items()):
                raise OutOfDate

    def find(self, names: Iterable[str], kinds: Collection[str]) -> set[Key]:
        """Return the records of these kinds whose names have these terms, each looked up in the index once."""
        wanted = set(names) - {""}
        missing = set[str]().union(*(wanted - self._by_name[kind].keys() for kind in kinds))
        for kind in kinds:
            self._by_name[kind] |= {term: set() for term in missing}
        for term, keys in name_index.by_term(self._workspace, missing, kinds).items():
            for key in keys:
                self._by_name[key[0]][term].add(key)
        return set[Key]().union(*(self._by_name[kind][term] for kind in kinds for term in wanted))

    def named_alike(self, keys: Collection[Key]) -> dict[Key, list[QuickBooksRecord]]:
        """Read the QuickBooks records that have these records' names, at any place, and return them by record."""
        found = self.found
        alike: dict[Key, list[QuickBooksRecord]] = {}
        for kind, ids in by_kind(keys).items():
            terms = {
                (kind, record_id): name_index.name_term(found.clockify[kind, record_id].name)
                for record_id in ids
                if (kind, record_id) in found.clockify
            }
            partners = self.find(terms.values(), PARTNER_KINDS[kind])
            self.check_size(partners)
            self.read_quickbooks(partners)
            by_term: dict[str, list[QuickBooksRecord]] = defaultdict(list)
            for partner in partners & found.quickbooks.keys():
                record = found.quickbooks[partner]
                by_term[name_index.name_term(shown_name(record))].append(record)
            alike |= {key: by_term[term] for key, term in terms.items() if term in by_term}
        return alike

    # --- rows ----------------------------------------------------------------------------------------------
    def read_clockify(self, keys: Iterable[Key]) -> None:
        missing = set(keys) - self._looked_up
        self._looked_up |= missing
        for record in clockify_records(self._workspace, missing) if missing else ():
            self.found.clockify[record.kind, record.id] = record

    def read_quickbooks(self, keys: Iterable[Key]) -> None:
        missing = set(keys) - self._looked_up
        self._looked_up |= missing
        for record in quickbooks_records(self._company, missing) if missing else ():
            self.found.quickbooks[record.kind, record.id] = record

    def read_links(self, keys: Iterable[Key]) -> None:
        missing = set(keys) - self._links_read
        self._links_read |= missing
        for kind, ids in by_kind(missing).items():
            rows = links_of(self._workspace).filter(kind=kind, clockify_id__among=frozenset(ids))
            for link in known_links(rows):
                self.found.links[kind, link.clockify_id] = link

    def read_holders(self, partners: Iterable[Partner]) -> None:
        """Read the links to these partners of records of those kinds."""
        missing = set(partners) - self._holders_read
        self._holders_read |= missing
        for kind in sorted({kind for kind, _ in missing}):
            for quickbooks_kind, ids in by_kind(partner for of_kind, partner in missing if of_kind == kind).items():
                links = links_of(self._workspace).filter(kind=kind, quickbooks_kind=quickbooks_kind)
                for link in known_links(links.filter(quickbooks_id__among=frozenset(ids))):
                    self.found.links[kind, link.clockify_id] = link
                    self._links_read.add((kind, link.clockify_id))

    def read_partners(self) -> None:
        self.read_quickbooks({partner_of(link) for link in self.found.links.values()})

    def read_overrides(self) -> None:
        for kind, ids in by_kind(self.found.clockify).items():
            rows = mapping_overrides_of(self._workspace).filter(kind=kind, clockify_id__among=frozenset(ids))
            for clockify_id, choice in rows.values_list("clockify_id", "choice"):
                self.found.overrides[kind, clockify_id] = KnownOverride(kind, clockify_id, choice)

    def read_parents(self) -> None:
        """Read who is above: names of parents are said, and who is billed stands at the top."""
        found = self.found
        above = {("customer", link.parent_id) for link in found.links.values() if link.parent_id}
        above |= {("customer", record.parent_id) for record in found.quickbooks.values() if record.parent_id}
        while not above <= self._looked_up:
            self.read_quickbooks(above)
            above |= {
                ("customer", found.quickbooks[key].parent_id)
                for key in above & found.quickbooks.keys()
                if found.quickbooks[key].parent_id
            }

    def read_clients(self, projects: Collection[Key]) -> None:
        """Read the clients of these projects, those that they had when they were linked, and the clients' customers."""
        found = self.found
        clients = {found.clockify[key].client_id for key in projects if key in found.clockify}
        clients |= {found.links[key].client_id for key in projects if key in found.links}
        keys = {("client", client_id) for client_id in clients if client_id}
        self.read_clockify(keys)
        self.read_links(keys)

    def read_pool(self, kind: str, parent_id: str) -> None:
        """Read the free partners at one place, and sub-customers with the same words under other parents."""
        found, workspace = self.found, self._workspace
        retired = CLOCKIFY_MODELS[kind]._default_manager.filter(workspace=workspace).exclude(retired_at=None)
        links = links_of(workspace).filter(kind=kind)
        held = links.exclude(clockify_id__in=retired.values("clockify_id"))
        of_retired = set(
            links.filter(clockify_id__in=retired.values("clockify_id")).values_list("quickbooks_kind", "quickbooks_id")
        )
        for quickbooks_kind in PARTNER_KINDS[kind]:
            place = {"company": self._company, **({"parent_id": parent_id} if quickbooks_kind == "customer" else {})}
            rows = QUICKBOOKS_MODELS[quickbooks_kind]._default_manager.filter(**place, active=True, gone_at=None)
            taken = held.filter(quickbooks_kind=quickbooks_kind).values("quickbooks_id")
            for record in quickbooks_values(quickbooks_kind, rows.exclude(quickbooks_id__in=taken)):
                found.quickbooks[record.kind, record.id] = record
                self._looked_up.add((record.kind, record.id))
                # Nobody holds it but retired records, so that nobody else has to be asked.
                if (record.kind, record.id) not in of_retired:
                    self._holders_read.add((kind, (record.kind, record.id)))
        if parent_id:
            names = [found.clockify[key].name for key in found.shown if key[0] == kind and key in found.clockify]
            subs = name_index.find(workspace, map(name_index.words_term, names), ["customer"])
            self.read_quickbooks(subs)


def partner_of(link: KnownLink) -> Key:
    return link.quickbooks_kind, link.quickbooks_id
