"""How open rows stand on the desk: in which order, in which list, and by which words a filter finds them. Pure.

Worked out once, when matching writes its rows, so that a page reads only the rows it shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol
from zlib import crc32

from mapping.matching import acceptance

Key = tuple[str, str]

MAX_MINUTES = 10**9
# So many suggestions are found by a filter on the right.
FOUND_BY = 3


class Open(Protocol):
    """A mismatch, as far as its place on the desk depends on it."""

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
    """What the rows' places depend on besides themselves: keys are kinds and ids, of either side."""

    linked: Collection[Key] = frozenset()
    ignored: Collection[Key] = frozenset()
    emails: Mapping[Key, str] = field(default_factory=dict)


def arrange(rows: Sequence[Open], around: Around) -> None:
    """Give every row its place, its list and its words; all rows of a workspace together."""
    for row in rows:
        row.has_link = (row.kind, row.clockify_id) in around.linked
        row.suggested = acceptance.is_suggested(
            row.suggestions,
            has_link=row.has_link,
            same_name=row.kind == "user" and row.reason == "AMBIGUOUS_NAME",
            emails=(around.emails.get((row.kind, row.clockify_id), ""), _first_email(row, around)),
        )
        row.search_left, row.search_right = _words(row, around)
    for kind in {row.kind for row in rows}:
        _put_in_order([row for row in rows if row.kind == kind], around)


def _first_email(row: Open, around: Around) -> str:
    first = row.suggestions[0] if row.suggestions else {}
    return around.emails.get((str(first.get("kind")), str(first.get("id"))), "")


def _words(row: Open, around: Around) -> tuple[str, str]:
    """What filters look through on the left and on the right."""
    left = [row.clockify_name, row.clockify_client, around.emails.get((row.kind, row.clockify_id), "")]
    likely = [str(one.get("name", "")) for one in row.suggestions[:FOUND_BY]]
    right = [row.quickbooks_name, row.quickbooks_parent, *likely, _first_email(row, around)]
    return searched("\n".join(filter(None, left))), searched("\n".join(filter(None, right)))


def searched(text: str) -> str:
    """As texts are compared by filters: whatever the case of their letters."""
    return text.strip().casefold()


# --- order -----------------------------------------------------------------------------------------------------
def _put_in_order(rows: Iterable[Open], around: Around) -> None:
    """Groups by the time they hold back, then by their oldest entry; within a group likewise.

    Each row's key depends on its group alone, so that a decision about one row leaves the others' as they are.
    """
    groups: dict[str, list[Open]] = defaultdict(list)
    for row in rows:
        groups[_together(row)].append(row)
    for name, members in groups.items():
        counted = [row for row in members if (row.kind, row.clockify_id) not in around.ignored]
        minutes = sum(row.blocked_minutes for row in counted)
        oldest = min((row.oldest_date for row in members if row.oldest_date), default=date.max)
        # Two groups may begin alike, and must not mix.
        group = f"{_falling(minutes)}{oldest:%Y%m%d}{name[:60]}~{crc32(name.encode()):08x}~"
        for row in members:
            row.group_minutes = minutes
            day = row.oldest_date or date.max
            row.order_key = (
                f"{group}{_falling(row.blocked_minutes)}{day:%Y%m%d}{row.clockify_name[:60]}~{row.clockify_id}"
            )


def _falling(minutes: int) -> str:
    """So that texts sort the most first."""
    return f"{MAX_MINUTES - minutes:010d}"


def _together(row: Open) -> str:
    if not row.clockify_id:
        return ""
    if row.clockify_client:
        return f"c {row.clockify_client}"
    # Users of one name stand together, since they are told apart by each other.
    if row.kind == "user" and row.reason == "AMBIGUOUS_NAME":
        return f"n {row.clockify_name.strip()}"
    return f"r {row.clockify_id}"
