"""What other line rules would give to time that is not sent yet. Writes nothing, asks nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

from django.db.models import Q, QuerySet

from integrations.models import TimeEntry, Workspace
from syncjobs.models import EntryStatus
from syncjobs.planning import inputs, lines
from syncjobs.rules.drafts import description, line_rules, templates
from syncjobs.rules.drafts.line_rules import FIELDS, REFERENCES, Line, LineRule, LineRules

MAX_ROWS = 20
# Entries among which examples are looked for.
MAX_LOOKED_AT = 2000
State = EntryStatus.State


@dataclass(frozen=True)
class Difference:
    """One field of one entry that would get something different; values by name, "" for none."""

    entry: TimeEntry
    field: str
    before: str
    after: str


@dataclass
class LinePreview:
    """How many of the waiting entries would get something different, by field too, and the first differences."""

    waiting: int = 0
    entries: int = 0
    by_field: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)


def waiting_entries(workspace: Workspace) -> QuerySet[TimeEntry]:
    """Return the entries since the start date that a sync may still send or update, newest first."""
    waits = Q(status__state__in=(State.READY, State.FAILED, State.CHANGED)) | Q(status__held=True)
    return TimeEntry.objects.current(workspace, workspace.start_date).filter(waits).order_by("-start_at", "-pk")


def preview(workspace: Workspace, after: LineRules) -> LinePreview:
    """Return what these rules would change for waiting entries, compared with those that are saved."""
    before, result = lines.load(workspace), LinePreview()
    needs_zones = any(rules.uses(templates.CLOCK_NAMES) for rules in (before, after))
    zones = inputs.zones_of(workspace) if needs_zones else {}
    for row in waiting_entries(workspace).iterator(chunk_size=1000):
        entry = inputs.entry_of(row, zones=zones)
        texts = _texts(before.line(entry)), _texts(after.line(entry))
        names = [name for name in FIELDS if texts[0][name] != texts[1][name]]
        result.waiting += 1
        result.entries += bool(names)
        result.by_field.update(names)
        for name in names[: MAX_ROWS - len(result.differences)]:
            result.differences.append(Difference(row, name, texts[0][name], texts[1][name]))
    result.differences = _named(workspace, result.differences)
    return result


def _texts(line: Line) -> Mapping[str, str]:
    return {**{name: line.value(name) for name in REFERENCES}, "description": description.cut(line.words)}


def _named(workspace: Workspace, found: list[Difference]) -> list[Difference]:
    """Return the differences with the names of items, classes and locations in place of ids."""
    known: dict[str, dict[str, str]] = {}
    for name in REFERENCES:
        ids = {value for row in found if row.field == name for value in (row.before, row.after) if value}
        known[name] = lines.names_of(workspace.company, name, ids) if ids and workspace.company else {}

    def named(name: str, value: str) -> str:
        return known.get(name, {}).get(value) or value

    return [
        Difference(row.entry, row.field, named(row.field, row.before), named(row.field, row.after)) for row in found
    ]


def examples(workspace: Workspace, rule: LineRule, *, count: int = 3) -> list[tuple[TimeEntry, str]]:
    """Return what a rule's template makes of the latest entries that it matches, each with its words."""
    columns = {lines.COLUMNS[name]: value for name, value in rule.conditions.items() if name != "tag"}
    rows = TimeEntry.objects.current(workspace).filter(**columns).order_by("-start_at", "-pk")[:MAX_LOOKED_AT]
    matching = (row for row in rows.iterator(chunk_size=100) if line_rules.matches(rule, inputs.entry_of(row)))
    template, zones = rule.results["description"], inputs.zones_of(workspace)
    return [
        (row, description.cut(templates.render(template, inputs.entry_of(row, zones=zones))))
        for row in islice(matching, count)
    ]
