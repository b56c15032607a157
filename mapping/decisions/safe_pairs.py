"""The open pairs that may be accepted together in one press; `matching.acceptance` says what makes a pair safe."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.models import Workspace
from mapping.decisions.batch import Applied, Choice, apply
from mapping.decisions.preview import MappingSnapshot
from mapping.matching import acceptance
from mapping.queries import links_of, mismatches_of


@dataclass(frozen=True, slots=True)
class SafePair:
    """One pair of the sheet. `follows`: the client that has to be accepted with it; minutes and entries are held."""

    kind: str
    clockify_id: str
    name: str
    client_name: str
    quickbooks_kind: str
    quickbooks_id: str
    quickbooks_name: str
    why: str
    follows: str = ""
    minutes: int = 0
    entries: int = 0

    @property
    def key(self) -> str:
        """As the desk's rows are keyed."""
        return f"{self.kind}-{self.clockify_id}"

    @property
    def choice(self) -> Choice:
        return Choice("link", self.kind, self.clockify_id, self.quickbooks_id)


def safe_pairs(workspace: Workspace, *, kinds: Collection[str] = ("user", "client", "project")) -> list[SafePair]:
    """The safe pairs as of now, those that hold back most first; five-odd queries whatever their number."""
    held = {
        (kind, clockify_id): (minutes, entries)
        for kind, clockify_id, minutes, entries in mismatches_of(workspace).values_list(
            "kind", "clockify_id", "blocked_minutes", "blocked_entries"
        )
    }
    linked = set(links_of(workspace).filter(kind="client", suspended="").values_list("clockify_id", flat=True))
    pairs = []
    for left, right, why in MappingSnapshot(workspace).forgiven():
        if left.kind not in kinds or not acceptance.is_safe(left, right):
            continue
        minutes, entries = held.get((left.kind, left.id), (0, 0))
        pairs.append(
            SafePair(
                kind=left.kind,
                clockify_id=left.id,
                name=left.name,
                client_name=left.client_name,
                quickbooks_kind=right.kind,
                quickbooks_id=right.id,
                quickbooks_name=right.name,
                why=why,
                follows=left.client_id if left.client_id and left.client_id not in linked else "",
                minutes=minutes,
                entries=entries,
            )
        )
    clients = {pair.clockify_id for pair in pairs if pair.kind == "client"}
    pairs = [pair for pair in pairs if not pair.follows or pair.follows in clients]
    return sorted(pairs, key=lambda one: (-one.minutes, one.kind, one.name.casefold(), one.clockify_id))


def among(pairs: Collection[SafePair], keys: Collection[str] | None) -> tuple[list[SafePair], list[tuple[str, str]]]:
    """Of the safe pairs those with these keys (None: all), and the keys left out, each with a sentence."""
    wanted = {pair.key for pair in pairs} if keys is None else set(keys)
    chosen = [pair for pair in pairs if pair.key in wanted]
    clients = {pair.clockify_id for pair in chosen if pair.kind == "client"}
    kept = [pair for pair in chosen if not pair.follows or pair.follows in clients]
    left_out = [
        (pair.key, f"{pair.name} waits for its client {pair.client_name}; accept that as well.")
        for pair in chosen
        if pair not in kept
    ]
    known = {pair.key for pair in pairs}
    left_out += [(key, "It is not safe any more; look at it again.") for key in sorted(wanted - known)]
    return kept, left_out


def accept_safe(
    workspace: Workspace,
    *,
    keys: Collection[str] | None = None,
    now: datetime,
    person: Any = None,
    note: str = "",
) -> tuple[Applied, list[tuple[str, str]]]:
    """Link all safe pairs, or those of `keys`, as one batch; found anew now, so that only what is still safe is linked.

    Gives the batch and the keys left out with a sentence each. The caller judges the entries anew afterwards.
    """
    kept, left_out = among(safe_pairs(workspace), keys)
    words = note or "Accepted with all safe ones."
    return apply(workspace, [pair.choice for pair in kept], now=now, person=person, note=words), left_out
