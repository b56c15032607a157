"""A schedule as three fields of a form: mode, number, and time of day. `timetable` reads and writes its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django import forms

from syncjobs.models import Schedule
from syncjobs.policy import SETTINGS, PolicyForm
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
    """The values of number and time of day, and the time of the next run. The mode is the rule's own field."""

    every: str
    at: str
    next_at: datetime | None


def posted(form: Mapping[str, str], name: str) -> str:
    """Return the posted schedule as the text that is shown elsewhere. Raises ValueError if it is invalid."""
    every, at = form.get(f"{name}-every", ""), form.get(f"{name}-at", "")
    return str(timetable.parse(timetable.written(form[name], every=every.strip(), at=at.strip())))


def of(form: PolicyForm, *, written: Mapping[str, str]) -> dict[str, ScheduleFields]:
    """Make the form's schedules lists of modes, and return their other fields: as posted, else as stored."""
    stored = {row.kind: row for row in Schedule.objects.filter(workspace=form.workspace)}
    fields = {}
    for name, rule in SETTINGS.items():
        if not rule.schedules:
            continue
        row = stored.get(rule.schedules)
        is_counted = row is not None and row.mode in {timetable.MINUTES, timetable.HOURS}
        form.fields[name].widget = forms.Select(choices=MODES)
        form.initial[name] = written.get(name, row.mode if row else timetable.OFF)
        fields[name] = ScheduleFields(
            every=written.get(f"{name}-every", str(row.every) if row and is_counted else DEFAULT_EVERY),
            at=written.get(f"{name}-at", f"{row.at:%H:%M}" if row and row.at else DEFAULT_AT[rule.schedules]),
            next_at=row.next_at if row else None,
        )
    return fields
