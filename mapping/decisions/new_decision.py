"""A decision as one value, from the page or command where somebody takes it to the row of history that keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from integrations.models import Workspace
from mapping.models import Link
from mapping.queries import Key, links_of


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision about one record that is not taken yet; `Decision` is the row of one that was.

    `kind` and `clockify_id`: the record, in QuickBooks where only QuickBooks has it. `partner`: kind and id of the
    QuickBooks record to link to. `person`: None for a command. `version`: of the row on which the person decided
    (`versions`), "" where no page was shown.
    """

    workspace: Workspace
    kind: str
    clockify_id: str
    at: datetime
    partner: Key | None = None
    person: Any = None
    note: str = ""
    batch: UUID | None = None
    version: str = ""

    @property
    def record(self) -> dict[str, str]:
        """The record, as the columns of links, overrides and history name it."""
        return {"kind": self.kind, "clockify_id": self.clockify_id}

    @property
    def key(self) -> str:
        """The key that the record's row has on the desk."""
        return f"{self.kind}-{self.clockify_id}"

    def link(self) -> QuerySet[Link]:
        """Return the link that the record has now, if any."""
        return links_of(self.workspace).filter(**self.record)
