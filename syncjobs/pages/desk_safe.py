"""How many rows are safe to accept, kept between two changes so that no page has to count them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Max

from integrations.models import Workspace
from mapping.models import Mismatch
from mapping.safe import SafePair

KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Safe:
    """The safe rows as of the last evaluation: their keys."""

    keys: frozenset[str]

    @property
    def count(self) -> int:
        return len(self.keys)


def known(workspace: Workspace) -> Safe | None:
    """What is safe, if it was counted since anything changed; a page never counts it, since that reads both lists."""
    kept = cache.get(_key(workspace))
    return Safe(frozenset(kept)) if kept is not None else None


def keep(workspace: Workspace, pairs: Sequence[SafePair]) -> Safe:
    """What is safe as of now, for the pages that follow."""
    keys = [pair.key for pair in pairs]
    cache.set(_key(workspace), keys, KEPT_SECONDS)
    return Safe(frozenset(keys))


def _key(workspace: Workspace) -> str:
    """Every check and decision writes the mismatches anew."""
    latest: Any = Mismatch.objects.filter(workspace=workspace, company=workspace.company).aggregate(at=Max("seen_at"))
    moment = latest["at"].timestamp() if latest["at"] else 0
    return f"desk-safe-{workspace.pk}-{workspace.company_id}-{moment}"
