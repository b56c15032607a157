"""Line rules: which item, class, location and words an entry's time gets, and by which rule. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from syncjobs.rules.drafts import templates
from syncjobs.rules.drafts.entry import Entry

# From the most specific condition to the least.
CONDITIONS = ("task", "tag", "project", "user", "client")
# What a rule gives: names of QuickBooks' records by their kind, as in unreadable records, and the words.
REFERENCES = {"item": "item", "class": "class", "location": "department"}
FIELDS = (*REFERENCES, "description")


class Facts(Protocol):
    """What conditions look at, of one entry or of many that are alike in it; `tags` are ids and names."""

    @property
    def task_id(self) -> str: ...
    @property
    def tags(self) -> Sequence[Sequence[str]]: ...
    @property
    def project_id(self) -> str: ...
    @property
    def user_id(self) -> str: ...
    @property
    def client_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class LineRule:
    """One rule: Clockify ids that an entry must have, and what it gives; only what is not empty counts."""

    id: int
    conditions: Mapping[str, str]
    results: Mapping[str, str]
    # Its first condition in words, such as `project Website`.
    label: str = ""

    @property
    def name(self) -> str:
        return f"rule {self.id}: {self.label}" if self.label else f"rule {self.id}"

    @property
    def precedence(self) -> tuple[int, int, int]:
        """Sort key: the most specific condition first, then the number of conditions, then the age."""
        ranks = [CONDITIONS.index(name) for name in self.conditions]
        return min(ranks, default=len(CONDITIONS)), -len(self.conditions), self.id


def why_before(rule: LineRule, other: LineRule) -> str:
    """Return in words why the first rule wins over the second one, which it does by its precedence."""
    (rank, conditions, _), (other_rank, other_conditions, _) = rule.precedence, other.precedence
    if rank != other_rank:
        return f"a {CONDITIONS[rank]} before a {CONDITIONS[other_rank]}"
    return "more conditions" if conditions != other_conditions else "the older one"


@dataclass(frozen=True, slots=True)
class Choice:
    """The value of one field, "" for none, and what gave it: a rule's name, DEFAULT, or "" for nothing."""

    value: str = ""
    by: str = ""
    rule_id: int | None = None


DEFAULT = "the workspace's default"
# The setting of `policy` that is the default of a field.
SETTINGS = {"item": "service_item", "class": "class", "location": "location", "description": "description"}
NOTHING = Choice()


@dataclass(frozen=True, slots=True)
class Line:
    """What an entry's time gets beside person, customer and length. `words`: the description, not yet cut."""

    choices: Mapping[str, Choice]
    words: str

    def value(self, name: str) -> str:
        return self.choices.get(name, NOTHING).value

    @property
    def has_template(self) -> bool:
        return bool(self.value("description"))


NO_LINE = Line({}, "")


@dataclass(frozen=True)
class LineRules:
    """The rules of a workspace with its defaults, indexed so that an entry meets only those that may match."""

    rules: Sequence[LineRule] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    _by_condition: dict[tuple[str, str], list[LineRule]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for rule in self.in_order:
            if rule.conditions:
                # Under its most specific condition: an entry without that can't match.
                name = min(rule.conditions, key=CONDITIONS.index)
                self._by_condition.setdefault((name, rule.conditions[name]), []).append(rule)

    @property
    def in_order(self) -> list[LineRule]:
        """The rules by precedence, the most specific first."""
        return sorted(self.rules, key=lambda rule: rule.precedence)

    @property
    def conditions(self) -> list[str]:
        """The names of the conditions that rules have, in the order of CONDITIONS."""
        return [name for name in CONDITIONS if any(name in rule.conditions for rule in self.rules)]

    def line(self, entry: Entry) -> Line:
        """Return what the entry's time gets."""
        choices = self.choices(entry)
        template = choices.get("description", NOTHING).value
        return Line(choices, templates.render(template, entry) if template else entry.description)

    def choices(self, entry: Facts) -> dict[str, Choice]:
        """Return what gives each field: the most specific rule that has it, else the default."""
        choices = {name: Choice(value, DEFAULT) for name, value in self.defaults.items() if value}
        decided: set[str] = set()
        for rule in self.matching(entry) if self._by_condition else ():
            for name, value in rule.results.items():
                if value and name not in decided:
                    decided.add(name)
                    choices[name] = Choice(value, rule.name, rule.id)
        return choices

    def uses(self, names: Collection[str]) -> bool:
        """Return whether a template of the rules or defaults has one of these names."""
        texts = [values.get("description", "") for values in (self.defaults, *(rule.results for rule in self.rules))]
        return any(f"{{{name}}}" in text for text in texts for name in names)

    def matching(self, entry: Facts) -> list[LineRule]:
        """Return the rules whose conditions all hold, by precedence."""
        found: list[LineRule] = []
        for name in CONDITIONS:
            candidates = [rule for key in ids_of(entry, name) for rule in self._by_condition.get((name, key), ())]
            matching = [rule for rule in candidates if matches(rule, entry)]
            # Several tags of one entry may each have rules.
            found += sorted(matching, key=lambda rule: rule.precedence)
        return found


def matches(rule: LineRule, entry: Facts) -> bool:
    """Return whether all conditions hold; an entry has any number of tags."""
    return all(value in ids_of(entry, name) for name, value in rule.conditions.items())


def ids_of(entry: Facts, name: str) -> tuple[str, ...]:
    """Return the Clockify ids by which the entry may meet a condition."""
    if name == "tag":
        return tuple(tag[0] for tag in entry.tags)
    value: Any = getattr(entry, f"{name}_id")
    return (value,) if value else ()
