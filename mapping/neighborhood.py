"""The records around those that somebody decides about: all that matching them again can change, or needs to see.

Matching runs over these few as it runs over everybody. Followed is what may come of a decision:

* The record's partners before and after, and those of its name at its place, may be taken or free. Records of the same
  kind that have such a partner's name and no link may get it or lose it, and a retired holder may give it back.
* A client decides where the partners of its projects are, so what may change for a client may for its projects.
* Records to which such a partner is likely may change what they show, but no link.

Everything else is read only to be seen: rivals by name, holders, clients, parents. `rematch` checks that no link of
those changes, and matches everybody where one would.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from integrations.models import ClockifyProject, Company, Customer, Workspace
from mapping import name_index
from mapping.matching.index import is_usable, shown_name
from mapping.matching.records import ClockifyRecord, KnownLink, KnownOverride, Likely, MatchResult, QuickBooksRecord
from mapping.queries import (
    CLOCKIFY_MODELS,
    QUICKBOOKS_MODELS,
    Key,
    by_kind,
    chunks,
    clockify_records,
    company_of,
    known_links,
    links_of,
    mapping_overrides_of,
    quickbooks_records,
    quickbooks_values,
)

# Of records that are matched again; with more, matching everybody is as fast.
MAX_RECORDS = 3000
PARTNER_KINDS = {"user": ("employee", "vendor"), "client": ("customer",), "project": ("customer",)}
Partner = tuple[str, Key]  # the kind of Clockify record that may take it, and the QuickBooks record


class TooLarge(Exception):
    """More records may change than matching a few is worth."""


class OutOfDate(Exception):
    """The index does not have a record that is there."""


class NotClosed(Exception):
    """A link would change of a record that was read only to be seen."""


# Where any of these is raised, everybody is matched.
TOO_FEW = (TooLarge, OutOfDate, NotClosed)


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


def around(
    workspace: Workspace,
    seeds: Mapping[Key, Collection[Key]],
    *,
    rows: Collection[Key] = (),
    pools: Collection[Key] = (),
    links_only: bool = False,
    most: int = MAX_RECORDS,
) -> Neighborhood:
    """Return the records around `seeds`: Clockify records, each with the partners it had or is to have.

    `rows`: records whose rows are to be made although no link of theirs changes; `pools`: the places, as Clockify kind
    and parent id, at which likely partners are looked for again; `links_only`: nobody's row is to be made. Raises
    TooLarge, where more than `most` records may change, and OutOfDate.
    """
    reader = _Reader(workspace, most)
    reader.follow(seeds)
    if links_only:
        reader.found.shown = set(reader.found.changing)
    else:
        reader.add_shown(rows)
    reader.add_surroundings(pools, likely=not links_only)
    return reader.found


class _Reader:
    """Reads each record once, and remembers what was asked for."""

    def __init__(self, workspace: Workspace, most: int) -> None:
        self._workspace, self._most = workspace, most
        self._company: Company = company_of(workspace)
        self.found = Neighborhood()
        self._looked_up: set[Key] = set()  # records of either side that were read, if they are there
        # By kind and name's term, as far as asked for.
        self._by_name: dict[str, dict[str, set[Key]]] = defaultdict(dict)
        self._links_read: set[Key] = set()
        self._holders_read: set[Partner] = set()
        # By client id, the customers under which partners of its projects were or may be.
        self._parents: dict[str, set[str]] = defaultdict(set)

    # --- what may change -----------------------------------------------------------------------------------
    def follow(self, seeds: Mapping[Key, Collection[Key]]) -> None:
        """Find the records whose link may change."""
        found = self.found
        for (kind, record_id), partners in seeds.items():
            if kind == "client":
                self._parents[record_id] |= {partner[1] for partner in partners}
        waiting = set(seeds) | self._meet({(key[0], partner) for key in seeds for partner in seeds[key]})
        while waiting:
            # Clients before projects: they say where the projects' partners are.
            batch = {key for key in waiting if key[0] != "project"} or set(waiting)
            waiting -= batch
            found.changing |= batch
            self._check_size(found.changing)
            self._read_clockify(batch)
            self._read_links(batch)
            waiting |= self._meet(self._partners_of(batch)) | self._projects_of(batch)
            waiting -= found.changing

    def _partners_of(self, keys: Collection[Key]) -> set[Partner]:
        """Return the partners that these records have, or may get by their name."""
        partners: set[Partner] = set()
        projects = {key for key in keys if key[0] == "project"}
        self._read_clients(projects)
        by_name = self._named_alike(keys)
        for key in keys:
            record, link = self.found.clockify.get(key), self.found.links.get(key)
            own = {_partner(link)} if link is not None else set()
            places = self._places_of(record) if record else set()
            own |= {
                (partner.kind, partner.id)
                for partner in by_name.get(key, ())
                if is_usable(partner) and partner.parent_id in places
            }
            if key[0] == "client":
                self._parents[key[1]] |= {partner_id for _, partner_id in own}
            partners |= {(key[0], partner) for partner in own}
        return partners

    def _places_of(self, record: ClockifyRecord) -> set[str]:
        """Return the ids of parents under which the record's partner may be."""
        if record.kind != "project" or not record.client_id:
            return {""}
        link = self.found.links.get(("client", record.client_id))
        return self._parents[record.client_id] | ({link.quickbooks_id} if link is not None else set())

    def _projects_of(self, keys: Collection[Key]) -> set[Key]:
        projects: set[Key] = set()
        for chunk in chunks(key[1] for key in keys if key[0] == "client"):
            rows = ClockifyProject.objects.filter(workspace=self._workspace, client_id__in=chunk)
            projects.update(("project", record_id) for record_id in rows.values_list("clockify_id", flat=True))
        return projects

    def _meet(self, partners: Collection[Partner]) -> set[Key]:
        """Return the records that may take or lose these partners besides those already found."""
        found = self.found
        partners = set(partners) - found.partners
        found.partners |= partners
        self._read_quickbooks({partner for _, partner in partners})
        rivals: set[Key] = set()
        for kind in {kind for kind, _ in partners}:
            names = [
                shown_name(found.quickbooks[partner])
                for of_kind, partner in partners
                if of_kind == kind and partner in found.quickbooks
            ]
            alike = self._find(map(name_index.name_term, names), [kind])
            rivals |= self._without_link(alike - found.changing)
        self._read_holders(partners)
        retired = {key for key, link in found.links.items() if (key[0], _partner(link)) in partners}
        self._read_clockify(retired)
        rivals |= {key for key in retired if key in found.clockify and found.clockify[key].retired}
        return rivals - found.changing

    def _without_link(self, keys: Collection[Key]) -> set[Key]:
        """Return those of these records that have no link, and a place where their partner may be."""
        self._read_links(keys)
        unlinked = {key for key in keys if key not in self.found.links}
        self._check_size(unlinked)
        self._read_clockify(unlinked)
        self._read_clients({key for key in unlinked if key[0] == "project"})
        return {key for key in unlinked if key in self.found.clockify and self._has_place(self.found.clockify[key])}

    def _has_place(self, record: ClockifyRecord) -> bool:
        if record.kind != "project" or not record.client_id:
            return True
        client = ("client", record.client_id)
        link = self.found.links.get(client)
        return client in self.found.changing or (link is not None and not link.suspended)

    # --- what is only shown --------------------------------------------------------------------------------
    def add_shown(self, rows: Collection[Key]) -> None:
        """Find the records whose rows may say something else."""
        found = self.found
        found.shown = found.changing | set(rows)
        for kind in CLOCKIFY_MODELS:
            terms = [
                name_index.partner_term(name_index.LIKELY, partner)
                for of_kind, partner in found.partners
                if of_kind == kind
            ]
            found.shown |= name_index.find(self._workspace, terms, [kind])
        self._check_size(found.shown)

    # --- what is needed to see -----------------------------------------------------------------------------
    def add_surroundings(self, pools: Collection[Key], *, likely: bool) -> None:
        """Read everything else that links of the shown records depend on, and with `likely` their rows."""
        found = self.found
        self._read_clockify(found.shown)
        self._read_links(found.shown)
        self._check_index(found.shown)
        # Their rivals by name are matched as well, or nobody would know that the name is ambiguous.
        terms: dict[str, set[str]] = defaultdict(set)
        for key in found.shown & found.clockify.keys():
            terms[key[0]].add(name_index.name_term(found.clockify[key].name))
        rivals: set[Key] = set()
        for kind, names in terms.items():
            rivals |= self._without_link(self._find(names, [kind]) - found.shown)
        active = found.shown | rivals
        self._check_size(active)
        # Of those that may change it was asked when they were followed.
        self._named_alike(active - found.changing)
        self._read_clients({key for key in active if key[0] == "project"})
        if likely:
            found.likely = name_index.likely_found(self._workspace, found.shown)
            self._read_quickbooks({(likely.kind, likely.id) for row in found.likely.values() for likely in row.found})
        for kind, parent_id in pools:
            self._read_pool(kind, parent_id)
        self._read_partners()
        kinds = {key[0] for key in active}
        known = -1
        # Whoever is read, for whatever reason, may only be likely for anyone if nobody holds it.
        while known < len(found.quickbooks):
            known = len(found.quickbooks)
            self._read_holders(
                {(kind, partner) for kind in kinds for partner in found.quickbooks if partner[0] in PARTNER_KINDS[kind]}
            )
            self._read_clockify(found.links)
            self._read_partners()
            self._read_parents()
        self._read_overrides()
        found.frozen = {key for key in found.clockify if key not in active and key not in found.links}

    def _read_parents(self) -> None:
        """Read who is above: names of parents are said, and who is billed stands at the top."""
        found = self.found
        above = {("customer", link.parent_id) for link in found.links.values() if link.parent_id}
        above |= {("customer", record.parent_id) for record in found.quickbooks.values() if record.parent_id}
        while not above <= self._looked_up:
            self._read_quickbooks(above)
            above |= {
                ("customer", found.quickbooks[key].parent_id)
                for key in above & found.quickbooks.keys()
                if found.quickbooks[key].parent_id
            }

    def _read_clients(self, projects: Collection[Key]) -> None:
        """Read the clients of these projects, those that they had when they were linked, and the clients' customers."""
        found = self.found
        clients = {found.clockify[key].client_id for key in projects if key in found.clockify}
        clients |= {found.links[key].client_id for key in projects if key in found.links}
        keys = {("client", client_id) for client_id in clients if client_id}
        self._read_clockify(keys)
        self._read_links(keys)

    def _read_pool(self, kind: str, parent_id: str) -> None:
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
            self._read_quickbooks(subs)

    # --- reading -------------------------------------------------------------------------------------------
    def _check_size(self, keys: Collection[Key]) -> None:
        if len(keys) > self._most:
            raise TooLarge

    def _check_index(self, keys: Collection[Key]) -> None:
        """Raise OutOfDate where a record's name is not in the index."""
        terms: dict[str, dict[Key, str]] = defaultdict(dict)
        for key in keys & self.found.clockify.keys():
            if term := name_index.name_term(self.found.clockify[key].name):
                terms[key[0]][key] = term
        for kind, own in terms.items():
            self._find(own.values(), [kind])
            if any(key not in self._by_name[kind][term] for key, term in own.items()):
                raise OutOfDate

    def _find(self, names: Iterable[str], kinds: Collection[str]) -> set[Key]:
        """Return the records of these kinds whose names have these terms, each looked up in the index once."""
        wanted = set(names) - {""}
        missing = set[str]().union(*(wanted - self._by_name[kind].keys() for kind in kinds))
        for kind in kinds:
            self._by_name[kind] |= {term: set() for term in missing}
        for term, keys in name_index.by_term(self._workspace, missing, kinds).items():
            for key in keys:
                self._by_name[key[0]][term].add(key)
        return set[Key]().union(*(self._by_name[kind][term] for kind in kinds for term in wanted))

    def _named_alike(self, keys: Collection[Key]) -> dict[Key, list[QuickBooksRecord]]:
        """Read the QuickBooks records that have these records' names, at any place, and return them by record."""
        found = self.found
        alike: dict[Key, list[QuickBooksRecord]] = {}
        for kind, ids in by_kind(keys).items():
            terms = {
                (kind, record_id): name_index.name_term(found.clockify[kind, record_id].name)
                for record_id in ids
                if (kind, record_id) in found.clockify
            }
            partners = self._find(terms.values(), PARTNER_KINDS[kind])
            self._check_size(partners)
            self._read_quickbooks(partners)
            by_term: dict[str, list[QuickBooksRecord]] = defaultdict(list)
            for partner in partners & found.quickbooks.keys():
                record = found.quickbooks[partner]
                by_term[name_index.name_term(shown_name(record))].append(record)
            alike |= {key: by_term[term] for key, term in terms.items() if term in by_term}
        return alike

    def _read_clockify(self, keys: Iterable[Key]) -> None:
        missing = set(keys) - self._looked_up
        self._looked_up |= missing
        for record in clockify_records(self._workspace, missing) if missing else ():
            self.found.clockify[record.kind, record.id] = record

    def _read_quickbooks(self, keys: Iterable[Key]) -> None:
        missing = set(keys) - self._looked_up
        self._looked_up |= missing
        for record in quickbooks_records(self._company, missing) if missing else ():
            self.found.quickbooks[record.kind, record.id] = record

    def _read_links(self, keys: Iterable[Key]) -> None:
        missing = set(keys) - self._links_read
        self._links_read |= missing
        for kind, ids in by_kind(missing).items():
            rows = links_of(self._workspace).filter(kind=kind, clockify_id__among=frozenset(ids))
            for link in known_links(rows):
                self.found.links[kind, link.clockify_id] = link

    def _read_holders(self, partners: Iterable[Partner]) -> None:
        """Read the links to these partners of records of those kinds."""
        missing = set(partners) - self._holders_read
        self._holders_read |= missing
        for kind in sorted({kind for kind, _ in missing}):
            for quickbooks_kind, ids in by_kind(partner for of_kind, partner in missing if of_kind == kind).items():
                links = links_of(self._workspace).filter(kind=kind, quickbooks_kind=quickbooks_kind)
                for link in known_links(links.filter(quickbooks_id__among=frozenset(ids))):
                    self.found.links[kind, link.clockify_id] = link
                    self._links_read.add((kind, link.clockify_id))

    def _read_partners(self) -> None:
        self._read_quickbooks({_partner(link) for link in self.found.links.values()})

    def _read_overrides(self) -> None:
        for kind, ids in by_kind(self.found.clockify).items():
            rows = mapping_overrides_of(self._workspace).filter(kind=kind, clockify_id__among=frozenset(ids))
            for clockify_id, choice in rows.values_list("clockify_id", "choice"):
                self.found.overrides[kind, clockify_id] = KnownOverride(kind, clockify_id, choice)


def _partner(link: KnownLink) -> Key:
    return link.quickbooks_kind, link.quickbooks_id


def with_children(company: Company, ids: Collection[str]) -> list[QuickBooksRecord]:
    """Return one active sub-customer of each of these customers that has any."""
    children: dict[str, QuickBooksRecord] = {}
    for chunk in chunks(ids):
        rows = Customer.objects.filter(parent_id__in=chunk, company=company, active=True, gone_at=None)
        for record in quickbooks_values("customer", rows):
            children.setdefault(record.parent_id, record)
    return list(children.values())
