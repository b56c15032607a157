"""The desk's rows in full: what stands left and right, the words between, and what may be pressed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from integrations.models import Company, Customer, Workspace
from mapping.desk import wording
from mapping.desk.index import PEOPLE, PROJECTS, SEEN_ONLY, TODO, Ref
from mapping.desk.name_diff import Piece, diff, undiffed
from mapping.desk.options import Option, lost, option
from mapping.desk.sections import all_only_there
from mapping.matching.names import name_key
from mapping.models import Link, MappingOverride, Mismatch
from mapping.queries import CLOCKIFY_MODELS, QUICKBOOKS_MODELS, all_mapping_overrides_of, links_of, mismatches_of

Key = tuple[str, str]


@dataclass
class Row:
    ref: Ref
    name: str
    note: str = ""
    email: str = ""
    archived: bool = False
    words: wording.MismatchWording | None = None
    partner: Option | None = None
    left: list[Piece] = field(default_factory=list)
    right: list[Piece] = field(default_factory=list)
    mismatch: Mismatch | None = None
    link: Link | None = None
    override: MappingOverride | None = None
    suggestions: list[Option] = field(default_factory=list)
    clear: Option | None = None
    stands_ready: Option | None = None  # the partner that the rule will link once the client is linked

    @property
    def key(self) -> str:
        return self.ref.key

    @property
    def strange_parent(self) -> str:
        """The partner's parent, where it is another than the client the row stands under."""
        if self.partner is None or self.ref.section != TODO or self.partner.parent == self.note:
            return ""
        return self.partner.parent

    @property
    def plain_parent(self) -> str:
        """Where a record that only QuickBooks has stands, or a linked one that is under another name."""
        return self.partner.parent if self.partner and not self.strange_parent and not self.note else ""

    @property
    def may_confirm(self) -> bool:
        """A suspended link works again, and a renamed one is no news any more, once a person confirmed it."""
        return self.link is not None and bool(self.link.suspended or self.ref.reason == SEEN_ONLY)


@dataclass
class Group:
    """Rows that stand together: a client with its projects, or one record by itself."""

    section: str
    client_id: str = ""
    client_name: str = ""
    client_link: Link | None = None
    client_partner: Option | None = None
    client_row: Row | None = None  # where the client itself waits for a decision
    rows: list[Row] = field(default_factory=list)

    @property
    def has_head(self) -> bool:
        """A client that is no row of its own here is named above its projects."""
        return bool(self.client_id) and self.rows[0].ref.kind != "client"

    @property
    def minutes(self) -> int:
        return self.rows[0].ref.group_minutes


def groups(workspace: Workspace, refs: Sequence[Ref], *, tab: str) -> list[Group]:
    """The rows of one page in full, in few queries whatever their number."""
    return _Reader(workspace, refs, tab=tab).groups()


