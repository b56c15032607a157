"""What the commands `mismatches` and `mapping` print as JSON; the contract with those who read it."""

from __future__ import annotations

from typing import TypedDict

from integrations.models import Workspace
from mapping.matching.records import MismatchFacts
from mapping.matching.row_json import facts_in, suggestions_in
from mapping.models import Mismatch
from mapping.queries import KINDS, PLURALS, links_of


class ClockifySide(TypedDict):
    """The record in Clockify; `client` is its client's name, "" for none."""

    id: str
    name: str
    client: str


class QuickBooksSide(TypedDict):
    """The record in QuickBooks; `parent` is its parent customer's name, "" for none."""

    id: str
    name: str
    parent: str


class SuggestionJson(TypedDict):
    """A likely partner; `score` is from 0 to 1."""

    id: str
    name: str
    score: float
    why: str
    kind: str


class MismatchJson(TypedDict):
    """One line of `mismatches --json`."""

    kind: str
    reason: str
    clockify: ClockifySide | None
    quickbooks: QuickBooksSide | None
    suggestions: list[SuggestionJson]
    blocked_minutes: int
    blocked_entries: int
    detail: MismatchFacts


class LinkJson(TypedDict):
    """One link of `mapping --json`."""

    clockify_id: str
    clockify_name: str
    quickbooks_id: str
    quickbooks_name: str
    quickbooks_kind: str
    by: str
    suspended: bool


def mismatch_json(row: Mismatch) -> MismatchJson:
    """Return one line of `mismatches --json`."""
    clockify: ClockifySide = {"id": row.clockify_id, "name": row.clockify_name, "client": row.clockify_client}
    quickbooks: QuickBooksSide = {
        "id": row.quickbooks_id,
        "name": row.quickbooks_name,
        "parent": row.quickbooks_parent,
    }
    return {
        "kind": row.kind,
        "reason": row.reason,
        "clockify": clockify if row.clockify_id else None,
        "quickbooks": quickbooks if row.quickbooks_id else None,
        "suggestions": [
            {
                "id": suggestion.id,
                "name": suggestion.name,
                "score": suggestion.score,
                "why": suggestion.why,
                "kind": suggestion.kind,
            }
            for suggestion in suggestions_in(row.suggestions)
        ],
        "blocked_minutes": row.blocked_minutes,
        "blocked_entries": row.blocked_entries,
        "detail": facts_in(row.detail),
    }


def mapping_json(workspace: Workspace) -> dict[str, list[LinkJson]]:
    """Return the whole output of `mapping --json`: links by kind."""
    links_by_kind: dict[str, list[LinkJson]] = {PLURALS[kind]: [] for kind in KINDS}
    for link in links_of(workspace).order_by("kind", "clockify_name", "clockify_id"):
        links_by_kind[PLURALS[link.kind]].append(
            {
                "clockify_id": link.clockify_id,
                "clockify_name": link.clockify_name,
                "quickbooks_id": link.quickbooks_id,
                "quickbooks_name": link.quickbooks_name,
                "quickbooks_kind": link.quickbooks_kind,
                "by": link.by,
                "suspended": bool(link.suspended),
            }
        )
    return links_by_kind
