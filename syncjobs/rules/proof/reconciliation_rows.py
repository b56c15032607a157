"""The lines of a reconciliation added up: by person, customer and day, and of the whole period. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from syncjobs.rules.proof.reconciliation import MINUTE, Line, OpenActivity, Place


@dataclass
class Row:
    """The lines of one person, customer and day, added up."""

    user: str
    customer: str
    day: date
    clockify: int = 0
    quickbooks: int = 0
    causes: dict[tuple[str, str, bool], int] = field(default_factory=dict)
    # By currency: Clockify's amount and QuickBooks'.
    amounts: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    activities: list[OpenActivity] = field(default_factory=list)
    # The invoices that billed it, with the seconds that each took; by their facts.
    forms: dict[tuple[tuple[str, Any], ...], int] = field(default_factory=dict)
    # Those that have these names, as keys of places.
    people: set[str] = field(default_factory=set)
    customers: set[str] = field(default_factory=set)

    @property
    def difference(self) -> int:
        return self.clockify - self.quickbooks

    @property
    def explained(self) -> int:
        return sum(seconds for (_, _, known), seconds in self.causes.items() if known)

    @property
    def unexplained(self) -> int:
        return self.difference - self.explained

    @property
    def explanation(self) -> str:
        """Each cause with its signed minutes, and what none explains; "" where both sides are equal."""
        texts = [f"{words} {signed(seconds)}" for (_, words, _), seconds in self.causes.items()]
        left = self.difference - sum(self.causes.values())
        return "; ".join([*texts, *([f"Not explained {signed(left)}"] if left else [])])

    @property
    def keys(self) -> dict[str, list[str]]:
        """Whose rows these are, by ids: names change."""
        return {"people": sorted(self.people), "customers": sorted(filter(None, self.customers))}

    def add(self, line: Line) -> None:
        self.people.add(line.place.person)
        self.customers.add(line.place.customer)
        self.clockify += line.clockify
        self.quickbooks += line.quickbooks
        for cause in line.causes:
            key = cause.code, cause.words, cause.known
            self.causes[key] = self.causes.get(key, 0) + cause.seconds
        for side, money in enumerate((line.clockify_money, line.quickbooks_money)):
            if money is not None:
                amounts = list(self.amounts.get(money.currency, (Decimal(), Decimal())))
                amounts[side] += money.amount
                self.amounts[money.currency] = amounts[0], amounts[1]
        if line.activity is not None:
            self.activities.append(line.activity)
        if line.form:
            form = tuple(line.form.items())
            self.forms[form] = self.forms.get(form, 0) + line.quickbooks


@dataclass(frozen=True)
class Reconciliation:
    """Both sides of a period.

    `unreadable`: a sentence for each record that could not be read; its time counts as far as that could be.
    `cut_message`: why a side may not be whole; "" if it is.
    """

    first: date
    last: date
    rows: list[Row] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    cut_message: str = ""

    @property
    def clockify(self) -> int:
        return sum(row.clockify for row in self.rows)

    @property
    def quickbooks(self) -> int:
        return sum(row.quickbooks for row in self.rows)

    @property
    def difference(self) -> int:
        return self.clockify - self.quickbooks

    @property
    def explained(self) -> int:
        return sum(row.explained for row in self.rows)

    @property
    def unexplained(self) -> int:
        return self.difference - self.explained

    @property
    def is_proven(self) -> bool:
        """Whether every difference of every row is explained; opposite ones do not cancel out."""
        return not self.cut_message and not any(row.unexplained for row in self.rows)

    @property
    def summary(self) -> str:
        """Whether both sides add up, as a sentence."""
        if self.is_proven:
            return f"Both sides reconcile: {'every difference is explained' if self.difference else 'they are equal'}."
        if self.cut_message:
            return "Whether both sides reconcile is not known: not everything could be read."
        return f"Both sides do not reconcile: {signed(self.unexplained)} in all not explained."


def rows_of(lines: Iterable[Line], names: Callable[[Place], tuple[str, str]]) -> list[Row]:
    """Add the lines up by the names of person and customer and by day, in that order."""
    rows: dict[tuple[str, str, date], Row] = {}
    for line in lines:
        person, customer = names(line.place)
        key = person, customer, line.place.day
        rows.setdefault(key, Row(*key)).add(line)
    return [rows[key] for key in sorted(rows)]


def minutes(seconds: int) -> float | int:
    """Return seconds as minutes, whole ones as a whole number."""
    return seconds // MINUTE if seconds % MINUTE == 0 else seconds / MINUTE


def signed(seconds: int) -> str:
    """Return seconds as minutes of a difference, as `+7.50 min`."""
    return f"{'−' if seconds < 0 else '+'}{abs(seconds) / MINUTE:.2f} min"
