"""QuickBooks records as options on the desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mapping.matching.names import strip_deleted
from mapping.models import Link


@dataclass(frozen=True)
class Option:
    """A QuickBooks record that may be linked, as a page offers it."""

    kind: str
    id: str
    name: str
    full_name: str
    active: bool
    email: str = ""
    since: Any = None  # when it was first seen inactive
    score: float = 0.0
    why: str = ""

    @property
    def value(self) -> str:
        return f"{self.kind}:{self.id}"

    @property
    def parent(self) -> str:
        """A sub-customer's parent: the full name without its own."""
        return self.full_name.rpartition(":")[0] if ":" in self.full_name else ""

    @property
    def percent(self) -> int:
        return round(self.score * 100)


def option(kind: str, row: Any) -> Option:
    """Return the option for a mirrored row of that kind."""
    name = row.name if row.active else strip_deleted(row.name)
    return Option(
        kind=kind,
        id=row.quickbooks_id,
        name=name,
        full_name=getattr(row, "full_name", "") or name,
        active=row.active and row.gone_at is None,
        email=getattr(row, "email", ""),
        since=row.inactive_since,
    )


def gone_option(link: Link) -> Option:
    """Return an option for a partner that the mirror no longer has, as it was when linked."""
    return Option(link.quickbooks_kind, link.quickbooks_id, link.quickbooks_name, link.quickbooks_name, active=False)
