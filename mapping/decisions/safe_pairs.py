"""The safe pairs, which may all be accepted together; `matching.acceptance` defines safe."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from integrations.models import Workspace
from mapping.decisions.batch import Applied, Choice, apply
from mapping.decisions.new_decision import NewDecision
from mapping.decisions.preview import MappingSnapshot
from mapping.decisions.versions import refuse_if_moved
from mapping.errors import Moved
from mapping.matching import acceptance
from mapping.queries import links_of, mismatches_of


@dataclass(frozen=True, slots=True)
class SafePair:
    """One safe pair with its held minutes and entries. `follows`: the client that must be accepted with it."""

    kind: str
    clockify_id: str
    name: str
    client_id: str
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
        """The same key as the record's row has on the desk."""
        return f"{self.kind}-{self.clockify_id}"

    @property
    def choice(self) -> Choice:
        return Choice("link", self.kind, self.clockify_id, self.quickbooks_id)


def safe_pairs(
    workspace: Workspace,
    *,
    kinds: Collection[str] = ("user", "client", "project"),
    snapshot: MappingSnapshot | None = None,
) -> list[SafePair]:
    """Return the safe pairs as of now, those that hold the most minutes first, in a fixed number of queries.

    `snapshot`: that of the near misses, where the caller has read it.
    """
    waiting = mismatches_of(workspace).exclude(clockify_id="").exclude(blocked_entries=0).order_by()
    held = {
        (kind, clockify_id): (minutes, entries)
        for kind, clockify_id, minutes, entries in waiting.values_list(
            "kind", "clockify_id", "blocked_minutes", "blocked_entries"
        )
    }
    linked = set(links_of(workspace).filter(kind="client", suspended="").values_list("clockify_id", flat=True))
    pairs = []
    for clockify, quickbooks, why in (snapshot or MappingSnapshot.of_near_misses(workspace)).forgiving_pairs():
        if clockify.kind not in kinds or not acceptance.is_safe(clockify, quickbooks):
            continue
        minutes, entries = held.get((clockify.kind, clockify.id), (0, 0))
        pairs.append(
            SafePair(
                kind=clockify.kind,
                clockify_id=clockify.id,
                name=clockify.name,
                client_id=clockify.client_id,
                client_name=clockify.client_name,
                quickbooks_kind=quickbooks.kind,
                quickbooks_id=quickbooks.id,
                quickbooks_name=quickbooks.name,
                why=why,
                follows=clockify.client_id if clockify.client_id and clockify.client_id not in linked else "",
                minutes=minutes,
                entries=entries,
            )
        )
    # A project is safe only with its client: alone it would have no place where its partner must be.
    clients = {pair.clockify_id for pair in pairs if pair.kind == "client"}
    pairs = [pair for pair in pairs if not pair.follows or pair.follows in clients]
    return sorted(pairs, key=lambda pair: (-pair.minutes, pair.kind, pair.name.casefold(), pair.clockify_id))


def among(pairs: Collection[SafePair], keys: Collection[str] | None) -> tuple[list[SafePair], list[tuple[str, str]]]:
    """Return the safe pairs with these keys (None: all), and the keys left out, each with a message."""
    requested = {pair.key for pair in pairs} if keys is None else set(keys)
    chosen = [pair for pair in pairs if pair.key in requested]
    clients = {pair.clockify_id for pair in chosen if pair.kind == "client"}
    # The client may not be among the keys that a person left selected.
    accepted = [pair for pair in chosen if not pair.follows or pair.follows in clients]
    accepted_keys = {pair.key for pair in accepted}
    left_out = [
        (pair.key, f"{pair.name} waits for its client {pair.client_name}; accept that as well.")
        for pair in chosen
        if pair.key not in accepted_keys
    ]
    safe = {pair.key for pair in pairs}
    left_out += [(key, "It is not safe any more; look at it again.") for key in sorted(requested - safe)]
    return accepted, left_out


def accept_safe(
    workspace: Workspace,
    *,
    pairs: Collection[SafePair] | None = None,
    keys: Collection[str] | None = None,
    shown: Mapping[str, str] | None = None,
    now: datetime,
    person: Any = None,
    note: str = "",
) -> tuple[Applied, list[tuple[str, str]]]:
    """Link all safe pairs, or those of `keys`, as one batch, and return it with the keys left out and their messages.

    `pairs`: those that are safe now, where the caller compared them with what a person saw: searched once more, one
    might have another partner by then. `shown`: by key, the versions of the pairs that a person saw. The caller
    evaluates entries again afterwards.
    """
    accepted, left_out = among(safe_pairs(workspace) if pairs is None else pairs, keys)
    decision_note = note or "Accepted with all safe ones."
    shown = shown or {}
    choices = [replace(pair.choice, version=shown.get(pair.key, "")) for pair in accepted]
    left_out = [
        (key, _moved(workspace, key, shown.get(key, ""), now=now, person=person) or message)
        for key, message in left_out
    ]
    return apply(workspace, choices, now=now, person=person, note=decision_note), left_out


def _moved(workspace: Workspace, key: str, version: str, *, now: datetime, person: Any) -> str:
    """Return who changed the record since its `version` was shown; "" where nobody did, or none was shown."""
    kind, _, clockify_id = key.partition("-")
    try:
        if version:
            refuse_if_moved(NewDecision(workspace, kind, clockify_id, at=now, person=person, version=version))
    except Moved as moved:
        return str(moved)
    return ""
