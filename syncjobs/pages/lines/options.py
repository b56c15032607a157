"""The records that a rule may name, by names that people can type, and the record that a typed text means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from integrations.models import Workspace
from mapping.queries import company_of
from syncjobs.planning import inputs, lines
from syncjobs.rules.line_rules import REFERENCES

SEPARATOR = " · "


@dataclass(frozen=True)
class Option:
    """A record: `label` is unique among those of its kind, `note` what else is known of it, such as its project."""

    key: str
    name: str
    note: str = ""
    label: str = ""


def options(workspace: Workspace, name: str) -> list[Option]:
    """Return the records of a condition or result, by name; those that can't be chosen any more are left out."""
    found = _of_quickbooks(workspace, name) if name in REFERENCES else _of_clockify(workspace, name)
    by_key = {option.key: option for option in found}
    times = Counter(option.name for option in by_key.values())
    labelled = [
        Option(option.key, option.name, option.note, _label(option, is_unique=times[option.name] == 1))
        for option in by_key.values()
    ]
    return sorted(labelled, key=lambda option: option.label.casefold())


def _label(option: Option, *, is_unique: bool) -> str:
    return option.name if is_unique and option.name else f"{option.name or 'no name'}{SEPARATOR}{option.key}"


def _of_quickbooks(workspace: Workspace, name: str) -> Iterator[Option]:
    company = company_of(workspace)
    rows = lines.QUICKBOOKS_MODELS[name]._default_manager.filter(company=company, active=True, gone_at=None)
    for row in rows.defer("raw"):
        if not lines.problem_of(company, name, row):
            yield Option(row.quickbooks_id, lines.name_of(row))


def _of_clockify(workspace: Workspace, name: str) -> Iterator[Option]:
    # Tasks and tags are in lists only while a rule names one; entries name those that were worked on.
    if name in {"task", "tag"}:
        yield from _of_entries(workspace, name)
    for row in lines.CLOCKIFY_MODELS[name].objects.filter(workspace=workspace, gone_at=None).defer("raw"):
        yield Option(row.clockify_id, row.name, getattr(row, "client_name", ""))


def _of_entries(workspace: Workspace, name: str) -> Iterator[Option]:
    rows = inputs.entries_between(workspace, workspace.start_date).order_by()
    if name == "task":
        tasks = rows.exclude(task_id="").values_list("task_id", "task_name", "project_name").distinct()
        yield from (Option(*task) for task in tasks)
        return
    for tags in rows.exclude(tags=[]).values_list("tags", flat=True).iterator(chunk_size=1000):
        yield from (Option(key, text) for key, text in tags)


def chosen(found: Iterable[Option], text: str) -> str:
    """Return the id of the record that a typed text means: a label, an id or a name, whatever its case; "" if none.

    Raises LookupError where several have that name.
    """
    found = list(found)
    exact = [option.key for option in found if text in {option.label, option.key}]
    named = [option.key for option in found if option.name.casefold() == text.casefold()]
    if len(exact) != 1 and len(named) > 1:
        raise LookupError
    return next(iter(exact or named), "")
