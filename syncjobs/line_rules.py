"""Line rules as people add and remove them: names, ids that are known, and messages for what can't be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from integrations.clockify import connection as clockify_connection
from integrations.clockify import tasks_and_tags
from integrations.models import ConnectionEvent, TimeEntry, Workspace
from integrations.reading.unreadable import Reading
from mapping.errors import Refused
from mapping.queries import company_of
from syncjobs.models import LineRule
from syncjobs.planning import evaluate, inputs, lines
from syncjobs.rules.drafts import templates
from syncjobs.rules.drafts.entry import Entry
from syncjobs.rules.drafts.line_rules import CONDITIONS, FIELDS, NOTHING, REFERENCES, LineRules
from syncjobs.rules.drafts.templates import BadTemplate

NAMES = (*CONDITIONS, *FIELDS)
# As pages call them.
LABELS = {
    "user": "User",
    "client": "Client",
    "project": "Project",
    "task": "Task",
    "tag": "Tag",
    "item": "Service item",
    "class": "Class",
    "location": "Location",
    "description": "Description",
}


def as_json(row: LineRule, entries: int) -> dict[str, Any]:
    """Return a rule as `line_rule list` prints it; `entries`: for how many of the window it gives a field."""
    order = ("user", "client", "project", "task", "tag", *FIELDS)
    return {"id": row.pk, **{name: getattr(row, lines.COLUMNS[name]) for name in order}, "entries": entries}


def listed(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the workspace's rules, oldest first."""
    counts = entries_by_rule(workspace)
    return [as_json(row, counts[row.pk]) for row in lines.rows_of(workspace)] if workspace.company_id else []


def entries_by_rule(workspace: Workspace) -> Counter[int | None]:
    """Return for how many entries since the start date each rule gives at least one field; under None the defaults."""
    rules, counts = lines.load(workspace), Counter[int | None]()
    if rules.rules or any(rules.defaults.values()):
        for group in lines.alike(TimeEntry.objects.current(workspace, workspace.start_date), rules):
            counts.update(dict.fromkeys((choice.rule_id for choice in rules.choices(group).values()), group.entries))
    return counts


def check(workspace: Workspace, values: Mapping[str, str], *, now: datetime, may_ask: bool = True) -> dict[str, str]:
    """Return what a rule of these ids by name would have. Raises Refused for what can't be.

    Asks Clockify for its tasks and tags where one is new, if it may, and raises ApiError where it can't be asked.
    """
    company_of(workspace)
    # Forms and files of Windows end lines their own way; a rule has one form, so that it can be compared.
    texts = {name: text.replace("\r\n", "\n").strip() for name, text in values.items()}
    unknown = sorted(set(texts) - set(NAMES))
    if unknown:
        raise Refused(f"There is no {unknown[0]!r} in a rule; there are {', '.join(NAMES)}.")
    given = {name: text for name, text in texts.items() if text}
    if not given.keys() & set(CONDITIONS):
        default = "`policy` sets what time gets that no rule decides about."
        raise Refused(f"A rule needs a condition: {', '.join(CONDITIONS)}. {default}")
    if not given.keys() & set(FIELDS):
        raise Refused(f"A rule has to give something: {', '.join(FIELDS)}.")
    for name in REFERENCES:
        if name in given:
            check_usable(workspace, name, given[name])
    if "description" in given:
        try:
            templates.check(given["description"])
        except BadTemplate as problem:
            raise Refused(f"The description can't be filled: {problem}.") from None
    if may_ask:
        read_new(workspace, [given], now=now)
    _check_known(workspace, given)
    return given


def unsaved(workspace: Workspace, given: Mapping[str, str], *, rule_id: int | None = None) -> LineRule:
    """Return the row of a rule that `check` took, not saved; `rule_id`: of the rule that it would replace."""
    columns = {lines.COLUMNS[name]: given.get(name, "") for name in NAMES}
    return LineRule(pk=rule_id, workspace=workspace, company=company_of(workspace), **columns)


def add(workspace: Workspace, values: Mapping[str, str], *, now: datetime, person: Any = None) -> LineRule:
    """Save a rule of these ids by name. Raises Refused for what can't be, ApiError where Clockify can't be asked.

    Time that was sent before is not touched.
    """
    row = unsaved(workspace, check(workspace, values, now=now))
    _refuse_repeated(row)
    row.person, row.at = person, now
    with transaction.atomic():
        row.save(force_insert=True)
        _record(row, "added", now=now, person=person)
    return row


def change(
    workspace: Workspace, rule_id: str, values: Mapping[str, str], *, now: datetime, person: Any = None
) -> LineRule:
    """Give a rule these conditions and results instead; it keeps its id. Raises as `add` does, and if there is none."""
    row = unsaved(workspace, check(workspace, values, now=now), rule_id=find(workspace, rule_id).pk)
    _refuse_repeated(row)
    row.person, row.at = person, now
    with transaction.atomic():
        row.save(force_update=True)
        _record(row, "changed", now=now, person=person)
    return row


def remove(workspace: Workspace, rule_id: str, *, now: datetime, person: Any = None) -> None:
    """Delete a rule. Raises Refused if there is none. Time that was sent before is not touched."""
    row = find(workspace, rule_id)
    with transaction.atomic():
        _record(row, "removed", now=now, person=person)
        row.delete()


def same_as(row: LineRule) -> LineRule | None:
    """Return another saved rule of the same conditions and results, beside which this one would never decide."""
    columns = {lines.COLUMNS[name]: getattr(row, lines.COLUMNS[name]) for name in NAMES}
    return lines.rows_of(row.workspace).filter(**columns).exclude(pk=row.pk).first()


