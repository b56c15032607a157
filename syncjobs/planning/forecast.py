"""A forecast of what decisions would unblock, before anybody makes them: the same rules, on hypothetical links.

Nothing is saved and no vendor is called. The number of queries does not depend on the number of decisions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Q, QuerySet

from integrations.kinds import Kind
from integrations.models import Company, TimeEntry, Workspace
from mapping.decisions.batch import Choice
from mapping.decisions.preview import BillingLine, MappingPreview, MappingSnapshot, PlannedRecord
from mapping.neighborhood import NotClosed
from mapping.queries import Key, company_of
from syncjobs.models import EntryStatus
from syncjobs.planning import inputs
from syncjobs.planning.context import PlanningContext, load_context_with
from syncjobs.planning.evaluate import evaluate_entry
from syncjobs.planning.inputs import PartnerStatus
from syncjobs.rules import reasons
from syncjobs.rules.drafts.eligibility import Entry, MappingTable, ResolvedPartner

State = EntryStatus.State
CENT = Decimal("0.01")
Partners = Mapping[tuple[str, str], PartnerStatus]


@dataclass
class Tally:
    """A count of entries with minutes, and money by currency as far as rates are known ("" for no currency)."""

    entries: int = 0
    minutes: int = 0
    money: dict[str, Decimal] = field(default_factory=dict)
    without_rate: int = 0

    def add(self, entry: Entry, minutes: int) -> None:
        """Count one entry with its minutes after rounding, and its money if it is billable and has a rate."""
        self.add_equal(entry.currency, entry.rate, minutes, billable=entry.billable)

    def add_equal(
        self, currency: str, rate: Decimal | None, minutes: int, *, billable: bool = True, count: int = 1
    ) -> None:
        """Count so many entries of the same minutes, rate per hour and currency; unbillable ones bring no money."""
        self.entries += count
        self.minutes += minutes * count
        if not billable:
            return
        if not rate:
            self.without_rate += count
            return
        # Rounded entry by entry, since each becomes a time activity of its own.
        self.money[currency] = self.money.get(currency, Decimal(0)) + count * amount(rate, minutes)

    @property
    def hours(self) -> float:
        return self.minutes / 60


def amount(rate: Decimal, minutes: int) -> Decimal:
    """Return the amount of one entry's minutes at an hourly rate, to the cent."""
    return (rate * minutes / 60).quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass
class Obstacle:
    """One record, or one reason, that would still block entries; an entry may wait for several."""

    code: str
    title: str
    sentence: str
    kind: str = ""
    id: str = ""
    tally: Tally = field(default_factory=Tally)


@dataclass
class Forecast:
    """Expected changes. `links` counts by Clockify kind the links that would start to work, `unlinks` that would stop.

    `billing`: who is billed for the clients and projects that are linked.
    `unblocks`: time that the next sync would send and that is blocked now; `blocks`: the reverse; `waits`: time of
    these records that would still be held, with `obstacles` naming the causes, the largest first.
    """

    links: dict[str, int] = field(default_factory=dict)
    unlinks: dict[str, int] = field(default_factory=dict)
    unblocks: Tally = field(default_factory=Tally)
    blocks: Tally = field(default_factory=Tally)
    waits: Tally = field(default_factory=Tally)
    obstacles: list[Obstacle] = field(default_factory=list)
    unblocked_ids: set[str] = field(default_factory=set)
    billing: list[BillingLine] = field(default_factory=list)

    @property
    def bills_others(self) -> list[BillingLine]:
        """Who is billed where that is not the client that Clockify names."""
        return [line for line in self.billing if line.billing.differs]

    @property
    def obstacle_sentences(self) -> list[str]:
        """What the obstacles say, each sentence once: two people may have one name."""
        return list(dict.fromkeys(obstacle.sentence for obstacle in self.obstacles))


def forecast(
    workspace: Workspace,
    choices: Iterable[Choice],
    *,
    planned: Iterable[PlannedRecord] = (),
    renamed: Mapping[Key, str] | None = None,
    snapshot: MappingSnapshot | None = None,
) -> Forecast:
    """Return what making these decisions together would change, including links that matching would make next.

    `planned`: QuickBooks records that would be created or reactivated with them; `renamed`: new names of Clockify
    records, by kind and id; `snapshot`: one that has what the decisions can change, where it was read already.
    """
    planned, choices = list(planned), list(choices)
    # New records and names are in no index.
    if snapshot is None and not planned and not renamed:
        snapshot = MappingSnapshot.around(workspace, choices)
    snapshot = snapshot or MappingSnapshot(workspace)
    try:
        preview = snapshot.after(choices, planned=planned, renamed=renamed)
    except NotClosed:
        snapshot = MappingSnapshot(workspace)
        preview = snapshot.after(choices, planned=planned, renamed=renamed)
    links = None if snapshot.known is None else [*snapshot.now().links, *preview.links]
    partners = inputs.partners_of(company_of(workspace), among=links)
    before = _mapping_table(snapshot.now(), partners)
    partners_then = _add_planned(planned, partners, company_of(workspace))
    after = _mapping_table(preview, partners_then)
    result = Forecast(
        links=_count_new_links(before, after),
        unlinks=_count_new_links(after, before),
        billing=snapshot.billing(choices, planned=planned),
    )
    affected = _affected_entries(workspace, before, after)
    # Read once: with many decisions, each query that looks for these entries is long.
    affected_rows = list(affected.select_related("status"))
    if not affected_rows:
        return result
    if snapshot.known is not None:
        after = _with_others(workspace, after, affected_rows, known=snapshot.known)
    context = load_context_with(workspace, after, affected)
    obstacles: dict[tuple[str, str, str], Obstacle] = {}
    for row in affected_rows:
        _count(row, context, result, obstacles)
    result.obstacles = sorted(
        obstacles.values(), key=lambda obstacle: (-obstacle.tally.minutes, obstacle.code, obstacle.id)
    )
    return result


