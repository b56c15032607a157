"""Pull of tasks and tags, which only line rules name: read where one does, inactive ones included."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from integrations.clockify import payloads
from integrations.clockify.client import ClockifyApiClient
from integrations.clockify.models import ClockifyTag, ClockifyTask, Mirrored
from integrations.models import Workspace
from integrations.reading import mirror, unreadable
from integrations.reading.mirror import MirroredList
from integrations.reading.unreadable import Reading
from integrations.reading.values import Columns, Raw

KINDS = ("task", "tag")
ReadColumns = Callable[[Any], tuple[str, Columns]]


def pull(
    workspace: Workspace, client: ClockifyApiClient, kinds: Collection[str], *, reading: Reading, now: datetime
) -> None:
    """Read the lists of these kinds whole, then store each in one transaction. Raises ApiError."""
    if "task" in kinds:
        tasks = list(_tasks(client.projects(workspace.clockify_id, with_tasks=True)))
        _store(workspace, "task", tasks, reading=reading, now=now)
    if "tag" in kinds:
        _store(workspace, "tag", client.tags(workspace.clockify_id), reading=reading, now=now)


def _tasks(projects: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    """Yield the tasks of hydrated projects, each with the id of its project."""
    for project in projects:
        listed = project.get("tasks") if isinstance(project, Mapping) else None
        for task in listed if isinstance(listed, list) else []:
            of_project = {"projectId": payloads.identifier(project)}
            yield {**task, **of_project} if isinstance(task, Mapping) else task


def _store(workspace: Workspace, kind: str, records: Iterable[Any], *, reading: Reading, now: datetime) -> None:
    model, columns, watched = LISTS[kind]
    rows = dict(read for read, _ in reading.each(kind, records, columns, id_of=payloads.identifier))
    unreadable.keep(reading, workspace, (kind,), now=now)
    kept = MirroredList(model, {"workspace": workspace}, "clockify_id", watched)
    mirror.store(kept, rows, now=now, listed=reading.ids(kind), is_whole=reading.is_whole(kind))


def _task_columns(raw: Raw) -> tuple[str, Columns]:
    task = payloads.task(raw)
    columns = {"name": task.name, "project_id": task.project_id, "active": task.active}
    # Without `duration`, which grows with every entry.
    return task.id, {**columns, "raw": {name: value for name, value in raw.items() if name != "duration"}}


def _tag_columns(raw: Raw) -> tuple[str, Columns]:
    tag = payloads.tag(raw)
    return tag.id, {"name": tag.name, "archived": tag.archived, "raw": dict(raw)}


# Of each kind its rows, how a record is read, and the columns whose changes are counted.
LISTS: Mapping[str, tuple[type[Mirrored], ReadColumns, tuple[str, ...]]] = {
    "task": (ClockifyTask, _task_columns, ("name", "project_id", "active")),
    "tag": (ClockifyTag, _tag_columns, ("name", "archived")),
}
