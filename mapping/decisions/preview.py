"""How links would stand after decisions that nobody has taken yet. Reads only; the rule follows as it would then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from integrations.models import Company, Workspace
from mapping.decisions.batch import Choice, in_order
from mapping.matching import match
from mapping.matching.names import FORGIVING, strip_deleted
from mapping.matching.records import ClockifyRecord, KnownLink, KnownOverride, QuickBooksRecord
from mapping.models import Link
from mapping.queries import (
    Key,
    clockify_records,
    company_of,
    known_link,
    links_of,
    mapping_overrides_of,
    quickbooks_records,
)
from mapping.rematch import link_row

# Id of a QuickBooks record that does not exist yet; QuickBooks' own are numbers.
NEW = "new"


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """A QuickBooks record as it would be: created under the id `NEW`, or an inactive one reactivated."""

    kind: str
    name: str
    id: str = NEW
    parent_id: str = ""


@dataclass(frozen=True)
class MappingPreview:
    """All links as they would be (rows not saved) and who would be ignored, as (kind, Clockify id)."""

    links: Sequence[Link]
    ignored: frozenset[Key]


class MappingSnapshot:
    """Both sides with their links, read once; every question after that costs no query."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._company: Company = company_of(workspace)
        self._clockify = clockify_records(workspace)
        self._quickbooks = quickbooks_records(self._company)
        self._links = list(links_of(workspace))
        self._overrides = [
            KnownOverride(one.kind, one.clockify_id, one.choice) for one in mapping_overrides_of(workspace)
        ]

    def now(self) -> MappingPreview:
        """As it stands."""
        return MappingPreview(self._links, _ignored(self._overrides))

    def after(
        self,
        choices: Iterable[Choice],
        *,
        planned: Iterable[PlannedRecord] = (),
        renamed: Mapping[Key, str] | None = None,
        now: datetime,
    ) -> MappingPreview:
        """As it would stand once these decisions were taken and names were matched again.

        `renamed`: new names of Clockify records, by kind and id.
        """
        ours, theirs = self._records(planned)
        ours |= {key: replace(ours[key], name=name) for key, name in (renamed or {}).items() if key in ours}
        rows = {(row.kind, row.clockify_id): row for row in self._links}
        overrides = {(one.kind, one.clockify_id): one for one in self._overrides}
        for choice in in_order(choices):
            self._decide(choice, rows, overrides, ours=ours, theirs=theirs, now=now)
        known = [known_link(row) for row in rows.values()]
        outcome = match.paired(
            list(ours.values()), list(theirs.values()), known, list(overrides.values()), mode=self._workspace.matching
        )
        for key, reason in outcome.suspend.items():
            rows[key] = _changed(rows[key], suspended=reason)
        made = [
            link_row(self._workspace, self._company, new, ours=ours, theirs=theirs, now=now) for new in outcome.links
        ]
        return MappingPreview([*rows.values(), *made], _ignored(overrides.values()))

    def forgiven(self) -> list[tuple[ClockifyRecord, QuickBooksRecord, str]]:
        """Pairs that the rule would link if it were forgiving, each with its why; the rule says that they are alone."""
        known: list[KnownLink] = [known_link(row) for row in self._links]
        outcome = match.paired(self._clockify, self._quickbooks, known, self._overrides, mode=FORGIVING)
        ours, theirs = self._records(())
        return [
            (ours[new.kind, new.clockify_id], theirs[new.quickbooks_kind, new.quickbooks_id], new.why)
            for new in outcome.links
        ]

    def _records(
        self, planned: Iterable[PlannedRecord]
    ) -> tuple[dict[Key, ClockifyRecord], dict[Key, QuickBooksRecord]]:
        theirs = {(one.kind, one.id): one for one in self._quickbooks}
        for one in planned:
            found = theirs.get((one.kind, one.id))
            made = found or QuickBooksRecord(one.kind, one.id, one.name, parent_id=one.parent_id)
            theirs[one.kind, one.id] = replace(made, name=strip_deleted(one.name), active=True, gone=False)
        return {(one.kind, one.id): one for one in self._clockify}, theirs

    def _decide(
        self,
        choice: Choice,
        rows: dict[Key, Link],
        overrides: dict[Key, KnownOverride],
        *,
        ours: dict[Key, ClockifyRecord],
        theirs: dict[Key, QuickBooksRecord],
        now: datetime,
    ) -> None:
        """What `desk` would make of one choice; where it would refuse, nothing."""
        key = (choice.kind, choice.clockify_id)
        if choice.verb in {"link", "confirm"}:
            linked = self._linked(choice, rows.get(key), ours=ours, theirs=theirs, now=now)
            if linked is not None:
                rows[key] = linked
                overrides.pop(key, None)
        elif choice.verb == "unlink" and key in rows:
            del rows[key]
            overrides[key] = KnownOverride(*key, "unlinked")
        elif choice.verb == "ignore" and key in ours:
            overrides[key] = KnownOverride(*key, "ignored")
        elif choice.verb == "stop_ignoring" and key in overrides and overrides[key].choice == "ignored":
            if key in rows:
                del overrides[key]
            else:
                overrides[key] = KnownOverride(*key, "unlinked")

    def _linked(
        self,
        choice: Choice,
        before: Link | None,
        *,
        ours: dict[Key, ClockifyRecord],
        theirs: dict[Key, QuickBooksRecord],
        now: datetime,
    ) -> Link | None:
        """The link as `desk.link` would make it; None where that would refuse."""
        kind, partner_id = choice.quickbooks_kind, choice.quickbooks_id
        if choice.verb == "confirm":
            if before is None:
                return None
            kind, partner_id = before.quickbooks_kind, before.quickbooks_id
        left, right = ours.get((choice.kind, choice.clockify_id)), theirs.get((kind, partner_id))
        if left is None or right is None or not right.active or right.gone:
            return None
        if kind == "vendor" and not self._workspace.people_to_vendors and not _is_linked_to(before, partner_id):
            return None
        return Link(
            workspace=self._workspace,
            company=self._company,
            kind=choice.kind,
            clockify_id=choice.clockify_id,
            quickbooks_kind=kind,
            quickbooks_id=partner_id,
            by="person",
            made_at=now,
            clockify_name=left.name,
            client_id=left.client_id,
            quickbooks_name=right.name,
            parent_id=right.parent_id,
        )


def _is_linked_to(before: Link | None, vendor_id: str) -> bool:
    return before is not None and (before.quickbooks_kind, before.quickbooks_id) == ("vendor", vendor_id)


def _ignored(overrides: Iterable[KnownOverride]) -> frozenset[Key]:
    return frozenset((one.kind, one.clockify_id) for one in overrides if one.choice == "ignored")


def _changed(link: Link, **values: Any) -> Link:
    """A copy, so that the rows read stay as they are."""
    fields = {field.attname: getattr(link, field.attname) for field in Link._meta.concrete_fields}
    return Link(**{**fields, **values})
