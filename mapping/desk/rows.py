"""The desk's rows in full: both sides, the wording between them, and the available actions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from integrations.models import Company, Customer, Workspace
from mapping.desk import wording
from mapping.desk.index import PEOPLE, PROJECTS, RENAMED, TODO, Ref
from mapping.desk.name_diff import Piece, diff, undiffed
from mapping.desk.options import Option, gone_option, option
from mapping.desk.sections import all_only_in_quickbooks
from mapping.matching import billing
from mapping.matching.billing import Billing
from mapping.matching.names import name_key
from mapping.matching.records import QuickBooksRecord, Suggestion, partner_kind
from mapping.matching.row_json import facts_in, first_in, suggestions_in
from mapping.models import Link, MappingOverride, Mismatch
from mapping.queries import (
    CLOCKIFY_MODELS,
    QUICKBOOKS_MODELS,
    all_mapping_overrides_of,
    customers_with_parents,
    links_of,
    mismatches_of,
)

Key = tuple[str, str]


@dataclass
class Row:
    """One row of the desk: the Clockify record on the left, its partner or the likeliest one on the right."""

    ref: Ref
    name: str
    note: str = ""
    email: str = ""
    archived: bool = False
    from_entries: bool = False
    words: wording.MismatchWording | None = None
    partner: Option | None = None
    left: list[Piece] = field(default_factory=list)
    right: list[Piece] = field(default_factory=list)
    mismatch: Mismatch | None = None
    link: Link | None = None
    override: MappingOverride | None = None
    suggestions: list[Option] = field(default_factory=list)
    clear: Option | None = None
    billing: Billing | None = None  # who is billed if its link is confirmed; of links that wait for review alone
    version: str = ""  # of what is shown, carried by every decision about it
    stands_ready: Option | None = None  # the partner that the rule links once the client is linked

    @property
    def key(self) -> str:
        return self.ref.key

    @property
    def shown_as(self) -> str:
        """The row as a person sees and confirms it."""
        return f"{self.key}={self.version}"

    @property
    def strange_parent(self) -> str:
        """The partner's parent, where it is not the client that the row is grouped under."""
        if self.partner is None or self.ref.section != TODO or self.partner.parent == self.note:
            return ""
        return self.partner.parent

    @property
    def plain_parent(self) -> str:
        """The partner's parent on rows without a client, unless it is a strange parent."""
        return self.partner.parent if self.partner and not self.strange_parent and not self.note else ""

    @property
    def bills_others(self) -> bool:
        """True where confirming the link would bill another than the client that Clockify names."""
        return self.billing is not None and self.billing.differs

    @property
    def may_confirm(self) -> bool:
        """True for a suspended link, which works again once confirmed, and a renamed one, which is not listed then."""
        return self.link is not None and bool(self.link.suspended or self.ref.reason == RENAMED)


@dataclass
class Group:
    """Rows listed together: a client with its projects, or one record by itself."""

    section: str
    client_id: str = ""
    client_name: str = ""
    client_link: Link | None = None
    client_partner: Option | None = None
    client_row: Row | None = None  # where the client itself waits for a decision
    rows: list[Row] = field(default_factory=list)

    @property
    def has_head(self) -> bool:
        """True where the client is named above the rows, because it is not a row itself."""
        return bool(self.client_id) and self.rows[0].ref.kind != "client"

    @property
    def minutes(self) -> int:
        """Minutes that the open rows of the group hold together."""
        mismatch = self.rows[0].mismatch
        return mismatch.group_minutes if mismatch is not None and self.section == TODO else 0


def groups(workspace: Workspace, refs: Sequence[Ref], *, tab: str) -> list[Group]:
    """Return the rows of one page in full and in groups, in a fixed number of queries."""
    return _Reader(workspace, refs, tab=tab).groups()


