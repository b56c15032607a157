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
from collections.abc import Collection, Mapping

from integrations.models import ClockifyProject, Company, Customer, Workspace
from mapping import name_index
from mapping.matching.index import is_usable, shown_name
from mapping.matching.records import ClockifyRecord, QuickBooksRecord
from mapping.queries import CLOCKIFY_MODELS, Key, chunks, quickbooks_values
from mapping.record_reader import (
    PARTNER_KINDS,
    Neighborhood,
    NotClosed,
    OutOfDate,
    Partner,
    RecordReader,
    TooLarge,
    partner_of,
)

# Of records that are matched again; with more, matching everybody is as fast.
MAX_RECORDS = 3000
# Where any of these is raised, everybody is matched.
TOO_FEW = (TooLarge, OutOfDate, NotClosed)


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
    follower = _Follower(workspace, most)
    follower.follow(seeds)
    if links_only:
        follower.found.shown = set(follower.found.changing)
    else:
        follower.add_shown(rows)
    follower.add_surroundings(pools, likely=not links_only)
    return follower.found


class _Follower:
    """Follows what may come of a decision from record to record."""

    def __init__(self, workspace: Workspace, most: int) -> None:
        self._workspace = workspace
        self._records = RecordReader(workspace, most)
        self.found = self._records.found
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
            self._records.check_size(found.changing)
            self._records.read_clockify(batch)
            self._records.read_links(batch)
            waiting |= self._meet(self._partners_of(batch)) | self._projects_of(batch)
            waiting -= found.changing

    def _partners_of(self, keys: Collection[Key]) -> set[Partner]:
        """Return the partners that these records have, or may get by their name."""
        partners: set[Partner] = set()
        projects = {key for key in keys if key[0] == "project"}
        self._records.read_clients(projects)
        by_name = self._records.named_alike(keys)
        for key in keys:
            record, link = self.found.clockify.get(key), self.found.links.get(key)
            own = {partner_of(link)} if link is not None else set()
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
        self._records.read_quickbooks({partner for _, partner in partners})
        rivals: set[Key] = set()
        for kind in {kind for kind, _ in partners}:
            names = [
                shown_name(found.quickbooks[partner])
                for of_kind, partner in partners
                if of_kind == kind and partner in found.quickbooks
            ]
            alike = self._records.find(map(name_index.name_term, names), [kind])
            rivals |= self._without_link(alike - found.changing)
        self._records.read_holders(partners)
        retired = {key for key, link in found.links.items() if (key[0], partner_of(link)) in partners}
        self._records.read_clockify(retired)
        rivals |= {key for key in retired if key in found.clockify and found.clockify[key].retired}
        return rivals - found.changing

    def _without_link(self, keys: Collection[Key]) -> set[Key]:
        """Return those of these records that have no link, and a place where their partner may be."""
        self._records.read_links(keys)
        unlinked = {key for key in keys if key not in self.found.links}
        self._records.check_size(unlinked)
        self._records.read_clockify(unlinked)
        self._records.read_clients({key for key in unlinked if key[0] == "project"})
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
        self._records.check_size(found.shown)

    # --- what is needed to see -----------------------------------------------------------------------------
    def add_surroundings(self, pools: Collection[Key], *, likely: bool) -> None:
        """Read everything else that links of the shown records depend on, and with `likely` their rows."""
        found = self.found
        self._records.read_clockify(found.shown)
        self._records.read_links(found.shown)
        self._records.check_index(found.shown)
        # Their rivals by name are matched as well, or nobody would know that the name is ambiguous.
        terms: dict[str, set[str]] = defaultdict(set)
        for key in found.shown & found.clockify.keys():
            terms[key[0]].add(name_index.name_term(found.clockify[key].name))
        rivals: set[Key] = set()
        for kind, names in terms.items():
            rivals |= self._without_link(self._records.find(names, [kind]) - found.shown)
        active = found.shown | rivals
        self._records.check_size(active)
        # Of those that may change it was asked when they were followed.
        self._records.named_alike(active - found.changing)
        self._records.read_clients({key for key in active if key[0] == "project"})
        if likely:
            found.likely = name_index.likely_found(self._workspace, found.shown)
            self._records.read_quickbooks(
                {(likely.kind, likely.id) for row in found.likely.values() for likely in row.found}
            )
        for kind, parent_id in pools:
            self._records.read_pool(kind, parent_id)
        self._records.read_partners()
        kinds = {key[0] for key in active}
        known = -1
        # Whoever is read, for whatever reason, may only be likely for anyone if nobody holds it.
        while known < len(found.quickbooks):
            known = len(found.quickbooks)
            self._records.read_holders(
                {(kind, partner) for kind in kinds for partner in found.quickbooks if partner[0] in PARTNER_KINDS[kind]}
            )
            self._records.read_clockify(found.links)
            self._records.read_partners()
            self._records.read_parents()
        self._records.read_overrides()
        found.frozen = {key for key in found.clockify if key not in active and key not in found.links}


def with_children(company: Company, ids: Collection[str]) -> list[QuickBooksRecord]:
    """Return one active sub-customer of each of these customers that has any."""
    children: dict[str, QuickBooksRecord] = {}
    for chunk in chunks(ids):
        rows = Customer.objects.filter(parent_id__in=chunk, company=company, active=True, gone_at=None)
        for record in quickbooks_values("customer", rows):
            children.setdefault(record.parent_id, record)
    return list(children.values())
