"""A workspace's line rules as values, and which of their items, classes and locations nothing can be booked on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, QuerySet

from integrations.models import (
    Class,
    ClockifyClient,
    ClockifyProject,
    ClockifyTag,
    ClockifyTask,
    ClockifyUser,
    Company,
    Department,
    Item,
    TimeEntry,
    Workspace,
)
from integrations.quickbooks import pull
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.connecting import connection
from integrations.quickbooks.models import Nested
from mapping.matching import names
from syncjobs.models import LineRule as LineRuleRow
from syncjobs.rules.drafts import description
from syncjobs.rules.drafts.eligibility import Broken, broken_reason
from syncjobs.rules.drafts.line_rules import (
    CONDITIONS,
    DEFAULT,
    FIELDS,
    NOTHING,
    REFERENCES,
    SETTINGS,
    Choice,
    Line,
    LineRule,
    LineRules,
)
from syncjobs.rules.reasons import Reason

# By the condition's or result's name, as commands and JSON have it.
CLOCKIFY_MODELS: Mapping[str, Any] = {
    "user": ClockifyUser,
    "client": ClockifyClient,
    "project": ClockifyProject,
    "task": ClockifyTask,
    "tag": ClockifyTag,
}
QUICKBOOKS_MODELS: Mapping[str, type[Nested]] = {"item": Item, "class": Class, "location": Department}
# Columns of a rule, and of the workspace for the defaults, by the same names.
COLUMNS = {
    **{name: f"{name}_id" for name in CONDITIONS},
    **{"item": "item_id", "class": "class_id", "location": "department_id", "description": "description"},
}
DEFAULT_COLUMNS = {
    "item": "service_item",
    "class": "default_class",
    "location": "default_location",
    "description": "default_description",
}
# What switches a field off for the whole company, in people's words.
SWITCHES = {"class": ("tracks_classes", "classes"), "location": ("tracks_locations", "locations")}


def rows_of(workspace: Workspace) -> QuerySet[LineRuleRow]:
    """Return the workspace's rules for the company that it is connected to, oldest first."""
    return LineRuleRow.objects.filter(workspace=workspace, company=workspace.company).order_by("pk")


def load(workspace: Workspace, rows: Sequence[LineRuleRow] | None = None) -> LineRules:
    """Return the rules and defaults of the workspace; with `rows` as if it had these rules."""
    if rows is None:
        rows = list(rows_of(workspace)) if workspace.company_id else []
    labels = _labels(workspace, rows)
    rules = [_rule(row, labels[row.pk]) for row in rows]
    return LineRules(rules, _defaults(workspace))


def _defaults(workspace: Workspace) -> dict[str, str]:
    return {name: getattr(workspace, column) for name, column in DEFAULT_COLUMNS.items()}


def _rule(row: LineRuleRow, label: str) -> LineRule:
    return LineRule(row.pk, conditions_of(row), _values(row, FIELDS), label)


def conditions_of(row: LineRuleRow) -> dict[str, str]:
    """Return a rule's Clockify ids by condition: user, client, project, task, tag; only what is not empty."""
    return _values(row, CONDITIONS)


def values_of(row: LineRuleRow) -> dict[str, str]:
    """Return a rule's conditions and results by name; only what is not empty."""
    return _values(row, (*CONDITIONS, *FIELDS))


def _values(row: LineRuleRow, wanted: Iterable[str]) -> dict[str, str]:
    return {name: value for name in wanted if (value := getattr(row, COLUMNS[name]))}


def _labels(workspace: Workspace, rows: Iterable[LineRuleRow]) -> dict[int, str]:
    """Return what each rule is for: its conditions with the names of their records."""
    conditions = {row.pk: conditions_of(row) for row in rows}
    known: dict[tuple[str, str], str] = {}
    for name, model in CLOCKIFY_MODELS.items():
        ids = {found[name] for found in conditions.values() if name in found}
        if ids:
            records = model.objects.filter(workspace=workspace, clockify_id__in=ids)
            known |= {(name, key): label for key, label in records.values_list("clockify_id", "name")}
    return {
        pk: ", ".join(f"{name} {known.get((name, key)) or key}" for name, key in found.items())
        for pk, found in conditions.items()
    }


def project_names(workspace: Workspace) -> dict[str, str]:
    """Return the names of projects, with their clients, by id."""
    rows = ClockifyProject.objects.filter(workspace=workspace)
    return {
        key: f"{name}, {client}" if client else name
        for key, name, client in rows.values_list("clockify_id", "name", "client_name")
    }


def places_of(workspace: Workspace, rules: LineRules) -> dict[int, str]:
    """Return where the task of a rule, or else its project, is, by the rule's id: the project, or the client."""
    tasks = {rule.id: rule.conditions["task"] for rule in rules.rules if "task" in rule.conditions}
    projects = {rule.id: rule.conditions["project"] for rule in rules.rules if "project" in rule.conditions}
    clients = ClockifyProject.objects.filter(workspace=workspace, clockify_id__in=set(projects.values()))
    known = ClockifyTask.objects.filter(workspace=workspace, clockify_id__in=set(tasks.values()))
    client_by_project = dict(clients.values_list("clockify_id", "client_name"))
    project_by_task = dict(known.values_list("clockify_id", "project_id"))
    names = project_names(workspace) if project_by_task else {}
    found = {rule_id: client_by_project.get(key, "") for rule_id, key in projects.items()}
    return found | {rule_id: names.get(project_by_task.get(key, ""), "") for rule_id, key in tasks.items()}


