"""What the templates of the desk get, by name: one type for each part of its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NotRequired, TypedDict

from django.core.paginator import Page
from django.db.models import QuerySet

from integrations.models import Company, Workspace
from mapping.desk.index import Ref
from mapping.desk.rows import Group
from mapping.models import Decision
from syncjobs.pages.desk.safe_counts import Safe
from syncjobs.planning.forecast import Forecast


class PageContext(TypedDict):
    """The page itself; all that is shown while no company is connected. `query` is the address's, without the row."""

    workspace: Workspace
    company: Company | None
    other_workspaces: QuerySet[Workspace]
    tab: str
    kind: str
    zone: str
    query: str
    tab_url: str
    return_to: str
    tab_label: str
    history_url: str


class HeadContext(TypedDict):
    """Around every list of the desk: tabs with their open rows, progress, and the last decision with its batch.

    `counts` are the rows of the tab by section, `sections` its sections with label and rows.
    """

    tabs: list[tuple[str, str, int]]
    changed_count: int
    decided_count: int
    record_count: int
    counts: Mapping[str, int]
    held_minutes: int
    safe_url: str
    safe: Safe | None
    last_decision: Decision | None
    last_name: str
    batch_size: int
    sections: NotRequired[list[tuple[str, str, int]]]


class PanelContext(TypedDict):
    """The panel below the open row. `chosen`: the option that is picked already; `facts` by `Option.value`."""

    history: QuerySet[Decision]
    chosen: str
    facts: Mapping[str, str]
    quickbooks_kinds: str


class RowsContext(TypedDict):
    """One page of a list. `reasons`: code, title, rows and query of each; `money`: by row key and currency."""

    section: str
    is_open_list: bool
    requested_section: str
    section_label: str
    left: str
    right: str
    reason: str
    reasons: list[tuple[str, str, str, str]]
    page: Page[Ref]
    groups: Sequence[Group]
    money: Mapping[str, Mapping[str, Decimal]]
    open_key: str
    kept_key: str


class AnswerContext(TypedDict, total=False):
    """What a page says of what was posted: the decision, why it was refused, or what the choice would unblock.

    `next_key`: the row to go on to; `open_decisions`: how many are left in all workspaces.
    """

    announcement: str
    next_key: str
    warnings: Sequence[str]
    open_decisions: int
    refused: str
    chosen: str
    forecast: Forecast
