"""Counts and hours for the front page: a few grouped queries for all workspaces together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import BooleanField, Case, Count, F, Max, Model, Q, Sum, When

from integrations.models import ClockifyClient, ClockifyProject, ClockifyUser
from mapping.models import Mismatch
from syncjobs.models import Action, EntryStatus, Receipt, Run
from syncjobs.pages import waiting
from syncjobs.planning.forecast import amount
from syncjobs.run_options import NARROWING
from syncjobs.runs import many_deletions

State = EntryStatus.State
MIRRORED: tuple[tuple[type[Model], str], ...] = (
    (ClockifyUser, "user,users"),
    (ClockifyClient, "client,clients"),
    (ClockifyProject, "project,projects"),
)


@dataclass
class Figure:
    """Entries, minutes and money of one state; money by currency, for time that has a rate."""

    entries: int = 0
    minutes: int = 0
    money: dict[str, Decimal] = field(default_factory=dict)

    def add(self, entries: int, minutes: int) -> None:
        self.entries += entries
        self.minutes += minutes

    def add_money(self, currency: str, value: Decimal) -> None:
        self.money[currency] = self.money.get(currency, Decimal()) + value


@dataclass
class Figures:
    """A workspace's time by state; every mirrored entry is in at most one of the first eight."""

    ready: Figure = field(default_factory=Figure)
    held: Figure = field(default_factory=Figure)
    left_out: Figure = field(default_factory=Figure)
    refused: Figure = field(default_factory=Figure)
    uncertain: Figure = field(default_factory=Figure)
    on_the_way: Figure = field(default_factory=Figure)
    changed: Figure = field(default_factory=Figure)
    deleted: Figure = field(default_factory=Figure)
    sent: Figure = field(default_factory=Figure)
    last_sent_at: datetime | None = None

    def nothing_moves(self) -> None:
        """Count what was on its way as in doubt: no run is at work that it could be on its way for."""
        self.uncertain.add(self.on_the_way.entries, self.on_the_way.minutes)
        self.on_the_way = Figure()

    @property
    def failed(self) -> Figure:
        """Refused, or sent with an unknown outcome."""
        both = Figure(
            self.refused.entries + self.uncertain.entries,
            self.refused.minutes + self.uncertain.minutes,
        )
        for figure in (self.refused, self.uncertain):
            for currency, value in figure.money.items():
                both.add_money(currency, value)
        return both


def of_workspaces() -> dict[int, Figures]:
    """Return figures by workspace id: from entry statuses, and from receipts for what is in QuickBooks."""
    figures: dict[int, Figures] = defaultdict(Figures)
    # What is on its way has no cause: it needs nobody.
    on_the_way = Case(When(state=State.UNKNOWN, cause="", then=True), default=False, output_field=BooleanField())
    statuses = EntryStatus.objects.order_by().annotate(moving=on_the_way)
    grouped_statuses = statuses.values_list("workspace_id", "state", "held", "moving")
    for workspace_id, state, held, moving, entries, minutes in grouped_statuses.annotate(Count("pk"), Sum("minutes")):
        figure = figures[workspace_id].on_the_way if moving else _figure(figures[workspace_id], state, held=held)
        if figure is not None:
            figure.add(entries, minutes)
    _add_money(figures)
    sent = Receipt.objects.live().filter(company=F("workspace__company"))
    grouped = sent.order_by().values_list("workspace_id")
    # A correction (part 1 and on) adds minutes to an entry that part 0 has counted (decision 8).
    totals = {"entries": Count("pk", filter=Q(part=0)), "sum": Sum("minutes"), "last": Max("sent_at")}
    for workspace_id, entries, minutes, last_sent_at in grouped.annotate(**totals):
        figures[workspace_id].sent.add(entries, minutes)
        figures[workspace_id].last_sent_at = last_sent_at
    return figures


def _add_money(figures: Mapping[int, Figures]) -> None:
    """Add what time is worth that was not sent; of sent time the proof shows amounts."""
    unsent = (State.READY, State.BLOCKED, State.FAILED, State.UNKNOWN)
    # Time that is not billable is worth nothing to a bill, whatever its rate.
    billable = EntryStatus.objects.filter(entry__billable=True, entry__rate__gt=0, minutes__gt=0)
    statuses = billable.filter(state__in=unsent)
    # Grouped by equal amounts in the database: thousands of entries come as a few lines.
    groups = statuses.order_by().values_list(
        "workspace_id", "state", "held", "entry__currency", "entry__rate", "minutes"
    )
    for workspace_id, state, held, currency, rate, minutes, entries in groups.annotate(Count("pk")):
        figure = _figure(figures[workspace_id], state, held=held)
        if figure is not None:
            figure.add_money(currency, entries * amount(rate, minutes))


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
    """Return the last finished run by workspace id and kind, of the company that is connected now.

    Without previews, which send nothing, and without runs of chosen people, projects or entries.
    """
    finished = Run.objects.over().filter(dry_run=False, company=F("workspace__company"))
    finished = finished.exclude(options__has_any_keys=list(NARROWING))
    finished = finished.order_by()
    latest = finished.values("workspace", "kind").annotate(latest=Max("pk")).values("latest")
    return {(run.workspace_id, run.kind): run for run in Run.objects.filter(pk__in=latest)}


def open_runs() -> dict[int, Run]:
    """Return the open run by workspace id; the oldest where another waits behind it."""
    # Newest first, so that the oldest is the one that stays in the dictionary.
    rows = Run.objects.open().select_related("person").order_by("-pk")
    return {run.workspace_id: run for run in rows}


def unknown_for_people() -> dict[int, int]:
    """Return by workspace id how many uncertain writes wait for review."""
    rows = Action.objects.open().filter(needs_person=True, company=F("workspace__company"))
    rows = rows.order_by()
    return dict(rows.values_list("workspace_id").annotate(Count("pk")))


def deletions() -> dict[int, int]:
    """Return by workspace id how many deletions at once wait for review."""
    rows = many_deletions.undecided().order_by().values_list("run__workspace")
    return dict(rows.annotate(Count("pk")))


def changed_since_sent() -> dict[int, int]:
    """Return by workspace id how many sent entries have a different rate or link today that nobody took note of."""
    rows = EntryStatus.objects.exclude(warnings=[]).order_by()
    return dict(rows.values_list("workspace_id").annotate(Count("pk")))


def changed_for_people() -> dict[int, Figure]:
    """Return by workspace id the time that changed after sending and waits for review's decision."""
    rows = waiting.changed().order_by().values_list("workspace_id").annotate(Count("pk"), Sum("minutes"))
    return {workspace_id: Figure(entries, minutes) for workspace_id, entries, minutes in rows}


def to_decide() -> dict[int, int]:
    """Return by workspace id how many mismatches wait for a decision."""
    # A renamed record keeps its working link, so there is nothing to decide.
    rows = Mismatch.objects.exclude(clockify_id="").exclude(reason="RENAMED")
    rows = rows.filter(company=F("workspace__company")).order_by()
    return dict(rows.values_list("workspace_id").annotate(Count("pk")))


def mirrored() -> dict[int, list[tuple[int, str]]]:
    """Return by workspace id how many users, clients and projects Clockify listed, each with its nouns."""
    counts: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for model, nouns in MIRRORED:
        rows = model._default_manager.filter(gone_at=None).order_by().values_list("workspace_id")
        for workspace_id, count in rows.annotate(Count("pk")):
            counts[workspace_id].append((count, nouns))
    return counts
