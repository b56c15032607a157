"""Decisions as values, so that several can be applied as one batch or previewed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.models import Workspace
from mapping.decisions import decide
from mapping.decisions.new_decision import NewDecision
from mapping.errors import Refused
from mapping.queries import Key

ACTIONS: Mapping[str, Callable[[NewDecision], list[str] | None]] = {
    "link": decide.link,
    "confirm": decide.confirm,
    "unlink": decide.unlink,
    "ignore": decide.ignore,
    "stop_ignoring": decide.stop_ignoring,
}
# Clients go before projects, whose decisions look at their client's link.
ORDER = {"user": 0, "client": 1, "project": 2}


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision about one Clockify record; `quickbooks_id` is set for links only, a vendor's if `vendor`.

    `version` is that of the row on which a person decided, "" where no page was shown.
    """

    verb: str
    kind: str
    clockify_id: str
    quickbooks_id: str = ""
    vendor: bool = False
    version: str = field(default="", compare=False)

    @property
    def kind_and_id(self) -> Key:
        return self.kind, self.clockify_id

    @property
    def quickbooks_kind(self) -> str:
        if self.kind != "user":
            return "customer"
        return "vendor" if self.vendor else "employee"

    def decision(
        self, workspace: Workspace, *, at: datetime, person: Any = None, note: str = "", batch: uuid.UUID | None = None
    ) -> NewDecision:
        """Return the choice as a decision of that person."""
        # A vendor for who is no user is refused, so that no customer of the same id is linked instead.
        partner = ("vendor" if self.vendor else self.quickbooks_kind, self.quickbooks_id)
        return NewDecision(
            workspace,
            self.kind,
            self.clockify_id,
            at=at,
            partner=partner if self.verb == "link" else None,
            person=person,
            note=note,
            batch=batch,
            version=self.version,
        )


@dataclass
class Applied:
    """Result of a batch: its id, the number of decisions taken, warnings, and refused choices with their messages."""

    batch: uuid.UUID
    taken: int = 0
    warnings: list[str] = field(default_factory=list)
    refused: list[tuple[Choice, str]] = field(default_factory=list)


def ordered(choices: Iterable[Choice]) -> list[Choice]:
    """Return the choices in the order a batch applies them: each once, users, then clients, then projects."""
    return sorted(
        set(choices),
        key=lambda choice: (ORDER.get(choice.kind, 9), choice.clockify_id, choice.verb, choice.quickbooks_id),
    )


def take(verb: str, decision: NewDecision) -> list[str]:
    """Take one decision and return warnings in sentences. Raises Refused."""
    if verb not in ACTIONS:
        raise Refused("Nothing was chosen.")
    return ACTIONS[verb](decision) or []


def apply(
    workspace: Workspace, choices: Iterable[Choice], *, now: datetime, person: Any = None, note: str = ""
) -> Applied:
    """Apply several decisions as one batch that can be undone together; the caller evaluates entries again afterwards.

    A refused choice does not stop the others; it is returned with its message.
    """
    applied = Applied(uuid.uuid4())
    for choice in ordered(choices):
        # Each decision is a transaction of its own, so a refused one leaves nothing half done.
        decision = choice.decision(workspace, at=now, person=person, note=note, batch=applied.batch)
        try:
            applied.warnings += take(choice.verb, decision)
        except Refused as refusal:
            applied.refused.append((choice, str(refusal)))
        else:
            applied.taken += 1
    return applied
