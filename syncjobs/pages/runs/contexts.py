"""What the templates of runs get, by name: one type for each page or part of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from django.core.paginator import Page
from django.db.models import QuerySet

from integrations.models import Company, ShrunkList, Workspace
from syncjobs.display.badges import StatusBadge
from syncjobs.models import Action, Run, RunItem, Schedule
from syncjobs.pages.runs.preview import Preview
from syncjobs.pages.runs.result import Result
from syncjobs.rules import refusals
from syncjobs.rules.codes import Code
from syncjobs.rules.reasons import WORDINGS
from syncjobs.run_counters import SyncFigures, UndoFigures

OUTCOMES = RunItem.Outcome


@dataclass(frozen=True)
class Cause:
    """One reason why items were not sent, for all items that share it."""

    title: str
    message: str
    entries: int
    minutes: int
    outcome: str
    code: str = ""

    @property
    def resolution(self) -> str:
        """The code's meaning in plain words, and what to do about it."""
        if self.outcome == OUTCOMES.UNKNOWN:
            return WORDINGS[Code.OUTCOME_UNKNOWN].fix
        if self.code in WORDINGS:
            return WORDINGS[self.code].fix
        meaning = refusals.meaning(self.code)
        return f"In other words: {meaning.words} {meaning.fix}" if meaning.words else meaning.fix


@dataclass(frozen=True)
class WarningLine:
    """A warning of a run, and the page where a person sees which records it is about."""

    code: str
    sentence: str
    link: str = ""
    label: str = ""


class ResultContext(TypedDict):
    """A sync's figures, and its items by outcome: what was refused apart from what waits or was not reached."""

    figures: SyncFigures | None
    warning_lines: Sequence[WarningLine]
    in_doubt: int
    waiting: int
    result: Result | None
    outcomes: Sequence[tuple[StatusBadge, str, int]]
    all_items: int
    not_reached: int
    refused: int
    not_known: int
    to_retry: int


class ItemsContext(TypedDict):
    """The page of items that the address asks for."""

    chosen: str
    search: str
    page: Page[RunItem]


class RunContext(ResultContext, ItemsContext):
    """The page of one run. `idle`: no worker has taken it; `read`: each list that a check read, with its counts."""

    interruptions: Sequence[str]
    run: Run
    workspace: Workspace
    company: Company | None
    zone: str
    took: str
    throughput: str
    stages: Sequence[tuple[str, str]]
    idle: bool
    narrowed: str
    preview: Preview | None
    taken_back: UndoFigures | None
    undo_link: tuple[str, str] | None
    check: Mapping[str, Any] | None
    shrunk_lists: QuerySet[ShrunkList] | Sequence[ShrunkList]
    read: Sequence[tuple[str, Mapping[str, int]]]
    calls: Mapping[str, int]
    causes: Sequence[Cause]
    held: Sequence[tuple[str, str, int, bool]]
    former_company_text: str
    uncertain_writes: Sequence[Action] | QuerySet[Action]


class UndoContext(TypedDict):
    """The undo of a run: what it would delete, and the last preview or undo with its items."""

    run: Run
    workspace: Workspace
    company: Company | None
    zone: str
    refused: str
    created: int
    minutes: int
    left_alone: int
    last: Run | None
    is_shown: bool
    figures: UndoFigures | None
    page: Page[RunItem]
    sends_again: bool
    resent_by: Schedule | None
    table: str


class DeletionRow(TypedDict):
    """One deletion that waits for review, with why, and a link to its activity."""

    item: RunItem
    entry: int | None
    cause: str
    activity: str


class DeletionsPreviewContext(TypedDict):
    """The last preview of the deletions. `stays`: what would be kept, by reason, with its number."""

    preview: Run | None
    is_shown: NotRequired[bool]
    figures: NotRequired[SyncFigures | None]
    listed: NotRequired[int]
    stays: NotRequired[Sequence[tuple[str, int]]]
