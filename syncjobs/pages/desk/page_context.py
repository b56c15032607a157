"""Template context of the desk's pages: tabs and counts, rows, the open row, and the last decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse

from integrations.admin_lists.readonly_admin import rows_a_page
from integrations.models import TimeEntry, Workspace
from mapping.decisions import partner_search, versions
from mapping.decisions.undo import history
from mapping.desk import wording
from mapping.desk.index import (
    KINDS,
    OPEN,
    SECTIONS,
    TODO,
    DeskIndex,
    Ref,
    ref_of,
    section_of,
)
from mapping.desk.rows import Row, groups
from mapping.queries import Key
from syncjobs.models import EntryStatus
from syncjobs.pages import access
from syncjobs.pages.desk import candidate_facts
from syncjobs.pages.desk.contexts import PageContext, PanelContext, RowsContext
from syncjobs.pages.desk.head import SECTION_LABELS, TAB_LABELS, head
from syncjobs.pages.paging import ROWS_A_PAGE
from syncjobs.planning.forecast import amount

SCRIPT_HEADER = "X-Desk"
ENTRY_COLUMNS = {"user": "user_id", "client": "client_id", "project": "project_id"}
MAX_PANEL_DECISIONS = 5


@dataclass
class DeskParams:
    """Parameters of the page's URL; `opened` is the key of the open row, `query` the URL's query without it.

    `rows`: how many rows a page has, fewer on phones.
    """

    tab: str
    section: str
    left: str
    right: str
    reason: str
    page: str
    opened: str
    query: str
    is_script: bool
    rows: int
    # Kind and id of a record that stays in sight although it left the list: a decision about it was refused.
    kept: Key | None = None

    @classmethod
    def of(cls, request: HttpRequest, tab: str) -> DeskParams:
        """Return the parameters of a request; an unknown section counts as none."""
        # Links add the row that they open, and a decision closes the open one, so both start without it.
        query = request.GET.copy()
        for name in ("open", "seen"):
            query.pop(name, None)
        section = request.GET.get("show", "")
        return cls(
            tab=tab,
            section=section if section in SECTIONS else "",
            left=request.GET.get("left", "")[:200],
            right=request.GET.get("right", "")[:200],
            reason=request.GET.get("reason", "") if request.GET.get("reason", "") in wording.WRITERS else "",
            page=request.GET.get("page", ""),
            opened=request.GET.get("open", "")[:100],
            query=query.urlencode(),
            is_script=SCRIPT_HEADER in request.headers,
            rows=rows_a_page(request, ROWS_A_PAGE),
        )


def index_of(workspace: Workspace, params: DeskParams) -> DeskIndex:
    """Return the index of the requested section; without one, that of the row to open, or the to-do list."""
    section = params.section or TODO
    kind, _, clockify_id = params.opened.partition("-")
    if not params.section and kind == KINDS[params.tab] and clockify_id:
        section = section_of(workspace, kind, clockify_id)
    filters = {"left": params.left, "right": params.right, "reason": params.reason}
    return DeskIndex(workspace, params.tab, section, **filters)


def listed_keys(workspace: Workspace, params: DeskParams) -> list[str]:
    """Return the keys of the page's rows in the order shown."""
    index = index_of(workspace, params)
    page = _paginator(index, params.rows).get_page(params.page or 1)
    return [ref.key for ref in page.object_list]


def _paginator(index: DeskIndex, rows: int) -> Paginator[Ref]:
    # Typed as Any because a paginator wants a sequence; it only takes the length and slices, which the index has.
    sliceable: Any = index
    return Paginator(sliceable, rows)


def ready(workspace: Workspace) -> tuple[int, int]:
    """Return how many entries, and how many minutes of them, would be sent now."""
    rows = EntryStatus.objects.filter(workspace=workspace, state=EntryStatus.State.READY)
    totals = rows.aggregate(entries=Count("pk"), minutes=Sum("minutes"))
    return totals["entries"], totals["minutes"] or 0


def to_do(workspace: Workspace, tab: str) -> int:
    """Return the number of a tab's open rows, without counting its other lists."""
    return DeskIndex(workspace, tab, TODO).count


def context(request: HttpRequest, workspace: Workspace, params: DeskParams) -> dict[str, object]:
    """Return the page's template context, put together from its parts (`contexts`).

    The number of queries does not depend on the number of rows.
    """
    page = _page_context(workspace, params)
    if workspace.company is None:
        return {**page}
    head_context = head(workspace, params.tab)
    return {**page, **head_context, **_list_context(workspace, params, head_context["counts"])}


def _page_context(workspace: Workspace, params: DeskParams) -> PageContext:
    tab_url = reverse(f"hourbridge:{params.tab}", args=[workspace.pk])
    return {
        "workspace": workspace,
        "company": workspace.company,
        "other_workspaces": access.workspaces().exclude(pk=workspace.pk),
        "tab": params.tab,
        "kind": KINDS[params.tab],
        "zone": workspace.time_zone,
        "query": params.query,
        "tab_url": tab_url,
        "return_to": f"{tab_url}?{params.query}" if params.query else tab_url,
        "tab_label": TAB_LABELS[params.tab],
        "history_url": reverse("hourbridge:desk-history", args=[workspace.pk]),
    }