def goes(state: str, reason_rows: Iterable[Any]) -> bool:
    """Return True if the next sync would send or update an entry with this state and these reasons."""
    return state == State.READY or (state == State.CHANGED and not list(reason_rows))


def _count(
    row: TimeEntry, context: PlanningContext, result: Forecast, obstacles: dict[tuple[str, str, str], Obstacle]
) -> None:
    """Add one entry to the tallies by the difference between its saved status and its state after the decisions."""
    earlier = getattr(row, "status", None)
    entry = context.entry(row)
    evaluation = evaluate_entry(entry, context, earlier)
    goes_now = earlier is not None and goes(earlier.state, earlier.reasons)
    if goes(evaluation.state, evaluation.reasons):
        if not goes_now:
            result.unblocks.add(entry, evaluation.minutes)
            result.unblocked_ids.add(entry.id)
    elif goes_now:
        result.blocks.add(entry, evaluation.minutes)
    elif evaluation.state in {State.BLOCKED, State.CHANGED} and reasons.holds(evaluation.codes):
        result.waits.add(entry, evaluation.minutes)
        for reason_row in evaluation.reasons:
            _obstacle(reason_row, obstacles).tally.add(entry, evaluation.minutes)


def _obstacle(reason_row: Mapping[str, Any], obstacles: dict[tuple[str, str, str], Obstacle]) -> Obstacle:
    code, kind, record_id = str(reason_row["code"]), str(reason_row.get("kind", "")), str(reason_row.get("id", ""))
    wording = reasons.WORDINGS.get(code)
    obstacle = Obstacle(code, wording.title if wording else code, reasons.sentence(reason_row), kind, record_id)
    return obstacles.setdefault((code, kind, record_id), obstacle)


# --- inputs --------------------------------------------------------------------------------------------------
def _mapping_table(preview: MappingPreview, partners: Partners) -> MappingTable:
    return inputs.table_of(preview.links, preview.ignored, partners)


def _add_planned(planned: Iterable[PlannedRecord], partners: Partners, company: Company) -> Partners:
    """Return the partners with the planned records added or reactivated.

    A new customer bills in its parent's currency, and one at the top level in the company's home currency.
    """
    merged = dict(partners)
    for record in planned:
        known, parent = merged.get((record.kind, record.id)), merged.get(("customer", record.parent_id))
        currency = known.currency if known else ""
        if known is None and record.kind == Kind.CUSTOMER:
            currency = (parent.currency if parent else "") or company.home_currency
        merged[record.kind, record.id] = PartnerStatus(active=True, currency=currency)
    return merged


def _by_kind(mapping_table: MappingTable) -> dict[str, Mapping[str, ResolvedPartner]]:
    return {"user": mapping_table.users, "client": mapping_table.clients, "project": mapping_table.projects}


def _count_new_links(before: MappingTable, after: MappingTable) -> dict[str, int]:
    """Return by kind the number of links that work in `after` and did not in `before`."""
    earlier, counts = _by_kind(before), Counter[str]()
    for kind, resolved_by_id in _by_kind(after).items():
        for clockify_id, resolved in resolved_by_id.items():
            previous = earlier[kind].get(clockify_id, ResolvedPartner())
            if resolved.works and not resolved.ignored and not (previous.works and not previous.ignored):
                counts[kind] += 1
    return dict(counts)


def _affected_entries(workspace: Workspace, before: MappingTable, after: MappingTable) -> QuerySet[TimeEntry]:
    """Return the entries whose user, client or project resolves differently after the decisions."""
    changed: dict[str, set[str]] = {}
    earlier = _by_kind(before)
    for kind, resolved_by_id in _by_kind(after).items():
        ids = set(resolved_by_id) | set(earlier[kind])
        changed[kind] = {
            clockify_id for clockify_id in ids if resolved_by_id.get(clockify_id) != earlier[kind].get(clockify_id)
        }
    of_changed = (
        Q(user_id__in=changed["user"]) | Q(client_id__in=changed["client"]) | Q(project_id__in=changed["project"])
    )
    return TimeEntry.objects.current(workspace, workspace.start_date).filter(of_changed)


def _with_others(
    workspace: Workspace, table: MappingTable, rows: Iterable[TimeEntry], *, known: Collection[Key]
) -> MappingTable:
    """Return the table with the other records that these entries name, as they are."""
    named = inputs.records_of((row.user_id, row.client_id, row.project_id) for row in rows)
    others = inputs.load_mapping_table(workspace, named - set(known))
    return replace(
        table,
        users={**others.users, **table.users},
        clients={**others.clients, **table.clients},
        projects={**others.projects, **table.projects},
    )
