"""A comparison's table as the template shows it: groups, what explains each, and what is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from integrations.models import Company, Workspace
from integrations.unnamed import named
from syncjobs.display import formatting, vendor_links
from syncjobs.rules.proof.proof_table import LABELS, OpenItem, Sums, Table
from syncjobs.rules.proof.reconciliation import NOT_OURS
from syncjobs.rules.reasons import form_text

VIEWS = {"people": "Person", "customers": "Customer", "days": "Day"}
TABS = {"people": "People", "customers": "Customers", "days": "Days"}
ROUNDING = LABELS["ROUNDING"].casefold()
CAUSES_SHOWN = 2
FORMS_SHOWN = 3
NOBODY = {"people": named(""), "customers": "No customer", "days": ""}


@dataclass(frozen=True)
class ShownCause:
    """A cause with its hours. `is_open`: nobody explained it."""

    text: str
    seconds: int
    is_open: bool = False


@dataclass(frozen=True)
class ShownRow:
    """One line of the table. `children`: the lines that it opens to, if it is open."""

    name: str
    is_named: bool
    sums: Sums
    causes: list[ShownCause]
    more: list[ShownCause]
    amounts: list[dict[str, str]]
    forms: list[tuple[str, str]]
    key: str = ""
    is_open: bool = False
    children: tuple[ShownRow, ...] = ()


@dataclass(frozen=True)
class ShownItem:
    """An activity that asks for a note, as a sentence."""

    item: OpenItem
    text: str
    url: str


def groups(table: Table, company: Company | None, *, view: str, opened: str) -> list[ShownRow]:
    """Return the groups of a view.

    `company`: whose invoices billed the time; `opened`: the key of the one to open, `all`, or "" for the first that
    asks.
    """
    found = table.groups(by_name=view == "days")
    if not opened and found and found[0].is_open:
        opened = _key(found[0])
    return [_row(group, company, view=view, opened=opened) for group in found]


def total_causes(total: Sums) -> list[ShownCause]:
    """Return the causes of the whole period with what is not explained last; they add up to the difference."""
    causes = [ShownCause(label, seconds) for label, seconds in total.shown_causes]
    causes += [ShownCause("Not explained", total.left, is_open=True)] if total.is_open else []
    return _as_shown(causes, total)


def explained(total: Sums) -> int:
    """Return how much of the shown difference is explained."""
    return formatting.shown_difference(total.clockify, total.quickbooks) - formatting.as_shown(total.left)


def _as_shown(causes: Sequence[ShownCause], sums: Sums) -> list[ShownCause]:
    """Return the causes as columns show them, so that they add up to the difference that is shown.

    What rounding to two decimals leaves over counts as rounding of time, or goes with the largest cause.
    """
    shown = [replace(cause, seconds=formatting.as_shown(cause.seconds)) for cause in causes]
    left = formatting.shown_difference(sums.clockify, sums.quickbooks) - sum(cause.seconds for cause in shown)
    if not left or not shown:
        return shown
    index = max(range(len(shown)), key=lambda n: _takes_rounding(shown[n]))
    shown[index] = replace(shown[index], seconds=shown[index].seconds + left)
    return shown


def _takes_rounding(cause: ShownCause) -> tuple[bool, bool, int]:
    return cause.text.casefold() == ROUNDING, not cause.is_open, abs(cause.seconds)


def items(workspace: Workspace, open_items: Sequence[OpenItem]) -> list[ShownItem]:
    """Return what is not explained, as the page names it."""
    return [
        ShownItem(item, _sentence(item), vendor_links.record_url(workspace, "activity", item.activity))
        for item in open_items
    ]


def _row(sums: Sums, company: Company | None, *, view: str, opened: str, is_child: bool = False) -> ShownRow:
    causes = _causes(sums, is_child=is_child)
    is_open = not is_child and opened in {_key(sums), "all"}
    children: Sequence[Sums] = ()
    if is_open:
        children = sorted(
            sums.children.values(), key=lambda child: (not child.is_open, -abs(child.difference), child.name)
        )
    child_view = "customers" if view == "people" else "people"
    return ShownRow(
        name=_name(sums.name, view),
        is_named=bool(sums.name),
        sums=sums,
        causes=causes[:CAUSES_SHOWN],
        more=causes[CAUSES_SHOWN:],
        amounts=amounts(sums),
        forms=_forms(sums, company) if is_child else [],
        key=_key(sums),
        is_open=is_open,
        children=tuple(_row(child, company, view=child_view, opened="", is_child=True) for child in children),
    )


def _key(sums: Sums) -> str:
    """Return the name of a group in addresses, which have no empty ones."""
    return sums.name or "-"


def _causes(sums: Sums, *, is_child: bool) -> list[ShownCause]:
    """Return what explains a line, and first what does not: in full where there is room, as labels in sums."""
    named = sums.words if is_child and len(sums.words) <= CAUSES_SHOWN else sums.causes
    largest = sorted(named.items(), key=lambda one: -abs(one[1]))
    causes = [ShownCause(f"{text[:1].lower()}{text[1:]}", seconds) for text, seconds in largest]
    causes = [ShownCause("not explained", sums.left, is_open=True), *causes] if sums.is_open else causes
    return _as_shown(causes, sums)


def _name(name: str, view: str) -> str:
    return formatting.day(date.fromisoformat(name)) if view == "days" else name or NOBODY[view]


def _forms(sums: Sums, company: Company | None) -> list[tuple[str, str]]:
    """Return text and address of the invoices that billed its time."""
    forms = [(form_text(facts), vendor_links.form_url(facts, company)) for facts in sums.forms.values()]
    rest = len(forms) - FORMS_SHOWN
    return forms[:FORMS_SHOWN] + ([(f"{rest} more", "")] if rest > 0 else [])


def _sentence(one: OpenItem) -> str:
    length = formatting.duration(abs(one.seconds) // 60)
    what = "was not sent from here" if one.code == NOT_OURS else "is not as it was sent, and nothing says why"
    customer = one.customer or "no customer"
    return f"activity {one.activity}, {one.user}, {customer}, {formatting.day(one.day)}, {length}, {what}"


def amounts(total: Sums) -> list[dict[str, str]]:
    """Return the amounts of each currency on both sides, and their difference."""
    sides = ("clockify", "quickbooks", "difference")
    return [
        {side: formatting.money({currency: amount}) for side, amount in zip(sides, figures, strict=True)}
        for currency, *figures in total.amount_lines
    ]
