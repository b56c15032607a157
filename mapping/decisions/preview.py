"""Preview of links after decisions that have not been taken yet, the rule's own links included. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from integrations.models import Company, Workspace
from mapping import name_index, neighborhood
from mapping.decisions.batch import Choice, ordered
from mapping.matching import billing, match
from mapping.matching.billing import Billing
from mapping.matching.names import FORGIVING, strip_deleted
from mapping.matching.records import ClockifyRecord, KnownLink, KnownOverride, QuickBooksRecord
from mapping.neighborhood import Neighborhood
from mapping.queries import (
    Key,
    clockify_records,
    company_of,
    known_links,
    last_ids,
    links_of,
    mapping_overrides_of,
    mismatches_of,
    quickbooks_records,
)

# Id of a QuickBooks record that does not exist yet; QuickBooks' own ids are numbers.
NEW = "new"
# Reasons of records whose name may equal a partner's when forgiving.
NEAR_MISSES = ("NAME_DIFFERS", "EMPLOYEE_INACTIVE", "CUSTOMER_INACTIVE")
# With more of them, looking at everybody is as fast.
MAX_NEAR_MISSES = 20_000


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """A QuickBooks record as it would be: created under the id `NEW`, or an inactive one reactivated."""

    kind: str
    name: str
    id: str = NEW
    parent_id: str = ""


@dataclass(frozen=True)
class MappingPreview:
    """All links as they would be and who would be ignored, as (kind, Clockify id)."""

    links: Sequence[KnownLink]
    ignored: frozenset[Key]


@dataclass(frozen=True)
class BillingLine:
    """Who is billed for one client or project."""

    name: str
    billing: Billing


class MappingSnapshot:
    """Both sides with their links, read once; previews from it need no further queries.

    `near`: only the records around some decisions, which alone may be previewed then.
    """

    def __init__(self, workspace: Workspace, near: Neighborhood | None = None) -> None:
        self._workspace, self._near = workspace, near
        company: Company = company_of(workspace)
        if near is not None:
            self._clockify, self._quickbooks = list(near.clockify.values()), list(near.quickbooks.values())
            self._links, self._overrides = list(near.links.values()), list(near.overrides.values())
            return
        self._clockify = clockify_records(workspace)
        self._quickbooks = quickbooks_records(company)
        self._links = known_links(links_of(workspace))
        self._overrides = [
            KnownOverride(override.kind, override.clockify_id, override.choice)
            for override in mapping_overrides_of(workspace)
        ]

    @classmethod
    def around(cls, workspace: Workspace, choices: Collection[Choice]) -> MappingSnapshot | None:
        """Return what these decisions can change; None where the index of names can't tell, or it is too much."""
        if not _is_matched(workspace):
            return None
        seeds: dict[Key, set[Key]] = defaultdict(set)
        for choice in choices:
            partner = {(choice.quickbooks_kind, choice.quickbooks_id)} if choice.quickbooks_id else set()
            seeds[choice.kind_and_id] |= partner
        try:
            return cls(workspace, neighborhood.around(workspace, seeds, links_only=True))
        except (neighborhood.TooLarge, neighborhood.OutOfDate):
            return None

    @classmethod
    def of_near_misses(cls, workspace: Workspace) -> MappingSnapshot:
        """Return what the forgiving rule would match besides the workspace's own: of few records, if that can be told.

        A record that has a name equal to a partner's only when forgiving says so in its row, or that an inactive record
        has the very name; one more may follow from its client's.
        """
        if not _is_matched(workspace):
            return cls(workspace)
        # Saved links are what the rule gives, so that a forgiving rule has no more to give.
        rows = mismatches_of(workspace).filter(reason__in=NEAR_MISSES, has_link=False).order_by()
        keys = rows.values_list("kind", "clockify_id") if workspace.matching != FORGIVING else ()
        seeds: dict[Key, set[Key]] = {(kind, clockify_id): set() for kind, clockify_id in keys}
        try:
            return cls(workspace, neighborhood.around(workspace, seeds, links_only=True, most=MAX_NEAR_MISSES))
        except (neighborhood.TooLarge, neighborhood.OutOfDate):
            return cls(workspace)

    @property
    def known(self) -> Collection[Key] | None:
        """The Clockify records that it has, by kind and id; None for all."""
        return self._near.clockify.keys() | self._near.links.keys() if self._near is not None else None

    def now(self) -> MappingPreview:
        """Return the links as they are."""
        return MappingPreview(self._links, _ignored(self._overrides))

    def after(
        self,
        choices: Iterable[Choice],
        *,
        planned: Iterable[PlannedRecord] = (),
        renamed: Mapping[Key, str] | None = None,
    ) -> MappingPreview:
        """Return the links as they would be once these decisions were taken and names were matched again.

        `renamed`: new names of Clockify records, by kind and id. Raises NotClosed where a snapshot of some records
        turns out to be too small.
        """
        clockify, quickbooks = self._records(planned)
        clockify |= {key: replace(clockify[key], name=name) for key, name in (renamed or {}).items() if key in clockify}
        links = {(link.kind, link.clockify_id): link for link in self._links}
        overrides = {(override.kind, override.clockify_id): override for override in self._overrides}
        for choice in ordered(choices):
            self._decide(choice, links, overrides, clockify=clockify, quickbooks=quickbooks)
        # Matched again, because a decision may free a partner, or give a client the customer its projects need.
        frozen = {key: KnownOverride(*key, "ignored") for key in self._near.frozen} if self._near else {}
        outcome = match.paired(
            list(clockify.values()),
            list(quickbooks.values()),
            list(links.values()),
            list((frozen | overrides).values()),
            mode=self._workspace.matching,
        )
        if self._near is not None:
            self._near.check_closed(outcome)
        for key in outcome.given_back:
            links.pop(key, None)
        for key, reason in outcome.suspend.items():
            links[key] = replace(links[key], suspended=reason)
        new_links = [
            _link(clockify[new.kind, new.clockify_id], quickbooks[new.quickbooks_kind, new.quickbooks_id], by="rule")
            for new in outcome.links
        ]
        return MappingPreview([*links.values(), *new_links], _ignored(overrides.values()))

    def billing(self, choices: Iterable[Choice], *, planned: Iterable[PlannedRecord] = ()) -> list[BillingLine]:
        """Return who is billed for each client and project that the decisions link, with the names for a list."""
        clockify, quickbooks = self._records(planned)
        customers = {key: record for (kind, key), record in quickbooks.items() if kind == "customer"}
        linked = {(row.kind, row.clockify_id): row.quickbooks_id for row in self._links}
        working = {
            row.clockify_id: row.quickbooks_id for row in self._links if row.kind == "client" and not row.suspended
        }
        chosen = [choice for choice in ordered(choices) if choice.verb in {"link", "confirm"} and choice.kind != "user"]
        partners = {choice.kind_and_id: choice.quickbooks_id or linked.get(choice.kind_and_id, "") for choice in chosen}
        working |= {key: customer for (kind, key), customer in partners.items() if kind == "client"}
        clients_of: dict[str, list[str]] = defaultdict(list)
        for client_id, customer in working.items():
            clients_of[customer].append(client_id)
        lines = []
        for key, customer in partners.items():
            record, partner = clockify.get(key), billing.chain(customers, customer)
            if record is None:
                continue
            if record.kind == "client":
                others = [other for other in clients_of[customer] if other != record.id]
                names = [clockify["client", other].name for other in others if ("client", other) in clockify]
                bill = billing.of_client(partner, other_clients=names)
            else:
                client = record.client_id and (record.client_name or record.client_id)
                client_partner = billing.chain(customers, working.get(record.client_id, ""))
                bill = billing.of_project(partner, client=client, client_partner=client_partner)
            lines += [BillingLine(record.name or record.id, bill)] if bill is not None else []
        return lines

    def forgiving_pairs(self) -> list[tuple[ClockifyRecord, QuickBooksRecord, str]]:
        """Return the pairs that the rule would link in forgiving mode, unique on both sides, each with its reason."""
        overrides = self._overrides if self._near is None else self._near.known_overrides()
        outcome = match.paired(self._clockify, self._quickbooks, self._links, overrides, mode=FORGIVING)
        clockify, quickbooks = self._records(())
        return [
            (clockify[link.kind, link.clockify_id], quickbooks[link.quickbooks_kind, link.quickbooks_id], link.why)
            for link in outcome.links
            if self._near is None or (link.kind, link.clockify_id) in self._near.changing
        ]

    def _records(
        self, planned: Iterable[PlannedRecord]
    ) -> tuple[dict[Key, ClockifyRecord], dict[Key, QuickBooksRecord]]:
        quickbooks = {(record.kind, record.id): record for record in self._quickbooks}
        for record in planned:
            existing = quickbooks.get((record.kind, record.id))
            base = existing or QuickBooksRecord(record.kind, record.id, record.name, parent_id=record.parent_id)
            quickbooks[record.kind, record.id] = replace(base, name=strip_deleted(record.name), active=True, gone=False)
        return {(record.kind, record.id): record for record in self._clockify}, quickbooks

    def _decide(
        self,
        choice: Choice,
        links: dict[Key, KnownLink],
        overrides: dict[Key, KnownOverride],
        *,
        clockify: dict[Key, ClockifyRecord],
        quickbooks: dict[Key, QuickBooksRecord],
    ) -> None:
        """Change `links` and `overrides` as `decide` would; do nothing where it would refuse."""
        key = (choice.kind, choice.clockify_id)
        if choice.verb in {"link", "confirm"}:
            linked = self._linked(choice, links.get(key), clockify=clockify, quickbooks=quickbooks)
            if linked is not None:
                links[key] = linked
                overrides.pop(key, None)
        elif choice.verb == "unlink" and key in links:
            del links[key]
            overrides[key] = KnownOverride(*key, "unlinked")
        elif choice.verb == "ignore" and key in clockify:
            overrides[key] = KnownOverride(*key, "ignored")
        elif choice.verb == "stop_ignoring" and key in overrides and overrides[key].choice == "ignored":
            if key in links:
                del overrides[key]
            else:
                overrides[key] = KnownOverride(*key, "unlinked")

    def _linked(
        self,
        choice: Choice,
        before: KnownLink | None,
        *,
        clockify: dict[Key, ClockifyRecord],
        quickbooks: dict[Key, QuickBooksRecord],
    ) -> KnownLink | None:
        """Return the link as `decide.link` would make it; None where that would refuse."""
        kind, partner_id = choice.quickbooks_kind, choice.quickbooks_id
        if choice.verb == "confirm":
            if before is None:
                return None
            kind, partner_id = before.quickbooks_kind, before.quickbooks_id
        record, partner = clockify.get((choice.kind, choice.clockify_id)), quickbooks.get((kind, partner_id))
        if record is None or partner is None or not partner.active or partner.gone:
            return None
        # Confirming a vendor that is linked already stays possible when the rule is off, as in `decide.link`.
        if kind == "vendor" and not self._workspace.people_to_vendors and not _is_linked_to(before, partner_id):
            return None
        return _link(record, partner, by="person")


def _is_matched(workspace: Workspace) -> bool:
    """Return whether the index of names may be used: nothing changed since it was made, and every decision counts."""
    index = name_index.current(workspace)
    return index is not None and (index.decision, index.link) == last_ids(workspace)


def _is_linked_to(before: KnownLink | None, vendor_id: str) -> bool:
    return before is not None and (before.quickbooks_kind, before.quickbooks_id) == ("vendor", vendor_id)


def _ignored(overrides: Iterable[KnownOverride]) -> frozenset[Key]:
    return frozenset((override.kind, override.clockify_id) for override in overrides if override.choice == "ignored")


def _link(record: ClockifyRecord, partner: QuickBooksRecord, *, by: str) -> KnownLink:
    """Return the link of these two as it would be made, with names and parents as they are now."""
    names = (record.name, record.client_id, partner.name, partner.parent_id)
    return KnownLink(record.kind, record.id, partner.kind, partner.id, by, *names)
