"""The records that a rule may name, by names that people can type, and the record that a typed text means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from integrations.models import TimeEntry, Workspace
from integrations.unnamed import named
from mapping.matching.names import forgiving_form
from mapping.queries import company_of
from syncjobs.planning import lines
from syncjobs.rules.drafts.line_rules import REFERENCES

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
    times = Counter(
        form for option in by_key.values() for form in {forgiving_form(option.name), forgiving_form(_with_note(option))}
    )
    labelled = [replace(option, label=_label(option, name, times)) for option in by_key.values()]
    return sorted(labelled, key=lambda option: option.label.casefold())


def kept(workspace: Workspace, name: str, key: str) -> Option:
    """Return the option of a record that a rule has and that can't be chosen any more: gone, or not usable."""
    if name in REFERENCES:
        text = lines.names_of(company_of(workspace), name, [key]).get(key, "")
    else:
        row = lines.CLOCKIFY_MODELS[name].objects.filter(workspace=workspace, clockify_id=key).first()
        text = row.name if row is not None else ""
    return Option(key, text, label=f"{named(text, name)}{SEPARATOR}{key}")


def _label(option: Option, kind: str, times: Mapping[str, int]) -> str:
    """Return the shortest of name, name with note, and name with id that no other record of the kind has."""
    if not option.name:
        return f"{named(option.name, kind)}{SEPARATOR}{option.key}"
    own = (form for form in (option.name, _with_note(option)) if times[forgiving_form(form)] == 1)
    return next(own, f"{option.name}{SEPARATOR}{option.key}")


def _with_note(option: Option) -> str:
    return f"{option.name}{SEPARATOR}{option.note}" if option.note else option.name


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
    projects = lines.project_names(workspace) if name == "task" else {}
    for row in lines.CLOCKIFY_MODELS[name].objects.filter(workspace=workspace, gone_at=None).defer("raw"):
        # What tells apart records of one name.
        notes = {"project": "client_name", "user": "email"}
        note = projects.get(row.project_id, "") if name == "task" else getattr(row, notes.get(name, ""), "")
        yield Option(row.clockify_id, row.name, note)


def _of_entries(workspace: Workspace, name: str) -> Iterator[Option]:
    rows = TimeEntry.objects.current(workspace, workspace.start_date).order_by()
    if name == "task":
        tasks = rows.exclude(task_id="").values_list("task_id", "task_name", "project_name", "client_name").distinct()
        yield from (Option(key, name, ", ".join(filter(None, place))) for key, name, *place in tasks)
        return
    for tags in rows.exclude(tags=[]).values_list("tags", flat=True).iterator(chunk_size=1000):
        yield from (Option(key, text) for key, text in tags)


def chosen(found: Iterable[Option], text: str) -> str:
    """Return the id of the record that a typed text means: a label, an id or a name; "" if none.

    Raises LookupError where several have that name.
    """
    found, typed = list(found), forgiving_form(text)
    for meant in (
        [option.key for option in found if forgiving_form(option.label) == typed],
        [option.key for option in found if option.key == text.strip()],
        [option.key for option in found if forgiving_form(option.name) == typed],
    ):
        if len(meant) > 1:
            raise LookupError
        if meant:
            return meant[0]
    return ""
