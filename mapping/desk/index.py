"""Which records the desk lists, in which order: light references, so that a page reads only its own rows in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When

from integrations.models import Workspace
from mapping.desk import sections
from mapping.desk.ordering import searched
from mapping.desk.sections import SEEN_ONLY as SEEN_ONLY
from mapping.desk.sections import like, of_mail, partner_mail
from mapping.queries import links_of

TODO, DECIDE, SUGGESTED = "todo", "decide", "suggested"
LINKED, IGNORED, QUICKBOOKS = "linked", "ignored", "quickbooks"
SECTIONS = (TODO, DECIDE, SUGGESTED, LINKED, IGNORED, QUICKBOOKS)
OPEN = (TODO, DECIDE, SUGGESTED)
PEOPLE, CLIENTS, PROJECTS = "people", "clients", "projects"
KINDS = {PEOPLE: "user", CLIENTS: "client", PROJECTS: "project"}
TABS = {kind: tab for tab, kind in KINDS.items()}
AT_ONCE = 500
THIS = ("kind", "clockify_id", "group")
COLUMNS = {
    TODO: (*THIS[:2], "quickbooks_id", "reason", "blocked_minutes", "group_minutes", "clockify_name"),
    LINKED: (*THIS, "suspended", "renamed", "name_now"),
    IGNORED: (*THIS, "name_now", "name_there"),
    QUICKBOOKS: ("kind", "quickbooks_id", "reason", "quickbooks_name"),
}


@dataclass(frozen=True, slots=True)
class Ref:
    """One row to be. `group` is the client it stands under: its own id for a client, "" where there is none."""

    section: str
    kind: str
    clockify_id: str = ""
    quickbooks_id: str = ""
    group: str = ""
    reason: str = ""
    minutes: int = 0
    group_minutes: int = 0
    name: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.clockify_id or self.quickbooks_id}"


@dataclass
class TabCounts:
    """How many rows each section of each tab has; minutes that wait, by tab."""

    sections: dict[str, dict[str, int]] = field(
        default_factory=lambda: {tab: dict.fromkeys(SECTIONS, 0) for tab in KINDS}
    )
    minutes: dict[str, int] = field(default_factory=dict)
    ignored_there: int = 0  # of QuickBooks' own, which nobody has to decide about

    @property
    def decided(self) -> int:
        return sum(found[LINKED] + found[IGNORED] for found in self.sections.values()) - self.ignored_there

    @property
    def to_do(self) -> int:
        return sum(found[TODO] for found in self.sections.values())

    @property
    def all_ours(self) -> int:
        return self.decided + self.to_do


def counted(workspace: Workspace) -> TabCounts:
    """All tabs in a fixed number of queries, whatever the number of rows."""
    counts = TabCounts(minutes=dict.fromkeys(KINDS, 0))
    sums = {
        "rows": Count("pk"),
        "clear": Count("pk", filter=Q(suggested=True)),
        "resting": Count("pk", filter=Q(has_link=True)),
        "minutes": Sum("blocked_minutes"),
    }
    links = dict(links_of(workspace).order_by().values_list("kind").annotate(Count("pk")))
    for kind, tab in TABS.items():
        counts.sections[tab][LINKED] = links.get(kind, 0)
    found = sections.open_rows(workspace).order_by().values_list("kind")
    for kind, number, clear, resting, minutes in found.annotate(**sums):
        of_tab = counts.sections[TABS[kind]]
        of_tab |= {TODO: number, SUGGESTED: clear, DECIDE: number - clear, LINKED: of_tab[LINKED] - resting}
        counts.minutes[TABS[kind]] = minutes
    for kind, linked, number in sections.count_ignored(workspace):
        counts.sections[TABS[kind]][IGNORED] += number
        counts.sections[TABS[kind]][LINKED] -= number if linked else 0
    reasons = {reason: TABS[kind] for kind, reason in sections.ONLY_THERE.items()}
    there = sections.all_only_there(workspace).order_by().values_list("reason")
    for reason, number in there.annotate(rows=Count("pk")):
        counts.sections[reasons[reason]][QUICKBOOKS] = number
    for reason, number in sections.count_ignored_there(workspace):
        counts.sections[reasons[reason]][QUICKBOOKS] -= number
        counts.sections[reasons[reason]][IGNORED] += number
        counts.ignored_there += number
    return counts


class DeskIndex:
    """One list of the desk: a tab's section, narrowed on either side."""

    def __init__(self, workspace: Workspace, tab: str, section: str = TODO, *, left: str = "", right: str = "") -> None:
        self._workspace, self.tab, self.kind = workspace, tab, KINDS[tab]
        self.section = section if section in SECTIONS else TODO
        self.left, self.right = left.strip(), right.strip()

    @cached_property
    def count(self) -> int:
        return self._rows(ordered=False).count()

    def refs(self, start: int = 0, stop: int | None = None) -> list[Ref]:
        """Only the columns that order and tell them: suggestions and details would be sorted along."""
        rows = list(self._rows().values(*COLUMNS[self._list])[start:stop])
        if self._list == TODO:
            clients = sections.clients_of(self._workspace, self.kind, [row["clockify_id"] for row in rows])
            rows = [{**row, "group": clients.get(row["clockify_id"], "")} for row in rows]
        return [self._ref(row) for row in rows]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, wanted: slice) -> list[Ref]:
        """So that a paginator reads only its page."""
        return self.refs(wanted.start or 0, wanted.stop)

    def chunks(self) -> Iterator[list[Ref]]:
        """Everything, so many rows at a time."""
        start = 0
        while found := self.refs(start, start + AT_ONCE):
            yield found
            start += AT_ONCE

    def place_of(self, clockify_id: str) -> int | None:
        """Where a record stands in the list, for a link that leads to it."""
        if self._list == TODO:
            rows = self._rows(ordered=False)
            key = rows.filter(clockify_id=clockify_id).values_list("order_key", flat=True).first()
            return None if key is None else rows.filter(order_key__lt=key).count()
        ids = list(self._rows().values_list("clockify_id", flat=True))
        return ids.index(clockify_id) if clockify_id in ids else None

    # --- the four lists ----------------------------------------------------------------------------------------
    @property
    def _list(self) -> str:
        return TODO if self.section in OPEN else self.section

    def _rows(self, *, ordered: bool = True) -> QuerySet[Any]:
        lists = {TODO: self._open, LINKED: self._linked, IGNORED: self._ignored, QUICKBOOKS: self._only_there}
        return lists[self._list](ordered=ordered)

    def _open(self, *, ordered: bool) -> QuerySet[Any]:
        rows = sections.open_rows(self._workspace).filter(kind=self.kind)
        if self.section != TODO:
            rows = rows.filter(suggested=self.section == SUGGESTED)
        if self.left:
            rows = rows.filter(search_left__contains=searched(self.left))
        if self.right:
            rows = rows.filter(search_right__contains=searched(self.right))
        return rows.order_by("order_key", "pk") if ordered else rows

    def _mail(self, narrow: Any, text: str) -> Q:
        return narrow(self._workspace, text) if self.kind == "user" else Q()

    def _linked(self, *, ordered: bool) -> QuerySet[Any]:
        rows = sections.linked_rows(self._workspace, self.kind)
        rows = sections.with_client(self._workspace, rows, self.kind)
        rows = sections.named(self._workspace, rows, self.kind)
        if self.left:
            names = like(["clockify_name", "name_now", "group_name"], self.left)
            rows = rows.filter(names | self._mail(of_mail, self.left))
        if self.right:
            rows = rows.annotate(partner=F("quickbooks_id")).filter(
                like(["quickbooks_name"], self.right) | self._mail(partner_mail, self.right)
            )
        first = Case(
            When(~Q(suspended=""), then=Value(0)),
            When(renamed=True, then=Value(1)),
            default=Value(2),
            output_field=IntegerField(),
        )
        return rows.order_by(first, "group_name", "group", "name_now", "pk") if ordered else rows

    def _ignored(self, *, ordered: bool) -> QuerySet[Any]:
        rows = sections.all_ignored_rows(self._workspace, self.kind)
        rows = sections.with_client(self._workspace, rows, self.kind)
        rows = sections.named(self._workspace, rows, self.kind)
        if self.left:
            rows = rows.filter(like(["name_now", "group_name"], self.left) | self._mail(of_mail, self.left))
        if self.right:
            rows = rows.filter(like(["name_there"], self.right))
        return rows.order_by("group_name", "group", "name_now", "name_there", "pk") if ordered else rows

    def _only_there(self, *, ordered: bool) -> QuerySet[Any]:
        rows = sections.only_there(self._workspace, self.kind)
        if self.left:
            rows = rows.none()
        if self.right:
            rows = rows.filter(search_right__contains=searched(self.right))
        return rows.order_by("quickbooks_parent", "quickbooks_name", "pk") if ordered else rows

    def _ref(self, row: dict[str, Any]) -> Ref:
        section = self._list
        if section == QUICKBOOKS:
            there = row["quickbooks_id"]
            return Ref(section, row["kind"], quickbooks_id=there, reason=row["reason"], name=row["quickbooks_name"])
        if row["kind"] not in TABS:
            return Ref(section, row["kind"], quickbooks_id=row["clockify_id"], name=row["name_there"])
        facts: dict[str, Any] = {name: row[name] for name in THIS}
        if section != TODO:
            reason = row.get("suspended") or (SEEN_ONLY if row.get("renamed") else "")
            return Ref(section, **facts, reason=reason, name=row["name_now"])
        return Ref(
            section,
            **facts,
            quickbooks_id=row["quickbooks_id"],
            reason=row["reason"],
            minutes=row["blocked_minutes"],
            group_minutes=row["group_minutes"],
            name=row["clockify_name"],
        )


def section_of(workspace: Workspace, kind: str, clockify_id: str) -> str:
    """Where a record stands on its tab."""
    this = {"kind": kind, "clockify_id": clockify_id}
    if sections.ignored_rows(workspace).filter(**this).exists():
        return IGNORED
    return TODO if sections.open_rows(workspace).filter(**this).exists() else LINKED