class _Reader:
    def __init__(self, workspace: Workspace, refs: Sequence[Ref], *, tab: str) -> None:
        self._workspace, self._refs, self._tab = workspace, refs, tab
        company = workspace.company
        assert company is not None
        self._company: Company = company
        ids = {ref.clockify_id for ref in refs if ref.clockify_id} | {ref.group for ref in refs if ref.group}
        there = {ref.quickbooks_id for ref in refs if not ref.clockify_id}
        self._links = self._by_key(links_of(workspace).filter(clockify_id__in=ids).select_related("person"))
        said = all_mapping_overrides_of(workspace).filter(clockify_id__in=ids | there)
        self._overrides = self._by_key(said.select_related("person"))
        listed = mismatches_of(workspace).filter(clockify_id__in=ids)
        self._mismatches = self._by_key(listed.defer("likely", "order_key", "search_left", "search_right"))
        only_there = all_only_there(workspace).filter(quickbooks_id__in=there)
        self._only_there = {row.quickbooks_id: row for row in only_there}
        self._records = self._clockify_records(ids)
        self._options = self._quickbooks_options()
        self._ready = self._standing_ready()

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
        """Every QuickBooks record that a row names: partners, suggestions, and rows seen from there."""
        wanted = {link.quickbooks_id for link in self._links.values()} | set(self._only_there)
        for row in self._mismatches.values():
            wanted |= {row.quickbooks_id, *(str(one.get("id")) for one in row.suggestions)}
        kinds = ("employee", "vendor") if self._tab == PEOPLE else ("customer",)
        found: dict[Key, Option] = {}
        for kind in kinds:
            rows = QUICKBOOKS_MODELS[kind]._default_manager.filter(company=self._company, quickbooks_id__in=wanted)
            found |= {(kind, row.quickbooks_id): option(kind, row) for row in rows.defer("raw")}
        return found

    def _standing_ready(self) -> dict[Key, list[Option]]:
        """Sub-customers of the customers that unlinked clients will probably get, by client and name."""
        waiting = {ref.group for ref in self._refs if ref.reason == "PARENT_NOT_MAPPED"}
        likely: dict[str, str] = {}
        for client_id in waiting:
            row = self._mismatches.get(("client", client_id))
            if row is not None and row.suggestions:
                likely[str(row.suggestions[0].get("id"))] = client_id
        if not likely:
            return {}
        children = Customer.objects.filter(company=self._company, parent_id__in=likely, active=True, gone_at=None)
        found: dict[Key, list[Option]] = defaultdict(list)
        for child in children.defer("raw"):
            key = name_key(child.name, mode=self._workspace.matching)
            found[likely[child.parent_id], key].append(option("customer", child))
        return found

    # --- rows ------------------------------------------------------------------------------------------------
    def groups(self) -> list[Group]:
        made: list[Group] = []
        for (section, client_id), refs in groupby(self._refs, key=lambda ref: (ref.section, ref.group)):
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
            made.append(group)
        return made

    def _client_row(self, client_id: str, group: Group) -> Row | None:
        """The client's own row, to be decided from above its projects."""
        found = self._mismatches.get(("client", client_id))
        override = self._overrides.get(("client", client_id))
        if (
            found is None
            or found.reason == SEEN_ONLY
            or (override and override.choice == MappingOverride.Choice.IGNORED)
        ):
            return None
        ref = Ref(TODO, "client", client_id, group=client_id, reason=found.reason, minutes=found.blocked_minutes)
        return self._row(ref, group)

    def _row(self, ref: Ref, group: Group) -> Row:
        if not ref.clockify_id:
            return self._row_from_quickbooks(ref)
        key = (ref.kind, ref.clockify_id)
        record = self._records.get(key)
        row = Row(
            ref,
            name=record.name if record else ref.name,
            note=group.client_name if ref.kind == "project" else "",
            email=getattr(record, "email", ""),
            archived=record is None or _is_past(record),
            mismatch=self._mismatches.get(key),
            link=self._links.get(key),
            override=self._overrides.get(key),
        )
        self._add_partner(row)
        ready = self._ready.get((ref.group, name_key(row.name, mode=self._workspace.matching)), [])
        if ref.reason == "PARENT_NOT_MAPPED" and len(ready) == 1:
            row.stands_ready = ready[0]
        if row.mismatch is not None:
            row.words = wording.words(case_of(row.mismatch, since=_since(row.partner)))
        row.left, row.right = undiffed(row.name), undiffed(row.partner.name) if row.partner else []
        if row.partner is not None and ref.section == TODO:
            row.left, row.right = diff(row.name, row.partner.name)
        return row

    def _add_partner(self, row: Row) -> None:
        if row.mismatch is not None:
            row.suggestions = [self._suggestion(one) for one in row.mismatch.suggestions]
        if row.link is not None:
            row.partner = self._options.get((row.link.quickbooks_kind, row.link.quickbooks_id)) or lost(row.link)
        elif row.suggestions:
            row.partner = row.suggestions[0]
        elif row.mismatch is not None and row.mismatch.quickbooks_id:
            kind = "employee" if row.ref.kind == "user" else "customer"
            row.partner = self._options.get((kind, row.mismatch.quickbooks_id))
        if row.link is None and row.suggestions and row.mismatch is not None and row.mismatch.suggested:
            row.clear = row.suggestions[0]

    def _suggestion(self, stored: Mapping[str, Any]) -> Option:
        kind, record_id = str(stored.get("kind")), str(stored.get("id"))
        known = self._options.get((kind, record_id))
        name = str(stored.get("name", ""))
        return Option(
            kind=kind,
            id=record_id,
            name=known.name if known else name,
            full_name=known.full_name if known else name,
            active=known.active if known else True,
            email=known.email if known else "",
            score=float(stored.get("score") or 0),
            why=str(stored.get("why", "")),
        )

    def _row_from_quickbooks(self, ref: Ref) -> Row:
        mismatch = self._only_there[ref.quickbooks_id]
        partner = self._options.get((ref.kind, ref.quickbooks_id))
        words = wording.words(case_of(mismatch))
        override = self._overrides.get((ref.kind, ref.quickbooks_id))
        right = undiffed(mismatch.quickbooks_name)
        return Row(ref, name="", words=words, partner=partner, right=right, mismatch=mismatch, override=override)


def case_of(mismatch: Mismatch, *, since: str = "") -> wording.Case:
    """A stored mismatch as its wording wants it."""
    return wording.Case(
        reason=mismatch.reason,
        kind=mismatch.kind,
        name=mismatch.clockify_name if mismatch.clockify_id else mismatch.quickbooks_name,
        client=mismatch.clockify_client,
        quickbooks_name=mismatch.quickbooks_name,
        parent=mismatch.quickbooks_parent,
        suggestions=mismatch.suggestions,
        detail=mismatch.detail,
        since=since,
    )


def _since(partner: Option | None) -> str:
    return f"{partner.since:%a} {partner.since.day} {partner.since:%b}" if partner and partner.since else ""


def _is_past(record: Any) -> bool:
    archived = not record.active if hasattr(record, "active") else record.archived
    return archived or record.gone_at is not None
