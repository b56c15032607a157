"""Rules of QuickBooks and Clockify for new records, each with the value it found and its remedies. Pure.

(Intuit: Customer, Vendor and Employee pages; Clockify: client and project pages.)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from mapping.matching.names import strip_deleted

MAX_DISPLAY_NAME_LENGTH = 500
MAX_NAME_PART_LENGTH = 100
MAX_LEVELS = 5
MAX_CLIENT_NAME_LENGTH = 100
MIN_PROJECT_NAME_LENGTH, MAX_PROJECT_NAME_LENGTH = 2, 250
SIGNS = {":": "a colon", "\t": "a tab", "\n": "a line break", "\r": "a line break"}
BRACKETS = re.compile("[<>]")


class Do(StrEnum):
    """What a remedy does."""

    NAME = "name"
    LINK = "link"
    REACTIVATE = "reactivate"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class Remedy:
    """A way to resolve a failed check. `value`: a name that can be taken, or the record as `kind:id`.

    `of_parent`: it is done to the parent; the record itself is still to be written then.
    """

    do: Do
    label: str
    value: str = ""
    of_parent: bool = False


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """The result of one rule. `value` is what it found, or the sentence that says what is wrong."""

    title: str
    passed: bool
    value: str
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True, slots=True)
class Namesake:
    """A QuickBooks record whose name is taken. `full_name` is as stored, the suffix of inactive records included."""

    kind: str
    id: str
    full_name: str
    active: bool

    @property
    def value(self) -> str:
        return f"{self.kind}:{self.id}"


def signs(name: str, *, title: str = "No colon, tab or line break") -> RuleCheck:
    """Check that a name has no colon, tab or line break: a colon separates levels."""
    found_signs = [sign for sign in SIGNS if sign in name]
    if not found_signs:
        return RuleCheck(title, True, "none")
    words_before = name[: name.index(found_signs[0])].split()
    place = f" after “{words_before[-1]}”" if words_before else " at its beginning"
    cleaned = without_signs(name)
    instead = "Use a hyphen instead" if found_signs[0] == ":" else "Use a space instead"
    return RuleCheck(title, False, f"There is {SIGNS[found_signs[0]]}{place}.", (Remedy(Do.NAME, instead, cleaned),))


def without_signs(name: str) -> str:
    """Return the name in a form that QuickBooks accepts."""
    return " ".join(re.sub(r"\s*:\s*", " - ", name).split()).strip("- ") if set(name) & set(SIGNS) else name


def length(name: str, *, most: int, least: int = 1, title: str = "Short enough") -> RuleCheck:
    """Check the length in characters, outer spaces aside."""
    count = len(name.strip())
    if count < least:
        return RuleCheck(title, False, "There is no name." if not count else f"It needs at least {least} characters.")
    if count > most:
        shortened = name.strip()[:most].rstrip()
        value = f"It has {count} characters, {most} are allowed."
        return RuleCheck(title, False, value, (Remedy(Do.NAME, f"Cut after {most} characters", shortened),))
    return RuleCheck(title, True, f"{count} of {most} characters")


def no_brackets(name: str) -> RuleCheck:
    """Check that a name has no angle brackets, which Clockify refuses."""
    title = "No angle brackets"
    if not BRACKETS.search(name):
        return RuleCheck(title, True, "none")
    cleaned = " ".join(BRACKETS.sub(" ", name).split())
    return RuleCheck(title, False, "Clockify takes no < and >.", (Remedy(Do.NAME, "Leave them out", cleaned),))


def free_in_quickbooks(
    full_name: str, others: Iterable[Namesake], *, linkable: Collection[str], name: str
) -> RuleCheck:
    """Check that no customer, vendor or employee has the name, ignoring case.

    Inactive records count: a record reactivated later would have the same name.
    """
    others = list(others)
    title, folded_name = "Name is free", fold(full_name)
    same_name = [record for record in others if fold(record.full_name) == folded_name]
    if not same_name:
        active_count = sum(1 for record in others if record.active)
        return RuleCheck(title, True, f"among {active_count} active and {len(others) - active_count} inactive names")
    # An active holder first: it can be linked at once.
    holder = sorted(same_name, key=lambda record: not record.active)[0]
    remedies = [
        Remedy(Do.NAME, f"Use “{free_name}”", free_name) for free_name in [_next_free_name(name, full_name, others)]
    ]
    if holder.kind in linkable:
        action, label = (Do.LINK, "Link to it") if holder.active else (Do.REACTIVATE, "Reactivate it")
        remedies.insert(0, Remedy(action, label, holder.value))
    state = "" if holder.active else "inactive "
    return RuleCheck(title, False, f"The {state}{holder.kind} {holder.id} has this name.", tuple(remedies))


def _next_free_name(name: str, full_name: str, others: Iterable[Namesake]) -> str:
    """Return the name with the first number, from 2, that makes it free."""
    parent_prefix = full_name[: len(full_name) - len(name)]
    taken_names = {fold(record.full_name) for record in others}
    number = 2
    while fold(f"{parent_prefix}{name} ({number})") in taken_names:
        number += 1
    return f"{name} ({number})"


@lru_cache(maxsize=20_000)
def fold(full_name: str) -> str:
    """Return a full name as QuickBooks compares it: casefolded, without the suffix of inactive records."""
    return ":".join(strip_deleted(part).strip() for part in full_name.split(":")).casefold()


def free_in_clockify(name: str, others: Iterable[tuple[str, bool]], *, place: str) -> RuleCheck:
    """Check that no active or archived record has the name; `others` are (name, archived) pairs."""
    title = "Name is free"
    # Archived records keep their name taken until they are deleted.
    archived_states = [archived for other, archived in others if other.strip() == name.strip()]
    if not archived_states:
        return RuleCheck(title, True, f"no {place} of this name")
    state = "an archived" if all(archived_states) else "a"
    return RuleCheck(title, False, f"There is {state} {place} of this name.")


def depth(level: int) -> RuleCheck:
    """Check the level of a customer, where top-level ones are 1; QuickBooks allows five levels."""
    if level > MAX_LEVELS:
        return RuleCheck("Depth allowed", False, f"It would be level {level}; QuickBooks allows {MAX_LEVELS}.")
    return RuleCheck("Depth allowed", True, f"level {level} of {MAX_LEVELS}")


def some_name_part(given: str, family: str) -> RuleCheck:
    if not given.strip() and not family.strip():
        return RuleCheck("First or last name", False, "An employee needs a first or a last name.")
    return RuleCheck("First or last name", True, " ".join(part for part in (given.strip(), family.strip()) if part))


def split_name(name: str) -> tuple[str, str]:
    """Return (first, last) as a proposal: the last word is the last name."""
    words = name.split()
    return (" ".join(words[:-1]), words[-1]) if len(words) > 1 else (name.strip(), "")


def strip_full_name(full_name: str) -> str:
    """Return a full name without the suffixes of inactive records."""
    return ":".join(strip_deleted(part) for part in full_name.split(":"))
