"""Input and output of matching: plain values, no database, no network, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypedDict


@dataclass(frozen=True, slots=True)
class ClockifyRecord:
    """A user, client or project of one Clockify workspace."""

    kind: str  # "user" | "client" | "project"
    id: str
    name: str  # "" when Clockify says null
    client_id: str = ""
    client_name: str = ""
    email: str = ""
    archived: bool = False  # archived, deactivated or gone
    gone: bool = False  # in no list of Clockify any more, or never in one
    from_entries: bool = False  # never in a list, known from time entries only
    retired: bool = False  # gone, without time that is still to be sent: it leaves its partner to any other claimant


@dataclass(frozen=True, slots=True)
class QuickBooksRecord:
    """An employee, vendor or customer of one QuickBooks company."""

    kind: str  # "employee" | "vendor" | "customer"
    id: str
    name: str  # the DisplayName as stored, perhaps ending in " (deleted)"
    parent_id: str = ""
    active: bool = True
    gone: bool = False  # no longer listed: merged away
    email: str = ""


@dataclass(frozen=True, slots=True)
class KnownLink:
    """An existing link, with names and structure as they were when it was made or last confirmed."""

    kind: str
    clockify_id: str
    quickbooks_kind: str
    quickbooks_id: str
    by: str  # "rule" | "person"
    clockify_name: str
    client_id: str
    quickbooks_name: str
    parent_id: str
    suspended: str = ""  # the reason code it was suspended for, "" while it works


@dataclass(frozen=True, slots=True)
class KnownOverride:
    """A person's decision about one Clockify record."""

    kind: str
    clockify_id: str
    choice: str  # "unlinked" | "ignored"


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link the rule makes, with a short sentence that says why."""

    kind: str
    clockify_id: str
    quickbooks_kind: str
    quickbooks_id: str
    why: str


class Obstacle(StrEnum):
    """Why a rule does not link a partner of the same name by itself."""

    TAKEN = "taken"  # another Clockify record is linked to it
    UNDONE = "undone"  # a person undid this link


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A QuickBooks record that is probably the partner; it never decides anything."""

    id: str
    name: str
    score: float  # 0 to 1
    why: str  # for people
    kind: str  # "employee" | "vendor" | "customer"
    obstacle: Obstacle | None = None
    same_address: bool = False  # both have the same e-mail address


@dataclass(frozen=True, slots=True)
class Likely:
    """Likely partners of one Clockify record of this name, searched under this parent id ("": at the top level)."""

    name: str
    under: str
    found: tuple[Suggestion, ...]


class MismatchFacts(TypedDict, total=False):
    """What the sentence of a mismatch names, each reason some of it: kept as `Mismatch.detail`, printed as it is.

    The keys are those of stored rows, which must not change. Names are as people read them, "" where unknown.
    """

    from_entries: str  # "yes": in no list of Clockify, known from time entries only
    # Waits for its client; of a link, `client` is its client now.
    client_id: str
    client: str
    # More than one match. The lists have the first few names, and end with "and others" where there are more.
    candidates: str  # number of QuickBooks records of this name
    linked_to: str
    rivals: str
    gone_with_time: str
    # The partner of the name that does not fit.
    quickbooks_name: str
    differs: str  # of `names.difference`
    needed_parent: str
    parent: str
    # A link that changed.
    linked_by: str  # "rule" | "person"
    quickbooks_kind: str  # "employee" | "vendor" | "customer"
    quickbooks_name_was: str
    clockify_name_was: str
    client_was: str
    parent_was: str
    is_gone: str  # "yes": its partner was merged away or deleted


@dataclass(frozen=True, slots=True)
class MismatchFound:
    """The reason why one record has no partner, or what is wrong with the one it has.

    `kind` is the Clockify record's kind, or "employee" / "customer" for rows seen from QuickBooks.
    """

    kind: str
    reason: str
    clockify_id: str = ""
    quickbooks_id: str = ""
    suggestions: tuple[Suggestion, ...] = ()
    detail: MismatchFacts = field(default_factory=MismatchFacts)


@dataclass(frozen=True)
class MatchResult:
    """Links to make, links to suspend (by Clockify kind and id, with the reason), and every mismatch.

    `given_back`: links of retired records whose partner another record has now, by Clockify kind and id, with the id of
    that other record; they end.

    `likely`: the likely partners found, by Clockify kind and id, for the next matching to use again.

    `unmatched_in_quickbooks` holds the rows seen from QuickBooks before those named in another row were left out; a
    caller that hides rows (archived records that block no time) gets the rest from `mapping.matching.match.listed`.
    """

    links: tuple[NewLink, ...]
    suspend: Mapping[tuple[str, str], str]
    given_back: Mapping[tuple[str, str], str] = field(default_factory=dict)
    mismatches: tuple[MismatchFound, ...] = ()
    unmatched_in_quickbooks: tuple[MismatchFound, ...] = ()
    likely: Mapping[tuple[str, str], Likely] = field(default_factory=dict)


def partner_kind(kind: str, detail: MismatchFacts) -> str:
    """Return the kind of the QuickBooks record that a row of a Clockify record of this kind names."""
    return detail.get("quickbooks_kind") or ("employee" if kind == "user" else "customer")
