"""The row of one mismatch, as matching saves it for the desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from integrations.models import Workspace
from mapping.matching import names
from mapping.matching.records import ClockifyRecord, MismatchFound, QuickBooksRecord
from mapping.matching.row_json import facts_row, suggestion_rows
from mapping.models import Mismatch
from mapping.queries import Key, company_of


@dataclass
class Held:
    """Time that is held for one Clockify record."""

    minutes: int = 0
    entries: int = 0
    oldest: date | None = None

    def add(self, minutes: int, day: date) -> None:
        self.minutes += minutes
        self.entries += 1
        self.oldest = day if self.oldest is None else min(self.oldest, day)


@dataclass(frozen=True, slots=True)
class Records:
    """Records of both sides, by kind and id."""

    clockify: Mapping[Key, ClockifyRecord]
    quickbooks: Mapping[Key, QuickBooksRecord]

    @classmethod
    def of(cls, clockify: Iterable[ClockifyRecord], quickbooks: Iterable[QuickBooksRecord]) -> Records:
        return cls(
            {(record.kind, record.id): record for record in clockify},
            {(record.kind, record.id): record for record in quickbooks},
        )

    def with_others(self, others: Records) -> Records:
        return Records({**self.clockify, **others.clockify}, {**self.quickbooks, **others.quickbooks})


def mismatch_row(
    workspace: Workspace, finding: MismatchFound, records: Records, *, held: Mapping[Key, Held], now: datetime
) -> Mismatch:
    """Return the row of one finding, not saved yet, with the time that its record holds back."""
    quickbooks = records.quickbooks
    record = records.clockify.get((finding.kind, finding.clockify_id))
    partner = next(
        (
            quickbooks[kind, finding.quickbooks_id]
            for kind in _quickbooks_kinds(finding)
            if (kind, finding.quickbooks_id) in quickbooks
        ),
        None,
    )
    parent = quickbooks.get(("customer", partner.parent_id)) if partner is not None and partner.parent_id else None
    waiting_time = held.get((finding.kind, finding.clockify_id), Held())
    return Mismatch(
        workspace=workspace,
        company=company_of(workspace),
        kind=finding.kind,
        reason=finding.reason,
        clockify_id=finding.clockify_id,
        clockify_name=record.name if record else "",
        clockify_client=record.client_name if record else "",
        archived=record.archived if record else False,
        quickbooks_id=finding.quickbooks_id,
        quickbooks_name=_shown_name(partner) if partner else "",
        quickbooks_parent=_shown_name(parent) if parent else "",
        suggestions=suggestion_rows(finding.suggestions),
        detail=facts_row(finding, from_entries=record is not None and record.from_entries),
        blocked_minutes=waiting_time.minutes,
        blocked_entries=waiting_time.entries,
        oldest_date=waiting_time.oldest,
        seen_at=now,
        first_seen_at=now,
    )


def _quickbooks_kinds(finding: MismatchFound) -> tuple[str, ...]:
    return ("employee", "vendor") if finding.kind in {"user", "employee"} else ("customer",)


def _shown_name(record: QuickBooksRecord) -> str:
    return record.name if record.active else names.strip_deleted(record.name)
