"""Counts of a tab's safe pairs, cached from one change of the mismatches to the next."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache

from integrations.models import Workspace
from mapping.decisions.preview import MappingSnapshot
from mapping.decisions.safe_pairs import SafePair, safe_pairs
from mapping.desk.index import CLIENTS, PEOPLE, PROJECTS
from mapping.models import Mismatch, NameIndex
from syncjobs.planning.forecast import forecast

CACHE_SECONDS = 24 * 3600
# A project is safe only along with its client, so the projects' tab accepts both.
KINDS_BY_TAB = {PEOPLE: ("user",), CLIENTS: ("client",), PROJECTS: ("client", "project")}


@dataclass(frozen=True)
class Safe:
    """A tab's safe rows as of the last evaluation: their keys, and the held entries and minutes they would unblock."""

    keys: frozenset[str] = frozenset()
    entries: int = 0
    minutes: int = 0

    @property
    def count(self) -> int:
        return len(self.keys)


def pairs_of(workspace: Workspace, tab: str, *, snapshot: MappingSnapshot | None = None) -> list[SafePair]:
    return safe_pairs(workspace, kinds=KINDS_BY_TAB[tab], snapshot=snapshot)


def known(workspace: Workspace, tab: str) -> Safe | None:
    """Return the cached counts, or None where nothing was counted since the last change.

    A page only calls this: counting reads both lists of names, which would slow every page.
    """
    cached = cache.get(_key(workspace, tab)) if tab in KINDS_BY_TAB else None
    return Safe(frozenset(cached[0]), cached[1], cached[2]) if cached is not None else None


def count(workspace: Workspace, tab: str) -> Safe:
    """Count what is safe now, and cache it for the next pages."""
    snapshot = MappingSnapshot.of_near_misses(workspace)
    pairs = pairs_of(workspace, tab, snapshot=snapshot)
    # The others hold no time that could go; a client may let the rule link projects that hold some.
    holding = [pair.choice for pair in pairs if pair.entries or pair.kind == "client"]
    unblocks = forecast(workspace, holding, snapshot=snapshot).unblocks if holding else None
    keys = [pair.key for pair in pairs]
    totals = (unblocks.entries, unblocks.minutes) if unblocks else (0, 0)
    cache.set(_key(workspace, tab), (keys, *totals), CACHE_SECONDS)
    return Safe(frozenset(keys), *totals)


def _key(workspace: Workspace, tab: str) -> str:
    """Return the cache key: every check rewrites the mismatches, and every decision moves the index of names on."""
    rows = Mismatch.objects.filter(workspace=workspace, company=workspace.company)
    seen_at = rows.values_list("seen_at", flat=True).first()
    timestamp = seen_at.timestamp() if seen_at else 0
    index = NameIndex.objects.filter(workspace=workspace).values_list("decision", "link").first() or (0, 0)
    return f"desk-safe-{tab}-{workspace.pk}-{workspace.company_id}-{timestamp}-{index[0]}-{index[1]}"
