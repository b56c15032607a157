"""What a page of the desk shows: its tabs and counts, its rows, the open row, and the last decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse

from integrations.models import TimeEntry, Workspace
from mapping.decisions import partner_search
from mapping.decisions.undo import history
from mapping.desk.index import (
    IGNORED,
    KINDS,
    LINKED,
    QUICKBOOKS,
    SECTIONS,
    TODO,
    DeskIndex,
    Ref,
    TabCounts,
    counted,
    section_of,
)
from mapping.desk.rows import Row, groups
from mapping.models import Decision
from mapping.queries import mirrored_names
from syncjobs.models import EntryStatus
from syncjobs.pages import access
from syncjobs.pages.desk import changed, safe_counts

ROWS_A_PAGE = 50
SCRIPT = "X-Desk"
WORDS = {
    TODO: "To do",
    "decide": "Needs a decision",
    "suggested": "Suggested",
    LINKED: "Linked",
    IGNORED: "Ignored",
    QUICKBOOKS: "Only in QuickBooks",
}
TAB_WORDS = {"people": "People", "clients": "Clients", "projects": "Projects"}
ENTRIES_BY = {"user": "user_id", "client": "client_id", "project": "project_id"}
MAX_HISTORY = 5
CENT = Decimal("0.01")


@dataclass
class DeskParams:
    """What the address asks for: `section`, both filters, the page, and the row that is open."""

    tab: str
    section: str
    left: str
    right: str
    page: str
    opened: str
    query: str
    is_script: bool

    @classmethod
    def of(cls, request: HttpRequest, tab: str) -> DeskParams:
        kept = request.GET.copy()
        kept.pop("open", None)
        section = request.GET.get("show", "")
        return cls(
            tab=tab,
            section=section if section in SECTIONS else "",
            left=request.GET.get("left", "")[:200],
            right=request.GET.get("right", "")[:200],
            page=request.GET.get("page", ""),
            opened=request.GET.get("open", "")[:100],
            query=kept.urlencode(),
            is_script=SCRIPT in request.headers,
        )


def index_of(workspace: Workspace, params: DeskParams) -> DeskIndex:
    """The list that is asked for: the one named, that of the row which is to be opened, or what is to do."""
    section = params.section or TODO
    kind, _, clockify_id = params.opened.partition("-")
    if not params.section and kind == KINDS[params.tab] and clockify_id:
        section = section_of(workspace, kind, clockify_id)
    return DeskIndex(workspace, params.tab, section, left=params.left, right=params.right)


def listed_keys(workspace: Workspace, params: DeskParams) -> list[str]:
    """The rows of the page as a person sees them."""
    index = index_of(workspace, params)
    page = _pages(index).get_page(params.page or 1)
    return [ref.key for ref in page.object_list]


def _pages(index: DeskIndex) -> Paginator[Ref]:
    """The index has a length and slices, which is all a paginator needs."""
    listed: Any = index
    return Paginator(listed, ROWS_A_PAGE)


def ready(workspace: Workspace) -> tuple[int, int]:
    """Entries and minutes that would be sent now."""
    rows = EntryStatus.objects.filter(workspace=workspace, state=EntryStatus.State.READY)
    found = rows.aggregate(entries=Count("pk"), minutes=Sum("minutes"))
    return found["entries"], found["minutes"] or 0


def to_do(workspace: Workspace, tab: str) -> int:
    return counted(workspace).sections[tab][TODO]


def context(request: HttpRequest, workspace: Workspace, params: DeskParams) -> dict[str, Any]:
    """Everything the page needs, in a number of queries that does not depend on its rows."""
    here = reverse(f"hourbridge:{params.tab}", args=[workspace.pk])
    around: dict[str, Any] = {
        "workspace": workspace,
        "company": workspace.company,
        "others": access.workspaces().exclude(pk=workspace.pk),
        "tab": params.tab,
        "kind": KINDS[params.tab],
        "zone": workspace.time_zone,
        "query": params.query,
        "here": here,
        "return_to": f"{here}?{params.query}" if params.query else here,
        "tab_word": TAB_WORDS[params.tab],
        "history_page": reverse("hourbridge:desk-history", args=[workspace.pk]),
    }
    if workspace.company is None:
        return around
    above = head(workspace, params.tab)
    return around | above | _listed(workspace, params, above["counts"])


def head(workspace: Workspace, tab: str) -> dict[str, Any]:
    """Tabs with counts, progress, and the last decision: what every page of the desk has around its list."""
    counts = counted(workspace)
    return {
        "tabs": [(name, TAB_WORDS[name], counts.sections[name][TODO]) for name in TAB_WORDS],
        "changed_count": changed.open_count(workspace),
        "decided": counts.decided,
        "all_ours": counts.all_ours,
        "counts": counts.sections.get(tab, {}),
        "held_minutes": counts.minutes.get(tab, 0),
        "safe_url": f"{reverse('hourbridge:desk-safe', args=[workspace.pk])}?tab={tab}",
        "safe": safe_counts.known(workspace, tab),
        **_last_decision(workspace),
    } | ({"sections": _sections(counts, tab)} if tab in counts.sections else {})


def _sections(counts: TabCounts, tab: str) -> list[tuple[str, str, int]]:
    return [(name, word, counts.sections[tab][name]) for name, word in WORDS.items()]


def _listed(workspace: Workspace, params: DeskParams, counts: Mapping[str, int]) -> dict[str, Any]:
    """The rows of the page; `counts` are those of the tab, by section."""
    index = index_of(workspace, params)
    if not (params.left or params.right):
        index.count = counts[index.section]
    wanted: Any = params.page or 1
    if params.opened and not params.page:
        place = index.place_of(params.opened.partition("-")[2])
        wanted = (place or 0) // ROWS_A_PAGE + 1
    page = _pages(index).get_page(wanted)
    refs = list(page.object_list)
    listed = groups(workspace, refs, tab=params.tab)
    rows = [row for group in listed for row in [*group.rows, *([group.client_row] if group.client_row else [])]]
    opened = next((row for row in rows if row.key == params.opened and row.ref.clockify_id), None)
    return {
        "section": index.section,
        "asked_section": params.section,
        "section_word": WORDS[index.section],
        "left": params.left,
        "right": params.right,
        "page": page,
        "groups": listed,
        "money": money_held(workspace, rows),
        "opened": opened.key if opened else "",
        **(_panel(workspace, opened) if opened else {}),
    }


def _panel(workspace: Workspace, row: Row) -> dict[str, Any]:
    """What the open row adds."""
    past = history(workspace, kind=row.ref.kind, clockify_id=row.ref.clockify_id)
    return {
        "history": past[:MAX_HISTORY],
        "chosen": row.clear.value if row.clear else "",
        "quickbooks_kinds": " or ".join(partner_search.kinds_for(workspace, row.ref.kind)),
    }


def money_held(workspace: Workspace, rows: Iterable[Row]) -> dict[str, dict[str, Decimal]]:
    """What the held time of these rows is worth, by row and currency, as far as its rates are known."""
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    wanted: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.mismatch is not None and row.mismatch.blocked_entries and row.ref.clockify_id:
            wanted[row.ref.kind].add(row.ref.clockify_id)
    for kind, ids in wanted.items():
        column = ENTRIES_BY[kind]
        entries = TimeEntry.objects.filter(workspace=workspace, status__held=True, rate__gt=0, **{f"{column}__in": ids})
        same = entries.values_list(column, "currency", "rate", "status__minutes").annotate(how_many=Count("pk"))
        for record, currency, rate, minutes, how_many in same.order_by():
            amounts = found[f"{kind}-{record}"]
            each = (rate * minutes / 60).quantize(CENT, rounding=ROUND_HALF_UP)
            amounts[currency] = amounts.get(currency, Decimal(0)) + each * how_many
    return found


# --- the last decision -----------------------------------------------------------------------------------------
def _last_decision(workspace: Workspace) -> dict[str, Any]:
    """What the bar at the bottom names, and how many decisions its press took."""
    last = Decision.objects.filter(workspace=workspace).select_related("person").order_by("-pk").first()
    if last is None:
        return {"last": None}
    together = Decision.objects.filter(workspace=workspace, batch=last.batch).count() if last.batch else 1
    names = mirrored_names(workspace, last.kind, [last.clockify_id])
    return {
        "last": last,
        "last_name": names.get(last.clockify_id) or f"a {last.kind} without a name",
        "together": together,
    }
