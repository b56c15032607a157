"""The rows of a stored comparison as a table: people, customers or days, with the causes of each difference. Pure.

What people said about time that nothing known explains is applied here, so that a note counts from then on, and a
signature knows what was explained when it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from syncjobs.rules import reasons
from syncjobs.rules.proof.reconciliation import NOT_OURS
from syncjobs.rules.proof.reconciliation_rows import signed

NOTE = "NOTE"
# Longer periods have a column for each month instead of each week.
MAX_WEEKS = timedelta(days=42)
MAX_WIDE_COLUMNS = 3
LABELS = {
    "ROUNDING": "Rounding",
    "EDITED": "Pending edits",
    "DELETED": "Pending deletions",
    "KEPT": "Kept in QuickBooks by a person",
    "ADOPTED": "Adopted as it is in QuickBooks",
    "LINK_CHANGED": "Link changed after sending",
    "CORRECTION": "Corrections",
    "OTHER_WORKSPACE": "From another workspace",
    NOT_OURS: "Not sent from here",
}


class StoredRow(NamedTuple):
    """One row of a comparison with the columns as they are stored (see ReconciliationRow)."""

    user: str
    customer: str
    day: date
    clockify: int
    quickbooks: int
    causes: Sequence[Sequence[Any]]
    amounts: Mapping[str, Sequence[str]]
    activities: Sequence[Sequence[Any]]
    forms: Sequence[Mapping[str, Any]]
    keys: Mapping[str, Sequence[str]] = {}


class Note(NamedTuple):
    """What a person said about an activity while it left so many seconds unexplained."""

    seconds: int
    text: str
    by: str

    @property
    def words(self) -> str:
        return f"Explained by {self.by}: {self.text}"


Notes = Mapping[str, Note]


class Explained(NamedTuple):
    """What explains so many seconds: its code, its label for sums, and its words in one row."""

    code: str
    label: str
    words: str
    seconds: int


class OpenItem(NamedTuple):
    """An activity about which a person has to say what it is."""

    activity: str
    user: str
    customer: str
    day: date
    seconds: int
    code: str


def label_of(code: str, words: str) -> str:
    """Return the label under which causes are added up; states other than reasons have their words alone."""
    return LABELS.get(code) or (reasons.title(code) if code in reasons.WORDINGS else words)


def explanations(row: StoredRow, notes: Notes) -> tuple[list[Explained], list[OpenItem], int]:
    """Return what explains a row's difference, the activities that ask for a note, and the seconds left over."""
    # Time that was not sent from here is among the activities too, and there it says whether a person is asked.
    found = [
        Explained(code, label_of(code, words), words, seconds)
        for code, words, seconds, known in row.causes
        if known and code != NOT_OURS
    ]
    asked: list[OpenItem] = []
    for activity, seconds, code, asks in row.activities:
        note = notes.get(activity)
        if note is not None and note.seconds == seconds:
            found.append(Explained(NOTE, note.words, note.words, seconds))
        elif asks:
            asked.append(OpenItem(activity, row.user, row.customer, row.day, seconds, code))
        else:
            found.append(Explained(code, label_of(code, ""), f"Not ours (activity {activity})", seconds))
    left = row.clockify - row.quickbooks - sum(cause.seconds for cause in found)
    return found, asked, left


def open_seconds(rows: Iterable[StoredRow], notes: Notes) -> int:
    """Return the seconds that nothing explains; opposite ones do not cancel out."""
    return sum(abs(explanations(row, notes)[2]) for row in rows)


def explanation(row: StoredRow, notes: Notes) -> str:
    """Return each cause of a row with its signed minutes, and what none explains; "" where both sides are equal."""
    found, _, left = explanations(row, notes)
    texts = [f"{cause.words} {signed(cause.seconds)}" for cause in found]
    return "; ".join([*texts, *([f"Not explained {signed(left)}"] if left else [])])


