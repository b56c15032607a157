"""What QuickBooks and Clockify take as a record, each rule with the value it found and what would mend it. Pure.

(Intuit: Customer, Vendor and Employee pages; Clockify: client and project pages.)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from mapping.matching.names import strip_deleted

MAX_DISPLAY_NAME_LENGTH = 500
MAX_NAME_PART_LENGTH = 100
LEVELS = 5
MAX_CLIENT_NAME_LENGTH = 100
SHORTEST_PROJECT, MAX_PROJECT_NAME_LENGTH = 2, 250
SIGNS = {":": "a colon", "\t": "a tab", "\n": "a line break", "\r": "a line break"}
BRACKETS = re.compile("[<>]")


@dataclass(frozen=True, slots=True)
class Remedy:
    """A way out. `do`: name (`value` is another one), link, reactivate or create (`value` is kind:id)."""

    do: str
    label: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """One rule: what was looked at, whether it holds, and the value found or the sentence that says what is wrong."""

    title: str
    passed: bool
    value: str
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True, slots=True)
class Namesake:
    """A record that may have the wanted name already. `full_name` as stored, its deletion suffix included."""

    kind: str
    id: str
    full_name: str
    active: bool

    @property
    def value(self) -> str:
        return f"{self.kind}:{self.id}"


def signs(name: str, *, what: str = "No colon, tab or line break") -> RuleCheck:
    """Names hold no `:`, tab or line break: a colon separates levels."""
    found = [sign for sign in SIGNS if sign in name]
    if not found:
        return RuleCheck(what, True, "none")
    where = name[: name.index(found[0])].split()
    after = f" after “{where[-1]}”" if where else " at its beginning"
    cleaned = without_signs(name)
    instead = "Use a hyphen instead" if found[0] == ":" else "Use a space instead"
    return RuleCheck(what, False, f"There is {SIGNS[found[0]]}{after}.", (Remedy("name", instead, cleaned),))


def without_signs(name: str) -> str:
    """The name in a form that QuickBooks takes."""
    return " ".join(re.sub(r"\s*:\s*", " - ", name).split()).strip("- ") if set(name) & set(SIGNS) else name


def length(name: str, *, most: int, least: int = 1, what: str = "Short enough") -> RuleCheck:
    count = len(name.strip())
    if count < least:
        return RuleCheck(what, False, "There is no name." if not count else f"It needs at least {least} characters.")
    if count > most:
        cut = name.strip()[:most].rstrip()
        value = f"It has {count} characters, {most} are allowed."
        return RuleCheck(what, False, value, (Remedy("name", f"Cut after {most} characters", cut),))
    return RuleCheck(what, True, f"{count} of {most} characters")


def no_brackets(name: str) -> RuleCheck:
    """Clockify takes no angle brackets in texts."""
    what = "No angle brackets"
    if not BRACKETS.search(name):
        return RuleCheck(what, True, "none")
    cleaned = " ".join(BRACKETS.sub(" ", name).split())
    return RuleCheck(what, False, "Clockify takes no < and >.", (Remedy("name", "Leave them out", cleaned),))


def free_in_quickbooks(
    full_name: str, others: Iterable[Namesake], *, linkable: Collection[str], name: str
) -> RuleCheck:
    """Customers, vendors and employees share their names, case aside; inactive ones count, since they may come back."""
    others = list(others)
    what, wanted = "Name is free", fold(full_name)
    taken = [one for one in others if fold(one.full_name) == wanted]
    if not taken:
        active = sum(1 for one in others if one.active)
        return RuleCheck(what, True, f"among {active} active and {len(others) - active} inactive names")
    holder = sorted(taken, key=lambda one: not one.active)[0]
    remedies = [Remedy("name", f"Use “{other}”", other) for other in [_another(name, full_name, others)]]
    if holder.kind in linkable:
        verb, label = ("link", "Link to it") if holder.active else ("reactivate", "Reactivate it")
        remedies.insert(0, Remedy(verb, label, holder.value))
    state = "" if holder.active else "inactive "
    return RuleCheck(what, False, f"The {state}{holder.kind} {holder.id} has this name.", tuple(remedies))


def _another(name: str, full_name: str, others: Iterable[Namesake]) -> str:
    """The name with the first number that makes it free."""
    before = full_name[: len(full_name) - len(name)]
    taken = {fold(one.full_name) for one in others}
    number = 2
    while fold(f"{before}{name} ({number})") in taken:
        number += 1
    return f"{name} ({number})"


def fold(full_name: str) -> str:
    """The form in which QuickBooks compares names; the suffix of inactive records is not part of the name."""
    return ":".join(strip_deleted(part).strip() for part in full_name.split(":")).casefold()


def free_in_clockify(name: str, others: Iterable[tuple[str, bool]], *, place: str) -> RuleCheck:
    """Names are unique among active and archived ones; `others` are names with whether they are archived."""
    what = "Name is free"
    found = [archived for other, archived in others if other.strip() == name.strip()]
    if not found:
        return RuleCheck(what, True, f"no {place} of this name")
    state = "an archived" if all(found) else "a"
    return RuleCheck(what, False, f"There is {state} {place} of this name.")


def depth(level: int) -> RuleCheck:
    """A top-level customer is level 1; QuickBooks nests five."""
    if level > LEVELS:
        return RuleCheck("Depth allowed", False, f"It would be level {level}; QuickBooks allows {LEVELS}.")
    return RuleCheck("Depth allowed", True, f"level {level} of {LEVELS}")


def some_name_part(given: str, family: str) -> RuleCheck:
    if not given.strip() and not family.strip():
        return RuleCheck("First or last name", False, "An employee needs a first or a last name.")
    return RuleCheck("First or last name", True, " ".join(part for part in (given.strip(), family.strip()) if part))


def split_name(name: str) -> tuple[str, str]:
    """First and last name as a proposal: the last word is the last name."""
    words = name.split()
    return (" ".join(words[:-1]), words[-1]) if len(words) > 1 else (name.strip(), "")


def strip_full_name(full_name: str) -> str:
    """A full name without the suffixes of inactive records."""
    return ":".join(strip_deleted(part) for part in full_name.split(":"))
