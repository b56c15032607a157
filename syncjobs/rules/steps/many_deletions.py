"""How many deletions at once a person has to decide about, and the warnings that say so. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncjobs.rules.codes import Code

# More deletions than both limits look like lost permissions or a slip in bulk, not like what people mean.
MAX_DELETIONS = 20
MAX_SHARE = 0.1

# Warnings of a run: of entries gone from Clockify, and of entries that are no longer billable work.
MANY_MISSING, MANY_DELETIONS = Code.MANY_MISSING, "MANY_DELETIONS"
WARNINGS = (MANY_MISSING, MANY_DELETIONS)


def are_many(deletions: int, sent: int) -> bool:
    """Return True if a person has to decide about this number of deletions among the window's sent entries."""
    return deletions > MAX_DELETIONS and deletions > sent * MAX_SHARE


def waiting(figures: Mapping[str, Any]) -> int:
    """Return how many deletions of a sync wait for review."""
    return sum(int(figures.get("warnings", {}).get(name, 0)) for name in WARNINGS)


def in_doubt(figures: Mapping[str, Any]) -> int:
    """Return how many entries have a write without a clear answer: `unknown` also counts entries that wait."""
    return int(figures["unknown"]) - int(figures.get("warnings", {}).get(MANY_DELETIONS, 0))
