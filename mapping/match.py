"""Who belongs together: both sides, the links there are and people's decisions in; links and mismatches out."""

from __future__ import annotations

from collections.abc import Sequence

from mapping.match_records import (
    ClockifyRecord,
    KnownLink,
    Mismatch,
    NewLink,
    Outcome,
    QuickBooksRecord,
    Stance,
    Suggestion,
)

__all__ = [
    "ClockifyRecord",
    "KnownLink",
    "Mismatch",
    "NewLink",
    "Outcome",
    "QuickBooksRecord",
    "Stance",
    "Suggestion",
    "match",
]


def match(
    clockify: Sequence[ClockifyRecord],
    quickbooks: Sequence[QuickBooksRecord],
    links: Sequence[KnownLink],
    stances: Sequence[Stance],
    *,
    mode: str = "strict",
) -> Outcome:
    """Decide which pairs to link and why the rest stay apart."""
    raise NotImplementedError("matching rules follow")
