"""Index of the desk's lists: light references in order, so that a page reads only its own rows in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When

from integrations.models import Workspace
from mapping.desk import sections
from mapping.desk.ordering import search_form
from mapping.desk.sections import RENAMED as RENAMED
from mapping.desk.sections import contains, has_email, partner_has_email
from mapping.queries import links_of

TODO, DECIDE, SUGGESTED = "todo", "decide", "suggested"
LINKED, IGNORED, QUICKBOOKS = "linked", "ignored", "quickbooks"
SECTIONS = (TODO, DECIDE, SUGGESTED, LINKED, IGNORED, QUICKBOOKS)
OPEN = (TODO, DECIDE, SUGGESTED)
PEOPLE, CLIENTS, PROJECTS = "people", "clients", "projects"
KINDS = {PEOPLE: "user", CLIENTS: "client", PROJECTS: "project"}
TABS = {kind: tab for tab, kind in KINDS.items()}
CHUNK_SIZE = 500
REF_COLUMNS = ("kind", "clockify_id", "group")
# By list: what a reference is made of, so that a page does not read wide rows it does not show.
COLUMNS = {
    TODO: (*REF_COLUMNS[:2], "quickbooks_id", "reason"),
    LINKED: (*REF_COLUMNS, "suspended", "renamed"),
    IGNORED: REF_COLUMNS,
    QUICKBOOKS: ("kind", "quickbooks_id", "reason"),
}


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to one row, which says where it stands and no more: its page reads the row itself (`rows`).

    `group` is the id of its client: its own id for a client, "" where there is none.
    """

    section: str
    kind: str
    clockify_id: str = ""
    quickbooks_id: str = ""
    group: str = ""
    reason: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.clockify_id or self.quickbooks_id}"


@dataclass
class TabCounts:
    """Numbers of rows by tab and section, and held minutes by tab."""

    sections: dict[str, dict[str, int]] = field(
        default_factory=lambda: {tab: dict.fromkeys(SECTIONS, 0) for tab in KINDS}
    )
    minutes: dict[str, int] = field(default_factory=dict)
    ignored_in_quickbooks: int = 0  # records that only QuickBooks has, which no one has to decide about

    @property
    def decided(self) -> int:
        return (
            sum(numbers[LINKED] + numbers[IGNORED] for numbers in self.sections.values()) - self.ignored_in_quickbooks
        )

    @property
    def to_do(self) -> int:
        return sum(numbers[TODO] for numbers in self.sections.values())

    @property
    def all_ours(self) -> int:
        return self.decided + self.to_do


def counted(workspace: Workspace) -> TabCounts:
    """Return the counts of all tabs, in a fixed number of queries whatever the number of rows."""
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
    open_rows = sections.open_rows(workspace).order_by().values_list("kind")
    for kind, number, suggested, linked, minutes in open_rows.annotate(**sums):
        tab_counts = counts.sections[TABS[kind]]
        # A suspended link is an open row, so it does not count as linked as well.
        tab_counts |= {
            TODO: number,
            SUGGESTED: suggested,
            DECIDE: number - suggested,
            LINKED: tab_counts[LINKED] - linked,
        }
        counts.minutes[TABS[kind]] = minutes
    for kind, has_link, number in sections.count_ignored(workspace):
        counts.sections[TABS[kind]][IGNORED] += number
        counts.sections[TABS[kind]][LINKED] -= number if has_link else 0
    reasons = {reason: TABS[kind] for kind, reason in sections.ONLY_IN_QUICKBOOKS.items()}
    only_in_quickbooks = sections.all_only_in_quickbooks(workspace).order_by().values_list("reason")
    for reason, number in only_in_quickbooks.annotate(rows=Count("pk")):
        counts.sections[reasons[reason]][QUICKBOOKS] = number
    for reason, number in sections.count_ignored_in_quickbooks(workspace):
        counts.sections[reasons[reason]][QUICKBOOKS] -= number
        counts.sections[reasons[reason]][IGNORED] += number
        counts.ignored_in_quickbooks += number
    return counts


