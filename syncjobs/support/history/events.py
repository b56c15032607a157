"""What happened in a workspace, each with who did it: runs, decisions about names and entries, connections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet

from integrations.models import ConnectionEvent, TimeEntry, Workspace
from integrations.unnamed import named
from mapping.decisions.versions import PAST_TENSE
from mapping.models import Decision
from mapping.queries import mirrored_names
from syncjobs.display import badges, run_summary
from syncjobs.display.badges import StatusBadge
from syncjobs.display.formatting import day
from syncjobs.models import EntryOverride, Run
from syncjobs.rules import reasons

DECIDED = StatusBadge("Decided", "person", "waiting")
CONNECTION = StatusBadge("Connection", "power", "waiting")
# Kinds of events of which each is somebody's word: what no user did, a command was told to do.
BY_PEOPLE = {"policy", "schedule", "line_rule"}


@dataclass(frozen=True)
class Event:
    """One thing that happened; `row` is the row whose page has the rest, `reference` its name in a list.

    `actor`: who did it, where the text does not begin with that.
    """

    at: datetime
    badge: StatusBadge
    text: str
    actor: str
    row: Model
    reference: str


def latest(workspace: Workspace, begin: datetime, end: datetime, *, count: int) -> list[Event]:
    """Return the latest events between the two moments, newest first."""
    period = (begin, end)
    found = [
        *_runs(workspace, period, count),
        *_decisions(workspace, period, count),
        *_entry_decisions(workspace, period, count),
        *_connection_events(workspace, period, count),
    ]
    return sorted(found, key=lambda event: event.at, reverse=True)[:count]


def _by(person: Any, *, otherwise: str) -> str:
    return str(person.get_username()) if person is not None else otherwise


def _runs(workspace: Workspace, period: tuple[datetime, datetime], count: int) -> Iterator[Event]:
    rows = Run.objects.filter(workspace=workspace, finished_at__range=period).select_related("person")
    for run in rows.order_by("-finished_at")[:count]:
        assert run.finished_at is not None
        parts = [run_summary.result(run), *run_summary.course(run)]
        name = f"{run}, preview" if run.dry_run else str(run)
        said = " ".join(f"{part.rstrip('.')}." for part in parts if part)
        badge = badges.RUN_STATUSES[run.status]
        text = f"{name}: {said or f'{badge.word}.'}"
        yield Event(run.finished_at, badge, text, _by(run.person, otherwise=f"a {run.trigger}"), run, f"run {run.pk}")


def _decisions(workspace: Workspace, period: tuple[datetime, datetime], count: int) -> Iterator[Event]:
    rows = Decision.objects.filter(workspace=workspace, at__range=period)
    return of_decisions(workspace, rows.order_by("-at", "-pk")[:count])


def of_decisions(workspace: Workspace, rows: QuerySet[Decision]) -> Iterator[Event]:
    """Yield who decided what about which record, and the note."""
    decisions = list(rows.select_related("person"))
    ids_by_kind = defaultdict(set)
    for decision in decisions:
        ids_by_kind[decision.kind].add(decision.clockify_id)
    names = {kind: mirrored_names(workspace, kind, ids) for kind, ids in ids_by_kind.items()}
    for decision in decisions:
        name = names[decision.kind].get(decision.clockify_id, decision.clockify_id)
        name = named(name, decision.kind)
        actor = _by(decision.person, otherwise="a command")
        text = f"{actor} {PAST_TENSE.get(decision.verb, decision.verb)} the {decision.kind} {name}"
        link = (decision.after or {}).get("link")
        if link and decision.verb == "link":
            text += f" to {link.get('name') or link.get('id')}"
        note = f": “{decision.note}”" if decision.note else ""
        yield Event(decision.at, DECIDED, f"{text}{note}", "", decision, f"decision {decision.pk}")


def _entry_decisions(workspace: Workspace, period: tuple[datetime, datetime], count: int) -> Iterator[Event]:
    rows = EntryOverride.objects.filter(workspace=workspace, at__range=period).select_related("person")
    overrides = list(rows.order_by("-at", "-pk")[:count])
    ids = [override.clockify_id for override in overrides]
    entries = TimeEntry.objects.filter(workspace=workspace, clockify_id__in=ids).defer("raw")
    by_id = {entry.clockify_id: entry for entry in entries}
    for override in overrides:
        entry = by_id.get(override.clockify_id)
        what = f"{named(entry.user_name)}, {day(entry.txn_date)}" if entry else override.clockify_id
        verbs = ["ignored"] if override.ignored else []
        verbs += ["kept the time in QuickBooks of"] if override.kept else []
        verbs += [f"set “{reasons.title(code)}” aside for" for code in override.send_anyway]
        actor = _by(override.person, otherwise="a command")
        text = f"{actor} {' and '.join(verbs) or 'undid the decision about'} the entry of {what}"
        note = f": “{override.note}”" if override.note else ""
        yield Event(override.at, DECIDED, f"{text}{note}", "", entry or override, "entry")


def _connection_events(workspace: Workspace, period: tuple[datetime, datetime], count: int) -> Iterator[Event]:
    of_workspace = Q(workspace=workspace)
    if workspace.company_id is not None:
        of_workspace |= Q(company=workspace.company_id, workspace=None)
    rows = ConnectionEvent.objects.filter(of_workspace, at__range=period).select_related("by")
    for event in rows.order_by("-at", "-pk")[:count]:
        yield Event(
            event.at,
            CONNECTION,
            event.message,
            _by(event.by, otherwise="a command" if event.kind in BY_PEOPLE else ""),
            event,
            f"event {event.pk}",
        )
