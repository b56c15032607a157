"""What the template of one entry's page gets, by name: one type for each part of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from integrations.models import TimeEntry, Workspace
from syncjobs.display.badges import StatusBadge
from syncjobs.line_rules import FieldLine
from syncjobs.models import Action, EntryOverride, EntryStatus, Receipt, RunItem
from syncjobs.pages.entries.checks import Check
from syncjobs.pages.entries.day_proof import Proof
from syncjobs.pages.entries.duplicates import Duplicate
from syncjobs.pages.entries.history import Event
from syncjobs.pages.entries.since_sent import Warned


@dataclass(frozen=True)
class ReasonLine:
    """One reason as text, with the actions that are allowed; `duplicates` are activities to adopt."""

    code: str
    title: str
    sentence: str
    where: str
    fix: str
    by_rule: bool
    decide_link: str = ""
    decide_label: str = "Decide"
    may_be_set_aside: bool = False
    duplicates: tuple[Duplicate, ...] = ()
    may_be_tried_again: bool = False
    alike_link: str = ""
    form_link: str = ""


class TimeContext(TypedDict):
    """How long the entry is, and what it is worth; `minutes` are those after rounding."""

    minutes: int
    length: str
    worth: str
    rate: str


class ChecksContext(TypedDict):
    """Every check of the entry; `failing`: whether one holds it back now."""

    checks: Sequence[Check]
    tally: str
    failing: bool


class SentContext(TypedDict):
    """What was sent of the entry, what is unlike it now, and what would be sent."""

    receipt: Receipt | None
    corrections: Sequence[Receipt]
    former_receipts: Sequence[Receipt]
    sent: str
    clockify_url: str
    quickbooks_url: str
    warned: Sequence[Warned]
    noted: Sequence[Mapping[str, Any]]
    differences: Sequence[str]
    draft: Sequence[tuple[str, str]]
    fields: Sequence[FieldLine]


class EntryContext(TimeContext, ChecksContext, SentContext):
    """The whole page. `attempts`: each write with QuickBooks' answer; `items`: each run's line with its reasons."""

    entry: TimeEntry
    workspace: Workspace
    zone: str
    version: str
    status: EntryStatus | None
    badge: StatusBadge
    reason_tone: str
    reasons: Sequence[ReasonLine]
    override: EntryOverride | None
    waits: bool
    proof: Proof
    attempts: Sequence[tuple[Action, str]]
    items: Sequence[tuple[RunItem, Sequence[Mapping[str, Any]]]]
    history: Sequence[Event]