class DeskIndex:
    """One list of the desk: a section of a tab, filtered by a text on either side; open rows by a reason too."""

    def __init__(
        self,
        workspace: Workspace,
        tab: str,
        section: str = TODO,
        *,
        left: str = "",
        right: str = "",
        reason: str = "",
    ) -> None:
        self._workspace, self.tab, self.kind = workspace, tab, KINDS[tab]
        self.section = section if section in SECTIONS else TODO
        self.left, self.right = left.strip(), right.strip()
        self.reason = reason if self._list == TODO else ""

    @cached_property
    def count(self) -> int:
        return self._rows(ordered=False).count()

    def refs(self, start: int = 0, stop: int | None = None) -> list[Ref]:
        """Return references to the rows from `start` to before `stop`, in order."""
        # Only the columns a reference needs: the database would sort suggestions and details along.
        rows = list(self._rows().values(*COLUMNS[self._list])[start:stop])
        if self._list == TODO:
            clients = sections.clients_of(self._workspace, self.kind, [row["clockify_id"] for row in rows])
            rows = [{**row, "group": clients.get(row["clockify_id"], "")} for row in rows]
        return [self._ref(row) for row in rows]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, page: slice) -> list[Ref]:
        """Return references to one page; a paginator slices the index and so reads only its page."""
        return self.refs(page.start or 0, page.stop)

    def chunks(self) -> Iterator[list[Ref]]:
        """Yield all references, CHUNK_SIZE at a time."""
        start = 0
        while refs := self.refs(start, start + CHUNK_SIZE):
            yield refs
            start += CHUNK_SIZE

    def reasons(self) -> list[tuple[str, int]]:
        """Return the reasons of open rows that both texts leave, and their numbers, the most frequent first."""
        if self._list != TODO:
            return []
        rows = self._open(ordered=False, by_reason=False).order_by().values_list("reason").annotate(rows=Count("pk"))
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    def place_of(self, clockify_id: str) -> int | None:
        """Return the position of a record in the list, or None, for a link that leads to its page."""
        # Open rows have one indexed column to sort by, so counting the smaller keys is enough.
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
        lists = {TODO: self._open, LINKED: self._linked, IGNORED: self._ignored, QUICKBOOKS: self._only_in_quickbooks}
        return lists[self._list](ordered=ordered)

    def _open(self, *, ordered: bool, by_reason: bool = True) -> QuerySet[Any]:
        rows = sections.open_rows(self._workspace).filter(kind=self.kind)
        if self.reason and by_reason:
            rows = rows.filter(reason=self.reason)
        if self.section != TODO:
            rows = rows.filter(suggested=self.section == SUGGESTED)
        if self.left:
            rows = rows.filter(search_left__contains=search_form(self.left))
        if self.right:
            rows = rows.filter(search_right__contains=search_form(self.right))
        return rows.order_by("order_key", "pk") if ordered else rows

    def _email_filter(self, email_filter: Any, text: str) -> Q:
        return email_filter(self._workspace, text) if self.kind == "user" else Q()

    def _linked(self, *, ordered: bool) -> QuerySet[Any]:
        rows = sections.linked_rows(self._workspace, self.kind)
        rows = sections.with_client(self._workspace, rows, self.kind)
        rows = sections.with_current_name(self._workspace, rows, self.kind)
        if self.left:
            names = contains(["clockify_name", "name_now", "group_name"], self.left)
            rows = rows.filter(names | self._email_filter(has_email, self.left))
        if self.right:
            rows = rows.annotate(partner=F("quickbooks_id")).filter(
                contains(["quickbooks_name"], self.right) | self._email_filter(partner_has_email, self.right)
            )
        urgency = Case(
            When(~Q(suspended=""), then=Value(0)),
            When(renamed=True, then=Value(1)),
            default=Value(2),
            output_field=IntegerField(),
        )
        return rows.order_by(urgency, "group_name", "group", "name_now", "pk") if ordered else rows

    def _ignored(self, *, ordered: bool) -> QuerySet[Any]:
        rows = sections.all_ignored_rows(self._workspace, self.kind)
        rows = sections.with_client(self._workspace, rows, self.kind)
        rows = sections.with_current_name(self._workspace, rows, self.kind)
        if self.left:
            rows = rows.filter(
                contains(["name_now", "group_name"], self.left) | self._email_filter(has_email, self.left)
            )
        if self.right:
            rows = rows.filter(contains(["name_there"], self.right))
        return rows.order_by("group_name", "group", "name_now", "name_there", "pk") if ordered else rows

    def _only_in_quickbooks(self, *, ordered: bool) -> QuerySet[Any]:
        rows = sections.only_in_quickbooks(self._workspace, self.kind)
        # These rows have nothing on Clockify's side that could match.
        if self.left:
            rows = rows.none()
        if self.right:
            rows = rows.filter(search_right__contains=search_form(self.right))
        return rows.order_by("quickbooks_parent", "quickbooks_name", "pk") if ordered else rows

    def _ref(self, row: dict[str, Any]) -> Ref:
        section = self._list
        if section == QUICKBOOKS:
            return Ref(section, row["kind"], quickbooks_id=row["quickbooks_id"], reason=row["reason"])
        # An ignored record that only QuickBooks has: its override keeps the id in `clockify_id`.
        if row["kind"] not in TABS:
            return Ref(section, row["kind"], quickbooks_id=row["clockify_id"])
        facts = {name: row[name] for name in REF_COLUMNS}
        if section == TODO:
            return Ref(section, **facts, quickbooks_id=row["quickbooks_id"], reason=row["reason"])
        return Ref(section, **facts, reason=row.get("suspended") or (RENAMED if row.get("renamed") else ""))


def section_of(workspace: Workspace, kind: str, clockify_id: str) -> str:
    """Return the section of its tab that lists a Clockify record."""
    record = {"kind": kind, "clockify_id": clockify_id}
    if sections.ignored_rows(workspace).filter(**record).exists():
        return IGNORED
    return TODO if sections.open_rows(workspace).filter(**record).exists() else LINKED


def ref_of(workspace: Workspace, kind: str, clockify_id: str) -> Ref | None:
    """Return the reference of one Clockify record wherever it is listed now; None where it has no row."""
    section = section_of(workspace, kind, clockify_id)
    index = DeskIndex(workspace, TABS[kind], section)
    place = index.place_of(clockify_id)
    return None if place is None else next(iter(index.refs(place, place + 1)), None)