def _refuse_repeated(row: LineRule) -> None:
    same = same_as(row)
    if same is not None:
        raise Refused(f"Rule {same.pk} already says the same.")


def find(workspace: Workspace, rule_id: str) -> LineRule:
    """Return the rule of this id. Raises Refused if there is none."""
    rows = lines.rows_of(workspace) if workspace.company_id else LineRule.objects.none()
    # Not int() alone, which takes other scripts' digits; a longer number is no id.
    is_number = rule_id.isascii() and rule_id.isdecimal() and len(rule_id) < 19
    row = rows.filter(pk=int(rule_id)).first() if is_number else None
    if row is None:
        ids = ", ".join(str(pk) for pk in rows.values_list("pk", flat=True)) or "none"
        raise Refused(f"{workspace} has no rule {rule_id!r}; there are: {ids}.")
    return row


def with_changes(workspace: Workspace, changed: Iterable[LineRule], removed: Collection[int] = ()) -> list[LineRule]:
    """Return the rows that the workspace would have: these in place of those of the same id, or added."""
    rows = {row.pk: row for row in lines.rows_of(workspace) if row.pk not in removed}
    free = max(rows, default=0) + 1
    for row in changed:
        if row.pk is None:
            row.pk, free = free, free + 1
        rows[row.pk] = row
    return list(rows.values())


def evaluate_again(workspace: Workspace, *, now: datetime) -> None:
    """Evaluate the entries by the rules of now: one whose class can't be used holds them, another one frees them."""
    if workspace.pulled_at is not None:
        evaluate.refresh(workspace, now=now)


def check_usable(workspace: Workspace, name: str, key: str) -> None:
    """Raise Refused unless time can be booked on the item, class or location with this id."""
    company = company_of(workspace)
    row = lines.QUICKBOOKS_MODELS[name]._default_manager.filter(company=company, quickbooks_id=key).first()
    problem = lines.problem_of(company, name, row)
    if row is None and not lines.is_switched_off(company, name):
        raise Refused(f"There is no {name} {key!r} in QuickBooks; check for new users and customers, then look again.")
    if problem:
        raise Refused(f"The {name} {lines.name_of(row) or key} {problem}.")


def read_new(workspace: Workspace, rules: Iterable[Mapping[str, str]], *, now: datetime) -> None:
    """Read Clockify's tasks or tags, each list once, where these ids by name have one that is not known.

    Raises ApiError.
    """
    rules = list(rules)
    new = []
    for name in tasks_and_tags.KINDS:
        named = {key for rule in rules if (key := rule.get(name))}
        known = lines.CLOCKIFY_MODELS[name].objects.filter(workspace=workspace, clockify_id__in=named)
        if named - set(known.values_list("clockify_id", flat=True)):
            new.append(name)
    if new:
        read_tasks_and_tags(workspace, new, now=now)


def _check_known(workspace: Workspace, given: Mapping[str, str]) -> None:
    """Raise Refused for an id that Clockify does not have."""
    for name in CONDITIONS:
        if name in given and not _is_known(workspace, name, given[name]):
            raise Refused(
                f"There is no {name} {given[name]!r} in Clockify; check for new users and customers, then look again."
            )


def read_tasks_and_tags(workspace: Workspace, names: Collection[str], *, now: datetime) -> None:
    """Read Clockify's lists of tasks or tags, which else are read only while a rule names one. Raises ApiError."""
    client = clockify_connection.client_for(workspace)
    tasks_and_tags.pull(workspace, client, names, reading=Reading(), now=now)


def _is_known(workspace: Workspace, name: str, key: str) -> bool:
    return bool(lines.CLOCKIFY_MODELS[name].objects.filter(workspace=workspace, clockify_id=key).exists())


def _record(row: LineRule, verb: str, *, now: datetime, person: Any) -> None:
    shown = [f"{name}={value}" for name in NAMES if (value := getattr(row, lines.COLUMNS[name]))]
    ConnectionEvent.objects.record(
        ConnectionEvent.Kind.LINE_RULE,
        f"Line rule {row.pk} was {verb}: {', '.join(shown)}.",
        workspace=row.workspace,
        company=row.company,
        at=now,
        by=person,
    )


def fields_of(workspace: Workspace, entry: TimeEntry) -> dict[str, dict[str, str]]:
    """Return what the entry's time gets by the rules of today, and by which, as commands print it."""
    line = lines.load(workspace).line(inputs.entry_of(entry, zones=inputs.zones_of(workspace)))
    return lines.shown(workspace, line)


@dataclass(frozen=True)
class FieldLine:
    """What a field of an entry's time gets, by which rule or default, and the rules that it wins over."""

    name: str
    label: str
    value: str
    by: str
    rule_id: int | None = None
    over: tuple[str, ...] = ()


def explained(workspace: Workspace, rules: LineRules, entry: Entry) -> list[FieldLine]:
    """Return what an entry's time gets by these rules, field by field, for people."""
    line = rules.line(entry)
    shown, matching = lines.shown(workspace, line), rules.matching(entry)
    found = []
    for name in FIELDS:
        choice = line.choices.get(name, NOTHING)
        text = shown[name].get("value") or shown[name].get("name") or choice.value
        over = tuple(rule.name for rule in matching if rule.results.get(name) and rule.id != choice.rule_id)
        found.append(FieldLine(name, LABELS[name], text, choice.by, choice.rule_id, over))
    return found
