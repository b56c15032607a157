"""Order, list and search texts of the desk's open rows. Pure.

Computed once, when matching writes its rows, so that a page reads only the rows it shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol
from zlib import crc32

from mapping.matching import acceptance
from mapping.matching.row_json import first_in, suggestions_in

Key = tuple[str, str]

MAX_MINUTES = 10**9
# A filter on QuickBooks' side looks through this many suggestions of a row.
MAX_SEARCHED = 3


class OpenRow(Protocol):
    """A mismatch, with the fields that its place on the desk depends on."""

    kind: str
    reason: str
    clockify_id: str
    clockify_name: str
    clockify_client: str
    quickbooks_id: str
    quickbooks_name: str
    quickbooks_parent: str
    suggestions: Any
    blocked_minutes: int
    oldest_date: date | None
    has_link: bool
    suggested: bool
    group_minutes: int
    order_key: str
    search_left: str
    search_right: str


@dataclass(frozen=True)
class Around:
    """Facts about a workspace that the order of its rows depends on; keys are (kind, id) of either side."""

    linked: Collection[Key] = frozenset()
    ignored: Collection[Key] = frozenset()
    emails: Mapping[Key, str] = field(default_factory=dict)


def arrange(rows: Sequence[OpenRow], context: Around) -> None:
    """Set every row's order key, list and search texts; needs all rows of a workspace together."""
    describe(rows, context)
    keep_uncontested(rows, context)
    set_order_keys(rows, context)


def describe(rows: Iterable[OpenRow], context: Around) -> None:
    """Set what a row says by itself: its search texts, whether it has a link, and whether it may be suggested."""
    for row in rows:
        row.has_link = (row.kind, row.clockify_id) in context.linked
        row.suggested = acceptance.is_suggested(
            suggestions_in(row.suggestions),
            has_link=row.has_link,
            same_name=row.reason == "AMBIGUOUS_NAME",
            emails=(context.emails.get((row.kind, row.clockify_id), ""), _first_email(row, context)),
        )
        row.search_left, row.search_right = _search_texts(row, context)


def keep_uncontested(rows: Sequence[OpenRow], context: Around) -> None:
    """Suggest no partner that several described rows have; needs all rows that have one of these partners first."""
    partners = {
        position: (row.kind, *first_partner(row))
        for position, row in enumerate(rows)
        if row.suggested and (row.kind, row.clockify_id) not in context.ignored
    }
    for position in partners.keys() - acceptance.uncontested(partners):
        rows[position].suggested = False


def set_order_keys(rows: Sequence[OpenRow], context: Around) -> None:
    """Set the order keys of these rows; needs whole groups."""
    for kind in {row.kind for row in rows}:
        _set_order_keys([row for row in rows if row.kind == kind], context)


def first_partner(row: OpenRow) -> Key:
    """Return kind and id of the QuickBooks record that a row suggests first; two empty texts where it has none."""
    first = first_in(row.suggestions)
    return (first.kind, first.id) if first else ("", "")


def _first_email(row: OpenRow, context: Around) -> str:
    return context.emails.get(first_partner(row), "")


def _search_texts(row: OpenRow, context: Around) -> tuple[str, str]:
    """Return the texts that the filters on the left and on the right look through."""
    left = [row.clockify_name, row.clockify_client, context.emails.get((row.kind, row.clockify_id), "")]
    likely = [suggestion.name for suggestion in suggestions_in(row.suggestions[:MAX_SEARCHED])]
    right = [row.quickbooks_name, row.quickbooks_parent, *likely, _first_email(row, context)]
    return search_form("\n".join(filter(None, left))), search_form("\n".join(filter(None, right)))


def search_form(text: str) -> str:
    """Return the form in which filters compare texts: case does not count."""
    return text.strip().casefold()


# --- order -----------------------------------------------------------------------------------------------------
def _set_order_keys(rows: Iterable[OpenRow], context: Around) -> None:
    """Set order keys: groups by the minutes they hold, then by their oldest entry; rows in a group by the same rule.

    A row's key depends on its group alone, so a decision about one row leaves the keys of other groups unchanged, and
    their rows need not be written again (decision 9).
    """
    groups: dict[str, list[OpenRow]] = defaultdict(list)
    for row in rows:
        groups[group_key(row)].append(row)
    for key, members in groups.items():
        counted = [row for row in members if (row.kind, row.clockify_id) not in context.ignored]
        minutes = sum(row.blocked_minutes for row in counted)
        oldest = min((row.oldest_date for row in members if row.oldest_date), default=date.max)
        # Two long names may begin with the same 60 letters; the checksum keeps their groups apart.
        group = f"{_descending(minutes)}{oldest:%Y%m%d}{key[:60]}~{crc32(key.encode()):08x}~"
        for row in members:
            row.group_minutes = minutes
            day = row.oldest_date or date.max
            row.order_key = (
                f"{group}{_descending(row.blocked_minutes)}{day:%Y%m%d}{row.clockify_name[:60]}~{row.clockify_id}"
            )


def _descending(minutes: int) -> str:
    # As texts, because the key is one text: the most minutes get the smallest number and sort first.
    return f"{MAX_MINUTES - minutes:010d}"


def group_key(row: OpenRow) -> str:
    """Return what rows of one kind that stand together have in common."""
    if not row.clockify_id:
        return ""
    if row.clockify_client:
        return f"c {row.clockify_client}"
    # Users of one name are listed together, because a person tells them apart by comparing them.
    if row.kind == "user" and row.reason == "AMBIGUOUS_NAME":
        return f"n {row.clockify_name.strip()}"
    return f"r {row.clockify_id}"