@dataclass
class Sums:
    """Rows added up: of a person, a customer, a day, or of all. Times in seconds; `cells` by column."""

    name: str = ""
    clockify: int = 0
    quickbooks: int = 0
    cells: list[tuple[int, int]] = field(default_factory=list)
    causes: dict[str, int] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)
    left: int = 0
    is_open: bool = False
    amounts: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    forms: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    children: dict[str, Sums] = field(default_factory=dict)

    @property
    def difference(self) -> int:
        return self.clockify - self.quickbooks

    @property
    def explained(self) -> int:
        return self.difference - self.left

    @property
    def shown_causes(self) -> list[tuple[str, int]]:
        """The causes, largest first."""
        return sorted(self.causes.items(), key=lambda cause: -abs(cause[1]))

    @property
    def amount_lines(self) -> list[tuple[str, Decimal, Decimal, Decimal]]:
        """Currency, Clockify's amount, QuickBooks' and the difference."""
        return [(key, ours, theirs, ours - theirs) for key, (ours, theirs) in sorted(self.amounts.items())]

    def child(self, name: str) -> Sums:
        if name not in self.children:
            self.children[name] = Sums(name, cells=[(0, 0)] * len(self.cells))
        return self.children[name]

    def add(self, row: StoredRow, found: Sequence[Explained], left: int, *, column: int | None) -> None:
        self.clockify += row.clockify
        self.quickbooks += row.quickbooks
        self.left += left
        self.is_open = self.is_open or left != 0
        if column is not None and self.cells:
            clockify, quickbooks = self.cells[column]
            self.cells[column] = clockify + row.clockify, quickbooks + row.quickbooks
        for cause in found:
            self.causes[cause.label] = self.causes.get(cause.label, 0) + cause.seconds
            self.words[cause.words] = self.words.get(cause.words, 0) + cause.seconds
        for currency, pair in row.amounts.items():
            ours, theirs = self.amounts.get(currency, (Decimal(), Decimal()))
            self.amounts[currency] = ours + Decimal(pair[0]), theirs + Decimal(pair[1])
        for form in row.forms:
            self.forms[f"{form['transaction']}:{form['transaction_id']}"] = form


class Column(NamedTuple):
    """A week or month of the period, as far as it lies in it."""

    first: date
    last: date

    @property
    def label(self) -> str:
        if self.first == self.last:
            return f"{self.first:%b} {self.first.day}"
        if (self.first.year, self.first.month) == (self.last.year, self.last.month):
            return f"{self.first:%b} {self.first.day} to {self.last.day}"
        return f"{self.first:%b} {self.first.day} to {self.last:%b} {self.last.day}"


def columns(first: date, last: date) -> list[Column]:
    """Return the weeks of up to six weeks, else the months; none where there would be one alone."""
    found, day = [], first
    while day <= last:
        if last - first < MAX_WEEKS:
            end = day + timedelta(days=6 - day.weekday())
        else:
            end = (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        found.append(Column(day, min(end, last)))
        day = end + timedelta(days=1)
    return found if len(found) > 1 else []


@dataclass
class Table:
    """All groups of one view, their sums, and what is open."""

    columns: list[Column]
    total: Sums
    open_items: list[OpenItem] = field(default_factory=list)

    @property
    def is_dense(self) -> bool:
        """Whether there are so many columns that both sides have to share them."""
        return len(self.columns) > MAX_WIDE_COLUMNS

    def groups(self, *, by_name: bool) -> list[Sums]:
        """Return the groups: what is not explained first, or by name alone, as days are."""
        return sorted(self.total.children.values(), key=lambda one: (not (by_name or one.is_open), by_name, one.name))


Key = Callable[[StoredRow], str]
KEYS: Mapping[str, tuple[Key, Key]] = {
    "people": (lambda row: row.user, lambda row: row.customer),
    "customers": (lambda row: row.customer, lambda row: row.user),
    "days": (lambda row: row.day.isoformat(), lambda row: row.user),
}


def table(rows: Iterable[StoredRow], notes: Notes, *, view: str, first: date, last: date) -> Table:
    """Return the table of a view, one of KEYS, for rows of these days; rows are taken one by one."""
    split = columns(first, last) if view != "days" else []
    result = Table(split, Sums(cells=[(0, 0)] * len(split)))
    group_of, child_of = KEYS[view]
    for row in rows:
        found, asked, left = explanations(row, notes)
        column = next((n for n, one in enumerate(split) if one.first <= row.day <= one.last), None)
        group = result.total.child(group_of(row))
        for sums in (result.total, group, group.child(child_of(row))):
            sums.add(row, found, left, column=column)
        result.open_items += asked
    return result
