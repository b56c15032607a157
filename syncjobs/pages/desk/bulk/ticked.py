"""Rows that a person ticked, or all of a narrowed list, for the sheets that act on many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from integrations.models import Workspace
from mapping.decisions.versions import Version, add_versions
from mapping.desk import sections
from mapping.desk.index import KINDS, PROJECTS, TODO, DeskIndex, Ref
from mapping.desk.rows import Row, groups
from mapping.queries import mismatches_of

# As many as one sheet shows; the next ones follow once these are decided.
MAX_TICKED = 200
LIST_FIELDS = ("show", "left", "right", "reason")


@dataclass(frozen=True)
class Ticked:
    """The keys of the rows to act on, the tab they are on, and the part of its address that narrows its list."""

    tab: str
    keys: list[str]
    narrowed: Mapping[str, str]
    more: int = 0  # rows of the list beyond MAX_TICKED

    def back(self, workspace: Workspace) -> str:
        """Return the address of the list that the rows were ticked on."""
        query = f"?{urlencode(self.narrowed)}" if self.narrowed else ""
        return reverse(f"hourbridge:{self.tab}", args=[workspace.pk]) + query


class TickedContext(TypedDict):
    """What the templates of all sheets of ticked rows share. `narrowed` and `more` are those of `Ticked`."""

    workspace: Workspace
    tab: str
    row_keys: Sequence[str]
    narrowed: Mapping[str, str]
    more: int
    back: str


def of(request: HttpRequest, workspace: Workspace) -> Ticked:
    """Return what was ticked; `all` stands for every row of the list."""
    params: QueryDict = request.POST if request.method == "POST" else request.GET
    tab = tab_named(params.get("tab", ""))
    narrowed = {name: str(params[name])[:200] for name in LIST_FIELDS if params.get(name)}
    if not params.get("all") or workspace.company is None:
        return Ticked(tab, [str(key) for key in params.getlist("row")[:MAX_TICKED]], narrowed)
    filters = {name: narrowed.get(name, "") for name in LIST_FIELDS[1:]}
    index = DeskIndex(workspace, tab, narrowed.get("show", TODO), **filters)
    keys = [ref.key for ref in index.refs(0, MAX_TICKED)]
    return Ticked(tab, keys, narrowed, max(index.count - MAX_TICKED, 0))


def nothing(request: HttpRequest, workspace: Workspace, ticked: Ticked) -> HttpResponse | None:
    """Return to the list where a button for ticked rows was pressed without any; None where there are some.

    Scripts hide those buttons then; without scripts the desk's form says that it was pressed there.
    """
    if ticked.keys or not request.GET.get("selected"):
        return None
    messages.warning(request, "Tick at least one row first.")
    return redirect(ticked.back(workspace))


def chosen_keys(request: HttpRequest, *, at_first: Iterable[str] = ()) -> set[str]:
    """Return the keys that are ticked on a sheet; those of its first view are `at_first`."""
    params: QueryDict = request.POST if request.method == "POST" else request.GET
    # Browsers send nothing for an unticked box: without `asked`, a form without ticks would look like a first view.
    return set(params.getlist("key")) if params.get("asked") else set(at_first)


def is_confirmed(request: HttpRequest) -> bool:
    """Return whether a sheet's button was pressed.

    `recheck` only asks what the ticked ones would do, `to` for another page of them.
    """
    return request.method == "POST" and not (request.POST.get("recheck") or request.POST.get("to"))


def tab_named(name: str) -> str:
    return name if name in KINDS else PROJECTS


def rows_of(workspace: Workspace, tab: str, keys: list[str]) -> list[Row]:
    """Return the open rows of these keys with their versions, most held time first."""
    kind = KINDS[tab]
    ids = [key.partition("-")[2] for key in keys if key.startswith(f"{kind}-")]
    clients = sections.clients_of(workspace, kind, ids)
    open_rows = sections.open_rows(workspace).filter(kind=kind, clockify_id__in=ids)
    refs = [
        Ref(TODO, kind, row.clockify_id, row.quickbooks_id, clients.get(row.clockify_id, ""), row.reason)
        for row in mismatches_of(workspace).filter(pk__in=open_rows.values("pk"))
    ]
    # Rows of one client stand together in `groups`.
    refs.sort(key=lambda ref: ref.group)
    rows = [row for group in groups(workspace, refs, tab=tab) for row in group.rows]
    add_versions(workspace, rows)
    return sorted(rows, key=lambda row: (-minutes_of(row), row.key))


def minutes_of(row: Row) -> int:
    return row.mismatch.blocked_minutes if row.mismatch else 0


def shown_versions(request: HttpRequest) -> dict[str, str]:
    """Return the versions that a sheet showed, by key. Raises Refused for a row without one."""
    shown: dict[str, str] = {}
    for text in request.POST.getlist("shown"):
        key, _, version = text.partition("=")
        shown[key] = str(Version.parse(version))
    return shown


def context_of(workspace: Workspace, ticked: Ticked) -> TickedContext:
    return {
        "workspace": workspace,
        "tab": ticked.tab,
        "row_keys": ticked.keys,
        "narrowed": ticked.narrowed,
        "more": ticked.more,
        "back": ticked.back(workspace),
    }
