"""The page of a workspace's schedules: when checks, syncs and comparisons start, did last, and why one is late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django import forms
from django.db.models import QuerySet
from django.forms.boundfield import BoundField
from django.forms.utils import ErrorList
from django.http import HttpRequest, HttpResponse

from integrations.database import database_now
from integrations.models import ConnectionEvent, Workspace
from syncjobs.display import run_summary
from syncjobs.models import Schedule
from syncjobs.pages import access
from syncjobs.pages.setup import policy as rules
from syncjobs.policy import SETTINGS, PolicyForm
from syncjobs.rules import timetable
from syncjobs.worker import schedules

NAMES = {name: setting.schedules for name, setting in SETTINGS.items() if setting.schedules}
MODES = (
    (timetable.OFF, "Off: only on request"),
    (timetable.MINUTES, "Every few minutes"),
    (timetable.HOURS, "Every few hours"),
    (timetable.DAILY, "Every day at a set time"),
)
# Values of the fields of a schedule that is off.
DEFAULT_EVERY, DEFAULT_AT = "2", {"check": "07:30", "sync": "18:00", "reconcile": "02:00"}
# What can't be, by the name of the field.
Refusals = dict[str, ErrorList]


@dataclass(frozen=True)
class ScheduleLine:
    """A schedule as three fields: mode, number, time of day; its last run with what came of it; why it is late."""

    field: BoundField
    every: str
    at: str
    schedule: Schedule | None
    last_result: str
    late: str


class SchedulesContext(TypedDict):
    """The page. `changes`: the latest, each in words; `refused`: the fields that were posted and can't be."""

    workspace: Workspace
    others: QuerySet[Workspace]
    zone: str
    lines: Sequence[ScheduleLine]
    changes: Sequence[tuple[ConnectionEvent, str]]
    refused: Sequence[BoundField]


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the schedules; a POST sets all of them or none."""
    workspace = access.workspace_at(pk)
    written: Mapping[str, str] = {}
    refused: Refusals = {}
    if request.method == "POST":
        posted, refused = _posted(request.POST)
        form = rules.changed(request, workspace, posted)
        refused |= form.errors
        if not refused:
            return rules.saved(request, form, "hourbridge:schedules", "schedule was,schedules were")
        written = request.POST
    form = rules.shown(request, workspace, NAMES)
    form.errors.update(refused)
    context: SchedulesContext = {
        "workspace": workspace,
        "others": access.workspaces().exclude(pk=workspace.pk),
        "zone": workspace.time_zone,
        "lines": list(_lines(form, written)),
        "changes": rules.changes(workspace, ConnectionEvent.Kind.SCHEDULE),
        "refused": [form[name] for name in NAMES if name in refused],
    }
    title = f"Schedules, {workspace.name}"
    return access.show(request, "setup/schedules.html", context, title=title, status=422 if refused else 200)


def _posted(values: Mapping[str, str]) -> tuple[dict[str, str], Refusals]:
    """Return the posted schedules as the texts that are shown elsewhere, and their errors, both by name."""
    posted: dict[str, str] = {}
    refused: Refusals = {}
    for name in NAMES:
        if name not in values:
            continue
        every, at = (values.get(f"{name}-{part}", "").strip() for part in ("every", "at"))
        try:
            posted[name] = str(timetable.parse(timetable.written(values[name], every=every, at=at)))
        except ValueError as problem:
            refused[name] = ErrorList([f"{problem}."])
    return posted, refused


def _lines(form: PolicyForm, written: Mapping[str, str]) -> Iterator[ScheduleLine]:
    """Yield each schedule with its fields: as posted, else as stored."""
    workspace, now = form.workspace, database_now()
    rows = Schedule.objects.filter(workspace=workspace).select_related("last_run")
    stored = {row.kind: row for row in rows}
    for name, kind in NAMES.items():
        row = stored.get(kind)
        is_counted = row is not None and row.mode in {timetable.MINUTES, timetable.HOURS}
        form.fields[name].widget = forms.Select(choices=MODES)
        form.initial[name] = written.get(name, row.mode if row else timetable.OFF)
        last = row.last_run if row else None
        yield ScheduleLine(
            form[name],
            every=written.get(f"{name}-every", str(row.every) if row and is_counted else DEFAULT_EVERY),
            at=written.get(f"{name}-at", f"{row.at:%H:%M}" if row and row.at else DEFAULT_AT[kind]),
            schedule=row,
            last_result=run_summary.result(last) or last.error_message if last else "",
            late=_why_not(workspace, row, now),
        )


def _why_not(workspace: Workspace, row: Schedule | None, now: datetime) -> str:
    if row is None or row.next_at is None:
        return ""
    if workspace.company is None:
        return "Nothing starts before a QuickBooks company is connected."
    return schedules.why_late(row, now=now)
