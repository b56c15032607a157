"""A schedule as three fields of a form: mode, number, and time of day. `timetable` reads and writes its text."""

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
    (timetable.OFF, "Off: only on request"),
    (timetable.MINUTES, "Every few minutes"),
    (timetable.HOURS, "Every few hours"),
    (timetable.DAILY, "Every day at a time"),
)
# Values of the fields of a schedule that is off.
DEFAULT_EVERY, DEFAULT_AT = "2", {"check": "07:30", "sync": "18:00", "reconcile": "02:00"}


@dataclass(frozen=True)
class ScheduleFields:
    """The values of the three fields, and the time of the next run."""

    mode: str
    every: str
    at: str
    next_at: datetime | None
    modes: tuple[tuple[str, str], ...] = MODES


class _Line(Protocol):
    name: str
    schedule: ScheduleFields | None


def posted(form: Mapping[str, str], name: str) -> str:
    """Return the posted schedule as the text that is shown elsewhere. Raises ValueError if it is invalid."""
    every, at = form.get(f"{name}-every", ""), form.get(f"{name}-at", "")
    return str(timetable.parse(timetable.written(form[name], every=every.strip(), at=at.strip())))


def fill(workspace: Workspace, lines: Iterable[_Line], *, written: Mapping[str, str]) -> None:
    """Set the schedule fields of lines that have a schedule, from the posted form, else from the stored schedule."""
    stored = {row.kind: row for row in Schedule.objects.filter(workspace=workspace)}
    for line in lines:
        kind = policy.SETTINGS[line.name].schedules
        if kind:
            line.schedule = _fields(stored.get(kind), kind, written, line.name)


def _fields(row: Schedule | None, kind: str, written: Mapping[str, str], name: str) -> ScheduleFields:
    is_counted = row is not None and row.mode in {timetable.MINUTES, timetable.HOURS}
    every = str(row.every) if row and is_counted else DEFAULT_EVERY
    at = f"{row.at:%H:%M}" if row and row.at else DEFAULT_AT[kind]
    return ScheduleFields(
        mode=written.get(name, row.mode if row else timetable.OFF),
        every=written.get(f"{name}-every", every),
        at=written.get(f"{name}-at", at),
        next_at=row.next_at if row else None,
    )