def _list_context(workspace: Workspace, params: DeskParams, counts: Mapping[str, int]) -> dict[str, object]:
    """Return the context of the page's rows and its open one; `counts` are the rows of the tab by section."""
    index = index_of(workspace, params)
    if not (index.left or index.right or index.reason):
        # The tab's counts were queried for the head already; without this the paginator would count again.
        index.count = counts[index.section]
    page_number: Any = params.page or 1
    if params.opened and not params.page:
        # A link to one record can't know on which page of the list it is now.
        position = index.place_of(params.opened.partition("-")[2])
        page_number = (position or 0) // params.rows + 1
    page = _paginator(index, params.rows).get_page(page_number)
    refs = list(page.object_list)
    kept = ref_of(workspace, *params.kept) if params.kept else None
    if kept is not None and kept.key in {ref.key for ref in refs}:
        kept = None
    if kept is not None:
        refs = _keep(refs, kept)
    row_groups = groups(workspace, refs, tab=params.tab)
    rows = [row for group in row_groups for row in [*group.rows, *([group.client_row] if group.client_row else [])]]
    versions.add_versions(workspace, rows)
    listed = [row for group in row_groups for row in group.rows]
    open_row = next((row for row in listed if row.key == params.opened and row.ref.clockify_id), None)
    rows_context: RowsContext = {
        "section": index.section,
        "is_open_list": index.section in OPEN,
        "requested_section": params.section,
        "section_label": SECTION_LABELS[index.section],
        "left": params.left,
        "right": params.right,
        "reason": index.reason,
        "reasons": _reasons(index, params),
        "page": page,
        "groups": row_groups,
        "money": money_held(workspace, rows),
        "open_key": open_row.key if open_row else "",
        "kept_key": kept.key if kept else "",
    }
    return {**rows_context, **(_panel_context(workspace, open_row) if open_row else {})}


def _reasons(index: DeskIndex, params: DeskParams) -> list[tuple[str, str, str, str]]:
    """Return the reasons of the list with title, number of rows, and the query that shows those alone, or all again."""
    chips = []
    for reason, rows in _counted_reasons(index):
        query = {"show": params.section, "left": params.left, "right": params.right}
        query["reason"] = "" if reason == index.reason else reason
        set_values = {name: value for name, value in query.items() if value}
        chips.append((reason, wording.title_of(reason), f"{rows:,}", urlencode(set_values)))
    return chips


def _counted_reasons(index: DeskIndex) -> list[tuple[str, int]]:
    """Return the reasons with their rows; the chosen one also where none is left."""
    reasons = index.reasons()
    if index.reason and index.reason not in dict(reasons):
        reasons.append((index.reason, 0))
    return reasons


def _keep(refs: list[Ref], kept: Ref) -> list[Ref]:
    """Return the references with one more: at the end of its group, else at the top."""
    last = max((place for place, ref in enumerate(refs) if kept.group and ref.group == kept.group), default=-1)
    return [*refs[: last + 1], kept, *refs[last + 1 :]]


def _panel_context(workspace: Workspace, row: Row) -> PanelContext:
    """Return the context of the panel below the open row."""
    decisions = history(workspace, kind=row.ref.kind, clockify_id=row.ref.clockify_id)
    return {
        "history": decisions[:MAX_PANEL_DECISIONS],
        "chosen": row.clear.value if row.clear else "",
        "facts": candidate_facts.facts_of(workspace, row.suggestions),
        "quickbooks_kinds": " or ".join(partner_search.kinds_for(workspace, row.ref.kind)),
    }


def money_held(workspace: Workspace, rows: Iterable[Row]) -> dict[str, dict[str, Decimal]]:
    """Return the value of the rows' held time by row key and currency; entries without a rate are left out."""
    amounts_by_row: dict[str, dict[str, Decimal]] = defaultdict(dict)
    ids_by_kind: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.mismatch is not None and row.mismatch.blocked_entries and row.ref.clockify_id:
            ids_by_kind[row.ref.kind].add(row.ref.clockify_id)
    # Grouped by equal amounts in the database: thousands of entries of one row come as a few lines.
    for kind, ids in ids_by_kind.items():
        column = ENTRY_COLUMNS[kind]
        entries = TimeEntry.objects.filter(workspace=workspace, status__held=True, rate__gt=0, **{f"{column}__in": ids})
        equal_entries = entries.values_list(column, "currency", "rate", "status__minutes").annotate(
            entry_count=Count("pk")
        )
        for clockify_id, currency, rate, minutes, entry_count in equal_entries.order_by():
            amounts = amounts_by_row[f"{kind}-{clockify_id}"]
            amounts[currency] = amounts.get(currency, Decimal(0)) + entry_count * amount(rate, minutes)
    return amounts_by_row
