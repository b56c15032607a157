"""How much is safe to accept on a tab, kept between two changes so that no page has to count it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

from integrations.models import Workspace
from mapping.decisions.safe_pairs import SafePair, safe_pairs
from mapping.desk.index import CLIENTS, PEOPLE, PROJECTS
from mapping.models import Mismatch
from syncjobs.planning.forecast import forecast

KEPT_SECONDS = 24 * 3600
# Projects are shown under their clients, so theirs go along.
KINDS = {PEOPLE: ("user",), CLIENTS: ("client",), PROJECTS: ("client", "project")}


@dataclass(frozen=True)
class Safe:
    """A tab's safe rows as of the last evaluation: their keys, and what accepting all would free."""

    keys: frozenset[str] = frozenset()
    entries: int = 0
    minutes: int = 0

    @property
    def count(self) -> int:
        return len(self.keys)


def pairs_of(workspace: Workspace, tab: str) -> list[SafePair]:
    return safe_pairs(workspace, kinds=KINDS[tab])


def known(workspace: Workspace, tab: str) -> Safe | None:
    """What is safe, if it was counted since anything changed; a page never counts it, since that reads both lists."""
    kept = cache.get(_key(workspace, tab)) if tab in KINDS else None
    return Safe(frozenset(kept[0]), kept[1], kept[2]) if kept is not None else None


def count(workspace: Workspace, tab: str, *, now: datetime) -> Safe:
    """What is safe as of now, kept for the pages that follow."""
    pairs = pairs_of(workspace, tab)
    unblocks = forecast(workspace, [one.choice for one in pairs], now=now).unblocks if pairs else None
    keys = [pair.key for pair in pairs]
    figures = (unblocks.entries, unblocks.minutes) if unblocks else (0, 0)
    cache.set(_key(workspace, tab), (keys, *figures), KEPT_SECONDS)
    return Safe(frozenset(keys), *figures)


def _key(workspace: Workspace, tab: str) -> str:
    """Every check and decision writes the mismatches anew."""
    rows = Mismatch.objects.filter(workspace=workspace, company=workspace.company)
    written = rows.values_list("seen_at", flat=True).first()
    moment = written.timestamp() if written else 0
    return f"desk-safe-{tab}-{workspace.pk}-{workspace.company_id}-{moment}"