class _Reader:
    """Reads everything the rows of one page need, then builds them without further queries."""

    def __init__(self, workspace: Workspace, refs: Sequence[Ref], *, tab: str) -> None:
        self._workspace, self._refs, self._tab = workspace, refs, tab
        company = workspace.company
        assert company is not None
        self._company: Company = company
        ids = {ref.clockify_id for ref in refs if ref.clockify_id} | {ref.group for ref in refs if ref.group}
        quickbooks_ids = {ref.quickbooks_id for ref in refs if not ref.clockify_id}
        self._links = self._by_key(links_of(workspace).filter(clockify_id__in=ids).select_related("person"))
        overrides = all_mapping_overrides_of(workspace).filter(clockify_id__in=ids | quickbooks_ids)
        self._overrides = self._by_key(overrides.select_related("person"))
        mismatches = mismatches_of(workspace).filter(clockify_id__in=ids)
        self._mismatches = self._by_key(mismatches.defer("order_key", "search_left", "search_right"))
        only_in_quickbooks = all_only_in_quickbooks(workspace).filter(quickbooks_id__in=quickbooks_ids)
        self._only_in_quickbooks = {row.quickbooks_id: row for row in only_in_quickbooks}
        self._records = self._clockify_records(ids)
        self._options = self._quickbooks_options()
        self._ready = self._ready_partners()
        self._customers = self._billed_customers()

    @staticmethod
    def _by_key(rows: Iterable[Any]) -> dict[Key, Any]:
        return {(row.kind, row.clockify_id): row for row in rows}

    def _clockify_records(self, ids: set[str]) -> dict[Key, Any]:
        kinds = ("user",) if self._tab == PEOPLE else ("client", "project")
        return {
            (kind, row.clockify_id): row
            for kind in kinds
            for row in CLOCKIFY_MODELS[kind]
            ._default_manager.filter(workspace=self._workspace, clockify_id__in=ids)
            .defer("raw")
        }

    def _quickbooks_options(self) -> dict[Key, Option]:
        """Return every QuickBooks record that a row names: partners, suggestions, and records without a partner."""
        quickbooks_ids = {link.quickbooks_id for link in self._links.values()} | set(self._only_in_quickbooks)
        for row in self._mismatches.values():
            quickbooks_ids |= {row.quickbooks_id, *(suggestion.id for suggestion in suggestions_in(row.suggestions))}
        kinds = ("employee", "vendor") if self._tab == PEOPLE else ("customer",)
        options: dict[Key, Option] = {}
        for kind in kinds:
            rows = QUICKBOOKS_MODELS[kind]._default_manager.filter(
                company=self._company, quickbooks_id__in=quickbooks_ids
            )
            options |= {(kind, row.quickbooks_id): option(kind, row) for row in rows.defer("raw")}
        return options

    def _ready_partners(self) -> dict[Key, list[Option]]:
        """Return sub-customers by client id and name, of the customers that unlinked clients will probably get."""
        client_ids = {ref.group for ref in self._refs if ref.reason == "PARENT_NOT_MAPPED"}
        client_by_customer: dict[str, str] = {}
        for client_id in client_ids:
            row = self._mismatches.get(("client", client_id))
            if row is not None and (likeliest := first_in(row.suggestions)):
                client_by_customer[likeliest.id] = client_id
        if not client_by_customer:
            return {}
        children = Customer.objects.filter(
            company=self._company, parent_id__in=client_by_customer, active=True, gone_at=None
        )
        ready: dict[Key, list[Option]] = defaultdict(list)
        for child in children.defer("raw"):
            key = name_key(child.name, mode=self._workspace.matching)
            ready[client_by_customer[child.parent_id], key].append(option("customer", child))
        return ready

    def _billed_customers(self) -> dict[str, QuickBooksRecord]:
        """Return the customers, with those above them, that decide who pays for links that wait for review."""
        waiting = {ref.clockify_id for ref in self._refs if ref.section == TODO}
        partners = {link.quickbooks_id for link in self._links.values() if link.clockify_id in waiting}
        if self._tab == PEOPLE or not partners:
            return {}
        clients = {link.quickbooks_id for link in self._links.values() if link.kind == "client"}
        return customers_with_parents(self._company, partners | clients)

    def _billing(self, link: Link, record: Any, group: Group) -> Billing | None:
        """Return who is billed if this project's or client's link works again."""
        partner = billing.chain(self._customers, link.quickbooks_id)
        if link.kind == "client":
            return billing.of_client(partner, other_clients=[])
        client_link = group.client_link if group.client_link and not group.client_link.suspended else None
        return billing.of_project(
            partner,
            client=group.client_id and (group.client_name or getattr(record, "client_name", "") or group.client_id),
            client_partner=billing.chain(self._customers, client_link.quickbooks_id) if client_link else [],
        )

    # --- rows ------------------------------------------------------------------------------------------------
    def groups(self) -> list[Group]:
        """Return the rows in groups, in the order of their references."""
        groups: list[Group] = []
        # A record that was decided about meanwhile stands among the others of its client, with its own state.
        for client_id, group_refs in groupby(self._refs, key=lambda ref: ref.group):
            refs = list(group_refs)
            section = refs[0].section
            link = self._links.get(("client", client_id))
            client = self._records.get(("client", client_id))
            group = Group(
                section,
                client_id,
                client.name if client else "",
                link,
                self._options.get(("customer", link.quickbooks_id)) if link else None,
            )
            if section == TODO and client_id and self._tab == PROJECTS:
                group.client_row = self._client_row(client_id, group)
            group.rows = [self._row(ref, group) for ref in refs]
            groups.append(group)
        return groups

    def _client_row(self, client_id: str, group: Group) -> Row | None:
        """Return the client's own row, so that it can be decided above its projects; None where it is not open."""
        mismatch = self._mismatches.get(("client", client_id))
        override = self._overrides.get(("client", client_id))
        if (
            mismatch is None
            or mismatch.reason == RENAMED
            or (override and override.choice == MappingOverride.Choice.IGNORED)
        ):
            return None
        ref = Ref(TODO, "client", client_id, group=client_id, reason=mismatch.reason)
        return self._row(ref, group)

    def _row(self, ref: Ref, group: Group) -> Row:
        if not ref.clockify_id:
            return self._row_from_quickbooks(ref)
        key = (ref.kind, ref.clockify_id)
        record, mismatch = self._records.get(key), self._mismatches.get(key)
        # An open row outlives its record for a moment, while the lists are read.
        last_name = mismatch.clockify_name if mismatch is not None and ref.section == TODO else ""
        row = Row(
            ref,
            name=record.name if record else last_name,
            note=group.client_name if ref.kind == "project" else "",
            email=getattr(record, "email", ""),
            archived=record is None or _is_past(record),
            from_entries=getattr(record, "from_entries", False),
            mismatch=mismatch,
            link=self._links.get(key),
            override=self._overrides.get(key),
        )
        self._add_partner(row)
        if row.link is not None and ref.section == TODO and ref.kind != "user":
            row.billing = self._billing(row.link, record, group)
        ready = self._ready.get((ref.group, name_key(row.name, mode=self._workspace.matching)), [])
        # With two of this name the rule would link neither.
        if ref.reason == "PARENT_NOT_MAPPED" and len(ready) == 1:
            row.stands_ready = ready[0]
        if row.mismatch is not None:
            row.words = wording.words(row.mismatch, since=_since(row.partner))
        row.left, row.right = undiffed(row.name), undiffed(row.partner.name) if row.partner else []
        # Marks help to decide; on linked rows they would only distract.
        if row.partner is not None and ref.section == TODO:
            row.left, row.right = diff(row.name, row.partner.name)
        return row

    def _add_partner(self, row: Row) -> None:
        if row.mismatch is not None:
            row.suggestions = [self._suggestion(suggestion) for suggestion in suggestions_in(row.mismatch.suggestions)]
        if row.link is not None:
            row.partner = self._options.get((row.link.quickbooks_kind, row.link.quickbooks_id)) or gone_option(row.link)
        elif row.suggestions:
            row.partner = row.suggestions[0]
        elif row.mismatch is not None and row.mismatch.quickbooks_id:
            kind = partner_kind(row.ref.kind, facts_in(row.mismatch.detail))
            row.partner = self._options.get((kind, row.mismatch.quickbooks_id))
        if row.link is None and row.suggestions and row.mismatch is not None and row.mismatch.suggested:
            row.clear = row.suggestions[0]

    def _suggestion(self, suggestion: Suggestion) -> Option:
        mirrored = self._options.get((suggestion.kind, suggestion.id))
        return Option(
            kind=suggestion.kind,
            id=suggestion.id,
            # The suggestion was stored when names were compared; the mirror may know a newer name.
            name=mirrored.name if mirrored else suggestion.name,
            full_name=mirrored.full_name if mirrored else suggestion.name,
            active=mirrored.active if mirrored else True,
            email=mirrored.email if mirrored else "",
            score=suggestion.score,
            why=suggestion.why,
        )

    def _row_from_quickbooks(self, ref: Ref) -> Row:
        mismatch = self._only_in_quickbooks[ref.quickbooks_id]
        partner = self._options.get((ref.kind, ref.quickbooks_id))
        words = wording.words(mismatch)
        override = self._overrides.get((ref.kind, ref.quickbooks_id))
        right = undiffed(mismatch.quickbooks_name)
        return Row(ref, name="", words=words, partner=partner, right=right, mismatch=mismatch, override=override)


def entry_sentences(mismatches: Iterable[Mismatch]) -> dict[Key, str]:
    """Return, by kind and id of the Clockify records that have no working partner, what their entries say of it."""
    return {
        (mismatch.kind, mismatch.clockify_id): wording.entry_sentence(mismatch)
        for mismatch in mismatches
        if mismatch.clockify_id and mismatch.reason != RENAMED
    }


def _since(partner: Option | None) -> str:
    # strftime has no portable code for a day without a leading zero.
    return f"{partner.since:%a %b} {partner.since.day}" if partner and partner.since else ""


def _is_past(record: Any) -> bool:
    # Users are active or not; clients and projects are archived or not.
    archived = not record.active if hasattr(record, "active") else record.archived
    return archived or record.gone_at is not None
