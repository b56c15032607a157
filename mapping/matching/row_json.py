"""The likely partners and facts that rows keep as JSON: written and read here only.

The keys are those of stored rows, which must not change. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict, cast

from mapping.matching.records import MismatchFacts, MismatchFound, Obstacle, Suggestion
from mapping.matching.suggest import OBSTACLE_WORDS, SAME_ADDRESS


class SuggestionRow(TypedDict):
    """One likely partner of `Mismatch.suggestions` or `LikelyFound.found`. Old rows lack the last two keys."""

    id: str
    name: str
    score: float  # 0 to 1
    why: str
    kind: str
    obstacle: str  # of `Obstacle`, "" for none
    same_address: bool


def suggestion_rows(suggestions: Iterable[Suggestion]) -> list[SuggestionRow]:
    """Return suggestions as rows keep them, in their order."""
    return [
        {
            "id": suggestion.id,
            "name": suggestion.name,
            "score": suggestion.score,
            "why": suggestion.why,
            "kind": suggestion.kind,
            "obstacle": suggestion.obstacle or "",
            "same_address": suggestion.same_address,
        }
        for suggestion in suggestions
    ]


def suggestions_in(stored: Iterable[Mapping[str, Any]]) -> tuple[Suggestion, ...]:
    """Return the suggestions that a row keeps, the likeliest first, whichever version saved it."""
    return tuple(map(_suggestion, stored))


def first_in(stored: Sequence[Mapping[str, Any]]) -> Suggestion | None:
    """Return the likeliest partner that a row keeps, None where it has none."""
    return _suggestion(stored[0]) if stored else None


def facts_row(finding: MismatchFound, *, from_entries: bool) -> MismatchFacts:
    """Return what a row keeps of a finding; `from_entries`: its record is known from time entries only."""
    return {**finding.detail, "from_entries": "yes"} if from_entries else finding.detail


def facts_in(stored: Mapping[str, str]) -> MismatchFacts:
    """Return the facts that a row keeps; those that a later version named first are missing in old rows."""
    return cast(MismatchFacts, stored)


def _suggestion(stored: Mapping[str, Any]) -> Suggestion:
    why = str(stored.get("why", ""))
    return Suggestion(
        id=str(stored.get("id")),
        name=str(stored.get("name", "")),
        score=float(stored.get("score") or 0),
        why=why,
        kind=str(stored.get("kind")),
        obstacle=_obstacle(stored["obstacle"]) if "obstacle" in stored else _obstacle_in(why),
        same_address=stored.get("same_address", why.startswith(SAME_ADDRESS)),
    )


def _obstacle(key: str) -> Obstacle | None:
    """Return the obstacle of this key; None for none, and for one that a later version named."""
    return next((obstacle for obstacle in Obstacle if obstacle == key), None)


def _obstacle_in(why: str) -> Obstacle | None:
    """Return what an old row says in words only."""
    return next((obstacle for obstacle, text in OBSTACLE_WORDS.items() if text in why), None)
