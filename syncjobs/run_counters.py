"""What a run counted, kept as the JSON of `Run.counters`: each kind of run writes some of these keys.

The keys are those of stored rows, which must not change; those of `figures`, `clockify`, `quickbooks`, `mapping` and
`plan` are also what commands print. A row that an earlier version saved may lack any of them.
"""

from __future__ import annotations

from typing import TypedDict, Unpack, cast

from syncjobs.models import Run


class SyncFigures(TypedDict):
    """Entries by what became of them, in a dry run by what would become of them; codes with their number of entries."""

    seen: int
    sent: int
    updated: int
    deleted: int
    unchanged: int
    blocked: int
    failed: int
    unknown: int
    minutes_sent: int
    blocked_reasons: dict[str, int]
    warnings: dict[str, int]


class UndoFigures(TypedDict):
    """What became of the activities that the undone run created, whose number is `seen`."""

    seen: int
    deleted: int
    minutes_deleted: int
    already_gone: int
    left_alone: int
    blocked: int
    failed: int
    unknown: int
    blocked_reasons: dict[str, int]
    warnings: dict[str, int]


class SubscriptionSeen(TypedDict, total=False):
    """What a check read of the company's subscription. `payroll`: None where QuickBooks did not say."""

    sku: str
    payroll: bool | None
    supported: bool
    reason: str
    message: str


class Counters(TypedDict, total=False):
    """What a run counted, by the kinds of run that count it."""

    # A sync and an undo. `unchanged` have no items; `attempted`: whether it sent anything, or may have.
    seen: int
    unchanged: int
    attempted: bool
    figures: SyncFigures
    # A preview of a correction: what it showed (`corrections.fingerprint`). An undo: changes that it does not touch.
    shown: dict[str, object]
    left_alone: int
    # A check: records by list and by what changed, and by kind whether they are mapped.
    clockify: dict[str, dict[str, int]]
    quickbooks: dict[str, dict[str, int]]
    mapping: dict[str, dict[str, int]]
    plan: SubscriptionSeen
    # A comparison: minutes, and the number of its rows.
    clockify_minutes: float
    quickbooks_minutes: float
    difference: float
    unexplained: float
    rows: int


def of(run: Run) -> Counters:
    """Return what the run has counted so far."""
    return cast(Counters, run.counters)


def count(run: Run, **counted: Unpack[Counters]) -> None:
    """Add to what the run counted, in place of earlier values; does not save it."""
    run.counters = {**run.counters, **counted}
