"""Counts and hours for the front page: a few grouped queries for all workspaces together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, Max, Model, Q, QuerySet, Sum

from integrations.models import ClockifyClient, ClockifyProject, ClockifyUser, Workspace
from mapping.models import Mismatch
from syncjobs.models import Action, EntryStatus, Receipt, Run
from syncjobs.runs import lifecycle as runs

State = EntryStatus.State
MIRRORED: tuple[tuple[type[Model], str], ...] = (
    (ClockifyUser, "user,users"),
    (ClockifyClient, "client,clients"),
    (ClockifyProject, "project,projects"),
)


@dataclass
class Figure:
    """Entries and minutes of one state."""

    entries: int = 0
    minutes: int = 0

    def add(self, entries: int, minutes: int) -> None:
        self.entries += entries
        self.minutes += minutes


@dataclass
class Figures:
    """What became of a workspace's time: every mirrored entry is in one of the first seven."""

    ready: Figure = field(default_factory=Figure)
    held: Figure = field(default_factory=Figure)
    left_out: Figure = field(default_factory=Figure)
    refused: Figure = field(default_factory=Figure)
    uncertain: Figure = field(default_factory=Figure)
    changed: Figure = field(default_factory=Figure)
    deleted: Figure = field(default_factory=Figure)
    sent: Figure = field(default_factory=Figure)
    last_sent_at: datetime | None = None

    @property
    def failed(self) -> Figure:
        """Refused or in doubt."""
        return Figure(
            self.refused.entries + self.uncertain.entries,
            self.refused.minutes + self.uncertain.minutes,
        )


def of_workspaces() -> dict[int, Figures]:
    """Figures by workspace, from the statuses and, for what is in QuickBooks, from the receipts."""
    found: dict[int, Figures] = defaultdict(Figures)
    counted = EntryStatus.objects.order_by().values_list("workspace_id", "state", "held")
    for workspace, state, held, entries, minutes in counted.annotate(Count("pk"), Sum("minutes")):
        figure = _figure(found[workspace], state, held=held)
        if figure is not None:
            figure.add(entries, minutes)
    sent = Receipt.objects.filter(state=Receipt.State.SENT, company=F("workspace__company"))
    grouped = sent.order_by().values_list("workspace_id")
    # A correction is time of an entry that was counted already.
    sums = {"entries": Count("pk", filter=Q(part=0)), "sum": Sum("minutes"), "last": Max("sent_at")}
    for workspace, entries, minutes, last in grouped.annotate(**sums):
        found[workspace].sent.add(entries, minutes)
        found[workspace].last_sent_at = last
    return found


def _figure(figures: Figures, state: str, *, held: bool) -> Figure | None:
    if state == State.BLOCKED:
        return figures.held if held else figures.left_out
    return {
        State.READY: figures.ready,
        State.IGNORED: figures.left_out,
        State.FAILED: figures.refused,
        State.UNKNOWN: figures.uncertain,
        State.CHANGED: figures.changed,
        State.DELETED: figures.deleted,
    }.get(State(state))


def latest_runs() -> dict[tuple[int, str], Run]:
    """The last finished run by workspace and kind; previews send nothing and are left aside."""
    finished = Run.objects.exclude(status__in=runs.OPEN).filter(dry_run=False).order_by()
    latest = finished.values("workspace", "kind").annotate(latest=Max("pk")).values("latest")
    return {(run.workspace_id, run.kind): run for run in Run.objects.filter(pk__in=latest)}


def open_runs() -> dict[int, Run]:
    """The run under way by workspace; the oldest where another waits behind it."""
    rows = Run.objects.filter(status__in=runs.OPEN).select_related("person").order_by("-pk")
    return {run.workspace_id: run for run in rows}


def unknown_for_people() -> dict[int, int]:
    """How many writes wait for a person's word on what became of them."""
    rows = Action.objects.filter(state=Action.State.SENDING, needs_person=True).order_by()
    return dict(rows.values_list("workspace_id").annotate(Count("pk")))


def to_decide() -> dict[int, int]:
    """Names that wait for a decision, by workspace."""
    rows = Mismatch.objects.exclude(clockify_id="").exclude(reason="RENAMED")
    rows = rows.filter(company=F("workspace__company")).order_by()
    return dict(rows.values_list("workspace_id").annotate(Count("pk")))


def mirrored() -> dict[int, list[tuple[int, str]]]:
    """How many users, clients and projects Clockify listed when it was last read, by workspace."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for model, nouns in MIRRORED:
        rows = model._default_manager.filter(gone_at=None).order_by().values_list("workspace_id")
        for workspace, count in rows.annotate(Count("pk")):
            found[workspace].append((count, nouns))
    return found


def holding_most(workspaces: Iterable[Workspace], *, limit: int) -> list[Mismatch]:
    """The mismatches that hold back most, of all these workspaces."""
    rows = Mismatch.objects.filter(company=F("workspace__company"), workspace__in=list(workspaces))
    rows = _causes(rows)
    return list(rows.order_by("-blocked_minutes", "oldest_date", "pk")[:limit])


def names_holding(workspaces: Iterable[Workspace]) -> int:
    """How many names hold something back."""
    rows = Mismatch.objects.filter(company=F("workspace__company"), workspace__in=list(workspaces))
    return _causes(rows).count()


def _causes(rows: QuerySet[Mismatch]) -> QuerySet[Mismatch]:
    """Names that hold something back; what waits for its client is decided there."""
    rows = rows.exclude(clockify_id="").exclude(reason__in=("RENAMED", "PARENT_NOT_MAPPED"))
    return rows.filter(Q(blocked_minutes__gt=0) | Q(blocked_entries__gt=0))