class Alike(NamedTuple):
    """Entries that are alike in all that some rules look at, and how many they are; what no rule looks at is empty."""

    entries: int
    task_id: str = ""
    tags: Sequence[Sequence[str]] = ()
    project_id: str = ""
    user_id: str = ""
    client_id: str = ""


def alike(rows: QuerySet[TimeEntry], rules: LineRules) -> Iterator[Alike]:
    """Group entries in the database by what these rules look at: the rules decide the same about all of a group."""
    columns = ["tags" if name == "tag" else COLUMNS[name] for name in rules.conditions]
    if not columns:
        yield Alike(rows.count())
        return
    groups = rows.order_by().values(*columns).annotate(entries=Count("pk"))
    for group in groups.iterator(chunk_size=1000):
        yield Alike(**group)


def kinds_named(workspace: Workspace) -> set[str]:
    """Return for which of task and tag Clockify's lists are needed: those that rules name."""
    rows = rows_of(workspace)
    return {name for name in ("task", "tag") if rows.exclude(**{COLUMNS[name]: ""}).exists()}


def broken(workspace: Workspace, rules: LineRules) -> dict[tuple[str, str], Broken]:
    """Return, by kind and id, the records that rules and defaults give and nothing can be booked on, by the mirror."""
    company = workspace.company
    # Before the first reading of the lists nothing is known of any record.
    if company is None or company.pulled_at is None:
        return {}
    found: dict[tuple[str, str], Broken] = {}
    for name, ids in given(rules).items():
        known = {row.quickbooks_id: row for row in _records(company, name, ids)}
        for key in ids:
            problem = problem_of(company, name, known.get(key))
            if problem:
                found[REFERENCES[name], key] = Broken(name_of(known.get(key)) or key, problem)
    return found


def broken_defaults(workspace: Workspace) -> dict[str, Reason]:
    """Return why nothing can be booked on the workspace's default item, class and location, by their settings."""
    defaults = _defaults(workspace)
    found = broken(workspace, LineRules(defaults=defaults))
    return {
        SETTINGS[name]: broken_default(name, defaults[name], known)
        for name, kind in REFERENCES.items()
        if (known := found.get((kind, defaults[name]))) is not None
    }


def broken_default(name: str, key: str, known: Broken) -> Reason:
    """Return the reason of time that would go with a default on which nothing can be booked."""
    return broken_reason(REFERENCES[name], known, Choice(key, DEFAULT))


def given(rules: LineRules) -> dict[str, set[str]]:
    """Return the ids that rules and defaults give, by field; only fields that have any."""
    ids: dict[str, set[str]] = {}
    for values in (rules.defaults, *(rule.results for rule in rules.rules)):
        for name in REFERENCES:
            if values.get(name):
                ids.setdefault(name, set()).add(values[name])
    return ids


def _records(company: Company, name: str, ids: Iterable[str]) -> QuerySet[Any]:
    rows = QUICKBOOKS_MODELS[name]._default_manager.filter(company=company, quickbooks_id__in=sorted(ids))
    return rows.defer("raw")


def names_of(company: Company, name: str, ids: Iterable[str]) -> dict[str, str]:
    """Return the full names of items, classes or locations by id."""
    return {row.quickbooks_id: name_of(row) for row in _records(company, name, ids)}


def name_of(row: Any) -> str:
    """Return a record's full name as people know it; "" where there is none."""
    return names.strip_deleted(row.full_name or row.name) if row is not None else ""


def shown(workspace: Workspace, line: Line) -> dict[str, dict[str, str]]:
    """Return what an entry's time gets and by which rule, as commands print it."""
    fields: dict[str, dict[str, str]] = {}
    for name in REFERENCES:
        choice = line.choices.get(name, NOTHING)
        known = names_of(workspace.company, name, [choice.value]) if choice.value and workspace.company else {}
        fields[name] = {"id": choice.value, "name": known.get(choice.value, ""), "by": choice.by}
    words = line.choices.get("description", NOTHING)
    return {**fields, "description": {"value": description.cut(line.words), "by": words.by}}


def is_switched_off(company: Company, name: str) -> bool:
    """Return True if the company's settings have classes, or locations, off; items have no such switch."""
    return name in SWITCHES and getattr(company, SWITCHES[name][0]) is False


def problem_of(company: Company, name: str, row: Any) -> str:
    """Return why nothing can be booked on an item, class or location, after its name; "" if it can."""
    if is_switched_off(company, name):
        return f"can't be used, since {SWITCHES[name][1]} are switched off in QuickBooks"
    if row is None or row.gone_at is not None:
        return "is gone from QuickBooks"
    if not row.active:
        return "is inactive in QuickBooks"
    if name == "item" and row.type == "Category":
        return "is a category of items and no item itself"
    if name == "item" and row.type not in {"", "Service"}:
        return f"is no service item but of type {row.type}"
    return ""


def read_again_if_broken(workspace: Workspace, client: QuickBooksApiClient, *, now: datetime) -> None:
    """Read what is broken again before a sync plans: it may have been fixed in QuickBooks. Raises ApiError."""
    company = workspace.company
    found = broken(workspace, load(workspace))
    if not found or company is None:
        return
    if any(getattr(company, column) is False for column, _ in SWITCHES.values()):
        connection.keep_tracking(company, client.preferences())
    for name, model in QUICKBOOKS_MODELS.items():
        ids = sorted(key for kind, key in found if kind == REFERENCES[name])
        if ids:
            pull.refresh_records(company, client, model, ids, now)
