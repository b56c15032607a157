"""What decisions would free, told before anybody takes them: the same rules, on links that are only thought of.

Nothing is saved and no vendor is asked. The number of queries does not depend on what is decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Q, QuerySet

from integrations.models import Company, TimeEntry, Workspace
from mapping.decisions.batch import Choice
from mapping.decisions.preview import MappingPreview, MappingSnapshot, PlannedRecord
from mapping.queries import Key, company_of
from syncjobs.models import EntryStatus, Receipt
from syncjobs.planning import inputs
from syncjobs.planning.evaluate import judge
from syncjobs.planning.inputs import PartnerStatus, PlanningContext
from syncjobs.rules import reasons
from syncjobs.rules.eligibility import Entry, MappingTable, ResolvedPartner

State = EntryStatus.State
CENT = Decimal("0.01")
Partners = Mapping[tuple[str, str], PartnerStatus]


@dataclass
class Tally:
    """Entries with their minutes; money by currency, as far as a rate is known ("" where no currency is)."""

    entries: int = 0
    minutes: int = 0
    money: dict[str, Decimal] = field(default_factory=dict)
    without_rate: int = 0

    def add(self, entry: Entry, minutes: int) -> None:
        self.entries += 1
        self.minutes += minutes
        if not entry.rate:
            self.without_rate += 1
            return
        amount = (entry.rate * minutes / 60).quantize(CENT, rounding=ROUND_HALF_UP)
        self.money[entry.currency] = self.money.get(entry.currency, Decimal(0)) + amount

    @property
    def hours(self) -> float:
        return self.minutes / 60


@dataclass
class Obstacle:
    """What entries would still wait for: one record, or one reason; an entry may wait for several."""

    code: str
    title: str
    sentence: str
    kind: str = ""
    id: str = ""
    tally: Tally = field(default_factory=Tally)


@dataclass
class Forecast:
    """What would change. `links` counts by Clockify kind the links that would begin to work, `unlinks` that would stop.

    `frees`: time that would go with the next sync and does not go now; `stops`: the reverse; `waits`: time of these
    records that would still be held, with `obstacles` saying by what, the largest first.
    """

    links: dict[str, int] = field(default_factory=dict)
    unlinks: dict[str, int] = field(default_factory=dict)
    unblocks: Tally = field(default_factory=Tally)
    blocks: Tally = field(default_factory=Tally)
    waits: Tally = field(default_factory=Tally)
    obstacles: list[Obstacle] = field(default_factory=list)
    unblocked_ids: set[str] = field(default_factory=set)


def forecast(
    workspace: Workspace,
    choices: Iterable[Choice],
    *,
    planned: Iterable[PlannedRecord] = (),
    renamed: Mapping[Key, str] | None = None,
    now: datetime,
) -> Forecast:
    """What taking these decisions together would free, links that the rule would make next included.

    `newcomers`: QuickBooks records that would be created or reactivated along with them; `renamed`: new names of
    Clockify records, by kind and id.
    """
    planned = list(planned)
    snapshot = MappingSnapshot(workspace)
    partners = inputs.partners_of(company_of(workspace))
    before = _mapping_table(snapshot.now(), partners)
    after = _mapping_table(
        snapshot.after(choices, planned=planned, renamed=renamed, now=now),
        _with(planned, partners, company_of(workspace)),
    )
    found = Forecast(links=_begin(before, after), unlinks=_begin(after, before))
    concerned = _concerned(workspace, before, after)
    context = _load_context(workspace, concerned, after)
    obstacles: dict[tuple[str, str, str], Obstacle] = {}
    for row in concerned.select_related("status"):
        _count(row, context, found, obstacles)
    found.obstacles = sorted(obstacles.values(), key=lambda one: (-one.tally.minutes, one.code, one.id))
    return found


def goes(state: str, said: Iterable[Any]) -> bool:
    """Whether the next sync would send or mend an entry of this state."""
    return state == State.READY or (state == State.CHANGED and not list(said))


def _count(
    row: TimeEntry, context: PlanningContext, found: Forecast, obstacles: dict[tuple[str, str, str], Obstacle]
) -> None:
    earlier = getattr(row, "status", None)
    entry = context.entry(row)
    evaluation = judge(entry, context, earlier)
    goes_now = earlier is not None and goes(earlier.state, earlier.reasons)
    if goes(evaluation.state, evaluation.reasons):
        if not goes_now:
            found.unblocks.add(entry, evaluation.minutes)
            found.unblocked_ids.add(entry.id)
    elif goes_now:
        found.blocks.add(entry, evaluation.minutes)
    elif evaluation.state in {State.BLOCKED, State.CHANGED} and reasons.holds(evaluation.codes):
        found.waits.add(entry, evaluation.minutes)
        for said in evaluation.reasons:
            _obstacle(said, obstacles).tally.add(entry, evaluation.minutes)


def _obstacle(said: Mapping[str, Any], obstacles: dict[tuple[str, str, str], Obstacle]) -> Obstacle:
    code, kind, record_id = str(said["code"]), str(said.get("kind", "")), str(said.get("id", ""))
    wording = reasons.WORDINGS.get(code)
    made = Obstacle(code, wording.title if wording else code, reasons.sentence(said), kind, record_id)
    return obstacles.setdefault((code, kind, record_id), made)


# --- what is looked at ---------------------------------------------------------------------------------------
def _mapping_table(preview: MappingPreview, partners: Partners) -> MappingTable:
    return inputs.build_mapping_table(preview.links, preview.ignored, partners)


def _with(planned: Iterable[PlannedRecord], partners: Partners, company: Company) -> Partners:
    """The partners as they would be: a new customer bills in its parent's currency, at the top in the company's own."""
    there = dict(partners)
    for one in planned:
        known, parent = there.get((one.kind, one.id)), there.get(("customer", one.parent_id))
        currency = known.currency if known else ""
        if known is None and one.kind == "customer":
            currency = (parent.currency if parent else "") or company.home_currency
        there[one.kind, one.id] = PartnerStatus(active=True, currency=currency)
    return there


def _kinds(mapping_table: MappingTable) -> dict[str, Mapping[str, ResolvedPartner]]:
    return {"user": mapping_table.users, "client": mapping_table.clients, "project": mapping_table.projects}


def _begin(before: MappingTable, after: MappingTable) -> dict[str, int]:
    """How many links of each kind work after and did not before."""
    earlier, begun = _kinds(before), Counter[str]()
    for kind, standings in _kinds(after).items():
        for clockify_id, standing in standings.items():
            was = earlier[kind].get(clockify_id, ResolvedPartner())
            if standing.works and not standing.ignored and not (was.works and not was.ignored):
                begun[kind] += 1
    return dict(begun)


def _concerned(workspace: Workspace, before: MappingTable, after: MappingTable) -> QuerySet[TimeEntry]:
    """Entries whose person, client or project would stand otherwise than now."""
    changed: dict[str, set[str]] = {}
    earlier = _kinds(before)
    for kind, standings in _kinds(after).items():
        ids = set(standings) | set(earlier[kind])
        changed[kind] = {one for one in ids if standings.get(one) != earlier[kind].get(one)}
    wanted = Q(user_id__in=changed["user"]) | Q(client_id__in=changed["client"]) | Q(project_id__in=changed["project"])
    return inputs.entries_between(workspace, workspace.start_date).filter(wanted)


def _load_context(workspace: Workspace, rows: QuerySet[TimeEntry], mapping_table: MappingTable) -> PlanningContext:
    receipts = Receipt.objects.own_activities(workspace).filter(entry_id__in=rows.values("clockify_id"))
    return PlanningContext(
        policy=inputs.policy_of(workspace),
        mapping_table=mapping_table,
        overrides=inputs.overrides_of(workspace),
        receipts={one.entry_id: one for one in receipts},
        actions=inputs.open_actions(workspace),
    )
