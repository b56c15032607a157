"""Decisions that a person thinks of taking: applied together as a batch, or only foreseen."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.models import Workspace
from mapping.decisions import decide
from mapping.errors import Refused

VERBS = ("link", "confirm", "unlink", "ignore", "stop_ignoring")
# Clients go first, since their projects' decisions may look at them.
ORDER = {"user": 0, "client": 1, "project": 2}


@dataclass(frozen=True, slots=True)
class Choice:
    """One verb of the desk on one Clockify record; `quickbooks_id` for links only, of a vendor if `vendor`."""

    verb: str
    kind: str
    clockify_id: str
    quickbooks_id: str = ""
    vendor: bool = False

    @property
    def quickbooks_kind(self) -> str:
        if self.kind != "user":
            return "customer"
        return "vendor" if self.vendor else "employee"


@dataclass
class Applied:
    """What came of a batch: its id, how many decisions were taken, warnings, and what was refused with the sentence."""

    batch: uuid.UUID
    taken: int = 0
    warnings: list[str] = field(default_factory=list)
    refused: list[tuple[Choice, str]] = field(default_factory=list)


def in_order(choices: Iterable[Choice]) -> list[Choice]:
    """As a batch takes them: each once, users, then clients, then projects."""
    return sorted(set(choices), key=lambda one: (ORDER.get(one.kind, 9), one.clockify_id, one.verb, one.quickbooks_id))


def take(
    workspace: Workspace,
    choice: Choice,
    *,
    now: datetime,
    person: Any = None,
    note: str = "",
    batch: uuid.UUID | None = None,
) -> list[str]:
    """Take one decision; gives warnings in sentences. Raises Refused."""
    facts: dict[str, Any] = {"now": now, "person": person, "note": note, "batch": batch}
    key = (workspace, choice.kind, choice.clockify_id)
    if choice.verb == "link":
        return decide.link(*key, choice.quickbooks_id, vendor=choice.vendor, **facts)
    if choice.verb == "confirm":
        return decide.confirm(*key, **facts)
    if choice.verb not in VERBS:
        raise Refused("Nothing was chosen.")
    plain = {"unlink": decide.unlink, "ignore": decide.ignore, "stop_ignoring": decide.stop_ignoring}
    plain[choice.verb](*key, **facts)
    return []


def apply(
    workspace: Workspace, choices: Iterable[Choice], *, now: datetime, person: Any = None, note: str = ""
) -> Applied:
    """Take several decisions as one batch with an undo of its own; the caller judges the entries anew afterwards.

    What can't be decided so is left as it is and comes back with its sentence.
    """
    applied = Applied(uuid.uuid4())
    for choice in in_order(choices):
        try:
            applied.warnings += take(workspace, choice, now=now, person=person, note=note, batch=applied.batch)
        except Refused as refusal:
            applied.refused.append((choice, str(refusal)))
        else:
            applied.taken += 1
    return applied
