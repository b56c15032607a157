"""A schedule as fields of a form: how often, a number, a time of day. How it is written is `timetable`'s."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from integrations.models import Workspace
from syncjobs import policy
from syncjobs.models import Schedule
from syncjobs.rules import timetable

MODES = (
    (timetable.OFF, "Off: only when somebody asks"),
    (timetable.MINUTES, "Every so many minutes"),
    (timetable.HOURS, "Every so many hours"),
    (timetable.DAILY, "Every day at a time"),
)
# What stands in the fields before somebody chooses.
PROPOSED_EVERY, PROPOSED_AT = "2", {"check": "07:30", "sync": "18:00"}


@dataclass(frozen=True)
class ScheduleFields:
    """What the three fields show, and when it begins next."""

    mode: str
    every: str
    at: str
    next_at: datetime | None
    modes: tuple[tuple[str, str], ...] = MODES


class _Line(Protocol):
    name: str
    schedule: ScheduleFields | None


def posted(form: Mapping[str, str], name: str) -> str:
    """The schedule that was chosen, as it is shown elsewhere. Raises ValueError with what can't be or is missing."""
    every, at = form.get(f"{name}-every", ""), form.get(f"{name}-at", "")
    return str(timetable.parse(timetable.written(form[name], every=every.strip(), at=at.strip())))


def fill(workspace: Workspace, lines: Iterable[_Line], *, written: Mapping[str, str]) -> None:
    """Give the lines of schedules their fields: as they were written just now, else as they are stored."""
    stored = {row.kind: row for row in Schedule.objects.filter(workspace=workspace)}
    for line in lines:
        kind = policy.SETTINGS[line.name].schedules
        if kind:
            line.schedule = _fields(stored.get(kind), kind, written, line.name)


def _fields(row: Schedule | None, kind: str, written: Mapping[str, str], name: str) -> ScheduleFields:
    is_counted = row is not None and row.mode in {timetable.MINUTES, timetable.HOURS}
    every = str(row.every) if row and is_counted else PROPOSED_EVERY
    at = f"{row.at:%H:%M}" if row and row.at else PROPOSED_AT[kind]
    return ScheduleFields(
        mode=written.get(name, row.mode if row else timetable.OFF),
        every=written.get(f"{name}-every", every),
        at=written.get(f"{name}-at", at),
        next_at=row.next_at if row else None,
    )
