"""Links and mismatches as the JSON that commands print."""

from __future__ import annotations

from typing import Any

from integrations.models import Workspace
from mapping.models import Mismatch
from mapping.queries import KINDS, PLURALS, links_of


def mismatch(row: Mismatch) -> dict[str, Any]:
    """One line of `mismatches --json`."""
    left = {"id": row.clockify_id, "name": row.clockify_name, "client": row.clockify_client}
    right = {"id": row.quickbooks_id, "name": row.quickbooks_name, "parent": row.quickbooks_parent}
    suggested = ("id", "name", "score", "why", "kind")
    return {
        "kind": row.kind,
        "reason": row.reason,
        "clockify": left if row.clockify_id else None,
        "quickbooks": right if row.quickbooks_id else None,
        "suggestions": [{name: one.get(name) for name in suggested} for one in row.suggestions],
        "blocked_minutes": row.blocked_minutes,
        "blocked_entries": row.blocked_entries,
        "detail": row.detail,
    }


def mapping(workspace: Workspace) -> dict[str, list[dict[str, Any]]]:
    """All of `mapping --json`: links by kind."""
    shown: dict[str, list[dict[str, Any]]] = {PLURALS[kind]: [] for kind in KINDS}
    for link in links_of(workspace).order_by("kind", "clockify_name", "clockify_id"):
        shown[PLURALS[link.kind]].append(
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
    return shown
